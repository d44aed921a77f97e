//! One request decided from what it carries, JSON to JSON: no account, no server, no state.

mod answer;
mod policies;
mod request;
#[cfg(test)]
mod tests;

pub use answer::{EvaluateError, Evaluation, LayerName, MatchedStatement, Verdict};

use self::policies::Policies;
use self::request::EvaluateRequest;
use super::pattern::Arn;
use super::{Action, Context, Explanation, Layers, Principal, PrincipalText, Request, ResourceKind, Values, explain};

/// Decides the request in a JSON body.
///
/// # Errors
/// For what is not such a request, and for a document that its grammar refuses, with its place and the reason.
pub fn evaluate(body: &[u8]) -> Result<Evaluation, EvaluateError> {
    let no_files = |_: &str| Err("documents are part of the request here, not files".to_owned());
    with_explanation(body, &no_files, Evaluation::new)
}

/// Decides the request in a JSON body and hands over the evidence. Where a document is `{"file": "…"}`, `files` reads it.
///
/// # Errors
/// As [`evaluate`], and the reason why a file cannot be read.
pub fn with_explanation<T>(
    body: &[u8],
    files: &dyn Fn(&str) -> Result<String, String>,
    tell: impl FnOnce(&Request<'_>, &Explanation<'_>) -> T,
) -> Result<T, EvaluateError> {
    let body = std::str::from_utf8(body).map_err(|_| EvaluateError::new("the request is not UTF-8"))?;
    let asked: EvaluateRequest<'_> = serde_json::from_str(body).map_err(|error| EvaluateError::json(body, &error))?;
    let action = Action::parse(&asked.action)
        .ok_or_else(|| EvaluateError::new(format!("action {:?} is not of the form service:Action", asked.action)))?;
    let principal = principal(&asked)?;
    let principal = principal.principal();
    let context = context(&asked, &principal);
    let mut request = Request::new(principal, &action, &asked.resource, &context);
    if let Some(account) = &asked.resource_account {
        request = request.owned_by(account);
    }
    if let Some(account) = &asked.organization_management_account {
        request = request.managed_by(account);
    }
    let resource_kind = if asked.resource_policy.is_some() { resource_kind(&request) } else { ResourceKind::Ordinary };
    let policies = Policies::read(body, &asked, resource_kind, files)?;
    let layers = Layers {
        identity: policies.identity.as_ref(),
        boundary: policies.boundary.as_ref(),
        session: policies.session.as_ref(),
        delegation: None,
        resource: policies.resource.as_ref(),
        resource_kind,
        service_control: policies.service_control.as_deref(),
        resource_control: policies.resource_control.as_deref(),
        endpoint: policies.endpoint.as_ref(),
    };
    Ok(tell(&request, &explain(&request, &layers)))
}

/// The principal; a session's role has the path that `aws:PrincipalArn` tells.
fn principal(asked: &EvaluateRequest<'_>) -> Result<PrincipalText, EvaluateError> {
    let unknown = || {
        let forms =
            "an ARN of a user, role, session or root user, an account, a service such as ec2.amazonaws.com, or *";
        EvaluateError::new(format!("principal {:?} is not {forms}", asked.principal))
    };
    let principal = PrincipalText::parse(&asked.principal).ok_or_else(unknown)?;
    let role = asked.context.iter().find(|(key, _)| key.eq_ignore_ascii_case("aws:PrincipalArn"));
    match role.map(|(_, values)| values.values()) {
        Some(Values::One(arn)) if arn.contains(":role/") => Ok(principal.with_role_arn(&arn)),
        _ => Ok(principal),
    }
}

/// The given context, and what principal and resource tell themselves where it is not given.
fn context<'a>(asked: &'a EvaluateRequest<'_>, principal: &Principal<'a>) -> Context<'a> {
    let owner = asked.resource_account.as_deref().or(Arn::new(&asked.resource).account());
    let owner = owner.map(|account| ("aws:ResourceAccount".into(), account.into()));
    let told = principal.context_keys().into_iter().map(|(key, value)| (key.into(), value.into()));
    let given = asked.context.iter().map(|(key, values)| (key.as_str().into(), values.values()));
    owner.into_iter().chain(told).chain(given).collect()
}

/// A role's policy is its trust policy; a key's is a key policy.
fn resource_kind(request: &Request<'_>) -> ResourceKind {
    let resource = request.resource();
    match request.action().service() {
        "sts" if resource.starts_with("arn:") && resource.contains(":role/") => ResourceKind::RoleTrust,
        "kms" if resource.starts_with("arn:") && resource.contains(":key/") => ResourceKind::KmsKey,
        _ => ResourceKind::Ordinary,
    }
}
