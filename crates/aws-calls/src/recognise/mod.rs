//! Which operation a request calls.
//!
//! What is decided must be what the upstream will run. Servers differ in what they look at first: the target, the path,
//! the action of a form, the host, or the service in the scope of the credential. So all of them must agree. A request
//! that two servers could take for two different calls is refused.

mod form;
mod host;
mod refusal;
mod rest;
mod shown;
mod target;

pub use host::region as region_of_host;
pub(crate) use host::region_in as region_in_host;
pub use refusal::{Reason, Unrecognised};

use aws_reference::operations::{self, Protocol, Summary};

use crate::{Call, Request};
use shown::Shown;

/// What a request turned out to be.
#[derive(Clone, Debug)]
pub enum Recognised {
    /// A call of an operation.
    Call(Call),
    /// A request to S3 or S3 Control, whose operations depend on bucket, key and sub-resource.
    S3,
}

/// Scopes of requests to S3: its own, of sessions with directory buckets, and of answers of Object Lambda functions.
const S3_SCOPES: &[&str] = &["s3", "s3express", "s3-object-lambda"];

/// Whether the operation is in the body, so that the body must be read before the request can be recognised.
pub fn is_in_body(request: &Request<'_>) -> bool {
    Shown::of(request).is_form
}

/// Finds the operation. `scope` is the service in the scope of the credential, if the request has one. The body is only
/// looked at where the operation [is in it](is_in_body).
///
/// # Errors
/// No operation of AWS, or more than one.
pub fn recognise(request: &Request<'_>, scope: Option<&str>) -> Result<Recognised, Unrecognised> {
    let shown = Shown::of(request);
    let services = scope.map_or(&[][..], services_of);
    let refuse = |reason| Unrecognised::new(shown.service(services), shown.protocol(services), reason);
    if let Some(what) = shown.doubtful {
        return Err(refuse(Reason::Ambiguous(what)));
    }
    let is_s3 = scope.is_none_or(|scope| S3_SCOPES.contains(&scope));
    if let Some(scope) = scope.filter(|_| services.is_empty()) {
        return Err(refuse(Reason::UnknownService(scope.to_owned())));
    }
    let call = if let Some(target) = shown.target {
        target::json(request, &shown, target, scope, services)?
    } else if shown.is_cbor {
        target::cbor(request, &shown, scope, services)?
    } else if form::is_meant(&shown, scope, services) {
        form::call(request, &shown, scope, services)?
    } else if shown.has_action || (shown.is_form && form::has_action(request)) {
        return Err(refuse(Reason::Ambiguous("an Action beside the path")));
    } else if is_s3 {
        match host::service_of(request).filter(|found| found.signing_name != "s3") {
            None => return Ok(Recognised::S3),
            Some(_) if scope.is_some() => return Err(refuse(Reason::Ambiguous("the host of another service"))),
            Some(found) => rest::call(request, &shown, services_of(found.signing_name))?,
        }
    } else {
        rest::call(request, &shown, services)?
    };
    host::check(request, &call)?;
    Ok(Recognised::Call(call))
}

fn services_of(scope: &str) -> &'static [&'static Summary] {
    operations::signed_as(if S3_SCOPES.contains(&scope) { "s3" } else { scope })
}

fn speaking(services: &'static [&'static Summary], protocol: Protocol) -> impl Iterator<Item = &'static Summary> {
    services.iter().copied().filter(move |summary| summary.speaks(protocol))
}

/// The call of an operation by its name.
fn named(summary: &Summary, name: &str, protocol: Protocol) -> Option<Call> {
    let service = operations::service(summary.name)?;
    let operation = service.operation(name)?.clone();
    Some(Call { service, operation, protocol })
}
