//! Service-linked roles.

use iamd::catalogue::service_linked_roles;
use serde_json::json;

use crate::client::Server;

const SERVICE: (&str, &str) = ("AWSServiceName", "autoscaling.amazonaws.com");
const NAME: (&str, &str) = ("RoleName", "AWSServiceRoleForAutoScaling");
const ARN: &str =
    "arn:aws:iam::000000000000:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling";

#[tokio::test]
async fn a_role_is_what_aws_makes_of_it() {
    let root = Server::start().await.root();
    let made = root.iam("CreateServiceLinkedRole", &[SERVICE, ("Description", "d")]).await.ok();
    assert_eq!(made.text("Arn"), ARN);
    assert!(!made.has("Description"), "{}", made.body);
    let read = root.iam("GetRole", &[NAME]).await.ok();
    assert_eq!((read.text("Description"), read.text("MaxSessionDuration")), ("d".into(), "3600".into()));
    assert_eq!(
        read.document("AssumeRolePolicyDocument"),
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"autoscaling.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#
    );
    let attached = root.iam("ListAttachedRolePolicies", &[NAME]).await.ok();
    let policy = "arn:aws:iam::aws:policy/aws-service-role/AutoScalingServiceRolePolicy";
    assert_eq!(attached.texts("PolicyArn"), [policy]);
}

#[tokio::test]
async fn every_service_of_the_catalogue_gets_its_role() {
    let root = Server::start().await.root();
    for role in service_linked_roles::iter() {
        let made = root.iam("CreateServiceLinkedRole", &[("AWSServiceName", role.service)]).await.ok();
        assert_eq!(made.text("RoleName"), role.role_name);
        assert_eq!(made.text("Path"), role.path());
    }
}

#[tokio::test]
async fn names_are_taken_once_and_suffixes_are_for_some() {
    let root = Server::start().await.root();
    let create = async |parameters: &[(&str, &str)]| root.iam("CreateServiceLinkedRole", parameters).await;
    create(&[SERVICE]).await.ok();
    create(&[SERVICE]).await.refused(
        400,
        "InvalidInput",
        "Service role name AWSServiceRoleForAutoScaling has been taken in this account, please try a different suffix.",
    );
    let made = create(&[SERVICE, ("CustomSuffix", "x")]).await.ok();
    assert_eq!(made.text("RoleName"), "AWSServiceRoleForAutoScaling_x");
    create(&[("AWSServiceName", "rds.amazonaws.com"), ("CustomSuffix", "x")]).await.refused(
        400,
        "InvalidInput",
        "Custom suffix is not allowed for rds.amazonaws.com",
    );
    let unknown = "Service name nothing.amazonaws.com is not valid";
    create(&[("AWSServiceName", "nothing.amazonaws.com")]).await.refused(400, "InvalidInput", unknown);
    let long = create(&[SERVICE, ("CustomSuffix", &"x".repeat(60))]).await;
    assert_eq!(long.text("Code"), "InvalidInput", "{}", long.body);
}

#[tokio::test]
async fn only_the_description_can_be_changed() {
    let root = Server::start().await.root();
    root.iam("CreateServiceLinkedRole", &[SERVICE]).await.ok();
    root.iam("CreateInstanceProfile", &[("InstanceProfileName", "P")]).await.ok();
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}"#;
    let message = "Cannot perform the operation on the protected role 'AWSServiceRoleForAutoScaling' - this role is \
                   only modifiable by AWS";
    let inline = r#"{"Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}"#;
    let policy = ("PolicyArn", "arn:aws:iam::aws:policy/ReadOnlyAccess");
    let refused: [(&str, &[(&str, &str)]); 9] = [
        ("DeleteRole", &[]),
        ("UpdateAssumeRolePolicy", &[("PolicyDocument", trust)]),
        ("AddRoleToInstanceProfile", &[("InstanceProfileName", "P")]),
        ("RemoveRoleFromInstanceProfile", &[("InstanceProfileName", "P")]),
        ("AttachRolePolicy", &[policy]),
        ("DetachRolePolicy", &[policy]),
        ("PutRolePolicy", &[("PolicyName", "p"), ("PolicyDocument", inline)]),
        ("DeleteRolePolicy", &[("PolicyName", "p")]),
        ("PutRolePermissionsBoundary", &[("PermissionsBoundary", policy.1)]),
    ];
    for (operation, more) in refused {
        root.iam(operation, &[&[NAME], more].concat()).await.refused(400, "UnmodifiableEntity", message);
    }
    root.iam("UpdateRole", &[NAME, ("MaxSessionDuration", "7200")]).await.refused(
        400,
        "UnmodifiableEntity",
        "AWSServiceRoleForAutoScaling is an AWS service linked role, max session duration cannot be changed.",
    );
    root.iam("UpdateRole", &[NAME, ("Description", "one")]).await.ok();
    assert_eq!(root.iam("GetRole", &[NAME]).await.ok().text("Description"), "one");
    root.iam("UpdateRoleDescription", &[NAME, ("Description", "two")]).await.ok();
    assert_eq!(root.iam("GetRole", &[NAME]).await.ok().text("Description"), "two");
}

#[tokio::test]
async fn a_deletion_is_a_task_that_has_succeeded() {
    let root = Server::start().await.root();
    root.iam("CreateServiceLinkedRole", &[SERVICE]).await.ok();
    let task = root.iam("DeleteServiceLinkedRole", &[NAME]).await.ok().text("DeletionTaskId");
    let uuid = task.strip_prefix("task/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling/");
    assert_eq!(uuid.unwrap().len(), 36);
    let gone = "The role with name AWSServiceRoleForAutoScaling cannot be found.";
    root.iam("GetRole", &[NAME]).await.refused(404, "NoSuchEntity", gone);
    let status = async |id: &str| root.iam("GetServiceLinkedRoleDeletionStatus", &[("DeletionTaskId", id)]).await;
    assert_eq!(status(&task).await.ok().text("Status"), "SUCCEEDED");
    let unknown = task.replace(uuid.unwrap(), "00000000-0000-0000-0000-000000000000");
    status(&unknown).await.refused(404, "NoSuchEntity", "Cannot find deletion status for given id.");
    for malformed in ["not-a-task", "task/aws-service-role/x/y/z", "task/a/b/00000000-0000-0000-0000-000000000000"] {
        status(malformed).await.refused(400, "InvalidInput", "Invalid task id");
    }
    root.iam("CreateServiceLinkedRole", &[SERVICE]).await.ok();
}

#[tokio::test]
async fn other_roles_are_not_deleted_so() {
    let root = Server::start().await.root();
    let trust = r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}"#;
    root.iam("CreateRole", &[("RoleName", "Mine"), ("AssumeRolePolicyDocument", trust)]).await.ok();
    root.iam("DeleteServiceLinkedRole", &[("RoleName", "Mine")]).await.refused(
        404,
        "NoSuchEntity",
        "Mine exists but is not a service role.",
    );
    root.iam("GetRole", &[("RoleName", "Mine")]).await.ok();
}

#[tokio::test]
async fn each_action_needs_its_permission() {
    let server = Server::start().await;
    let nobody = server.allowed("Nobody", &["iam:ListUsers"], &["*"], json!({})).await;
    let service = |name: &str| json!({"StringEquals": {"iam:AWSServiceName": name}});
    let create = "iam:CreateServiceLinkedRole";
    nobody.iam("CreateServiceLinkedRole", &[SERVICE]).await.lacks(create, ARN);
    let other = server.allowed("Other", &[create], &["*"], service("rds.amazonaws.com")).await;
    other.iam("CreateServiceLinkedRole", &[SERVICE]).await.lacks(create, ARN);
    let creator = server.allowed("Creator", &[create], &[ARN], service(SERVICE.1)).await;
    creator.iam("CreateServiceLinkedRole", &[SERVICE]).await.ok();

    let delete = "iam:DeleteServiceLinkedRole";
    nobody.iam("DeleteServiceLinkedRole", &[NAME]).await.lacks(delete, &format!("role {}", NAME.1));
    let deleter = server.allowed("Deleter", &[delete], &[ARN], json!({})).await;
    let task = deleter.iam("DeleteServiceLinkedRole", &[NAME]).await.ok().text("DeletionTaskId");
    let status = [("DeletionTaskId", task.as_str())];
    let get = "iam:GetServiceLinkedRoleDeletionStatus";
    nobody.iam("GetServiceLinkedRoleDeletionStatus", &status).await.lacks(get, ARN);
    let reader = server.allowed("Reader", &[get], &[ARN], json!({})).await;
    reader.iam("GetServiceLinkedRoleDeletionStatus", &status).await.ok();
}
