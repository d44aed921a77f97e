//! What the protocol itself says to unusual requests, whatever the operation.

use quick_xml::events::Event;

use crate::client::{Answer, Server};
use crate::fixtures::allow;

/// Asserts that the answer has only characters that XML 1.0 has, and is well-formed.
#[track_caller]
fn well_formed(answer: &Answer) {
    let forbidden = |c: char| (c < ' ' && !"\t\n\r".contains(c)) || matches!(c, '\u{FFFE}' | '\u{FFFF}');
    assert!(!answer.body.contains(forbidden), "{:?}", answer.body);
    let mut reader = quick_xml::Reader::from_str(&answer.body);
    while reader.read_event().unwrap() != Event::Eof {}
}

#[tokio::test]
async fn text_that_xml_lacks_leaves_answers_well_formed() {
    let root = Server::start().await.root();
    let document = allow("s3:*", "*");
    let parameters = [("PolicyName", "P"), ("PolicyDocument", &*document), ("Description", "a\0b\u{1}\u{FFFF}\r\nc")];
    let made = root.iam("CreatePolicy", &parameters).await.ok();
    well_formed(&made);
    let read = root.iam("GetPolicy", &[("PolicyArn", &made.text("Arn"))]).await.ok();
    well_formed(&read);
    assert_eq!(read.text("Description"), "a\u{FFFD}b\u{FFFD}\u{FFFD}\r\nc");
    well_formed(&root.iam("ListPolicies", &[("Scope", "Local")]).await.ok());
    let echoed = root.iam("No\0Such\u{FFFE}", &[]).await;
    well_formed(&echoed);
    echoed.refused(400, "InvalidAction", "Could not find operation No\u{FFFD}Such\u{FFFD} for version 2010-05-08");
}

#[tokio::test]
async fn nobody_may_send_more_parameters_than_operations_have() {
    let server = Server::start().await;
    let names: Vec<_> = (1..=10_000).map(|n| format!("TagKeys.member.{n}")).collect();
    let parameters: Vec<_> = names.iter().map(|name| (name.as_str(), "")).collect();
    let message = "The request has more than 10000 parameters.";
    server.unsigned("GetCallerIdentity", &parameters).await.refused(400, "MalformedInput", message);
    server.root().iam("ListUsers", &parameters).await.refused(400, "MalformedInput", message);
    server.root().iam("ListUsers", &parameters[..9_000]).await.ok();
}
