//! Operations of any type, ready to run.

use super::{Access, Command, Inquiry, MfaCode, Operation, Query, Transaction, View};
use crate::account::Account;
use crate::error::{Code, Error, Result};
use crate::identity::Caller;
use crate::organization::Directory;
use crate::shapes::AccountId;
use crate::wire::Output;

/// An operation of any type, with its parameters read.
pub enum Work {
    /// It reads.
    Query(Box<dyn QueryCall>),
    /// It may write.
    Command(Box<dyn CommandCall>),
}

impl Work {
    /// What the operation says of itself.
    pub fn call(&self) -> &dyn Call {
        match self {
            Self::Query(query) => &**query,
            Self::Command(command) => &**command,
        }
    }
}

/// What an operation of any type says of itself; see [`Operation`].
#[expect(missing_docs, reason = "each method is the operation's of the same name")]
pub trait Call: Send + Sync {
    fn account(&self, caller: &Caller) -> AccountId;
    fn management_account(&self, caller: &Caller, organizations: &Directory) -> Option<AccountId>;
    fn other_accounts(&self, account: &Account) -> Vec<AccountId>;
    /// # Errors
    /// The refusal.
    fn precondition(&self, cx: &View<'_>) -> Result<()>;
    fn access(&self) -> Access<'_>;
    fn further_access<'a>(&'a self, cx: &'a View<'_>) -> Access<'a>;
    fn mfa_code(&self) -> Option<MfaCode<'_>>;
    /// # Errors
    /// The refusal.
    fn inquiry(&self, cx: &View<'_>) -> Result<Option<Inquiry>>;
}

impl<O: Operation> Call for O {
    fn account(&self, caller: &Caller) -> AccountId {
        Operation::account(self, caller)
    }

    fn management_account(&self, caller: &Caller, organizations: &Directory) -> Option<AccountId> {
        Operation::management_account(self, caller, organizations)
    }

    fn other_accounts(&self, account: &Account) -> Vec<AccountId> {
        Operation::other_accounts(self, account)
    }

    fn precondition(&self, cx: &View<'_>) -> Result<()> {
        Operation::precondition(self, cx)
    }

    fn access(&self) -> Access<'_> {
        Operation::access(self)
    }

    fn further_access<'a>(&'a self, cx: &'a View<'_>) -> Access<'a> {
        Operation::further_access(self, cx)
    }

    fn mfa_code(&self) -> Option<MfaCode<'_>> {
        Operation::mfa_code(self)
    }

    fn inquiry(&self, cx: &View<'_>) -> Result<Option<Inquiry>> {
        Operation::inquiry(self, cx)
    }
}

/// A query of any type.
pub trait QueryCall: Call {
    /// See [`Query::answer`].
    ///
    /// # Errors
    /// The operation's own.
    fn answer(self: Box<Self>, cx: &View<'_>) -> Result<Box<dyn Output>>;
}

impl<Q: Query> QueryCall for Q {
    fn answer(self: Box<Self>, cx: &View<'_>) -> Result<Box<dyn Output>> {
        Ok(Box::new(Query::answer(*self, cx).inspect_err(must_be_declared::<Q>)?))
    }
}

/// A command of any type.
pub trait CommandCall: Call {
    /// See [`Command::execute`].
    ///
    /// # Errors
    /// The operation's own.
    fn execute(self: Box<Self>, cx: &mut Transaction<'_>) -> Result<Box<dyn Output>>;
}

impl<C: Command> CommandCall for C {
    fn execute(self: Box<Self>, cx: &mut Transaction<'_>) -> Result<Box<dyn Output>> {
        Ok(Box::new(Command::execute(*self, cx).inspect_err(must_be_declared::<C>)?))
    }
}

/// Debug builds stop at an error that an operation does not declare.
fn must_be_declared<O: Operation>(error: &Error) {
    debug_assert!(is_declared::<O>(error.code()), "{} does not declare {error}", O::NAME);
}

/// Whether an operation may answer with this code: its own errors, and those that any operation may give.
fn is_declared<O: Operation>(code: Code) -> bool {
    let common = [
        Code::AccessDenied,
        Code::InternalFailure,
        Code::InvalidClientTokenId,
        Code::InvalidParameterValue,
        Code::ServiceFailure,
        Code::ValidationError,
    ];
    O::ERRORS.contains(&code) || O::UNDECLARED_ERRORS.contains(&code) || common.contains(&code)
}
