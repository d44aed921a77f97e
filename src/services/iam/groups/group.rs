//! Groups and memberships.

use serde::ser::{SerializeStruct, Serializer};
use serde::{Deserialize, Serialize};

use crate::account::{Group, Permissions, Quota, Reference, Resource, User, name_key};
use crate::call::{Access, Command, Listing, Members, Operation, Page, Paging, Query, Transaction, View, operations};
use crate::error::{Code, Error, Result};
use crate::services::iam::users::user::UserShape;
use crate::shapes::{
    AccountId, ExistingUserName, GroupName, IdPrefix, Kind, Marker, MaxItems, Path, PathPrefix, Timestamp,
};

/// A group in an answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GroupShape {
    path: String,
    group_name: String,
    group_id: String,
    arn: String,
    create_date: Timestamp,
}

impl GroupShape {
    /// All that is known of the group, but its members.
    pub fn of(group: &Group, account: AccountId) -> Self {
        Self {
            path: group.path.to_string(),
            group_name: group.name.clone(),
            group_id: group.id.clone(),
            arn: group.arn(account),
            create_date: group.created,
        }
    }
}

/// Creates a group.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateGroup {
    path: Option<Path>,
    group_name: GroupName,
}

/// What `CreateGroup` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateGroupResult {
    group: GroupShape,
}

impl Operation for CreateGroup {
    type Output = CreateGroupResult;

    const ERRORS: &'static [Code] =
        &[Code::EntityAlreadyExists, Code::LimitExceeded, Code::NoSuchEntity, Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        Access::new(Kind::Group, self.path.as_deref(), &self.group_name)
    }
}

impl Command for CreateGroup {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<CreateGroupResult> {
        let group = Group {
            name: self.group_name.into(),
            path: self.path.unwrap_or_else(Path::root),
            id: cx.ids.unique(IdPrefix::Agpa),
            created: cx.now,
            permissions: Permissions::default(),
        };
        let shape = GroupShape::of(&group, cx.account.id);
        cx.create(group, Quota::GroupsPerAccount)?;
        Ok(CreateGroupResult { group: shape })
    }
}

/// Describes a group and lists its members.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetGroup {
    group_name: GroupName,
    marker: Option<Marker>,
    max_items: Option<MaxItems>,
}

/// What `GetGroup` answers: the group, and a page of its users.
pub struct GetGroupResult {
    group: GroupShape,
    users: Page<UserShape>,
}

impl Serialize for GetGroupResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut answer = serializer.serialize_struct("GetGroupResult", 4)?;
        answer.serialize_field("Group", &self.group)?;
        self.users.write_into(&mut answer)?;
        answer.end()
    }
}

impl Operation for GetGroup {
    type Output = GetGroupResult;

    const ERRORS: &'static [Code] = &[Code::NoSuchEntity, Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        Access::existing(Kind::Group, &self.group_name)
    }
}

impl Query for GetGroup {
    fn answer(self, cx: &View<'_>) -> Result<GetGroupResult> {
        let group = cx.account.find::<Group>(&self.group_name)?;
        let paging = Paging(&self.marker, &self.max_items);
        let after = paging.after("GetGroup", cx)?;
        let members = cx.account.referrers::<User>(&Reference::Group(name_key(&group.name)));
        let members = members
            .map(|user| (name_key(&user.name), UserShape::brief(user, cx.account.id)))
            .filter(|(key, _)| after.as_ref().is_none_or(|after| key > after));
        let users = paging.page("GetGroup", "Users", members, cx);
        Ok(GetGroupResult { group: GroupShape::of(group, cx.account.id), users })
    }
}

/// Lists the groups under a path.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListGroups {
    path_prefix: Option<PathPrefix>,
    marker: Option<Marker>,
    max_items: Option<MaxItems>,
}

impl Listing for ListGroups {
    type Item = GroupShape;

    const MEMBERS: &'static str = "Groups";
    const ERRORS: &'static [Code] = &[Code::ServiceFailure];

    fn paging(&self) -> Paging<'_> {
        Paging(&self.marker, &self.max_items)
    }

    fn access(&self) -> Access<'_> {
        Access::under(Kind::Group, self.path_prefix.as_deref())
    }

    fn members<'a>(&'a self, cx: &'a View<'_>, after: Option<&'a str>) -> Result<Members<'a, GroupShape>> {
        let groups = cx.account.under_path::<Group>(self.path_prefix.as_deref(), after);
        Ok(Box::new(groups.map(|(key, group)| (key, GroupShape::of(group, cx.account.id)))))
    }
}

/// Renames or moves a group. Its members and policies stay.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateGroup {
    group_name: GroupName,
    new_path: Option<Path>,
    new_group_name: Option<GroupName>,
}

impl Operation for UpdateGroup {
    type Output = ();

    const ERRORS: &'static [Code] =
        &[Code::EntityAlreadyExists, Code::LimitExceeded, Code::NoSuchEntity, Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        let (path, name) = (self.new_path.as_deref(), self.new_group_name.as_deref());
        Access::existing(Kind::Group, &self.group_name).moved(Kind::Group, &self.group_name, path, name)
    }
}

impl Command for UpdateGroup {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let mut group = cx.account.find::<Group>(&self.group_name)?.clone();
        let old_key = name_key(&group.name);
        if let Some(path) = self.new_path {
            group.path = path;
        }
        if let Some(name) = self.new_group_name {
            group.name = name.into();
        }
        let new_key = name_key(&group.name);
        cx.account.replace(&old_key, group)?;
        // Users refer to their groups by key.
        let reference = Reference::Group(old_key.clone());
        let members: Vec<User> = cx.account.referrers::<User>(&reference).cloned().collect();
        for mut user in members.into_iter().filter(|_| new_key != old_key) {
            for group in user.groups.iter_mut().filter(|group| **group == old_key) {
                group.clone_from(&new_key);
            }
            cx.account.put(user)?;
        }
        Ok(())
    }
}

/// Deletes a group without members and policies.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteGroup {
    group_name: GroupName,
}

impl Operation for DeleteGroup {
    type Output = ();

    const ERRORS: &'static [Code] =
        &[Code::DeleteConflict, Code::LimitExceeded, Code::NoSuchEntity, Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        Access::existing(Kind::Group, &self.group_name)
    }
}

impl Command for DeleteGroup {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let group = cx.account.find::<Group>(&self.group_name)?;
        let key = name_key(&group.name);
        if cx.account.count_referrers(&Reference::Group(key.clone())) > 0 {
            return Err(Error::delete_first("remove users from group"));
        }
        group.permissions.must_be_empty()?;
        cx.account.remove::<Group>(&key);
        Ok(())
    }
}

/// Makes a user a member of a group; nothing happens if it is one.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AddUserToGroup {
    group_name: GroupName,
    user_name: ExistingUserName,
}

impl Operation for AddUserToGroup {
    type Output = ();

    const ERRORS: &'static [Code] = &[Code::LimitExceeded, Code::NoSuchEntity, Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        Access::existing(Kind::Group, &self.group_name)
    }
}

impl Command for AddUserToGroup {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        // An unknown user is reported before an unknown group.
        cx.account.find::<User>(&self.user_name)?;
        let group = name_key(&cx.account.find::<Group>(&self.group_name)?.name);
        let quotas = &cx.environment.quotas;
        cx.account.update::<User, _>(&self.user_name, |user| {
            if !user.groups.contains(&group) {
                quotas.check(Quota::GroupsPerUser, user.groups.len())?;
                user.groups.push(group);
            }
            Ok(())
        })
    }
}

/// Ends a user's membership in a group; nothing happens if it is no member.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RemoveUserFromGroup {
    group_name: GroupName,
    user_name: ExistingUserName,
}

impl Operation for RemoveUserFromGroup {
    type Output = ();

    const ERRORS: &'static [Code] = &[Code::LimitExceeded, Code::NoSuchEntity, Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        Access::existing(Kind::Group, &self.group_name)
    }
}

impl Command for RemoveUserFromGroup {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        // An unknown user is reported before an unknown group.
        cx.account.find::<User>(&self.user_name)?;
        let group = name_key(&cx.account.find::<Group>(&self.group_name)?.name);
        cx.account.update::<User, _>(&self.user_name, |user| {
            user.groups.retain(|key| *key != group);
            Ok(())
        })
    }
}

operations!(
    IAM:
    query GetGroup, ListGroups;
    command AddUserToGroup, CreateGroup, DeleteGroup, RemoveUserFromGroup, UpdateGroup
);
