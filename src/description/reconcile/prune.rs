//! What a seed made and its file no longer has.

use std::collections::BTreeSet;

use serde_json::json;

use super::session::{Done, Session};
use crate::account::{
    AccountState, Credentials, Grantee, Group, InstanceProfile, ManagedPolicy, MemberAccount, OidcProvider,
    Permissions, Reference, Resource, Role, SamlProvider, User, name_key,
};
use crate::markup::Place;

/// The kinds in the order in which they can go: what refers to others before them.
const ORDER: &[&str] = &["instance-profile", "user", "role", "group", "policy", "oidc-provider", "saml-provider"];

/// The kinds in an organization, in the same order; that of the organization itself is [`ORGANIZATION`].
const IN_ORGANIZATION: &[&str] = &["organization-policy", "organization-account", "organizational-unit"];

const ORGANIZATION: &str = "organization";

/// An entity by its kind and name, as it is compared: the case of names makes no difference but for providers.
fn key_of(entity: &str) -> String {
    if entity.contains("-provider/") { entity.to_owned() } else { name_key(entity) }
}

impl Session<'_> {
    /// Keeps in mind what the file made, and removes what it no longer has if that is asked for.
    pub(super) fn remember(&mut self) -> Done {
        let has: BTreeSet<String> = self.names_of_file().iter().map(|entity| key_of(entity)).collect();
        let made = self.has.iter().filter(|(_, made)| **made).map(|(name, _)| name.clone());
        let seed = self.file.name.clone();
        let before = self.account.settings().seeds.get(&seed).cloned().unwrap_or_default();
        let mut known: BTreeSet<String> = before.iter().cloned().chain(made).collect();
        if self.ground.prune {
            for kind in ORDER {
                for entity in before.iter().filter(|entity| !has.contains(&key_of(entity))) {
                    if let Some(name) = entity.strip_prefix(kind).and_then(|rest| rest.strip_prefix('/')) {
                        self.remove(kind, name)?;
                        known.remove(entity);
                    }
                }
            }
            let gone: Vec<_> = before.iter().filter(|entity| !has.contains(&key_of(entity))).cloned().collect();
            for entity in self.prune_organization(&gone)? {
                known.remove(&entity);
            }
        }
        if known == before {
            return Ok(());
        }
        self.run(Place::default(), |cx| {
            cx.account.update_settings(|settings| {
                settings.seeds.insert(seed, known);
                settings.seeds.retain(|_, made| !made.is_empty());
                Ok(())
            })
        })
    }

    /// Removes the parts of the organization that are gone from the file, or the organization; what was removed.
    fn prune_organization(&mut self, gone: &[String]) -> Done<Vec<String>> {
        let split = |entity: &String| entity.split_once('/').map(|(kind, name)| (kind.to_owned(), name.to_owned()));
        let gone: Vec<(String, String)> = gone.iter().filter_map(split).collect();
        let of = |kind: &str| {
            let names = gone.iter().filter(|(found, _)| found == kind).map(|(_, name)| name.clone());
            names.collect::<BTreeSet<_>>()
        };
        let own = self.account.managed_organization().map(|record| record.id.clone());
        let ends = own.is_some_and(|id| of(ORGANIZATION).contains(&id));
        if !ends {
            self.prune_organization_policies(&of("organization-policy"))?;
        }
        for account in of("organization-account") {
            let now = self.ground.facts.now;
            let is_there = |member: &MemberAccount| member.state(now) != AccountState::Gone;
            let found = self.account.member(&account).filter(|member| is_there(member));
            if found.is_some_and(|member| member.id != self.account.id) {
                self.call_organizations(
                    Place::default(),
                    "RemoveAccountFromOrganization",
                    json!({"AccountId": account}),
                )?;
                self.removed("organization-account", &account);
            }
        }
        if ends {
            self.call_organizations(Place::default(), "DeleteOrganization", json!({}))?;
            of(ORGANIZATION).iter().for_each(|id| self.removed(ORGANIZATION, id));
        } else {
            self.prune_units(&of("organizational-unit"))?;
        }
        let is_pruned = |kind: &str| kind == ORGANIZATION || IN_ORGANIZATION.contains(&kind);
        let pruned = gone.iter().filter(|(kind, _)| is_pruned(kind));
        Ok(pruned.map(|(kind, name)| format!("{kind}/{name}")).collect())
    }

    fn prune_organization_policies(&mut self, names: &BTreeSet<String>) -> Done {
        let policies = self.account.organization_policies.iter().filter(|policy| names.contains(&policy.name));
        for (id, name) in policies.map(|policy| (policy.id.clone(), policy.name.clone())).collect::<Vec<_>>() {
            let root = self.account.managed_organization().map(|record| record.root.clone());
            let units = self.account.organization_units.iter().map(|unit| unit.id.clone());
            let members = self.account.organization_accounts.iter().map(|member| member.id.to_string());
            let targets: Vec<_> = root.into_iter().chain(units).chain(members).collect();
            for target in targets {
                let node = self.account.organization_node(&target);
                if node.is_some_and(|node| node.attached.contains(&id)) {
                    let parameters = json!({"PolicyId": id, "TargetId": target});
                    self.call_organizations(Place::default(), "DetachPolicy", parameters)?;
                }
            }
            self.call_organizations(Place::default(), "DeletePolicy", json!({"PolicyId": id}))?;
            self.removed("organization-policy", &name);
        }
        Ok(())
    }

    /// Removes units, those within others first.
    fn prune_units(&mut self, names: &BTreeSet<String>) -> Done {
        let units = self.account.organization_units.iter().filter(|unit| names.contains(&unit.name));
        let depth = |id: &str| self.account.organization_line(id).len();
        let mut units: Vec<_> = units.map(|unit| (depth(&unit.id), unit.id.clone(), unit.name.clone())).collect();
        units.sort_by_key(|(depth, ..)| std::cmp::Reverse(*depth));
        for (_, id, name) in units {
            let parameters = json!({"OrganizationalUnitId": id});
            self.call_organizations(Place::default(), "DeleteOrganizationalUnit", parameters)?;
            self.removed("organizational-unit", &name);
        }
        Ok(())
    }

    /// Removes an entity with all that belongs to it; what others still use stays, and is an error.
    fn remove(&mut self, kind: &str, name: &str) -> Done {
        let there = match kind {
            "user" => self.strip_user(name)?,
            "role" => self.strip_role(name)?,
            "group" => self.strip_group(name)?,
            "policy" => self.strip_policy(name)?,
            "instance-profile" => self.strip_instance_profile(name)?,
            "oidc-provider" => self.account.get::<OidcProvider>(name).is_some(),
            "saml-provider" => self.account.get::<SamlProvider>(name).is_some(),
            _ => false,
        };
        if !there {
            return Ok(());
        }
        let account = self.account.id;
        let arn = |arn: Option<String>| arn.unwrap_or_default();
        let (operation, parameters) = match kind {
            "user" => ("DeleteUser", json!({"UserName": name})),
            "role" => ("DeleteRole", json!({"RoleName": name})),
            "group" => ("DeleteGroup", json!({"GroupName": name})),
            "instance-profile" => ("DeleteInstanceProfile", json!({"InstanceProfileName": name})),
            "policy" => {
                let found = self.account.get::<ManagedPolicy>(name).map(|policy| policy.arn(account));
                ("DeletePolicy", json!({"PolicyArn": arn(found)}))
            }
            "oidc-provider" => {
                let found = self.account.get::<OidcProvider>(name).map(|provider| provider.arn(account));
                ("DeleteOpenIDConnectProvider", json!({"OpenIDConnectProviderArn": arn(found)}))
            }
            _ => {
                let found = self.account.get::<SamlProvider>(name).map(|provider| provider.arn(account));
                ("DeleteSAMLProvider", json!({"SAMLProviderArn": arn(found)}))
            }
        };
        self.call(Place::default(), operation, parameters)?;
        self.removed(kind, name);
        Ok(())
    }

    fn strip_user(&mut self, name: &str) -> Done<bool> {
        if self.account.get::<User>(name).is_none() {
            return Ok(false);
        }
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
        Ok(true)
    }

    fn strip_role(&mut self, name: &str) -> Done<bool> {
        if self.account.get::<Role>(name).is_none() {
            return Ok(false);
        }
        self.strip::<Role>(name)?;
        Ok(true)
    }

    fn strip_group(&mut self, name: &str) -> Done<bool> {
        if self.account.get::<Group>(name).is_none() {
            return Ok(false);
        }
        self.strip::<Group>(name)?;
        let members = self.account.referrers::<User>(&Reference::Group(name_key(name)));
        let members: Vec<_> = members.map(|user| user.name.clone()).collect();
        for user in members {
            self.call(Place::default(), "RemoveUserFromGroup", json!({"GroupName": name, "UserName": user}))?;
        }
        Ok(true)
    }

    fn strip<G: Grantee>(&mut self, name: &str) -> Done {
        self.run(Place::default(), |cx| {
            cx.account.update::<G, _>(name, |grantee| {
                *grantee.permissions_mut() = Permissions::default();
                Ok(())
            })
        })
    }

    fn strip_policy(&mut self, name: &str) -> Done<bool> {
        let Some(policy) = self.account.get::<ManagedPolicy>(name) else { return Ok(false) };
        let arn = policy.arn(self.account.id);
        let others: Vec<_> =
            policy.versions.iter().filter(|version| version.number != policy.default_version).collect();
        let others: Vec<_> = others.into_iter().map(|version| version.id()).collect();
        for version in others {
            self.call(Place::default(), "DeletePolicyVersion", json!({"PolicyArn": arn, "VersionId": version}))?;
        }
        Ok(true)
    }

    fn strip_instance_profile(&mut self, name: &str) -> Done<bool> {
        let Some(profile) = self.account.get::<InstanceProfile>(name) else { return Ok(false) };
        let role = profile.role.as_ref().and_then(|key| self.account.roles.get(key)).map(|role| role.name.clone());
        if let Some(role) = role {
            let parameters = json!({"InstanceProfileName": name, "RoleName": role});
            self.call(Place::default(), "RemoveRoleFromInstanceProfile", parameters)?;
        }
        Ok(true)
    }
}
