//! Managed policies attached to users, groups and roles: one family.

use serde::{Deserialize, Serialize};

use crate::account::{Account, Grantee, Group, Managed, Role, User, name_key};
use crate::call::{Access, Command, Listing, Members, Operation, Paging, Transaction, View, operations};
use crate::error::{Code, Error, Result};
use crate::services::iam::policies::policy_entities::not_attachable;
use crate::shapes::{Arn, ArnParts, GroupName, Kind, Marker, MaxItems, PolicyPath, RoleName, UserName};

/// Declares the family for one kind of grantee: how a request names it, the error that only protected kinds have, and
/// the three operations.
macro_rules! attachments {
    ($($entity:ident by $field:ident: $name:ident $(, $protected:ident)? =>
        $attach:ident, $detach:ident, $list:ident;)+) => { $(
        #[doc = concat!("Attaches a managed policy to a ", stringify!($entity), "; nothing happens if it is attached.")]
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        pub struct $attach {
            $field: $name,
            policy_arn: Arn,
        }

        impl Operation for $attach {
            type Output = ();

            const ERRORS: &'static [Code] = &[
                Code::NoSuchEntity,
                Code::LimitExceeded,
                Code::InvalidInput,
                $(Code::$protected,)?
                Code::PolicyNotAttachable,
                Code::ServiceFailure,
            ];

            fn access(&self) -> Access<'_> {
                change_access(Kind::$entity, &self.$field, &self.policy_arn)
            }
        }

        impl Command for $attach {
            fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
                attach::<$entity>(cx, &self.$field, self.policy_arn)
            }
        }

        #[doc = concat!("Detaches a managed policy from a ", stringify!($entity), ".")]
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        pub struct $detach {
            $field: $name,
            policy_arn: Arn,
        }

        impl Operation for $detach {
            type Output = ();

            const ERRORS: &'static [Code] = &[
                Code::NoSuchEntity,
                Code::LimitExceeded,
                Code::InvalidInput,
                $(Code::$protected,)?
                Code::ServiceFailure,
            ];

            fn access(&self) -> Access<'_> {
                change_access(Kind::$entity, &self.$field, &self.policy_arn)
            }
        }

        impl Command for $detach {
            fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
                detach::<$entity>(cx, &self.$field, &self.policy_arn)
            }
        }

        #[doc = concat!("Lists the managed policies attached to a ", stringify!($entity), ".")]
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        pub struct $list {
            $field: $name,
            path_prefix: Option<PolicyPath>,
            marker: Option<Marker>,
            max_items: Option<MaxItems>,
        }

        impl Listing for $list {
            type Item = AttachedPolicy;

            const MEMBERS: &'static str = "AttachedPolicies";
            const ERRORS: &'static [Code] = &[Code::NoSuchEntity, Code::InvalidInput, Code::ServiceFailure];

            fn paging(&self) -> Paging<'_> {
                Paging(&self.marker, &self.max_items)
            }

            fn access(&self) -> Access<'_> {
                Access::existing(Kind::$entity, &self.$field)
            }

            fn members<'a>(
                &'a self,
                cx: &'a View<'_>,
                after: Option<&'a str>,
            ) -> Result<Members<'a, AttachedPolicy>> {
                let prefix = self.path_prefix.as_deref().unwrap_or("/");
                let attached = attached::<$entity>(cx.account, &self.$field, prefix)?.into_iter();
                Ok(Box::new(attached.filter(move |(key, _)| after.is_none_or(|after| key.as_str() > after))))
            }
        }
    )+ };
}

attachments! {
    User by user_name: UserName => AttachUserPolicy, DetachUserPolicy, ListAttachedUserPolicies;
    Group by group_name: GroupName => AttachGroupPolicy, DetachGroupPolicy, ListAttachedGroupPolicies;
    Role by role_name: RoleName, UnmodifiableEntity => AttachRolePolicy, DetachRolePolicy, ListAttachedRolePolicies;
}

/// An attached policy in an answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AttachedPolicy {
    policy_name: String,
    policy_arn: String,
}

impl AttachedPolicy {
    /// The policy with this ARN.
    pub fn of(arn: &str) -> Self {
        let name = arn.rsplit('/').next().unwrap_or(arn);
        Self { policy_name: name.to_owned(), policy_arn: arn.to_owned() }
    }
}

fn change_access<'a>(kind: Kind, grantee: &'a str, policy: &'a str) -> Access<'a> {
    Access::existing(kind, grantee).current_boundary().key("iam:PolicyARN", Some(policy))
}

pub(crate) fn attach<G: Grantee>(cx: &mut Transaction<'_>, grantee: &str, arn: Arn) -> Result<()> {
    cx.account.find::<G>(grantee)?.must_be_modifiable()?;
    let policy = cx.account.find_managed_policy(&arn, || not_attachable(&arn))?;
    attachable(policy, G::KIND, Code::PolicyNotAttachable)?;
    let quotas = &cx.environment.quotas;
    cx.account.update::<G, _>(grantee, |grantee| {
        let attached = &mut grantee.permissions_mut().attached;
        if !attached.iter().any(|known| **known == *arn) {
            quotas.check(G::ATTACHED_POLICIES, attached.len())?;
            attached.push(arn.into());
        }
        Ok(())
    })
}

/// Refuses the policies that AWS keeps for service-linked roles and for root tasks, to a grantee of this kind.
///
/// # Errors
/// `refused`: `PolicyNotAttachable` where the operation has that error.
pub(crate) fn attachable(policy: Managed<'_>, grantee: Kind, refused: Code) -> Result<()> {
    if grantee == Kind::Role && policy.is_for_service_linked_roles() {
        return Err(Error::new(refused, "Cannot attach a Service Role Policy to a Customer Role."));
    }
    if policy.is_for_service_linked_roles() || policy.is_for_root_tasks() {
        let message = format!("Cannot attach AWS reserved policy to an IAM {}.", grantee.arn_type());
        return Err(Error::new(refused, message));
    }
    Ok(())
}

fn detach<G: Grantee>(cx: &mut Transaction<'_>, grantee: &str, arn: &str) -> Result<()> {
    let missing = || Error::missing(Kind::Policy, arn);
    cx.account.find::<G>(grantee)?.must_be_modifiable()?;
    cx.account.find_managed_policy(arn, missing)?;
    cx.account.update::<G, _>(grantee, |grantee| {
        let attached = &mut grantee.permissions_mut().attached;
        let place = attached.iter().position(|known| known == arn).ok_or_else(missing)?;
        attached.remove(place);
        Ok(())
    })
}

/// The attached policies under a path, in the order of their names; AWS's and the account's may have the same.
fn attached<G: Grantee>(account: &Account, grantee: &str, prefix: &str) -> Result<Vec<(String, AttachedPolicy)>> {
    let arns = account.find::<G>(grantee)?.permissions().attached.iter();
    let mut policies: Vec<_> = arns
        .filter_map(|arn| {
            let parts = ArnParts::parse(arn)?;
            let (path, name) = parts.path_and_name(Kind::Policy)?;
            let key = format!("{} {}", name_key(name), parts.account);
            path.starts_with(prefix).then(|| (key, AttachedPolicy::of(arn)))
        })
        .collect();
    policies.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    Ok(policies)
}

operations!(
    IAM:
    query ListAttachedGroupPolicies, ListAttachedRolePolicies, ListAttachedUserPolicies;
    command AttachGroupPolicy, AttachRolePolicy, AttachUserPolicy, DetachGroupPolicy, DetachRolePolicy,
        DetachUserPolicy
);
