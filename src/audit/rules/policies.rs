//! Rules about what policies say. Conditions do not matter: AWS Config does not look at them.

use std::collections::BTreeMap;

use aws_reference::service_authorization;
use iam_policy::{Action, Effect, Grammar, Policy, Statement, WrittenStatement};
use serde_json::json;

use super::entities::{aws_document, is_boundary};
use super::{Examination, Offender, Verdict, command};
use crate::account::{Compiled, Managed, ManagedPolicy};

/// The statements that allow something, compiled and as written.
fn allowing(policy: &Policy) -> Vec<(&Statement, WrittenStatement)> {
    let statements = policy.statements().iter().zip(policy.written());
    statements.filter(|(statement, _)| statement.effect == Effect::Allow).collect()
}

fn names_everything(texts: &[String]) -> bool {
    texts.iter().any(|text| text == "*" || text == "*:*")
}

/// `Allow`, all actions, all resources.
fn gives_admin(policy: &Policy) -> bool {
    allowing(policy).iter().any(|(_, written)| {
        let (actions, resources) = (!written.not_action, !written.not_resource);
        actions && resources && names_everything(&written.actions) && names_everything(&written.resources)
    })
}

/// `Allow` and all actions of some service, on whatever resources.
fn gives_full_service(policy: &Policy) -> bool {
    allowing(policy).iter().any(|(_, written)| {
        let is_full = |action: &String| action.ends_with(":*") || action == "*";
        !written.not_action && written.actions.iter().any(is_full)
    })
}

impl Examination<'_> {
    /// The customer-managed policies whose version in force is what is sought, each an offender.
    fn customer_managed(&self, reason: &str, is_sought: impl Fn(&Policy) -> bool) -> Verdict {
        let excludes_boundaries = self.values.flag("excludePermissionBoundaryPolicy");
        let policies = self.account().policies.iter().filter(|policy| {
            let compiled = policy.default().map(|version| version.document.compiled());
            let is_bad = compiled.is_some_and(|compiled| compiled.is_ok_and(|policy| is_sought(&policy)));
            is_bad && !(excludes_boundaries && is_boundary(self, policy))
        });
        let offender = |policy: &ManagedPolicy| {
            let arn = self.arn(policy);
            let template =
                "aws iam create-policy-version --policy-arn {} --policy-document file://POLICY.json --set-as-default";
            Offender::new(arn.clone(), reason, command(template, [&arn]))
        };
        policies.map(|policy| offender(policy)).collect::<Vec<_>>().into()
    }
}

pub(super) fn give_no_admin(x: &Examination<'_>) -> Verdict {
    x.customer_managed("it allows everything", gives_admin)
}

pub(super) fn give_no_full_service(x: &Examination<'_>) -> Verdict {
    x.customer_managed("it allows all actions of a service", gives_full_service)
}

/// CIS counts AWS's policies as well, and only those that are attached.
pub(super) fn attached_give_no_admin(x: &Examination<'_>) -> Verdict {
    let arns = x.holders().flat_map(|holder| holder.permissions.attached.clone());
    let compiled = |arn: &str| -> Option<Compiled> {
        match x.account().managed_policy(arn)? {
            Managed::Customer(policy) => policy.default().map(|version| version.document.compiled()),
            Managed::Aws(_) => {
                let document = aws_document(arn)?;
                Some(Policy::parse(&document, Grammar::Identity).map(Into::into).map_err(Into::into))
            }
        }
    };
    let mut is_admin: BTreeMap<String, bool> = BTreeMap::new();
    for arn in arns {
        is_admin.entry(arn).or_insert_with_key(|arn| {
            compiled(arn).is_some_and(|policy| policy.is_ok_and(|policy| gives_admin(&policy)))
        });
    }
    x.attached(|_, policy| is_admin.get(policy) == Some(&true))
}

/// The actions of KMS that the rule's parameter blocks.
fn blocked_actions(x: &Examination<'_>) -> Result<Vec<Action>, String> {
    let patterns = x.values.list("blockedActionsPatterns");
    let statement = json!({"Effect": "Allow", "Action": patterns, "Resource": "*"});
    let text = json!({"Version": "2012-10-17", "Statement": statement}).to_string();
    let policy = Policy::parse(&text, Grammar::Identity).map_err(|invalid| invalid.message)?;
    let known = service_authorization::service("kms");
    let actions = known.iter().flat_map(|service| &service.actions);
    let actions = actions.filter_map(|action| Action::parse(&format!("kms:{}", action.name)));
    let is_blocked = |action: &Action| policy.statements().iter().any(|statement| statement.covers(action));
    let blocked: Vec<Action> = actions.filter(is_blocked).collect();
    if blocked.is_empty() { Err("the patterns match no action of KMS".to_owned()) } else { Ok(blocked) }
}

fn allows_on_all_keys(policy: &Policy, actions: &[Action]) -> bool {
    allowing(policy).iter().any(|(statement, written)| {
        let all_keys = written.not_resource || written.resources.iter().any(|resource| means_all_keys(resource));
        all_keys && actions.iter().any(|action| statement.covers(action))
    })
}

/// All keys of an account and region, or more.
fn means_all_keys(resource: &str) -> bool {
    let mut parts = resource.splitn(6, ':').skip(2);
    let is_kms = parts.next().is_some_and(|service| service == "kms" || service == "*");
    resource == "*" || (is_kms && parts.nth(2).is_some_and(|resource| resource == "*" || resource == "key/*"))
}

const ALLOWS_BLOCKED: &str = "it allows blocked actions on all keys";

pub(super) fn managed_allow_no_blocked_kms(x: &Examination<'_>) -> Verdict {
    match blocked_actions(x) {
        Ok(actions) => x.customer_managed(ALLOWS_BLOCKED, |policy| allows_on_all_keys(policy, &actions)),
        Err(reason) => Verdict::NotApplicable(reason),
    }
}

pub(super) fn inline_allow_no_blocked_kms(x: &Examination<'_>) -> Verdict {
    let actions = match blocked_actions(x) {
        Ok(actions) => actions,
        Err(reason) => return Verdict::NotApplicable(reason),
    };
    let offenders = x.holders().flat_map(|holder| {
        let inline = holder.permissions.inline.iter();
        let bad =
            inline.filter(|(_, policy)| policy.compiled().is_ok_and(|policy| allows_on_all_keys(&policy, &actions)));
        bad.map(|(name, _)| holder.offends_by_inline(name)).collect::<Vec<_>>()
    });
    offenders.collect::<Vec<_>>().into()
}
