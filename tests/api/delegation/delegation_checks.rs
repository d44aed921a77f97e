//! What is shown of a delegation request before a decision: a check of permissions, and a summary in words.

use serde_json::{Value, json};

use crate::client::{Answer, Client, Server};
use crate::delegation::fixtures::{OPEN_TEMPLATE, PROVIDER, ROLES_TEMPLATE, TEMPLATE, on, requested, server, settings};

async fn checked(client: &Client, id: &str) -> String {
    let check = [("DelegationRequestId", id), ("DelegationPermissionCheck", "true")];
    let given = client.iam("GetDelegationRequest", &check).await.ok();
    assert_eq!(given.text("PermissionCheckStatus"), "COMPLETE");
    given.text("PermissionCheckResult")
}

const IN_BUCKETS: [(&str, &str); 5] = [
    ("Permissions.PolicyTemplateArn", TEMPLATE),
    ("Permissions.Parameters.member.1.Name", "Buckets"),
    ("Permissions.Parameters.member.1.Values.member.1", "b"),
    ("Permissions.Parameters.member.2.Name", "Prefix"),
    ("Permissions.Parameters.member.2.Values.member.1", "in/"),
];

/// A user that may look at delegation requests and has this statement too.
async fn with(server: &Server, name: &str, statement: Value) -> Client {
    let user = server.allowed(name, &["iam:GetDelegationRequest"], &["*"], json!({})).await;
    let document = json!({"Version": "2012-10-17", "Statement": statement}).to_string();
    let policy = [("UserName", name), ("PolicyName", "q"), ("PolicyDocument", &document)];
    server.root().iam("PutUserPolicy", &policy).await.ok();
    user
}

#[tokio::test]
async fn the_callers_permissions_are_compared_with_what_is_asked_for() {
    let server = server().await;
    let users = requested(&server, "flow-1", &[]).await;
    let pattern = requested(&server, "flow-2", &[("Permissions.PolicyTemplateArn", ROLES_TEMPLATE)]).await;
    assert_eq!(checked(&server.root(), &users).await, "ALLOWED");
    assert_eq!(checked(&server.root(), &pattern).await, "ALLOWED");
    let bucket = requested(&server, "flow-3", &IN_BUCKETS).await;
    assert_eq!(checked(&server.root(), &bucket).await, "ALLOWED");
    let foreign = json!({"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::other/*"});
    assert_eq!(checked(&with(&server, "foreign", foreign).await, &bucket).await, "DENIED");
    let wider = json!({"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::b*"});
    assert_eq!(checked(&with(&server, "bucket", wider).await, &bucket).await, "ALLOWED");
    let allow = |action: Value| json!({"Effect": "Allow", "Action": action, "Resource": "*"});
    let some = json!([allow(json!("iam:*")), {"Effect": "Deny", "Action": "iam:CreateGroup", "Resource": "*"}]);
    let limited = json!({"Effect": "Allow", "Action": "iam:*", "Resource": "*",
        "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}});
    let narrow = json!({"Effect": "Allow", "Action": "iam:*", "Resource": "arn:aws:iam::*:user/x"});
    let perhaps = json!([allow(json!("iam:*")), {"Effect": "Deny", "Action": "iam:*", "Resource": "*",
        "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}]);
    let cases = [
        ("all", allow(json!("*")), "ALLOWED", "ALLOWED"),
        ("one-by-one", allow(json!(["iam:GetUser", "iam:CreateUser"])), "ALLOWED", "DENIED"),
        ("wider", allow(json!(["iam:GetU*", "iam:C*"])), "ALLOWED", "ALLOWED"),
        ("half", allow(json!("iam:Get*")), "DENIED", "DENIED"),
        ("none", allow(json!("s3:*")), "DENIED", "DENIED"),
        ("narrow", narrow, "DENIED", "DENIED"),
        ("limited", limited, "UNSURE", "UNSURE"),
        ("some", some, "ALLOWED", "ALLOWED"),
        ("perhaps", perhaps, "UNSURE", "UNSURE"),
    ];
    for (name, statement, for_users, for_pattern) in cases {
        let user = with(&server, name, statement).await;
        assert_eq!(checked(&user, &users).await, for_users, "{name}");
        assert_eq!(checked(&user, &pattern).await, for_pattern, "{name}");
    }
}

async fn summary(client: &Client, arn: &str, locale: Option<&str>) -> Answer {
    let mut parameters = vec![("EntityArn", arn)];
    parameters.extend(locale.map(|locale| ("Locale", locale)));
    client.iam("GetHumanReadableSummary", &parameters).await
}

fn arn(id: &str) -> String {
    format!("arn:aws:iam::000000000000:delegation-request/{id}")
}

#[tokio::test]
async fn a_summary_says_what_the_policy_says() {
    let server = server().await;
    let root = server.root();
    let more = [("OwnerAccountId", "000000000000"), ("Permissions.PolicyTemplateArn", ROLES_TEMPLATE)];
    let id = requested(&server, "flow-1", &more).await;
    let given = summary(&root, &arn(&id), None).await.ok();
    assert_eq!((given.text("SummaryState"), given.text("Locale")), ("AVAILABLE".into(), "en".into()));
    let boundary = "arn:aws:iam::000000000000:policy/limit";
    let expected = format!(
        "Account {PROVIDER} asks for temporary permissions in account 000000000000 for 1 hour. They are limited to what \
         the person who accepts the request may do.\nIt would be allowed:\n- Create* in AWS Identity and Access Management, on all \
         resources, only if iam:PermissionsBoundary is {boundary} (StringEquals)\nRoles that it creates must be limited by \
         {boundary}.\n"
    );
    assert_eq!(given.text("SummaryContent"), expected);
    for (locale, state) in [("en-US", "AVAILABLE"), ("de-DE", "NOT_SUPPORTED"), ("ja", "NOT_SUPPORTED")] {
        let given = summary(&root, &arn(&id), Some(locale)).await.ok();
        assert_eq!((given.text("SummaryState"), given.text("Locale")), (state.into(), locale.into()));
        assert_eq!(given.has("SummaryContent"), state == "AVAILABLE");
    }
    let refused = summary(&root, &arn(&id), Some("1!")).await;
    refused.refused(400, "InvalidInput", "1! is not a locale.");
}

#[tokio::test]
async fn what_is_too_long_for_a_summary_fails() {
    let server = server().await;
    let mut more = vec![
        ("Permissions.PolicyTemplateArn".to_owned(), TEMPLATE.to_owned()),
        ("Permissions.Parameters.member.1.Name".to_owned(), "Buckets".to_owned()),
        ("Permissions.Parameters.member.1.Type".to_owned(), "stringList".to_owned()),
        ("Permissions.Parameters.member.2.Name".to_owned(), "Prefix".to_owned()),
        ("Permissions.Parameters.member.2.Values.member.1".to_owned(), "in/".to_owned()),
    ];
    let name = |n| format!("Permissions.Parameters.member.1.Values.member.{n}");
    more.extend((1..=1000).map(|n| (name(n), format!("bucket-{n}"))));
    let more: Vec<_> = more.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let id = requested(&server, "flow-1", &more).await;
    let given = summary(&server.root(), &arn(&id), None).await.ok();
    assert_eq!((given.text("SummaryState"), given.has("SummaryContent")), ("FAILED".to_owned(), false));
}

#[tokio::test]
async fn summaries_are_of_delegation_requests_and_for_those_who_may_see_them() {
    let server = server().await;
    let root = server.root();
    let id = requested(&server, "flow-1", &[("OwnerAccountId", "000000000000")]).await;
    for wrong in ["arn:aws:iam::000000000000:user/Bob", "arn:aws:s3:::bucket/object/x"] {
        let message = format!("{wrong} is not the ARN of a delegation request.");
        summary(&root, wrong, None).await.refused(400, "InvalidInput", &message);
    }
    let foreign = format!("arn:aws:iam::222222222222:delegation-request/{id}");
    let message = format!("Delegation request {id} cannot be found.");
    summary(&root, &foreign, None).await.refused(404, "NoSuchEntity", &message);
    summary(&server.root_of("222222222222"), &arn(&id), None).await.denied();
    let eve = server.allowed("Eve", &["iam:GetDelegationRequest"], &["*"], json!({})).await;
    summary(&eve, &arn(&id), None).await.lacks("iam:GetHumanReadableSummary", &arn(&id));
    let bob = server.allowed("Bob", &["iam:GetHumanReadableSummary"], &[&arn(&id)], json!({})).await;
    summary(&bob, &arn(&id), None).await.ok();
    on(&bob, "GetDelegationRequest", &id).await.lacks("iam:GetDelegationRequest", &arn(&id));
}

#[tokio::test]
async fn templates_that_allow_nothing_or_are_no_policy_are_refused() {
    let deny = json!({"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}});
    for (document, message) in [
        (deny.to_string(), "The policy must allow something."),
        (r#"{"Statement": []}"#.to_owned(), "Syntax errors in policy."),
    ] {
        let policy_templates = serde_json::from_value(json!({OPEN_TEMPLATE: document})).unwrap();
        let server = Server::with(iamd::config::Settings { policy_templates, ..settings() }).await;
        let parameters = crate::delegation::fixtures::parameters("flow-1", &[]);
        let answer = server.root().iam("CreateDelegationRequest", &parameters).await;
        answer.refused(400, "InvalidInput", message);
    }
    let broken = serde_json::from_value::<iamd::templates::PolicyTemplates>(json!({OPEN_TEMPLATE: "{"}));
    assert!(broken.unwrap_err().to_string().contains("a template is no JSON"));
}
