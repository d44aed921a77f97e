//! Reports of service access.

use serde_json::json;

use crate::client::Server;

const POLICY: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["iam:*","s3:GetObject"],"Resource":"*"}}"#;

#[tokio::test]
async fn a_report_shows_the_requests_really_seen() {
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
async fn actions_are_reported_when_asked_for() {
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
async fn arns_are_read_as_aws_reads_them() {
    let root = Server::start().await.root();
    root.iam("CreateUser", &[("UserName", "Bob"), ("Path", "/staff/")]).await.ok();
    let generate = async |arn: &str| root.iam("GenerateServiceLastAccessedDetails", &[("Arn", arn)]).await;
    let list = async |arn: &str| {
        let ask = [("Arn", arn), ("ServiceNamespaces.member.1", "s3")];
        root.iam("ListPoliciesGrantingServiceAccess", &ask).await
    };
    for arn in ["arn:aws:iam::000000000000:user/Bob", "arn:aws:iam::000000000000:user/other/Bob"] {
        generate(arn).await.ok();
        list(arn).await.ok();
    }
    let owner = "arn:aws:iam::000000000000:root";
    let elsewhere = "arn:aws:iam::111111111111:user/Bob";
    let denied = format!("User: {owner} is not authorized to perform the operation on {elsewhere}");
    for (arn, status, code, message) in [
        (elsewhere, 403, "AccessDenied", denied.as_str()),
        ("arn:aws-cn:iam::000000000000:user/Bob", 400, "ValidationError", "Invalid ARN partition"),
        ("arn:aws:s3::000000000000:user/Bob", 400, "ValidationError", "Invalid service in ARN"),
    ] {
        generate(arn).await.refused(status, code, message);
        list(arn).await.refused(status, code, message);
    }
    let unsupported = |arn: &str| format!("Invalid Entity Arn: {arn} is not supported.");
    generate(owner).await.refused(400, "InvalidInput", &unsupported(owner));
    list(owner).await.refused(400, "InvalidInput", &format!("Could not extract entity from ARN : {owner}"));
    let policy = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
    generate(policy).await.ok();
    list(policy).await.refused(400, "InvalidInput", &unsupported(policy));
}

#[tokio::test]
async fn a_marker_is_good_for_one_list_of_one_report() {
    let root = Server::start().await.root();
    for name in ["Bob", "Eve"] {
        root.iam("CreateUser", &[("UserName", name)]).await.ok();
        root.iam("PutUserPolicy", &[("UserName", name), ("PolicyName", "p"), ("PolicyDocument", POLICY)]).await.ok();
    }
    let generate = async |name: &str| {
        let arn = format!("arn:aws:iam::000000000000:user/{name}");
        root.iam("GenerateServiceLastAccessedDetails", &[("Arn", &arn)]).await.ok().text("JobId")
    };
    let (one, other) = (generate("Bob").await, generate("Eve").await);
    let job = ("JobId", one.as_str());
    let first = root.iam("GetServiceLastAccessedDetails", &[job, ("MaxItems", "1")]).await.ok();
    let marker = first.text("Marker");
    let marker = ("Marker", marker.as_str());
    let next = root.iam("GetServiceLastAccessedDetails", &[job, marker]).await.ok();
    assert_eq!(
        (first.texts("ServiceNamespace"), next.texts("ServiceNamespace")),
        (vec!["iam".into()], vec!["s3".into()])
    );
    let message = "The marker passed in the request was invalid.";
    let foreign = root.iam("GetServiceLastAccessedDetails", &[("JobId", &other), marker]).await;
    foreign.refused(400, "InvalidInput", message);
    let entities = [job, marker, ("ServiceNamespace", "s3")];
    root.iam("GetServiceLastAccessedDetailsWithEntities", &entities).await.refused(400, "InvalidInput", message);
    let nonsense = root.iam("GetServiceLastAccessedDetails", &[job, ("Marker", "nonsense")]).await;
    nonsense.refused(400, "ValidationError", "Invalid Marker.");
}

#[tokio::test]
async fn entities_are_reported_by_their_present_names() {
    let root = Server::start().await.root();
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    root.iam("PutUserPolicy", &[("UserName", "Bob"), ("PolicyName", "p"), ("PolicyDocument", POLICY)]).await.ok();
    let ask = [("Arn", "arn:aws:iam::000000000000:user/Bob")];
    let job = root.iam("GenerateServiceLastAccessedDetails", &ask).await.ok().text("JobId");
    let answer = async |namespace: &str| {
        let ask = [("JobId", job.as_str()), ("ServiceNamespace", namespace)];
        root.iam("GetServiceLastAccessedDetailsWithEntities", &ask).await
    };
    let move_away = [("UserName", "Bob"), ("NewUserName", "Rob"), ("NewPath", "/x/")];
    root.iam("UpdateUser", &move_away).await.ok();
    assert_eq!(answer("s3").await.ok().text("Arn"), "arn:aws:iam::000000000000:user/x/Rob");
    assert!(answer("ec2").await.ok().texts("Arn").is_empty(), "not in the report");
    for unknown in ["S3", "nosuch"] {
        let message = format!("Service namepace {unknown} is either invalid or unsupported.");
        answer(unknown).await.refused(400, "InvalidInput", &message);
    }
    root.iam("DeleteUserPolicy", &[("UserName", "Rob"), ("PolicyName", "p")]).await.ok();
    root.iam("DeleteUser", &[("UserName", "Rob")]).await.ok();
    assert!(answer("s3").await.ok().texts("Arn").is_empty(), "it is no more");
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
        ("ServiceNamespaces.member.3", "s3"),
    ];
    let unknown = [ask[0], ("ServiceNamespaces.member.1", "S3"), ask[2], ("ServiceNamespaces.member.3", "nosuch")];
    root.iam("ListPoliciesGrantingServiceAccess", &unknown).await.refused(
        400,
        "InvalidInput",
        "Invalid service namespace: [S3, nosuch]",
    );
    let listed = root.iam("ListPoliciesGrantingServiceAccess", &ask).await.ok();
    assert_eq!(listed.texts("ServiceNamespace"), ["s3", "ec2"], "in the order of the request");
    assert_eq!(listed.texts("PolicyName"), ["p", "AmazonS3ReadOnlyAccess"]);
    assert_eq!(listed.texts("EntityName"), ["Bob"]);
    assert_eq!(listed.texts("PolicyArn"), [managed]);
}

#[tokio::test]
async fn what_a_policy_grants_is_reported_service_by_service() {
    let root = Server::start().await.root();
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    let put = async |name: &str, statements: &str| {
        let document = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
        let policy = [("UserName", "Bob"), ("PolicyName", name), ("PolicyDocument", &document)];
        root.iam("PutUserPolicy", &policy).await.ok();
    };
    let arn = ("Arn", "arn:aws:iam::000000000000:user/Bob");
    let granting = async || {
        let ask = [arn, ("ServiceNamespaces.member.1", "s3"), ("ServiceNamespaces.member.2", "sqs")];
        let listed = root.iam("ListPoliciesGrantingServiceAccess", &ask).await.ok();
        let services = listed.body.split("<ServiceNamespace>").skip(1);
        let granted = services.filter(|service| service.contains("<PolicyName>p</PolicyName>"));
        granted.map(|service| service.split('<').next().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
    };
    let reported = async || {
        let job = root.iam("GenerateServiceLastAccessedDetails", &[arn]).await.ok().text("JobId");
        root.iam("GetServiceLastAccessedDetails", &[("JobId", &job)]).await.ok().texts("ServiceNamespace")
    };
    let get = r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}"#;
    let deny = r#"{"Effect":"Deny","Action":"s3:*","Resource":"*"}"#;
    let some = r#"{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"aws:username":"x"}}}"#;
    for (statements, granted, is_reported) in [
        (get, "s3", true),
        (&format!("{get},{deny}"), "", false),
        (&format!("{get},{some}"), "s3", true),
        (r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}"#, "s3", true),
        (r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:iam::*:user/x"}"#, "", false),
        (r#"{"Effect":"Allow","Action":"s3:GetObject","NotResource":"*"}"#, "", false),
        (r#"{"Effect":"Allow","Action":"s3:NoSuchAction","Resource":"*"}"#, "s3", false),
        (r#"{"Effect":"Allow","NotAction":"s3:*","Resource":"*"}"#, "sqs", false),
        (deny, "", false),
    ] {
        put("p", statements).await;
        assert_eq!(granting().await, granted, "{statements}");
        assert_eq!(reported().await.contains(&"s3".to_owned()), is_reported, "{statements}");
    }
    put("p", get).await;
    put("q", deny).await;
    assert_eq!((granting().await.as_str(), reported().await), ("s3", Vec::new()), "other policies may deny it");
}

#[tokio::test]
async fn permission_is_on_the_entity_as_it_is() {
    let server = Server::start().await;
    server.root().iam("CreateUser", &[("UserName", "Bob"), ("Path", "/staff/")]).await.ok();
    let other = "arn:aws:iam::000000000000:user/other/Bob";
    let eve = server.allowed("Eve", &["iam:GenerateServiceLastAccessedDetails"], &[other], json!({})).await;
    let staff = "arn:aws:iam::000000000000:user/staff/Bob";
    let asked = eve.iam("GenerateServiceLastAccessedDetails", &[("Arn", other)]).await;
    asked.lacks("iam:GenerateServiceLastAccessedDetails", staff);
}
