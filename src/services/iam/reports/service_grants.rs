//! Which services policies give access to, and whose policies: what reports of service access have in common.

use aws_reference::service_authorization;

use crate::account::{Granting, Subject, identity_name};
use crate::call::{AccountRef, Context, Target};
use crate::error::{Code, Error, Result};
use crate::shapes::{ArnParts, Kind};
use iam_policy::{Action, Effect, Statement};

/// Whether a policy grants access to a service: it allows some action on resources that the service can have, known or
/// not, and does not itself deny the whole service. What other policies deny does not matter.
pub(crate) fn grants(granting: &Granting<'_>, service: &str) -> bool {
    allowing(granting, service).next().is_some()
}

/// Whether policies together allow some action that the service is known to have.
pub(crate) fn allow(granting: &[Granting<'_>], service: &str) -> bool {
    let readable = granting.iter().filter_map(|granting| granting.policy.as_ref().ok());
    let denials = readable.flat_map(|policy| policy.statements().iter()).filter(|statement| {
        statement.effect == Effect::Deny && statement.is_unconditional() && statement.concerns(service)
    });
    let denials: Vec<&Statement> = denials.collect();
    let mut allowing = granting.iter().flat_map(|granting| allowing(granting, service)).peekable();
    if allowing.peek().is_none() || denials.iter().any(|denial| denial.covers_service(service)) {
        return false;
    }
    let Some(known) = service_authorization::service(service) else { return false };
    allowing.any(|statement| {
        (denials.is_empty() && statement.covers_service(service))
            || known.actions.iter().any(|action| {
                let action = Action::parse(&format!("{service}:{}", action.name));
                action.is_some_and(|action| {
                    statement.covers(&action) && !denials.iter().any(|denial| denial.covers(&action))
                })
            })
    })
}

/// The statements by which a policy grants access to a service.
fn allowing<'g>(granting: &'g Granting<'_>, service: &'g str) -> impl Iterator<Item = &'g Statement> {
    let statements = granting.policy.as_ref().ok().map(|policy| policy.statements()).unwrap_or_default();
    let is_denied =
        statements.iter().any(|statement| statement.effect == Effect::Deny && statement.covers_service(service));
    let statements = statements.iter().filter(move |_| !is_denied);
    statements.filter(move |statement| {
        statement.effect == Effect::Allow && statement.concerns(service) && is_on_resources_of(statement, service)
    })
}

/// Some services act on resources of others, so the ARNs of all its resource types count.
fn is_on_resources_of(statement: &Statement, service: &str) -> bool {
    statement.can_be_on(service)
        || service_authorization::service(service).is_some_and(|known| {
            let arns = known.resource_types.iter().filter_map(|kind| kind.arn.split(':').nth(2));
            arns.into_iter().any(|namespace| statement.can_be_on(namespace))
        })
}

/// What the permission for a report is on: an identity, found by name, has the path that it has.
pub(crate) fn subject_target(arn: &str) -> Target<'_> {
    match identity_name(arn) {
        Ok((kind, name)) => Target::Identity(kind, name),
        Err(_) => Target::Arn(arn.into()),
    }
}

/// Whether it is the namespace of a service, which is written in lower case.
pub(crate) fn is_namespace(text: &str) -> bool {
    service_authorization::services().any(|service| service.prefix == text)
}

/// The user, group, role or managed policy that a report is to be about, by what AWS reads of its ARN: an identity's
/// path does not matter.
///
/// # Errors
/// `ValidationError` and `InvalidInput` for ARNs of other things, `AccessDenied` for other accounts', `NoSuchEntity`.
pub(crate) fn subject<'a>(cx: &'a Context<'_, impl AccountRef>, arn: &'a str) -> Result<Subject<'a>> {
    let validation = |message| Error::new(Code::ValidationError, message);
    let unclear = || {
        let message = format!("Invalid Entity Arn: {arn} does not clearly define entity type and name.");
        Error::new(Code::InvalidInput, message)
    };
    let parts = ArnParts::parse(arn).ok_or_else(unclear)?;
    if parts.resource == "root" && parts.service == "iam" {
        return Err(unsupported(arn));
    }
    let named = |kind| Some((kind, ArnParts { service: "iam", ..parts }.path_and_name(kind)?.1));
    let kinds = [Kind::User, Kind::Group, Kind::Role, Kind::Policy];
    let (kind, name) = kinds.into_iter().find_map(named).ok_or_else(unclear)?;
    if parts.partition != cx.account.id.partition().name() {
        return Err(validation("Invalid ARN partition"));
    }
    if parts.service != "iam" {
        return Err(validation("Invalid service in ARN"));
    }
    let account = &*cx.account;
    if parts.account_id() != Some(account.id) && !(kind == Kind::Policy && parts.account == "aws") {
        let caller = cx.caller.arn(account)?;
        let message = format!("User: {caller} is not authorized to perform the operation on {arn}");
        return Err(Error::new(Code::AccessDenied, message));
    }
    match kind {
        Kind::User => account.find(name).map(Subject::User),
        Kind::Group => account.find(name).map(Subject::Group),
        Kind::Role => account.find(name).map(Subject::Role),
        _ => account.subject(arn),
    }
}

/// What AWS says of ARNs of its own that an operation is not for.
pub(crate) fn unsupported(arn: &str) -> Error {
    Error::new(Code::InvalidInput, format!("Invalid Entity Arn: {arn} is not supported."))
}
