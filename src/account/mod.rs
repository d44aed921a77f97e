//! The state: everything one AWS account holds, as one value.
//!
//! An [`Account`] is cheap to clone (its tables share structure) and never changes behind a reader's back. An operation
//! works on a clone; what it changed is remembered and handed to the store when the operation succeeds.

mod access_report;
mod aliases;
mod credential_report;
mod credentials;
mod credentials_owner;
mod delegation_request;
mod deletion_task;
mod entity;
mod granting;
mod group;
mod instance_profile;
mod login_profile;
mod managed_policy;
mod mfa_device;
mod oidc_provider;
mod organizations_access_report;
mod password_policy;
mod permissions;
mod policy_sets;
mod principals;
mod quota;
mod references;
mod role;
mod root_user;
mod saml_provider;
mod server_certificate;
mod service_specific_credential;
mod settings;
mod stored_policy;
mod table;
mod token_issuer;
mod uploaded_keys;
mod user;

use std::collections::BTreeMap;

pub use access_report::*;
pub use aliases::*;
pub use credential_report::*;
pub use credentials::*;
pub use credentials_owner::*;
pub use delegation_request::*;
pub use deletion_task::*;
pub use entity::*;
pub use granting::*;
pub use group::*;
pub use instance_profile::*;
pub use login_profile::*;
pub use managed_policy::*;
pub use mfa_device::*;
pub use oidc_provider::*;
pub use organizations_access_report::*;
pub use password_policy::*;
pub use permissions::*;
pub use policy_sets::*;
pub use quota::*;
pub use references::*;
pub use role::*;
pub use root_user::*;
pub use saml_provider::*;
pub use server_certificate::*;
pub use service_specific_credential::*;
pub use settings::*;
pub use stored_policy::*;
pub use table::*;
pub use token_issuer::*;
pub use uploaded_keys::*;
pub use user::*;

use crate::error::{Error, Result};
use crate::shapes::{AccountId, Timestamp};

/// What a commit writes: per table and key the new body, or `None` for a row that is gone.
pub type Changes = BTreeMap<(&'static str, String), Option<String>>;

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
        }

        /// The names of all tables in the store.
        pub const TABLES: &[&str] = &[$(stringify!($field)),+];

        impl Account {
            /// An account in which nobody has done anything yet.
            pub fn new(id: AccountId, created: Timestamp) -> Self {
                Self {
                    id,
                    created,
                    revision: 0,
                    $($field: Table::default(),)+
                    references: References::default(),
                    changes: Changes::new(),
                    policy_sets: PolicySets::default(),
                }
            }

            /// Takes up one stored row.
            ///
            /// # Errors
            /// Fails when the row's body is not what this version writes, or the table is unknown.
            pub fn load(&mut self, table: &str, body: &str) -> Result<()> {
                match table {
                    $(stringify!($field) => {
                        let entity: $entity = serde_json::from_str(body).map_err(Error::internal)?;
                        self.references.replace($entity::TABLE, &entity.key(), &[], &entity.references());
                        self.$field.insert(entity.key(), entity);
                    })+
                    _ => return Err(Error::internal(format!("the store has an unknown table {table}"))),
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
}

impl Account {
    /// Puts an entity in its place, new or changed.
    ///
    /// # Errors
    /// Only if the entity cannot be written as JSON, which is a fault of ours.
    pub fn put<E: Entity>(&mut self, entity: E) -> Result<()> {
        let key = entity.key();
        let body = serde_json::to_string(&entity).map_err(Error::internal)?;
        let before = E::table(self).get(&key).map(|old| old.references()).unwrap_or_default();
        self.references.replace(E::TABLE, &key, &before, &entity.references());
        E::table_mut(self).insert(key.clone(), entity);
        self.note_change(E::TABLE, key, Some(body));
        Ok(())
    }

    /// Takes an entity away; nothing happens if it is not there.
    pub fn remove<E: Entity>(&mut self, key: &str) {
        let Some(old) = E::table(self).get(key) else { return };
        let before = old.references();
        self.references.replace(E::TABLE, key, &before, &[]);
        E::table_mut(self).remove(key);
        self.note_change(E::TABLE, key.to_owned(), None);
    }

    /// What was gathered from the state before the change is stale now.
    fn note_change(&mut self, table: &'static str, key: String, body: Option<String>) {
        self.changes.insert((table, key), body);
        self.policy_sets = PolicySets::default();
    }

    /// Who refers to something, in the order of their keys.
    pub fn referrers<'a, E: Entity>(&'a self, reference: &Reference) -> impl Iterator<Item = &'a E> + use<'a, E> {
        self.references.of(reference, E::TABLE).filter_map(|key| E::table(self).get(key).map(|entity| &**entity))
    }

    /// How many refer to something.
    pub fn count_referrers(&self, reference: &Reference) -> usize {
        self.references.count(reference)
    }

    /// Whether the operation changed anything.
    pub fn has_changes(&self) -> bool {
        !self.changes.is_empty()
    }

    /// Takes out what was changed since the last time; a change counts as a new revision.
    pub fn take_changes(&mut self) -> Changes {
        let changes = std::mem::take(&mut self.changes);
        if !changes.is_empty() {
            self.revision += 1;
        }
        changes
    }
}
