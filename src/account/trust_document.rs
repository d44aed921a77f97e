//! Trust policies as IAM keeps and shows them: IAM writes them anew, without white space, in its own order of elements,
//! a list of one as its only member. (Identity policies stay as they were given.)

use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Value>,
    statement: Statements,
}

#[derive(Serialize, Deserialize)]
#[serde(from = "OneOrMany")]
struct Statements(Vec<Statement>);

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(Statement),
    Many(Vec<Statement>),
}

impl From<OneOrMany> for Statements {
    fn from(statements: OneOrMany) -> Self {
        match statements {
            OneOrMany::One(statement) => Self(vec![statement]),
            OneOrMany::Many(statements) => Self(statements),
        }
    }
}

/// The elements in IAM's order. `NotPrincipal` and resources never get past the validator.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<Value>,
    effect: Value,
    principal: Terse,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<Terse>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_action: Option<Terse>,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<Terse>,
}

/// A value in which no list has only one member.
#[derive(Serialize, Deserialize)]
#[serde(from = "Value")]
struct Terse(Value);

impl From<Value> for Terse {
    fn from(value: Value) -> Self {
        Self(terse(value))
    }
}

fn terse(value: Value) -> Value {
    match value {
        Value::Array(mut items) if items.len() == 1 => items.pop().unwrap_or_default(),
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, terse(value))).collect(),
        other => other,
    }
}

/// The document as IAM writes it; only for documents that the validator has accepted.
///
/// # Errors
/// When the text is no trust policy.
pub(super) fn rewrite(text: &str) -> serde_json::Result<String> {
    serde_json::to_string(&serde_json::from_str::<Document>(text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_iams_and_lists_of_one_are_no_lists() {
        let given = r#"{
            "Statement": {
                "Action": ["sts:AssumeRole"],
                "Condition": {"StringEquals": {"sts:ExternalId": ["x y"], "aws:PrincipalOrgID": ["o-1", "o-2"]}},
                "Principal": {"Service": ["ec2.amazonaws.com"], "AWS": ["111122223333", "444455556666"]},
                "Effect": "Allow", "Sid": ""
            },
            "Version": "2012-10-17"
        }"#;
        let shown = concat!(
            r#"{"Version":"2012-10-17","Statement":[{"Sid":"","Effect":"Allow","#,
            r#""Principal":{"AWS":["111122223333","444455556666"],"Service":"ec2.amazonaws.com"},"#,
            r#""Action":"sts:AssumeRole","#,
            r#""Condition":{"StringEquals":{"aws:PrincipalOrgID":["o-1","o-2"],"sts:ExternalId":"x y"}}}]}"#,
        );
        assert_eq!(rewrite(given).unwrap(), shown);
        assert_eq!(rewrite(shown).unwrap(), shown);
    }

    #[test]
    fn a_bare_principal_stays_bare() {
        let text = r#"{"Statement":[{"Effect":"Deny","Principal":"*","Action":["sts:AssumeRole","sts:TagSession"]}]}"#;
        assert_eq!(rewrite(text).unwrap(), text);
    }
}
