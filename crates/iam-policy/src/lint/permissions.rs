//! What a statement allows that is dangerous: passing any role, making any service-linked role.

use super::structure::Elements;
use super::{Code, Linter};
use crate::Grammar;
use crate::document::json::Node;

/// A dangerous action and the codes for the ways to allow it on everything.
struct Dangerous {
    action: &'static str,
    /// The action itself, on `*`.
    star_in_resource: Code,
    /// A pattern for it, on `*`.
    star_in_action_and_resource: Code,
    /// By NotAction, on `*`.
    star_in_resource_and_not_action: Code,
    not_resource: Code,
    star_in_action_and_not_resource: Code,
    not_action_and_not_resource: Code,
    advice: &'static str,
}

const DANGEROUS: &[Dangerous] = &[
    Dangerous {
        action: "iam:PassRole",
        star_in_resource: Code::PassRoleWithStarInResource,
        star_in_action_and_resource: Code::PassRoleWithStarInActionAndResource,
        star_in_resource_and_not_action: Code::PassRoleWithStarInResourceAndNotAction,
        not_resource: Code::PassRoleWithNotResource,
        star_in_action_and_not_resource: Code::PassRoleWithStarInActionAndNotResource,
        not_action_and_not_resource: Code::PassRoleWithNotActionAndNotResource,
        advice: "any role can be passed to any service, and its permissions gained; name the roles, or test \
            iam:PassedToService",
    },
    Dangerous {
        action: "iam:CreateServiceLinkedRole",
        star_in_resource: Code::CreateSlrWithStarInResource,
        star_in_action_and_resource: Code::CreateSlrWithStarInActionAndResource,
        star_in_resource_and_not_action: Code::CreateSlrWithStarInResourceAndNotAction,
        not_resource: Code::CreateSlrWithNotResource,
        star_in_action_and_not_resource: Code::CreateSlrWithStarInActionAndNotResource,
        not_action_and_not_resource: Code::CreateSlrWithNotActionAndNotResource,
        advice: "service-linked roles of any service can be made; name the roles, or test iam:AWSServiceName",
    },
];

/// How a list of actions covers one.
enum Covered {
    Itself,
    ByPattern,
    ByNotAction,
}

impl<'n> Linter<'_> {
    pub(super) fn permissions(&mut self, elements: &Elements<'n>) {
        // A service control policy limits; what it allows it does not grant.
        let grants = !self.grammar.names_principals() && self.grammar != Grammar::ServiceControl;
        if !elements.allows() || !grants || elements.get("Condition").is_some() {
            return;
        }
        let Some(action) = elements.either("Action", "NotAction") else { return };
        let Some((not_resource, resource)) = elements.either("Resource", "NotResource") else { return };
        let open = not_resource || self.strings("Resource", resource).iter().any(|(_, text)| is_open(text));
        if !open {
            return;
        }
        for dangerous in DANGEROUS {
            if let Some((at, covered)) = self.covers(action, dangerous.action) {
                let code = match (covered, not_resource) {
                    (Covered::Itself, false) => dangerous.star_in_resource,
                    (Covered::ByPattern, false) => dangerous.star_in_action_and_resource,
                    (Covered::ByNotAction, false) => dangerous.star_in_resource_and_not_action,
                    (Covered::Itself, true) => dangerous.not_resource,
                    (Covered::ByPattern, true) => dangerous.star_in_action_and_not_resource,
                    (Covered::ByNotAction, true) => dangerous.not_action_and_not_resource,
                };
                self.report(code, at, format!("{} is allowed: {}", dangerous.action, dangerous.advice));
            }
        }
    }

    /// Where and how actions cover one.
    fn covers(&mut self, (negated, node): (bool, &'n Node<'n>), action: &str) -> Option<(usize, Covered)> {
        use crate::action::{Action, ActionSet};
        let action = Action::parse(action)?;
        let listed = self.strings("Action", node);
        let found = listed.iter().find(|(_, text)| ActionSet::new([*text]).contains(&action));
        match (negated, found) {
            (true, None) => Some((node.start, Covered::ByNotAction)),
            (false, Some((at, text))) if text.contains(['*', '?']) => Some((*at, Covered::ByPattern)),
            (false, Some((at, _))) => Some((*at, Covered::Itself)),
            _ => None,
        }
    }
}

/// Whether a resource pattern takes in every role of an account.
fn is_open(resource: &str) -> bool {
    resource == "*" || resource.ends_with(":role/*") || resource.ends_with(":*") && resource.starts_with("arn:")
}
