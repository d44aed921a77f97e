//! Who guesses passwords and codes has to wait.

use std::net::IpAddr;

use data_encoding::HEXLOWER;

use crate::error::Result;
use crate::http::State;
use crate::shapes::AccountId;
use crate::store::AttemptLimit;

/// The failures of one address with one name in a minute, after which the next attempt is not looked at.
const MAX_FAILURES: usize = 5;

/// The failures with one name from all addresses, and from one address with all names.
const MAX_FAILURES_OF_ALL: usize = 60;

/// The failures of an account in a minute that become events: strangers must not push others out of the audit trail.
pub const MAX_RECORDED: usize = 60;

/// An attempt to sign in.
pub struct Attempt([AttemptLimit; 3]);

impl Attempt {
    /// Begins an attempt, which counts as failed until it is taken back. `None` if it may not be looked at.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin(state: &State, address: IpAddr, name: &str) -> Result<Option<Self>> {
        let limits = limits(address, name).map(|(subject, max)| limit(state, &subject, max));
        Ok(state.app.store.begin_attempt(&limits).await?.then_some(Self(limits)))
    }

    /// Takes back an attempt that did not fail.
    pub async fn take_back(self, state: &State) {
        if let Err(error) = state.app.store.take_back_attempt(&self.0).await {
            tracing::debug!(%error, "an attempt counts as failed");
        }
    }
}

/// Whether one more failure of an account becomes an event.
pub async fn may_record(state: &State, account: AccountId) -> bool {
    let limit = limit(state, &format!("recorded {}", account.qualified()), MAX_RECORDED);
    state.app.store.begin_attempt(&[limit]).await.unwrap_or(false)
}

/// A limit whose subject is hashed: the name may be a password, typed into the wrong field.
fn limit(state: &State, subject: &str, max: usize) -> AttemptLimit {
    AttemptLimit { subject: HEXLOWER.encode(&state.app.environment.key.fingerprint(subject)), max }
}

fn limits(address: IpAddr, name: &str) -> [(String, usize); 3] {
    let name: String = name.chars().take(200).collect::<String>().to_lowercase();
    [
        (format!("both {address} {name}"), MAX_FAILURES),
        (format!("name {name}"), MAX_FAILURES_OF_ALL),
        (format!("address {address}"), MAX_FAILURES_OF_ALL),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_counted_by_name_and_address() {
        let [one, other] = [[127, 0, 0, 1], [127, 0, 0, 2]].map(IpAddr::from);
        let shared = |a: &[(String, usize)], b: &[(String, usize)]| a.iter().filter(|limit| b.contains(limit)).count();
        let alice = limits(one, "1/alice");
        for (limits, expected) in [
            (limits(one, "1/ALICE"), 3),
            (limits(other, "1/alice"), 1),
            (limits(one, "1/bob"), 1),
            (limits(other, "1/bob"), 0),
        ] {
            assert_eq!(shared(&alice, &limits), expected, "{limits:?}");
        }
        assert_eq!(alice.map(|(_, max)| max), [MAX_FAILURES, MAX_FAILURES_OF_ALL, MAX_FAILURES_OF_ALL]);
    }
}
