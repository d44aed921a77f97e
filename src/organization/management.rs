//! The grammar of management policies (Organizations User Guide, "Policy syntax and inheritance for management policy
//! types").

use serde_json::{Map, Value};

use super::effective::{ALLOWED, APPEND, ASSIGN, REMOVE};
use crate::shapes::OrganizationPolicyType;

/// What `@@operators_allowed_for_child_policies` may name.
const CHILD_OPERATORS: [&str; 5] = ["@@all", "@@none", ASSIGN, APPEND, REMOVE];

/// The key that holds everything in a policy of a type; `None` where AWS has published none.
fn top_key(kind: OrganizationPolicyType) -> Option<&'static str> {
    match kind {
        OrganizationPolicyType::Tag => Some("tags"),
        OrganizationPolicyType::Backup => Some("plans"),
        OrganizationPolicyType::AiServicesOptOut => Some("services"),
        OrganizationPolicyType::Chatbot => Some("chatbot"),
        OrganizationPolicyType::DeclarativeEc2 => Some("ec2_attributes"),
        OrganizationPolicyType::SecurityHub => Some("securityhub"),
        OrganizationPolicyType::Inspector => Some("inspector"),
        OrganizationPolicyType::UpgradeRollout => Some("upgrade_rollout"),
        OrganizationPolicyType::Bedrock => Some("bedrock"),
        OrganizationPolicyType::S3 => Some("s3_attributes"),
        OrganizationPolicyType::NetworkSecurityDirector => Some("network_security_director"),
        OrganizationPolicyType::SecurityHubCspm
        | OrganizationPolicyType::GuardDuty
        | OrganizationPolicyType::ServiceControl
        | OrganizationPolicyType::ResourceControl => None,
    }
}

/// Whether a document is a management policy of a type: one key at the top, and values only behind operators.
pub fn is_management_policy(kind: OrganizationPolicyType, document: &Value) -> bool {
    let Some(document) = document.as_object() else { return false };
    let mut members = document.iter();
    let (Some((key, below)), None) = (members.next(), members.next()) else { return false };
    let is_known = top_key(kind).map_or(!key.starts_with('@'), |known| known == key);
    is_known && below.as_object().is_some_and(is_setting)
}

/// Whether a map has operators with values that fit them, and further maps.
fn is_setting(map: &Map<String, Value>) -> bool {
    map.iter().all(|(key, value)| match key.as_str() {
        ASSIGN | APPEND | REMOVE => is_plain(value),
        ALLOWED => names_operators(value),
        _ => !key.starts_with("@@") && value.as_object().is_some_and(is_setting),
    })
}

/// Whether a value is a text, a number, true or false, or a list of such.
fn is_plain(value: &Value) -> bool {
    let is_scalar = |value: &Value| value.is_string() || value.is_number() || value.is_boolean();
    value.as_array().map_or_else(|| is_scalar(value), |values| values.iter().all(is_scalar))
}

fn names_operators(value: &Value) -> bool {
    let is_operator = |value: &Value| value.as_str().is_some_and(|name| CHILD_OPERATORS.contains(&name));
    value.as_array().map_or_else(|| is_operator(value), |names| names.iter().all(is_operator))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_key_at_the_top_is_of_the_type() {
        let cases = [
            (OrganizationPolicyType::Tag, json!({"tags": {}}), true),
            (OrganizationPolicyType::Tag, json!({"tags": {"stage": {"tag_key": {"@@assign": "Stage"}}}}), true),
            (OrganizationPolicyType::Tag, json!({"foo": {}}), false),
            (OrganizationPolicyType::Tag, json!({"tags": {}, "plans": {}}), false),
            (OrganizationPolicyType::Tag, json!({"Tags": {}}), false),
            (OrganizationPolicyType::Tag, json!({}), false),
            (OrganizationPolicyType::Tag, json!([]), false),
            (OrganizationPolicyType::Tag, json!({"tags": []}), false),
            (OrganizationPolicyType::Backup, json!({"plans": {}}), true),
            (OrganizationPolicyType::Backup, json!({"tags": {}}), false),
            (
                OrganizationPolicyType::S3,
                json!({"s3_attributes": {"public_access_block_configuration": {"@@assign": "all"}}}),
                true,
            ),
            (OrganizationPolicyType::GuardDuty, json!({"anything": {}}), true),
            (OrganizationPolicyType::GuardDuty, json!({"@@assign": "x"}), false),
        ];
        for (kind, document, expected) in cases {
            assert_eq!(is_management_policy(kind, &document), expected, "{kind:?} {document}");
        }
    }

    #[test]
    fn values_are_behind_operators() {
        let cases = [
            (json!({"@@assign": "Stage"}), true),
            (json!({"@@assign": ["a", "b"]}), true),
            (json!({"@@append": []}), true),
            (json!({"@@assign": "a", "@@operators_allowed_for_child_policies": ["@@none"]}), true),
            (json!({"@@operators_allowed_for_child_policies": "@@all"}), true),
            (json!({"@@foo": "a"}), false),
            (json!({"@@assign": {"a": "b"}}), false),
            (json!({"@@assign": null}), false),
            (json!({"@@remove": [["a"]]}), false),
            (json!({"@@operators_allowed_for_child_policies": ["@@foo"]}), false),
            (json!({"@@operators_allowed_for_child_policies": ["assign"]}), false),
            (json!("Stage"), false),
            (json!(["Stage"]), false),
            (json!(1), false),
        ];
        for (value, expected) in cases {
            let document = json!({"tags": {"stage": {"tag_key": value}}});
            assert_eq!(is_management_policy(OrganizationPolicyType::Tag, &document), expected, "{document}");
        }
    }
}
