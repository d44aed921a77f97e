//! Who refers to what: one index for memberships, attachments, boundaries, keys and ids.
//!
//! It is derived from the entities whenever they change, so nothing has to be kept in step by hand.

use std::ops::Bound;

use rpds::{RedBlackTreeMapSync, RedBlackTreeSetSync};

/// Something that an entity can refer to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reference {
    /// A managed policy, by ARN, attached to the entity.
    AttachedPolicy(String),
    /// A managed policy, by ARN, that is the entity's permissions boundary.
    PermissionsBoundary(String),
    /// The group, by key, that a user is a member of.
    Group(String),
    /// The role, by key, in an instance profile.
    Role(String),
    /// An access key of the entity.
    AccessKey(String),
    /// An MFA device of the entity, by serial number.
    MfaDevice(String),
    /// A signing certificate of the entity, by fingerprint.
    SigningCertificate(String),
    /// The root or unit that a unit or account of an organization is in, by id.
    OrganizationParent(String),
    /// A policy of an organization, by id, attached to the root, a unit or an account.
    OrganizationPolicy(String),
    /// The e-mail address, in lower case, of an account of an organization that exists or is being made.
    AccountEmail(String),
    /// What an entity is called where it must be the only one of its name: the place, and the name.
    NameWithin(String, String),
    /// A type of policies of an organization, by its name.
    OrganizationPolicyType(&'static str),
    /// A service, by its principal, that an account administers for its organization.
    AdministeredService(String),
    /// What is still being done: an account that is being made, a handshake that was not answered, an account that is
    /// closed or being closed.
    Pending,
    /// The entity's own unique id.
    UniqueId(String),
}

impl Reference {
    /// The id of an access key, user or role, whose last use is known.
    pub(super) fn subject(&self) -> Option<&str> {
        match self {
            Self::AccessKey(id) | Self::UniqueId(id) => Some(id),
            _ => None,
        }
    }
}

type Referrers = RedBlackTreeSetSync<(&'static str, String)>;

/// The index. Cloning shares structure.
#[derive(Clone)]
pub(super) struct References(RedBlackTreeMapSync<Reference, Referrers>);

impl Default for References {
    fn default() -> Self {
        Self(RedBlackTreeMapSync::new_sync())
    }
}

impl References {
    /// Replaces what one entity referred to by what it refers to now.
    pub fn replace(&mut self, table: &'static str, key: &str, before: &[Reference], after: &[Reference]) {
        for gone in before.iter().filter(|reference| !after.contains(reference)) {
            let Some(mut referrers) = self.0.get(gone).cloned() else { continue };
            referrers.remove_mut(&(table, key.to_owned()));
            if referrers.is_empty() {
                self.0.remove_mut(gone);
            } else {
                self.0.insert_mut(gone.clone(), referrers);
            }
        }
        for new in after.iter().filter(|reference| !before.contains(reference)) {
            let mut referrers = self.0.get(new).cloned().unwrap_or_else(Referrers::new_sync);
            referrers.insert_mut((table, key.to_owned()));
            self.0.insert_mut(new.clone(), referrers);
        }
    }

    /// The keys, in one table and behind one of them, of those that refer to something.
    pub fn of<'r>(
        &'r self,
        reference: &Reference,
        table: &'static str,
        after: Option<&str>,
    ) -> impl Iterator<Item = &'r str> + use<'r> {
        let start = match after {
            Some(after) => Bound::Excluded((table, after.to_owned())),
            None => Bound::Included((table, String::new())),
        };
        let referrers = self.0.get(reference).into_iter();
        let referrers = referrers.flat_map(move |referrers| referrers.range((start.clone(), Bound::Unbounded)));
        referrers.take_while(move |(in_table, _)| *in_table == table).map(|(_, key)| key.as_str())
    }

    pub fn count(&self, reference: &Reference) -> usize {
        self.0.get(reference).map_or(0, |referrers| referrers.size())
    }
}
