//! The operations of AWS CloudTrail: the history of events, and trails that deliver them.

mod description;
mod event_selectors;
mod logging;
mod lookup_events;
mod named;
mod settings;
mod tags;
mod trail;

use crate::call::Entry;

/// The operations of CloudTrail.
pub(crate) const OPERATIONS: [&[&Entry]; 6] = [
    description::OPERATIONS,
    event_selectors::OPERATIONS,
    logging::OPERATIONS,
    lookup_events::OPERATIONS,
    tags::OPERATIONS,
    trail::OPERATIONS,
];
