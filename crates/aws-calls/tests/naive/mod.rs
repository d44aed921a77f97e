//! The plainest reading of the tables: each operation of each service is asked whether the request is its own, as its
//! protocol says, whatever else the request shows.

use std::collections::BTreeSet;

use aws_calls::{Recognised, recognise};
use aws_reference::operations::{self, Operation, Protocol, Segment, Summary};

use crate::sent::{Sent, Values};

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

/// What is wrong with the recognition of a request: it is taken for a call that this reading does not see, or for one of
/// several that it sees. Refusing is never wrong here.
pub fn disagreement(sent: &Sent) -> Option<String> {
    let headers = sent.headers();
    let Ok(Recognised::Call(call)) = recognise(&sent.request(&headers), sent.scope.as_deref()) else { return None };
    let scope = sent.scope.as_deref();
    let readings = readings(sent, scope);
    let own = (call.service.summary.prefix, call.operation.name.clone());
    let signed_so = scope.is_none_or(|scope| scope == call.service.summary.signing_name);
    let alone = readings.iter().all(|reading| *reading == own);
    let right = signed_so && readings.contains(&own) && (alone || !is_rpc(call.protocol));
    (!right).then(|| format!("{sent:?} is taken for {own:?}, but could be {readings:?}"))
}

/// Protocols in which nothing but one name decides.
fn is_rpc(protocol: Protocol) -> bool {
    !matches!(protocol, Protocol::RestJson | Protocol::RestXml)
}

/// Actions of every operation that takes the request for its own.
fn readings(sent: &Sent, scope: Option<&str>) -> BTreeSet<(&'static str, String)> {
    // Without a scope it could be any service; a few stand for all.
    let fits =
        |summary: &&Summary| scope.map_or(SERVICES.contains(&summary.name), |scope| scope == summary.signing_name);
    let services: Vec<_> = operations::services().iter().filter(fits).collect();
    let forms = services.iter().filter(|summary| summary.speaks(Protocol::Query) || summary.speaks(Protocol::Ec2));
    // A signature that names one service leaves no doubt which version is meant.
    let is_sure = scope.is_some() && forms.count() == 1;
    let mut readings = BTreeSet::new();
    for summary in services {
        let service = operations::service(summary.name).unwrap();
        for operation in service.operations() {
            if summary.protocols().any(|protocol| is_own(summary, operation, protocol, sent, is_sure)) {
                readings.insert((summary.prefix, operation.name.clone()));
            }
        }
    }
    readings
}

fn is_own(summary: &Summary, operation: &Operation, protocol: Protocol, sent: &Sent, is_sure: bool) -> bool {
    let header = |name: &str| match sent.headers.get(name) {
        Some(Values::One(value)) => value.as_str(),
        _ => "",
    };
    let form = format!("{}&{}", sent.query, sent.body.as_deref().unwrap_or_default());
    let values = |name: &str| {
        let named = form_urlencoded::parse(form.as_bytes()).filter(|(other, _)| other == name);
        named.map(|(_, value)| value.into_owned()).collect::<Vec<_>>()
    };
    let name = &operation.name;
    match protocol {
        Protocol::Json => header("x-amz-target") == format!("{}.{name}", summary.target_prefix),
        Protocol::Cbor => sent.path == format!("/service/{}/operation/{name}", summary.target_prefix),
        Protocol::Query | Protocol::Ec2 => {
            let is_version = match &values("Version")[..] {
                [] => is_sure,
                [version] => version == summary.api_version || (is_sure && is_older(version, summary)),
                _ => false,
            };
            values("Action") == [name.as_str()] && is_version
        }
        // No client of REST sends the headers of the others.
        Protocol::RestJson | Protocol::RestXml if sent.headers.contains_key("smithy-protocol") => false,
        Protocol::RestJson | Protocol::RestXml => {
            let parameters = operation.uri.query().all(|(name, value)| match value {
                Some(value) => sent.query.split('&').any(|pair| pair == format!("{name}={value}")),
                None => sent.query.split('&').any(|pair| pair.split('=').next() == Some(name)),
            });
            sent.method == operation.method && parameters && fits(operation.uri.segments(), &sent.path)
        }
    }
}

/// Whether a version is a date before that of the service, and no other service's version.
fn is_older(version: &str, summary: &Summary) -> bool {
    let is_date = version.len() == 10 && version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let is_anothers = || operations::services().iter().any(|other| other.api_version == version);
    is_date && version < summary.api_version && !is_anothers()
}

fn fits(template: &[Segment], path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    fn rest(template: &[Segment], parts: &[&str]) -> bool {
        match (template, parts) {
            ([], []) => true,
            ([Segment::Literal(text), template @ ..], [part, parts @ ..]) => text == part && rest(template, parts),
            ([Segment::Label(_), template @ ..], [_, parts @ ..]) => rest(template, parts),
            ([Segment::GreedyLabel(_), after @ ..], [_, parts @ ..]) => rest(after, parts) || rest(template, parts),
            _ => false,
        }
    }
    rest(template, &parts)
}
