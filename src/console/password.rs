//! Passwords at sign-in: whether one is right, and whether it is too old.

use std::sync::LazyLock;

use super::attempts::Attempt;
use super::session::{Revision, revision_of_root};
use super::sign_in::{EXPIRED, STEP_LIFE, Step, TOO_MANY, UNAVAILABLE, WRONG};
use super::visit::Sent;
use super::{Console, records};
use crate::account::{Account, CredentialsOwner, PasswordHash, name_key};
use crate::http::State;
use crate::shapes::{AccountId, Secret, Timestamp};

const DAY: i64 = 86_400;

impl Console {
    /// The password of an account's root user, if it has one.
    pub fn root_password_of(&self, account: AccountId) -> Option<Secret> {
        let is_first = account.number() == 0;
        let own = self.root_password.clone().filter(|_| is_first || self.development_root);
        own.or_else(|| self.development_root.then(|| Secret::new("test")))
    }
}

/// Checks account, name and password.
///
/// # Errors
/// The sentence for the person.
pub async fn check_password(state: &State, sent: &Sent) -> Result<Step, &'static str> {
    let Some(console) = &state.console else { return Err(WRONG) };
    let (given, name) = (sent.field("account").trim(), sent.field("user").trim());
    let name = if sent.field("as") == "root" { "" } else { name };
    let account = match AccountId::parse(given) {
        Some(account) => Some(account.in_partition(state.app.authenticator.partition.unwrap_or_default())),
        None => state.app.store.account_of_alias(given).await.ok().flatten(),
    };
    // The number and the alias mean one account, and a name in small and capital letters one user.
    let of = account.map_or_else(|| format!("unknown {given}"), |account| format!("password {account}"));
    let attempt = match Attempt::begin(state, sent.facts.source_ip, &format!("{of}/{}", name_key(name))).await {
        Ok(Some(attempt)) => attempt,
        Ok(None) => return Err(TOO_MANY),
        Err(_) => return Err(UNAVAILABLE),
    };
    let account = match account.filter(|account| *account != AccountId::AWS) {
        // Nobody signs in to a closed account.
        Some(id) if state.app.accounts.is_closed(id).await.unwrap_or(true) => None,
        Some(id) => state.app.accounts.get(id).await.ok().map(|cell| cell.durable()),
        None => None,
    };
    let checked = match &account {
        Some(account) if sent.field("as") == "root" => check_root(console, account.id, sent),
        Some(account) => check_user(state, account, name, sent).await,
        None => {
            verify(state, AccountId::DEFAULT, None, sent.field("password")).await;
            None
        }
    };
    if let Some((user, revision)) = checked
        && let Some(account) = &account
    {
        attempt.take_back(state).await;
        let (good_until, next) = (sent.facts.now.plus(STEP_LIFE), sent.field("next").to_owned());
        let step = Step { account: account.id, user, revision, good_until, mfa: None, next };
        if step.owner(account).is_some_and(|owner| is_hard_expired(account, &owner, sent.facts.now)) {
            records::failure(state, sent, account, Some(name)).await;
            return Err(EXPIRED);
        }
        return Ok(step);
    }
    if let Some(account) = &account {
        records::failure(state, sent, account, (sent.field("as") != "root").then_some(name)).await;
    }
    Err(WRONG)
}

type Known = (Option<(String, String)>, Revision);

fn check_root(console: &Console, account: AccountId, sent: &Sent) -> Option<Known> {
    let password = console.root_password_of(account)?;
    let fits = Secret::new(sent.field("password")) == password;
    fits.then(|| (None, revision_of_root(&password)))
}

async fn check_user(state: &State, account: &Account, name: &str, sent: &Sent) -> Option<Known> {
    let user = account.users.get(&name_key(name));
    let profile = user.and_then(|user| user.credentials.login_profile.as_ref());
    let hash = profile.and_then(|profile| profile.password.clone());
    let fits = verify(state, account.id, hash.clone(), sent.field("password")).await;
    let (user, hash) = user.zip(hash).filter(|_| fits)?;
    Some((Some((name_key(&user.name), user.id.clone())), hash.revision()))
}

/// Whether a password is the one. It takes as long where there is none: who guesses names must not learn which exist.
async fn verify(state: &State, account: AccountId, hash: Option<PasswordHash>, password: &str) -> bool {
    static NOBODYS: LazyLock<Option<PasswordHash>> = LazyLock::new(|| {
        let password: [u8; 32] = rand::random();
        PasswordHash::of(&data_encoding::HEXLOWER.encode(&password), &rand::random()).ok()
    });
    let compare = || match (&hash, &*NOBODYS) {
        (Some(hash), _) => hash.is_of(password),
        (None, Some(nobodys)) => nobodys.is_of(password) && hash.is_some(),
        (None, None) => false,
    };
    state.app.gate.compute(account, compare).await
}

/// Whether a user's password is older than the password policy allows.
pub fn is_expired(account: &Account, owner: &CredentialsOwner, now: Timestamp) -> bool {
    let days = account.settings().password_policy.and_then(|policy| policy.max_age).filter(|days| *days > 0);
    let profile = account.credentials(owner).ok().and_then(|credentials| credentials.login_profile.as_ref());
    let is_user = owner.user_name().is_some();
    is_user && days.zip(profile).is_some_and(|(days, profile)| profile.changed.plus(i64::from(days) * DAY) <= now)
}

/// The same where only an administrator can set another one.
pub fn is_hard_expired(account: &Account, owner: &CredentialsOwner, now: Timestamp) -> bool {
    let hard = account.settings().password_policy.is_some_and(|policy| policy.hard_expiry == Some(true));
    hard && is_expired(account, owner, now)
}
