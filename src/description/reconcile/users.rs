//! Users.

use serde_json::json;

use super::grantees::{Family, Of};
use super::session::{Done, Session};
use super::tags::TagFamily;
use crate::account::{Group, User, name_key};
use crate::description::UserDescription;
use crate::markup::{Named, Placed};

const FAMILY: Family = Family {
    parameter: "UserName",
    attach: "AttachUserPolicy",
    detach: "DetachUserPolicy",
    put: "PutUserPolicy",
    delete: "DeleteUserPolicy",
    boundary: Some(("PutUserPermissionsBoundary", "DeleteUserPermissionsBoundary")),
};

const TAGS: TagFamily = TagFamily { tag: "TagUser", untag: "UntagUser", parameter: "UserName" };

impl Session<'_> {
    pub(super) fn users(&mut self, users: &Named<UserDescription>) -> Done {
        for (name, user) in &users.0 {
            let before = self.account.get::<User>(name).map(|user| user.path.to_string());
            let path = user.path.as_ref().map(|path| path.value.as_str());
            match &before {
                None => self.call(name.place, "CreateUser", json!({"UserName": name.value, "Path": path}))?,
                Some(before) if path.is_some_and(|path| path != before) => {
                    self.call(name.place, "UpdateUser", json!({"UserName": name.value, "NewPath": path}))?;
                    self.changed("path");
                }
                Some(_) => {}
            }
            let from_aws = user.identity.is_some();
            self.identify::<User>(name.place, name, user.identity.as_ref())?;
            let of = Of { family: &FAMILY, name, place: name.place, from_aws };
            self.boundary::<User>(of, user.boundary.as_ref())?;
            self.memberships(name, user.groups.as_deref())?;
            self.attached::<User>(of, user.policies.as_deref())?;
            self.inline::<User>(of, user.inline_policies.as_ref())?;
            self.tags::<User>(&TAGS, name.place, (name, name), user.tags.as_ref(), from_aws)?;
            self.credentials(name, user)?;
            self.end("user", name, before.is_none());
        }
        Ok(())
    }

    /// Makes a user a member of exactly these groups.
    fn memberships(&mut self, name: &Placed<String>, wanted: Option<&[Placed<String>]>) -> Done {
        let Some(wanted) = wanted else { return Ok(()) };
        let before = self.account.get::<User>(name).map(|user| user.groups.clone()).unwrap_or_default();
        let keeps = |key: &String| wanted.iter().any(|group| name_key(group) == *key);
        for key in before.iter().filter(|key| !keeps(key)) {
            let group = self
                .account
                .groups
                .get(key)
                .map_or_else(|| key.clone(), |group: &std::sync::Arc<Group>| group.name.clone());
            self.call(name.place, "RemoveUserFromGroup", json!({"GroupName": group, "UserName": name.value}))?;
            self.changed(format!("left group {group}"));
        }
        for group in wanted.iter().filter(|group| !before.contains(&name_key(group))) {
            let parameters = json!({"GroupName": group.value, "UserName": name.value});
            self.call(group.place, "AddUserToGroup", parameters)?;
            self.changed(format!("joined group {}", group.value));
        }
        Ok(())
    }
}
