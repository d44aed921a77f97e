//! What a file has made in an account. It is known by its name and its unique id: an entity that something else deleted
//! and recreated is not the file's, even under the same name.

use std::collections::{BTreeMap, BTreeSet};

use crate::account::{
    Account, Group, InstanceProfile, MadeByFile, ManagedPolicy, OidcProvider, Role, SamlProvider, User, name_key,
};

/// The entities that a file has, as `kind/name`, with the ids of those that it made, now or before.
pub(super) type Has = BTreeMap<String, BTreeSet<String>>;

/// An entity by its kind and name, as it is compared: the case of names makes no difference but for providers.
pub(super) fn key_of(entity: &str) -> String {
    if entity.contains("-provider/") { entity.to_owned() } else { name_key(entity) }
}

/// The unique ids of what has this name, `kind/name`. Providers have none, and are known by when they were created;
/// accounts of an organization by when they joined.
pub(super) fn ids_of(account: &Account, entity: &str) -> BTreeSet<String> {
    let Some((kind, name)) = entity.split_once('/') else { return BTreeSet::new() };
    let one = |id: Option<String>| id.into_iter().collect();
    match kind {
        "user" => one(account.get::<User>(name).map(|user| user.id.clone())),
        "role" => one(account.get::<Role>(name).map(|role| role.id.clone())),
        "group" => one(account.get::<Group>(name).map(|group| group.id.clone())),
        "policy" => one(account.get::<ManagedPolicy>(name).map(|policy| policy.id.clone())),
        "instance-profile" => one(account.get::<InstanceProfile>(name).map(|profile| profile.id.clone())),
        "oidc-provider" => one(account.get::<OidcProvider>(name).map(|provider| provider.created.to_string())),
        "saml-provider" => one(account.get::<SamlProvider>(name).map(|provider| provider.created.to_string())),
        "organization" => one(account.managed_organization().map(|record| record.id.clone()).filter(|id| id == name)),
        "organization-account" => one(account.member(name).map(|member| member.joined.to_string())),
        "organizational-unit" => {
            let units = account.organization_units.iter().filter(|unit| unit.name == name);
            units.map(|unit| unit.id.clone()).collect()
        }
        "organization-policy" => {
            let policies = account.organization_policies.iter().filter(|policy| policy.name == name);
            policies.map(|policy| policy.id.clone()).collect()
        }
        _ => BTreeSet::new(),
    }
}

/// What a file made and still is what it was, by [`key_of`]: the entity and its ids.
#[derive(Default)]
pub(super) struct Own(BTreeMap<String, (String, BTreeSet<String>)>);

impl Own {
    pub fn of(account: &Account, file: &str) -> Self {
        let MadeByFile(made) = account.settings().seeds.remove(file).unwrap_or_default();
        let still = made.into_iter().filter_map(|(entity, ids)| {
            let now = ids_of(account, &entity);
            let ids: BTreeSet<_> = match ids.is_empty() {
                // Without ids, it is not known which of several the file made.
                true if now.len() > 1 => BTreeSet::new(),
                true => now,
                false => now.intersection(&ids).cloned().collect(),
            };
            (!ids.is_empty()).then(|| (key_of(&entity), (entity, ids)))
        });
        Self(still.collect())
    }

    /// Whether the file made the entity that has this name and id now. The id may have changed since: copies of accounts
    /// bring their own.
    pub fn has(&self, entity: &str, id: &str) -> bool {
        // Names of units and policies are not unique in an organization.
        let kinds = ["organizational-unit/", "organization-policy/"];
        match kinds.iter().find(|kind| entity.starts_with(*kind)) {
            Some(kind) => self.0.values().any(|(known, ids)| known.starts_with(kind) && ids.contains(id)),
            None => self.0.contains_key(&key_of(entity)),
        }
    }

    /// What the file made but for these, by [`key_of`].
    pub fn without(&self, has: &BTreeSet<String>) -> Has {
        self.0.iter().filter(|(key, _)| !has.contains(*key)).map(|(_, known)| known.clone()).collect()
    }
}
