//! What all entities have in common.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Account, Permissions, Quota, Reference, Table};
use crate::error::{Code, Error, Result};
use crate::shapes::{AccountId, ArnParts, Kind, TagSet};

/// A kind of entity that has a table in the account. Implemented by the declaration of the tables.
pub trait Stored: Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The table's name in the store.
    const TABLE: &'static str;

    /// The table.
    fn table(account: &Account) -> &Table<Self>;

    /// The table, to be changed.
    fn table_mut(account: &mut Account) -> &mut Table<Self>;
}

/// Something that an account holds.
pub trait Entity: Stored {
    /// What makes it unique in its table: most often its name in lower case, since AWS compares names so.
    fn key(&self) -> String;

    /// What it refers to.
    fn references(&self) -> Vec<Reference> {
        Vec::new()
    }
}

/// An entity with a name, a path and an ARN.
pub trait Resource: Entity {
    /// What kind of resource it is.
    const KIND: Kind;

    /// The name in the spelling it was given.
    fn name(&self) -> &str;

    /// The path; begins and ends with a slash.
    fn path(&self) -> &str;

    /// The key of the resource with this name: names most often ignore case.
    fn key_of(name: &str) -> String {
        name_key(name)
    }

    /// The tags, for kinds that carry them.
    fn tags(&self) -> Option<&TagSet>;

    /// The ARN.
    fn arn(&self, account: AccountId) -> String {
        Self::KIND.arn(account, self.path(), self.name())
    }
}

/// A resource that carries tags.
pub trait Taggable: Resource {
    /// The tags, to be changed.
    fn tags_mut(&mut self) -> &mut TagSet;
}

/// A resource that policies can be given to: a user, group or role.
pub trait Grantee: Resource {
    /// The limit on the size of all its inline policies together.
    const INLINE_POLICY_SIZE: Quota;

    /// The limit on the number of managed policies attached to it.
    const ATTACHED_POLICIES: Quota;

    /// Its policies.
    fn permissions(&self) -> &Permissions;

    /// Its policies, to be changed.
    fn permissions_mut(&mut self) -> &mut Permissions;

    /// Whether AWS alone may change it, as with service-linked roles.
    ///
    /// # Errors
    /// `UnmodifiableEntity`.
    fn must_be_modifiable(&self) -> Result<()> {
        Ok(())
    }
}

/// The key of a name: names are unique without regard to case.
pub fn name_key(name: &str) -> String {
    name.to_ascii_lowercase()
}

impl Account {
    /// The resource with this name, regardless of case.
    ///
    /// # Errors
    /// `NoSuchEntity`.
    pub fn find<R: Resource>(&self, name: &str) -> Result<&R> {
        self.get::<R>(name).ok_or_else(|| Error::missing(R::KIND, name))
    }

    /// The resource with this name, regardless of case, if it exists.
    pub fn get<R: Resource>(&self, name: &str) -> Option<&R> {
        R::table(self).get(&R::key_of(name)).map(|entity| &**entity)
    }

    /// The resource with this ARN, for kinds that operations name by ARN and that have no paths.
    ///
    /// # Errors
    /// `ValidationError` for anything but an ARN of this kind, `NoSuchEntity`.
    pub fn find_by_arn<R: Resource>(&self, arn: &str) -> Result<&R> {
        let invalid = |message: String| Error::new(Code::ValidationError, message);
        let parts = ArnParts::parse(arn).ok_or_else(|| invalid(format!("Invalid ARN: {arn}")))?;
        if parts.service != "iam" {
            return Err(invalid("Invalid service in ARN".to_owned()));
        }
        let name = parts.resource.strip_prefix(R::KIND.arn_type()).and_then(|rest| rest.strip_prefix('/'));
        let name = name.ok_or_else(|| invalid("Invalid resource type in ARN".to_owned()))?;
        let found = self.get::<R>(name).filter(|found| found.arn(self.id) == arn);
        found.ok_or_else(|| Error::missing(R::KIND, arn))
    }

    /// Changes the resource with this ARN; if `change` fails, nothing is changed.
    ///
    /// # Errors
    /// See [`Account::find_by_arn`], and what `change` returns.
    pub fn update_by_arn<R: Resource, T>(&mut self, arn: &str, change: impl FnOnce(&mut R) -> Result<T>) -> Result<T> {
        let name = self.find_by_arn::<R>(arn)?.name().to_owned();
        self.update(&name, change)
    }

    /// Adds a resource whose name must be free.
    ///
    /// # Errors
    /// `EntityAlreadyExists` in AWS's words for the kind.
    pub fn add<R: Resource>(&mut self, resource: R) -> Result<()> {
        if R::table(self).get(&resource.key()).is_some() {
            return Err(Error::exists(R::KIND, resource.name()));
        }
        self.put(resource)
    }

    /// Puts a resource in the place of the one with this key; its name may have changed.
    ///
    /// # Errors
    /// `EntityAlreadyExists` when another resource has its name.
    pub fn replace<R: Resource>(&mut self, old_key: &str, resource: R) -> Result<()> {
        let key = resource.key();
        if key != old_key && R::table(self).get(&key).is_some() {
            return Err(Error::exists(R::KIND, resource.name()));
        }
        self.remove::<R>(old_key);
        self.put(resource)
    }

    /// The resources whose paths begin with a prefix, behind a key, with their keys.
    pub fn under_path<'a, R: Resource>(
        &'a self,
        prefix: Option<&'a str>,
        after: Option<&'a str>,
    ) -> impl Iterator<Item = (String, &'a R)> {
        let prefix = prefix.unwrap_or("/");
        let under = R::table(self).after(after).filter(move |(_, resource)| resource.path().starts_with(prefix));
        under.map(|(key, resource)| (key.to_owned(), &**resource))
    }

    /// Changes a resource; if `change` fails, nothing is changed.
    ///
    /// # Errors
    /// `NoSuchEntity`, and what `change` returns.
    pub fn update<R: Resource, T>(&mut self, name: &str, change: impl FnOnce(&mut R) -> Result<T>) -> Result<T> {
        let mut resource = self.find::<R>(name)?.clone();
        let result = change(&mut resource)?;
        self.put(resource)?;
        Ok(result)
    }
}
