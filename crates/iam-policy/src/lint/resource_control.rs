//! Resource control policies: they deny, to everyone, actions of the services that support them (AWS: "RCP syntax").

use super::structure::Elements;
use super::{Code, Linter};
use crate::decide::organization::supports_resource_control;
use crate::document::json::{Node, Value};

impl<'n> Linter<'_> {
    pub(super) fn resource_control(&mut self, elements: &Elements<'n>) {
        if let Some((negated, node)) = elements.either("Principal", "NotPrincipal") {
            let everyone = matches!(&node.value, Value::String(text) if text == "*");
            if negated || !everyone {
                let message = "the Principal of an RCP is \"*\"; conditions say whom the statement is about";
                self.report(Code::RcpSyntaxErrorPrincipal, node.start, message);
            }
        }
        if let Some(node) = elements.get("NotAction") {
            self.report(Code::RcpSyntaxErrorNotAction, node.start, "an RCP knows no NotAction; name the actions");
        }
        if let Some(effect) = elements.get("Effect").filter(|_| elements.allows()) {
            if !self.is_full_access(elements) {
                let message = "an RCP only denies; what allows is RCPFullAWSAccess, which is attached everywhere";
                self.report(Code::RcpSyntaxErrorAllow, effect.start, message);
            }
            return;
        }
        let Some(node) = elements.get("Action") else { return };
        for (at, action) in self.strings("Action", node) {
            let service = action.split(':').next().unwrap_or_default().to_ascii_lowercase();
            if !supports_resource_control(&service) {
                let message = format!("{action:?}: RCPs are about actions of services that support them");
                self.report(Code::RcpSyntaxErrorAction, at, message);
            }
        }
    }

    /// `RCPFullAWSAccess`.
    fn is_full_access(&mut self, elements: &Elements<'n>) -> bool {
        let mut is_everything = |name: &str| {
            let listed = elements.get(name).map(|node: &'n Node<'n>| self.strings(name, node)).unwrap_or_default();
            !listed.is_empty() && listed.iter().all(|(_, text)| *text == "*")
        };
        is_everything("Action") && is_everything("Resource") && elements.get("Condition").is_none()
    }
}
