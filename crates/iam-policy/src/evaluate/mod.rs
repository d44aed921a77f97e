//! One request decided from what it carries, JSON to JSON: no account, no server, no state.

mod answer;
mod field;
mod policies;
mod request;
#[cfg(test)]
mod tests;

pub use answer::{EvaluateError, Evaluation, LayerName, MatchedStatement, Verdict};

use self::policies::Policies;
use self::request::EvaluateRequest;
use super::pattern::Arn;
use super::{Context, Explanation, Layers, MAX_WORK, Principal, Request, ResourceKind, Values, explain, is_within};

/// Decides the request in a JSON body.
///
/// # Errors
/// For what is not such a request, and for a document that its grammar refuses, with its place and the reason.
pub fn evaluate(body: &[u8]) -> Result<Evaluation, EvaluateError> {
    with_explanation(body, &no_files, Evaluation::new)
}

fn no_files(_: &str) -> Result<String, String> {
    Err("documents are part of the request here, not files".to_owned())
}

/// Decides the request in a JSON body and hands over the evidence. Where a document is `{"file": "…"}`, `files` reads
/// it.
///
/// # Errors
/// As [`evaluate`], and the reason why a file cannot be read.
pub fn with_explanation<T>(
    body: &[u8],
    files: &dyn Fn(&str) -> Result<String, String>,
    write: impl FnOnce(&Request<'_>, &Explanation<'_>) -> T,
) -> Result<T, EvaluateError> {
    with_all(body, files, |asked, explanation| write(asked.request, explanation))
}

/// What was asked: the request with its policies and its context.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The request.
    pub request: &'a Request<'a>,
    /// The policies that it carries.
    pub layers: &'a Layers<'a>,
    /// Its condition keys.
    pub context: &'a Context<'a>,
}

/// Decides the request in a JSON body, which names no files, and hands over all that it is made of.
///
/// # Errors
/// As [`evaluate`].
pub fn with_asked<T>(body: &[u8], write: impl FnOnce(&Asked<'_>, &Explanation<'_>) -> T) -> Result<T, EvaluateError> {
    with_all(body, &no_files, write)
}

fn with_all<T>(
    body: &[u8],
    files: &dyn Fn(&str) -> Result<String, String>,
    write: impl FnOnce(&Asked<'_>, &Explanation<'_>) -> T,
) -> Result<T, EvaluateError> {
    let body = std::str::from_utf8(body).map_err(|_| EvaluateError::new("the request is not UTF-8"))?;
    let asked = EvaluateRequest::read(body)?;
    let principal = match path_of_role(&asked) {
        Some(arn) => asked.principal.clone().with_role_arn(arn),
        None => asked.principal.clone(),
    };
    let principal = principal.principal();
    let context = context(&asked, &principal);
    let mut request = Request::new(principal, &asked.action, &asked.resource, &context);
    if let Some(account) = &asked.resource_account {
        request = request.owned_by(account);
    }
    if let Some(account) = &asked.organization_management_account {
        request = request.managed_by(account);
    }
    let resource_kind = resource_kind(&request, asked.resource_policy.is_some());
    let policies = Policies::read(body, &asked, resource_kind, files)?;
    let layers = Layers {
        identity: policies.identity.as_ref(),
        boundary: policies.boundary.as_ref(),
        session: policies.session.as_ref(),
        resource: policies.resource.as_ref(),
        resource_kind,
        service_control: policies.service_control.as_deref(),
        resource_control: policies.resource_control.as_deref(),
        endpoint: policies.endpoint.as_ref(),
        ..Layers::default()
    };
    if !is_within(MAX_WORK, &request, &layers) {
        return Err(EvaluateError::new("the documents, and the values that they are compared with, are too long"));
    }
    let asked = Asked { request: &request, layers: &layers, context: &context };
    Ok(write(&asked, &explain(&request, &layers)))
}

/// The ARN of a session's role: `aws:PrincipalArn` has its path, which the session's own ARN has not.
fn path_of_role<'r>(asked: &'r EvaluateRequest<'_>) -> Option<&'r str> {
    let (_, values) = asked.context.iter().find(|(key, _)| key.eq_ignore_ascii_case("aws:PrincipalArn"))?;
    match values {
        Values::One(arn) => Some(&**arn).filter(|arn| arn.contains(":role/")),
        Values::Many(_) => None,
    }
}

/// The given context, and what principal and resource imply where it is not given.
fn context<'a>(asked: &'a EvaluateRequest<'_>, principal: &Principal<'a>) -> Context<'a> {
    let owner = asked.resource_account.as_deref().or(Arn::new(&asked.resource).account());
    let owner = owner.map(|account| ("aws:ResourceAccount".into(), account.into()));
    let implied = principal.context_keys().into_iter().map(|(key, values)| (key.into(), values));
    let given = asked.context.iter().cloned();
    owner.into_iter().chain(implied).chain(given).collect()
}

/// A role's policy is its trust policy; a key's is a key policy, without which the key cannot be used.
fn resource_kind(request: &Request<'_>, has_policy: bool) -> ResourceKind {
    let resource = request.resource();
    match request.action().service() {
        "sts" if has_policy && resource.starts_with("arn:") && resource.contains(":role/") => ResourceKind::RoleTrust,
        "kms" if resource.starts_with("arn:") && resource.contains(":key/") => ResourceKind::KmsKey,
        _ => ResourceKind::Ordinary,
    }
}
