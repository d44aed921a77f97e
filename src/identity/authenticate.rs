//! Finds the caller behind a signature, and verifies the signature.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{Caller, Principal, ServerKey, Session};
use crate::account::{Credentials, Reference, RootUser, User};
use crate::error::{Code, Error, Part, Result};
use crate::shapes::{AccountId, Partition, Secret, Timestamp, account_of_access_key};
use crate::sigv4::{Expected, Incoming, Regions, Scheme, Signature, SignedForm, Version2};
use crate::store::Accounts;
use crate::wire::Service;

/// Access keys that are root users without having been created.
#[derive(Debug)]
pub struct RootCredentials {
    /// Access key id and secret of the root user of account 000000000000.
    pub root: Option<(String, Secret)>,
    /// Whether twelve digits with the secret `test` are the root user of that account.
    pub any_account: bool,
}

/// How the ids of temporary access keys begin.
const TEMPORARY: &str = "ASIA";

/// The key id of the root user of account 000000000000, unless the settings have another.
const DEVELOPMENT_KEY: &str = "test";

/// The secret of the development credentials.
const DEVELOPMENT_SECRET: &str = "test";

impl RootCredentials {
    /// `test` with secret `test`, and twelve digits with secret `test`.
    pub fn development() -> Self {
        Self { root: Some((DEVELOPMENT_KEY.to_owned(), Secret::new(DEVELOPMENT_SECRET))), any_account: true }
    }

    /// Whether any of them can sign.
    pub fn are_public(&self) -> bool {
        self.any_account || self.has_development_root()
    }

    /// Whether `test` with the secret `test` is the root user of account 000000000000.
    pub fn has_development_root(&self) -> bool {
        let development = ("test", Secret::new(DEVELOPMENT_SECRET));
        self.root.as_ref().is_some_and(|(id, secret)| (id.as_str(), secret) == (development.0, &development.1))
    }

    fn find(&self, access_key_id: &str) -> Option<(AccountId, Secret)> {
        if let Some((id, secret)) = &self.root
            && id == access_key_id
        {
            return AccountId::from_number(0).map(|account| (account, secret.clone()));
        }
        let account = AccountId::parse(access_key_id).filter(|_| self.any_account)?;
        Some((account, Secret::new(DEVELOPMENT_SECRET)))
    }

    /// The refusal of a key id that does not have the form of those that the server makes for good.
    fn unknown(&self, access_key_id: &str) -> Error {
        if access_key_id.starts_with(TEMPORARY) {
            return invalid_token(Part::SessionToken, "a temporary access key came without its session token");
        }
        let is_development = access_key_id == DEVELOPMENT_KEY || AccountId::parse(access_key_id).is_some();
        let why = match is_development {
            true if !self.any_account => "development credentials are off (--no-dev-credentials)",
            true => "the root user has another key id (--root-access-key)",
            false => "it is not one that this server made, and no root user's",
        };
        invalid_token(Part::KeyId, why)
    }
}

/// When a request came, by both clocks.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Real time.
    pub real: DateTime<Utc>,
    /// The server's time.
    pub now: Timestamp,
}

/// A caller whose signature fits.
pub struct Verified {
    /// The caller.
    pub caller: Caller,
    /// The secret that signed, by which the chunks of the body are signed as well.
    pub secret: Secret,
}

/// The credentials that a request claims to be signed with.
#[derive(Clone, Copy)]
struct Claimed<'r> {
    access_key_id: &'r str,
    token: Option<&'r str>,
}

/// What authentication needs to know.
pub struct Authenticator {
    /// Root users that need not be created.
    pub root: RootCredentials,
    /// What opens session tokens.
    pub key: Arc<ServerKey>,
    /// The partition of every account; `None` where the region of a signature decides.
    pub partition: Option<Partition>,
}

impl Authenticator {
    /// Verifies the signature of a request and says who made it. A signature's date is of the client's clock, and is
    /// judged by real time; whether a session has ended, by the server's.
    ///
    /// # Errors
    /// The errors of Signature Version 4; `InvalidClientTokenId` and `ExpiredToken` for credentials that are none.
    pub async fn authenticate(
        &self,
        accounts: &Accounts,
        request: &Incoming<'_>,
        signature: &Signature<'_>,
        service: Service,
        moment: Moment,
    ) -> Result<Caller> {
        let expected = Expected { service: service.signing_name(), regions: Regions::of_endpoint(endpoint(request)) };
        let verified = self.verify(accounts, request, signature, (&expected, &Scheme::default()), moment).await?;
        Ok(verified.caller)
    }

    /// Verifies the signature of a request to any service, by the rules of that.
    ///
    /// # Errors
    /// As [`authenticate`](Self::authenticate), and those of [`Signature::verify_by`].
    pub async fn verify(
        &self,
        accounts: &Accounts,
        request: &Incoming<'_>,
        signature: &Signature<'_>,
        (expected, scheme): (&Expected<'_>, &Scheme<'_>),
        Moment { real, now }: Moment,
    ) -> Result<Verified> {
        let partition = self.partition_of(signature);
        let claimed =
            Claimed { access_key_id: &signature.credential().access_key_id, token: signature.session_token() };
        let verified = self.find(accounts, claimed, partition, now).await?;
        let found = verified.caller.account.partition();
        if found != partition {
            let why = format!("it belongs to the partition {found}, not {partition}");
            return Err(invalid_token(Part::SessionToken, why));
        }
        signature.verify_by(scheme, request, verified.secret.reveal(), expected, real)?;
        Ok(verified)
    }

    /// Verifies the Signature Version 2 of a presigned URL for S3. `bucket` is the one that the host names.
    ///
    /// # Errors
    /// As [`authenticate`](Self::authenticate), and those of [`Version2::verify`].
    pub async fn verify_version2(
        &self,
        accounts: &Accounts,
        request: &Incoming<'_>,
        (signature, bucket): (&Version2<'_>, Option<&str>),
        Moment { real, now }: Moment,
    ) -> Result<Caller> {
        let claimed = Claimed { access_key_id: signature.access_key_id(), token: signature.session_token() };
        // It names no region, and regions of other partitions never took it.
        let verified = self.find(accounts, claimed, self.partition.unwrap_or_default(), now).await?;
        signature.verify(request, bucket, verified.secret.reveal(), real)?;
        Ok(verified.caller)
    }

    /// Verifies the signature of an upload form to S3.
    ///
    /// # Errors
    /// As [`authenticate`](Self::authenticate), and those of [`SignedForm::verify`].
    pub async fn verify_form(&self, accounts: &Accounts, form: &SignedForm<'_>, now: Timestamp) -> Result<Caller> {
        let claimed = Claimed { access_key_id: form.access_key_id(), token: form.session_token() };
        let of_region = || form.region().map(Partition::of_region).unwrap_or_default();
        let verified = self.find(accounts, claimed, self.partition.unwrap_or_else(of_region), now).await?;
        form.verify(verified.secret.reveal(), &Expected { service: "s3", regions: Regions::Any })?;
        Ok(verified.caller)
    }

    /// Whether the credentials that a signature names exist and are good; whether they made it is not looked at.
    pub async fn knows(&self, accounts: &Accounts, signature: &Signature<'_>, now: Timestamp) -> bool {
        let claimed =
            Claimed { access_key_id: &signature.credential().access_key_id, token: signature.session_token() };
        self.find(accounts, claimed, self.partition_of(signature), now).await.is_ok()
    }

    fn partition_of(&self, signature: &Signature<'_>) -> Partition {
        self.partition.unwrap_or_else(|| Partition::of_region(&signature.credential().region))
    }

    async fn find(
        &self,
        accounts: &Accounts,
        Claimed { access_key_id, token }: Claimed<'_>,
        partition: Partition,
        now: Timestamp,
    ) -> Result<Verified> {
        let (caller, secret) = match token {
            Some(token) => self.temporary(accounts, access_key_id, token, now).await?,
            None => self.long_term(accounts, access_key_id, partition).await?,
        };
        // AWS: the principals of a closed account can do nothing.
        if accounts.is_closed(caller.account).await? {
            return Err(invalid_token(Part::KeyId, format!("the account {} was closed", caller.account)));
        }
        Ok(Verified { caller, secret })
    }

    async fn long_term(
        &self,
        accounts: &Accounts,
        access_key_id: &str,
        partition: Partition,
    ) -> Result<(Caller, Secret)> {
        let caller =
            |account, principal| Caller { account, principal, access_key_id: access_key_id.to_owned(), session: None };
        if let Some((account, secret)) = self.root.find(access_key_id) {
            return Ok((caller(account.in_partition(partition), Principal::Root), secret));
        }
        let id = account_of_access_key(access_key_id).filter(|_| access_key_id.starts_with("AKIA"));
        let id = id.ok_or_else(|| self.root.unknown(access_key_id))?.in_partition(partition);
        let reference = Reference::AccessKey(access_key_id.to_owned());
        let mut account = accounts.get(id).await?.durable();
        let is_known = account.referrers::<User>(&reference).next().is_some()
            || account.referrers::<RootUser>(&reference).next().is_some();
        // Another server may have made it just now.
        if !is_known && accounts.is_behind(id).await.unwrap_or(false) {
            account = accounts.get(id).await?.durable();
        }
        if let Some(user) = account.referrers::<User>(&reference).next() {
            let secret = active_secret(&user.credentials, access_key_id)?;
            let key = crate::account::name_key(&user.name);
            return Ok((caller(id, Principal::User { key, id: user.id.clone() }), secret));
        }
        let root = account.referrers::<RootUser>(&reference).next().ok_or_else(|| {
            invalid_token(Part::KeyId, format!("account {id}, which the key id names, has no such access key"))
        })?;
        Ok((caller(id, Principal::Root), active_secret(&root.credentials, access_key_id)?))
    }

    async fn temporary(
        &self,
        accounts: &Accounts,
        access_key_id: &str,
        token: &str,
        now: Timestamp,
    ) -> Result<(Caller, Secret)> {
        let Some(session) = Session::open(token, &self.key) else {
            let why = match access_key_id.starts_with(TEMPORARY) {
                true => "this server did not make it: it is of another server, or of a time with another session key",
                false => "it came with a long-term key, which needs none: unset AWS_SESSION_TOKEN",
            };
            return Err(invalid_token(Part::SessionToken, why));
        };
        if session.access_key_id != access_key_id {
            return Err(invalid_token(Part::SessionToken, "it belongs to another access key"));
        }
        if now >= session.expires {
            let why = format!("it ended at {}, and the server's time is {now}", session.expires);
            let error = Error::new(Code::ExpiredToken, "The security token included in the request is expired");
            return Err(error.rejecting(Part::Session, why));
        }
        let caller = Caller {
            account: session.account,
            principal: session.acting(),
            access_key_id: access_key_id.to_owned(),
            session: Some(Arc::new(session)),
        };
        // A deleted user's sessions end with the user; a deleted role's are merely allowed nothing.
        if matches!(caller.principal, Principal::User { .. } | Principal::FederatedUser { .. }) {
            caller.acting_user(&accounts.get(caller.account).await?.durable())?;
        }
        Ok((caller, self.key.session_secret(access_key_id)))
    }
}

/// The name in the `Host` header, without its port.
fn endpoint<'r>(request: &Incoming<'r>) -> &'r str {
    let host = request.headers.get(http::header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    host.rsplit_once(':').map_or(host, |(name, _)| name)
}

fn active_secret(credentials: &Credentials, access_key_id: &str) -> Result<Secret> {
    let key = credentials.access_keys.iter().find(|key| key.id == access_key_id && key.active);
    key.map(|key| key.secret.clone()).ok_or_else(|| invalid_token(Part::KeyId, "the access key is inactive"))
}

/// What AWS says of a key that is unknown, inactive or deleted, and of a token that does not go with its key. Which of
/// them it is, only the log says.
pub(super) fn invalid_token(part: Part, why: impl Into<Cow<'static, str>>) -> Error {
    let error = Error::new(Code::InvalidClientTokenId, "The security token included in the request is invalid.");
    error.rejecting(part, why)
}
