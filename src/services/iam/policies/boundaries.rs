//! Permissions boundaries of users and roles: one family.

use serde::Deserialize;

use super::attachments::attachable;
use crate::account::{Grantee, Role, User};
use crate::call::{Access, AccountRef, Command, Context, Operation, Transaction, operations};
use crate::error::{Code, Error, Result};
use crate::shapes::{Arn, Kind, RoleName, UserName};

/// Declares the family for one kind of grantee: how a request names it, the error that only protected kinds have, and
/// the two operations.
macro_rules! boundaries {
    ($($entity:ident by $field:ident: $name:ident $(, $protected:ident)? => $put:ident, $delete:ident;)+) => { $(
        #[doc = concat!("Makes a managed policy the permissions boundary of a ", stringify!($entity), ".")]
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        pub struct $put {
            $field: $name,
            permissions_boundary: Arn,
        }

        impl Operation for $put {
            type Output = ();

            const ERRORS: &'static [Code] = &[
                Code::NoSuchEntity,
                Code::InvalidInput,
                $(Code::$protected,)?
                Code::PolicyNotAttachable,
                Code::ServiceFailure,
            ];

            fn access(&self) -> Access<'_> {
                let boundary: &str = &self.permissions_boundary;
                Access::existing(Kind::$entity, &self.$field).key("iam:PermissionsBoundary", Some(boundary))
            }
        }

        impl Command for $put {
            fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
                put::<$entity>(cx, &self.$field, self.permissions_boundary)
            }
        }

        #[doc = concat!("Takes the permissions boundary of a ", stringify!($entity), " away.")]
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        pub struct $delete {
            $field: $name,
        }

        impl Operation for $delete {
            type Output = ();

            const ERRORS: &'static [Code] = &[Code::NoSuchEntity, $(Code::$protected,)? Code::ServiceFailure];

            fn access(&self) -> Access<'_> {
                Access::existing(Kind::$entity, &self.$field).current_boundary()
            }
        }

        impl Command for $delete {
            fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
                delete::<$entity>(cx, &self.$field)
            }
        }
    )+ };
}

boundaries! {
    User by user_name: UserName => PutUserPermissionsBoundary, DeleteUserPermissionsBoundary;
    Role by role_name: RoleName, UnmodifiableEntity => PutRolePermissionsBoundary, DeleteRolePermissionsBoundary;
}

fn put<G: Grantee>(cx: &mut Transaction<'_>, grantee: &str, arn: Arn) -> Result<()> {
    cx.account.find::<G>(grantee)?.must_be_modifiable()?;
    let boundary = cx.boundary(Some(arn), G::KIND, Code::PolicyNotAttachable)?;
    cx.account.update::<G, _>(grantee, |grantee| {
        grantee.permissions_mut().boundary = boundary;
        Ok(())
    })
}

fn delete<G: Grantee>(cx: &mut Transaction<'_>, grantee: &str) -> Result<()> {
    cx.account.update::<G, _>(grantee, |grantee| {
        grantee.must_be_modifiable()?;
        if grantee.permissions_mut().boundary.take().is_none() {
            let message = format!("Unable to find permissions boundary for {} {}", G::KIND.arn_type(), grantee.name());
            return Err(Error::new(Code::NoSuchEntity, message));
        }
        Ok(())
    })
}

impl<A: AccountRef> Context<'_, A> {
    /// The permissions boundary that a parameter names; `refused` answers for those that AWS keeps to itself.
    ///
    /// # Errors
    /// `ValidationError` for anything but an ARN, `InvalidInput` for one of something else, `NoSuchEntity` for a policy that
    /// does not exist.
    pub fn boundary(&self, arn: Option<Arn>, grantee: Kind, refused: Code) -> Result<Option<String>> {
        let Some(arn) = arn else { return Ok(None) };
        let missing =
            || Error::new(Code::NoSuchEntity, format!("Scope ARN: {arn} does not exist or is not attachable."));
        attachable(self.account.find_managed_policy(&arn, missing)?, grantee, refused)?;
        Ok(Some(arn.into()))
    }
}

operations!(
    IAM:
    command DeleteRolePermissionsBoundary, DeleteUserPermissionsBoundary, PutRolePermissionsBoundary,
        PutUserPermissionsBoundary
);
