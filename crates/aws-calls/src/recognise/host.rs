//! Hosts with the names of AWS's endpoints: some servers dispatch by them before they look at anything else.

use aws_reference::operations::{self, Summary};

use super::refusal::{Reason, Unrecognised};
use crate::{Call, Request};

/// What AWS's endpoints, and those of emulators that imitate them, end in.
const SUFFIXES: &[&str] = &[
    ".amazonaws.com",
    ".amazonaws.com.cn",
    ".amazonaws.eu",
    ".api.aws",
    ".api.amazonwebservices.com.cn",
    ".localhost.localstack.cloud",
];

/// What names of this machine end in. Before it are buckets, or services as before AWS's names.
const LOCAL: &str = ".localhost";

/// Labels of hosts that belong to what customers run or keep, on any server, and the service whose calls may have
/// them all the same.
const APPLICATIONS: &[(&str, &str)] = &[
    ("alb", ""),
    ("aoss", "aoss"),
    ("appsync-api", ""),
    ("appsync-realtime-api", ""),
    ("cloudfront", "cloudfront"),
    ("elb", ""),
    ("execute-api", "execute-api"),
    ("lambda-url", ""),
    ("s3", "s3"),
    ("s3-accesspoint", "s3"),
    ("s3-website", "s3"),
];

/// The label of endpoints that have addresses of both kinds.
const DUAL_STACK: &str = "dualstack";

/// Refuses a call whose host is that of another service.
pub(super) fn check(request: &Request<'_>, call: &Call) -> Result<(), Unrecognised> {
    let summary = call.service.summary;
    let name = name(request);
    let refuse =
        || Err(Unrecognised::new(Some(summary), call.protocol, Reason::Ambiguous("the host of another service")));
    for label in name.split('.') {
        let application = APPLICATIONS.iter().find(|(application, _)| *application == label);
        if application.is_some_and(|(_, signing_name)| *signing_name != summary.signing_name) {
            return refuse();
        }
    }
    match before_suffix(&name).or_else(|| name.strip_suffix(LOCAL)) {
        None => Ok(()),
        Some(labels) if is_of(labels, summary, call.operation.host_prefix.as_deref()) => Ok(()),
        Some(_) => refuse(),
    }
}

/// Whether the host is none of AWS's, or an endpoint of the service as far as services with its signing name go.
pub(super) fn may_be_of(request: &Request<'_>, summary: &Summary) -> bool {
    let own = service_of(request).filter(|found| found.signing_name == summary.signing_name);
    own.is_none_or(|_| before_suffix(&name(request)).is_some_and(|labels| is_of(labels, summary, None)))
}

/// The service whose endpoint the host is, if it is one of AWS's.
pub(super) fn service_of(request: &Request<'_>) -> Option<&'static Summary> {
    let name = name(request);
    let labels = before_suffix(&name)?;
    operations::services().iter().find(|summary| is_of(labels, summary, None))
}

/// The region that the host of an endpoint names, as far as it is one of AWS's names or imitates them.
pub fn region(request: &Request<'_>) -> Option<String> {
    region_in(request.header("host").unwrap_or_default())
}

/// The region that a host names.
pub(crate) fn region_in(host: &str) -> Option<String> {
    let name = without_port(host);
    let labels = before_suffix(&name).or_else(|| name.strip_suffix(LOCAL))?;
    labels.split('.').rev().find(|label| *label != DUAL_STACK && is_place(label)).map(str::to_owned)
}

/// The host without port, in small letters.
fn name(request: &Request<'_>) -> String {
    without_port(request.header("host").unwrap_or_default())
}

fn without_port(host: &str) -> String {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    name.trim_end_matches('.').to_ascii_lowercase()
}

fn before_suffix(name: &str) -> Option<&str> {
    SUFFIXES.iter().find_map(|suffix| name.strip_suffix(suffix))
}

/// Whether these labels are an endpoint of the service: its prefix, behind that of an operation where it has one, before
/// a region where there is one.
fn is_of(labels: &str, summary: &Summary, host_prefix: Option<&str>) -> bool {
    let prefix = summary.endpoint_prefix;
    let own =
        [labels.strip_prefix(prefix), host_prefix.and_then(|first| labels.strip_prefix(first)?.strip_prefix(prefix))];
    let follows = |rest: &str| {
        rest.strip_prefix("-fips").unwrap_or(rest).split('.').skip(1).all(is_place)
            && (rest.is_empty() || rest.starts_with(['.', '-']))
    };
    let customer = |rest: &str| rest.split_once('.').is_some_and(|(_, rest)| is_after(rest, prefix, follows));
    match summary.signing_name {
        // Customers have hosts of their own there.
        "execute-api" | "iotdata" => customer(labels) || own.into_iter().flatten().any(follows),
        "sqs" => {
            labels.split('.').all(|label| label == "queue" || is_place(label)) || own.into_iter().flatten().any(follows)
        }
        _ => own.into_iter().flatten().any(follows),
    }
}

fn is_after(labels: &str, prefix: &str, follows: impl Fn(&str) -> bool) -> bool {
    let last = prefix.rsplit('.').next().unwrap_or(prefix);
    labels.strip_prefix(last).is_some_and(follows)
}

/// Whether a label says where rather than what: a region, or that the endpoint has two kinds of addresses.
fn is_place(label: &str) -> bool {
    let mut parts = label.rsplit('-');
    let numbered = parts.next().is_some_and(|last| last.len() == 1 && last.bytes().all(|byte| byte.is_ascii_digit()));
    label == DUAL_STACK
        || (numbered && parts.clone().count() >= 2 && parts.all(|part| part.bytes().all(|b| b.is_ascii_lowercase())))
}
