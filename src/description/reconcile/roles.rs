//! Roles and instance profiles.

use serde_json::json;

use super::LateTrust;
use super::grantees::{Family, Of};
use super::session::{Done, Session};
use super::tags::TagFamily;
use crate::account::{Grantee, InstanceProfile, Permissions, Role, TrustPolicy, accounts_named, name_key};
use crate::description::{Document, InstanceProfileDescription, RoleDescription};
use crate::error::Error;
use crate::markup::{Named, Placed};
use crate::shapes::{AccountId, IdPrefix, Path, TagSet};

const FAMILY: Family = Family {
    parameter: "RoleName",
    attach: "AttachRolePolicy",
    detach: "DetachRolePolicy",
    put: "PutRolePolicy",
    delete: "DeleteRolePolicy",
    boundary: Some(("PutRolePermissionsBoundary", "DeleteRolePermissionsBoundary")),
};

const TAGS: TagFamily = TagFamily { tag: "TagRole", untag: "UntagRole", parameter: "RoleName" };
const PROFILE_TAGS: TagFamily =
    TagFamily { tag: "TagInstanceProfile", untag: "UntagInstanceProfile", parameter: "InstanceProfileName" };

/// The longest session of a role that does not say, in seconds.
const DEFAULT_SESSION_DURATION: i32 = 3600;

/// What a role trusts until everything exists that its trust policy may name: nobody.
fn nobody(account: AccountId) -> String {
    let number = format!("{:012}", account.number());
    let statement = json!({"Effect": "Deny", "Principal": {"AWS": number}, "Action": "sts:AssumeRole"});
    json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
}

impl Session<'_> {
    pub(super) fn roles<'d>(&mut self, roles: &'d Named<RoleDescription>) -> Done<Vec<LateTrust<'d>>> {
        let mut late = Vec::new();
        for (name, role) in &roles.0 {
            let from_aws = role.identity.is_some();
            let before = self.account.get::<Role>(name).cloned();
            if role.path.as_ref().is_some_and(|path| is_of_aws(path)) && from_aws {
                self.role_of_aws(name, role)?;
            } else {
                match &before {
                    None => self.create_role(name, role)?,
                    Some(before) => self.update_role(name, role, before)?,
                }
                let of = Of { family: &FAMILY, name, place: name.place, from_aws };
                self.boundary::<Role>(of, role.boundary.as_ref())?;
                self.attached::<Role>(of, role.policies.as_deref())?;
                self.inline::<Role>(of, role.inline_policies.as_ref())?;
                self.tags::<Role>(&TAGS, name.place, (name, name), role.tags.as_ref(), from_aws)?;
            }
            self.identify::<Role>(name.place, name, role.identity.as_ref())?;
            self.end("role", name, before.is_none());
            if let Some(document) = &role.trust {
                let (account, role) = (self.account.id, name.clone());
                late.push(LateTrust { account, role, document, from_aws });
            }
        }
        Ok(late)
    }

    fn create_role(&mut self, name: &Placed<String>, role: &RoleDescription) -> Done {
        let Some(trust) = &role.trust else {
            return Err(self.error(name.place, format!("the role {:?} needs a trust policy", name.value)));
        };
        let waits = role.identity.is_some() || !accounts_named(&trust.text).is_empty();
        let parameters = json!({
            "RoleName": name.value,
            "Path": role.path.as_ref().map(|path| &path.value),
            "Description": role.description.as_ref().map(|description| &description.value),
            "MaxSessionDuration": role.max_session_duration.as_ref().map(|duration| duration.value),
            "AssumeRolePolicyDocument": if waits { nobody(self.account.id) } else { trust.text.clone() },
        });
        self.call(if waits { name.place } else { trust.place }, "CreateRole", parameters)
    }

    fn update_role(&mut self, name: &Placed<String>, role: &RoleDescription, before: &Role) -> Done {
        self.must_stay(name, "path", role.path.as_ref(), Some(&before.path))?;
        if let Some(description) = &role.description
            && description.value != before.description.clone().unwrap_or_default()
        {
            let parameters = json!({"RoleName": name.value, "Description": description.value});
            self.call(description.place, "UpdateRoleDescription", parameters)?;
            self.changed("description");
        }
        if let Some(duration) = &role.max_session_duration
            && duration.value != i64::from(before.max_session_duration)
        {
            let description = before.description.clone().unwrap_or_default();
            let parameters = json!(
                {"RoleName": name.value, "MaxSessionDuration": duration.value, "Description": description}
            );
            self.call(duration.place, "UpdateRole", parameters)?;
            self.changed("max-session-duration");
        }
        Ok(())
    }

    /// A role that AWS alone makes and changes, as it is in the account that is copied.
    fn role_of_aws(&mut self, name: &Placed<String>, role: &RoleDescription) -> Done {
        let permissions = Permissions {
            attached: role.policies.iter().flatten().map(|arn| arn.value.clone()).collect(),
            ..Permissions::default()
        };
        for arn in permissions.attached.iter().filter(|arn| self.is_unknown_of_aws(arn)).cloned().collect::<Vec<_>>() {
            self.warn(format!("{arn} is not known to this version: {} is denied everything", name.value));
        }
        let duration = role.max_session_duration.as_ref().and_then(|duration| i32::try_from(duration.value).ok());
        let before = self.account.get::<Role>(name).cloned();
        self.run(name.place, |cx| {
            let new = Role {
                name: name.value.clone(),
                path: Path::new(role.path.as_ref().map(|path| path.value.clone()).unwrap_or_default()),
                id: before.as_ref().map_or_else(|| cx.ids.unique(IdPrefix::Aroa), |role| role.id.clone()),
                created: before.as_ref().map_or(cx.now, |role| role.created),
                trust_policy: match &before {
                    Some(before) => before.trust_policy.clone(),
                    None => TrustPolicy::new(&nobody(cx.account.id), |_| Some(None))?,
                },
                description: role.description.as_ref().map(|text| text.value.clone()).filter(|text| !text.is_empty()),
                max_session_duration: duration.unwrap_or(DEFAULT_SESSION_DURATION),
                max_signin_session_duration: None,
                tags: before.as_ref().map_or_else(TagSet::default, |role| role.tags.clone()),
                permissions: permissions.clone(),
                source_template: None,
                template_values: None,
            };
            cx.account.put(new)
        })?;
        // Inline policies are put while the path is not yet that of AWS alone, so that they are checked all the same.
        let path = Path::new(role.path.as_ref().map(|path| path.value.clone()).unwrap_or_default());
        self.with_path(name, Path::root())?;
        let of = Of { family: &FAMILY, name, place: name.place, from_aws: true };
        self.inline::<Role>(of, role.inline_policies.as_ref())?;
        self.boundary::<Role>(of, role.boundary.as_ref())?;
        self.tags::<Role>(&TAGS, name.place, (name, name), role.tags.as_ref(), true)?;
        self.with_path(name, path)?;
        let after = self.account.get::<Role>(name).map(|role| role.permissions().attached.clone());
        if before.is_some_and(|before| Some(before.permissions.attached) != after) {
            self.changed("attached policies");
        }
        Ok(())
    }

    fn with_path(&mut self, name: &Placed<String>, path: Path) -> Done {
        self.run(name.place, |cx| {
            cx.account.update::<Role, _>(name, |role| {
                role.path = path;
                Ok(())
            })
        })
    }

    /// Sets a trust policy, once everything exists that it may name.
    pub(super) fn trust(&mut self, trust: &LateTrust<'_>) -> Done {
        let LateTrust { role, document, from_aws, .. } = trust;
        let Some(before) = self.account.get::<Role>(role).cloned() else { return Ok(()) };
        let is_new = before.trust_policy.text() == nobody(self.account.id);
        // Principals that are gone are shown by their ids, and those that were renamed by their new ARNs.
        let shown = self.run(document.place, |cx| Ok(cx.shown_trust_policy(&before).0))?;
        // A principal that was deleted and recreated is another one.
        let is_stale = self.run(document.place, |cx| {
            let is_other = |(arn, id): (&str, &str)| cx.unique_id_of(arn).is_some_and(|now| now != id);
            Ok(before.trust_policy.ids().any(is_other))
        })?;
        let is_same = document.says(before.trust_policy.text()) && !is_stale;
        if is_same || (*from_aws && document.says(&shown)) {
            return Ok(());
        }
        if *from_aws {
            self.trust_of_aws(role, document)?;
        } else {
            let parameters = json!({"RoleName": role.value, "PolicyDocument": document.text});
            self.call(document.place, "UpdateAssumeRolePolicy", parameters)?;
        }
        if !is_new {
            self.changed("trust");
        }
        self.end("role", role, is_new);
        Ok(())
    }

    /// The trust policy of a role on AWS. It may name principals that are gone, by their ids, and those of accounts of
    /// which nothing is known here.
    fn trust_of_aws(&mut self, name: &Placed<String>, document: &Document) -> Done {
        let is_id = |written: &str| !written.contains(':') && written.starts_with('A');
        self.run(document.place, |cx| {
            let policy = match cx.trust_policy(&document.text) {
                Ok(policy) => policy,
                Err(refusal) => TrustPolicy::new(&document.text, |written| {
                    Some(
                        cx.account
                            .unique_id_of(written)
                            .map(str::to_owned)
                            .or_else(|| is_id(written).then(|| written.to_owned())),
                    )
                })
                .map_err(|_: Error| refusal)?,
            };
            cx.account.update::<Role, _>(name, |role| {
                role.trust_policy = policy;
                Ok(())
            })
        })
    }

    pub(super) fn instance_profiles(&mut self, profiles: &Named<InstanceProfileDescription>) -> Done {
        for (name, profile) in &profiles.0 {
            let before = self.account.get::<InstanceProfile>(name).cloned();
            match &before {
                None => {
                    let path = profile.path.as_ref().map(|path| &path.value);
                    let parameters = json!({"InstanceProfileName": name.value, "Path": path});
                    self.call(name.place, "CreateInstanceProfile", parameters)?;
                }
                Some(before) => self.must_stay(name, "path", profile.path.as_ref(), Some(&before.path))?,
            }
            self.identify::<InstanceProfile>(name.place, name, profile.identity.as_ref())?;
            let from_aws = profile.identity.is_some();
            self.tags::<InstanceProfile>(&PROFILE_TAGS, name.place, (name, name), profile.tags.as_ref(), from_aws)?;
            if let Some(role) = &profile.role {
                self.role_of_profile(name, role.as_ref())?;
            }
            self.end("instance-profile", name, before.is_none());
        }
        Ok(())
    }

    fn role_of_profile(&mut self, name: &Placed<String>, wanted: Option<&Placed<String>>) -> Done {
        let before = self.account.get::<InstanceProfile>(name).and_then(|profile| profile.role.clone());
        if before == wanted.map(|role| name_key(role)) {
            return Ok(());
        }
        if let Some(key) = before {
            let role = self.account.roles.get(&key).map(|role| role.name.clone()).unwrap_or(key);
            let parameters = json!({"InstanceProfileName": name.value, "RoleName": role});
            self.call(name.place, "RemoveRoleFromInstanceProfile", parameters)?;
            self.changed(format!("without role {role}"));
        }
        if let Some(role) = wanted {
            let parameters = json!({"InstanceProfileName": name.value, "RoleName": role.value});
            self.call(role.place, "AddRoleToInstanceProfile", parameters)?;
            self.changed(format!("role {}", role.value));
        }
        Ok(())
    }
}

/// Whether AWS alone makes and changes roles with this path.
fn is_of_aws(path: &str) -> bool {
    path.starts_with("/aws-service-role/") || path.starts_with("/aws-reserved/")
}
