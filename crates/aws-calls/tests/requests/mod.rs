//! Requests as the tests write them, and arbitrary ones.

use std::collections::BTreeMap;

use aws_calls::Request;
use aws_reference::operations::{self, Protocol, Segment, Service};
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde::Deserialize;

/// A request. A body without a content type is a form.
#[derive(Clone, Debug, Deserialize)]
pub struct Sent {
    pub scope: Option<String>,
    #[serde(default = "post")]
    pub method: String,
    #[serde(default = "root")]
    pub path: String,
    #[serde(default)]
    pub query: String,
    #[serde(default)]
    pub headers: BTreeMap<String, Values>,
    pub body: Option<String>,
}

/// One value of a header, or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Values {
    One(String),
    Several(Vec<String>),
}

fn post() -> String {
    "POST".to_owned()
}

fn root() -> String {
    "/".to_owned()
}

impl Sent {
    pub fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, values) in &self.headers {
            let values = match values {
                Values::One(value) => std::slice::from_ref(value),
                Values::Several(values) => values,
            };
            for value in values {
                headers.append(HeaderName::try_from(name).unwrap(), HeaderValue::from_str(value).unwrap());
            }
        }
        if self.body.is_some() && !headers.contains_key("content-type") {
            headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
        }
        headers
    }

    pub fn request<'r>(&'r self, headers: &'r HeaderMap) -> Request<'r> {
        Request {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers,
            body: self.body.as_deref().map(str::as_bytes),
        }
    }
}

/// The services whose requests are mixed.
pub const SERVICES: &[&str] = &[
    "sqs",
    "sns",
    "cloudwatch",
    "dynamodb",
    "dynamodbstreams",
    "lambda",
    "ec2",
    "elb",
    "elbv2",
    "ses",
    "sesv2",
    "s3",
    "route53",
    "iot-data",
    "ivs",
    "ivs-realtime",
    "health",
];

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
        method: post(),
        path: root(),
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
            sent.path = Some(segments.collect::<String>()).filter(|path| !path.is_empty()).unwrap_or_else(root);
            sent.query = operation.uri.as_str().split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default();
        }
    }
    sent
}
