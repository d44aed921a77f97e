//! The permissions that a delegation request asks for: from a policy template and its parameters to a policy.

use aws_reference::service_authorization;

use crate::call::{AccountRef, Context};
use crate::error::{Error, Result};
use crate::identity::Standing;
use iam_policy::{Action, Decision, Effect, Failure, Grammar, Policy, WrittenStatement};

/// A policy that was accepted when its request was made.
pub fn compiled(policy: &str) -> Result<Policy> {
    Policy::parse(policy, Grammar::Session).map_err(Error::internal)
}

/// The boundaries that roles must have which the policy allows to be created.
pub fn role_boundaries(policy: &Policy) -> Vec<String> {
    let Some(create) = Action::parse("iam:CreateRole") else { return Vec::new() };
    let mut boundaries = Vec::new();
    for (statement, written) in policy.statements().iter().zip(policy.written()) {
        if statement.effect == Effect::Allow && statement.covers(&create) {
            let keys = written.conditions.into_iter();
            let of_boundaries = keys.filter(|condition| condition.key.eq_ignore_ascii_case("iam:PermissionsBoundary"));
            boundaries.extend(of_boundaries.flat_map(|condition| condition.values));
        }
    }
    boundaries.sort_unstable();
    boundaries.dedup();
    boundaries
}

/// Whether a caller may do what a request asks for (`permissionCheckResultType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum PermissionCheck {
    /// All of it.
    Allowed,
    /// Perhaps: it depends on conditions.
    Unsure,
    /// Not all of it.
    Denied,
}

/// Compares what a policy allows with what the caller may do. A pattern in the policy is covered by the same or a wider
/// pattern of the caller's, or action by action.
///
/// # Errors
/// `InvalidClientTokenId` when the caller is gone.
pub fn check(cx: &Context<'_, impl AccountRef>, policy: &Policy) -> Result<PermissionCheck> {
    let own = cx.account_of(cx.caller.account).ok_or_else(|| Error::internal("the caller's account is gone"))?;
    let standing = Standing::of(cx.caller, own)?;
    let context = standing.keys(cx.facts).into_iter().collect();
    let account = own.id.to_string();
    let judge = Judge { standing: &standing, context: &context, account: &account };
    let asked = policy.statements().iter().zip(policy.written());
    let allowed = asked.filter(|(statement, _)| statement.effect == Effect::Allow);
    Ok(allowed.map(|(_, written)| judge.statement(&written)).max().unwrap_or(PermissionCheck::Allowed))
}

struct Judge<'j> {
    standing: &'j Standing<'j>,
    context: &'j iam_policy::Context<'j>,
    account: &'j str,
}

impl Judge<'_> {
    fn statement(&self, asked: &WrittenStatement) -> PermissionCheck {
        // What is asked for by exclusion is as good as everything.
        let everything = ["*".to_owned()];
        let actions = if asked.not_action { &everything } else { asked.actions.as_slice() };
        let resources = if asked.not_resource { &everything } else { asked.resources.as_slice() };
        let pairs = actions.iter().flat_map(|action| resources.iter().map(move |resource| (action, resource)));
        pairs.map(|(action, resource)| self.pattern(action, resource)).max().unwrap_or(PermissionCheck::Allowed)
    }

    fn pattern(&self, action: &str, resource: &str) -> PermissionCheck {
        let whole = if action == "*" { "*:*" } else { action };
        let Some(whole) = Action::parse(whole) else { return PermissionCheck::Unsure };
        let said = self.action(&whole, resource);
        let has_wildcard = action.contains(['*', '?']);
        match service_authorization::service(whole.service()).filter(|_| has_wildcard) {
            Some(service) if said != PermissionCheck::Allowed => {
                let one = |name: &str| Action::parse(&format!("{}:{name}", service.prefix));
                let matching = matching_actions(action, service.actions.iter().filter_map(|found| one(&found.name)));
                matching.iter().map(|action| self.action(action, resource)).max().unwrap_or(said)
            }
            _ => said,
        }
    }

    fn action(&self, action: &Action, resource: &str) -> PermissionCheck {
        let request = iam_policy::Request::new(self.standing.principal(), action, resource, self.context);
        // Only the caller's side is asked: a resource's policy says the same to all who act in the caller's name.
        let request = request.owned_by(self.account);
        let explanation = iam_policy::explain(&request, &self.standing.layers());
        let near = || explanation.layers.iter().flat_map(|report| &report.near);
        let is_condition = |failure: &Failure| matches!(failure, Failure::Condition { .. });
        let by_condition =
            |effect| near().any(|miss| miss.statement.effect == effect && miss.failures.iter().all(is_condition));
        match explanation.decision {
            _ if self.standing.lost => PermissionCheck::Denied,
            Decision::Allow { .. } if by_condition(Effect::Deny) => PermissionCheck::Unsure,
            Decision::Allow { .. } => PermissionCheck::Allowed,
            Decision::ImplicitDeny { .. } if by_condition(Effect::Allow) => PermissionCheck::Unsure,
            Decision::ImplicitDeny { .. } | Decision::ExplicitDeny { .. } => PermissionCheck::Denied,
        }
    }
}

/// The actions that a pattern means.
fn matching_actions(pattern: &str, actions: impl Iterator<Item = Action>) -> Vec<Action> {
    let document = serde_json::json!({"Statement": {"Effect": "Allow", "Action": pattern, "Resource": "*"}});
    let Ok(policy) = Policy::parse(&document.to_string(), Grammar::Session) else { return Vec::new() };
    let Some(statement) = policy.statements().first() else { return Vec::new() };
    actions.filter(|action| statement.covers(action)).collect()
}
