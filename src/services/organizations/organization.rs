//! The organization itself, and its root.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{organizations_operation, refusal, shape};
use crate::account::{
    AccountCreation, Contact, Entity, Handshake, MemberAccount, OrganizationNode, OrganizationPolicy,
    OrganizationRecord, OrganizationUnit, Reference, Role,
};
use crate::call::{Access, Command, Named, Operation, Query, Target, Transaction, View, operations};
use crate::catalogue::service_linked_roles;
use crate::error::{Code, Error, Result};
use crate::services::service_linked_role;
use crate::shapes::{FeatureSet, OrganizationsNextToken, OrganizationsPageSize};

/// The service whose role is in every account of an organization.
pub(super) const SERVICE: &str = "organizations.amazonaws.com";

/// The letters and digits of ids.
pub(super) const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// What operations on the organization answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct OrganizationResult {
    organization: Value,
}

/// Makes the caller's account the management account of a new organization.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateOrganization {
    feature_set: Option<FeatureSet>,
}

impl Operation for CreateOrganization {
    type Output = OrganizationResult;

    const ERRORS: &'static [Code] = refusal::ERRORS;

    // It works on the caller's own account, also if that is a member of an organization already.
    fn access(&self) -> Access<'_> {
        let access = Access::to(Target::Organization);
        match service_linked_roles::get(SERVICE) {
            Some(linked) => access.linked_role(linked),
            None => access,
        }
    }
}

impl Command for CreateOrganization {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<OrganizationResult> {
        if cx.organizations.of(cx.caller.account).is_some() || cx.account.managed_organization().is_some() {
            let message = "The AWS account is already a member of an organization.";
            return Err(Error::new(Code::AlreadyInOrganization, message));
        }
        let id = cx.account.id;
        let root = format!("r-{}", cx.ids.text(ALPHABET, 4));
        let record = OrganizationRecord {
            id: format!("o-{}", cx.ids.text(ALPHABET, 10)),
            root: root.clone(),
            all_features: self.feature_set != Some(FeatureSet::ConsolidatedBilling),
            created: cx.now,
            enabled: BTreeSet::new(),
            services: BTreeMap::new(),
            delegation: None,
            node: OrganizationNode::default(),
        };
        cx.account.put(record.clone())?;
        let Contact { name, email } = cx.account.contact();
        cx.account.put(MemberAccount {
            id,
            name,
            email,
            parent: root,
            joined: cx.now,
            invited: true,
            closed: None,
            delegated: BTreeMap::new(),
            node: OrganizationNode::default(),
        })?;
        if let Some(linked) = service_linked_roles::get(SERVICE)
            && cx.account.get::<Role>(linked.role_name).is_none()
        {
            cx.account.put(service_linked_role(linked, id.partition(), &cx.ids, cx.now)?)?;
        }
        Ok(OrganizationResult { organization: shape::organization(cx.account, &record) })
    }
}

/// Describes the organization of the caller's account.
#[derive(Deserialize)]
pub struct DescribeOrganization {}

organizations_operation!(DescribeOrganization -> OrganizationResult, Member, |_this| Access::to(Target::Organization));

impl Query for DescribeOrganization {
    fn answer(self, cx: &View<'_>) -> Result<OrganizationResult> {
        let record = cx.record()?;
        Ok(OrganizationResult { organization: shape::organization(cx.account, &record) })
    }
}

/// Ends an organization that has no members any more.
#[derive(Deserialize)]
pub struct DeleteOrganization {}

organizations_operation!(DeleteOrganization -> (), Management, |_this| Access::to(Target::Organization));

impl Command for DeleteOrganization {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        cx.record()?;
        let in_progress = cx.account.referrers::<AccountCreation>(&Reference::Pending).next().is_some();
        if cx.count_members() > 1 || in_progress {
            let message = "To delete an organization you must first remove all member accounts (except the master).";
            return Err(Error::new(Code::OrganizationNotEmpty, message));
        }
        remove_all::<OrganizationPolicy>(cx);
        remove_all::<OrganizationUnit>(cx);
        remove_all::<AccountCreation>(cx);
        remove_all::<Handshake>(cx);
        remove_all::<MemberAccount>(cx);
        remove_all::<OrganizationRecord>(cx);
        Ok(())
    }
}

fn remove_all<E: Entity>(cx: &mut Transaction<'_>) {
    let keys: Vec<_> = E::table(cx.account).iter().map(|entity| entity.key()).collect();
    keys.iter().for_each(|key| cx.account.remove::<E>(key));
}

/// Lists the roots of the organization, of which there is one.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListRoots {
    next_token: Option<OrganizationsNextToken>,
    #[expect(dead_code, reason = "a list of one has one page; the parameter is checked all the same")]
    max_results: Option<OrganizationsPageSize>,
}

/// What `ListRoots` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListRootsResult {
    roots: [Value; 1],
}

organizations_operation!(ListRoots -> ListRootsResult, Administrator, |_this| Access::to(Target::Organization));

impl Query for ListRoots {
    fn answer(self, cx: &View<'_>) -> Result<ListRootsResult> {
        let record = cx.record()?;
        if self.next_token.is_some() {
            return Err(refusal::token());
        }
        Ok(ListRootsResult { roots: [shape::root(cx.account, &record)] })
    }
}

operations!(ORGANIZATIONS: query DescribeOrganization, ListRoots; command CreateOrganization, DeleteOrganization);
