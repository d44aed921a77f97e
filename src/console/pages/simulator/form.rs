//! What the simulator is asked: the form, and the parameters that it makes.

use iam_policy::lint::{ValueKind, key_type};

use crate::catalogue::KnownServices;
use crate::console::visit::Sent;

/// The types of context keys that the simulator knows.
pub const TYPES: &[&str] = &[
    "string",
    "stringList",
    "numeric",
    "numericList",
    "boolean",
    "booleanList",
    "ip",
    "ipList",
    "binary",
    "binaryList",
    "date",
    "dateList",
];

/// A context key with its values.
pub struct Key {
    /// The key.
    pub name: String,
    /// One of [`TYPES`].
    pub kind: String,
    /// Those of a list with commas between them.
    pub values: String,
}

impl Key {
    /// A key that the policies ask for, without a value.
    pub fn wanted(name: &str) -> Self {
        Self { name: name.to_owned(), kind: type_of(name).to_owned(), values: String::new() }
    }
}

/// The form.
pub struct Scenario {
    /// The ARN of a user, group or role; empty for the policies alone.
    pub principal: String,
    /// A policy besides those of the principal, or in place of them.
    pub policy: String,
    /// A permissions boundary in place of the principal's own.
    pub boundary: String,
    /// The actions.
    pub actions: Vec<String>,
    /// The ARNs of the resources; none for any.
    pub resources: Vec<String>,
    /// The condition keys, also those without values.
    pub keys: Vec<Key>,
}

impl Scenario {
    /// What was sent.
    pub fn read(sent: &Sent) -> Self {
        let text = |name| sent.field(name).trim().replace("\r\n", "\n");
        let numbers = sent.fields.iter().filter_map(|(name, _)| name.strip_prefix("key.")?.strip_suffix(".name"));
        let keys = numbers.filter_map(|number| {
            let part = |part: &str| sent.field(&format!("key.{number}.{part}")).trim();
            let name = part("name").to_owned();
            let kind = TYPES.iter().find(|kind| **kind == part("type")).copied().unwrap_or_else(|| type_of(&name));
            (!name.is_empty()).then(|| Key { kind: kind.to_owned(), values: part("values").to_owned(), name })
        });
        Self {
            principal: text("principal"),
            policy: text("policy"),
            boundary: text("boundary"),
            actions: lines(sent.field("actions")),
            resources: lines(sent.field("resources")),
            keys: keys.collect(),
        }
    }

    /// The operation that simulates it.
    pub fn operation(&self) -> &'static str {
        if self.principal.is_empty() { "SimulateCustomPolicy" } else { "SimulatePrincipalPolicy" }
    }

    /// The operation that finds the context keys of the policies, with its parameters; `None` if there are none.
    pub fn keys_inquiry(&self) -> Option<(&'static str, Vec<(String, String)>)> {
        let policies = self.policies();
        match self.principal.is_empty() {
            true if policies.is_empty() => None,
            true => Some(("GetContextKeysForCustomPolicy", policies)),
            false => Some(("GetContextKeysForPrincipalPolicy", policies)),
        }
    }

    /// The parameters of the operation.
    pub fn parameters(&self) -> Vec<(String, String)> {
        let mut parameters = self.policies();
        if !self.boundary.is_empty() {
            parameters.push(("PermissionsBoundaryPolicyInputList.member.1".to_owned(), self.boundary.clone()));
        }
        parameters.extend(numbered("ActionNames.member", self.actions.iter().cloned()));
        parameters.extend(numbered("ResourceArns.member", self.resources.iter().cloned()));
        let given = self.keys.iter().filter(|key| !key.values.is_empty());
        for (number, key) in (1..).zip(given) {
            let entry = format!("ContextEntries.member.{number}");
            parameters.push((format!("{entry}.ContextKeyName"), key.name.clone()));
            parameters.push((format!("{entry}.ContextKeyType"), key.kind.clone()));
            let values: Vec<String> = match key.kind.ends_with("List") {
                true => key.values.split(',').map(|value| value.trim().to_owned()).collect(),
                false => vec![key.values.clone()],
            };
            parameters.extend(numbered(&format!("{entry}.ContextKeyValues.member"), values));
        }
        parameters.push(("MaxItems".to_owned(), "1000".to_owned()));
        parameters
    }

    /// The parameters for the policies.
    fn policies(&self) -> Vec<(String, String)> {
        let mut parameters = Vec::new();
        if !self.principal.is_empty() {
            parameters.push(("PolicySourceArn".to_owned(), self.principal.clone()));
        }
        if !self.policy.is_empty() {
            parameters.push(("PolicyInputList.member.1".to_owned(), self.policy.clone()));
        }
        parameters
    }
}

fn numbered(name: &str, values: impl IntoIterator<Item = String>) -> Vec<(String, String)> {
    (1..).zip(values).map(|(number, value)| (format!("{name}.{number}"), value)).collect()
}

/// The lines of a text, or what has commas between it, each once.
fn lines(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for part in text.split(['\n', '\r', ',']).map(str::trim).filter(|part| !part.is_empty()) {
        if !found.iter().any(|known| known == part) {
            found.push(part.to_owned());
        }
    }
    found
}

/// The type of a context key, as the reference has it; a text if it does not know the key.
fn type_of(name: &str) -> &'static str {
    let Some(known) = key_type(name, &KnownServices) else { return "string" };
    match (known.values, known.multivalued) {
        (ValueKind::Number, false) => "numeric",
        (ValueKind::Number, true) => "numericList",
        (ValueKind::Bool, false) => "boolean",
        (ValueKind::Bool, true) => "booleanList",
        (ValueKind::Ip, false) => "ip",
        (ValueKind::Ip, true) => "ipList",
        (ValueKind::Date, false) => "date",
        (ValueKind::Date, true) => "dateList",
        (ValueKind::Arn | ValueKind::Text, false) => "string",
        (ValueKind::Arn | ValueKind::Text, true) => "stringList",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_the_types_of_the_reference() {
        for (key, kind) in [
            ("aws:MultiFactorAuthPresent", "boolean"),
            ("AWS:sourceip", "ip"),
            ("aws:PrincipalTag/team", "string"),
            ("aws:TagKeys", "stringList"),
            ("s3:max-keys", "numeric"),
            ("ours:Key", "string"),
            ("nothing", "string"),
        ] {
            assert_eq!(type_of(key), kind, "{key}");
        }
    }

    #[test]
    fn values_of_lists_have_commas_between_them() {
        let key = |kind: &str, values: &str| Key {
            name: "aws:Key".to_owned(),
            kind: kind.to_owned(),
            values: values.to_owned(),
        };
        let scenario = Scenario {
            principal: String::new(),
            policy: "{}".to_owned(),
            boundary: String::new(),
            actions: lines("iam:GetUser\r\niam:ListUsers, iam:GetUser"),
            resources: lines(" \n"),
            keys: vec![key("string", "a,b"), key("string", ""), key("stringList", "a, b")],
        };
        let parameters = scenario.parameters();
        let value = |name: &str| parameters.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str());
        assert_eq!(value("ActionNames.member.2"), Some("iam:ListUsers"));
        assert_eq!(value("ActionNames.member.3"), None);
        assert_eq!(value("ContextEntries.member.1.ContextKeyValues.member.1"), Some("a,b"));
        assert_eq!(value("ContextEntries.member.2.ContextKeyValues.member.2"), Some("b"));
        assert_eq!((value("ResourceArns.member.1"), scenario.operation()), (None, "SimulateCustomPolicy"));
    }
}
