//! The registry's entries.

use super::{Command, Operation, Query, Work};
use crate::error::{Code, Result};
use crate::wire::{self, Decoded, Http, Input, Service, Shape};

/// A call with its parameters read.
pub type DecodedCall = Decoded<Work>;

/// An operation in the registry.
pub struct Entry {
    /// The name on the wire.
    pub name: &'static str,
    /// The service that it belongs to.
    pub service: Service,
    /// The errors that it declares.
    pub errors: &'static [Code],
    /// Whether it is a query: it changes nothing in the account.
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
    /// Whether something is left to do in other accounts once it is durable.
    pub goes_on: bool,
    /// Whether it starts or ends a job that goes on after its answer.
    pub starts_jobs: bool,
    /// Whether it shows when credentials and services were last used.
    pub shows_uses: bool,
    /// Its method and path, in a REST protocol.
    pub http: Option<Http>,
    /// The names of its parameters on the wire.
    pub parameters: fn() -> &'static [&'static str],
    /// The shape of its parameters, for what is recorded of a call.
    pub shape: fn() -> Shape,
    decode: fn(&Input<'_>) -> Result<DecodedCall>,
}

impl Entry {
    /// The entry of a query.
    pub const fn query<Q: Query>() -> Self {
        Self { read_only: true, ..Self::of::<Q>() }
    }

    /// The entry of a command.
    pub const fn command<C: Command>() -> Self {
        Self::of::<C>()
    }

    const fn of<O: Operation>() -> Self {
        Self {
            name: O::NAME,
            service: O::SERVICE,
            errors: O::ERRORS,
            read_only: false,
            unsigned: O::UNSIGNED,
            fetches: O::FETCHES,
            asks_organization: O::ASKS_ORGANIZATION,
            computes: O::COMPUTES,
            reports: O::REPORTS,
            goes_on: O::GOES_ON,
            starts_jobs: O::STARTS_JOBS,
            shows_uses: O::SHOWS_USES,
            http: O::HTTP,
            parameters: wire::fields_of::<O>,
            shape: wire::shape_of::<O>,
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
    /// What the service says of broken constraints, and `MalformedInput`.
    pub fn decode(&self, input: &Input<'_>) -> Result<DecodedCall> {
        (self.decode)(input)
    }
}

fn decode<O: Operation>(input: &Input<'_>) -> Result<DecodedCall> {
    let Decoded { request, after_authorization } = wire::decode::<O>(O::SERVICE, input)?;
    Ok(Decoded { request: request.into_work(), after_authorization })
}

/// Lists the operations of a file: the queries, which read, and the commands, which may write.
macro_rules! operations {
    ($service:ident: $($kind:ident $($operation:ident),+);+ $(;)?) => {
        $($($crate::call::operations!(@named $service $kind $operation);)+)+

        /// The operations of this file.
        pub(crate) const OPERATIONS: &[&$crate::call::Entry] =
            &[$($(<$operation as $crate::call::Named>::ENTRY),+),+];
    };
    (@named $service:ident query $operation:ident) => {
        $crate::call::operations!(@impl $service query Query $operation);
    };
    (@named $service:ident command $operation:ident) => {
        $crate::call::operations!(@impl $service command Command $operation);
    };
    (@impl $service:ident $kind:ident $work:ident $operation:ident) => {
        impl $crate::call::Named for $operation {
            const NAME: &'static str = stringify!($operation);
            const SERVICE: $crate::wire::Service = $crate::wire::Service::$service;
            const ENTRY: &'static $crate::call::Entry = &$crate::call::Entry::$kind::<$operation>();

            fn into_work(self) -> $crate::call::Work {
                $crate::call::Work::$work(Box::new(self))
            }
        }
    };
}

pub(crate) use operations;
