//! Makes accounts what descriptions say. Every change is an operation's, on a working copy of the account: what a client
//! could not do, no file can do, and an error leaves everything as it was.

mod credentials;
mod grantees;
mod groups;
mod identity;
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

use std::collections::BTreeMap;
use std::sync::Arc;

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
    for file in &descriptions.described {
        for (id, description) in &file.accounts {
            let others = others(ground, accounts);
            let mut session = Session::new(ground, file, accounts, **id, &others, &mut done)?;
            late.extend(session.make(description)?.into_iter().map(|trust| (file, trust)));
        }
        for (_, id) in ground.dropped.iter().filter(|(name, _)| *name == file.name) {
            let others = others(ground, accounts);
            Session::new(ground, file, accounts, *id, &others, &mut done)?.remember()?;
        }
    }
    for (file, trust) in &late {
        let others = others(ground, accounts);
        let mut session = Session::new(ground, file, accounts, trust.account, &others, &mut done)?;
        session.trust(trust)?;
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
