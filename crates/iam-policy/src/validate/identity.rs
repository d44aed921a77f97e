//! The grammar of policies without principals: managed and inline policies, session policies, SCPs.

use super::element::{action, has_service, is_arn_of, resource, values};
use super::{Check, duplicate_sid, is_filled, refuse};
use crate::document::{Document, Written};

const SYNTAX: &str = "Syntax errors in policy.";
const LEGACY: &str = "The policy failed legacy parsing";

/// `managed`: the version must be the current one; `bare`: no white space is before the document; `partition`: that
/// of the account that is to take the document. As observed at AWS, resources are judged before actions, except for
/// actions without a service, which come even before missing resources.
pub(super) fn check(document: &Document<'_>, managed: bool, bare: bool, partition: Option<&str>) -> Check {
    let statements = &document.statements;
    syntax(document)?;
    version(document, managed)?;
    legacy(document, bare)?;
    sids(document)?;
    statements.iter().try_for_each(no_principal)?;
    statements.iter().try_for_each(some_action)?;
    statements.iter().flat_map(Written::actions).try_for_each(has_service)?;
    statements.iter().try_for_each(some_resource)?;
    statements.iter().try_for_each(|statement| resources(statement, partition))?;
    statements.iter().flat_map(Written::actions).try_for_each(action)
}

/// The first resource that is none gives the words.
fn resources(statement: &Written<'_>, partition: Option<&str>) -> Check {
    statement.resources().try_for_each(|text| {
        is_arn_of(text, partition)?;
        // Fewer parts than an ARN has, though an empty one among them.
        let parts = text.value.split(':').count();
        if text.value.contains("::") && parts < 6 {
            return refuse(LEGACY, text.at, format!("{:?} has fewer than the six parts of an ARN", text.value));
        }
        let has_no_service = parts == 6 && text.value.split(':').nth(2).is_some_and(str::is_empty);
        if statement.not_action.is_some() && has_no_service {
            return refuse(LEGACY, text.at, format!("the service is missing in {:?}", text.value));
        }
        resource(text, partition.is_some())
    })
}

fn syntax(document: &Document<'_>) -> Check {
    if let Some(version) = document.version.filter(|version| !["2012-10-17", "2008-10-17"].contains(&version.value)) {
        return refuse(SYNTAX, version.at, format!("{:?} is no version; use \"2012-10-17\"", version.value));
    }
    if document.statements.is_empty() {
        return refuse(SYNTAX, 0, "the policy has no statement");
    }
    document.statements.iter().try_for_each(|statement| {
        let Some(effect) = statement.effect else {
            return refuse(SYNTAX, statement.start, "the statement has no Effect");
        };
        if !["Allow", "Deny"].iter().any(|known| effect.value.eq_ignore_ascii_case(known)) {
            return refuse(SYNTAX, effect.at, format!("Effect is Allow or Deny, not {:?}", effect.value));
        }
        if let (Some(_), Some(second)) = (&statement.action, &statement.not_action) {
            return refuse(SYNTAX, second.at, "a statement has Action or NotAction, not both");
        }
        if let (Some(_), Some(second)) = (&statement.resource, &statement.not_resource) {
            return refuse(SYNTAX, second.at, "a statement has Resource or NotResource, not both");
        }
        Ok(())
    })
}

/// Managed policies, and those of organizations, are of the current version.
pub(super) fn version(document: &Document<'_>, managed: bool) -> Check {
    if managed && document.version.is_none_or(|version| version.value != "2012-10-17") {
        let at = document.version.map_or(0, |version| version.at);
        let message = "Policy document must be version 2012-10-17 or greater.";
        return refuse(message, at, "the policy needs \"Version\": \"2012-10-17\"");
    }
    Ok(())
}

/// What IAM's older parser does not read.
fn legacy(document: &Document<'_>, bare: bool) -> Check {
    if !bare {
        return refuse(LEGACY, 0, "nothing may come before the first brace");
    }
    if document.single_before_version {
        return refuse(LEGACY, 0, "a lone statement object must come after Version");
    }
    document.statements.iter().try_for_each(|statement| {
        if let Some(effect) = statement.effect.filter(|effect| !["Allow", "Deny"].contains(&effect.value)) {
            return refuse(LEGACY, effect.at, format!("Effect is Allow or Deny in this case, not {:?}", effect.value));
        }
        values(statement, LEGACY)
    })
}

/// AWS's sentence does not name the underscore, which was seen to be taken.
fn is_in_sid(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn sids(document: &Document<'_>) -> Check {
    if let Some(sid) = duplicate_sid(document) {
        let message = "Statement IDs (SID) in a single policy must be unique.";
        return refuse(message, sid.at, format!("the Sid {:?} appears twice", sid.value));
    }
    let mut sids = document.statements.iter().filter_map(|statement| statement.sid);
    match sids.find(|sid| !sid.value.bytes().all(is_in_sid)) {
        Some(sid) => refuse(
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*",
            sid.at,
            format!("{:?} has other characters", sid.value),
        ),
        None => Ok(()),
    }
}

fn no_principal(statement: &Written<'_>) -> Check {
    match statement.principal.as_ref().or(statement.not_principal.as_ref()) {
        Some(principal) => refuse(
            "Policy document should not specify a principal.",
            principal.at,
            "this kind of policy is about whom it is attached to",
        ),
        None => Ok(()),
    }
}

fn some_action(statement: &Written<'_>) -> Check {
    if is_filled(&statement.action) || is_filled(&statement.not_action) {
        return Ok(());
    }
    refuse("Policy statement must contain actions.", statement.start, "the statement names no action")
}

fn some_resource(statement: &Written<'_>) -> Check {
    if is_filled(&statement.resource) || is_filled(&statement.not_resource) {
        return Ok(());
    }
    refuse("Policy statement must contain resources.", statement.start, "the statement names no resource")
}
