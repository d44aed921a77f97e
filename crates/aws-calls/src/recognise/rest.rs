//! REST: the operation is the method with the path, and sometimes a parameter of the query string.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::sync::Arc;

use aws_reference::operations::{self, Location, Operation, Protocol, Segment, Service, Summary};
use percent_encoding::percent_decode_str;

use super::host;
use super::refusal::{Reason, Unrecognised};
use super::shown::{Shown, is_no_member};
use crate::{Call, Request, alike};

/// A call by method and path.
pub(super) fn call(
    request: &Request<'_>,
    shown: &Shown<'_>,
    services: &'static [&'static Summary],
) -> Result<Call, Unrecognised> {
    let refuse = |reason| Unrecognised::new(shown.service(services), shown.protocol(services), reason);
    let path =
        Path::parse(request.path).ok_or_else(|| refuse(Reason::Ambiguous("a path with empty or dot segments")))?;
    // Emulators have pages of their own there.
    if path.segments.first().is_some_and(|first| first.starts_with('_') || first == "moto-api") {
        return Err(refuse(Reason::Ambiguous("the path of a server's own page")));
    }
    let query: Vec<_> = form_urlencoded::parse(request.query.as_bytes()).collect();
    let candidates: Vec<_> =
        services.iter().copied().filter(|summary| host::may_be_of(request, summary)).filter_map(rest).collect();
    let find = |segments: &[Cow<'_, str>]| best(&candidates, request.method, segments, &query);
    let unknown = || Reason::UnknownOperation(format!("{} {}", request.method, request.path));
    let Best { call: found, is_clear } = find(&path.segments).ok_or_else(|| refuse(unknown()))?;
    if !is_clear {
        return Err(refuse(Reason::Ambiguous("a path of two services, and a host of neither")));
    }
    // Servers that decode the path before they look at it see slashes where the client has none.
    if let Some(decoded) = path.decoded_first() {
        let other = find(&decoded);
        if other.is_some_and(|other| !Arc::ptr_eq(&other.call.operation, &found.operation)) {
            return Err(refuse(Reason::Ambiguous("an encoded slash that could end a part of the path")));
        }
    }
    if let Some(what) = misplaced(&found, &query) {
        return Err(refuse(Reason::Ambiguous(what)));
    }
    Ok(found)
}

/// Members in the query string that belong into path, headers or body. Some servers look for all of them there.
fn misplaced(call: &Call, query: &[Parameter<'_>]) -> Option<&'static str> {
    let members = || call.service.input(&call.operation).into_iter().flat_map(|shape| &shape.members);
    let is_own = |parameter: &str| {
        let sent = members().any(|(name, member)| {
            member.location == Location::QueryString && member.name.as_deref().unwrap_or(name) == parameter
        });
        sent || is_no_member(parameter) || call.operation.uri.query().any(|(name, _)| name == parameter)
    };
    let is_like_a_member = |parameter: &str| {
        members().any(|(name, member)| {
            alike(parameter, name) || member.name.as_deref().is_some_and(|name| alike(parameter, name))
        })
    };
    query.iter().any(|(name, _)| !is_own(name) && is_like_a_member(name)).then_some("members in the query string")
}

fn rest(summary: &Summary) -> Option<(Arc<Service>, Protocol)> {
    let protocol = summary.protocols().find(|protocol| matches!(protocol, Protocol::RestJson | Protocol::RestXml))?;
    Some((operations::service(summary.name)?, protocol))
}

/// A path in its segments.
struct Path<'r> {
    segments: Vec<Cow<'r, str>>,
    raw: &'r str,
}

impl<'r> Path<'r> {
    /// Splits and decodes a path. `None` for one that servers shorten before they look at it, and for one that is no
    /// text. A slash at the end does not count.
    fn parse(raw: &'r str) -> Option<Self> {
        let inner = raw.strip_prefix('/')?;
        let inner = inner.strip_suffix('/').unwrap_or(inner);
        if inner.is_empty() {
            return (raw == "/").then(|| Self { segments: Vec::new(), raw: "" });
        }
        let mut segments = Vec::new();
        for segment in inner.split('/') {
            let segment = percent_decode_str(segment).decode_utf8().ok()?;
            if segment.is_empty() || segment.split('/').any(|part| matches!(part, "." | "..")) {
                return None;
            }
            segments.push(segment);
        }
        Some(Self { segments, raw: inner })
    }

    /// The segments of the decoded path, if they differ.
    fn decoded_first(&self) -> Option<Vec<Cow<'r, str>>> {
        if self.segments.is_empty() {
            return None;
        }
        let decoded = percent_decode_str(self.raw).decode_utf8().ok()?;
        let segments: Vec<_> = decoded.split('/').map(|segment| Cow::Owned(segment.to_owned())).collect();
        (segments.len() != self.segments.len()).then_some(segments)
    }
}

type Parameter<'q> = (Cow<'q, str>, Cow<'q, str>);

/// How closely an operation fits: more parameters that must be there, then more literal segments, before fewer.
type Fit = (usize, Vec<bool>);

/// The operation that fits best.
fn best(
    candidates: &[(Arc<Service>, Protocol)],
    method: &str,
    segments: &[Cow<'_, str>],
    query: &[Parameter<'_>],
) -> Option<Best> {
    let mut found: Vec<(Fit, &Arc<Service>, &Arc<Operation>, Protocol)> = Vec::new();
    for (service, protocol) in candidates {
        for operation in service.operations().iter().filter(|operation| operation.method == method) {
            if let Some(fit) = fit(operation, segments, query) {
                found.push((fit, service, operation, *protocol));
            }
        }
    }
    found.sort_by_key(|(fit, ..)| Reverse(fit.clone()));
    let (best, ..) = found.first()?;
    let best = best.clone();
    found.retain(|(fit, ..)| *fit == best);
    let is_clear = found.windows(2).all(|two| matches!(two, [one, other] if one.2.name == other.2.name));
    let (_, service, operation, protocol) = chosen(&mut found.into_iter(), segments)?;
    let call = Call { service: Arc::clone(service), operation: Arc::clone(operation), protocol };
    Some(Best { call, is_clear })
}

/// The operation that fits best.
struct Best {
    call: Call,
    /// Whether all that fit as well are operations of the same name.
    is_clear: bool,
}

/// Of operations with the same path, which several services with one signing name have, the one of the service that the
/// ARN in the path belongs to; else the first. They are tag calls, and calls that one service took over from another: what
/// they are called is the same.
fn chosen<'c, F>(
    equal: &mut impl Iterator<Item = (F, &'c Arc<Service>, &'c Arc<Operation>, Protocol)>,
    segments: &[Cow<'_, str>],
) -> Option<(F, &'c Arc<Service>, &'c Arc<Operation>, Protocol)> {
    let first = equal.next()?;
    let arn = segments.iter().find(|segment| segment.starts_with("arn:"));
    let kind = arn.and_then(|arn| arn.splitn(6, ':').nth(5)).and_then(|resource| resource.split([':', '/']).next());
    let is_own = |service: &Service| {
        let owners = kind.and_then(|kind| OWNERS.iter().find(|(_, resource)| *resource == kind));
        owners.is_some_and(|(name, _)| *name == service.summary.name)
    };
    if is_own(first.1) { Some(first) } else { equal.find(|(_, service, ..)| is_own(service)).or(Some(first)) }
}

/// Resources of services that are not the first of their signing name, by the resource part of their ARNs.
const OWNERS: &[(&str, &str)] = &[
    ("bedrock-agent-runtime", "session"),
    ("bedrock-data-automation", "blueprint"),
    ("bedrock-data-automation", "data-automation-project"),
    ("greengrassv2", "components"),
    ("greengrassv2", "coreDevices"),
    ("greengrassv2", "deployments"),
    ("ivs-realtime", "composition"),
    ("ivs-realtime", "encoder-configuration"),
    ("ivs-realtime", "ingest-configuration"),
    ("ivs-realtime", "public-key"),
    ("ivs-realtime", "stage"),
    ("ivs-realtime", "storage-configuration"),
    ("lambda-microvms", "microvm-image"),
    ("lexv2-models", "bot-alias"),
    ("lexv2-models", "test-set"),
];

/// Whether the operation fits, and how closely.
fn fit(operation: &Operation, segments: &[Cow<'_, str>], query: &[Parameter<'_>]) -> Option<Fit> {
    let mut parameters = 0;
    for (name, value) in operation.uri.query() {
        let sent = query.iter().any(|(sent, given)| sent == name && value.is_none_or(|value| value == given));
        if !sent {
            return None;
        }
        parameters += 1;
    }
    Some((parameters, literals(operation.uri.segments(), segments)?))
}

/// Whether a template fits a path: for each of its segments whether it is literal.
fn literals(template: &[Segment], segments: &[Cow<'_, str>]) -> Option<Vec<bool>> {
    let extra = segments.len().checked_sub(template.len())?;
    let mut literals = Vec::with_capacity(template.len());
    let mut rest = segments;
    for part in template {
        let taken = if matches!(part, Segment::GreedyLabel(_)) { extra + 1 } else { 1 };
        let (here, after) = rest.split_at_checked(taken)?;
        if let Segment::Literal(text) = part
            && here.first().is_none_or(|segment| segment != text)
        {
            return None;
        }
        literals.push(matches!(part, Segment::Literal(_)));
        rest = after;
    }
    rest.is_empty().then_some(literals)
}
