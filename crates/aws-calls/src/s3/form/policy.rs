//! The policy document of a form: until when and for which fields its signature is good.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::Fields;
use crate::s3::refusal::Refusal;

/// Fields that need no condition.
const FREE: &[&str] = &["awsaccesskeyid", "signature", "policy", "x-amz-signature", "file"];

/// A policy document.
#[derive(Clone, Debug)]
pub struct FormPolicy {
    expiration: DateTime<Utc>,
    conditions: Vec<Condition>,
}

/// The lengths that a policy allows for the file, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LengthRange {
    /// The least.
    pub min: u64,
    /// The most.
    pub max: u64,
}

#[derive(Clone, Debug)]
enum Condition {
    Equal { field: String, value: String },
    StartsWith { field: String, prefix: String },
    Length(LengthRange),
}

impl FormPolicy {
    /// Reads the field `policy`, which is base64.
    ///
    /// # Errors
    /// `InvalidPolicyDocument`.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let bytes = STANDARD.decode(text.trim()).map_err(|_| invalid("Invalid base64 encoding"))?;
        let document: Value = serde_json::from_slice(&bytes).map_err(|_| invalid("Invalid JSON"))?;
        let expiration = document.get("expiration").and_then(Value::as_str);
        let expiration = expiration.ok_or_else(|| invalid("Policy missing expiration."))?;
        let expiration = DateTime::parse_from_rfc3339(expiration)
            .map_err(|_| invalid("Invalid 'expiration' value"))?
            .with_timezone(&Utc);
        let conditions = document.get("conditions").and_then(Value::as_array);
        let conditions = conditions.ok_or_else(|| invalid("Policy missing conditions."))?;
        let mut read = Vec::new();
        for condition in conditions {
            Condition::parse(condition, &mut read).ok_or_else(|| invalid("Invalid Condition"))?;
        }
        Ok(Self { expiration, conditions: read })
    }

    /// Holds the fields of a form for a bucket against the policy, and gives the lengths that the file may have.
    ///
    /// # Errors
    /// `AccessDenied`, with the condition that is not met.
    pub fn check(&self, fields: &Fields, bucket: &str, now: DateTime<Utc>) -> Result<Option<LengthRange>, Refusal> {
        if now > self.expiration {
            return Err(failed("Policy expired."));
        }
        let key = fields.object_key()?;
        let sent = |field: &str| match field {
            "bucket" => Some(bucket),
            "key" => Some(key.as_str()),
            _ => fields.get(field),
        };
        let mut range: Option<LengthRange> = None;
        for condition in &self.conditions {
            let (holds, said) = match condition {
                Condition::Equal { field, value } => (sent(field) == Some(value), ["eq", field, value]),
                Condition::StartsWith { field, prefix } => {
                    (sent(field).is_some_and(|sent| sent.starts_with(prefix.as_str())), ["starts-with", field, prefix])
                }
                Condition::Length(more) => {
                    let known = range.unwrap_or(*more);
                    range = Some(LengthRange { min: known.min.max(more.min), max: known.max.min(more.max) });
                    continue;
                }
            };
            if !holds {
                let [operator, field, value] = said;
                return Err(failed(&format!("Policy Condition failed: [\"{operator}\", \"${field}\", \"{value}\"]")));
            }
        }
        let is_covered = |name: &str| FREE.contains(&name) || name.starts_with("x-ignore-") || self.mentions(name);
        match fields.names().find(|name| !is_covered(name)) {
            Some(extra) => Err(failed(&format!("Extra input fields: {extra}"))),
            None => Ok(range),
        }
    }

    fn mentions(&self, name: &str) -> bool {
        self.conditions.iter().any(|condition| match condition {
            Condition::Equal { field, .. } | Condition::StartsWith { field, .. } => field == name,
            Condition::Length(_) => false,
        })
    }
}

impl Condition {
    fn parse(value: &Value, into: &mut Vec<Self>) -> Option<()> {
        match value {
            Value::Object(pairs) => {
                for (field, value) in pairs {
                    into.push(Self::Equal { field: field.to_ascii_lowercase(), value: value.as_str()?.to_owned() });
                }
            }
            Value::Array(parts) => {
                let [operator, first, second] = parts.as_slice() else { return None };
                let field = || Some(first.as_str()?.strip_prefix('$')?.to_ascii_lowercase());
                into.push(match operator.as_str()?.to_ascii_lowercase().as_str() {
                    "eq" => Self::Equal { field: field()?, value: second.as_str()?.to_owned() },
                    "starts-with" => Self::StartsWith { field: field()?, prefix: second.as_str()?.to_owned() },
                    "content-length-range" => Self::Length(LengthRange { min: number(first)?, max: number(second)? }),
                    _ => return None,
                });
            }
            _ => return None,
        }
        Some(())
    }
}

/// AWS takes numbers as text too.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn invalid(reason: &str) -> Refusal {
    Refusal::new(400, "InvalidPolicyDocument", format!("Invalid Policy: {reason}"))
}

fn failed(reason: &str) -> Refusal {
    Refusal::new(403, "AccessDenied", format!("Invalid according to Policy: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::super::fields;
    use super::*;

    fn policy(conditions: &str) -> FormPolicy {
        let text = format!("{{\"expiration\": \"2026-01-02T00:00:00.000Z\", \"conditions\": [{conditions}]}}");
        FormPolicy::parse(&STANDARD.encode(text)).unwrap()
    }

    fn check(conditions: &str, pairs: &[(&str, &str)]) -> Result<Option<LengthRange>, String> {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        policy(conditions).check(&fields(pairs), "app", now).map_err(|refusal| refusal.message.into_owned())
    }

    #[test]
    fn every_field_meets_its_conditions() {
        let conditions = r#"{"bucket": "app"}, ["starts-with", "$key", "user/"], ["eq", "$ACL", "private"],
            ["content-length-range", 1, "10"], {"x-amz-date": "20260101T000000Z"}"#;
        let good = [
            ("key", "user/${filename}"),
            ("acl", "private"),
            ("X-Amz-Date", "20260101T000000Z"),
            ("policy", "p"),
            ("x-ignore-me", "1"),
        ];
        assert_eq!(check(conditions, &good), Ok(Some(LengthRange { min: 1, max: 10 })));
        let failed = |pairs: &[(&str, &str)]| check(conditions, pairs).unwrap_err();
        let mut other = good;
        other[0].1 = "other/k";
        assert_eq!(
            failed(&other),
            "Invalid according to Policy: Policy Condition failed: [\"starts-with\", \"$key\", \"user/\"]"
        );
        let mut public = good;
        public[1].1 = "public-read";
        assert_eq!(
            failed(&public),
            "Invalid according to Policy: Policy Condition failed: [\"eq\", \"$acl\", \"private\"]"
        );
        assert_eq!(
            failed(&good[..1]),
            "Invalid according to Policy: Policy Condition failed: [\"eq\", \"$acl\", \"private\"]"
        );
        let mut extra = good.to_vec();
        extra.push(("tagging", "<Tagging/>"));
        assert_eq!(failed(&extra), "Invalid according to Policy: Extra input fields: tagging");
        let elsewhere = check(r#"{"bucket": "other"}, {"key": "k"}"#, &[("key", "k")]).unwrap_err();
        assert_eq!(elsewhere, "Invalid according to Policy: Policy Condition failed: [\"eq\", \"$bucket\", \"other\"]");
    }

    #[test]
    fn lengths_are_narrowed() {
        let conditions = r#"{"key": "k"}, ["content-length-range", 1, 10], ["content-length-range", 5, 20]"#;
        assert_eq!(check(conditions, &[("key", "k")]), Ok(Some(LengthRange { min: 5, max: 10 })));
    }

    #[test]
    fn policies_expire() {
        let late = "2026-01-02T00:00:01Z".parse().unwrap();
        let refusal = policy(r#"{"key": "k"}"#).check(&fields(&[("key", "k")]), "app", late).unwrap_err();
        assert_eq!((refusal.status, refusal.message.as_ref()), (403, "Invalid according to Policy: Policy expired."));
    }

    #[test]
    fn documents_of_another_form_are_refused() {
        let wrong = [
            "",
            "[]",
            r#"{"conditions": []}"#,
            r#"{"expiration": "tomorrow", "conditions": []}"#,
            r#"{"expiration": "2026-01-02T00:00:00Z"}"#,
            r#"{"expiration": "2026-01-02T00:00:00Z", "conditions": [["eq", "key", "a"]]}"#,
            r#"{"expiration": "2026-01-02T00:00:00Z", "conditions": [["like", "$key", "a"]]}"#,
            r#"{"expiration": "2026-01-02T00:00:00Z", "conditions": [{"key": 1}]}"#,
            r#"{"expiration": "2026-01-02T00:00:00Z", "conditions": ["key"]}"#,
        ];
        for text in wrong {
            assert!(FormPolicy::parse(&STANDARD.encode(text)).is_err(), "{text}");
        }
        assert!(FormPolicy::parse("?").is_err());
    }
}
