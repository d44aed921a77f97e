//! Events as they are stored: many in a block.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::super::fault::Fault;
use super::super::seal::Sealer;
use crate::audit::{Additions, Attribute, Event, EventQuery, Terms};

/// The form of blocks whose events were kept one after the other, without terms, and of details of denials.
const PLAIN: u8 = 1;

/// The form of blocks whose events are kept compressed, each with its terms.
const COMPRESSED: u8 = 2;

/// The most events in a block: a look-up reads blocks whole, of rare events one for each.
pub(super) const MAX_BLOCK: usize = 128;

/// The most bytes that a block may have once it is no longer compressed. None that was written has so many: it says that
/// the block is damaged.
const MAX_UNPACKED: usize = 256 << 20;

/// Packs events into blocks, which are sealed if there is a key.
pub(super) struct Packer(pub Option<Sealer>);

/// A block of events, packed, and what is known of it without unpacking.
pub(super) struct Block {
    /// The sequence number under which it is kept: that of its first event, or of one that was forgotten.
    pub first: i64,
    /// The sequence number of its last event.
    pub last: i64,
    /// The earliest time of its events, in seconds since 1970.
    pub earliest: i64,
    /// The latest time of its events, in seconds since 1970.
    pub latest: i64,
    /// The terms under which it has something to offer.
    pub terms: Vec<i64>,
    /// The events.
    pub bytes: Vec<u8>,
}

impl Packer {
    /// Packs events into as many blocks as they need. Others have their turn between two blocks.
    pub async fn pack_all(&self, events: &[Arc<Event>]) -> Result<Vec<Block>, Fault> {
        let mut blocks = Vec::with_capacity(events.len().div_ceil(MAX_BLOCK));
        for events in events.chunks(MAX_BLOCK) {
            let first = events.first().map_or(0, |event| event.sequence);
            blocks.push(self.pack(first, events)?);
            tokio::task::yield_now().await;
        }
        Ok(blocks)
    }

    /// Packs events into a block that is kept under this sequence number.
    pub fn pack(&self, first: u64, events: &[Arc<Event>]) -> Result<Block, Fault> {
        let (mut terms, kept) = kept_of(events).map_err(|error: postcard::Error| Fault::Content(error.to_string()))?;
        terms.sort_unstable();
        terms.dedup();
        let packed = lz4_flex::compress_prepend_size(&kept);
        let times = || events.iter().map(|event| event.time.seconds());
        Ok(Block {
            first: first.cast_signed(),
            last: events.last().map_or(0, |event| event.sequence).cast_signed(),
            earliest: times().min().unwrap_or_default(),
            latest: times().max().unwrap_or_default(),
            terms,
            bytes: self.close(COMPRESSED, ("blocks", &first.to_string()), packed)?,
        })
    }

    /// The events of a block.
    pub fn unpack(&self, first: u64, block: &[u8]) -> Result<Vec<Event>, Fault> {
        self.unpack_some(first, block, None)
    }

    /// The events of a block that may have a term.
    pub fn find(&self, first: u64, block: &[u8], term: u64) -> Result<Vec<Event>, Fault> {
        self.unpack_some(first, block, Some(term))
    }

    fn unpack_some(&self, first: u64, block: &[u8], term: Option<u64>) -> Result<Vec<Event>, Fault> {
        let key = first.to_string();
        let place = ("blocks", key.as_str());
        if block.first() == Some(&PLAIN) {
            return self.unseal(place, block);
        }
        let packed = self.open(COMPRESSED, place, block)?;
        let length = packed.first_chunk().map(|length| u32::from_le_bytes(*length) as usize);
        let packed = match length {
            Some(length) if length <= MAX_UNPACKED => lz4_flex::decompress_size_prepended(&packed).ok(),
            _ => None,
        };
        let packed = packed.ok_or_else(|| unreadable(place))?;
        read_kept(&packed, term.map(shortened)).map_err(|_| unreadable(place))
    }

    /// A value for a place in a table.
    pub fn seal(&self, place: Place<'_>, value: &impl Serialize) -> Result<Vec<u8>, Fault> {
        let packed = postcard::to_stdvec(value).map_err(|error| Fault::Content(error.to_string()))?;
        self.close(PLAIN, place, packed)
    }

    /// What [`Self::seal`] made of the value for the place.
    pub fn unseal<T: DeserializeOwned>(&self, place: Place<'_>, kept: &[u8]) -> Result<T, Fault> {
        postcard::from_bytes(&self.open(PLAIN, place, kept)?).map_err(|_| unreadable(place))
    }

    /// Bytes in some form for a place, sealed if there is a key.
    fn close(&self, form: u8, (table, key): Place<'_>, packed: Vec<u8>) -> Result<Vec<u8>, Fault> {
        let packed = match &self.0 {
            Some(sealer) => sealer.seal((table, "", key), &packed)?,
            None => packed,
        };
        Ok([&[form, u8::from(self.0.is_some())], packed.as_slice()].concat())
    }

    /// What was kept at a place, sealed as another packer does. `None` if it is already.
    pub fn resealed(&self, at: Place<'_>, kept: &[u8], new: &Self) -> Result<Option<Vec<u8>>, Fault> {
        let place = (at.0, "", at.1);
        let [form @ (PLAIN | COMPRESSED), is_sealed @ (0 | 1), packed @ ..] = kept else { return Err(unreadable(at)) };
        let plain = match (*is_sealed == 1, &self.0, &new.0) {
            (false, _, None) => return Ok(None),
            (false, _, Some(_)) => Zeroizing::new(packed.to_vec()),
            // It may have been interrupted.
            (true, _, Some(new)) if new.open(place, packed).is_ok() => return Ok(None),
            (true, Some(old), _) => old.open(place, packed)?,
            (true, None, _) => return Err(unreadable(at)),
        };
        new.close(*form, at, plain.to_vec()).map(Some)
    }

    /// The bytes that [`Self::close`] was given.
    fn open<'k>(&self, form: u8, place: Place<'_>, kept: &'k [u8]) -> Result<Cow<'k, [u8]>, Fault> {
        match (kept, &self.0) {
            ([found, 0, packed @ ..], _) if *found == form => Ok(Cow::Borrowed(packed)),
            ([found, 1, sealed @ ..], Some(sealer)) if *found == form => {
                Ok(Cow::Owned(sealer.open((place.0, "", place.1), sealed)?.to_vec()))
            }
            _ => Err(unreadable(place)),
        }
    }
}

/// Events as a block keeps them, and their terms. Each event has a part of each of its terms before it, by which it is found
/// without being read. All are written into the same memory.
fn kept_of(events: &[Arc<Event>]) -> postcard::Result<(Vec<i64>, Vec<u8>)> {
    let (mut found, mut terms) = (Terms::default(), Vec::with_capacity(events.len() * 10));
    let (mut own, mut text) = (Vec::with_capacity(16), Vec::with_capacity(1024));
    let mut kept = postcard::to_extend(&events.len(), Vec::with_capacity(events.len() * 512))?;
    for event in events {
        own.clear();
        found.of(event, &mut |term| {
            own.push(shortened(term));
            terms.push(term.cast_signed());
        });
        text.clear();
        text = write(event, text)?;
        kept = postcard::to_extend(&(own.as_slice(), text.len()), kept)?;
        kept.extend_from_slice(&text);
    }
    Ok((terms, kept))
}

/// The events that may have a term, or all, of what [`kept_of`] has made.
fn read_kept(kept: &[u8], term: Option<u32>) -> postcard::Result<Vec<Event>> {
    let (count, mut rest) = postcard::take_from_bytes::<usize>(kept)?;
    let mut events = Vec::new();
    for _ in 0..count {
        let mut is_wanted = term.is_none();
        let (terms, mut behind) = postcard::take_from_bytes::<usize>(rest)?;
        for _ in 0..terms {
            let (own, next) = postcard::take_from_bytes::<u32>(behind)?;
            is_wanted |= term == Some(own);
            behind = next;
        }
        let (length, behind) = postcard::take_from_bytes::<usize>(behind)?;
        let (text, behind) = behind.split_at_checked(length).ok_or(postcard::Error::DeserializeUnexpectedEnd)?;
        rest = behind;
        if is_wanted {
            events.push(read(text)?);
        }
    }
    Ok(events)
}

/// Adds an event, and behind it what the first versions of events did not have. An older server reads the event alone.
fn write(event: &Event, text: Vec<u8>) -> postcard::Result<Vec<u8>> {
    let text = postcard::to_extend(event, text)?;
    if event.additions.is_empty() { Ok(text) } else { postcard::to_extend(&event.additions, text) }
}

fn read(text: &[u8]) -> postcard::Result<Event> {
    let (event, rest) = postcard::take_from_bytes::<Event>(text)?;
    let additions = if rest.is_empty() { Additions::default() } else { postcard::from_bytes(rest)? };
    Ok(Event { additions, ..event })
}

/// A table, and the key of a row.
type Place<'p> = (&'p str, &'p str);

fn unreadable((table, key): Place<'_>) -> Fault {
    Fault::Content(format!("the audit trail cannot be read: {table} {key}"))
}

/// The part of a term that events keep: an event that is unpacked in vain does no harm.
fn shortened(term: u64) -> u32 {
    (term >> 32) as u32
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{TlsDetails, example_event};

    fn events() -> Vec<Arc<Event>> {
        (0..100)
            .map(|number| Arc::new(example_event(number, if number == 7 { "GetRole" } else { "GetUser" })))
            .collect()
    }

    #[test]
    fn a_block_gives_back_its_events_or_those_with_a_term() {
        let (packer, events) = (Packer(None), events());
        let block = packer.pack(0, &events).unwrap();
        assert_eq!((block.first, block.last), (0, 99));
        assert!(block.bytes.len() < 4_000, "{}", block.bytes.len());
        let unpacked = packer.unpack(0, &block.bytes).unwrap();
        assert!(unpacked.iter().eq(events.iter().map(|event| &**event)));
        let mut terms = Vec::new();
        Terms::default().of(&events[7], &mut |term| terms.push(term));
        assert!(terms.iter().all(|term| block.terms.contains(&term.cast_signed())));
        let mut counts: Vec<_> = terms
            .iter()
            .map(|term| packer.find(0, &block.bytes, *term).unwrap().len())
            .filter(|count| *count < 100)
            .collect();
        counts.dedup();
        assert_eq!(counts, [1], "only the name is rare");
    }

    #[test]
    fn blocks_of_the_first_form_are_read() {
        let (packer, events) = (Packer(None), events());
        let plain: Vec<&Event> = events.iter().map(|event| &**event).collect();
        let block = packer.seal(("blocks", "0"), &plain).unwrap();
        assert_eq!(packer.unpack(0, &block).unwrap().len(), 100);
        assert_eq!(packer.find(0, &block, 1).unwrap().len(), 100, "they have no terms");
    }

    #[test]
    fn what_is_behind_an_event_is_read_with_it_and_can_be_missing() {
        let tls = TlsDetails { version: "TLSv1.3".into(), cipher_suite: "TLS_AES_128_GCM_SHA256".into(), host: None };
        let additions = Additions { tls: Some(tls), decisions: Vec::new() };
        let event = Event { additions, ..example_event(1, "GetUser") };
        let text = write(&event, Vec::new()).unwrap();
        assert_eq!(read(&text).unwrap(), event);
        // As older servers read it, and wrote it.
        let older: Event = postcard::from_bytes(&text).unwrap();
        assert_eq!(older, example_event(1, "GetUser"));
        assert_eq!(read(&postcard::to_stdvec(&older).unwrap()).unwrap(), older);
        assert!(read(&text[..text.len() - 1]).is_err());
    }

    #[test]
    fn damaged_blocks_are_refused() {
        let packer = Packer(None);
        let block = packer.pack(0, &events()).unwrap().bytes;
        for length in 0..block.len() {
            assert!(packer.unpack(0, &block[..length]).is_err(), "{length}");
        }
        let huge = [&[COMPRESSED, 0, 255, 255, 255, 255], &block[6..]].concat();
        assert!(packer.unpack(0, &huge).is_err());
    }
}
