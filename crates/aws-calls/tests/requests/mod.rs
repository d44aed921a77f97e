//! Arbitrary requests.

use std::collections::BTreeMap;

use crate::naive::SERVICES;
use crate::sent::{Sent, Values};
use aws_reference::operations::{self, Protocol, Segment, Service};
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Requests of real operations, mixed with parts of others.
pub fn arbitrary() -> impl Strategy<Value = Sent> {
    let service = select(SERVICES).prop_map(|name| operations::service(name).unwrap());
    let part = || (select(SERVICES).prop_map(|name| operations::service(name).unwrap()), any::<Index>());
    (service, any::<Index>(), part(), any::<[bool; 6]>(), "[a-z/.%2Fe]{0,8}").prop_map(
        |(service, index, (other, other_index), mixed, text)| {
            let operation = index.get(service.operations());
            let mut sent = sent(&service, &operation.name, &text);
            let foreign = self::sent(&other, &other_index.get(other.operations()).name, &text);
            if mixed[0] {
                sent.scope = foreign.scope;
            }
            if mixed[1] {
                sent.headers.extend(foreign.headers);
            }
            if mixed[2] {
                sent.path = foreign.path;
            }
            if mixed[3] && mixed[4] {
                sent.query = foreign.query.clone() + "&" + foreign.body.as_deref().unwrap_or_default();
            }
            if mixed[5] && mixed[4] {
                sent.method = foreign.method;
            }
            if mixed.iter().all(|mixed| *mixed) {
                sent.scope = None;
            }
            sent
        },
    )
}

/// The request of an operation in the first protocol of its service.
pub fn sent(service: &Service, name: &str, text: &str) -> Sent {
    let summary = &service.summary;
    let operation = service.operation(name).unwrap();
    let mut sent = Sent {
        scope: Some(summary.signing_name.to_owned()),
        method: "POST".to_owned(),
        path: "/".to_owned(),
        query: String::new(),
        headers: BTreeMap::new(),
        body: None,
    };
    let mut header = |name: &str, value: String| sent.headers.insert(name.to_owned(), Values::One(value));
    match summary.protocols().next().unwrap() {
        Protocol::Json => {
            header("x-amz-target", format!("{}.{name}", summary.target_prefix));
            header("content-type", format!("application/x-amz-json-{}", summary.json_version));
        }
        Protocol::Cbor => {
            header("smithy-protocol", "rpc-v2-cbor".to_owned());
            sent.path = format!("/service/{}/operation/{name}", summary.target_prefix);
        }
        Protocol::Query | Protocol::Ec2 => {
            sent.body = Some(format!("Action={name}&Version={}", summary.api_version));
        }
        Protocol::RestJson | Protocol::RestXml => {
            sent.method.clone_from(&operation.method);
            let segments = operation.uri.segments().iter().map(|segment| match segment {
                Segment::Literal(text) => format!("/{text}"),
                Segment::Label(_) | Segment::GreedyLabel(_) => format!("/x{text}"),
            });
            sent.path =
                Some(segments.collect::<String>()).filter(|path| !path.is_empty()).unwrap_or_else(|| "/".to_owned());
            sent.query = operation.uri.as_str().split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default();
        }
    }
    sent
}
