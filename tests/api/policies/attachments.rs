//! Managed policies attached to users, groups and roles.

use crate::client::{Client, Server};
use crate::fixtures::{allow, not_allowed, policy_arn, role, statement};

/// A kind as the operations name it, the parameter, the kind in messages, the quota and its default.
const KINDS: [(&str, &str, &str, &str); 3] = [
    ("User", "UserName", "user", "PoliciesPerUser: 10"),
    ("Group", "GroupName", "group", "PoliciesPerGroup: 10"),
    ("Role", "RoleName", "role", "PoliciesPerRole: 20"),
];

const ADMIN: &str = "arn:aws:iam::aws:policy/AdministratorAccess";
const LAMBDA: &str = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";

/// A user, a group and a role, each called `Bob`.
async fn with_entities() -> (Server, Client) {
    let server = Server::start().await;
    let root = server.root();
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    root.iam("CreateGroup", &[("GroupName", "Bob")]).await.ok();
    server.change("000000000000", |account| account.put(role("/", "Bob")).unwrap()).await;
    (server, root)
}

async fn create(root: &Client, path: &str, name: &str) {
    let document = allow("s3:*", "*");
    root.iam("CreatePolicy", &[("PolicyName", name), ("Path", path), ("PolicyDocument", &document)]).await.ok();
}

#[tokio::test]
async fn policies_are_attached_once_listed_and_detached() {
    let (_, root) = with_entities().await;
    create(&root, "/", "Own").await;
    let own = policy_arn("Own");
    for (kind, name, ..) in KINDS {
        let attach = format!("Attach{kind}Policy");
        for arn in [&own, LAMBDA, ADMIN, ADMIN] {
            root.iam(&attach, &[(name, "bob"), ("PolicyArn", arn)]).await.ok();
        }
        let list = format!("ListAttached{kind}Policies");
        let listed = root.iam(&list, &[(name, "Bob")]).await.ok();
        let names = ["AdministratorAccess", "AWSLambdaBasicExecutionRole", "Own"];
        assert_eq!(listed.texts("PolicyName"), names);
        assert_eq!(listed.texts("PolicyArn"), [ADMIN, LAMBDA, &own]);
        assert_eq!(root.iam_pages(&list, &[(name, "Bob")], "PolicyName").await, names);
        let under = root.iam(&list, &[(name, "Bob"), ("PathPrefix", "/service-role/")]).await.ok();
        assert_eq!(under.texts("PolicyArn"), [LAMBDA]);
        if kind != "Role" {
            let deletion = root.iam(&format!("Delete{kind}"), &[(name, "Bob")]).await;
            deletion.refused(409, "DeleteConflict", "Cannot delete entity, must detach all policies first.");
        }
    }
    let read = root.iam("GetPolicy", &[("PolicyArn", &own)]).await.ok();
    assert_eq!(read.text("AttachmentCount"), "3");
    for (kind, name, ..) in KINDS {
        let detach = format!("Detach{kind}Policy");
        root.iam(&detach, &[(name, "Bob"), ("PolicyArn", &own)]).await.ok();
        let missing = format!("Policy {own} was not found.");
        root.iam(&detach, &[(name, "Bob"), ("PolicyArn", &own)]).await.refused(404, "NoSuchEntity", &missing);
    }
    assert_eq!(root.iam("GetPolicy", &[("PolicyArn", &own)]).await.ok().text("AttachmentCount"), "0");
}

#[tokio::test]
async fn what_is_no_policy_is_not_attached() {
    let (_, root) = with_entities().await;
    let nowhere = policy_arn("Nope");
    for (kind, name, lower, _) in KINDS {
        let attach = format!("Attach{kind}Policy");
        let attached = async |arn: &str| root.iam(&attach, &[(name, "Bob"), ("PolicyArn", arn)]).await;
        let message = format!("Policy {nowhere} does not exist or is not attachable.");
        attached(&nowhere).await.refused(404, "NoSuchEntity", &message);
        let message = "ARN longpolicynamebutnoarn is not valid.";
        attached("longpolicynamebutnoarn").await.refused(400, "ValidationError", message);
        let bare = [(name, "Bob"), ("PolicyArn", "longpolicynamebutnoarn")];
        root.iam(&format!("Detach{kind}Policy"), &bare).await.refused(400, "ValidationError", message);
        let user = "arn:aws:iam::000000000000:user/Bob";
        attached(user).await.refused(400, "InvalidInput", &format!("ARN {user} is not valid."));
        let linked = "arn:aws:iam::aws:policy/aws-service-role/AWSSupportServiceRolePolicy";
        let reserved = format!("Cannot attach AWS reserved policy to an IAM {lower}.");
        let for_role = "Cannot attach a Service Role Policy to a Customer Role.";
        let message = if kind == "Role" { for_role } else { &reserved };
        attached(linked).await.refused(400, "PolicyNotAttachable", message);
        let task = "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials";
        attached(task).await.refused(400, "PolicyNotAttachable", &reserved);
        let message = format!("The {lower} with name Nobody cannot be found.");
        for action in [format!("Attach{kind}Policy"), format!("Detach{kind}Policy")] {
            let nobody = root.iam(&action, &[(name, "Nobody"), ("PolicyArn", &nowhere)]).await;
            nobody.refused(404, "NoSuchEntity", &message);
        }
        let nobody = root.iam(&format!("ListAttached{kind}Policies"), &[(name, "Nobody")]).await;
        nobody.refused(404, "NoSuchEntity", &message);
        let message = format!("Policy {nowhere} was not found.");
        let detached = root.iam(&format!("Detach{kind}Policy"), &[(name, "Bob"), ("PolicyArn", &nowhere)]).await;
        detached.refused(404, "NoSuchEntity", &message);
    }
}

#[tokio::test]
async fn as_many_policies_can_be_attached_as_the_quota_allows() {
    let (_, root) = with_entities().await;
    for number in 0..21 {
        create(&root, "/", &format!("P{number}")).await;
    }
    for (kind, name, _, quota) in KINDS {
        let attach = |number: u32| {
            let (root, arn) = (root.clone(), policy_arn(&format!("P{number}")));
            async move { root.iam(&format!("Attach{kind}Policy"), &[(name, "Bob"), ("PolicyArn", &arn)]).await }
        };
        let limit: u32 = quota.split_once(": ").unwrap().1.parse().unwrap();
        for number in 0..limit {
            attach(number).await.ok();
        }
        let message = format!("Cannot exceed quota for {quota}");
        attach(limit).await.refused(409, "LimitExceeded", &message);
        attach(3).await.ok();
    }
}

#[tokio::test]
async fn protected_roles_refuse() {
    let server = Server::start().await;
    let root = server.root();
    server
        .change("000000000000", |account| account.put(role("/aws-reserved/sso.amazonaws.com/", "Reserved")).unwrap())
        .await;
    let message = "Cannot perform the operation on the protected role 'Reserved' - this role is only modifiable by AWS";
    for action in ["AttachRolePolicy", "DetachRolePolicy"] {
        let answer = root.iam(action, &[("RoleName", "Reserved"), ("PolicyArn", ADMIN)]).await;
        answer.refused(400, "UnmodifiableEntity", message);
    }
}

#[tokio::test]
async fn permissions_may_depend_on_the_policy() {
    let (server, root) = with_entities().await;
    root.iam("CreateUser", &[("UserName", "Ann")]).await.ok();
    let condition = format!(r#"{{"ArnEquals":{{"iam:PolicyARN":"{LAMBDA}"}}}}"#);
    let guarded = statement("Allow", "iam:*GroupPolicy", "*", &condition);
    let grant = [("UserName", "Ann"), ("PolicyName", "p"), ("PolicyDocument", guarded.as_str())];
    root.iam("PutUserPolicy", &grant).await.ok();
    let ann = server.user("Ann").await;
    for action in ["AttachGroupPolicy", "DetachGroupPolicy"] {
        ann.iam(action, &[("GroupName", "Bob"), ("PolicyArn", LAMBDA)]).await.ok();
        let message = not_allowed("Ann", &format!("iam:{action}"), "group Bob");
        let admin = [("GroupName", "Bob"), ("PolicyArn", ADMIN)];
        ann.iam(action, &admin).await.refused(403, "AccessDenied", &message);
    }
}
