//! What a seed made and its file no longer has.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::made::{Has, key_of};
use super::session::{Done, Session};
use crate::account::{
    AccountState, Credentials, Entity, Grantee, Group, InstanceProfile, MadeByFile, ManagedPolicy, MemberAccount,
    OidcProvider, Permissions, Reference, Resource, Role, SamlProvider, User, name_key,
};
use crate::description::DescriptionError;
use crate::markup::Place;

/// The kinds in the order in which they can go: what refers to others before them.
const ORDER: &[&str] = &["instance-profile", "user", "role", "group", "policy", "oidc-provider", "saml-provider"];

const ORGANIZATION: &str = "organization";

impl Session<'_> {
    /// Keeps in mind what the file made, and removes what neither it nor another file describes any more if that is asked
    /// for.
    pub(super) fn remember(&mut self, has: Has, described: &BTreeSet<String>) -> Done {
        let gone = self.own.without(described);
        let kept: BTreeSet<_> =
            has.keys().map(|entity| key_of(entity)).chain(gone.keys().map(|it| key_of(it))).collect();
        // What another file describes is still known as made by this one.
        let mut known = self.own.without(&kept);
        known.extend(has.into_iter().filter(|(_, ids)| !ids.is_empty()));
        if self.ground.prune {
            for kind in ORDER {
                for entity in gone.keys() {
                    if let Some(name) = entity.strip_prefix(kind).and_then(|rest| rest.strip_prefix('/')) {
                        self.remove(kind, name)?;
                    }
                }
            }
            self.prune_organization(&gone)?;
        } else {
            known.extend(gone);
        }
        let (seed, known) = (self.file.name.clone(), MadeByFile(known));
        if self.account.settings().seeds.get(&seed).cloned().unwrap_or_default() == known {
            return Ok(());
        }
        self.run(Place::default(), |cx| {
            cx.account.update_settings(|settings| {
                settings.seeds.insert(seed, known);
                settings.seeds.retain(|_, made| !made.0.is_empty());
                Ok(())
            })
        })
    }

    /// Removes the parts of the organization that are gone from the file, or the organization.
    fn prune_organization(&mut self, gone: &Has) -> Done {
        let of = |kind: &str| -> Vec<(String, BTreeSet<String>)> {
            let named = gone.iter().filter_map(|(entity, ids)| Some((entity.split_once('/')?, ids)));
            named
                .filter(|((found, _), _)| *found == kind)
                .map(|((_, name), ids)| (name.to_owned(), ids.clone()))
                .collect()
        };
        let ids = |kind: &str| -> BTreeSet<String> { of(kind).into_iter().flat_map(|(_, ids)| ids).collect() };
        let ends = of(ORGANIZATION);
        if ends.is_empty() {
            self.prune_organization_policies(&ids("organization-policy"))?;
        }
        for (account, _) in of("organization-account") {
            let now = self.ground.facts.now;
            let is_there = |member: &MemberAccount| member.state(now) != AccountState::Gone;
            let found = self.account.member(&account).filter(|member| is_there(member));
            if found.is_some_and(|member| member.id != self.account.id) {
                let parameters = json!({"AccountId": account});
                self.removing("organization-account", &account, |session| {
                    session.call_organizations(Place::default(), "RemoveAccountFromOrganization", parameters)
                })?;
            }
        }
        for (id, _) in &ends {
            self.removing(ORGANIZATION, id, |session| {
                session.call_organizations(Place::default(), "DeleteOrganization", json!({}))
            })?;
        }
        if ends.is_empty() {
            self.prune_units(&ids("organizational-unit"))?;
        }
        Ok(())
    }

    fn prune_organization_policies(&mut self, ids: &BTreeSet<String>) -> Done {
        let policies = self.account.organization_policies.iter().filter(|policy| ids.contains(&policy.id));
        for (id, name) in policies.map(|policy| (policy.id.clone(), policy.name.clone())).collect::<Vec<_>>() {
            let root = self.account.managed_organization().map(|record| record.root.clone());
            let units = self.account.organization_units.iter().map(|unit| unit.id.clone());
            let members = self.account.organization_accounts.iter().map(|member| member.id.to_string());
            let targets: Vec<_> = root.into_iter().chain(units).chain(members).collect();
            self.removing("organization-policy", &name, |session| {
                for target in targets {
                    let node = session.account.organization_node(&target);
                    if node.is_some_and(|node| node.attached.contains(&id)) {
                        let parameters = json!({"PolicyId": id, "TargetId": target});
                        session.call_organizations(Place::default(), "DetachPolicy", parameters)?;
                    }
                }
                session.call_organizations(Place::default(), "DeletePolicy", json!({"PolicyId": id}))
            })?;
        }
        Ok(())
    }

    /// Removes units, those within others first.
    fn prune_units(&mut self, ids: &BTreeSet<String>) -> Done {
        let units = self.account.organization_units.iter().filter(|unit| ids.contains(&unit.id));
        let depth = |id: &str| self.account.organization_line(id).len();
        let mut units: Vec<_> = units.map(|unit| (depth(&unit.id), unit.id.clone(), unit.name.clone())).collect();
        units.sort_by_key(|(depth, ..)| std::cmp::Reverse(*depth));
        for (_, id, name) in units {
            let parameters = json!({"OrganizationalUnitId": id});
            self.removing("organizational-unit", &name, |session| {
                session.call_organizations(Place::default(), "DeleteOrganizationalUnit", parameters)
            })?;
        }
        Ok(())
    }

    /// Does what removes an entity. An error says which one: the file has no place for it any more.
    fn removing(&mut self, kind: &str, name: &str, work: impl FnOnce(&mut Self) -> Done) -> Done {
        work(self).map_err(|error| DescriptionError {
            message: format!("the {kind} {name:?} cannot be removed: {}", error.message),
            ..error
        })?;
        self.removed(kind, name);
        Ok(())
    }

    /// Removes an entity with all that belongs to it; what others still use stays, and is an error.
    fn remove(&mut self, kind: &str, name: &str) -> Done {
        self.removing(kind, name, |session| {
            let role =
                session.account.get::<Role>(name).filter(|role| kind == "role" && role.must_be_modifiable().is_err());
            if let Some(key) = role.map(|role| role.key()) {
                // AWS alone deletes it; the file has copied it, and not created it.
                return session.run(Place::default(), |cx| {
                    cx.account.remove::<Role>(&key);
                    Ok(())
                });
            }
            match kind {
                "user" => session.strip_user(name)?,
                "role" => session.strip::<Role>(name)?,
                "group" => session.strip_group(name)?,
                "policy" => session.strip_policy(name)?,
                "instance-profile" => session.strip_instance_profile(name)?,
                _ => {}
            }
            let (operation, parameters) = session.deletion(kind, name);
            session.call(Place::default(), operation, parameters)
        })
    }

    /// The operation that deletes an entity, and its parameters.
    fn deletion(&self, kind: &str, name: &str) -> (&'static str, Value) {
        let account = self.account.id;
        match kind {
            "user" => ("DeleteUser", json!({"UserName": name})),
            "role" => ("DeleteRole", json!({"RoleName": name})),
            "group" => ("DeleteGroup", json!({"GroupName": name})),
            "instance-profile" => ("DeleteInstanceProfile", json!({"InstanceProfileName": name})),
            "policy" => {
                let found = self.account.get::<ManagedPolicy>(name).map(|policy| policy.arn(account));
                ("DeletePolicy", json!({"PolicyArn": found}))
            }
            "oidc-provider" => {
                let found = self.account.get::<OidcProvider>(name).map(|provider| provider.arn(account));
                ("DeleteOpenIDConnectProvider", json!({"OpenIDConnectProviderArn": found}))
            }
            _ => {
                let found = self.account.get::<SamlProvider>(name).map(|provider| provider.arn(account));
                ("DeleteSAMLProvider", json!({"SAMLProviderArn": found}))
            }
        }
    }

    fn strip_user(&mut self, name: &str) -> Done {
        let serials: Vec<_> = self
            .account
            .get::<User>(name)
            .map(|user| user.credentials.mfa_devices.iter().map(|device| device.serial_number.clone()).collect())
            .unwrap_or_default();
        self.run(Place::default(), |cx| {
            cx.account.update::<User, _>(name, |user| {
                user.credentials = Credentials::default();
                user.permissions = Permissions::default();
                user.groups.clear();
                Ok(())
            })
        })?;
        for serial in serials.into_iter().filter(|serial| serial.contains(':')) {
            self.call(Place::default(), "DeleteVirtualMFADevice", json!({"SerialNumber": serial}))?;
        }
        Ok(())
    }

    fn strip_group(&mut self, name: &str) -> Done {
        self.strip::<Group>(name)?;
        let members = self.account.referrers::<User>(&Reference::Group(name_key(name)));
        // Whom something else put there would lose what the group denies.
        let members = members.filter(|user| self.own.has(&format!("user/{}", user.name), &user.id));
        let members: Vec<_> = members.map(|user| user.name.clone()).collect();
        for user in members {
            self.call(Place::default(), "RemoveUserFromGroup", json!({"GroupName": name, "UserName": user}))?;
        }
        Ok(())
    }

    fn strip<G: Grantee>(&mut self, name: &str) -> Done {
        self.run(Place::default(), |cx| {
            cx.account.update::<G, _>(name, |grantee| {
                *grantee.permissions_mut() = Permissions::default();
                Ok(())
            })
        })
    }

    fn strip_policy(&mut self, name: &str) -> Done {
        let Some(policy) = self.account.get::<ManagedPolicy>(name) else { return Ok(()) };
        let arn = policy.arn(self.account.id);
        let others: Vec<_> =
            policy.versions.iter().filter(|version| version.number != policy.default_version).collect();
        let others: Vec<_> = others.into_iter().map(|version| version.id()).collect();
        for version in others {
            self.call(Place::default(), "DeletePolicyVersion", json!({"PolicyArn": arn, "VersionId": version}))?;
        }
        Ok(())
    }

    fn strip_instance_profile(&mut self, name: &str) -> Done {
        let Some(profile) = self.account.get::<InstanceProfile>(name) else { return Ok(()) };
        let role = profile.role.as_ref().and_then(|key| self.account.roles.get(key)).map(|role| role.name.clone());
        if let Some(role) = role {
            let parameters = json!({"InstanceProfileName": name, "RoleName": role});
            self.call(Place::default(), "RemoveRoleFromInstanceProfile", parameters)?;
        }
        Ok(())
    }
}
