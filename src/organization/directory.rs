//! Which organization each account belongs to.

use std::sync::{Arc, PoisonError, RwLock};

use rpds::HashTrieMapSync;

use super::{Organization, Place};
use crate::account::{Account, Changes};
use crate::shapes::AccountId;

/// All organizations of the server at one moment.
#[derive(Clone)]
pub struct Directory {
    /// By management account.
    organizations: HashTrieMapSync<AccountId, Arc<Organization>>,
    /// The management accounts of all members, themselves included.
    managers: HashTrieMapSync<AccountId, AccountId>,
}

impl Default for Directory {
    fn default() -> Self {
        Self { organizations: HashTrieMapSync::new_sync(), managers: HashTrieMapSync::new_sync() }
    }
}

impl Directory {
    /// The management account of the organization that an account belongs to.
    pub fn manager_of(&self, account: AccountId) -> Option<AccountId> {
        self.managers.get(&account).copied()
    }

    /// The organization that an account belongs to.
    pub fn of(&self, account: AccountId) -> Option<&Arc<Organization>> {
        self.organizations.get(self.managers.get(&account)?)
    }

    /// Where an account is in its organization, if it belongs to one.
    pub fn place(&self, account: AccountId) -> Option<Arc<Place>> {
        self.of(account)?.place(account)
    }

    /// The management account of the organization that has made a handshake.
    pub fn manager_of_handshake(&self, id: &str) -> Option<AccountId> {
        let mut organizations = self.organizations.values();
        let made = organizations.find(|organization| organization.account().organization_handshakes.get(id).is_some());
        made.map(|organization| organization.management_account)
    }

    /// All organizations, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Organization>> {
        self.organizations.values()
    }

    /// Takes up a change of an organization that concerns these accounts alone.
    fn take_up_members(&mut self, new: &Arc<Organization>, changed: impl Iterator<Item = AccountId>) {
        let management = new.management_account;
        for account in changed {
            match (new.contains(account), self.manager_of(account)) {
                (true, None) => self.managers.insert_mut(account, management),
                (false, Some(manager)) if manager == management => drop(self.managers.remove_mut(&account)),
                _ => {}
            }
        }
        self.organizations.insert_mut(management, new.clone());
    }

    /// Takes up what an account manages now. Whose organization an account is a member of already does not change.
    fn take_up(&mut self, management: AccountId, new: Option<&Arc<Organization>>) {
        let old = self.organizations.get(&management).cloned();
        for gone in old.iter().flat_map(|old| old.accounts()).filter(|id| !new.is_some_and(|new| new.contains(*id))) {
            if self.manager_of(gone) == Some(management) {
                self.managers.remove_mut(&gone);
            }
        }
        match new {
            Some(new) => self.organizations.insert_mut(management, new.clone()),
            None => drop(self.organizations.remove_mut(&management)),
        }
        for joined in new.iter().flat_map(|new| new.accounts()) {
            if self.managers.get(&joined).is_none() {
                self.managers.insert_mut(joined, management);
            }
        }
    }
}

/// The directory in force. What is durable in a management account is in it before the write is acknowledged.
#[derive(Default)]
pub struct Organizations(RwLock<Arc<Directory>>);

impl Organizations {
    /// The organizations as they are now.
    pub fn current(&self) -> Arc<Directory> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes up a state of an account that is durable, if it manages an organization or did before. What the latest
    /// commit changed is enough if the state before it was taken up, too: large organizations change often.
    pub fn publish(&self, account: &Account, changes: Option<&Changes>) {
        let new = account.organization();
        let is_known = |directory: &Directory| match (directory.organizations.get(&account.id), new) {
            // What was loaded a moment ago may be older than what was committed since.
            (Some(old), Some(new)) => {
                let is_same = Arc::ptr_eq(old, new);
                if is_same {
                    new.stays(account.revision);
                }
                is_same || old.revision() > new.revision()
            }
            (old, new) => old.is_none() && new.is_none(),
        };
        if is_known(&self.current()) {
            return;
        }
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let directory = Arc::make_mut(&mut current);
        let old = directory.organizations.get(&account.id);
        match (new, old, changes) {
            (Some(new), Some(old), Some(changes)) if old.latest_revision() + 1 == account.revision => {
                directory.take_up_members(new, changes.members(account.id.partition()));
            }
            _ => directory.take_up(account.id, new),
        }
    }

    /// Forgets the organization of an account, or all of them.
    pub fn forget(&self, account: Option<AccountId>) {
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match account {
            Some(account) => Arc::make_mut(&mut current).take_up(account, None),
            None => *current = Arc::default(),
        }
    }
}
