//! Encoded authorization messages: why a request was denied, for those who may know.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::{Code, Error, Result};
use crate::operations::{Access, Context, Operation, operations};
use crate::policy::{Decision, Request};
use crate::shapes::EncodedMessage;

/// Decodes an authorization message of the caller's account.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DecodeAuthorizationMessage {
    encoded_message: EncodedMessage,
}

/// What `DecodeAuthorizationMessage` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DecodeAuthorizationMessageResult {
    decoded_message: String,
}

impl Operation for DecodeAuthorizationMessage {
    type Output = DecodeAuthorizationMessageResult;

    const ERRORS: &'static [Code] = &[Code::InvalidAuthorizationMessage];
    const READ_ONLY: bool = true;

    fn access(&self) -> Access<'_> {
        Access::any()
    }

    fn execute(self, cx: &mut Context<'_>) -> Result<DecodeAuthorizationMessageResult> {
        let decoded_message = cx.environment.key.open_message(cx.account.id, &self.encoded_message);
        let invalid = || Error::new(Code::InvalidAuthorizationMessage, "Message is invalid");
        Ok(DecodeAuthorizationMessageResult { decoded_message: decoded_message.ok_or_else(invalid)? })
    }
}

/// The message about a decision, to be sealed with the server's key. `caller_id` and `caller_arn` are those that
/// `GetCallerIdentity` shows. The form is the one of the API reference of `DecodeAuthorizationMessage`.
pub fn document(caller_id: &str, caller_arn: &str, request: &Request<'_>, decision: &Decision<'_>) -> String {
    let denying = match decision {
        Decision::ExplicitDeny { by, .. } => by.statement,
        Decision::Allow { .. } | Decision::ImplicitDeny { .. } => None,
    };
    let matched = denying.map(|statement| json!({"statementId": statement.sid.as_deref(), "effect": "DENY"}));
    let conditions = request.context.iter().map(|(key, values)| {
        let values = values.as_slice().iter().map(|value| json!({"value": value}));
        json!({"key": key, "values": items(values)})
    });
    json!({
        "allowed": decision.is_allowed(),
        "explicitDeny": matches!(decision, Decision::ExplicitDeny { .. }),
        "matchedStatements": items(matched.into_iter()),
        "failures": items(std::iter::empty()),
        "context": {
            "principal": {"id": caller_id, "name": caller_arn.rsplit('/').next(), "arn": caller_arn},
            "action": request.action().as_str(),
            "resource": request.resource(),
            "conditions": items(conditions),
        },
    })
    .to_string()
}

fn items(values: impl Iterator<Item = Value>) -> Value {
    json!({"items": values.collect::<Vec<_>>()})
}

operations!(Sts: DecodeAuthorizationMessage);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::StoredPolicy;
    use crate::policy::{self, Action, Layers, PolicySet, Principal, Source, SourceKind};

    #[test]
    fn a_document_tells_who_what_and_why() {
        let text = r#"{"Statement":{"Sid":"No","Effect":"Deny","Action":"ec2:*","Resource":"*"}}"#;
        let source = Source { id: "p".into(), kind: SourceKind::User, arn: None };
        let identity = PolicySet::new([(source, StoredPolicy::from(std::sync::Arc::<str>::from(text)).compiled())]);
        let (arn, id) = ("arn:aws:iam::123456789012:user/a/Bob", "AIDACKCEVSQ6C2EXAMPLE");
        let action = Action::parse("ec2:StopInstances").unwrap();
        let context = policy::Context::new().with("aws:Region", "us-east-1");
        let principal = Principal::User { arn, id, account: "123456789012" };
        let request = Request::new(principal, &action, "*", &context);
        let layers = Layers { identity: Some(&identity), ..Layers::default() };
        let document = document(id, arn, &request, &policy::decide(&request, &layers));
        assert_eq!(
            serde_json::from_str::<Value>(&document).unwrap(),
            json!({
                "allowed": false,
                "explicitDeny": true,
                "matchedStatements": {"items": [{"statementId": "No", "effect": "DENY"}]},
                "failures": {"items": []},
                "context": {
                    "principal": {"id": id, "name": "Bob", "arn": arn},
                    "action": "ec2:StopInstances",
                    "resource": "*",
                    "conditions": {"items": [
                        {"key": "aws:Region", "values": {"items": [{"value": "us-east-1"}]}},
                    ]},
                },
            })
        );
    }
}
