//! What is asked: a request and the policies that bear on it.

use super::pattern::Arn;
use super::{Action, Context, PolicySet, Principal};

/// A request to decide.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    pub(crate) principal: Principal<'a>,
    pub(crate) action: &'a Action,
    pub(crate) resource: Arn<'a>,
    pub(crate) context: &'a Context<'a>,
    resource_account: Option<&'a str>,
    management_account: Option<&'a str>,
}

impl<'a> Request<'a> {
    /// `principal` wants `action` on `resource`, an ARN, or `*` where the action has none. The resource's owner is the
    /// account in its ARN, or the principal's.
    pub fn new(principal: Principal<'a>, action: &'a Action, resource: &'a str, context: &'a Context<'a>) -> Self {
        let resource = Arn::new(resource);
        Self { principal, action, resource, context, resource_account: None, management_account: None }
    }

    /// Names the account that owns the resource, for ARNs that do not.
    #[must_use]
    pub fn owned_by(mut self, account: &'a str) -> Self {
        self.resource_account = Some(account);
        self
    }

    /// Names the organization's management account, whose principals and resources SCPs and RCPs do not bind.
    #[must_use]
    pub fn managed_by(mut self, account: &'a str) -> Self {
        self.management_account = Some(account);
        self
    }

    /// The principal.
    pub fn principal(&self) -> &Principal<'a> {
        &self.principal
    }

    /// The action.
    pub fn action(&self) -> &'a Action {
        self.action
    }

    /// The resource: an ARN, or `*`.
    pub fn resource(&self) -> &'a str {
        self.resource.text
    }

    /// The account that owns the resource.
    pub fn resource_account(&self) -> Option<&'a str> {
        self.resource_account.or(self.resource.account()).or(self.principal.account())
    }

    /// Whether principal and resource belong to one account.
    pub(crate) fn is_same_account(&self) -> bool {
        self.principal.account() == self.resource_account()
    }

    pub(crate) fn is_management(&self, account: Option<&str>) -> bool {
        account.is_some() && account == self.management_account
    }
}

/// What kind of policy the resource carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ResourceKind {
    /// Allows on its own, or leaves it to the identity side.
    #[default]
    Ordinary,
    /// A role's trust policy: nothing is allowed without it.
    RoleTrust,
    /// A KMS key policy: nothing is allowed without it.
    KmsKey,
}

/// The policies that bear on a request, by layer. `None`: the layer does not apply. An empty set that applies allows
/// nothing; for the identity layer both come to the same.
#[derive(Clone, Copy, Debug, Default)]
pub struct Layers<'a> {
    /// The principal's own policies and those of its groups.
    pub identity: Option<&'a PolicySet>,
    /// Whether a setting of the principal's account allows the request as an identity-based policy would. A Deny still
    /// wins, and all other layers are still asked.
    pub account_setting: bool,
    /// The permissions boundary of its user or role.
    pub boundary: Option<&'a PolicySet>,
    /// The session's policies, inline and managed.
    pub session: Option<&'a PolicySet>,
    /// The policies of `GetScopedCredentials`, a set each: all must allow, whatever a resource's policy says.
    pub scoped: Option<&'a [PolicySet]>,
    /// The policy of the delegation request that the session comes from.
    pub delegation: Option<&'a PolicySet>,
    /// The resource's policy.
    pub resource: Option<&'a PolicySet>,
    /// What kind of policy that is.
    pub resource_kind: ResourceKind,
    /// Service control policies of the principal's account, a set per level from the root to the account.
    pub service_control: Option<&'a [PolicySet]>,
    /// Resource control policies of the resource's account, a set per level. `RCPFullAWSAccess` is attached everywhere
    /// and need not be given.
    pub resource_control: Option<&'a [PolicySet]>,
    /// The policy of the VPC endpoint that the request came through.
    pub endpoint: Option<&'a PolicySet>,
}
