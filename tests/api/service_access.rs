//! Reports of service access.

use crate::client::Server;

const POLICY: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["iam:*","s3:GetObject"],"Resource":"*"}}"#;

#[tokio::test]
async fn a_report_tells_the_requests_really_seen() {
    let server = Server::start().await;
    let root = server.root();
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    root.iam("PutUserPolicy", &[("UserName", "Bob"), ("PolicyName", "p"), ("PolicyDocument", POLICY)]).await.ok();
    let bob = server.user("Bob").await;
    bob.iam("GetUser", &[]).await.ok();
    let arn = "arn:aws:iam::000000000000:user/Bob";
    let job = bob.iam("GenerateServiceLastAccessedDetails", &[("Arn", arn)]).await.ok().text("JobId");
    let report = bob.iam("GetServiceLastAccessedDetails", &[("JobId", &job)]).await.ok();
    assert_eq!(report.texts("ServiceNamespace"), ["iam", "s3"]);
    assert_eq!(report.texts("TotalAuthenticatedEntities"), ["1", "0"]);
    assert_eq!(report.texts("LastAuthenticatedEntity"), [arn]);
    let who = [("JobId", job.as_str()), ("ServiceNamespace", "iam")];
    let who = bob.iam("GetServiceLastAccessedDetailsWithEntities", &who).await.ok();
    assert_eq!(who.texts("Name"), ["Bob"]);
    assert!(who.has("LastAuthenticated"));
    let message = format!("Job {job} not found");
    root.iam("GetServiceLastAccessedDetails", &[("JobId", &job)]).await.refused(404, "NoSuchEntity", &message);
}

#[tokio::test]
async fn actions_are_told_when_asked_for() {
    let server = Server::start().await;
    let root = server.root();
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    root.iam("PutUserPolicy", &[("UserName", "Bob"), ("PolicyName", "p"), ("PolicyDocument", POLICY)]).await.ok();
    let bob = server.user("Bob").await;
    bob.iam("ListUsers", &[]).await.ok();
    let ask = [("Arn", "arn:aws:iam::000000000000:user/Bob"), ("Granularity", "ACTION_LEVEL")];
    let job = root.iam("GenerateServiceLastAccessedDetails", &ask).await.ok().text("JobId");
    let report = root.iam("GetServiceLastAccessedDetails", &[("JobId", &job)]).await.ok();
    assert_eq!(report.text("JobType"), "ACTION_LEVEL");
    assert!(
        report.body.contains("<ActionName>ListUsers</ActionName>\n            <LastAccessedEntity>"),
        "{}",
        report.body
    );
}

#[tokio::test]
async fn wrong_subjects_are_refused() {
    let root = Server::start().await.root();
    let unclear = "arn:aws:s3:::bucket/object/x";
    let message = format!("Invalid Entity Arn: {unclear} does not clearly define entity type and name.");
    let call = root.iam("GenerateServiceLastAccessedDetails", &[("Arn", unclear)]).await;
    call.refused(400, "InvalidInput", &message);
    let call =
        root.iam("GenerateServiceLastAccessedDetails", &[("Arn", "arn:aws:iam::000000000000:user/Nobody")]).await;
    call.refused(404, "NoSuchEntity", "The user with name Nobody cannot be found.");
}

#[tokio::test]
async fn policies_that_grant_access_are_listed_by_service() {
    let root = Server::start().await.root();
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    root.iam("CreateGroup", &[("GroupName", "G")]).await.ok();
    root.iam("AddUserToGroup", &[("UserName", "Bob"), ("GroupName", "G")]).await.ok();
    root.iam("PutUserPolicy", &[("UserName", "Bob"), ("PolicyName", "p"), ("PolicyDocument", POLICY)]).await.ok();
    let managed = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
    root.iam("AttachGroupPolicy", &[("GroupName", "G"), ("PolicyArn", managed)]).await.ok();
    let ask = [
        ("Arn", "arn:aws:iam::000000000000:user/Bob"),
        ("ServiceNamespaces.member.1", "s3"),
        ("ServiceNamespaces.member.2", "ec2"),
    ];
    let listed = root.iam("ListPoliciesGrantingServiceAccess", &ask).await.ok();
    assert_eq!(listed.texts("ServiceNamespace"), ["ec2", "s3"]);
    assert_eq!(listed.texts("PolicyName"), ["p", "AmazonS3ReadOnlyAccess"]);
    assert_eq!(listed.texts("EntityName"), ["Bob"]);
    assert_eq!(listed.texts("PolicyArn"), [managed]);
}
