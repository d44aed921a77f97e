//! Principals: may the policy name any, and are they principals?

use super::structure::Elements;
use super::{Code, Linter, did_you_mean};
use crate::Grammar;
use crate::document::json::{Node, Value};
use crate::validate::is_principal;

const KINDS: &[&str] = &["AWS", "CanonicalUser", "Federated", "Service"];

impl<'n> Linter<'_> {
    pub(super) fn principals(&mut self, elements: &Elements<'n>) {
        let Some((negated, node)) = elements.either("Principal", "NotPrincipal") else {
            if self.grammar.names_principals() && self.grammar != Grammar::Endpoint {
                self.report(Code::MissingPrincipal, elements.start, "the statement has no Principal");
            }
            return;
        };
        if !self.grammar.names_principals() {
            let code = match self.grammar {
                Grammar::ServiceControl => Code::ScpSyntaxErrorPrincipal,
                _ => Code::UnsupportedPrincipal,
            };
            return self.report(code, node.start, "the policy is about whom it is attached to and names no principal");
        }
        if let Some(second) = elements.get("NotPrincipal").filter(|_| !negated) {
            let message = "a statement has Principal or NotPrincipal, not both";
            self.report(Code::UnsupportedElementCombination, second.start, message);
        }
        if negated && self.grammar == Grammar::Trust {
            let message = "a trust policy names whom it means, in Principal";
            self.report(Code::RoleTrustPolicySyntaxErrorNotPrincipal, node.start, message);
        } else if negated && elements.allows() {
            let message = "Allow with NotPrincipal allows everyone else, anonymous callers included";
            self.report(Code::AllowWithNotPrincipal, node.start, message);
        }
        self.principal_names(node);
        if elements.allows() && !negated {
            self.unrestricted_services(elements, node);
        }
    }

    fn principal_names(&mut self, node: &'n Node<'n>) {
        match &node.value {
            Value::String(text) if text == "*" => {}
            Value::Object(kinds) if kinds.is_empty() => {
                self.report(Code::EmptyObjectPrincipal, node.start, "the statement names no principal");
            }
            Value::Object(kinds) => {
                for member in kinds {
                    if !KINDS.contains(&&*member.key) {
                        let hint = did_you_mean(&member.key, KINDS.iter().copied());
                        let message = format!("{:?} is no kind of principal{hint}", member.key);
                        self.report(Code::InvalidPrincipalKey, member.key_start, message);
                        continue;
                    }
                    let names = self.strings(&member.key, &member.value);
                    if names.is_empty() {
                        self.report(Code::EmptyArrayPrincipal, member.value.start, "the list names no principal");
                    }
                    for (at, name) in names {
                        self.principal_name(at, &member.key, name);
                    }
                }
            }
            _ => self.report(Code::InvalidPrincipalFormat, node.start, "Principal is \"*\" or an object"),
        }
    }

    fn principal_name(&mut self, at: usize, kind: &str, name: &str) {
        if self.has_variable("Principal", at, name) {
            return;
        }
        if name != "*" && name.contains(['*', '?']) {
            let message =
                format!("{name:?}: a wildcard names no principals; test aws:PrincipalArn in a condition instead");
            return self.report(Code::UnsupportedWildcardInPrincipal, at, message);
        }
        if !is_principal(kind, name) {
            return self.report(
                Code::InvalidPrincipalFormat,
                at,
                format!("{name:?} is no principal of the kind {kind}"),
            );
        }
        // IAM shows these where it stored a principal that is deleted since.
        let unique_ids = [("AROA", Code::InvalidRoleReference, "role"), ("AIDA", Code::InvalidUserReference, "user")];
        for (prefix, code, noun) in unique_ids {
            if kind == "AWS" && name.starts_with(prefix) {
                self.report(code, at, format!("{name} is the unique id of a {noun}; write its ARN"));
            }
        }
    }

    /// A service acts for anyone who asks it to: a condition must say for whom it may (AWS: "The confused deputy
    /// problem").
    fn unrestricted_services(&mut self, elements: &Elements<'n>, node: &'n Node<'n>) {
        const SOURCE_KEYS: &[&str] = &["aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths"];
        let Value::Object(kinds) = &node.value else { return };
        let Some(member) = kinds.iter().find(|member| member.key == "Service") else { return };
        if self.grammar != Grammar::Resource {
            return;
        }
        let names_source =
            elements.condition_keys().any(|key| SOURCE_KEYS.iter().any(|source| source.eq_ignore_ascii_case(key)));
        if !names_source {
            let message = "any customer's resource may use the service to get here; test aws:SourceArn, aws:SourceAccount \
                or aws:SourceOrgID";
            self.report(Code::RestrictAccessToServicePrincipal, member.value.start, message);
        }
    }
}
