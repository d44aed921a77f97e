//! The grammar of role trust policies.

use super::{Check, duplicate_sid, element, is_filled, principal, refuse, resource};
use crate::action::{Action, ActionSet};
use crate::document::{Document, Text, Written, WrittenCondition, WrittenNames};

pub(super) fn check(document: &Document<'_>) -> Check {
    let statements = &document.statements;
    frame(document, "The Statement Ids in the policy are not unique")?;
    statements.iter().try_for_each(effect)?;
    statements.iter().try_for_each(|statement| some_principal(statement, true))?;
    statements.iter().try_for_each(no_not_principal)?;
    statements.iter().try_for_each(resource::one_of_each)?;
    statements.iter().try_for_each(some_action)?;
    statements.iter().flat_map(Written::actions).try_for_each(assume_action)?;
    statements.iter().try_for_each(no_resource)?;
    statements.iter().filter_map(|statement| statement.principal.as_ref()).try_for_each(principal::check)?;
    statements.iter().try_for_each(no_empty_list)?;
    statements.iter().try_for_each(|statement| element::values(statement, resource::SYNTAX))?;
    statements.iter().try_for_each(cognito)?;
    statements.iter().try_for_each(shared_issuers)
}

/// What is refused when a trust policy is to be stored, before anything else.
pub(super) fn accept(document: &Document<'_>, bare: bool) -> Check {
    if !bare {
        return refuse("JSON strings must not have leading spaces", 0, "nothing may come before the first brace");
    }
    let principals = document.statements.iter().filter_map(|statement| statement.principal.as_ref());
    let mut bare = principals.filter_map(|principal| match &principal.names {
        WrittenNames::Bare(text) if text.value == "*" => Some(text),
        _ => None,
    });
    match bare.next() {
        Some(text) => refuse(
            "AssumeRolepolicy contained an invalid principal: \"STAR\":\"*\".",
            text.at,
            "everyone is named by {\"AWS\": \"*\"} in a trust policy",
        ),
        None => Ok(()),
    }
}

/// Version, statements and their ids.
pub(super) fn frame(document: &Document<'_>, duplicate: &'static str) -> Check {
    if let Some(version) = document.version.filter(|version| !["2012-10-17", "2008-10-17"].contains(&version.value)) {
        let detail = format!("{:?} is no version; use \"2012-10-17\"", version.value);
        return refuse("The policy must contain a valid version string", version.at, detail);
    }
    if document.statements.is_empty() {
        return refuse("Could not parse the policy: Statement is empty!", 0, "the policy has no statement");
    }
    match duplicate_sid(document) {
        Some(sid) => refuse(duplicate, sid.at, format!("the Sid {:?} appears twice", sid.value)),
        None => Ok(()),
    }
}

pub(super) fn effect(statement: &Written<'_>) -> Check {
    match statement.effect {
        None => refuse("Missing required field Effect", statement.start, "the statement has no Effect"),
        Some(effect) if !["Allow", "Deny"].contains(&effect.value) => {
            let detail = format!("Effect is Allow or Deny, not {:?}", effect.value);
            refuse(format!("Invalid effect: {}", effect.value), effect.at, detail)
        }
        Some(_) => Ok(()),
    }
}

/// `not_principal_later`: `NotPrincipal` gets its own words, so it does not count as missing.
pub(super) fn some_principal(statement: &Written<'_>, required: bool) -> Check {
    let Some(principal) = &statement.principal else {
        if statement.not_principal.is_some() || !required {
            return Ok(());
        }
        return refuse("Missing required field Principal", statement.start, "the statement names no principal");
    };
    match &principal.names {
        WrittenNames::Bare(text) if text.value != "*" => {
            refuse("Principal must be a JSON object.", text.at, "the only bare principal is \"*\"")
        }
        WrittenNames::Kinds(kinds) if kinds.is_empty() => {
            refuse("Missing required field Principal cannot be empty!", principal.at, "the principal is empty")
        }
        _ => Ok(()),
    }
}

fn no_not_principal(statement: &Written<'_>) -> Check {
    let Some(principal) = &statement.not_principal else { return Ok(()) };
    let allows = statement.effect.is_some_and(|effect| effect.value == "Allow");
    let message = match allows {
        true => "Allow with NotPrincipal is not allowed.",
        false => "AssumeRole policy must not contain NotPrincipal field.",
    };
    refuse(message, principal.at, "a trust policy names whom it means")
}

pub(super) fn some_action(statement: &Written<'_>) -> Check {
    if is_filled(&statement.action) || is_filled(&statement.not_action) {
        return Ok(());
    }
    refuse("Missing required field Action", statement.start, "the statement names no action")
}

const ASSUME_ACTIONS: &[&str] = &[
    "sts:AssumeRole",
    "sts:AssumeRoleWithSAML",
    "sts:AssumeRoleWithWebIdentity",
    "sts:SetContext",
    "sts:SetSourceIdentity",
    "sts:TagSession",
];

/// Whether a pattern means an action that trust policies are about.
pub(crate) fn is_assume_action(pattern: &str) -> bool {
    let set = ActionSet::new([pattern]);
    let in_sts = pattern.get(..4).is_some_and(|vendor| vendor.eq_ignore_ascii_case("sts:"));
    in_sts && ASSUME_ACTIONS.iter().filter_map(|action| Action::parse(action)).any(|action| set.contains(&action))
}

fn assume_action(text: &Text<'_>) -> Check {
    if is_assume_action(text.value) {
        return Ok(());
    }
    let detail = format!("{:?} is none of {}", text.value, ASSUME_ACTIONS.join(", "));
    refuse("AssumeRole policy may only specify STS AssumeRole actions.", text.at, detail)
}

fn no_resource(statement: &Written<'_>) -> Check {
    if let Some(list) = &statement.resource {
        return refuse("Has prohibited field Resource", list.at, "a trust policy is about its own role");
    }
    if let Some(list) = &statement.not_resource {
        let message = "AssumeRole policy must not contain resources.";
        return refuse(message, list.at, "a trust policy is about its own role");
    }
    Ok(())
}

pub(super) fn no_empty_list(statement: &Written<'_>) -> Check {
    let principals = [&statement.principal, &statement.not_principal].into_iter().flatten();
    let mut empty = principals.filter(|principal| match &principal.names {
        WrittenNames::Bare(_) => false,
        WrittenNames::Kinds(kinds) => kinds.iter().all(|(_, list)| list.items.is_empty()),
    });
    match empty.next_back() {
        Some(principal) => refuse(
            "Invalid principal in policy: com.amazon.balsa.error.InvalidPolicyException: The passed in policy has a \
             statement with no principals!",
            principal.at,
            "the list of principals is empty",
        ),
        None => Ok(()),
    }
}

/// The federated principals of an Allow.
fn providers<'w>(statement: &'w Written<'_>) -> impl Iterator<Item = &'w Text<'w>> {
    let allows = statement.effect.is_some_and(|effect| effect.value == "Allow");
    let kinds = match statement.principal.as_ref().map(|principal| &principal.names) {
        Some(WrittenNames::Kinds(kinds)) if allows => kinds.as_slice(),
        _ => &[],
    };
    kinds.iter().filter(|(kind, _)| kind.value == "Federated").flat_map(|(_, list)| &list.items)
}

fn tests_key<'w>(statement: &'w Written<'_>, key: &str) -> Option<&'w WrittenCondition<'w>> {
    statement.conditions.iter().find(|condition| condition.key.value.eq_ignore_ascii_case(key))
}

fn cognito(statement: &Written<'_>) -> Check {
    const COGNITO: &str = "cognito-identity.amazonaws.com";
    match providers(statement).find(|name| name.value == COGNITO) {
        Some(name) if tests_key(statement, "cognito-identity.amazonaws.com:aud").is_none() => refuse(
            "A condition block must be present for the Cognito provider",
            name.at,
            "the identity pool must be named by cognito-identity.amazonaws.com:aud",
        ),
        _ => Ok(()),
    }
}

/// Issuers that many customers share, and the claims or keys that tell them apart, one of which must be tested (AWS:
/// "Identity-provider controls for shared OIDC providers").
const SHARED_ISSUERS: &[(&str, &[&str])] = &[
    ("agent.buildkite.com", &["sub"]),
    ("api.pulumi.com/oidc", &["aud"]),
    ("app.terraform.io", &["sub"]),
    ("gitlab.com", &["sub"]),
    ("oidc-configuration.audit-log.githubusercontent.com", &["sub"]),
    ("oidc.codefresh.io", &["sub"]),
    ("oidc.op1.openshiftapps.com/2c51blsaqa9gkjt0o9rt11mle8mmropu", &["sub"]),
    ("oidc.op1.openshiftapps.com/2f785sojlpb85i7402pk3qogugim5nfb", &["sub"]),
    ("oidc.vercel.com", &["aud"]),
    ("proidc.upbound.io", &["sub"]),
    ("rh-oidc.s3.us-east-1.amazonaws.com/22ejnvnnturfmt6km08idd0nt4hekbn7", &["sub"]),
    ("rh-oidc.s3.us-east-1.amazonaws.com/23e3sd27sju1hoou6ohfs68vbno607tr", &["sub"]),
    ("rh-oidc.s3.us-east-1.amazonaws.com/23ne21h005qjl3n33d8dui5dlrmv2tmg", &["sub"]),
    ("rh-oidc.s3.us-east-1.amazonaws.com/24jrf12m5dj7ljlfb4ta2frhrcoadm26", &["sub"]),
    ("sandboxes.cloud", &["aud"]),
    ("scalr.io", &["sub"]),
    ("studio.datachain.ai/api", &["sub"]),
    ("sts.windows.net/33e01921-4d64-4f8c-a055-5bdaffd5e33d", &["sts:RoleSessionName"]),
    ("token.actions.githubusercontent.com", &["sub", "job_workflow_ref"]),
    ("tokens.cloud.shisho.dev", &["sub"]),
    ("vstoken.actions.githubusercontent.com", &["sub"]),
];

fn shared_issuers(statement: &Written<'_>) -> Check {
    providers(statement).try_for_each(|name| {
        let host = name.value.split_once(":oidc-provider/").map_or("", |(_, host)| host);
        let Some((_, claims)) = SHARED_ISSUERS.iter().find(|(issuer, _)| *issuer == host) else { return Ok(()) };
        let key = |claim: &str| if claim.contains(':') { claim.to_owned() } else { format!("{host}:{claim}") };
        let is_narrowed = |claim: &&str| {
            tests_key(statement, &key(claim)).is_some_and(|condition| {
                let open = |value: &Text<'_>| value.value.bytes().all(|byte| matches!(byte, b'*' | b'?'));
                !condition.operator.negated && !condition.values.iter().any(open)
            })
        };
        if claims.iter().any(is_narrowed) {
            return Ok(());
        }
        // Where several would do, AWS names the first.
        let key = key(claims.first().copied().unwrap_or_default());
        refuse(
            format!("Missing or insufficient condition on {key} for the shared OIDC provider {host}"),
            name.at,
            format!("anyone may have a token of {host}; a condition on {key} must say whose are trusted"),
        )
    })
}
