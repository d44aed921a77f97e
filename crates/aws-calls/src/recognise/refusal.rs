//! Requests that are no call.

use aws_reference::operations::{Protocol, Summary};

/// Why a request is refused before its sender is authenticated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Unrecognised {
    /// The service that the request seems to mean, in whose form it is refused.
    pub service: Option<&'static Summary>,
    /// The protocol that the request seems to be in.
    pub protocol: Protocol,
    /// What is wrong.
    pub reason: Reason,
}

impl Unrecognised {
    pub(super) fn new(service: Option<&'static Summary>, protocol: Protocol, reason: Reason) -> Self {
        Self { service, protocol, reason }
    }
}

/// What is wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The service has no such operation. For REST this is method and path.
    #[error("There is no operation {0}.")]
    UnknownOperation(String),
    /// A form without an action.
    #[error("The request must contain the parameter Action.")]
    MissingAction,
    /// The service has the action, but not in this version of its API.
    #[error("Could not find operation {action} for version {version}")]
    UnknownVersion {
        /// The action of the form.
        action: String,
        /// The version of the form.
        version: String,
    },
    /// The scope of the credential names no service of AWS.
    #[error("There is no service {0}.")]
    UnknownService(String),
    /// The request is one of this service, but signed for another.
    #[error("Credential should be scoped to correct service: '{0}'. ")]
    WrongScope(&'static str),
    /// Two servers could take the request for two different calls.
    #[error("The request can be read in more than one way: it has {0}.")]
    Ambiguous(&'static str),
}
