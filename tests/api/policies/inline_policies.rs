//! Inline policies of users, groups and roles.

use crate::client::{Client, Server};
use crate::fixtures::{allow, document_of_size, not_allowed, role};

/// A kind as the operations name it: `PutUserPolicy`, `UserName`, `user`; the entity; and its quota.
const KINDS: [(&str, &str, &str, usize); 3] =
    [("User", "UserName", "user", 2048), ("Group", "GroupName", "group", 5120), ("Role", "RoleName", "role", 10240)];

/// A user, a group and a role, each called `Bob`.
async fn with_entities() -> (Server, Client) {
    let server = Server::start().await;
    let root = server.root();
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    root.iam("CreateGroup", &[("GroupName", "Bob")]).await.ok();
    server.change("000000000000", |account| account.put(role("/", "Bob")).unwrap()).await;
    (server, root)
}

#[tokio::test]
async fn a_policy_is_put_shown_replaced_listed_and_deleted() {
    let (_, root) = with_entities().await;
    for (kind, name, lower, _) in KINDS {
        let put = format!("Put{kind}Policy");
        let get = format!("Get{kind}Policy");
        let first = allow("s3:*", "*");
        for policy in ["b", "a", "B"] {
            root.iam(&put, &[(name, "bob"), ("PolicyName", policy), ("PolicyDocument", &first)]).await.ok();
        }
        let second = allow("ec2:*", "*");
        root.iam(&put, &[(name, "Bob"), ("PolicyName", "a"), ("PolicyDocument", &second)]).await.ok();
        let shown = root.iam(&get, &[(name, "bob"), ("PolicyName", "a")]).await.ok();
        assert_eq!((shown.text(name), shown.text("PolicyName")), ("Bob".into(), "a".into()));
        assert!(shown.text("PolicyDocument").contains("%22ec2%3A%2A%22"), "{}", shown.body);
        let list = format!("List{kind}Policies");
        let listed = root.iam(&list, &[(name, "Bob")]).await.ok();
        assert_eq!(listed.texts("member"), ["B", "a", "b"]);
        assert_eq!(root.iam_pages(&list, &[(name, "Bob")], "member").await, ["B", "a", "b"]);
        root.iam(&format!("Delete{kind}Policy"), &[(name, "Bob"), ("PolicyName", "a")]).await.ok();
        let missing = format!("The {lower} policy with name a cannot be found.");
        for action in [get, format!("Delete{kind}Policy")] {
            let gone = root.iam(&action, &[(name, "Bob"), ("PolicyName", "a")]).await;
            gone.refused(404, "NoSuchEntity", &missing);
        }
        let conflict = "Cannot delete entity, must delete policies first.";
        if kind != "Role" {
            let deletion = root.iam(&format!("Delete{kind}"), &[(name, "Bob")]).await;
            deletion.refused(409, "DeleteConflict", conflict);
        }
    }
}

#[tokio::test]
async fn the_entity_is_looked_for_before_the_document_is_read() {
    let (_, root) = with_entities().await;
    for (kind, name, lower, _) in KINDS {
        let missing = format!("The {lower} with name Nobody cannot be found.");
        let parameters = [(name, "Nobody"), ("PolicyName", "p"), ("PolicyDocument", "{}")];
        for action in ["Put", "Get", "Delete"] {
            let action = format!("{action}{kind}Policy");
            root.iam(&action, &parameters).await.refused(404, "NoSuchEntity", &missing);
        }
        let listed = root.iam(&format!("List{kind}Policies"), &[(name, "Nobody")]).await;
        listed.refused(404, "NoSuchEntity", &missing);
        let bad = [(name, "Bob"), ("PolicyName", "p"), ("PolicyDocument", "{}")];
        let answer = root.iam(&format!("Put{kind}Policy"), &bad).await;
        answer.refused(400, "MalformedPolicyDocument", "Syntax errors in policy.");
        let bad = [(name, "Bob"), ("PolicyName", "a b"), ("PolicyDocument", "{}")];
        let message = "The specified value for policyName is invalid. It must contain only alphanumeric characters \
                       and/or the following: +=,.@_-";
        root.iam(&format!("Put{kind}Policy"), &bad).await.refused(400, "ValidationError", message);
    }
}

#[tokio::test]
async fn all_policies_together_are_limited_without_white_space() {
    let (_, root) = with_entities().await;
    for (kind, name, lower, limit) in KINDS {
        let put = format!("Put{kind}Policy");
        let half = document_of_size(limit / 2);
        let spacious = half.replace(',', ",    ");
        root.iam(&put, &[(name, "Bob"), ("PolicyName", "one"), ("PolicyDocument", &spacious)]).await.ok();
        let message = format!("Maximum policy size of {limit} bytes exceeded for {lower} Bob");
        let larger = document_of_size(limit / 2 + 1);
        let second = [(name, "Bob"), ("PolicyName", "two"), ("PolicyDocument", larger.as_str())];
        root.iam(&put, &second).await.refused(409, "LimitExceeded", &message);
        root.iam(&put, &[(name, "Bob"), ("PolicyName", "two"), ("PolicyDocument", &half)]).await.ok();
        let listed = root.iam(&format!("List{kind}Policies"), &[(name, "Bob")]).await.ok();
        assert_eq!(listed.texts("member"), ["one", "two"]);
    }
}

#[tokio::test]
async fn protected_roles_refuse() {
    let server = Server::start().await;
    let root = server.root();
    server
        .change("000000000000", |account| account.put(role("/aws-service-role/x.amazonaws.com/", "Linked")).unwrap())
        .await;
    let message = "Cannot perform the operation on the protected role 'Linked' - this role is only modifiable by AWS";
    let document = allow("s3:*", "*");
    let policy = [("RoleName", "Linked"), ("PolicyName", "p"), ("PolicyDocument", document.as_str())];
    root.iam("PutRolePolicy", &policy).await.refused(400, "UnmodifiableEntity", message);
    root.iam("DeleteRolePolicy", &policy[..2]).await.refused(400, "UnmodifiableEntity", message);
    assert_eq!(root.iam("ListRolePolicies", &policy[..1]).await.ok().texts("member"), [""; 0]);
}

#[tokio::test]
async fn permissions_are_on_the_entity_and_may_depend_on_its_boundary() {
    let (server, root) = with_entities().await;
    let boundary = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    let guarded = crate::fixtures::statement(
        "Allow",
        "iam:PutUserPolicy",
        "*",
        &format!(r#"{{"StringEquals":{{"iam:PermissionsBoundary":"{boundary}"}}}}"#),
    );
    root.iam("CreateUser", &[("UserName", "Ann")]).await.ok();
    let grant = [("UserName", "Ann"), ("PolicyName", "p"), ("PolicyDocument", guarded.as_str())];
    root.iam("PutUserPolicy", &grant).await.ok();
    let ann = server.user("Ann").await;
    let document = allow("s3:*", "*");
    let put = [("UserName", "Bob"), ("PolicyName", "p"), ("PolicyDocument", document.as_str())];
    let message = not_allowed("Ann", "iam:PutUserPolicy", "user Bob");
    ann.iam("PutUserPolicy", &put).await.refused(403, "AccessDenied", &message);
    root.iam("PutUserPermissionsBoundary", &[("UserName", "Bob"), ("PermissionsBoundary", boundary)]).await.ok();
    ann.iam("PutUserPolicy", &put).await.ok();
    let message = not_allowed("Ann", "iam:GetUserPolicy", "user Bob");
    ann.iam("GetUserPolicy", &put[..2]).await.refused(403, "AccessDenied", &message);
    let message = not_allowed("Ann", "iam:GetGroupPolicy", "group Nobody");
    let nobody = [("GroupName", "Nobody"), ("PolicyName", "p")];
    ann.iam("GetGroupPolicy", &nobody).await.refused(403, "AccessDenied", &message);
}
