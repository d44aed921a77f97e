//! Who called of late, in the audit trail's form: it is not made anew for each call.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::Caller;
use crate::account::{Account, Role, User};
use crate::audit::UserIdentity;

/// How many access keys are known at most.
const MAX_KNOWN: usize = 1024;

/// Who called of late, by access key.
#[derive(Default)]
pub struct Identities(Mutex<HashMap<String, Known>>);

/// A caller, and what its account knew of it.
struct Known {
    caller: Caller,
    user: Option<Arc<User>>,
    role: Option<Arc<Role>>,
    identity: Arc<UserIdentity>,
}

impl Identities {
    /// The caller as its own account knows it. `account` is that one.
    pub fn of(&self, caller: &Caller, account: &Account) -> Arc<UserIdentity> {
        let (user, role) = (caller.acting_user(account).ok().flatten(), caller.role(account));
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known.get(&caller.access_key_id)
            && found.is_of(caller, user, role)
        {
            return found.identity.clone();
        }
        if known.len() >= MAX_KNOWN {
            known.clear();
        }
        let identity = Arc::new(caller.identity(account));
        let (user, role) = (user.cloned(), role.cloned());
        let now = Known { caller: caller.clone(), user, role, identity: identity.clone() };
        known.insert(caller.access_key_id.clone(), now);
        identity
    }
}

impl Known {
    /// Whether it is of this caller, and its user or role is as it was.
    fn is_of(&self, caller: &Caller, user: Option<&Arc<User>>, role: Option<&Arc<Role>>) -> bool {
        let Caller { account, principal, access_key_id: _, session } = &self.caller;
        *account == caller.account
            && *principal == caller.principal
            && *session == caller.session
            && is_same(self.user.as_ref(), user)
            && is_same(self.role.as_ref(), role)
    }
}

fn is_same<T>(a: Option<&Arc<T>>, b: Option<&Arc<T>>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => Arc::ptr_eq(a, b),
        (None, None) => true,
        _ => false,
    }
}
