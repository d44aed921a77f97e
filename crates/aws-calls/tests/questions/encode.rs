//! Requests as clients write them, in each protocol of a service.

use std::fmt::Write;

use aws_calls::Request;
use aws_reference::operations::{Location, Member, Operation, Protocol, Segment, Service};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value};

/// A request with its parts.
pub struct Written {
    method: String,
    path: String,
    query: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Written {
    pub fn request(&self) -> Request<'_> {
        let Self { method, path, query, headers, body } = self;
        Request { method, path, query, headers, body: Some(body) }
    }
}

/// The request of an operation with this input. Forms may be sent to the path of a queue.
pub fn written(
    service: &Service,
    operation: &Operation,
    protocol: Protocol,
    input: &Map<String, Value>,
    path: &str,
) -> Written {
    let summary = &service.summary;
    let mut headers = HeaderMap::new();
    let mut header = |name: &str, value: &str| {
        headers.insert(HeaderName::try_from(name).unwrap(), HeaderValue::from_str(value).unwrap());
    };
    let (mut method, mut path, mut query, mut body) = ("POST".to_owned(), path.to_owned(), String::new(), Vec::new());
    match protocol {
        Protocol::Json => {
            header("x-amz-target", &format!("{}.{}", summary.target_prefix, operation.name));
            header("content-type", &format!("application/x-amz-json-{}", summary.json_version));
            body = Value::Object(input.clone()).to_string().into_bytes();
        }
        Protocol::Cbor => {
            header("smithy-protocol", "rpc-v2-cbor");
            header("content-type", "application/cbor");
            path = format!("/service/{}/operation/{}", summary.target_prefix, operation.name);
            ciborium::into_writer(input, &mut body).unwrap();
        }
        Protocol::Query | Protocol::Ec2 => {
            header("content-type", "application/x-www-form-urlencoded; charset=utf-8");
            let mut form = form_urlencoded::Serializer::new(String::new());
            form.append_pair("Action", &operation.name).append_pair("Version", summary.api_version);
            let mut parameters = Vec::new();
            for (name, value) in input {
                let member = &service.input(operation).unwrap().members[name];
                let sent = member.name.as_deref().unwrap_or(name);
                let upper = || sent[..1].to_uppercase() + &sent[1..];
                let sent = match (protocol, &member.query_name) {
                    (Protocol::Ec2, Some(name)) => name.clone(),
                    (Protocol::Ec2, None) => upper(),
                    _ => sent.to_owned(),
                };
                parameter(service, member, sent, value, protocol == Protocol::Ec2, &mut parameters);
            }
            form.extend_pairs(parameters);
            body = form.finish().into_bytes();
        }
        Protocol::RestJson | Protocol::RestXml => {
            method.clone_from(&operation.method);
            let shape = service.input(operation);
            let (mut rest, mut parameters) = (Map::new(), form_urlencoded::Serializer::new(String::new()));
            let sent_as = |name: &str, member: &Member| member.name.clone().unwrap_or_else(|| name.to_owned());
            for (name, value) in input {
                let member = &shape.unwrap().members[name];
                match member.location {
                    Location::QueryString => match value {
                        Value::Array(items) => items.iter().for_each(|item| {
                            parameters.append_pair(&sent_as(name, member), &plain(item));
                        }),
                        value => drop(parameters.append_pair(&sent_as(name, member), &plain(value))),
                    },
                    Location::Header => header(&sent_as(name, member), &plain(value)),
                    Location::Body => drop(rest.insert(sent_as(name, member), value.clone())),
                    _ => {}
                }
            }
            path = operation.uri.segments().iter().fold(String::new(), |mut path, segment| {
                let label = |sent: &str| {
                    let members = &shape.unwrap().members;
                    let (name, _) = members.iter().find(|(name, member)| sent_as(name, member) == sent).unwrap();
                    plain(input.get(name).unwrap_or_else(|| panic!("{}: {name}", operation.name)))
                };
                let encode = |text: &str| {
                    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
                };
                match segment {
                    Segment::Literal(text) => write!(path, "/{text}").unwrap(),
                    Segment::Label(sent) => write!(path, "/{}", encode(&label(sent))).unwrap(),
                    Segment::GreedyLabel(sent) => write!(path, "/{}", label(sent)).unwrap(),
                }
                path
            });
            if path.is_empty() {
                path.push('/');
            }
            query = operation.uri.as_str().split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default();
            let more = parameters.finish();
            query = [query, more].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("&");
            if !rest.is_empty() {
                header("content-type", "application/json");
                body = Value::Object(rest).to_string().into_bytes();
            }
        }
    }
    Written { method, path, query, headers, body }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The parameters of a member in a form.
fn parameter(
    service: &Service,
    member: &Member,
    prefix: String,
    value: &Value,
    is_ec2: bool,
    out: &mut Vec<(String, String)>,
) {
    let Some(shape) = member.shape().map(|name| service.shape(name).unwrap()) else {
        out.push((prefix, plain(value)));
        return;
    };
    let flattened = shape.flattened || member.flattened || is_ec2;
    match value {
        Value::Array(items) => {
            let item = shape.item.as_ref().unwrap();
            let base = match (&item.name, flattened) {
                (Some(name), true) if !is_ec2 => match prefix.rsplit_once('.') {
                    Some((before, _)) => format!("{before}.{name}"),
                    None => name.clone(),
                },
                (_, true) => prefix,
                (name, false) => format!("{prefix}.{}", name.as_deref().unwrap_or("member")),
            };
            for (place, value) in items.iter().enumerate() {
                parameter(service, item, format!("{base}.{}", place + 1), value, is_ec2, out);
            }
        }
        Value::Object(map) if shape.value.is_some() => {
            let (key, of_map) = (shape.key.as_ref().unwrap(), shape.value.as_ref().unwrap());
            let base = if flattened { prefix } else { format!("{prefix}.entry") };
            for (place, (name, value)) in map.iter().enumerate() {
                let part = |member: &Member, name: &str| {
                    format!("{base}.{}.{}", place + 1, member.name.as_deref().unwrap_or(name))
                };
                out.push((part(key, "key"), name.clone()));
                parameter(service, of_map, part(of_map, "value"), value, is_ec2, out);
            }
        }
        Value::Object(map) => {
            for (name, value) in map {
                let member = &shape.members[name];
                let sent = member.query_name.as_deref().filter(|_| is_ec2).or(member.name.as_deref()).unwrap_or(name);
                let sent = if is_ec2 { sent[..1].to_uppercase() + &sent[1..] } else { sent.to_owned() };
                parameter(service, member, format!("{prefix}.{sent}"), value, is_ec2, out);
            }
        }
        value => out.push((prefix, plain(value))),
    }
}
