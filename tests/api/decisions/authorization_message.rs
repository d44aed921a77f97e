//! DecodeAuthorizationMessage.

use std::sync::Arc;

use iam_policy::{
    Action, Context, Grammar, Layers, Policy, PolicySet, Principal, Request, Source, SourceKind, authorization_message,
    decide,
};
use iamd::shapes::AccountId;
use serde_json::{Value, json};

use crate::client::Server;
use crate::principals::{ACCOUNT, allow, user};

/// What a service encodes of a request that a statement denies.
fn denial() -> String {
    let text = r#"{"Statement":{"Sid":"No","Effect":"Deny","Action":"ec2:*","Resource":"*"}}"#;
    let source = Source { id: "p".into(), kind: SourceKind::User, arn: None };
    let identity = PolicySet::new([(source, Ok(Arc::new(Policy::parse(text, Grammar::Identity).unwrap())))]);
    let bob = Principal::User { arn: "arn:aws:iam::000000000000:user/Bob", id: "AIDABOB", account: ACCOUNT };
    let (action, context) = (Action::parse("ec2:StopInstances").unwrap(), Context::new());
    let request = Request::new(bob, &action, "*", &context);
    let decision = decide(&request, &Layers { identity: Some(&identity), ..Layers::default() });
    authorization_message(&request, &decision)
}

#[tokio::test]
async fn what_evaluate_denies_comes_with_its_message() {
    let server = Server::start().await;
    let ask = async |principal: &str, action: &str| {
        let policy = json!({"Statement": {"Effect": "Allow", "Action": "ec2:StopInstances", "Resource": "*"}});
        let body = json!({"principal": principal, "action": action, "identityPolicies": [{"document": policy}]});
        let answer = server.admin("POST", "/_iamd/evaluate", &body.to_string(), &[]).await.ok().body;
        serde_json::from_str::<Value>(&answer).unwrap()["encodedAuthorizationMessage"].clone()
    };
    let bob = format!("arn:aws:iam::{ACCOUNT}:user/Bob");
    assert_eq!(ask(&bob, "ec2:StopInstances").await, Value::Null, "nothing to tell of what is allowed");
    assert_eq!(ask("*", "ec2:StartInstances").await, Value::Null, "nobody could decode it");
    let encoded = ask(&bob, "ec2:StartInstances").await;
    let encoded = [("EncodedMessage", encoded.as_str().unwrap())];
    let decoded = server.root().sts("DecodeAuthorizationMessage", &encoded).await.ok().text("DecodedMessage");
    let decoded: Value = serde_json::from_str(&decoded).unwrap();
    assert_eq!((&decoded["allowed"], &decoded["explicitDeny"]), (&json!(false), &json!(false)));
    assert_eq!(decoded["context"]["action"], "ec2:StartInstances");
    assert_eq!(decoded["context"]["principal"]["arn"], bob);
    let stranger = server.root_of("111122223333").sts("DecodeAuthorizationMessage", &encoded).await;
    stranger.refused(400, "InvalidAuthorizationMessageException", "Message is invalid");
}

#[tokio::test]
async fn a_message_is_decoded_for_those_who_may() {
    let server = Server::start().await;
    let account = AccountId::parse(ACCOUNT).unwrap();
    let message = denial();
    let sealed = server.state.app.environment.key.seal_message(account, &message, [7; 24]).unwrap();
    let encoded = [("EncodedMessage", sealed.as_str())];

    let may = user(&server, ACCOUNT, "May", Some(allow("sts:DecodeAuthorizationMessage", "*"))).await;
    let answer = may.sts("DecodeAuthorizationMessage", &encoded).await.ok();
    assert_eq!(answer.text("DecodedMessage"), message);
    assert!(message.contains(r#""explicitDeny":true"#) && message.contains(r#""statementId":"No""#), "{message}");

    let may_not = user(&server, ACCOUNT, "MayNot", None).await;
    may_not.sts("DecodeAuthorizationMessage", &encoded).await.refused(
        403,
        "AccessDenied",
        "User: arn:aws:iam::000000000000:user/MayNot is not authorized to perform: sts:DecodeAuthorizationMessage \
         because no identity-based policy allows the sts:DecodeAuthorizationMessage action",
    );

    let invalid = (400, "InvalidAuthorizationMessageException", "Message is invalid");
    let stranger = server.root_of("111122223333").sts("DecodeAuthorizationMessage", &encoded).await;
    stranger.refused(invalid.0, invalid.1, invalid.2);
    let altered = format!("A{}", sealed.split_at(1).1.to_uppercase());
    for message in [altered.as_str(), "nonsense", "\n"] {
        let answer = server.root().sts("DecodeAuthorizationMessage", &[("EncodedMessage", message)]).await;
        answer.refused(invalid.0, invalid.1, invalid.2);
    }
}
