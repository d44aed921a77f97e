//! IAM users.

use serde::{Deserialize, Serialize};

use crate::account::{Account, Credentials, Group, Permissions, Quota, Resource, User, name_key};
use crate::call::{Access, Command, Listing, Members, Operation, Paging, Query, Target, Transaction, View, operations};
use crate::error::{Code, Error, Result};
use crate::shapes::{
    AccountId, Arn, ExistingUserName, IdPrefix, Kind, Marker, MaxItems, Path, PathPrefix, Tag, TagSet, Tags, Timestamp,
    UserName,
};

/// A user in an answer.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UserShape {
    path: Option<String>,
    user_name: Option<String>,
    user_id: String,
    arn: String,
    create_date: Timestamp,
    password_last_used: Option<Timestamp>,
    permissions_boundary: Option<BoundaryShape>,
    tags: Option<Vec<Tag>>,
}

/// A permissions boundary in an answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct BoundaryShape {
    permissions_boundary_type: &'static str,
    permissions_boundary_arn: String,
}

impl BoundaryShape {
    /// The boundary of a user or role, if it has one. The type on the wire is `Policy`, whatever the model says.
    pub fn of(permissions: &Permissions) -> Option<Self> {
        let arn = permissions.boundary.clone()?;
        Some(Self { permissions_boundary_type: "Policy", permissions_boundary_arn: arn })
    }
}

impl UserShape {
    /// What listings show: everything but boundary and tags.
    pub fn brief(user: &User, account: AccountId) -> Self {
        Self {
            path: Some(user.path.to_string()),
            user_name: Some(user.name.clone()),
            user_id: user.id.clone(),
            arn: user.arn(account),
            create_date: user.created,
            password_last_used: user.credentials.login_profile.as_ref().and_then(|profile| profile.last_used),
            ..Self::default()
        }
    }

    /// All that is known of the user.
    pub fn whole(user: &User, account: AccountId) -> Self {
        Self {
            permissions_boundary: BoundaryShape::of(&user.permissions),
            tags: user.tags.shape(),
            ..Self::brief(user, account)
        }
    }

    /// The root user: its id is the account's, it has no name but the account's alias.
    pub fn root(account: &Account) -> Self {
        Self {
            user_name: account.settings().alias,
            user_id: account.id.to_string(),
            arn: account.id.root_arn(),
            create_date: account.created,
            password_last_used: account.root_user().and_then(|root| root.password_last_used),
            ..Self::default()
        }
    }
}

/// Creates a user in the caller's account.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateUser {
    path: Option<Path>,
    user_name: UserName,
    permissions_boundary: Option<Arn>,
    tags: Option<Tags>,
}

/// What `CreateUser` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateUserResult {
    user: UserShape,
}

impl Operation for CreateUser {
    type Output = CreateUserResult;

    const ERRORS: &'static [Code] = &[
        Code::ConcurrentModification,
        Code::EntityAlreadyExists,
        Code::InvalidInput,
        Code::LimitExceeded,
        Code::NoSuchEntity,
        Code::ServiceFailure,
    ];

    fn access(&self) -> Access<'_> {
        Access::new(Kind::User, self.path.as_deref(), &self.user_name)
            .key("iam:PermissionsBoundary", self.permissions_boundary.as_deref())
            .tagged(Kind::User, self.tags.as_deref())
    }
}

impl Command for CreateUser {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<CreateUserResult> {
        let tags = Tags::shape(self.tags.as_ref());
        let user = User {
            name: self.user_name.into(),
            path: self.path.unwrap_or_else(Path::root),
            id: cx.ids.unique(IdPrefix::Aida),
            created: cx.now,
            tags: TagSet::from_request(Kind::User, self.tags)?,
            permissions: Permissions {
                boundary: cx.boundary(self.permissions_boundary, Kind::User, Code::InvalidInput)?,
                ..Permissions::default()
            },
            groups: Vec::new(),
            credentials: Credentials::default(),
        };
        let shape = UserShape { tags, ..UserShape::whole(&user, cx.account.id) };
        cx.create(user, Quota::UsersPerAccount)?;
        Ok(CreateUserResult { user: shape })
    }
}

/// Describes a user, or about the caller.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetUser {
    user_name: Option<ExistingUserName>,
}

/// What `GetUser` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetUserResult {
    user: UserShape,
}

impl Operation for GetUser {
    type Output = GetUserResult;

    const ERRORS: &'static [Code] = &[Code::NoSuchEntity, Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        self.user_name.as_deref().map_or(Access::to(Target::Caller), |name| Access::existing(Kind::User, name))
    }

    fn precondition(&self, cx: &View<'_>) -> Result<()> {
        cx.must_name_an_owner(self.user_name.as_deref())
    }
}

impl Query for GetUser {
    fn answer(self, cx: &View<'_>) -> Result<GetUserResult> {
        if cx.is_about_root(self.user_name.as_deref()) {
            return Ok(GetUserResult { user: UserShape::root(cx.account) });
        }
        let name = cx.user_name(self.user_name.as_deref())?;
        let user = UserShape::whole(cx.account.find(&name)?, cx.account.id);
        Ok(GetUserResult { user })
    }
}

/// Lists the users under a path.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListUsers {
    path_prefix: Option<PathPrefix>,
    marker: Option<Marker>,
    max_items: Option<MaxItems>,
}

impl Listing for ListUsers {
    type Item = UserShape;

    const MEMBERS: &'static str = "Users";
    const ERRORS: &'static [Code] = &[Code::ServiceFailure];

    fn paging(&self) -> Paging<'_> {
        Paging(&self.marker, &self.max_items)
    }

    fn access(&self) -> Access<'_> {
        Access::under(Kind::User, self.path_prefix.as_deref())
    }

    fn members<'a>(&'a self, cx: &'a View<'_>, after: Option<&'a str>) -> Result<Members<'a, UserShape>> {
        let users = cx.account.under_path::<User>(self.path_prefix.as_deref(), after);
        Ok(Box::new(users.map(|(key, user)| (key, UserShape::brief(user, cx.account.id)))))
    }
}

/// Renames or moves a user. Its id, keys, memberships and policies stay; policies that name the old ARN do not follow.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateUser {
    user_name: ExistingUserName,
    new_path: Option<Path>,
    new_user_name: Option<UserName>,
}

impl Operation for UpdateUser {
    type Output = ();

    const ERRORS: &'static [Code] = &[
        Code::ConcurrentModification,
        Code::EntityAlreadyExists,
        Code::EntityTemporarilyUnmodifiable,
        Code::LimitExceeded,
        Code::NoSuchEntity,
        Code::ServiceFailure,
    ];

    fn access(&self) -> Access<'_> {
        let (path, name) = (self.new_path.as_deref(), self.new_user_name.as_deref());
        Access::existing(Kind::User, &self.user_name).moved(Kind::User, &self.user_name, path, name)
    }
}

impl Command for UpdateUser {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let mut user = cx.account.find::<User>(&self.user_name)?.clone();
        let old_key = name_key(&user.name);
        if let Some(path) = self.new_path {
            user.path = path;
        }
        if let Some(name) = self.new_user_name {
            user.name = name.into();
        }
        cx.account.replace(&old_key, user)
    }
}

/// Deletes a user that nothing belongs to any more.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteUser {
    user_name: ExistingUserName,
}

impl Operation for DeleteUser {
    type Output = ();

    const ERRORS: &'static [Code] = &[
        Code::ConcurrentModification,
        Code::DeleteConflict,
        Code::LimitExceeded,
        Code::NoSuchEntity,
        Code::ServiceFailure,
    ];

    fn access(&self) -> Access<'_> {
        Access::existing(Kind::User, &self.user_name)
    }
}

impl Command for DeleteUser {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let user = cx.account.find::<User>(&self.user_name)?;
        if !user.groups.is_empty() {
            return Err(Error::delete_first("remove users from group"));
        }
        user.permissions.must_be_empty()?;
        user.credentials.must_be_gone()?;
        let key = name_key(&user.name);
        cx.account.remove::<User>(&key);
        Ok(())
    }
}

/// Lists the groups that a user is a member of.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListGroupsForUser {
    user_name: ExistingUserName,
    marker: Option<Marker>,
    max_items: Option<MaxItems>,
}

impl Listing for ListGroupsForUser {
    type Item = crate::services::iam::groups::group::GroupShape;

    const MEMBERS: &'static str = "Groups";
    const ERRORS: &'static [Code] = &[Code::NoSuchEntity, Code::ServiceFailure];

    fn paging(&self) -> Paging<'_> {
        Paging(&self.marker, &self.max_items)
    }

    fn access(&self) -> Access<'_> {
        Access::existing(Kind::User, &self.user_name)
    }

    fn members<'a>(&'a self, cx: &'a View<'_>, after: Option<&'a str>) -> Result<Members<'a, Self::Item>> {
        let mut keys = cx.account.find::<User>(&self.user_name)?.groups.clone();
        keys.sort_unstable();
        let keys = keys.into_iter().filter(move |key| after.is_none_or(|after| key.as_str() > after));
        Ok(Box::new(keys.filter_map(|key| {
            let group: &Group = cx.account.groups.get(&key)?;
            Some((key, crate::services::iam::groups::group::GroupShape::of(group, cx.account.id)))
        })))
    }
}

operations!(IAM: query GetUser, ListGroupsForUser, ListUsers; command CreateUser, DeleteUser, UpdateUser);
