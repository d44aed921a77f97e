//! What is known of calls: their events, and when credentials and roles were last used; and the audit of an account.

mod activity;
mod additions;
pub mod details;
pub mod detections;
mod event;
mod follow;
pub mod generate;
mod record;
mod resources;
pub mod rules;
mod search;
mod selection;
mod usage;

pub use activity::{Activity, ActivityQuery, OfTrail, RecordedRequest, RecordedRequests};
pub use additions::{Additions, DecisionEffect, EventDecision, TlsDetails};
pub use details::{AuthorizationId, Details, Node};
#[cfg(test)]
pub use event::tests::example as example_event;
pub use event::{
    Asked, Event, EventDenial, EventFailure, IdentityKind, IssuerKind, SessionContext, SessionIssuer, UserIdentity,
};
pub use follow::{EventFilter, EventOutcome};
pub use resources::EventResource;
pub use search::{Attribute, EventQuery, Terms};
pub use usage::{LastUse, Usage, Use};
