//! The principals that a policy may name.

use super::element::PARTITIONS;
use super::{Check, refuse};
use crate::document::{List, Text, WrittenNames, WrittenPrincipal};
use crate::pattern::Arn;
use crate::principal::{BUILT_IN_PROVIDERS, is_account};

const FEDERATED: &str = "Federated principals must be valid domain names or SAML metadata ARNs";

/// Checks that every name could be one. Whether the principal exists, the engine cannot know.
pub(super) fn check(principal: &WrittenPrincipal<'_>) -> Check {
    let WrittenNames::Kinds(kinds) = &principal.names else { return Ok(()) };
    kinds.iter().try_for_each(|(kind, list)| names(kind, list))
}

fn names(kind: &Text<'_>, list: &List<'_>) -> Check {
    let shown = kind.value.to_ascii_uppercase();
    if kind.value == "Federated" && list.items.is_empty() {
        return refuse(FEDERATED, list.at, "the list of identity providers is empty");
    }
    match list.items.iter().find(|name| !is_principal(kind.value, name.value)) {
        Some(name) if kind.value == "Federated" && !is_domain(name.value) => refuse(
            FEDERATED,
            name.at,
            format!("{:?} is neither the ARN of an identity provider nor a domain name", name.value),
        ),
        Some(name) => refuse(
            format!("Invalid principal in policy: \"{shown}\":\"{}\"", name.value),
            name.at,
            format!("{:?} is not a principal of the kind {}", name.value, kind.value),
        ),
        None => Ok(()),
    }
}

/// Whether a name could be a principal of a kind (`AWS`, `Service`, …).
pub(crate) fn is_principal(kind: &str, name: &str) -> bool {
    match kind {
        "AWS" => is_aws(name),
        "Service" => is_service(name),
        "Federated" => is_provider(name),
        _ => !name.is_empty(),
    }
}

fn is_aws(name: &str) -> bool {
    match Arn::new(name).parts {
        Some(["arn", partition, service, "", account, resource]) => {
            PARTITIONS.contains(&partition) && is_account(account) && is_principal_resource(service, resource)
        }
        Some(_) => false,
        None => name == "*" || is_account(name) || is_unique_id(name),
    }
}

/// Groups are no principals, and wildcards do not name any.
fn is_principal_resource(service: &str, resource: &str) -> bool {
    let named =
        |prefix: &str| resource.strip_prefix(prefix).is_some_and(|name| !name.is_empty() && !name.ends_with('/'));
    let session = || {
        let parts: Vec<_> = resource.split('/').collect();
        matches!(*parts, ["assumed-role", role, session] if !role.is_empty() && !session.is_empty())
    };
    !resource.contains(['*', '?'])
        && match service {
            "iam" => resource == "root" || named("user/") || named("role/"),
            "sts" => named("federated-user/") || session(),
            _ => false,
        }
}

/// The stored form of users and roles.
fn is_unique_id(name: &str) -> bool {
    let id = name.strip_prefix("AIDA").or_else(|| name.strip_prefix("AROA"));
    id.is_some_and(|id| id.len() >= 12 && id.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()))
}

fn is_domain(name: &str) -> bool {
    let is_host = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b'_');
    name.bytes().all(is_host) && name.contains('.') && name.split('.').all(|label| !label.is_empty())
}

fn is_service(name: &str) -> bool {
    is_domain(name)
        && [".amazonaws.com", ".amazonaws.com.cn", ".amazon.com", ".aws.internal", ".aws.dev"]
            .iter()
            .any(|end| name.ends_with(end))
}

fn is_provider(name: &str) -> bool {
    match Arn::new(name).parts {
        Some([_, partition, "iam", "", account, resource]) => {
            let named = |prefix| resource.strip_prefix(prefix).is_some_and(|name: &str| !name.is_empty());
            PARTITIONS.contains(&partition)
                && is_account(account)
                && !resource.contains(['*', '?'])
                && (named("saml-provider/") || named("oidc-provider/"))
        }
        Some(_) => false,
        None => BUILT_IN_PROVIDERS.contains(&name),
    }
}
