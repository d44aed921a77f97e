//! The grammar of resource control policies.

use super::{Check, is_filled, refuse, resource};
use crate::decide::organization::supports_resource_control;
use crate::document::{Document, Text, Written, WrittenNames};

/// They deny, to everyone, actions of the services that support them (AWS: "RCP syntax").
pub(super) fn check_resource_control(document: &Document<'_>) -> Check {
    resource::check(document, true)?;
    document.statements.iter().try_for_each(statement)
}

fn statement(statement: &Written<'_>) -> Check {
    const MESSAGE: &str = "The provided policy document does not meet the requirements of the specified policy type.";
    let principal = statement.principal.as_ref();
    let everyone = principal.is_some_and(|principal| match &principal.names {
        WrittenNames::Bare(text) => text.value == "*",
        WrittenNames::Kinds(_) => false,
    });
    if !everyone {
        return refuse(MESSAGE, statement.start, "Principal must be \"*\"; conditions say whom the policy is about");
    }
    if let Some(list) = &statement.not_action {
        return refuse(MESSAGE, list.at, "NotAction is not supported");
    }
    if !is_filled(&statement.resource) && !is_filled(&statement.not_resource) {
        return refuse(MESSAGE, statement.start, "the statement names no resource");
    }
    if is_full_access(statement) {
        return Ok(());
    }
    if let Some(effect) = statement.effect.filter(|effect| effect.value != "Deny") {
        return refuse(MESSAGE, effect.at, "Effect must be Deny");
    }
    match statement.actions().find(|action| !is_supported(action)) {
        Some(action) => refuse(MESSAGE, action.at, format!("{:?}: the service does not support RCPs", action.value)),
        None => Ok(()),
    }
}

/// `RCPFullAWSAccess`, which AWS attaches everywhere.
fn is_full_access(statement: &Written<'_>) -> bool {
    let is_everything = |text: &Text<'_>| text.value == "*";
    statement.effect.is_some_and(|effect| effect.value == "Allow")
        && statement.conditions.is_empty()
        && statement.actions().all(is_everything)
        && statement.resource.as_ref().is_some_and(|list| list.items.iter().all(is_everything))
}

fn is_supported(action: &Text<'_>) -> bool {
    let service = action.value.split(':').next().unwrap_or_default();
    supports_resource_control(&service.to_ascii_lowercase())
}
