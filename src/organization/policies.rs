//! What the policies of an organization mean to the engine.

use std::sync::{Arc, LazyLock};

use crate::account::{Account, Compiled, OrganizationNode, OrganizationPolicy};
use crate::shapes::OrganizationPolicyType;
use iam_policy::{Grammar, Policy, PolicySet, Source, SourceKind};

/// The service control policy that AWS attaches to everything, until it is detached.
pub const FULL_ACCESS: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
/// Its id.
pub const FULL_ACCESS_ID: &str = "p-FullAWSAccess";
/// The resource control policy that AWS attaches to everything, and that cannot be detached.
pub const RESOURCE_FULL_ACCESS: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;
/// Its id.
pub const RESOURCE_FULL_ACCESS_ID: &str = "p-RCPFullAWSAccess";

const FULL_ACCESS_NAME: &str = "FullAWSAccess";
const FULL_ACCESS_ARN: &str = "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess";

/// A policy as a member of a set.
pub(super) type Member = (Source, Compiled);

/// The policies of one type that are attached to a root, unit or account.
pub(super) fn set(account: &Account, kind: OrganizationPolicyType, node: &OrganizationNode) -> PolicySet {
    let own = node.attached.iter().filter_map(|id| account.organization_policies.get(id));
    let own = own.filter(|policy| policy.kind == kind).filter_map(|policy| member(account, policy));
    // The resource control policy RCPFullAWSAccess cannot be detached, and the engine takes it for granted.
    let is_open = kind == OrganizationPolicyType::ServiceControl && !node.without_full_access;
    PolicySet::new(own.chain(is_open.then(full_access)))
}

/// A policy that decides about requests.
pub(super) fn member(account: &Account, policy: &OrganizationPolicy) -> Option<Member> {
    let arn = account.organization_policy_arn(&policy.id);
    let source = Source { id: policy.name.as_str().into(), kind: SourceKind::None, arn: Some(arn.into()) };
    Some((source, policy.compiled()?))
}

/// The service control policy `FullAWSAccess`.
pub(super) fn full_access() -> Member {
    static COMPILED: LazyLock<Compiled> =
        LazyLock::new(|| Policy::parse(FULL_ACCESS, Grammar::ServiceControl).map(Arc::new).map_err(Arc::new));
    let source = Source { id: FULL_ACCESS_NAME.into(), kind: SourceKind::None, arn: Some(FULL_ACCESS_ARN.into()) };
    (source, COMPILED.clone())
}
