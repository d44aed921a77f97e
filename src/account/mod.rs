//! The state: everything one AWS account holds, as one value.
//!
//! An [`Account`] is cheap to clone (its tables share structure) and never changes behind a reader's back. An operation
//! works on a clone; what it changed is remembered and handed to the store when the operation succeeds.

/// Makes an entity with the fields `name`, `path` and `tags` a [`Resource`] of a kind that carries tags.
macro_rules! tagged_resource {
    ($entity:ident, $kind:ident) => {
        impl $crate::account::Resource for $entity {
            const KIND: $crate::shapes::Kind = $crate::shapes::Kind::$kind;

            fn name(&self) -> &str {
                &self.name
            }

            fn path(&self) -> &str {
                &self.path
            }

            fn tags(&self) -> Option<&$crate::shapes::TagSet> {
                Some(&self.tags)
            }
        }

        impl $crate::account::Taggable for $entity {
            fn tags_mut(&mut self) -> &mut $crate::shapes::TagSet {
                &mut self.tags
            }
        }
    };
}

mod changes;
mod credentials;
mod delegation_request;
mod deletion_task;
mod entity;
mod organization;
mod policies;
mod policy_generation;
mod principals;
mod providers;
mod quota;
mod references;
mod reports;
mod settings;
mod snapshot;
mod table;
mod trail;

use std::sync::Arc;

pub use changes::*;
pub use credentials::*;
pub use delegation_request::*;
pub use deletion_task::*;
pub use entity::*;
pub use organization::*;
pub use policies::*;
pub use policy_generation::*;
pub use principals::*;
pub use providers::*;
pub use quota::*;
pub use references::*;
pub use reports::*;
pub use settings::*;
pub use snapshot::*;
pub use table::*;
pub use trail::*;

use self::organization::ORGANIZATION_TABLES;
use self::snapshot::{LEFT, Rows};
use crate::error::{Error, Result};
use crate::organization::OrganizationView;
use crate::shapes::{AccountId, Timestamp};

/// Declares the account's tables: field, the entity it holds, and the name of the table in the store.
macro_rules! tables {
    ($($(#[$doc:meta])* $field:ident: $entity:ident,)+) => {
        /// Everything one AWS account holds.
        #[derive(Clone)]
        pub struct Account {
            /// The account's number.
            pub id: AccountId,
            /// When the account came into being.
            pub created: Timestamp,
            /// Counts the writes since the account came into being.
            pub revision: u64,
            $($(#[$doc])* pub $field: Table<$entity>,)+
            references: References,
            changes: Changes,
            /// The compiled policies of principals, for as long as this state lasts.
            pub policy_sets: PolicySets,
            /// The organization that the account manages with its compiled policies, for as long as it stays as it is.
            pub organization_view: OrganizationView,
        }

        /// The names of all tables in the store.
        pub const TABLES: &[&str] = &[$(stringify!($field)),+];

        impl Account {
            /// An account to which nothing was written yet.
            pub fn new(id: AccountId, created: Timestamp) -> Self {
                Self {
                    id,
                    created,
                    revision: 0,
                    $($field: Table::default(),)+
                    references: References::default(),
                    changes: Changes::default(),
                    policy_sets: PolicySets::default(),
                    organization_view: OrganizationView::default(),
                }
            }

            /// Whether the account holds nothing.
            pub fn is_unused(&self) -> bool {
                $(self.$field.len() == 0)&&+
            }

            /// Takes up one stored row.
            ///
            /// # Errors
            /// Fails when the row's body is not what this version writes, or the table is unknown.
            pub fn load(&mut self, table: &str, body: &str) -> serde_json::Result<()> {
                let key = match table {
                    $(stringify!($field) => {
                        let entity: $entity = serde_json::from_str(body)?;
                        let key = entity.key();
                        self.references.replace($entity::TABLE, &key, &[], &entity.references());
                        self.$field.insert(key.clone(), Arc::new(entity));
                        key
                    })+
                    _ => return Err(serde::de::Error::custom("there is no such table")),
                };
                if table == NamedSnapshot::TABLE { self.share_with_snapshot(&key) } else { Ok(()) }
            }

            /// All that it holds, as changes of an account that holds nothing.
            ///
            /// # Errors
            /// Only if an entity cannot be written as JSON, which is a fault of ours.
            pub fn everything(&self) -> Result<Changes> {
                let mut changes = Changes::default();
                $(for entity in self.$field.iter() {
                    let body = serde_json::to_string(&**entity).map_err(Error::internal)?;
                    changes.rows.insert((stringify!($field), entity.key()), Some(body));
                })+
                Ok(changes)
            }

            /// What the account holds, to be restored. It shares everything with the account.
            pub fn held(&self) -> Held {
                let mut held = Self::empty();
                $(if !LEFT.contains(&stringify!($field)) {
                    held.$field = self.$field.clone();
                })+
                Held(Arc::new(held))
            }

            /// The account as it was when it held this.
            pub fn holding(&self, held: &Held) -> Self {
                let (id, created, references) = (self.id, self.created, References::default());
                let mut then = Self { id, created, references, ..(*held.0).clone() };
                $(for entity in then.$field.iter().cloned().collect::<Vec<_>>() {
                    then.references.replace($entity::TABLE, &entity.key(), &[], &entity.references());
                })+
                then
            }

            /// Lets a snapshot that was loaded share with the account what is the same.
            fn share_with_snapshot(&mut self, name: &str) -> serde_json::Result<()> {
                let Some(snapshot) = self.snapshots.get(name).cloned() else { return Ok(()) };
                let mut held = (*snapshot.held.0).clone();
                $(for (key, own) in self.$field.after(None) {
                    let Some(other) = held.$field.get(key) else { continue };
                    if serde_json::to_string(&**own)? == serde_json::to_string(&**other)? {
                        held.$field.insert(key.to_owned(), own.clone());
                    }
                })+
                let shared = NamedSnapshot { held: Held(Arc::new(held)), ..(*snapshot).clone() };
                self.snapshots.insert(name.to_owned(), Arc::new(shared));
                Ok(())
            }

            /// All that a snapshot keeps, as it is stored.
            fn rows(&self) -> Result<Rows> {
                let mut rows = Rows::new();
                $(if !LEFT.contains(&stringify!($field)) {
                    let table = rows.entry(stringify!($field).to_owned()).or_default();
                    for entity in self.$field.iter() {
                        let body = serde_json::value::to_raw_value(&**entity).map_err(Error::internal)?;
                        table.insert(entity.key(), body);
                    }
                })+
                Ok(rows)
            }

            /// Makes the account hold what it held, and nothing else.
            ///
            /// # Errors
            /// Only if an entity cannot be written as JSON, which is a fault of ours.
            pub fn restore(&mut self, held: &Held) -> Result<()> {
                $(if !LEFT.contains(&stringify!($field)) {
                    let wanted = &held.0.$field;
                    let keys = self.$field.after(None).map(|(key, _)| key.to_owned()).collect::<Vec<_>>();
                    for key in keys.iter().filter(|key| wanted.get(key).is_none()) {
                        self.remove::<$entity>(key);
                    }
                    for entity in wanted.iter() {
                        let now = self.$field.get(&entity.key());
                        if now.is_some_and(|now| Arc::ptr_eq(now, entity)) {
                            continue;
                        }
                        let now = now.map(|now| serde_json::to_string(&**now)).transpose().map_err(Error::internal)?;
                        if now != Some(serde_json::to_string(&**entity).map_err(Error::internal)?) {
                            self.put_shared(entity.clone())?;
                        }
                    }
                })+
                Ok(())
            }

            /// Makes the changes that were made to a clone, whatever else has changed since.
            ///
            /// # Errors
            /// Only if a changed row cannot be read as JSON, which is a fault of ours.
            pub fn adopt(&mut self, changes: Changes) -> Result<()> {
                for ((table, key), body) in changes.rows {
                    match (table, body) {
                        $((stringify!($field), Some(body)) => {
                            self.put::<$entity>(serde_json::from_str(&body).map_err(Error::internal)?)?;
                        }
                        (stringify!($field), None) => self.remove::<$entity>(&key),)+
                        _ => return Err(Error::internal(format!("there is no table {table}"))),
                    }
                }
                Ok(())
            }
        }

        $(
            impl Stored for $entity {
                const TABLE: &'static str = stringify!($field);

                fn table(account: &Account) -> &Table<Self> {
                    &account.$field
                }

                fn table_mut(account: &mut Account) -> &mut Table<Self> {
                    &mut account.$field
                }
            }
        )+
    };
}

tables! {
    /// IAM users, by lower-cased name.
    users: User,
    /// Groups, by lower-cased name.
    groups: Group,
    /// Roles, by lower-cased name.
    roles: Role,
    /// Customer-managed policies, by lower-cased name.
    policies: ManagedPolicy,
    /// Instance profiles, by lower-cased name.
    instance_profiles: InstanceProfile,
    /// OpenID Connect providers, by URL without scheme.
    oidc_providers: OidcProvider,
    /// SAML providers, by lower-cased name.
    saml_providers: SamlProvider,
    /// Deletions of service-linked roles, by task id.
    deletion_tasks: DeletionTask,
    /// Virtual MFA devices, by lower-cased path and name.
    mfa_devices: MfaDevice,
    /// Server certificates, by lower-cased name.
    server_certificates: ServerCertificate,
    /// The root user's credentials: one row at most.
    root_users: RootUser,
    /// The keys that sign web identity tokens: one row at most.
    token_issuers: TokenIssuer,
    /// The account's own settings: one row at most.
    settings: Settings,
    /// Reports of service access, by job id.
    access_reports: AccessReport,
    /// The credential report: one row at most.
    credential_reports: CredentialReport,
    /// Delegation requests, by id; all of them are in [`AccountId::AWS`].
    delegation_requests: DelegationRequest,
    /// Reports of the organization's service access, by job id.
    organizations_access_reports: OrganizationsAccessReport,
    /// The codes of MFA devices that were used, by serial number.
    used_codes: UsedCodes,
    /// Who is signed in, by the hash of the sign-in's secret.
    sign_ins: SignIn,
    /// CloudTrail's trails, by home region and name.
    trails: Trail,
    /// Policies that Access Analyzer generated, by job id.
    policy_generations: PolicyGeneration,
    /// Documents of other services' resources, by kind and ARN.
    resource_documents: ResourceDocument,
    /// What the account held, by names.
    snapshots: NamedSnapshot,
    /// The organization that the account manages: one row at most.
    organizations: OrganizationRecord,
    /// The units of that organization, by id.
    organization_units: OrganizationUnit,
    /// Its accounts, by their digits.
    organization_accounts: MemberAccount,
    /// Its policies, by id.
    organization_policies: OrganizationPolicy,
    /// Requests for new accounts, by id.
    account_creations: AccountCreation,
    /// What the organization has asked of accounts, by id.
    organization_handshakes: Handshake,
}

impl Account {
    /// An account that holds nothing, of no number.
    fn empty() -> Self {
        Self::new(AccountId::ANONYMOUS, Timestamp::default())
    }

    /// Puts an entity in its place, new or changed.
    ///
    /// # Errors
    /// Only if the entity cannot be written as JSON, which is a fault of ours.
    pub fn put<E: Entity>(&mut self, entity: E) -> Result<()> {
        self.put_shared(Arc::new(entity))
    }

    fn put_shared<E: Entity>(&mut self, entity: Arc<E>) -> Result<()> {
        let key = entity.key();
        let body = serde_json::to_string(&*entity).map_err(Error::internal)?;
        let before = E::table(self).get(&key).map(|old| old.references()).unwrap_or_default();
        let after = entity.references();
        self.references.replace(E::TABLE, &key, &before, &after);
        self.changes.note_references(&before, &after);
        E::table_mut(self).insert(key.clone(), entity);
        self.note_change(E::TABLE, key, Some(body));
        Ok(())
    }

    /// Takes an entity away; nothing happens if it is not there.
    pub fn remove<E: Entity>(&mut self, key: &str) {
        let Some(old) = E::table(self).get(key) else { return };
        let before = old.references();
        self.references.replace(E::TABLE, key, &before, &[]);
        self.changes.note_references(&before, &[]);
        E::table_mut(self).remove(key);
        self.note_change(E::TABLE, key.to_owned(), None);
    }

    /// Policies that were gathered before the change may be stale now.
    fn note_change(&mut self, table: &'static str, key: String, body: Option<String>) {
        self.changes.rows.insert((table, key), body);
        if [User::TABLE, Group::TABLE, Role::TABLE, ManagedPolicy::TABLE].contains(&table) {
            self.policy_sets = PolicySets::default();
        }
        if ORGANIZATION_TABLES.contains(&table) {
            self.organization_view = OrganizationView::default();
        }
    }

    /// Who refers to something, in the order of their keys.
    pub fn referrers<'a, E: Entity>(&'a self, reference: &Reference) -> impl Iterator<Item = &'a E> + use<'a, E> {
        self.referrers_after(reference, None)
    }

    /// The same behind a key: where a page begins.
    pub fn referrers_after<'a, E: Entity>(
        &'a self,
        reference: &Reference,
        after: Option<&str>,
    ) -> impl Iterator<Item = &'a E> + use<'a, E> {
        let keys = self.references.of(reference, E::TABLE, after);
        keys.filter_map(|key| E::table(self).get(key).map(|entity| &**entity))
    }

    /// How many refer to something.
    pub fn count_referrers(&self, reference: &Reference) -> usize {
        self.references.count(reference)
    }

    /// Whether the operation changed anything.
    pub fn has_changes(&self) -> bool {
        !self.changes.rows.is_empty()
    }

    /// Takes out what was changed since the last time; a change counts as a new revision.
    pub fn take_changes(&mut self) -> Changes {
        let changes = std::mem::take(&mut self.changes);
        if !changes.rows.is_empty() {
            self.revision += 1;
        }
        changes
    }
}
