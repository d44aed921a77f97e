//! Inline policies of users, groups and roles: one family.

use serde::{Deserialize, Serialize};

use crate::account::{Account, Grantee, Group, Resource, Role, StoredPolicy, User};
use crate::call::{Access, Command, Listing, Members, Operation, Paging, Query, Transaction, View, operations};
use crate::error::{Code, Error, Result};
use crate::shapes::{
    EncodedDocument, ExistingUserName, GroupName, Kind, Marker, MaxItems, PolicyDocument, PolicyName, RoleName,
};
use iam_policy::{Grammar, document_size};

/// Declares the family for one kind of grantee: how a request names it, the error that only protected kinds have, and
/// the four operations with the answer of the second.
macro_rules! inline_policies {
    ($($entity:ident by $field:ident: $name:ident $(, $protected:ident)? =>
        $put:ident, $get:ident -> $shown:ident, $delete:ident, $list:ident;)+) => { $(
        #[doc = concat!("Gives a ", stringify!($entity), " an inline policy, or another document to one that it has.")]
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        pub struct $put {
            $field: $name,
            policy_name: PolicyName,
            policy_document: PolicyDocument,
        }

        impl Operation for $put {
            type Output = ();

            const ERRORS: &'static [Code] = &[
                Code::LimitExceeded,
                Code::MalformedPolicyDocument,
                Code::NoSuchEntity,
                $(Code::$protected,)?
                Code::ServiceFailure,
            ];

            fn access(&self) -> Access<'_> {
                Access::existing(Kind::$entity, &self.$field).current_boundary()
            }
        }

        impl Command for $put {
            fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
                put::<$entity>(cx, &self.$field, self.policy_name, &self.policy_document)
            }
        }

        #[doc = concat!("Shows an inline policy of a ", stringify!($entity), ".")]
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        pub struct $get {
            $field: $name,
            policy_name: PolicyName,
        }

        #[doc = concat!("What `", stringify!($get), "` answers.")]
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        pub struct $shown {
            $field: String,
            policy_name: String,
            policy_document: EncodedDocument,
        }

        impl Operation for $get {
            type Output = $shown;

            const ERRORS: &'static [Code] = &[Code::NoSuchEntity, Code::ServiceFailure];

            fn access(&self) -> Access<'_> {
                Access::existing(Kind::$entity, &self.$field)
            }
        }

        impl Query for $get {
            fn answer(self, cx: &View<'_>) -> Result<$shown> {
                let (grantee, policy) = find::<$entity>(cx.account, &self.$field, &self.policy_name)?;
                let $field = grantee.name().to_owned();
                Ok($shown { $field, policy_name: self.policy_name.into(), policy_document: policy.encoded() })
            }
        }

        #[doc = concat!("Deletes an inline policy of a ", stringify!($entity), ".")]
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        pub struct $delete {
            $field: $name,
            policy_name: PolicyName,
        }

        impl Operation for $delete {
            type Output = ();

            const ERRORS: &'static [Code] =
                &[Code::NoSuchEntity, Code::LimitExceeded, $(Code::$protected,)? Code::ServiceFailure];

            fn access(&self) -> Access<'_> {
                Access::existing(Kind::$entity, &self.$field).current_boundary()
            }
        }

        impl Command for $delete {
            fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
                delete::<$entity>(cx, &self.$field, &self.policy_name)
            }
        }

        #[doc = concat!("Lists the names of the inline policies of a ", stringify!($entity), ".")]
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        pub struct $list {
            $field: $name,
            marker: Option<Marker>,
            max_items: Option<MaxItems>,
        }

        impl Listing for $list {
            type Item = String;

            const MEMBERS: &'static str = "PolicyNames";
            const ERRORS: &'static [Code] = &[Code::NoSuchEntity, Code::ServiceFailure];

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
            ) -> Result<Members<'a, String>> {
                names::<$entity>(cx.account, &self.$field, after)
            }
        }
    )+ };
}

inline_policies! {
    User by user_name: ExistingUserName =>
        PutUserPolicy, GetUserPolicy -> GetUserPolicyResult, DeleteUserPolicy, ListUserPolicies;
    Group by group_name: GroupName =>
        PutGroupPolicy, GetGroupPolicy -> GetGroupPolicyResult, DeleteGroupPolicy, ListGroupPolicies;
    Role by role_name: RoleName, UnmodifiableEntity =>
        PutRolePolicy, GetRolePolicy -> GetRolePolicyResult, DeleteRolePolicy, ListRolePolicies;
}

pub(crate) fn put<G: Grantee>(
    cx: &mut Transaction<'_>,
    grantee: &str,
    policy: PolicyName,
    document: &PolicyDocument,
) -> Result<()> {
    let limit = cx.environment.quotas.limit(G::INLINE_POLICY_SIZE);
    let partition = cx.account.id.partition();
    cx.account.update::<G, _>(grantee, |grantee| {
        grantee.must_be_modifiable()?;
        let document = StoredPolicy::new(document, Grammar::Identity, partition)?;
        let policies = &mut grantee.permissions_mut().inline;
        policies.insert(policy.into(), document);
        let size: usize = policies.values().map(|policy| document_size(policy.text())).sum();
        if size > limit as usize {
            let (kind, name) = (G::KIND.arn_type(), grantee.name());
            let message = format!("Maximum policy size of {limit} bytes exceeded for {kind} {name}");
            return Err(Error::new(Code::LimitExceeded, message));
        }
        Ok(())
    })
}

fn find<'a, G: Grantee>(account: &'a Account, grantee: &str, policy: &str) -> Result<(&'a G, &'a StoredPolicy)> {
    let grantee = account.find::<G>(grantee)?;
    let found = grantee.permissions().inline.get(policy).ok_or_else(|| missing::<G>(policy))?;
    Ok((grantee, found))
}

fn delete<G: Grantee>(cx: &mut Transaction<'_>, grantee: &str, policy: &str) -> Result<()> {
    cx.account.update::<G, _>(grantee, |grantee| {
        grantee.must_be_modifiable()?;
        grantee.permissions_mut().inline.remove(policy).map(drop).ok_or_else(|| missing::<G>(policy))
    })
}

fn names<'a, G: Grantee>(account: &'a Account, grantee: &str, after: Option<&'a str>) -> Result<Members<'a, String>> {
    let names = account.find::<G>(grantee)?.permissions().inline.keys();
    let rest = names.filter(move |name| after.is_none_or(|after| name.as_str() > after));
    Ok(Box::new(rest.map(|name| (name.clone(), name.clone()))))
}

fn missing<G: Resource>(policy: &str) -> Error {
    let message = format!("The {} policy with name {policy} cannot be found.", G::KIND.arn_type());
    Error::new(Code::NoSuchEntity, message)
}

operations!(
    IAM:
    query GetGroupPolicy, GetRolePolicy, GetUserPolicy, ListGroupPolicies, ListRolePolicies, ListUserPolicies;
    command DeleteGroupPolicy, DeleteRolePolicy, DeleteUserPolicy, PutGroupPolicy, PutRolePolicy, PutUserPolicy
);
