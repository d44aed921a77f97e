//! GetContextKeysForCustomPolicy and GetContextKeysForPrincipalPolicy.

use serde_json::json;

use crate::client::{Answer, Server};
use crate::fixtures::{allow, policy_arn, statement};

fn keys(answer: &Answer) -> Vec<String> {
    answer.texts("member")
}

#[tokio::test]
async fn every_document_names_its_keys() {
    let root = Server::start().await.root();
    let first =
        statement("Allow", "s3:*", "arn:aws:s3:::${aws:username}", r#"{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}"#);
    let second = statement("Deny", "*", "*", r#"{"Null":{"AWS:sourceip":"true","aws:TokenIssueTime":"true"}}"#);
    let both = [("PolicyInputList.member.1", first.as_str()), ("PolicyInputList.member.2", &second)];
    let answer = root.iam("GetContextKeysForCustomPolicy", &both).await.ok();
    assert_eq!(keys(&answer), ["aws:username", "aws:SourceIp", "AWS:sourceip", "aws:TokenIssueTime"]);
    let twice = [("PolicyInputList.member.1", second.as_str()), ("PolicyInputList.member.2", &second)];
    let answer = root.iam("GetContextKeysForCustomPolicy", &twice).await.ok();
    assert_eq!(keys(&answer), ["AWS:sourceip", "aws:TokenIssueTime", "AWS:sourceip", "aws:TokenIssueTime"]);
    let none = root.iam("GetContextKeysForCustomPolicy", &[("PolicyInputList.member.1", &allow("*", "*"))]).await.ok();
    assert!(none.has("ContextKeyNames") && keys(&none).is_empty(), "{}", none.body);
    let broken = [("PolicyInputList.member.1", first.as_str()), ("PolicyInputList.member.2", "[]")];
    let call = root.iam("GetContextKeysForCustomPolicy", &broken).await;
    call.refused(400, "InvalidInput", "Policy input list item 2 has invalid content");
}

#[tokio::test]
async fn keys_of_a_principals_policies_are_named() {
    let root = Server::start().await.root();
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    root.iam("CreateGroup", &[("GroupName", "G")]).await.ok();
    root.iam("AddUserToGroup", &[("UserName", "Bob"), ("GroupName", "G")]).await.ok();
    let asks = |key: &str| statement("Allow", "s3:*", "*", &json!({"StringEquals": {key: "x"}}).to_string());
    let (own, of_group, managed, given) = (asks("k:Own"), asks("k:Group"), asks("k:Managed"), asks("k:Own"));
    root.iam("PutUserPolicy", &[("UserName", "Bob"), ("PolicyName", "p"), ("PolicyDocument", &own)]).await.ok();
    root.iam("PutGroupPolicy", &[("GroupName", "G"), ("PolicyName", "p"), ("PolicyDocument", &of_group)]).await.ok();
    root.iam("CreatePolicy", &[("PolicyName", "P"), ("PolicyDocument", &managed)]).await.ok();
    root.iam("AttachUserPolicy", &[("UserName", "Bob"), ("PolicyArn", &policy_arn("P"))]).await.ok();
    root.iam("AttachGroupPolicy", &[("GroupName", "G"), ("PolicyArn", &policy_arn("P"))]).await.ok();
    root.iam("CreatePolicy", &[("PolicyName", "Limit"), ("PolicyDocument", &asks("k:Boundary"))]).await.ok();
    let limit = [("UserName", "Bob"), ("PermissionsBoundary", &policy_arn("Limit"))];
    root.iam("PutUserPermissionsBoundary", &limit).await.ok();
    let bob = ("PolicySourceArn", "arn:aws:iam::000000000000:user/Bob");
    let answer = root.iam("GetContextKeysForPrincipalPolicy", &[bob, ("PolicyInputList.member.1", &given)]).await.ok();
    assert_eq!(keys(&answer), ["k:Own", "k:Managed", "k:Group", "k:Own", "k:Boundary"]);
    let elsewhere = ("PolicySourceArn", "arn:aws:iam::000000000000:user/elsewhere/Bob");
    let answer = root.iam("GetContextKeysForPrincipalPolicy", &[elsewhere]).await.ok();
    assert_eq!(keys(&answer), ["k:Own", "k:Managed", "k:Group", "k:Boundary"], "the path does not matter");
    let group = ("PolicySourceArn", "arn:aws:iam::000000000000:group/G");
    assert_eq!(keys(&root.iam("GetContextKeysForPrincipalPolicy", &[group]).await.ok()), ["k:Group", "k:Managed"]);
    let nobody = ("PolicySourceArn", "arn:aws:iam::000000000000:role/Nobody");
    let call = root.iam("GetContextKeysForPrincipalPolicy", &[nobody]).await;
    call.refused(404, "NoSuchEntity", "The role with name Nobody cannot be found.");
    let session = "arn:aws:sts::000000000000:assumed-role/R/s";
    let call = root.iam("GetContextKeysForPrincipalPolicy", &[("PolicySourceArn", session)]).await;
    let message = format!("Invalid Entity Arn: {session} does not clearly define entity type and name.");
    call.refused(400, "InvalidInput", &message);
}

#[tokio::test]
async fn permission_is_needed() {
    let server = Server::start().await;
    let (custom, principal) = ("iam:GetContextKeysForCustomPolicy", "iam:GetContextKeysForPrincipalPolicy");
    let may = "arn:aws:iam::000000000000:user/may";
    let client = server.allowed("may", &[custom], &["*"], json!({})).await;
    let policy = allow("*", "*");
    client.iam("GetContextKeysForCustomPolicy", &[("PolicyInputList.member.1", &policy)]).await.ok();
    client.iam("GetContextKeysForPrincipalPolicy", &[("PolicySourceArn", may)]).await.lacks(principal, may);
    let client = server.allowed("other", &[principal], &[may], json!({})).await;
    client.iam("GetContextKeysForPrincipalPolicy", &[("PolicySourceArn", may)]).await.ok();
    let other = "arn:aws:iam::000000000000:user/other";
    client.iam("GetContextKeysForPrincipalPolicy", &[("PolicySourceArn", other)]).await.lacks(principal, other);
    let call = client.iam("GetContextKeysForCustomPolicy", &[("PolicyInputList.member.1", &policy)]).await;
    call.lacks(custom, "*");
}
