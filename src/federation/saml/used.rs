//! Assertions that may be used once only (SAML 2.0 core, 2.5.1.5), for as long as they would be good.
//!
//! AWS lets others be used again while they are good: people assume several roles with one assertion.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::SamlIdentity;
use super::response::REDEEM_WINDOW;
use crate::shapes::{AccountId, Timestamp};

/// The one-time assertions that were used, each until it has expired.
#[derive(Default)]
pub struct UsedAssertions(Mutex<HashMap<(AccountId, String, String), Timestamp>>);

impl UsedAssertions {
    /// Forgets those of one account, or all.
    pub fn forget(&self, account: Option<AccountId>) {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        used.retain(|(owner, ..), _| account.is_some_and(|account| account != *owner));
    }

    /// Notes that an assertion is used, and until when that matters; `None` if it was used before.
    pub fn take(&self, account: AccountId, identity: &SamlIdentity, now: Timestamp) -> Option<Timestamp> {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        used.retain(|_, until| now < *until);
        let assertion = (account, identity.issuer.clone(), identity.id.clone());
        // Its own time may lie ahead by as much as it may lie behind.
        let until = now.plus(2 * REDEEM_WINDOW + 1);
        used.insert(assertion, until).is_none().then_some(until)
    }
}
