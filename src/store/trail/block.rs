//! Events as they are stored: many in a block.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::super::fault::Fault;
use super::super::seal::Sealer;
use crate::audit::{Attribute, Event, EventQuery, terms_of};

/// The form of a block.
const VERSION: u8 = 1;

/// Packs events into blocks, which are sealed if there is a key.
pub(super) struct Packer(pub Option<Sealer>);

impl Packer {
    /// A block of events, of which the first has this sequence number.
    pub fn pack(&self, first: u64, events: &[Arc<Event>]) -> Result<Vec<u8>, Fault> {
        let events: Vec<&Event> = events.iter().map(|event| &**event).collect();
        self.seal(("blocks", &first.to_string()), &events)
    }

    /// The events of a block.
    pub fn unpack(&self, first: u64, block: &[u8]) -> Result<Vec<Event>, Fault> {
        self.unseal(("blocks", &first.to_string()), block)
    }

    /// A value for a place in a table.
    pub fn seal(&self, (table, key): (&str, &str), value: &impl Serialize) -> Result<Vec<u8>, Fault> {
        let packed = postcard::to_stdvec(value).map_err(|error| Fault::Content(error.to_string()))?;
        let packed = match &self.0 {
            Some(sealer) => sealer.seal((table, "", key), &packed)?,
            None => packed,
        };
        Ok([&[VERSION, u8::from(self.0.is_some())], packed.as_slice()].concat())
    }

    /// What was kept at a place, sealed as another packer does. `None` if it is already.
    pub fn resealed(&self, (table, key): (&str, &str), kept: &[u8], new: &Self) -> Result<Option<Vec<u8>>, Fault> {
        let place = (table, "", key);
        let plain = match (kept, &self.0, &new.0) {
            ([VERSION, 0, ..], _, None) => return Ok(None),
            ([VERSION, 0, packed @ ..], _, Some(_)) => Zeroizing::new(packed.to_vec()),
            // It may have been interrupted.
            ([VERSION, 1, sealed @ ..], _, Some(new)) if new.open(place, sealed).is_ok() => return Ok(None),
            ([VERSION, 1, sealed @ ..], Some(old), _) => old.open(place, sealed)?,
            _ => return Err(Fault::Content(format!("the audit trail cannot be read: {table} {key}"))),
        };
        let packed = match &new.0 {
            Some(new) => new.seal(place, &plain)?,
            None => plain.to_vec(),
        };
        Ok(Some([&[VERSION, u8::from(new.0.is_some())], packed.as_slice()].concat()))
    }

    /// What [`Self::seal`] made of the value for the place.
    pub fn unseal<T: DeserializeOwned>(&self, (table, key): (&str, &str), kept: &[u8]) -> Result<T, Fault> {
        let unreadable = || Fault::Content(format!("the audit trail cannot be read: {table} {key}"));
        let value = match (kept, &self.0) {
            ([VERSION, 0, packed @ ..], _) => postcard::from_bytes(packed),
            ([VERSION, 1, sealed @ ..], Some(sealer)) => postcard::from_bytes(&sealer.open((table, "", key), sealed)?),
            _ => return Err(unreadable()),
        };
        value.map_err(|_| unreadable())
    }
}

/// The terms under which a block of these events has something to offer.
pub(super) fn terms(events: &[Arc<Event>]) -> Vec<i64> {
    let mut terms = BTreeSet::new();
    for event in events {
        terms_of(event, &mut |term| {
            terms.insert(term.cast_signed());
        });
    }
    terms.into_iter().collect()
}

/// The sequence numbers between which the wanted events are: of any, or of one that is named by its id. `None` if the id
/// is no event's.
pub(super) fn named_by(query: &EventQuery) -> Option<(i64, i64)> {
    match &query.attribute {
        Some((Attribute::EventId, id)) => {
            let first = id.parse().ok().and_then(Event::sequence_of)?.cast_signed();
            Some((first, first + 999))
        }
        _ => Some((0, i64::MAX)),
    }
}
