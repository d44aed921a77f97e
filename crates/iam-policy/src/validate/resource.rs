//! The grammar of resource policies and VPC endpoint policies, in the words of the trust policies' validator.

use super::{Check, element, principal, refuse, trust};
use crate::document::{Document, Written};

pub(super) const SYNTAX: &str = "Syntax error in policy.";

/// `principal_required`: endpoint policies may leave it out, and then mean everyone.
pub(super) fn check(document: &Document<'_>, principal_required: bool) -> Check {
    let statements = &document.statements;
    trust::frame(document, "The Statement Ids in the policy are not unique")?;
    statements.iter().try_for_each(trust::effect)?;
    statements.iter().try_for_each(|statement| trust::some_principal(statement, principal_required))?;
    statements.iter().try_for_each(one_of_each)?;
    statements.iter().try_for_each(trust::some_action)?;
    statements.iter().flat_map(Written::actions).try_for_each(element::action)?;
    statements.iter().try_for_each(no_empty_resource)?;
    statements.iter().flat_map(Written::resources).try_for_each(|text| {
        element::is_arn_of(text, None)?;
        element::resource(text, false)
    })?;
    let principals = statements.iter().flat_map(|statement| [&statement.principal, &statement.not_principal]).flatten();
    principals.into_iter().try_for_each(principal::check)?;
    statements.iter().try_for_each(trust::no_empty_list)?;
    statements.iter().try_for_each(|statement| element::values(statement, SYNTAX))
}

/// An element may be left out; but what lists nothing is about nothing, and a Deny would be lost.
fn no_empty_resource(statement: &Written<'_>) -> Check {
    let lists = [&statement.resource, &statement.not_resource];
    match lists.into_iter().flatten().find(|list| list.items.is_empty()) {
        Some(list) => refuse(SYNTAX, list.at, "the list of resources is empty"),
        None => Ok(()),
    }
}

/// A statement has an element or its negation.
pub(super) fn one_of_each(statement: &Written<'_>) -> Check {
    let both = [
        ("Action", statement.action.is_some() && statement.not_action.is_some()),
        ("Resource", statement.resource.is_some() && statement.not_resource.is_some()),
        ("Principal", statement.principal.is_some() && statement.not_principal.is_some()),
    ];
    match both.iter().find(|(_, both)| *both) {
        Some((element, _)) => {
            let detail = format!("a statement has {element} or Not{element}, not both");
            refuse(SYNTAX, statement.start, detail)
        }
        None => Ok(()),
    }
}
