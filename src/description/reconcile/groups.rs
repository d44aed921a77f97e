//! Groups.

use serde_json::json;

use super::grantees::{Family, Of};
use super::session::{Done, Session};
use crate::account::Group;
use crate::description::GroupDescription;
use crate::markup::Named;

const FAMILY: Family = Family {
    parameter: "GroupName",
    attach: "AttachGroupPolicy",
    detach: "DetachGroupPolicy",
    put: "PutGroupPolicy",
    delete: "DeleteGroupPolicy",
    boundary: None,
};

impl Session<'_> {
    pub(super) fn groups(&mut self, groups: &Named<GroupDescription>) -> Done {
        for (name, group) in &groups.0 {
            let before = self.account.get::<Group>(name).map(|group| group.path.to_string());
            let path = group.path.as_ref().map(|path| path.value.as_str());
            match &before {
                None => self.call(name.place, "CreateGroup", json!({"GroupName": name.value, "Path": path}))?,
                Some(before) if path.is_some_and(|path| path != before) => {
                    self.call(name.place, "UpdateGroup", json!({"GroupName": name.value, "NewPath": path}))?;
                    self.changed("path");
                }
                Some(_) => {}
            }
            let from_aws = group.identity.is_some();
            self.identify::<Group>(name.place, name, group.identity.as_ref())?;
            let of = Of { family: &FAMILY, name, place: name.place, from_aws };
            self.attached::<Group>(of, group.policies.as_deref())?;
            self.inline::<Group>(of, group.inline_policies.as_ref())?;
            self.end("group", name, before.is_none());
        }
        Ok(())
    }
}
