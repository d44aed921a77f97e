//! Which account has which alias: an alias is unique among all accounts.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::error::{Code, Error, Result};
use crate::shapes::AccountId;

/// The aliases of all accounts.
#[derive(Debug, Default)]
pub struct Aliases(Mutex<HashMap<String, AccountId>>);

impl Aliases {
    /// The aliases that the store knows.
    pub fn new(known: impl IntoIterator<Item = (String, AccountId)>) -> Self {
        Self(Mutex::new(known.into_iter().collect()))
    }

    /// Gives an account this alias, or none, in the place of the one that it has.
    ///
    /// # Errors
    /// `EntityAlreadyExists` when another account has the alias.
    pub fn set(&self, account: AccountId, alias: Option<&str>) -> Result<()> {
        let mut aliases = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(alias) = alias.filter(|alias| aliases.get(*alias).is_some_and(|owner| *owner != account)) {
            let message = format!("The account alias {alias} already exists.");
            return Err(Error::new(Code::EntityAlreadyExists, message));
        }
        aliases.retain(|_, owner| *owner != account);
        aliases.extend(alias.map(|alias| (alias.to_owned(), account)));
        Ok(())
    }

    /// Forgets the alias of one account, or all.
    pub fn forget(&self, account: Option<AccountId>) {
        let mut aliases = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        aliases.retain(|_, owner| account.is_some_and(|account| account != *owner));
    }
}
