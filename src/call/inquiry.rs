//! What an operation needs from outside of the account, and what came.

use std::sync::Arc;

use crate::audit::{AuthorizationId, Details, EventQuery};
use crate::federation;
use crate::store::EventPage;

/// What an operation needs from outside of the account. It is fetched before the operation runs.
#[derive(Clone, Debug)]
pub enum Inquiry {
    /// From an identity provider.
    Issuer(federation::Inquiry),
    /// From the audit trail.
    Events(EventQuery),
    /// A denial, from there too.
    Denial(AuthorizationId),
}

/// What was fetched.
#[derive(Clone, Debug)]
pub enum Fetched {
    /// For [`Inquiry::Issuer`].
    Issuer(federation::Fetched),
    /// For [`Inquiry::Events`].
    Events(EventPage),
    /// For [`Inquiry::Denial`].
    Denial(Option<Arc<Details>>),
}

impl Fetched {
    /// What came from an identity provider.
    pub fn issuer(&self) -> Option<&federation::Fetched> {
        match self {
            Self::Issuer(fetched) => Some(fetched),
            Self::Events(_) | Self::Denial(_) => None,
        }
    }

    /// What came from the audit trail.
    pub fn events(&self) -> Option<&EventPage> {
        match self {
            Self::Events(page) => Some(page),
            Self::Issuer(_) | Self::Denial(_) => None,
        }
    }

    /// The denial, if it is there.
    pub fn denial(&self) -> Option<&Arc<Details>> {
        match self {
            Self::Denial(details) => details.as_ref(),
            Self::Issuer(_) | Self::Events(_) => None,
        }
    }
}
