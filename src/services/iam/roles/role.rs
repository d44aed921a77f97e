//! Roles.

use serde::{Deserialize, Serialize};

use crate::account::{Account, Grantee, Permissions, Quota, Reference, Role, accounts_named, name_key};
use crate::call::{Access, Command, Listing, Members, Operation, Paging, Query, Transaction, View, operations};
use crate::error::{Code, Error, Result};
use crate::services::iam::roles::role_shape::RoleShape;
use crate::services::iam::roles::trust;
use crate::shapes::{
    AccountId, Arn, IdPrefix, Kind, Marker, MaxItems, MaxSessionDuration, MaxSigninSessionDuration, Path, PathPrefix,
    PolicyDocument, RoleDescription, RoleName, TagSet, Tags,
};

/// The longest session of a role that was created without saying, in seconds.
pub const DEFAULT_SESSION_DURATION: i32 = 3600;

/// The path of an entity that a customer creates: some are AWS's own.
///
/// # Errors
/// `InvalidInput`.
pub fn customer_path(path: Option<Path>) -> Result<Path> {
    let path = path.unwrap_or_else(Path::root);
    for (prefix, whose) in [("/aws-service-role/", "AWS Service linked"), ("/aws-reserved/", "AWS reserved")] {
        if path.starts_with(prefix) {
            let message = format!("Path prefix '{prefix}' can only be used for {whose} Roles");
            return Err(Error::new(Code::InvalidInput, message));
        }
    }
    Ok(path)
}

/// A description as it is kept: none when it is empty.
pub fn kept(description: Option<RoleDescription>) -> Option<String> {
    description.filter(|text| !text.is_empty()).map(String::from)
}

/// Creates a role.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateRole {
    path: Option<Path>,
    role_name: RoleName,
    assume_role_policy_document: PolicyDocument,
    description: Option<RoleDescription>,
    max_session_duration: Option<MaxSessionDuration>,
    max_signin_session_duration: Option<MaxSigninSessionDuration>,
    permissions_boundary: Option<Arn>,
    tags: Option<Tags>,
}

/// An answer about one role.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RoleResult {
    /// The role.
    pub role: RoleShape,
}

impl Operation for CreateRole {
    type Output = RoleResult;

    const ERRORS: &'static [Code] = &[
        Code::ConcurrentModification,
        Code::EntityAlreadyExists,
        Code::InvalidInput,
        Code::LimitExceeded,
        Code::MalformedPolicyDocument,
        Code::ServiceFailure,
    ];
    /// For a boundary that does not exist.
    const UNDECLARED_ERRORS: &'static [Code] = &[Code::NoSuchEntity];

    fn access(&self) -> Access<'_> {
        Access::new(Kind::Role, self.path.as_deref(), &self.role_name)
            .key("iam:PermissionsBoundary", self.permissions_boundary.as_deref())
            .tagged(Kind::Role, self.tags.as_deref())
    }

    fn other_accounts(&self, _: &Account) -> Vec<AccountId> {
        accounts_named(&self.assume_role_policy_document)
    }
}

impl Command for CreateRole {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<RoleResult> {
        let boundary = cx.boundary(self.permissions_boundary, Kind::Role, Code::InvalidInput)?;
        let tags = Tags::shape(self.tags.as_ref());
        let role = Role {
            name: self.role_name.into(),
            path: customer_path(self.path)?,
            id: cx.ids.unique(IdPrefix::Aroa),
            created: cx.now,
            trust_policy: cx.trust_policy(&self.assume_role_policy_document)?,
            description: kept(self.description),
            max_session_duration: self.max_session_duration.map_or(DEFAULT_SESSION_DURATION, MaxSessionDuration::get),
            max_signin_session_duration: self.max_signin_session_duration.map(MaxSigninSessionDuration::get),
            tags: TagSet::from_request(Kind::Role, self.tags)?,
            permissions: Permissions { boundary, ..Permissions::default() },
            source_template: None,
            template_values: None,
        };
        let shape = RoleShape::created(&role, &self.assume_role_policy_document, tags, cx.account.id);
        cx.create(role, Quota::RolesPerAccount)?;
        Ok(RoleResult { role: shape })
    }
}

/// Describes a role.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetRole {
    role_name: RoleName,
}

impl Operation for GetRole {
    type Output = RoleResult;

    const ERRORS: &'static [Code] = &[Code::NoSuchEntity, Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        Access::existing(Kind::Role, &self.role_name).current_boundary()
    }

    fn other_accounts(&self, account: &Account) -> Vec<AccountId> {
        trust::accounts_trusted_by(&self.role_name, account)
    }
}

impl Query for GetRole {
    fn answer(self, cx: &View<'_>) -> Result<RoleResult> {
        Ok(RoleResult { role: RoleShape::whole(cx.account.find(&self.role_name)?, cx) })
    }
}

/// Lists the roles under a path.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListRoles {
    path_prefix: Option<PathPrefix>,
    marker: Option<Marker>,
    max_items: Option<MaxItems>,
}

impl Listing for ListRoles {
    type Item = RoleShape;

    const MEMBERS: &'static str = "Roles";
    const ERRORS: &'static [Code] = &[Code::ServiceFailure];

    fn paging(&self) -> Paging<'_> {
        Paging(&self.marker, &self.max_items)
    }

    fn access(&self) -> Access<'_> {
        Access::under(Kind::Role, self.path_prefix.as_deref())
    }

    fn other_accounts(&self, account: &Account) -> Vec<AccountId> {
        let roles = account.under_path::<Role>(self.path_prefix.as_deref(), None);
        trust::accounts_trusted(self.paging().preview(roles))
    }

    fn members<'a>(&'a self, cx: &'a View<'_>, after: Option<&'a str>) -> Result<Members<'a, RoleShape>> {
        let roles = cx.account.under_path::<Role>(self.path_prefix.as_deref(), after);
        Ok(Box::new(roles.map(|(key, role)| (key, RoleShape::listed(role, cx)))))
    }
}

/// Changes a role's description and the limits of its sessions. What is not given stays.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateRole {
    role_name: RoleName,
    description: Option<RoleDescription>,
    max_session_duration: Option<MaxSessionDuration>,
    max_signin_session_duration: Option<MaxSigninSessionDuration>,
    reset_max_signin_session_duration: Option<bool>,
}

/// What `UpdateRole` answers: an empty element.
#[derive(Serialize)]
pub struct UpdateRoleResult {}

impl Operation for UpdateRole {
    type Output = UpdateRoleResult;

    const ERRORS: &'static [Code] =
        &[Code::InvalidInput, Code::NoSuchEntity, Code::ServiceFailure, Code::UnmodifiableEntity];

    fn access(&self) -> Access<'_> {
        Access::existing(Kind::Role, &self.role_name).current_boundary()
    }
}

impl Command for UpdateRole {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<UpdateRoleResult> {
        let (signin, reset) = (self.max_signin_session_duration, self.reset_max_signin_session_duration);
        cx.account.update::<Role, _>(&self.role_name, |role| {
            if let Some(duration) = self.max_session_duration {
                duration_must_be_modifiable(role, "max session duration")?;
                role.max_session_duration = duration.get();
            }
            if signin.is_some() || reset == Some(true) {
                duration_must_be_modifiable(role, "max sign-in session duration")?;
            }
            role.max_signin_session_duration =
                MaxSigninSessionDuration::updated(role.max_signin_session_duration, signin, reset)?;
            if self.description.is_some() {
                role.description = kept(self.description);
            }
            Ok(UpdateRoleResult {})
        })
    }
}

/// Customers may change only the description of a service-linked role.
fn duration_must_be_modifiable(role: &Role, what: &str) -> Result<()> {
    if role.is_service_linked() {
        let message = format!("{} is an AWS service linked role, {what} cannot be changed.", role.name);
        return Err(Error::new(Code::UnmodifiableEntity, message));
    }
    role.must_be_modifiable()
}

/// Changes a role's description; the operation that came before `UpdateRole`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateRoleDescription {
    role_name: RoleName,
    description: RoleDescription,
}

impl Operation for UpdateRoleDescription {
    type Output = RoleResult;

    const ERRORS: &'static [Code] = &[Code::NoSuchEntity, Code::ServiceFailure, Code::UnmodifiableEntity];

    fn access(&self) -> Access<'_> {
        Access::existing(Kind::Role, &self.role_name).current_boundary()
    }

    fn other_accounts(&self, account: &Account) -> Vec<AccountId> {
        trust::accounts_trusted_by(&self.role_name, account)
    }
}

impl Command for UpdateRoleDescription {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<RoleResult> {
        cx.account.update::<Role, _>(&self.role_name, |role| {
            role.description = kept(Some(self.description));
            Ok(())
        })?;
        Ok(RoleResult { role: RoleShape::described(cx.account.find(&self.role_name)?, cx) })
    }
}

/// Replaces a role's trust policy.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateAssumeRolePolicy {
    role_name: RoleName,
    policy_document: PolicyDocument,
}

impl Operation for UpdateAssumeRolePolicy {
    type Output = ();

    const ERRORS: &'static [Code] = &[
        Code::LimitExceeded,
        Code::MalformedPolicyDocument,
        Code::NoSuchEntity,
        Code::ServiceFailure,
        Code::UnmodifiableEntity,
    ];

    fn access(&self) -> Access<'_> {
        Access::existing(Kind::Role, &self.role_name).current_boundary()
    }

    fn other_accounts(&self, _: &Account) -> Vec<AccountId> {
        accounts_named(&self.policy_document)
    }
}

impl Command for UpdateAssumeRolePolicy {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        cx.account.find::<Role>(&self.role_name)?.must_be_modifiable()?;
        let trust_policy = cx.trust_policy(&self.policy_document)?;
        cx.account.update::<Role, _>(&self.role_name, |role| {
            role.trust_policy = trust_policy;
            Ok(())
        })
    }
}

/// Deletes a role without policies that no instance profile holds.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteRole {
    role_name: RoleName,
}

impl Operation for DeleteRole {
    type Output = ();

    const ERRORS: &'static [Code] = &[
        Code::ConcurrentModification,
        Code::DeleteConflict,
        Code::LimitExceeded,
        Code::NoSuchEntity,
        Code::ServiceFailure,
        Code::UnmodifiableEntity,
    ];

    fn access(&self) -> Access<'_> {
        Access::existing(Kind::Role, &self.role_name).current_boundary()
    }
}

impl Command for DeleteRole {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let role = cx.account.find::<Role>(&self.role_name)?;
        role.must_be_modifiable()?;
        let key = name_key(&role.name);
        if cx.account.count_referrers(&Reference::Role(key.clone())) > 0 {
            return Err(Error::delete_first("remove roles from instance profile"));
        }
        role.permissions.must_be_empty()?;
        cx.account.remove::<Role>(&key);
        Ok(())
    }
}

operations!(
    IAM:
    query GetRole, ListRoles;
    command CreateRole, DeleteRole, UpdateAssumeRolePolicy, UpdateRole, UpdateRoleDescription
);
