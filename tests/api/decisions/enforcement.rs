//! What policies allow and deny, as soon as they change.

use serde_json::json;

use crate::client::{Client, Server};
use crate::fixtures::{allow, deny, not_allowed, own_arn, policy_arn, statement};

const ALLOW_ALL: &str = r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#;
const ANN: &str = "User: arn:aws:iam::000000000000:user/Ann is not authorized to perform";

/// A user without permissions.
async fn with_ann() -> (Server, Client, Client) {
    let server = Server::start().await;
    let root = server.root();
    root.iam("CreateUser", &[("UserName", "Ann")]).await.ok();
    let ann = server.user("Ann").await;
    (server, root, ann)
}

/// Gives Ann an inline policy, or another document to the one that she has.
async fn grant(root: &Client, document: &str) {
    let policy = [("UserName", "Ann"), ("PolicyName", "inline"), ("PolicyDocument", document)];
    root.iam("PutUserPolicy", &policy).await.ok();
}

async fn create_policy(root: &Client, name: &str, document: &str) -> String {
    root.iam("CreatePolicy", &[("PolicyName", name), ("PolicyDocument", document)]).await.ok();
    policy_arn(name)
}

#[tokio::test]
async fn rights_follow_every_change_at_once() {
    let (_, root, ann) = with_ann().await;
    let may = async || ann.iam("ListUsers", &[]).await.status == 200;
    assert!(!may().await);

    grant(&root, &allow("iam:ListUsers", "*")).await;
    assert!(may().await);
    root.iam("DeleteUserPolicy", &[("UserName", "Ann"), ("PolicyName", "inline")]).await.ok();
    assert!(!may().await);

    let arn = create_policy(&root, "P", &allow("iam:ListUsers", "*")).await;
    let attachment = [("UserName", "Ann"), ("PolicyArn", arn.as_str())];
    root.iam("AttachUserPolicy", &attachment).await.ok();
    assert!(may().await);
    let denying = deny("iam:ListUsers", "*");
    let version = [("PolicyArn", arn.as_str()), ("PolicyDocument", &denying), ("SetAsDefault", "true")];
    root.iam("CreatePolicyVersion", &version).await.ok();
    assert!(!may().await);
    root.iam("SetDefaultPolicyVersion", &[("PolicyArn", &arn), ("VersionId", "v1")]).await.ok();
    assert!(may().await);
    root.iam("DetachUserPolicy", &attachment).await.ok();
    assert!(!may().await);

    root.iam("CreateGroup", &[("GroupName", "Ops")]).await.ok();
    let membership = [("GroupName", "Ops"), ("UserName", "Ann")];
    root.iam("AddUserToGroup", &membership).await.ok();
    root.iam("AttachGroupPolicy", &[("GroupName", "Ops"), ("PolicyArn", &arn)]).await.ok();
    assert!(may().await);
    root.iam("DetachGroupPolicy", &[("GroupName", "Ops"), ("PolicyArn", &arn)]).await.ok();
    assert!(!may().await);
    let document = allow("iam:ListUsers", "*");
    let inline = [("GroupName", "Ops"), ("PolicyName", "p"), ("PolicyDocument", document.as_str())];
    root.iam("PutGroupPolicy", &inline).await.ok();
    assert!(may().await);
    root.iam("RemoveUserFromGroup", &membership).await.ok();
    assert!(!may().await);
}

#[tokio::test]
async fn a_boundary_limits_and_does_not_grant() {
    let (_, root, ann) = with_ann().await;
    let arn = create_policy(&root, "Limit", &allow("iam:ListGroups", "*")).await;
    root.iam("PutUserPermissionsBoundary", &[("UserName", "Ann"), ("PermissionsBoundary", &arn)]).await.ok();
    let message = not_allowed("Ann", "iam:ListGroups", &own_arn("group/"));
    ann.iam("ListGroups", &[]).await.refused(403, "AccessDenied", &message);
    grant(&root, &allow("iam:List*", "*")).await;
    ann.iam("ListGroups", &[]).await.ok();
    let message = format!(
        "{ANN}: iam:ListUsers on resource: arn:aws:iam::000000000000:user/ because no permissions boundary allows the \
         iam:ListUsers action"
    );
    ann.iam("ListUsers", &[]).await.refused(403, "AccessDenied", &message);
    root.iam("DeleteUserPermissionsBoundary", &[("UserName", "Ann")]).await.ok();
    ann.iam("ListUsers", &[]).await.ok();
}

#[tokio::test]
async fn awss_policies_grant_what_they_say() {
    let (_, root, ann) = with_ann().await;
    for policy in ["IAMReadOnlyAccess", "ReadOnlyAccess"] {
        let arn = format!("arn:aws:iam::aws:policy/{policy}");
        let attachment = [("UserName", "Ann"), ("PolicyArn", arn.as_str())];
        ann.iam("GetUser", &[]).await.denied();
        root.iam("AttachUserPolicy", &attachment).await.ok();
        ann.iam("GetUser", &[]).await.ok();
        ann.iam("ListPolicies", &[]).await.ok();
        ann.iam("GetPolicy", &attachment[1..]).await.ok();
        let message = not_allowed("Ann", "iam:CreateUser", &own_arn("user/Eve"));
        ann.iam("CreateUser", &[("UserName", "Eve")]).await.refused(403, "AccessDenied", &message);
        root.iam("DetachUserPolicy", &attachment).await.ok();
    }
}

#[tokio::test]
async fn an_explicit_denial_names_its_layer_and_the_policy() {
    let (_, root, ann) = with_ann().await;
    let resource = "on resource: user Ann";
    let refusal = |reason: &str| format!("{ANN}: iam:GetUser {resource} {reason}");
    grant(&root, &deny("iam:GetUser", "*")).await;
    let message = refusal("with an explicit deny in an identity-based policy");
    ann.iam("GetUser", &[]).await.refused(403, "AccessDenied", &message);
    grant(&root, &allow("iam:*", "*")).await;
    let arn = create_policy(&root, "Denies", &deny("iam:GetUser", "*")).await;
    root.iam("PutUserPermissionsBoundary", &[("UserName", "Ann"), ("PermissionsBoundary", &arn)]).await.ok();
    let message = refusal(&format!("with an explicit deny in a permissions boundary: {arn}"));
    ann.iam("GetUser", &[]).await.refused(403, "AccessDenied", &message);
    root.iam("AttachUserPolicy", &[("UserName", "Ann"), ("PolicyArn", &arn)]).await.ok();
    let message = refusal(&format!("with an explicit deny in an identity-based policy: {arn}"));
    ann.iam("GetUser", &[]).await.refused(403, "AccessDenied", &message);
}

/// AWS's endpoints speak TLS only, so that a guardrail which denies everything else denies nothing there.
#[tokio::test]
async fn every_call_counts_as_secure() {
    let (_, root, ann) = with_ann().await;
    let plain = r#"{"Bool":{"aws:SecureTransport":"false"}}"#;
    let guarded = statement("Deny", "*", "*", plain).replacen('[', &format!("[{},", ALLOW_ALL), 1);
    grant(&root, &guarded).await;
    ann.iam("ListUsers", &[]).await.ok();
    grant(&root, &statement("Allow", "iam:ListUsers", "*", r#"{"Bool":{"aws:SecureTransport":"true"}}"#)).await;
    ann.iam("ListUsers", &[]).await.ok();
}

#[tokio::test]
async fn the_tags_of_the_resource_decide() {
    let (_, root, ann) = with_ann().await;
    for (name, team) in [("Red", "red"), ("Blue", "blue")] {
        let tag = [("UserName", name), ("Tags.member.1.Key", "Team"), ("Tags.member.1.Value", team)];
        root.iam("CreateUser", &tag).await.ok();
    }
    for key in ["aws:ResourceTag/Team", "iam:ResourceTag/team"] {
        let condition = format!(r#"{{"StringEquals":{{"{key}":"red"}}}}"#);
        grant(&root, &statement("Allow", "iam:GetUser", "*", &condition)).await;
        ann.iam("GetUser", &[("UserName", "Red")]).await.ok();
        let message = not_allowed("Ann", "iam:GetUser", "user Blue");
        ann.iam("GetUser", &[("UserName", "Blue")]).await.refused(403, "AccessDenied", &message);
    }
    root.iam("TagUser", &[("UserName", "Blue"), ("Tags.member.1.Key", "Team"), ("Tags.member.1.Value", "red")])
        .await
        .ok();
    ann.iam("GetUser", &[("UserName", "Blue")]).await.ok();
    root.iam("UntagUser", &[("UserName", "Red"), ("TagKeys.member.1", "TEAM")]).await.ok();
    ann.iam("GetUser", &[("UserName", "Red")]).await.denied();
}

#[tokio::test]
async fn the_tags_of_managed_policies_decide() {
    let (_, root, ann) = with_ann().await;
    let arn = create_policy(&root, "P", &allow("s3:*", "*")).await;
    let condition = r#"{"StringEquals":{"aws:ResourceTag/Open":"yes"}}"#;
    grant(&root, &statement("Allow", "iam:GetPolicy", "*", condition)).await;
    ann.iam("GetPolicy", &[("PolicyArn", &arn)]).await.denied();
    let tag = [("PolicyArn", arn.as_str()), ("Tags.member.1.Key", "Open"), ("Tags.member.1.Value", "yes")];
    root.iam("TagPolicy", &tag).await.ok();
    ann.iam("GetPolicy", &[("PolicyArn", &arn)]).await.ok();
}

#[tokio::test]
async fn the_tags_of_the_request_decide() {
    let (_, root, ann) = with_ann().await;
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    let condition =
        r#"{"StringEquals":{"aws:RequestTag/Team":"red"},"ForAllValues:StringEquals":{"aws:TagKeys":["Team","Cost"]}}"#;
    grant(&root, &statement("Allow", "iam:*", "*", condition)).await;
    let tagged = async |key: &str, value: &str, other: &str| {
        let tags = [
            ("UserName", "Bob"),
            ("Tags.member.1.Key", key),
            ("Tags.member.1.Value", value),
            ("Tags.member.2.Key", other),
            ("Tags.member.2.Value", "x"),
        ];
        ann.iam("TagUser", &tags).await
    };
    tagged("Team", "red", "Cost").await.ok();
    tagged("Team", "blue", "Cost").await.denied();
    tagged("Team", "red", "Zone").await.denied();
    let made = [("UserName", "Eve"), ("Tags.member.1.Key", "Team"), ("Tags.member.1.Value", "red")];
    ann.iam("CreateUser", &made).await.ok();
    ann.iam("CreateUser", &[("UserName", "Mallory")]).await.denied();

    let condition = r#"{"ForAnyValue:StringEquals":{"aws:TagKeys":"Cost"}}"#;
    grant(&root, &statement("Allow", "iam:UntagUser", "*", condition)).await;
    ann.iam("UntagUser", &[("UserName", "Bob"), ("TagKeys.member.1", "Cost")]).await.ok();
    ann.iam("UntagUser", &[("UserName", "Bob"), ("TagKeys.member.1", "Team")]).await.denied();
}

#[tokio::test]
async fn creating_with_tags_needs_the_permission_to_tag() {
    let (_, root, ann) = with_ann().await;
    let document = allow("s3:*", "*");
    let made = [
        ("PolicyName", "P"),
        ("PolicyDocument", document.as_str()),
        ("Tags.member.1.Key", "k"),
        ("Tags.member.1.Value", "v"),
    ];
    grant(&root, &allow("iam:CreatePolicy", "*")).await;
    let message = not_allowed("Ann", "iam:TagPolicy", "policy P");
    ann.iam("CreatePolicy", &made).await.refused(403, "AccessDenied", &message);
    ann.iam("CreatePolicy", &made[..2]).await.ok();
}

#[tokio::test]
async fn the_boundary_of_a_new_user_decides() {
    let (_, root, ann) = with_ann().await;
    let arn = create_policy(&root, "Limit", &allow("s3:*", "*")).await;
    let condition = format!(r#"{{"StringEquals":{{"iam:PermissionsBoundary":"{arn}"}}}}"#);
    grant(&root, &statement("Allow", "iam:CreateUser", "*", &condition)).await;
    let message = not_allowed("Ann", "iam:CreateUser", &own_arn("user/Eve"));
    ann.iam("CreateUser", &[("UserName", "Eve")]).await.refused(403, "AccessDenied", &message);
    let other = [("UserName", "Eve"), ("PermissionsBoundary", "arn:aws:iam::aws:policy/ReadOnlyAccess")];
    ann.iam("CreateUser", &other).await.refused(403, "AccessDenied", &message);
    ann.iam("CreateUser", &[("UserName", "Eve"), ("PermissionsBoundary", &arn)]).await.ok();
}

#[tokio::test]
async fn listings_are_allowed_by_path() {
    let (_, root, ann) = with_ann().await;
    let lists = [
        ("ListUsers", "user/", own_arn("user/")),
        ("ListGroups", "group/", own_arn("group/")),
        ("ListPolicies", "policy/", "policy path /".to_owned()),
    ];
    for (action, resource, words) in lists {
        grant(&root, &allow("iam:List*", &own_arn(&format!("{resource}team/*")))).await;
        ann.iam(action, &[("PathPrefix", "/team/")]).await.ok();
        ann.iam(action, &[("PathPrefix", "/team/a/")]).await.ok();
        let message = not_allowed("Ann", &format!("iam:{action}"), &words);
        ann.iam(action, &[]).await.refused(403, "AccessDenied", &message);
        let message = not_allowed("Ann", &format!("iam:{action}"), &format!("{words}other/"));
        ann.iam(action, &[("PathPrefix", "/other/")]).await.refused(403, "AccessDenied", &message);
    }
}

#[tokio::test]
async fn permission_is_asked_for_before_anything_is_looked_up() {
    let (_, root, ann) = with_ann().await;
    root.iam("CreateUser", &[("UserName", "Bob"), ("Path", "/deep/")]).await.ok();
    // The name is repeated as it was sent, whether there is such a user or not.
    for (name, resource) in [("Bob", "user Bob"), ("bob", "user bob"), ("Nobody", "user Nobody")] {
        let message = not_allowed("Ann", "iam:ListAttachedUserPolicies", resource);
        ann.iam("ListAttachedUserPolicies", &[("UserName", name)]).await.refused(403, "AccessDenied", &message);
    }
}

#[tokio::test]
async fn a_move_needs_permission_on_both_places() {
    let server = Server::start().await;
    let root = server.root();
    for (operation, name) in [("CreateUser", "UserName"), ("CreateGroup", "GroupName")] {
        root.iam(operation, &[(name, "joe"), ("Path", "/dev/")]).await.ok();
    }
    let resources = [own_arn("user/dev/*"), own_arn("group/dev/*")];
    let resources: Vec<&str> = resources.iter().map(String::as_str).collect();
    let eve = server.allowed("Eve", &["iam:UpdateUser", "iam:UpdateGroup"], &resources, json!({})).await;
    for (operation, name, kind) in [("UpdateUser", "UserName", "user"), ("UpdateGroup", "GroupName", "group")] {
        let action = format!("iam:{operation}");
        let new_name = format!("New{name}");
        eve.iam(operation, &[(name, "joe"), ("NewPath", "/admin/")])
            .await
            .lacks(&action, &own_arn(&format!("{kind}/admin/joe")));
        eve.iam(operation, &[(name, "joe"), ("NewPath", "/admin/"), (&new_name, "boss")])
            .await
            .lacks(&action, &own_arn(&format!("{kind}/admin/boss")));
        eve.iam(operation, &[(name, "joe"), (&new_name, "jim")]).await.ok();
    }
}

#[tokio::test]
async fn a_device_is_its_own_spelling_only() {
    let server = Server::start().await;
    let root = server.root();
    root.iam("CreateVirtualMFADevice", &[("VirtualMFADeviceName", "Admin")]).await.ok();
    for other in ["arn:aws:iam::000000000000:mfa/ADMIN", "arn:aws-cn:iam::000000000000:mfa/Admin"] {
        let answer = root.iam("DeleteVirtualMFADevice", &[("SerialNumber", other)]).await;
        assert_eq!(answer.text("Code"), "NoSuchEntity", "{}", answer.body);
    }
    root.iam("DeleteVirtualMFADevice", &[("SerialNumber", "arn:aws:iam::000000000000:mfa/Admin")]).await.ok();
}
