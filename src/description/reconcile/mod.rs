//! Makes accounts what descriptions say. Every change is an operation's, on a working copy of the account: what a client
//! could not do, no file can do, and an error leaves everything as it was.

mod credentials;
mod grantees;
mod groups;
mod identity;
mod made;
mod organization;
mod policies;
mod providers;
mod prune;
mod report;
mod roles;
mod session;
mod settings;
mod tags;
mod users;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use self::made::{Has, key_of};
pub use self::report::{Outcome, Report, ReportEntry};
use self::session::Session;
use super::file::{DescriptionError, Descriptions};
use super::{Document, GeneratedSecrets};
use crate::account::Account;
use crate::call::Environment;
use crate::identity::RequestFacts;
use crate::markup::Placed;
use crate::organization::Directory;
use crate::shapes::AccountId;

/// What reconciliation needs besides the descriptions.
pub struct Ground<'g> {
    /// What all calls share.
    pub environment: &'g Environment,
    /// Facts of the request; its time is that of everything that is made.
    pub facts: &'g RequestFacts,
    /// Accounts that trust policies name.
    pub others: Vec<Arc<Account>>,
    /// The organizations.
    pub organizations: Arc<Directory>,
    /// Whether what a seed made and its file no longer has is removed.
    pub prune: bool,
    /// Accounts that a seed, by its name, made something in, and that its file no longer has.
    pub dropped: Vec<(String, AccountId)>,
}

/// What came of descriptions.
pub struct Reconciled {
    /// What was made, changed, left and removed.
    pub report: Report,
    /// The secrets that were made.
    pub secrets: GeneratedSecrets,
}

/// A trust policy that is set once everything exists that it may name.
struct LateTrust<'d> {
    account: AccountId,
    role: Placed<String>,
    document: &'d Document,
    /// Whether principals that are gone are kept, as AWS keeps them.
    from_aws: bool,
}

/// Makes the accounts, working copies by their numbers, what the descriptions say.
///
/// # Errors
/// The first thing that cannot be, with file, line and column. The copies are then of no use.
pub fn reconcile(
    ground: &Ground<'_>,
    descriptions: &Descriptions,
    accounts: &mut BTreeMap<AccountId, Account>,
) -> Result<Reconciled, DescriptionError> {
    let report = Report { warnings: descriptions.warnings.clone(), ..Report::default() };
    let mut done = Reconciled { report, secrets: GeneratedSecrets::default() };
    let mut late = Vec::new();
    let mut worked = Vec::new();
    for file in &descriptions.described {
        for (id, description) in &file.accounts {
            let others = others(ground, accounts);
            let mut session = Session::new(ground, file, accounts, **id, &others, &mut done)?;
            late.extend(session.make(description)?.into_iter().map(|trust| (file, trust)));
            worked.push((file, **id, session.has));
        }
        let dropped = ground.dropped.iter().filter(|(name, _)| *name == file.name);
        worked.extend(dropped.map(|(_, id)| (file, *id, Has::new())));
    }
    // Not before all files are there: what one of them drops may be in another.
    let mut described: BTreeMap<AccountId, BTreeSet<String>> = BTreeMap::new();
    for (_, id, has) in &worked {
        described.entry(*id).or_default().extend(has.keys().map(|entity| key_of(entity)));
    }
    for (file, id, has) in worked {
        let others = others(ground, accounts);
        let mut session = Session::new(ground, file, accounts, id, &others, &mut done)?;
        session.remember(has, described.get(&id).unwrap_or(&BTreeSet::new()))?;
    }
    for (file, trust) in &late {
        let others = others(ground, accounts);
        let mut session = Session::new(ground, file, accounts, trust.account, &others, &mut done)?;
        session.trust(trust)?;
    }
    // It may name users and roles of all accounts.
    for file in &descriptions.described {
        for (id, description) in &file.accounts {
            let Some(policy) = description.delegation_policy() else { continue };
            let others = others(ground, accounts);
            let mut session = Session::new(ground, file, accounts, **id, &others, &mut done)?;
            session.delegation_policy(id.place, policy)?;
        }
    }
    Ok(done)
}

/// The accounts as they are now, for the trust policies of each other.
fn others(ground: &Ground<'_>, accounts: &BTreeMap<AccountId, Account>) -> Vec<Arc<Account>> {
    let elsewhere = ground.others.iter().filter(|other| !accounts.contains_key(&other.id)).cloned();
    let copies = accounts.values().map(|account| Arc::new(account.clone()));
    // A single account has no others to show its changes to.
    if accounts.len() > 1 { elsewhere.chain(copies).collect() } else { elsewhere.collect() }
}
