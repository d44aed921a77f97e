//! DecodeAuthorizationMessage.

use std::sync::Arc;

use iamd::policy::{
    Action, Context, Grammar, Layers, Policy, PolicySet, Principal, Request, Source, SourceKind, authorization_message,
    decide,
};
use iamd::shapes::AccountId;

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
        "User: arn:aws:iam::000000000000:user/MayNot is not authorized to perform: sts:DecodeAuthorizationMessage on \
         resource: * because no identity-based policy allows the sts:DecodeAuthorizationMessage action",
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
