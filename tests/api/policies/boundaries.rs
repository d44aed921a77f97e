//! Permissions boundaries of users and roles.

use crate::client::{Client, Server};
use crate::fixtures::{TRUST, allow, not_allowed, policy_arn, role, statement};

const KINDS: [(&str, &str, &str); 2] = [("User", "UserName", "user"), ("Role", "RoleName", "role")];
const READ_ONLY: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";

/// A user and a role, each called `Bob`.
async fn with_entities() -> (Server, Client) {
    let server = Server::start().await;
    let root = server.root();
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    server.change("000000000000", |account| account.put(role("/", "Bob")).unwrap()).await;
    (server, root)
}

#[tokio::test]
async fn a_boundary_is_put_replaced_counted_and_deleted() {
    let (_, root) = with_entities().await;
    let document = allow("s3:*", "*");
    root.iam("CreatePolicy", &[("PolicyName", "P"), ("PolicyDocument", &document)]).await.ok();
    let own = policy_arn("P");
    for (kind, name, lower) in KINDS {
        let put = format!("Put{kind}PermissionsBoundary");
        for arn in [READ_ONLY, &own] {
            root.iam(&put, &[(name, "bob"), ("PermissionsBoundary", arn)]).await.ok();
        }
        let uses = async || {
            let read = root.iam("GetPolicy", &[("PolicyArn", &own)]).await.ok();
            (read.text("PermissionsBoundaryUsageCount"), read.text("AttachmentCount"))
        };
        assert_eq!(uses().await, ("1".into(), "0".into()));
        let delete = format!("Delete{kind}PermissionsBoundary");
        root.iam(&delete, &[(name, "Bob")]).await.ok();
        assert_eq!(uses().await, ("0".into(), "0".into()));
        let message = format!("Unable to find permissions boundary for {lower} Bob");
        root.iam(&delete, &[(name, "Bob")]).await.refused(404, "NoSuchEntity", &message);
    }
    root.iam("PutUserPermissionsBoundary", &[("UserName", "Bob"), ("PermissionsBoundary", &own)]).await.ok();
    let read = root.iam("GetUser", &[("UserName", "Bob")]).await.ok();
    assert_eq!(read.text("PermissionsBoundaryArn"), own);
    assert_eq!(read.text("PermissionsBoundaryType"), "Policy");
    root.iam("DeleteUser", &[("UserName", "Bob")]).await.ok();
}

#[tokio::test]
async fn what_is_no_policy_is_no_boundary() {
    let (_, root) = with_entities().await;
    let nowhere = policy_arn("Nope");
    for (kind, name, lower) in KINDS {
        let put = format!("Put{kind}PermissionsBoundary");
        let bounded = async |arn: &str| root.iam(&put, &[(name, "Bob"), ("PermissionsBoundary", arn)]).await;
        let message = format!("Scope ARN: {nowhere} does not exist or is not attachable.");
        bounded(&nowhere).await.refused(404, "NoSuchEntity", &message);
        let other = "arn:aws:iam::000000000000:not_a_policy/invalid";
        bounded(other).await.refused(400, "InvalidInput", &format!("ARN {other} is not valid."));
        let message = "ARN longpolicynamebutnoarn is not valid.";
        bounded("longpolicynamebutnoarn").await.refused(400, "ValidationError", message);
        let linked = "arn:aws:iam::aws:policy/aws-service-role/AWSSupportServiceRolePolicy";
        let reserved = format!("Cannot attach AWS reserved policy to an IAM {lower}.");
        let for_role = "Cannot attach a Service Role Policy to a Customer Role.";
        let message = if kind == "Role" { for_role } else { &reserved };
        bounded(linked).await.refused(400, "PolicyNotAttachable", message);
        let task = "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials";
        bounded(task).await.refused(400, "PolicyNotAttachable", &reserved);
        // The operations that create have no such error.
        let create = [(name, "Fresh"), ("PermissionsBoundary", linked), ("AssumeRolePolicyDocument", TRUST)];
        root.iam(&format!("Create{kind}"), &create).await.refused(400, "InvalidInput", message);
        root.iam(&format!("Get{kind}"), &[(name, "Fresh")]).await.refused(
            404,
            "NoSuchEntity",
            &format!("The {lower} with name Fresh cannot be found."),
        );
        let message = format!("The {lower} with name Nobody cannot be found.");
        let nobody = [(name, "Nobody"), ("PermissionsBoundary", nowhere.as_str())];
        root.iam(&put, &nobody).await.refused(404, "NoSuchEntity", &message);
        let delete = format!("Delete{kind}PermissionsBoundary");
        root.iam(&delete, &nobody[..1]).await.refused(404, "NoSuchEntity", &message);
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
    let boundary = [("RoleName", "Linked"), ("PermissionsBoundary", READ_ONLY)];
    root.iam("PutRolePermissionsBoundary", &boundary).await.refused(400, "UnmodifiableEntity", message);
    root.iam("DeleteRolePermissionsBoundary", &boundary[..1]).await.refused(400, "UnmodifiableEntity", message);
}

#[tokio::test]
async fn permissions_depend_on_the_new_boundary_to_put_and_the_present_one_to_delete() {
    let (server, root) = with_entities().await;
    root.iam("CreateUser", &[("UserName", "Ann")]).await.ok();
    let condition = format!(r#"{{"StringEquals":{{"iam:PermissionsBoundary":"{READ_ONLY}"}}}}"#);
    let guarded = statement("Allow", "iam:*PermissionsBoundary", "*", &condition);
    let grant = [("UserName", "Ann"), ("PolicyName", "p"), ("PolicyDocument", guarded.as_str())];
    root.iam("PutUserPolicy", &grant).await.ok();
    let ann = server.user("Ann").await;
    let admin = "arn:aws:iam::aws:policy/AdministratorAccess";
    for (kind, name, lower) in KINDS {
        let (put, delete) = (format!("Put{kind}PermissionsBoundary"), format!("Delete{kind}PermissionsBoundary"));
        let resource = format!("{lower} Bob");
        let denied = not_allowed("Ann", &format!("iam:{put}"), &resource);
        ann.iam(&put, &[(name, "Bob"), ("PermissionsBoundary", admin)]).await.refused(403, "AccessDenied", &denied);
        ann.iam(&put, &[(name, "Bob"), ("PermissionsBoundary", READ_ONLY)]).await.ok();
        ann.iam(&delete, &[(name, "Bob")]).await.ok();
        root.iam(&put, &[(name, "Bob"), ("PermissionsBoundary", admin)]).await.ok();
        let denied = not_allowed("Ann", &format!("iam:{delete}"), &resource);
        ann.iam(&delete, &[(name, "Bob")]).await.refused(403, "AccessDenied", &denied);
    }
}
