//! Whose credentials: a user's or the root user's. The one way to either's.

use std::sync::LazyLock;

use crate::account::{Account, Credentials, Entity, Reference, RootUser, User};
use crate::error::Result;
use crate::shapes::Timestamp;

/// Who owns credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialsOwner {
    /// The account's root user.
    Root,
    /// A user, by name.
    User(String),
}

impl CredentialsOwner {
    /// The user's name; the root user has none.
    pub fn user_name(&self) -> Option<&str> {
        match self {
            Self::Root => None,
            Self::User(name) => Some(name),
        }
    }
}

impl Account {
    /// The credentials of a user or of the root user, who need not have any.
    ///
    /// # Errors
    /// `NoSuchEntity` for a user that does not exist.
    pub fn credentials(&self, owner: &CredentialsOwner) -> Result<&Credentials> {
        static NONE: LazyLock<Credentials> = LazyLock::new(Credentials::default);
        match owner {
            CredentialsOwner::Root => Ok(self.root_user().map_or(&NONE, |root| &root.credentials)),
            CredentialsOwner::User(name) => self.find::<User>(name).map(|user| &user.credentials),
        }
    }

    /// Changes the credentials of a user or of the root user; if `change` fails, nothing is changed.
    ///
    /// # Errors
    /// `NoSuchEntity` for a user that does not exist, and what `change` returns.
    pub fn update_credentials<T>(
        &mut self,
        owner: &CredentialsOwner,
        change: impl FnOnce(&mut Credentials) -> Result<T>,
    ) -> Result<T> {
        match owner {
            CredentialsOwner::Root => {
                let mut root = self.root_user().cloned().unwrap_or_default();
                let result = change(&mut root.credentials)?;
                self.put(root)?;
                Ok(result)
            }
            CredentialsOwner::User(name) => self.update::<User, T>(name, |user| change(&mut user.credentials)),
        }
    }

    /// Notes that somebody signed in to the console with the password of a user or of the root user.
    ///
    /// # Errors
    /// `NoSuchEntity` for a user that does not exist.
    pub fn note_password_use(&mut self, owner: &CredentialsOwner, now: Timestamp) -> Result<()> {
        match owner {
            CredentialsOwner::Root => {
                let root = self.root_user().cloned().unwrap_or_default();
                self.put(RootUser { password_last_used: Some(now), ..root })
            }
            CredentialsOwner::User(_) => self.update_credentials(owner, |credentials| {
                if let Some(profile) = &mut credentials.login_profile {
                    profile.last_used = Some(now);
                }
                Ok(())
            }),
        }
    }

    /// Who owns the credential that this reference stands for.
    pub fn owner_of(&self, credential: &Reference) -> Option<CredentialsOwner> {
        if let Some(user) = self.referrers::<User>(credential).next() {
            return Some(CredentialsOwner::User(user.name.clone()));
        }
        self.referrers::<RootUser>(credential).next().map(|_| CredentialsOwner::Root)
    }

    /// The owner's name as answers show it: as with `GetUser`, the root user goes by the account's alias.
    pub fn shown_name(&self, owner: &CredentialsOwner) -> Option<String> {
        match owner {
            CredentialsOwner::Root => self.settings().alias,
            CredentialsOwner::User(name) => Some(name.clone()),
        }
    }

    /// The root user's row, if there is one.
    pub fn root_user(&self) -> Option<&RootUser> {
        self.root_users.get(&RootUser::default().key()).map(|root| &**root)
    }
}
