//! CBOR (RFC 8949) as the JSON that it means.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ciborium::Value as Cbor;
use serde_json::{Map, Value};

use super::Unreadable;

const MALFORMED: Unreadable = Unreadable::Malformed("CBOR");

/// The members of a map.
pub(crate) fn members(mut body: &[u8]) -> Result<Map<String, Value>, Unreadable> {
    let value: Cbor = ciborium::from_reader(&mut body).map_err(|_| MALFORMED)?;
    if !body.is_empty() {
        return Err(MALFORMED);
    }
    match value {
        Cbor::Map(entries) => object(entries),
        _ => Err(Unreadable::Malformed("a CBOR map")),
    }
}

fn object(entries: Vec<(Cbor, Cbor)>) -> Result<Map<String, Value>, Unreadable> {
    let mut map = Map::new();
    for (name, value) in entries {
        let Cbor::Text(name) = name else { return Err(MALFORMED) };
        if map.contains_key(&name) {
            return Err(Unreadable::ambiguous(name));
        }
        map.insert(name, json(value)?);
    }
    Ok(map)
}

fn json(value: Cbor) -> Result<Value, Unreadable> {
    Ok(match value {
        Cbor::Null => Value::Null,
        Cbor::Bool(is) => is.into(),
        Cbor::Integer(number) => {
            let number = i128::from(number);
            match (i64::try_from(number), u64::try_from(number)) {
                (Ok(number), _) => number.into(),
                (_, Ok(number)) => number.into(),
                _ => return Err(MALFORMED),
            }
        }
        Cbor::Float(number) => number.into(),
        Cbor::Text(text) => text.into(),
        Cbor::Bytes(bytes) => STANDARD.encode(bytes).into(),
        Cbor::Array(items) => items.into_iter().map(json).collect::<Result<_, _>>()?,
        Cbor::Map(entries) => object(entries)?.into(),
        // Times are numbers with a tag.
        Cbor::Tag(_, inner) => json(*inner)?,
        _ => return Err(MALFORMED),
    })
}
