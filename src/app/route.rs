//! Which operation a request means.

use crate::call::Entry;
use crate::error::{Code, Error};
use crate::services;
use crate::sigv4::{Incoming, Signature};
use crate::wire::{Params, Service};

/// Which operation is meant, and in whose namespace errors are told.
pub(super) struct Route {
    pub entry: std::result::Result<&'static Entry, Unrouted>,
    pub namespace: &'static str,
}

/// Why no operation is meant.
pub(super) enum Unrouted {
    NoAction,
    Unknown { action: String, version: Option<String> },
}

impl Unrouted {
    /// What was given as the action.
    pub(super) fn action(&self) -> &str {
        match self {
            Self::NoAction => "",
            Self::Unknown { action, .. } => action,
        }
    }

    pub(super) fn error(&self) -> Error {
        match self {
            Self::NoAction => Error::new(Code::MissingAction, "The request must contain the parameter Action"),
            Self::Unknown { action, version } => {
                let version = version.as_deref().unwrap_or("NO_VERSION_SPECIFIED");
                Error::new(Code::InvalidAction, format!("Could not find operation {action} for version {version}"))
            }
        }
    }
}

/// The namespace of the one answer that belongs to no service.
const FAULT_NAMESPACE: &str = "http://webservices.amazon.com/AWSFault/2005-15-09";

impl Route {
    /// By credential scope, else by version, else by host, else by the action's name.
    pub(super) fn of(incoming: &Incoming<'_>, params: &Params<'_>, signature: Option<&Signature<'_>>) -> Self {
        let services = [Service::Iam, Service::Sts];
        let version = params.get("Version");
        let scope = signature.map(|signature| &*signature.credential().service);
        let host = incoming.headers.get(http::header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let action = params.get("Action").filter(|action| !action.is_empty());
        let service = services
            .into_iter()
            .find(|service| scope == Some(service.prefix()))
            .or_else(|| services.into_iter().find(|service| version == Some(service.version())))
            .or_else(|| services.into_iter().find(|service| host.split('.').next() == Some(service.prefix())))
            .or_else(|| {
                services
                    .into_iter()
                    .find(|service| action.is_some_and(|action| services::find(*service, action).is_some()))
            })
            .unwrap_or(Service::Iam);
        let Some(action) = action else {
            return Self { entry: Err(Unrouted::NoAction), namespace: service.namespace() };
        };
        let entry = services::find(service, action).filter(|_| version == Some(service.version()));
        match entry {
            Some(entry) => Self { entry: Ok(entry), namespace: service.namespace() },
            None => {
                let version = version.map(str::to_owned);
                Self {
                    entry: Err(Unrouted::Unknown { action: action.to_owned(), version }),
                    namespace: FAULT_NAMESPACE,
                }
            }
        }
    }
}
