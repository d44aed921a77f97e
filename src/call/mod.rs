//! What every call has in common: the traits of operations, what they need permission for, and how it is decided.

mod access;
mod authorize;
mod context;
mod denial;
mod listing;
mod mfa_code;
mod resources;
mod volatile;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use access::{Access, Check, Need, Target};
pub use authorize::{Enforcement, QUICK, Question, Verdict, authorize};
pub use context::{Context, Environment};
pub use denial::{Denial, Evidence};
pub use listing::{Listing, Members, Page, Paging, oldest_first};
pub use mfa_code::{MfaCheck, MfaCode};
pub use volatile::Volatile;

use crate::account::Account;
use crate::error::{Code, Error, Result};
use crate::federation::Inquiry;
use crate::identity::Caller;
use crate::shapes::AccountId;
use crate::wire::{self, Decoded, Format, Params, Service};

/// An operation's name and service, given by the list that it stands in.
pub trait Named {
    /// The name on the wire, such as `CreateUser`.
    const NAME: &'static str;
    /// The service that it belongs to.
    const SERVICE: Service;
}

/// An operation with its parameters read.
pub trait Operation: Named + DeserializeOwned + Send + Sync + 'static {
    /// What it answers; `()` for nothing.
    type Output: Serialize;

    /// The errors of its own that the service model declares.
    const ERRORS: &'static [Code];

    /// Errors that AWS answers with although the service model does not declare them.
    const UNDECLARED_ERRORS: &'static [Code] = &[];

    /// Whether it changes nothing in the account.
    const READ_ONLY: bool = false;

    /// Whether callers need not sign.
    const UNSIGNED: bool = false;

    /// Whether it may need something from the network: see [`Operation::inquiry`].
    const FETCHES: bool = false;

    /// Whether it looks into the management account of the organization, if there is one.
    const ASKS_ORGANIZATION: bool = false;

    /// Whether it may compute for milliseconds: passwords, the signatures of others, simulations. Other requests then
    /// go on without its thread.
    const COMPUTES: bool = false;

    /// Whether it only adds rows that nothing else depends on, such as a report. It then runs on the durable state, and
    /// takes the account's turn for its rows alone: other writes do not wait while it computes.
    const REPORTS: bool = false;

    /// What the caller needs permission for. Names resources and looks nothing up.
    fn access(&self) -> Access<'_>;

    /// What it needs permission for besides, where the configuration tells: the role that a template describes.
    fn further_access<'a>(&'a self, _: &'a Context<'_>) -> Access<'a> {
        Access::free()
    }

    /// The account that it works on: the caller's, except where a parameter names another.
    fn account(&self, caller: &Caller) -> AccountId {
        caller.account
    }

    /// Accounts besides that one, `account`, and the caller's own, that it looks into.
    fn other_accounts(&self, _account: &Account) -> Vec<AccountId> {
        Vec::new()
    }

    /// What AWS refuses before it looks at any policy.
    ///
    /// # Errors
    /// The refusal.
    fn precondition(&self, _: &Context<'_>) -> Result<()> {
        Ok(())
    }

    /// The MFA code that the caller gives. It is checked, and used up in the caller's account, before the call runs, and
    /// then [`Context::mfa`]: the call itself may work on another account.
    fn mfa_code(&self) -> Option<MfaCode<'_>> {
        None
    }

    /// What it needs from the network. It is fetched before the call runs, and then [`Context::fetched`]: operations
    /// are functions of an account, and nothing may wait while it holds the account's turn.
    ///
    /// # Errors
    /// What the operation refuses before anything is fetched.
    fn inquiry(&self, _: &Context<'_>) -> Result<Option<Inquiry>> {
        Ok(None)
    }

    /// Does it. An error leaves the account as it was.
    ///
    /// # Errors
    /// Those of [`Operation::ERRORS`] and those common to all operations.
    fn execute(self, cx: &mut Context<'_>) -> Result<Self::Output>;
}

/// An operation of whatever type, ready to be called.
pub trait Call: Send + Sync {
    /// See [`Operation::account`].
    fn account(&self, caller: &Caller) -> AccountId;
    /// See [`Operation::other_accounts`].
    fn other_accounts(&self, account: &Account) -> Vec<AccountId>;
    /// See [`Operation::precondition`].
    ///
    /// # Errors
    /// The refusal.
    fn precondition(&self, cx: &Context<'_>) -> Result<()>;
    /// See [`Operation::access`].
    fn access(&self) -> Access<'_>;
    /// See [`Operation::further_access`].
    fn further_access<'a>(&'a self, cx: &'a Context<'_>) -> Access<'a>;
    /// See [`Operation::mfa_code`].
    fn mfa_code(&self) -> Option<MfaCode<'_>>;
    /// See [`Operation::inquiry`].
    ///
    /// # Errors
    /// The refusal.
    fn inquiry(&self, cx: &Context<'_>) -> Result<Option<Inquiry>>;
    /// Does it and writes the result in the wanted format.
    ///
    /// # Errors
    /// The operation's own.
    fn execute(self: Box<Self>, cx: &mut Context<'_>, format: Format) -> Result<String>;
}

impl<O: Operation> Call for O {
    fn account(&self, caller: &Caller) -> AccountId {
        Operation::account(self, caller)
    }

    fn other_accounts(&self, account: &Account) -> Vec<AccountId> {
        Operation::other_accounts(self, account)
    }

    fn precondition(&self, cx: &Context<'_>) -> Result<()> {
        Operation::precondition(self, cx)
    }

    fn access(&self) -> Access<'_> {
        Operation::access(self)
    }

    fn further_access<'a>(&'a self, cx: &'a Context<'_>) -> Access<'a> {
        Operation::further_access(self, cx)
    }

    fn mfa_code(&self) -> Option<MfaCode<'_>> {
        Operation::mfa_code(self)
    }

    fn inquiry(&self, cx: &Context<'_>) -> Result<Option<Inquiry>> {
        Operation::inquiry(self, cx)
    }

    fn execute(self: Box<Self>, cx: &mut Context<'_>, format: Format) -> Result<String> {
        let output = Operation::execute(*self, cx).inspect_err(|error| {
            debug_assert!(is_declared::<O>(error.code()), "{} does not declare {error}", O::NAME);
        })?;
        format.result(O::NAME, &output).map_err(Error::internal)
    }
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

/// A call with its parameters read.
pub type DecodedCall = Decoded<Box<dyn Call>>;

/// An operation in the registry.
pub struct Entry {
    /// The name on the wire.
    pub name: &'static str,
    /// The service that it belongs to.
    pub service: Service,
    /// The errors that it declares.
    pub errors: &'static [Code],
    /// Whether it changes nothing in the account.
    pub read_only: bool,
    /// Whether callers need not sign.
    pub unsigned: bool,
    /// Whether it may need something from the network.
    pub fetches: bool,
    /// Whether it looks into the management account of the organization.
    pub asks_organization: bool,
    /// Whether it may compute for milliseconds.
    pub computes: bool,
    /// Whether it only adds rows that nothing else depends on.
    pub reports: bool,
    /// The names of its parameters on the wire.
    pub parameters: fn() -> &'static [&'static str],
    decode: fn(&Params<'_>) -> Result<DecodedCall>,
}

impl Entry {
    /// The entry of an operation.
    pub const fn of<O: Operation>() -> Self {
        Self {
            name: O::NAME,
            service: O::SERVICE,
            errors: O::ERRORS,
            read_only: O::READ_ONLY,
            unsigned: O::UNSIGNED,
            fetches: O::FETCHES,
            asks_organization: O::ASKS_ORGANIZATION,
            computes: O::COMPUTES,
            reports: O::REPORTS,
            parameters: wire::fields_of::<O>,
            decode: decode::<O>,
        }
    }

    /// The action that policies name, such as `iam:CreateUser`.
    pub fn action(&self) -> String {
        format!("{}:{}", self.service.prefix(), self.name)
    }

    /// Reads the parameters of a call.
    ///
    /// # Errors
    /// `ValidationError` and `MalformedInput`.
    pub fn decode(&self, params: &Params<'_>) -> Result<DecodedCall> {
        (self.decode)(params)
    }
}

fn decode<O: Operation>(params: &Params<'_>) -> Result<DecodedCall> {
    let Decoded { request, after_authorization } = wire::decode::<O>(O::SERVICE, params)?;
    Ok(Decoded { request: Box::new(request), after_authorization })
}

/// Lists the operations of a file, and names them.
macro_rules! operations {
    ($service:ident: $($operation:ident),+ $(,)?) => {
        $(
            impl $crate::call::Named for $operation {
                const NAME: &'static str = stringify!($operation);
                const SERVICE: $crate::wire::Service = $crate::wire::Service::$service;
            }
        )+

        /// The operations of this file.
        pub(crate) const OPERATIONS: &[$crate::call::Entry] = &[$($crate::call::Entry::of::<$operation>()),+];
    };
}

pub(crate) use operations;
