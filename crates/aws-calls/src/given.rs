//! Policies that calls give to resources.

use serde_json::Value;

use crate::input::Unreadable;
use crate::view::text;
use crate::{Call, Input};

/// Calls that give a resource a policy: service, operation, and where the policy is. SNS has it as an attribute that is
/// named beside its value.
const GIVEN: &[(&str, &str, &str)] = &[
    ("dynamodb", "CreateTable", "ResourcePolicy"),
    ("dynamodb", "PutResourcePolicy", "Policy"),
    ("ecr", "SetRepositoryPolicy", "policyText"),
    ("kinesis", "PutResourcePolicy", "Policy"),
    ("kms", "CreateKey", "Policy"),
    ("kms", "PutKeyPolicy", "Policy"),
    ("kms", "ReplicateKey", "Policy"),
    ("lambda", "PutResourcePolicy", "Policy"),
    ("secretsmanager", "PutResourcePolicy", "ResourcePolicy"),
    ("sns", "CreateTopic", "Attributes.Policy"),
    ("sns", "SetTopicAttributes", "AttributeValue"),
    ("sqs", "CreateQueue", "Attributes.Policy"),
    ("sqs", "SetQueueAttributes", "Attributes.Policy"),
];

fn given_by(call: &Call) -> Option<&'static str> {
    let (service, operation) = (call.service.summary.name, call.name());
    let found = GIVEN.iter().find(|(of, name, _)| *of == service && *name == operation);
    found.map(|(.., place)| *place)
}

/// Whether a call may give a resource a policy.
pub fn is_given(call: &Call) -> bool {
    given_by(call).is_some()
}

/// The policy that a call gives a resource. None: it gives none, or takes it away.
///
/// # Errors
/// A member that can be read in two ways.
pub fn policy(call: &Call, input: &Input<'_>) -> Result<Option<String>, Unreadable> {
    let Some(place) = given_by(call) else { return Ok(None) };
    let (member, attribute) = place.split_once('.').map_or((place, None), |(member, name)| (member, Some(name)));
    if member == "AttributeValue" && input.member("AttributeName")? != Some(Value::from("Policy")) {
        return Ok(None);
    }
    let value = input.member(member)?;
    let policy = match attribute {
        Some(name) => value.as_ref().and_then(|value| value.get(name)),
        None => value.as_ref(),
    };
    Ok(policy.and_then(text).filter(|text| !text.is_empty()))
}

#[cfg(test)]
mod tests {
    use aws_reference::operations;

    use super::*;

    #[test]
    fn policies_are_given_where_models_have_them() {
        for (service, operation, place) in GIVEN {
            let service = operations::service(service).unwrap();
            let operation = service.operation(operation).unwrap();
            let member = place.split('.').next().unwrap();
            assert!(service.input(operation).unwrap().members.contains_key(member), "{} {member}", operation.name);
        }
    }
}
