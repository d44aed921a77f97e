//! The sessions behind the endpoints: a service assumes a role for what runs in it, and again before the session ends.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use super::RoleArn;
use crate::app::App;
use crate::error::Result;
use crate::identity::{Caller, RequestFacts, ServicePrincipal};
use crate::services::{AssumeRole, CredentialsShape};
use crate::shapes::{AccountId, Secret, Timestamp};

/// The life of a service's session in seconds.
const SIX_HOURS: i32 = 21_600;

/// How long before the end of a session there is a new one, in seconds. AWS promises five minutes; its SDKs want a new one
/// from fifteen minutes on, and would ask with every call until there is one.
const RENEWAL: i64 = 900;

/// What runs somewhere in AWS and has a role.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Workload {
    /// Where it runs.
    pub service: ServicePrincipal,
    /// The role.
    pub role: RoleArn,
    /// The name of its sessions.
    pub session_name: String,
    /// The tags of its sessions, which roles further down a chain inherit.
    pub tags: Vec<(&'static str, String)>,
}

/// Credentials of a workload.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// `ASIA…`.
    pub access_key_id: String,
    /// The secret that goes with it.
    pub secret_access_key: Secret,
    /// The session token.
    pub session_token: Secret,
    /// When they were issued.
    pub issued: Timestamp,
    /// When they end.
    pub expiration: Timestamp,
}

impl Credentials {
    /// Whether they are good for a while yet. The server's clock may have been moved either way.
    fn are_fresh(&self, now: Timestamp) -> bool {
        self.issued <= now && now.plus(RENEWAL) < self.expiration
    }
}

/// A workload with the unique id of its role: a role that is made again under its old name is another.
type Key = (Option<String>, Workload);

/// The sessions that were given out.
#[derive(Default)]
pub struct Sessions(Mutex<HashMap<Key, Credentials>>);

impl Sessions {
    /// The present credentials of a workload, which asks from this address in this region.
    ///
    /// # Errors
    /// Those of `AssumeRole`: `AccessDenied` unless the role trusts the service.
    pub async fn of(&self, workload: Workload, app: &App, region: &str, address: IpAddr) -> Result<Credentials> {
        let now = Timestamp::from(app.environment.clock.now());
        let account = app.accounts.get(workload.role.account).await?.durable();
        let key = (account.role(&workload.role.arn).map(|role| role.id.clone()), workload);
        if let Some(credentials) = self.fresh(&key, now) {
            return Ok(credentials);
        }
        let facts = RequestFacts {
            request_id: uuid::Uuid::new_v4().to_string(),
            now,
            source_ip: address.to_canonical(),
            user_agent: None,
            referer: None,
            region: region.to_owned(),
            tls: None,
        };
        let credentials = assume(&key.1, app, facts).await?;
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, credentials| credentials.are_fresh(now));
        kept.insert(key, credentials.clone());
        Ok(credentials)
    }

    /// Forgets the sessions of one account's roles, or all.
    pub fn forget(&self, account: Option<AccountId>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(_, workload), _| account.is_some_and(|account| account != workload.role.account));
    }

    fn fresh(&self, key: &Key, now: Timestamp) -> Option<Credentials> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(key).filter(|credentials| credentials.are_fresh(now)).cloned()
    }
}

async fn assume(workload: &Workload, app: &App, facts: RequestFacts) -> Result<Credentials> {
    let caller = Caller::service(workload.service.clone());
    let assume = AssumeRole::of_service(&workload.role.arn, &workload.session_name, SIX_HOURS, &workload.tags);
    let issued = facts.now;
    let CredentialsShape { access_key_id, secret_access_key, session_token, expiration } =
        app.call(&caller, assume, &facts).await?.credentials;
    Ok(Credentials { access_key_id, secret_access_key, session_token, issued, expiration })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_renewed_before_they_end_and_when_the_clock_goes_back() {
        let credentials = Credentials {
            access_key_id: String::new(),
            secret_access_key: Secret::new(""),
            session_token: Secret::new(""),
            issued: Timestamp::from_seconds(1000),
            expiration: Timestamp::from_seconds(1000 + i64::from(SIX_HOURS)),
        };
        for (now, fresh) in [(999, false), (1000, true), (21_699, true), (21_700, false), (22_600, false)] {
            assert_eq!(credentials.are_fresh(Timestamp::from_seconds(now)), fresh, "{now}");
        }
    }
}
