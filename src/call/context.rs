//! What an operation works with.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use crate::account::{Account, CredentialsOwner, Generator, Quota, Quotas, Resource, User};
use crate::error::{Code, Error, Result};
use crate::federation::Issuers;
use crate::identity::{Caller, Clock, Principal, RequestFacts, ServerKey};
use crate::metrics::Metrics;
use crate::organization::{Directory, Organization};
use crate::shapes::{AccountId, ArnParts, Ids, Timestamp};
use crate::store::Delivery;

use super::{Enforcement, Fetched, MfaCheck, Volatile};
use crate::templates::{PolicyTemplates, RoleTemplates};

/// What all calls share.
pub struct Environment {
    /// The limits in force.
    pub quotas: Quotas,
    /// What seals sessions and markers.
    pub key: Arc<ServerKey>,
    /// The server's time.
    pub clock: Arc<Clock>,
    /// What is known of accounts beside them.
    pub volatile: Volatile,
    /// What happens to calls that no policy allows.
    pub enforcement: Enforcement,
    /// The policies that delegation requests can name.
    pub policy_templates: PolicyTemplates,
    /// The templates of roles.
    pub role_templates: RoleTemplates,
    /// The keys of identity providers.
    pub issuers: Issuers,
    /// The URL of this server as an issuer of web identity tokens; the account follows.
    pub token_issuer: String,
    /// What delivers events to trails, if there is a folder for their files.
    pub delivery: Option<Arc<Delivery>>,
    /// This server, as those who look at generations of policies know it.
    pub generator: Generator,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Whether explicit denials name the policy, as AWS does since January 2026.
    pub denials_name_policy: bool,
}

/// Something that can be used once, such as an assertion.
#[derive(Debug)]
pub struct Claim {
    /// Who made it, and its name there.
    pub place: (String, String),
    /// Until when it must not be used again.
    pub until: Timestamp,
    /// What is said where another server was first.
    pub refusal: fn() -> Error,
}

/// What a query works with: it can read the account and cannot change it.
pub type View<'a> = Context<'a, &'a Account>;

/// What a command works with: what it changes in the account is kept if the call succeeds.
pub type Transaction<'a> = Context<'a, &'a mut Account>;

/// An account that can be read, whether or not it can be changed.
pub trait AccountRef: Deref<Target = Account> {}

impl<A: Deref<Target = Account>> AccountRef for A {}

/// One call: the state that it works on, who calls, and what time, identifiers and secrets to use. [`View`] and
/// [`Transaction`] are its two forms.
pub struct Context<'a, A> {
    /// The account that the call works on.
    pub account: A,
    /// Who calls.
    pub caller: &'a Caller,
    /// The moment of the call.
    pub now: Timestamp,
    /// Where new ids and secrets come from.
    pub ids: Ids<'a>,
    /// Facts of the request.
    pub facts: &'a RequestFacts,
    /// What all calls share.
    pub environment: &'a Environment,
    /// What was fetched for the call, if it inquired for something.
    pub fetched: Option<&'a Fetched>,
    /// What the caller's MFA code is worth, if the call has one.
    pub mfa: Option<MfaCheck>,
    /// What the call uses up, which no other server may have used before.
    pub claim: &'a OnceLock<Claim>,
    /// Other accounts that the call looks into.
    pub others: &'a [Arc<Account>],
    /// The organizations at the moment of the call.
    pub organizations: &'a Directory,
}

impl<'a, A: AccountRef> Context<'a, A> {
    /// The organization that the account belongs to.
    pub fn organization(&self) -> Option<&'a Arc<Organization>> {
        self.organizations.of(self.account.id)
    }

    /// An account that the call looks into: its own, the caller's, or one that its parameters name.
    pub fn account_of(&self, id: AccountId) -> Option<&Account> {
        if id == self.account.id {
            return Some(&self.account);
        }
        self.others.iter().map(|other| &**other).find(|other| other.id == id)
    }

    /// The unique id of a user or role, by its ARN, of an account that the call looks into.
    pub fn unique_id_of(&self, arn: &str) -> Option<String> {
        self.account_of(ArnParts::parse(arn)?.account_id()?)?.unique_id_of(arn).map(str::to_owned)
    }

    /// Whether an account is closed, by its own record or by that of its organization. Nobody gets into it any more.
    pub fn is_closed(&self, id: AccountId) -> bool {
        self.account_of(id).is_some_and(Account::is_closed)
            || self.organizations.of(id).is_some_and(|organization| organization.has_closed(id))
    }

    /// The name of the user that a call is about: the one given, or the calling user.
    ///
    /// # Errors
    /// `ValidationError` when none is given and the caller is no user.
    pub fn user_name(&self, given: Option<&str>) -> Result<String> {
        if let Some(name) = given {
            return Ok(name.to_owned());
        }
        let user = self.caller.user(&self.account)?;
        user.map(|user| user.name.clone()).ok_or_else(|| {
            Error::new(Code::ValidationError, "Must specify userName when calling with non-User credentials")
        })
    }

    /// Whose credentials a call is about: those of the user that is named, or the caller's own. The name is in the
    /// user's own spelling.
    ///
    /// # Errors
    /// `NoSuchEntity`; `ValidationError` when no user is named and the caller is neither user nor root user.
    pub fn credentials_owner(&self, given: Option<&str>) -> Result<CredentialsOwner> {
        if self.is_about_root(given) {
            return Ok(CredentialsOwner::Root);
        }
        let user = self.account.find::<User>(&self.user_name(given)?)?;
        Ok(CredentialsOwner::User(user.name.clone()))
    }

    /// The precondition of operations on the credentials, or the person, of the caller when no user is named.
    ///
    /// # Errors
    /// `ValidationError` when no user is named and the caller is neither user nor root user.
    pub fn must_name_an_owner(&self, given: Option<&str>) -> Result<()> {
        if self.is_about_root(given) { Ok(()) } else { self.user_name(given).map(drop) }
    }

    /// Whether the call is about the root user: no name is given and the root user calls.
    pub fn is_about_root(&self, given: Option<&str>) -> bool {
        given.is_none() && self.caller.principal == Principal::Root
    }

    /// Refuses one more where the account's quota is used up.
    ///
    /// # Errors
    /// `LimitExceeded`.
    pub fn check_quota(&self, quota: Quota, count: usize) -> Result<()> {
        self.environment.quotas.check(quota, count)
    }
}

impl Transaction<'_> {
    /// Adds a new resource to the account: its name must be free, and there must be room.
    ///
    /// # Errors
    /// `EntityAlreadyExists`, `LimitExceeded`.
    pub fn create<R: Resource>(&mut self, resource: R, quota: Quota) -> Result<()> {
        let count = R::table(self.account).len();
        self.account.add(resource)?;
        self.check_quota(quota, count)
    }
}
