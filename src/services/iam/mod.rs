//! The operations of IAM, by subject.

pub(crate) mod account;
pub(crate) mod credentials;
pub(crate) mod delegation;
pub(crate) mod federation;
pub(crate) mod groups;
pub(crate) mod policies;
pub(crate) mod reports;
pub(crate) mod roles;
pub(crate) mod simulation;
pub(crate) mod tags;
pub(crate) mod users;

use crate::call::Entry;

/// The operations of IAM.
pub(crate) fn operations() -> impl Iterator<Item = &'static Entry> {
    let folders = [
        &account::OPERATIONS[..],
        &credentials::OPERATIONS[..],
        &delegation::OPERATIONS[..],
        &federation::OPERATIONS[..],
        &groups::OPERATIONS[..],
        &policies::OPERATIONS[..],
        &reports::OPERATIONS[..],
        &roles::OPERATIONS[..],
        &simulation::OPERATIONS[..],
        &users::OPERATIONS[..],
        &[tags::OPERATIONS],
    ];
    folders.into_iter().flatten().copied().flatten().copied()
}
