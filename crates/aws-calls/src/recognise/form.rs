//! The Query protocol and that of EC2: the operation is the `Action` of a form, in the body or in the query string.

use aws_reference::operations::{self, Protocol, Summary};

use super::refusal::{Reason, Unrecognised};
use super::shown::Shown;
use super::{named, speaking};
use crate::{Call, Request};

/// Whether the request is one of these protocols rather than REST.
pub(super) fn is_meant(shown: &Shown<'_>, scope: Option<&str>, services: &[&'static Summary]) -> bool {
    let speaks = |summary: &&Summary| summary.speaks(Protocol::Query) || summary.speaks(Protocol::Ec2);
    let is_rest = |summary: &&Summary| summary.speaks(Protocol::RestJson) || summary.speaks(Protocol::RestXml);
    match scope {
        None => shown.has_action || shown.is_form,
        Some(_) => services.iter().any(speaks) && (shown.has_action || shown.is_form || !services.iter().any(is_rest)),
    }
}

/// Whether the body has an action. Some servers look for one before they look at the path.
pub(super) fn has_action(request: &Request<'_>) -> bool {
    let body = request.body.unwrap_or_default();
    has_semicolon(body) || form_urlencoded::parse(body).any(|(name, _)| name == "Action")
}

/// A call by the action and version of its form.
pub(super) fn call(
    request: &Request<'_>,
    shown: &Shown<'_>,
    scope: Option<&str>,
    services: &'static [&'static Summary],
) -> Result<Call, Unrecognised> {
    let services = if scope.is_some() { services } else { operations::with_forms() };
    let service = if scope.is_some() { shown.service(services) } else { None };
    let refuse = |reason| Unrecognised::new(service, form_protocol(service), reason);
    let ambiguous = |what| Err(refuse(Reason::Ambiguous(what)));
    if !matches!(request.method, "GET" | "POST") {
        return Err(refuse(Reason::UnknownOperation(format!("{} {}", request.method, request.path))));
    }
    let body = request.body.unwrap_or_default();
    if !shown.is_form && !body.is_empty() {
        return ambiguous("an Action and a body that is not a form");
    }
    if request.headers.contains_key("content-encoding") {
        return ambiguous("an encoded form");
    }
    let form = [request.query.as_bytes(), if shown.is_form { body } else { &[] }];
    if form.iter().any(|part| has_semicolon(part)) {
        return ambiguous("an Action behind a semicolon");
    }
    let (mut actions, mut versions) = (Vec::new(), Vec::new());
    for (name, value) in form.into_iter().flat_map(form_urlencoded::parse) {
        match &*name {
            "Action" => actions.push(value.into_owned()),
            "Version" => versions.push(value.into_owned()),
            other if is_like_an_action(other) => return ambiguous("an Action in another spelling"),
            _ => {}
        }
    }
    let (action, version) = match (actions.as_slice(), versions.as_slice()) {
        ([], _) => return Err(refuse(Reason::MissingAction)),
        ([action], []) => (action, None),
        ([action], [version]) => (action, Some(version.as_str())),
        ([_], _) => return ambiguous("two Versions"),
        _ => return ambiguous("two Actions"),
    };
    let found = find(action, version, services, scope.is_some());
    let call = found.ok_or_else(|| refuse(unknown(action, version, services)))?;
    if request.path != "/" && !(call.service.summary.name == "sqs" && is_queue(request.path)) {
        return ambiguous("an Action and a path that could name another operation");
    }
    Ok(call)
}

/// The protocol in which a form of this service is refused.
fn form_protocol(service: Option<&'static Summary>) -> Protocol {
    if service.is_some_and(|service| service.speaks(Protocol::Ec2)) { Protocol::Ec2 } else { Protocol::Query }
}

/// The operation of the service whose version it is. Of a service that shares its signing name with no other, older
/// versions are taken as well, as AWS does. A request that is not signed must name the version: nothing else says the
/// service.
fn find(action: &str, version: Option<&str>, services: &'static [&'static Summary], is_signed: bool) -> Option<Call> {
    let forms = || {
        let query = speaking(services, Protocol::Query).map(|summary| (summary, Protocol::Query));
        query.chain(speaking(services, Protocol::Ec2).map(|summary| (summary, Protocol::Ec2)))
    };
    let alone = is_signed && forms().count() == 1;
    let fits = |summary: &Summary| match version {
        Some(version) => {
            summary.api_version == version
                || (alone && is_older(version, summary.api_version) && owner(version).is_none())
        }
        None => alone,
    };
    let mut fitting: Vec<_> = forms().filter(|(summary, _)| fits(summary)).collect();
    // Amazon Neptune and DocumentDB are RDS with fewer operations: the same requests, signed alike.
    fitting.sort_by_key(|(summary, _)| summary.name != summary.signing_name);
    fitting.into_iter().find_map(|(summary, protocol)| named(summary, action, protocol))
}

/// The service whose present version it is.
fn owner(version: &str) -> Option<&'static Summary> {
    operations::with_forms().iter().copied().find(|summary| summary.api_version == version)
}

/// Whether a version is a date before that of the present one.
fn is_older(version: &str, present: &str) -> bool {
    let is_date = version.len() == 10
        && version.bytes().enumerate().all(|(index, byte)| match index {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    is_date && version < present
}

fn unknown(action: &str, version: Option<&str>, services: &'static [&'static Summary]) -> Reason {
    let exists = services.iter().any(|summary| named(summary, action, Protocol::Query).is_some());
    match version.map(|version| (version, owner(version))) {
        Some((_, Some(owner))) if services.iter().all(|summary| summary.signing_name != owner.signing_name) => {
            Reason::WrongScope(owner.signing_name)
        }
        Some((version, _)) if exists => {
            Reason::UnknownVersion { action: action.to_owned(), version: version.to_owned() }
        }
        _ => Reason::UnknownOperation(action.to_owned()),
    }
}

/// Whether some servers would take a parameter for the action: in another case, or with something around it.
fn is_like_an_action(name: &str) -> bool {
    name.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word.eq_ignore_ascii_case("Action"))
        && name.bytes().filter(u8::is_ascii_alphabetic).count() == "Action".len()
}

/// Some servers take a semicolon for an ampersand.
fn has_semicolon(form: &[u8]) -> bool {
    form.split(|byte| *byte == b';').skip(1).any(|piece| {
        let name = piece.split(|byte| matches!(byte, b'=' | b'&')).next().unwrap_or_default();
        form_urlencoded::parse(name).any(|(name, _)| name == "Action" || name == "Version")
    })
}

/// Whether a path is that of a queue's URL: `/111122223333/name`.
fn is_queue(path: &str) -> bool {
    let mut segments = path.trim_end_matches('/').split('/').skip(1);
    let account = segments.next().is_some_and(|text| text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()));
    let name = segments.next().is_some_and(|text| !text.is_empty() && !text.contains('%'));
    account && name && segments.next().is_none()
}
