//! The operations of AWS CloudTrail on the history of events.

mod lookup_events;

use crate::call::Entry;

/// The operations of CloudTrail.
pub(crate) const OPERATIONS: [&[&Entry]; 1] = [lookup_events::OPERATIONS];
