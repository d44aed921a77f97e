//! Members of REST outside the body.

use aws_reference::operations::{Location, Member};
use serde_json::{Map, Value};

use super::{Input, Unreadable, path};

/// A member in path, query string or headers.
pub(super) fn member(input: &Input<'_>, name: &str, member: &Member) -> Result<Option<Value>, Unreadable> {
    let sent = member.name.as_deref().unwrap_or(name);
    match member.location {
        Location::Uri => Ok(path::label(input, sent).map(Value::String)),
        Location::QueryString => parameter(input, sent, member),
        Location::OtherParameters => other_parameters(input).map(Some),
        Location::Header => header(input, sent, member),
        Location::Headers => headers(input, sent).map(Some),
        Location::Body | Location::StatusCode => Ok(None),
    }
}

/// Whether several values are a list rather than an error.
fn is_list(input: &Input<'_>, member: &Member) -> bool {
    let shape = member.shape().and_then(|name| input.call.service.shape(name));
    member.plain() == Some("list") || shape.is_some_and(|shape| shape.item.is_some())
}

fn parameter(input: &Input<'_>, sent: &str, member: &Member) -> Result<Option<Value>, Unreadable> {
    let mut values = Vec::new();
    for (name, value) in form_urlencoded::parse(input.request.query.as_bytes()) {
        if name == sent {
            values.push(Value::String(value.into_owned()));
        } else if name.eq_ignore_ascii_case(sent) {
            return Err(Unreadable::ambiguous(name));
        }
    }
    Ok(match values.len() {
        0 => None,
        _ if is_list(input, member) => Some(Value::Array(values)),
        1 => values.pop(),
        _ => return Err(Unreadable::ambiguous(sent)),
    })
}

/// The parameters that are no members of their own, as a map. A value that is there several times becomes a list.
fn other_parameters(input: &Input<'_>) -> Result<Value, Unreadable> {
    let own = input.shape().into_iter().flat_map(|shape| &shape.members);
    let own: Vec<&str> = own
        .filter(|(_, member)| member.location == Location::QueryString)
        .map(|(name, member)| member.name.as_deref().unwrap_or(name))
        .collect();
    let mut map = Map::new();
    for (name, value) in form_urlencoded::parse(input.request.query.as_bytes()) {
        if own.contains(&name.as_ref()) || name.starts_with("X-Amz-") {
            continue;
        }
        match map.entry(name.into_owned()).or_insert(Value::Array(Vec::new())) {
            Value::Array(values) => values.push(Value::String(value.into_owned())),
            _ => return Err(Unreadable::Malformed("readable")),
        }
    }
    Ok(Value::Object(map))
}

fn header(input: &Input<'_>, sent: &str, member: &Member) -> Result<Option<Value>, Unreadable> {
    let mut values = Vec::new();
    for value in input.request.headers.get_all(sent) {
        let value = std::str::from_utf8(value.as_bytes()).map_err(|_| Unreadable::Malformed("readable"))?;
        values.push(Value::String(value.trim().to_owned()));
    }
    Ok(match values.len() {
        0 => None,
        _ if is_list(input, member) => {
            let texts = values.iter().filter_map(Value::as_str).flat_map(|text| text.split(','));
            Some(texts.map(|text| Value::String(text.trim().to_owned())).collect())
        }
        1 => values.pop(),
        _ => return Err(Unreadable::ambiguous(sent)),
    })
}

/// The headers whose names begin so, by the rest of their names.
fn headers(input: &Input<'_>, prefix: &str) -> Result<Value, Unreadable> {
    let prefix = prefix.to_ascii_lowercase();
    let mut map = Map::new();
    for (name, value) in input.request.headers {
        let Some(rest) = name.as_str().strip_prefix(&prefix) else { continue };
        let value = std::str::from_utf8(value.as_bytes()).map_err(|_| Unreadable::Malformed("readable"))?;
        if map.insert(rest.to_owned(), value.into()).is_some() {
            return Err(Unreadable::ambiguous(name.as_str()));
        }
    }
    Ok(Value::Object(map))
}
