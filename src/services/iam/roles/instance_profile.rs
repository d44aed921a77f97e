//! Instance profiles.

use serde::{Deserialize, Serialize};

use crate::account::{Account, Grantee, InstanceProfile, Quota, Reference, Resource, Role, name_key};
use crate::call::{
    Access, AccountRef, Command, Context, Listing, Members, Operation, Paging, Query, Target, Transaction, View,
    operations,
};
use crate::error::{Code, Error, Result};
use crate::services::iam::roles::role::customer_path;
use crate::services::iam::roles::role_shape::RoleShape;
use crate::services::iam::roles::trust;
use crate::shapes::{
    AccountId, IdPrefix, InstanceProfileName, Kind, Marker, MaxItems, Path, PathPrefix, RoleName, Tag, TagSet, Tags,
    Timestamp,
};

/// An instance profile in an answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct InstanceProfileShape {
    path: String,
    instance_profile_name: String,
    instance_profile_id: String,
    arn: String,
    create_date: Timestamp,
    roles: Vec<RoleShape>,
    tags: Option<Vec<Tag>>,
}

impl InstanceProfileShape {
    /// What listings show: everything but tags.
    pub fn brief(profile: &InstanceProfile, cx: &Context<'_, impl AccountRef>) -> Self {
        let role = profile.role.as_ref().and_then(|key| cx.account.roles.get(key));
        Self {
            path: profile.path.to_string(),
            instance_profile_name: profile.name.clone(),
            instance_profile_id: profile.id.clone(),
            arn: profile.arn(cx.account.id),
            create_date: profile.created,
            roles: role.map(|role| RoleShape::nested(role, cx)).into_iter().collect(),
            tags: None,
        }
    }
}

/// Creates an instance profile.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateInstanceProfile {
    instance_profile_name: InstanceProfileName,
    path: Option<Path>,
    tags: Option<Tags>,
}

/// An answer about one instance profile.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct InstanceProfileResult {
    instance_profile: InstanceProfileShape,
}

impl Operation for CreateInstanceProfile {
    type Output = InstanceProfileResult;

    const ERRORS: &'static [Code] = &[
        Code::ConcurrentModification,
        Code::EntityAlreadyExists,
        Code::InvalidInput,
        Code::LimitExceeded,
        Code::ServiceFailure,
    ];

    fn access(&self) -> Access<'_> {
        Access::new(Kind::InstanceProfile, self.path.as_deref(), &self.instance_profile_name)
            .tagged(Kind::InstanceProfile, self.tags.as_deref())
    }
}

impl Command for CreateInstanceProfile {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<InstanceProfileResult> {
        let tags = Tags::shape(self.tags.as_ref());
        let profile = InstanceProfile {
            name: self.instance_profile_name.into(),
            path: customer_path(self.path)?,
            id: cx.ids.unique(IdPrefix::Aipa),
            created: cx.now,
            role: None,
            tags: TagSet::from_request(Kind::InstanceProfile, self.tags)?,
        };
        let shape = InstanceProfileShape { tags, ..InstanceProfileShape::brief(&profile, cx) };
        cx.create(profile, Quota::InstanceProfilesPerAccount)?;
        Ok(InstanceProfileResult { instance_profile: shape })
    }
}

/// Describes an instance profile.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetInstanceProfile {
    instance_profile_name: InstanceProfileName,
}

impl Operation for GetInstanceProfile {
    type Output = InstanceProfileResult;

    const ERRORS: &'static [Code] = &[Code::NoSuchEntity, Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        Access::existing(Kind::InstanceProfile, &self.instance_profile_name)
    }

    fn other_accounts(&self, account: &Account) -> Vec<AccountId> {
        let profile = account.get::<InstanceProfile>(&self.instance_profile_name);
        let role = profile.and_then(|profile| profile.role.as_deref());
        role.map(|role| trust::accounts_trusted_by(role, account)).unwrap_or_default()
    }
}

impl Query for GetInstanceProfile {
    fn answer(self, cx: &View<'_>) -> Result<InstanceProfileResult> {
        let profile = cx.account.find::<InstanceProfile>(&self.instance_profile_name)?;
        // Unlike other entities, profiles show their tags even when they have none.
        let tags = Some(profile.tags.to_vec());
        Ok(InstanceProfileResult {
            instance_profile: InstanceProfileShape { tags, ..InstanceProfileShape::brief(profile, cx) },
        })
    }
}

/// Lists the instance profiles under a path.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListInstanceProfiles {
    path_prefix: Option<PathPrefix>,
    marker: Option<Marker>,
    max_items: Option<MaxItems>,
}

impl Listing for ListInstanceProfiles {
    type Item = InstanceProfileShape;

    const MEMBERS: &'static str = "InstanceProfiles";
    const ERRORS: &'static [Code] = &[Code::ServiceFailure];

    fn paging(&self) -> Paging<'_> {
        Paging(&self.marker, &self.max_items)
    }

    fn access(&self) -> Access<'_> {
        Access::under(Kind::InstanceProfile, self.path_prefix.as_deref())
    }

    fn other_accounts(&self, account: &Account) -> Vec<AccountId> {
        let profiles = account.under_path::<InstanceProfile>(self.path_prefix.as_deref(), None);
        let names = self.paging().preview(profiles).filter_map(|profile| profile.role.as_deref());
        trust::accounts_trusted(names.filter_map(|name| account.get(name)))
    }

    fn members<'a>(&'a self, cx: &'a View<'_>, after: Option<&'a str>) -> Result<Members<'a, Self::Item>> {
        let profiles = cx.account.under_path::<InstanceProfile>(self.path_prefix.as_deref(), after);
        Ok(Box::new(profiles.map(|(key, profile)| (key, InstanceProfileShape::brief(profile, cx)))))
    }
}

/// Deletes an instance profile without role.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteInstanceProfile {
    instance_profile_name: InstanceProfileName,
}

impl Operation for DeleteInstanceProfile {
    type Output = ();

    const ERRORS: &'static [Code] =
        &[Code::DeleteConflict, Code::LimitExceeded, Code::NoSuchEntity, Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        Access::existing(Kind::InstanceProfile, &self.instance_profile_name)
    }
}

impl Command for DeleteInstanceProfile {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let profile = cx.account.find::<InstanceProfile>(&self.instance_profile_name)?;
        if profile.role.is_some() {
            return Err(Error::delete_first("remove roles from instance profile"));
        }
        let key = name_key(&profile.name);
        cx.account.remove::<InstanceProfile>(&key);
        Ok(())
    }
}

/// Puts a role into an instance profile, which holds one at most.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AddRoleToInstanceProfile {
    instance_profile_name: InstanceProfileName,
    role_name: RoleName,
}

impl Operation for AddRoleToInstanceProfile {
    type Output = ();

    const ERRORS: &'static [Code] = &[
        Code::EntityAlreadyExists,
        Code::LimitExceeded,
        Code::NoSuchEntity,
        Code::ServiceFailure,
        Code::UnmodifiableEntity,
    ];

    /// Who puts a role into a profile hands it to EC2.
    fn access(&self) -> Access<'_> {
        Access::existing(Kind::InstanceProfile, &self.instance_profile_name)
            .also("iam:PassRole", Target::Identity(Kind::Role, &self.role_name))
            .key("iam:PassedToService", Some("ec2.amazonaws.com"))
    }
}

impl Command for AddRoleToInstanceProfile {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let key = member(cx, &self.instance_profile_name, &self.role_name)?;
        let quotas = &cx.environment.quotas;
        cx.account.update::<InstanceProfile, _>(&self.instance_profile_name, |profile| {
            if profile.role.is_some() {
                return Err(quotas.exceeded(Quota::InstanceSessionsPerInstanceProfile));
            }
            profile.role = Some(key);
            Ok(())
        })
    }
}

/// Takes a role out of an instance profile.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RemoveRoleFromInstanceProfile {
    instance_profile_name: InstanceProfileName,
    role_name: RoleName,
}

impl Operation for RemoveRoleFromInstanceProfile {
    type Output = ();

    const ERRORS: &'static [Code] =
        &[Code::LimitExceeded, Code::NoSuchEntity, Code::ServiceFailure, Code::UnmodifiableEntity];

    fn access(&self) -> Access<'_> {
        Access::existing(Kind::InstanceProfile, &self.instance_profile_name)
    }
}

impl Command for RemoveRoleFromInstanceProfile {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let key = member(cx, &self.instance_profile_name, &self.role_name)?;
        cx.account.update::<InstanceProfile, _>(&self.instance_profile_name, |profile| {
            if profile.role.as_ref() != Some(&key) {
                let message = format!("Role {} in Instance Profile {} cannot be found.", self.role_name, profile.name);
                return Err(Error::new(Code::NoSuchEntity, message));
            }
            profile.role = None;
            Ok(())
        })
    }
}

/// The key of a role that may go in and out of an instance profile; both exist.
fn member(cx: &Context<'_, impl AccountRef>, profile: &str, role: &str) -> Result<String> {
    cx.account.find::<InstanceProfile>(profile)?;
    let role = cx.account.find::<Role>(role)?;
    role.must_be_modifiable()?;
    Ok(name_key(&role.name))
}

/// Lists the instance profiles that hold a role.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListInstanceProfilesForRole {
    role_name: RoleName,
    marker: Option<Marker>,
    max_items: Option<MaxItems>,
}

impl Listing for ListInstanceProfilesForRole {
    type Item = InstanceProfileShape;

    const MEMBERS: &'static str = "InstanceProfiles";
    const ERRORS: &'static [Code] = &[Code::NoSuchEntity, Code::ServiceFailure];

    fn paging(&self) -> Paging<'_> {
        Paging(&self.marker, &self.max_items)
    }

    fn access(&self) -> Access<'_> {
        Access::existing(Kind::Role, &self.role_name)
    }

    fn other_accounts(&self, account: &Account) -> Vec<AccountId> {
        trust::accounts_trusted_by(&self.role_name, account)
    }

    fn members<'a>(&'a self, cx: &'a View<'_>, after: Option<&'a str>) -> Result<Members<'a, Self::Item>> {
        let role = cx.account.find::<Role>(&self.role_name)?;
        let profiles = cx.account.referrers::<InstanceProfile>(&Reference::Role(name_key(&role.name)));
        let profiles = profiles.map(|profile| (name_key(&profile.name), profile));
        let profiles = profiles.filter(move |(key, _)| after.is_none_or(|after| key.as_str() > after));
        Ok(Box::new(profiles.map(|(key, profile)| (key, InstanceProfileShape::brief(profile, cx)))))
    }
}

operations!(
    IAM:
    query GetInstanceProfile, ListInstanceProfiles, ListInstanceProfilesForRole;
    command AddRoleToInstanceProfile, CreateInstanceProfile, DeleteInstanceProfile, RemoveRoleFromInstanceProfile
);
