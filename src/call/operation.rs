//! The traits of operations: what each says of itself, and what it does.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Access, Entry, Inquiry, MfaCode, Transaction, View, Work};
use crate::account::Account;
use crate::error::{Code, Result};
use crate::identity::Caller;
use crate::organization::Directory;
use crate::shapes::AccountId;
use crate::wire::{Http, Service};

/// An operation's place in the registry. The list at the end of its file gives it (`operations!`).
pub trait Named: Sized {
    /// The name on the wire, such as `CreateUser`.
    const NAME: &'static str;
    /// The service that it belongs to.
    const SERVICE: Service;
    /// The entry in the registry.
    const ENTRY: &'static Entry;

    /// The operation as work of any type: a query or a command.
    fn into_work(self) -> Work;
}

/// An operation with its parameters read. It is a [`Query`] or a [`Command`], too.
pub trait Operation: Named + DeserializeOwned + Send + Sync + 'static {
    /// What it answers; `()` for nothing.
    type Output: Serialize + Send + 'static;

    /// The errors of its own that the service model declares.
    const ERRORS: &'static [Code];

    /// Errors that AWS answers with although the service model does not declare them.
    const UNDECLARED_ERRORS: &'static [Code] = &[];

    /// Its method and path, in a REST protocol.
    const HTTP: Option<Http> = None;

    /// Whether callers need not sign.
    const UNSIGNED: bool = false;

    /// Whether it may need something from outside of the account: see [`Operation::inquiry`].
    const FETCHES: bool = false;

    /// Whether it looks into the management account of the organization, if there is one.
    const ASKS_ORGANIZATION: bool = false;

    /// Whether it may compute for milliseconds: passwords, the signatures of others, simulations. Other requests then
    /// go on without its thread.
    const COMPUTES: bool = false;

    /// Whether it only adds rows that nothing else depends on, such as a report. It then runs on the durable state, and
    /// takes the account's turn for its rows alone: other writes do not wait while it computes.
    const REPORTS: bool = false;

    /// Whether something is left to do in other accounts once it is durable, such as making an account.
    const GOES_ON: bool = false;

    /// Whether it starts or ends a job of its account, which goes on after its answer: the generation of a policy.
    const STARTS_JOBS: bool = false;

    /// Whether it shows when credentials and services were last used. Other servers are asked for that first.
    const SHOWS_USES: bool = false;

    /// What the caller needs permission for. Names resources and looks nothing up.
    fn access(&self) -> Access<'_>;

    /// What it needs permission for besides, as the configuration says: the role that a template describes.
    fn further_access<'a>(&'a self, _: &'a View<'_>) -> Access<'a> {
        Access::free()
    }

    /// The account that it works on: the caller's, except where a parameter names another.
    fn account(&self, caller: &Caller) -> AccountId {
        caller.account
    }

    /// The management account of the organization that it works on, of operations on an organization.
    fn management_account(&self, _caller: &Caller, _organizations: &Directory) -> Option<AccountId> {
        None
    }

    /// Accounts besides that one, `account`, and the caller's own, that it looks into.
    fn other_accounts(&self, _account: &Account) -> Vec<AccountId> {
        Vec::new()
    }

    /// What AWS refuses before it looks at any policy.
    ///
    /// # Errors
    /// The refusal.
    fn precondition(&self, _: &View<'_>) -> Result<()> {
        Ok(())
    }

    /// The MFA code that the caller gives. It is checked, and used up in the caller's account, before the call runs, and
    /// then [`Context::mfa`](super::Context::mfa): the call itself may work on another account.
    fn mfa_code(&self) -> Option<MfaCode<'_>> {
        None
    }

    /// What it needs from the network or the audit trail. It is fetched before the call runs, and then
    /// [`Context::fetched`](super::Context::fetched): operations are functions of an account, and nothing may wait while
    /// it holds the account's turn.
    ///
    /// # Errors
    /// What the operation refuses before anything is fetched.
    fn inquiry(&self, _: &View<'_>) -> Result<Option<Inquiry>> {
        Ok(None)
    }
}

/// An operation that reads an account and cannot change it.
pub trait Query: Operation {
    /// Answers it.
    ///
    /// # Errors
    /// Those of [`Operation::ERRORS`] and those common to all operations.
    fn answer(self, cx: &View<'_>) -> Result<Self::Output>;
}

/// An operation that may change an account.
pub trait Command: Operation {
    /// Does it. An error leaves the account as it was.
    ///
    /// # Errors
    /// Those of [`Operation::ERRORS`] and those common to all operations.
    fn execute(self, cx: &mut Transaction<'_>) -> Result<Self::Output>;
}
