//! The operations of AWS Organizations. They work on the management account of the caller's organization.

mod account;
mod creation;
mod delegation;
mod handshakes;
mod leaving;
mod organization;
mod policies;
mod refusal;
mod service_access;
mod shape;
mod tags;
mod tree;
mod unit;

use std::sync::Arc;

use serde_json::json;

use crate::account::{AccountState, Handshake, MemberAccount, OrganizationNode, OrganizationRecord, Reference};
use crate::call::{AccountRef, Context, Entry, TokenPage, View, token_page, token_page_from};
use crate::error::{Code, Error, Result};
use crate::shapes::{HandshakeAction, OrganizationsNextToken, OrganizationsPageSize, Tag, TagSet};

pub(crate) use shape::exported;

/// The operations of Organizations.
pub(crate) fn operations() -> impl Iterator<Item = &'static Entry> {
    let files = [
        account::OPERATIONS,
        creation::OPERATIONS,
        delegation::OPERATIONS,
        leaving::OPERATIONS,
        organization::OPERATIONS,
        service_access::OPERATIONS,
        tags::OPERATIONS,
        unit::OPERATIONS,
    ];
    let folders = handshakes::OPERATIONS.into_iter().chain(policies::OPERATIONS);
    files.into_iter().chain(folders).flatten().copied()
}

/// The members of a page if the request does not say.
const DEFAULT_PAGE: i32 = 20;

/// The most tags of one resource (AWS: "Quotas for AWS Organizations").
const MAX_TAGS: usize = 50;

/// Which accounts of an organization may call an operation (Organizations API reference, each operation's "You can only
/// call this operation from").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// The management account.
    Management,
    /// The management account, delegated administrators that read, and members that the resource policy names.
    Administrator,
    /// Any account of the organization.
    Member,
}

/// Declares what an operation on an organization says of itself: its answer, the accounts that may call it, and what
/// they need permission for.
macro_rules! organizations_operation {
    (
        $operation:ident -> $output:ty, $place:ident, |$this:ident| $access:expr $(, $name:ident = $value:expr)*
        $(; others |$account:ident| $others:expr)? $(=> $check:ident)?
    ) => {
        impl $crate::call::Operation for $operation {
            type Output = $output;

            const ERRORS: &'static [$crate::error::Code] = $crate::services::organizations::refusal::ERRORS;
            $(const $name: bool = $value;)*

            fn access(&self) -> $crate::call::Access<'_> {
                let $this = self;
                $access
            }

            $(fn other_accounts(&self, $account: &$crate::account::Account) -> Vec<$crate::shapes::AccountId> {
                let $this = self;
                $others
            })?

            fn management_account(
                &self,
                caller: &$crate::identity::Caller,
                organizations: &$crate::organization::Directory,
            ) -> Option<$crate::shapes::AccountId> {
                organizations.manager_of(caller.account)
            }

            fn precondition(&self, cx: &$crate::call::View<'_>) -> $crate::error::Result<()> {
                cx.must_be_at($crate::services::organizations::Place::$place, Self::ENTRY.name)?;
                $($check(self, cx)?;)?
                Ok(())
            }
        }
    };
}

use organizations_operation;

impl<A: AccountRef> Context<'_, A> {
    /// The organization, which this account manages.
    ///
    /// # Errors
    /// `AWSOrganizationsNotInUseException`.
    fn record(&self) -> Result<Arc<OrganizationRecord>> {
        self.account.managed_organization().cloned().ok_or_else(|| {
            Error::new(Code::AWSOrganizationsNotInUse, "Your account is not a member of an organization.")
        })
    }

    /// The same, which must have all features.
    ///
    /// # Errors
    /// `AWSOrganizationsNotInUseException`, `ConstraintViolationException`.
    fn record_with_all_features(&self) -> Result<Arc<OrganizationRecord>> {
        let record = self.record()?;
        match record.all_features {
            true => Ok(record),
            false => {
                let message = "This operation requires all features to be enabled in the organization.";
                Err(refusal::constraint("ORGANIZATION_NOT_IN_ALL_FEATURES_MODE", message))
            }
        }
    }

    /// An account of the organization that is shown still.
    ///
    /// # Errors
    /// `AccountNotFoundException`.
    fn member(&self, id: &str) -> Result<Arc<MemberAccount>> {
        let member = self.account.member(id).filter(|member| member.state(self.now) != AccountState::Gone);
        member.cloned().ok_or_else(|| refusal::missing(Code::AccountNotFound))
    }

    /// What can have policies in the organization, by id: the root, a unit, or an account that is shown still.
    ///
    /// # Errors
    /// `TargetNotFoundException`.
    fn target(&self, id: &str) -> Result<&OrganizationNode> {
        let is_gone = self.account.member(id).is_some_and(|member| member.state(self.now) == AccountState::Gone);
        let node = self.account.organization_node(id).filter(|_| !is_gone);
        node.ok_or_else(|| refusal::missing(Code::TargetNotFound))
    }

    /// The accounts with a reference that are shown still.
    fn members_with(&self, reference: &Reference) -> impl Iterator<Item = &MemberAccount> {
        let members = self.account.referrers::<MemberAccount>(reference);
        members.filter(|member| member.state(self.now) != AccountState::Gone)
    }

    /// How many accounts the organization has, closed ones included until they are gone.
    fn count_members(&self) -> usize {
        let closed = self.account.referrers::<MemberAccount>(&Reference::Pending);
        let gone = closed.filter(|member| member.state(self.now) == AccountState::Gone).count();
        self.account.organization_accounts.len().saturating_sub(gone)
    }

    /// The invitations that can be accepted still.
    fn open_invitations(&self) -> impl Iterator<Item = &Handshake> {
        let handshakes = self.account.referrers::<Handshake>(&Reference::Pending);
        handshakes.filter(|found| found.action == HandshakeAction::Invite && found.is_open(self.now))
    }

    /// A page of a listing whose members can be had from behind a key on.
    fn page_from<T, I: Iterator<Item = (String, T)>>(
        &self,
        listing: &str,
        token: Option<&OrganizationsNextToken>,
        size: Option<OrganizationsPageSize>,
        members: impl FnOnce(Option<&str>) -> I,
    ) -> Result<TokenPage<T>> {
        let size = size.map_or(DEFAULT_PAGE, OrganizationsPageSize::get);
        token_page_from(self, listing, token.map(|token| &**token), size, members).ok_or_else(refusal::token)
    }

    /// A page of a listing, in the order of its keys.
    fn page<T>(
        &self,
        listing: &str,
        token: Option<&OrganizationsNextToken>,
        size: Option<OrganizationsPageSize>,
        members: impl Iterator<Item = (String, T)>,
    ) -> Result<TokenPage<T>> {
        let size = size.map_or(DEFAULT_PAGE, OrganizationsPageSize::get);
        token_page(self, listing, token.map(|token| &**token), size, members).ok_or_else(refusal::token)
    }
}

impl View<'_> {
    /// Refuses accounts whose place in the organization does not allow the operation. Accounts of no organization hear
    /// of that after their permissions were checked.
    fn must_be_at(&self, place: Place, operation: &str) -> Result<()> {
        let Some(record) = self.account.managed_organization() else { return Ok(()) };
        let is_management = self.caller.account == self.account.id;
        let member = self.account.member(&self.caller.account.to_string());
        let is_delegate = member.is_some_and(|member| !member.delegated.is_empty());
        let reads = operation.starts_with("Describe") || operation.starts_with("List");
        let may = match place {
            Place::Member => true,
            Place::Management => is_management,
            // What the resource policy allows is for the engine to say.
            Place::Administrator => is_management || (reads && is_delegate) || record.delegation.is_some(),
        };
        if may { Ok(()) } else { Err(refusal::place()) }
    }
}

/// Adds tags to those of a resource.
///
/// # Errors
/// `InvalidInputException` for keys given twice and for reserved keys, `ConstraintViolationException` beyond fifty tags.
fn add_tags(set: &mut TagSet, tags: &[Tag]) -> Result<()> {
    for (index, tag) in tags.iter().enumerate() {
        if tags.iter().take(index).any(|earlier| earlier.key == tag.key) {
            return Err(refusal::input("DUPLICATE_TAG_KEY", "You specified the same tag key more than once."));
        }
        if tag.key.to_ascii_lowercase().starts_with("aws:") {
            let message = "You specified a tag key that begins with aws:, which is reserved for system use.";
            return Err(refusal::input("INVALID_SYSTEM_TAGS_PARAMETER", message));
        }
    }
    let mut all: Vec<Tag> = set.iter().filter(|old| tags.iter().all(|tag| tag.key != old.key)).cloned().collect();
    all.extend(tags.iter().cloned());
    if all.len() > MAX_TAGS {
        let message = "You have exceeded the number of tags allowed on this resource.";
        return Err(refusal::constraint("MAX_TAG_LIMIT_EXCEEDED", message));
    }
    all.sort_by(|one, other| one.key.cmp(&other.key));
    *set = serde_json::from_value(json!(all)).map_err(Error::internal)?;
    Ok(())
}
