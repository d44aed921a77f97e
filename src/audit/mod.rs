//! What is known of calls: their events, and when credentials and roles were last used; and the audit of an account.

mod activity;
pub mod detections;
mod event;
pub mod generate;
mod record;
mod resources;
pub mod rules;
mod search;
mod selection;
mod usage;

pub use activity::{Activity, ActivityQuery, OfTrail};
#[cfg(test)]
pub use event::tests::example as example_event;
pub use event::{
    Asked, Event, EventDenial, EventFailure, IdentityKind, IssuerKind, SessionContext, SessionIssuer, UserIdentity,
};
pub use resources::EventResource;
pub use search::{Attribute, EventQuery, terms_of};
pub use usage::{LastUse, Usage, Use};
