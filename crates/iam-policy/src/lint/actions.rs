//! Actions: do they exist, and is each needed?

use super::structure::Elements;
use super::{Code, Linter, did_you_mean};
use crate::action::{Action, ActionSet};
use crate::pattern::{Pattern, Syntax};
use crate::validate::is_assume_action;
use crate::{Context, Grammar};

impl<'n> Linter<'_> {
    pub(super) fn actions(&mut self, elements: &Elements<'n>) {
        let Some((negated, node)) = elements.either("Action", "NotAction") else {
            return self.report(Code::MissingAction, elements.start, "the statement has neither Action nor NotAction");
        };
        if let Some(second) = elements.get("NotAction").filter(|_| !negated) {
            let message = "a statement has Action or NotAction, not both";
            self.report(Code::UnsupportedElementCombination, second.start, message);
        }
        let element = if negated { "NotAction" } else { "Action" };
        let actions = self.strings(element, node);
        if actions.is_empty() {
            self.report(Code::EmptyArrayAction, node.start, "the statement names no action, so it does nothing");
        }
        for (at, action) in &actions {
            if !self.has_variable(element, *at, action) {
                self.action(*at, action);
            }
        }
        self.redundant_actions(&actions);
    }

    fn action(&mut self, at: usize, action: &str) {
        if self.grammar == Grammar::Trust && !is_assume_action(action) {
            let message = format!("{action:?}: a trust policy is about assuming the role");
            return self.report(Code::UnsupportedActionInPolicy, at, message);
        }
        if action == "*" {
            return;
        }
        let Some((prefix, name)) = action.split_once(':') else {
            let message = format!("{action:?} is not of the form service:Action");
            return self.report(Code::InvalidAction, at, message);
        };
        if prefix.contains(['*', '?']) {
            let message = format!("{action:?}: wildcards may come after the colon, not in the service");
            return self.report(Code::InvalidServiceInAction, at, message);
        }
        let Some(service) = self.service(prefix) else {
            return self.report(Code::InvalidServiceInAction, at, format!("there is no service {prefix:?}"));
        };
        let pattern = Pattern::new(&name.to_ascii_lowercase(), Syntax { wildcards: true, variables: false });
        let context = Context::new();
        let exists = service.actions.iter().any(|action| pattern.matches(&action.to_ascii_lowercase(), &context));
        if !exists {
            let hint = did_you_mean(name, service.actions.iter().map(String::as_str));
            let message = match name.contains(['*', '?']) {
                true => format!("no action of {prefix} matches {name:?}"),
                false => format!("{prefix} has no action {name:?}{hint}"),
            };
            self.report(Code::InvalidAction, at, message);
        }
    }

    /// An action that a pattern of the same list covers. Of a pattern, its text stands for what it covers.
    fn redundant_actions(&mut self, actions: &[(usize, &str)]) {
        // More actions than a policy has room for are no list for people.
        if actions.len() > 1_000 {
            return;
        }
        let patterns = actions.iter().filter(|(_, action)| action.contains('*'));
        let patterns: Vec<_> = patterns.map(|(at, action)| (*at, *action, ActionSet::new([*action]))).collect();
        for (at, action) in actions {
            let Some(parsed) = Action::parse(action) else { continue };
            let covering = patterns.iter().find(|(other, _, set)| other != at && set.contains(&parsed));
            if let Some((_, pattern, _)) = covering.filter(|(_, pattern, _)| !pattern.eq_ignore_ascii_case(action)) {
                self.report(Code::RedundantAction, *at, format!("{action} is covered by {pattern}"));
            }
        }
    }
}
