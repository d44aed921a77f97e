//! What is known of accounts beside the accounts themselves.

use std::sync::Arc;

use crate::audit::Usage;
use crate::federation::saml::UsedAssertions;
use crate::shapes::AccountId;

/// What a crash may lose, at most the last seconds of it: nothing that was acknowledged depends on it.
#[derive(Default)]
pub struct Volatile {
    /// When credentials and roles were last used. It is written every few seconds.
    pub usage: Arc<Usage>,
    /// SAML assertions that cannot be used again; they are good for minutes.
    pub used_assertions: UsedAssertions,
}

impl Volatile {
    /// Forgets one account, or all.
    pub fn forget(&self, account: Option<AccountId>) {
        let Self { usage, used_assertions } = self;
        usage.forget(account);
        used_assertions.forget(account);
    }
}
