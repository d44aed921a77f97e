//! An event as CloudTrail's record (CloudTrail User Guide, "CloudTrail record contents" and "userIdentity element").

use serde_json::{Map, Value, json};

use super::event::{Event, SessionContext, UserIdentity};
use crate::shapes::AccountId;

/// The version of the records' form.
const VERSION: &str = "1.11";

/// The prefix of AWS Sign-In's actions.
const SIGN_IN: &str = "signin";

impl Event {
    /// The record, as JSON.
    pub fn record(&self) -> Value {
        let mut record = Map::new();
        let mut put = |name: &str, value: Value| drop(record.insert(name.to_owned(), value));
        put("eventVersion", VERSION.into());
        put("userIdentity", user_identity(&self.identity));
        put("eventTime", self.time.to_string().into());
        put("eventSource", self.source_name().into());
        put("eventName", self.name.clone().into());
        put("awsRegion", self.region.clone().into());
        put("sourceIPAddress", self.source.clone().into());
        put("userAgent", self.user_agent.clone().into());
        if let Some(failure) = &self.failure {
            if !self.is_sign_in() {
                put("errorCode", failure.code.clone().into());
            }
            if let Some(message) = &failure.message {
                put("errorMessage", message.clone().into());
            }
        }
        if self.is_sign_in() {
            put("additionalEventData", element(self.parameters.as_deref()));
            put("requestParameters", Value::Null);
        } else {
            put("requestParameters", element(self.parameters.as_deref()));
        }
        put("responseElements", element(self.result.as_deref()));
        if !self.is_sign_in() {
            put("requestID", self.request_id.clone().into());
        }
        put("eventID", self.id().to_string().into());
        put("readOnly", self.read_only.into());
        let resources = self.record_resources();
        if !resources.is_empty() {
            put("resources", resources.into());
        }
        put("eventType", self.event_type().into());
        put("managementEvent", self.management.into());
        put("recipientAccountId", account(self.account));
        if let Some(id) = self.shared_id {
            put("sharedEventID", self.shared_id_of(id).into());
        }
        put("eventCategory", if self.management { "Management" } else { "Data" }.into());
        if let Some(tls) = &self.additions.tls {
            put("tlsDetails", tls.record());
        }
        Value::Object(record)
    }

    /// The type of the record.
    pub(super) fn event_type(&self) -> &'static str {
        if self.is_sign_in() { "AwsConsoleSignIn" } else { "AwsApiCall" }
    }

    /// Whether a person signed in, or tried to. Such a record has no request id and no error code, and what would be
    /// parameters is additional data (CloudTrail User Guide, "AWS Management Console sign-in events").
    fn is_sign_in(&self) -> bool {
        self.service == SIGN_IN && !self.name.contains("OAuth2")
    }

    /// The id that the events of several accounts about one call have in common: that of an event that nobody sees, at the
    /// time of the call. The events themselves may be a moment apart.
    fn shared_id_of(&self, random: u64) -> String {
        let sequence = self.time.seconds().unsigned_abs().saturating_mul(1_000_000);
        Self { random, sequence, ..self.clone() }.id().to_string()
    }
}

fn account(id: AccountId) -> Value {
    id.to_string().into()
}

/// What was kept as JSON.
fn element(text: Option<&str>) -> Value {
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null)
}

fn user_identity(identity: &UserIdentity) -> Value {
    let mut out = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            out.insert(name.to_owned(), value);
        }
    };
    let text = |value: &Option<String>| value.clone().map(Value::from);
    put("type", Some(identity.kind.as_str().into()));
    put("principalId", text(&identity.principal_id));
    put("arn", text(&identity.arn));
    put("accountId", identity.account.map(account));
    put("accessKeyId", text(&identity.access_key_id));
    put("userName", text(&identity.user_name));
    put("identityProvider", text(&identity.identity_provider));
    put("sessionContext", identity.session.as_ref().map(session_context));
    put("invokedBy", text(&identity.invoked_by));
    Value::Object(out)
}

/// AWS writes truth values inside of a session's context as texts.
fn session_context(session: &SessionContext) -> Value {
    let mut out = Map::new();
    if let Some(issuer) = &session.issuer {
        let mut shown = json!({
            "type": issuer.kind.as_str(),
            "principalId": issuer.principal_id,
            "arn": issuer.arn,
            "accountId": issuer.account.to_string(),
        });
        if let (Some(name), Some(members)) = (&issuer.user_name, shown.as_object_mut()) {
            members.insert("userName".to_owned(), name.clone().into());
        }
        out.insert("sessionIssuer".to_owned(), shown);
    }
    let attributes = json!({"creationDate": session.created.to_string(), "mfaAuthenticated": session.mfa.to_string()});
    out.insert("attributes".to_owned(), attributes);
    if let Some(person) = &session.source_identity {
        out.insert("sourceIdentity".to_owned(), person.clone().into());
    }
    if let Some(version) = &session.ec2_role_delivery {
        out.insert("ec2RoleDelivery".to_owned(), version.clone().into());
    }
    if session.assumed_root {
        out.insert("assumedRoot".to_owned(), "true".into());
    }
    Value::Object(out)
}

#[cfg(test)]
mod tests {
    use super::super::event::tests::example;
    use super::super::event::{EventFailure, IdentityKind, IssuerKind, SessionIssuer};
    use super::*;
    use crate::shapes::Timestamp;

    #[test]
    fn a_failed_call_of_iam_has_aws_s_form() {
        let mut event = example(1_769_862_896_000_000, "GetUser");
        event.failure = Some(EventFailure {
            code: "NoSuchEntityException".to_owned(),
            message: Some("The user with name bob cannot be found.".to_owned()),
        });
        let expected = json!({
            "eventVersion": "1.11",
            "userIdentity": {
                "type": "IAMUser",
                "principalId": "AIDACKCEVSQ6C2EXAMPLE",
                "arn": "arn:aws:iam::123456789012:user/alice",
                "accountId": "123456789012",
                "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
                "userName": "alice",
            },
            "eventTime": "2026-01-31T12:34:56Z",
            "eventSource": "iam.amazonaws.com",
            "eventName": "GetUser",
            "awsRegion": "us-east-1",
            "sourceIPAddress": "127.0.0.1",
            "userAgent": "aws-cli/2.15",
            "errorCode": "NoSuchEntityException",
            "errorMessage": "The user with name bob cannot be found.",
            "requestParameters": {"userName": "bob"},
            "responseElements": null,
            "requestID": "0e8d4e4e-0000-4000-8000-000000000000",
            "eventID": event.id().to_string(),
            "readOnly": true,
            "eventType": "AwsApiCall",
            "managementEvent": true,
            "recipientAccountId": "123456789012",
            "eventCategory": "Management",
        });
        assert_eq!(event.record(), expected);
    }

    #[test]
    fn the_session_of_a_role_says_whose_it_is() {
        let account = AccountId::parse("123456789012").unwrap();
        let identity = UserIdentity {
            kind: IdentityKind::AssumedRole,
            principal_id: Some("AROA:session".to_owned()),
            session: Some(SessionContext {
                issuer: Some(SessionIssuer {
                    kind: IssuerKind::Role,
                    principal_id: "AROA".to_owned(),
                    arn: "arn:aws:iam::123456789012:role/R".to_owned(),
                    account,
                    user_name: Some("R".to_owned()),
                }),
                created: Timestamp::from_seconds(0),
                mfa: false,
                source_identity: Some("alice".to_owned()),
                ec2_role_delivery: None,
                assumed_root: false,
            }),
            ..UserIdentity::default()
        };
        let expected = json!({
            "type": "AssumedRole",
            "principalId": "AROA:session",
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "principalId": "AROA",
                    "arn": "arn:aws:iam::123456789012:role/R",
                    "accountId": "123456789012",
                    "userName": "R",
                },
                "attributes": {"creationDate": "1970-01-01T00:00:00Z", "mfaAuthenticated": "false"},
                "sourceIdentity": "alice",
            },
        });
        assert_eq!(user_identity(&identity), expected);
    }
}
