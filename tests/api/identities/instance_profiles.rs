//! Instance profiles and the role in them.

use iamd::config::Settings;
use serde_json::json;

use crate::client::{Client, Server};
use crate::fixtures::TRUST;

const PROFILE: (&str, &str) = ("InstanceProfileName", "P");
const ROLE: (&str, &str) = ("RoleName", "R");

async fn profile_and_role(root: &Client) {
    root.iam("CreateInstanceProfile", &[PROFILE, ("Path", "/p/")]).await.ok();
    root.iam("CreateRole", &[ROLE, ("AssumeRolePolicyDocument", TRUST), ("Description", "d")]).await.ok();
}

#[tokio::test]
async fn a_profile_shows_its_role() {
    let root = Server::start().await.root();
    let tag = [("Tags.member.1.Key", "k"), ("Tags.member.1.Value", "v")];
    let made = root.iam("CreateInstanceProfile", &[&[PROFILE, ("Path", "/p/")][..], &tag].concat()).await.ok();
    assert_eq!(made.text("Arn"), "arn:aws:iam::000000000000:instance-profile/p/P");
    assert!(made.text("InstanceProfileId").starts_with("AIPA"));
    assert!(made.body.contains("<Roles/>"));
    assert_eq!(made.text("Key"), "k");
    root.iam("CreateRole", &[ROLE, ("AssumeRolePolicyDocument", TRUST), ("Description", "d")]).await.ok();
    root.iam("AddRoleToInstanceProfile", &[PROFILE, ROLE]).await.ok();

    let read = root.iam("GetInstanceProfile", &[("InstanceProfileName", "p")]).await.ok();
    assert_eq!((read.text("RoleName"), read.text("Key")), ("R".into(), "k".into()));
    assert_eq!(read.document("AssumeRolePolicyDocument"), TRUST);
    for absent in ["Description", "MaxSessionDuration", "RoleLastUsed"] {
        assert!(!read.has(absent), "the role in a profile has no {absent}");
    }
    let lists = [
        root.iam("ListInstanceProfiles", &[("PathPrefix", "/p/")]).await.ok(),
        root.iam("ListInstanceProfilesForRole", &[("RoleName", "r")]).await.ok(),
    ];
    for list in lists {
        assert_eq!((list.text("InstanceProfileName"), list.text("RoleName")), ("P".into(), "R".into()));
        assert!(!list.has("Tags"));
    }
    assert!(root.iam("ListInstanceProfiles", &[("PathPrefix", "/q/")]).await.ok().body.contains("<InstanceProfiles/>"));
    root.iam("RemoveRoleFromInstanceProfile", &[PROFILE, ROLE]).await.ok();
    let list = root.iam("ListInstanceProfilesForRole", &[ROLE]).await.ok();
    assert!(list.body.contains("<InstanceProfiles/>"));
}

#[tokio::test]
async fn a_profile_shows_that_it_has_no_tags() {
    let root = Server::start().await.root();
    assert!(!root.iam("CreateInstanceProfile", &[PROFILE]).await.ok().has("Tags"));
    assert!(root.iam("GetInstanceProfile", &[PROFILE]).await.ok().body.contains("<Tags/>"));
}

#[tokio::test]
async fn a_profile_holds_one_role() {
    let root = Server::start().await.root();
    profile_and_role(&root).await;
    root.iam("CreateRole", &[("RoleName", "S"), ("AssumeRolePolicyDocument", TRUST)]).await.ok();
    let absent = "Role R in Instance Profile P cannot be found.";
    root.iam("RemoveRoleFromInstanceProfile", &[PROFILE, ROLE]).await.refused(404, "NoSuchEntity", absent);
    root.iam("AddRoleToInstanceProfile", &[PROFILE, ROLE]).await.ok();
    let full = "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1";
    for role in [ROLE, ("RoleName", "S")] {
        root.iam("AddRoleToInstanceProfile", &[PROFILE, role]).await.refused(409, "LimitExceeded", full);
    }
    let absent = "Role S in Instance Profile P cannot be found.";
    let remove = root.iam("RemoveRoleFromInstanceProfile", &[PROFILE, ("RoleName", "S")]).await;
    remove.refused(404, "NoSuchEntity", absent);
    let first = "Cannot delete entity, must remove roles from instance profile first.";
    root.iam("DeleteInstanceProfile", &[PROFILE]).await.refused(409, "DeleteConflict", first);
    root.iam("RemoveRoleFromInstanceProfile", &[PROFILE, ROLE]).await.ok();
    root.iam("DeleteInstanceProfile", &[PROFILE]).await.ok();
    root.iam("DeleteRole", &[ROLE]).await.ok();
}

#[tokio::test]
async fn what_aws_refuses_is_refused_in_its_words() {
    let quota = vec![("InstanceProfilesPerAccount".to_owned(), 1)];
    let root = Server::with(Settings { quota, ..Settings::default() }).await.root();
    profile_and_role(&root).await;
    let exists = "Instance Profile P already exists.";
    root.iam("CreateInstanceProfile", &[PROFILE]).await.refused(409, "EntityAlreadyExists", exists);
    root.iam("CreateInstanceProfile", &[("InstanceProfileName", "Q")]).await.refused(
        409,
        "LimitExceeded",
        "Cannot exceed quota for InstanceProfilesPerAccount: 1",
    );
    root.iam("CreateInstanceProfile", &[("InstanceProfileName", "Q"), ("Path", "/aws-service-role/")]).await.refused(
        400,
        "InvalidInput",
        "Path prefix '/aws-service-role/' can only be used for AWS Service linked Roles",
    );
    let ghost = ("InstanceProfileName", "Ghost");
    for operation in ["GetInstanceProfile", "DeleteInstanceProfile", "AddRoleToInstanceProfile"] {
        let answer = root.iam(operation, &[ghost, ROLE]).await;
        answer.refused(404, "NoSuchEntity", "Instance Profile Ghost cannot be found.");
    }
    for operation in ["AddRoleToInstanceProfile", "RemoveRoleFromInstanceProfile"] {
        let answer = root.iam(operation, &[PROFILE, ("RoleName", "Ghost")]).await;
        answer.refused(404, "NoSuchEntity", "The role with name Ghost cannot be found.");
    }
}

#[tokio::test]
async fn adding_a_role_needs_pass_role_to_ec2() {
    let server = Server::start().await;
    profile_and_role(&server.root()).await;
    let profile = "arn:aws:iam::000000000000:instance-profile/p/P";
    let role = "arn:aws:iam::000000000000:role/R";
    let add = "iam:AddRoleToInstanceProfile";
    let parameters = [PROFILE, ROLE];
    let adder = server.allowed("Adder", &[add], &[profile], json!({})).await;
    adder.iam("AddRoleToInstanceProfile", &parameters).await.lacks("iam:PassRole", role);
    let passer = server.allowed("Passer", &["iam:PassRole"], &[role], json!({})).await;
    passer.iam("AddRoleToInstanceProfile", &parameters).await.lacks(add, "instance profile P");
    let to = |service| json!({"StringEqualsIfExists": {"iam:PassedToService": service}});
    let to_lambda = server.allowed("L", &[add, "iam:PassRole"], &["*"], to("lambda.amazonaws.com")).await;
    to_lambda.iam("AddRoleToInstanceProfile", &parameters).await.lacks("iam:PassRole", role);
    let to_ec2 = server.allowed("E", &[add, "iam:PassRole"], &[profile, role], to("ec2.amazonaws.com")).await;
    to_ec2.iam("AddRoleToInstanceProfile", &parameters).await.ok();
}

#[tokio::test]
async fn each_action_needs_its_permission() {
    let server = Server::start().await;
    profile_and_role(&server.root()).await;
    server.root().iam("AddRoleToInstanceProfile", &[PROFILE, ROLE]).await.ok();
    let profile = "arn:aws:iam::000000000000:instance-profile/p/P";
    let nobody = server.allowed("Nobody", &["iam:ListUsers"], &["*"], json!({})).await;
    for operation in ["GetInstanceProfile", "RemoveRoleFromInstanceProfile", "DeleteInstanceProfile"] {
        let action = format!("iam:{operation}");
        let user = server.allowed(operation, &[&action], &[profile], json!({})).await;
        nobody.iam(operation, &[PROFILE, ROLE]).await.lacks(&action, "instance profile P");
        user.iam(operation, &[PROFILE, ROLE]).await.ok();
    }
    nobody
        .iam("ListInstanceProfiles", &[])
        .await
        .lacks("iam:ListInstanceProfiles", "arn:aws:iam::000000000000:instance-profile/");
    nobody.iam("ListInstanceProfilesForRole", &[ROLE]).await.lacks("iam:ListInstanceProfilesForRole", "role R");
    let creator = server.allowed("C", &["iam:CreateInstanceProfile"], &["*"], json!({})).await;
    let tag = [PROFILE, ("Tags.member.1.Key", "k"), ("Tags.member.1.Value", "v")];
    let answer = creator.iam("CreateInstanceProfile", &tag).await;
    answer.lacks("iam:TagInstanceProfile", "arn:aws:iam::000000000000:instance-profile/P");
    creator.iam("CreateInstanceProfile", &[PROFILE]).await.ok();
}

#[tokio::test]
async fn listings_page() {
    let root = Server::start().await.root();
    root.iam("CreateRole", &[ROLE, ("AssumeRolePolicyDocument", TRUST)]).await.ok();
    for name in ["b", "C", "a"] {
        let profile = ("InstanceProfileName", name);
        root.iam("CreateInstanceProfile", &[profile]).await.ok();
        root.iam("AddRoleToInstanceProfile", &[profile, ROLE]).await.ok();
    }
    for operation in ["ListInstanceProfiles", "ListInstanceProfilesForRole"] {
        let first = root.iam(operation, &[ROLE, ("MaxItems", "2")]).await.ok();
        assert_eq!(first.texts("InstanceProfileName"), ["a", "b"]);
        let marker = first.text("Marker");
        let second = root.iam(operation, &[ROLE, ("Marker", &marker)]).await.ok();
        assert_eq!(second.texts("InstanceProfileName"), ["C"]);
    }
}
