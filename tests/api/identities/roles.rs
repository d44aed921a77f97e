//! Roles: their life, their limits, who may do what with them.

use iamd::audit::Use;
use iamd::config::Settings;
use iamd::shapes::{AccountId, Timestamp};
use serde_json::json;

use crate::client::Server;
use crate::fixtures::TRUST;

const BOUNDARY: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";

#[tokio::test]
async fn a_role_shows_what_awss_answers_show() {
    let root = Server::start().await.root();
    let parameters = [
        ("RoleName", "App"),
        ("Path", "/a/"),
        ("AssumeRolePolicyDocument", TRUST),
        ("Description", "What it is for"),
        ("MaxSessionDuration", "7200"),
        ("PermissionsBoundary", BOUNDARY),
        ("Tags.member.1.Key", "team"),
        ("Tags.member.1.Value", "x"),
    ];
    let made = root.iam("CreateRole", &parameters).await.ok();
    assert_eq!(made.text("Arn"), "arn:aws:iam::000000000000:role/a/App");
    assert!(made.text("RoleId").starts_with("AROA"));
    assert_eq!(made.text("PermissionsBoundaryArn"), BOUNDARY);
    assert_eq!(made.text("Key"), "team");
    for absent in ["Description", "MaxSessionDuration", "RoleLastUsed"] {
        assert!(!made.has(absent), "{}", made.body);
    }
    let read = root.iam("GetRole", &[("RoleName", "aPP")]).await.ok();
    assert_eq!(read.text("RoleName"), "App");
    assert_eq!(read.text("Description"), "What it is for");
    assert_eq!(read.text("MaxSessionDuration"), "7200");
    assert_eq!(read.text("PermissionsBoundaryType"), "Policy");
    assert_eq!(read.text("Key"), "team");
    assert!(read.body.contains("<RoleLastUsed/>"));
    let listed = root.iam("ListRoles", &[("PathPrefix", "/a/")]).await.ok();
    assert_eq!(listed.text("Description"), "What it is for");
    assert_eq!(listed.text("MaxSessionDuration"), "7200");
    for absent in ["PermissionsBoundary", "Tags", "RoleLastUsed"] {
        assert!(!listed.has(absent), "listings have no {absent}");
    }
    assert!(!root.iam("ListRoles", &[("PathPrefix", "/b/")]).await.ok().has("RoleName"));
}

#[tokio::test]
async fn what_an_update_does_not_name_stays() {
    let root = Server::start().await.root();
    let name = ("RoleName", "R");
    let made = [name, ("AssumeRolePolicyDocument", TRUST), ("Description", "one"), ("MaxSessionDuration", "7200")];
    root.iam("CreateRole", &made).await.ok();
    let updated = root.iam("UpdateRole", &[name]).await.ok();
    assert!(updated.body.contains("<UpdateRoleResult/>"));
    let read = root.iam("GetRole", &[name]).await.ok();
    assert_eq!((read.text("Description"), read.text("MaxSessionDuration")), ("one".into(), "7200".into()));
    root.iam("UpdateRole", &[name, ("MaxSessionDuration", "3600"), ("Description", "two")]).await.ok();
    let read = root.iam("GetRole", &[name]).await.ok();
    assert_eq!((read.text("Description"), read.text("MaxSessionDuration")), ("two".into(), "3600".into()));
    let described = root.iam("UpdateRoleDescription", &[name, ("Description", "three")]).await.ok();
    assert_eq!(described.text("Description"), "three");
    assert!(!described.has("MaxSessionDuration"));
    root.iam("UpdateRole", &[name, ("Description", "")]).await.ok();
    assert!(!root.iam("GetRole", &[name]).await.ok().has("Description"), "an empty description clears it");
}

#[tokio::test]
async fn what_aws_refuses_is_refused_in_its_words() {
    let root = Server::start().await.root();
    let create = async |more: &[(&str, &str)]| {
        let mut parameters = vec![("RoleName", "R"), ("AssumeRolePolicyDocument", TRUST)];
        parameters.extend(more);
        root.iam("CreateRole", &parameters).await
    };
    let missing = "arn:aws:iam::000000000000:policy/none";
    let sentence = format!("Scope ARN: {missing} does not exist or is not attachable.");
    create(&[("PermissionsBoundary", missing)]).await.refused(404, "NoSuchEntity", &sentence);
    let wrong = "arn:aws:iam::000000000000:not_a_policy/x";
    create(&[("PermissionsBoundary", wrong)]).await.refused(400, "InvalidInput", &format!("ARN {wrong} is not valid."));
    create(&[("Path", "/aws-service-role/x.amazonaws.com/")]).await.refused(
        400,
        "InvalidInput",
        "Path prefix '/aws-service-role/' can only be used for AWS Service linked Roles",
    );
    create(&[("MaxSessionDuration", "60")]).await.refused(
        400,
        "ValidationError",
        "1 validation error detected: Value at 'maxSessionDuration' failed to satisfy constraint: Member must \
         have value greater than or equal to 3600",
    );
    create(&[]).await.ok();
    create(&[]).await.refused(409, "EntityAlreadyExists", "Role with name R already exists.");
    let gone = "The role with name Ghost cannot be found.";
    for operation in ["GetRole", "DeleteRole", "UpdateRole", "ListInstanceProfilesForRole"] {
        root.iam(operation, &[("RoleName", "Ghost")]).await.refused(404, "NoSuchEntity", gone);
    }
    let policy = [("RoleName", "Ghost"), ("PolicyDocument", TRUST)];
    root.iam("UpdateAssumeRolePolicy", &policy).await.refused(404, "NoSuchEntity", gone);
}

#[tokio::test]
async fn the_quota_of_roles_holds() {
    let quota = vec![("RolesPerAccount".to_owned(), 1)];
    let root = Server::with(Settings { quota, ..Settings::default() }).await.root();
    let create = async |name| root.iam("CreateRole", &[("RoleName", name), ("AssumeRolePolicyDocument", TRUST)]).await;
    create("a").await.ok();
    create("b").await.refused(409, "LimitExceeded", "Cannot exceed quota for RolesPerAccount: 1");
    root.iam("DeleteRole", &[("RoleName", "a")]).await.ok();
    create("b").await.ok();
    root.iam("CreateServiceLinkedRole", &[("AWSServiceName", "autoscaling.amazonaws.com")]).await.ok();
    create("c").await.refused(409, "LimitExceeded", "Cannot exceed quota for RolesPerAccount: 1");
}

#[tokio::test]
async fn a_role_in_use_is_not_deleted() {
    let root = Server::start().await.root();
    let name = ("RoleName", "R");
    root.iam("CreateRole", &[name, ("AssumeRolePolicyDocument", TRUST)]).await.ok();
    root.iam("CreateInstanceProfile", &[("InstanceProfileName", "P")]).await.ok();
    root.iam("AddRoleToInstanceProfile", &[("InstanceProfileName", "P"), name]).await.ok();
    root.iam("AttachRolePolicy", &[name, ("PolicyArn", BOUNDARY)]).await.ok();
    let inline = r#"{"Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}"#;
    root.iam("PutRolePolicy", &[name, ("PolicyName", "p"), ("PolicyDocument", inline)]).await.ok();
    root.iam("PutRolePermissionsBoundary", &[name, ("PermissionsBoundary", BOUNDARY)]).await.ok();
    let obstacles: [(&str, &str, (&str, &str)); 3] = [
        ("remove roles from instance profile", "RemoveRoleFromInstanceProfile", ("InstanceProfileName", "P")),
        ("detach all policies", "DetachRolePolicy", ("PolicyArn", BOUNDARY)),
        ("delete policies", "DeleteRolePolicy", ("PolicyName", "p")),
    ];
    for (first, remedy, parameter) in obstacles {
        let message = format!("Cannot delete entity, must {first} first.");
        root.iam("DeleteRole", &[name]).await.refused(409, "DeleteConflict", &message);
        root.iam(remedy, &[name, parameter]).await.ok();
    }
    root.iam("DeleteRole", &[name]).await.ok();
    assert!(!root.iam("ListRoles", &[]).await.ok().has("RoleName"));
}

#[tokio::test]
async fn the_last_use_is_reported_for_400_days() {
    let server = Server::start().await;
    let root = server.root();
    let name = ("RoleName", "R");
    let made = root.iam("CreateRole", &[name, ("AssumeRolePolicyDocument", TRUST)]).await.ok();
    let used = Timestamp::from(server.state.app.environment.clock.now());
    let account = AccountId::parse("000000000000").unwrap();
    let call = Use { account, used, service: "s3", region: "eu-west-1" };
    server.state.app.environment.volatile.usage.note(&made.text("RoleId"), call);
    let read = root.iam("GetRole", &[name]).await.ok();
    assert_eq!((read.text("LastUsedDate"), read.text("Region")), (used.to_string(), "eu-west-1".to_owned()));
    server.advance(401 * 24 * 3600);
    assert!(root.iam("GetRole", &[name]).await.ok().body.contains("<RoleLastUsed/>"));
}

#[tokio::test]
async fn listings_page() {
    let root = Server::start().await.root();
    for name in ["b", "C", "a"] {
        root.iam("CreateRole", &[("RoleName", name), ("AssumeRolePolicyDocument", TRUST)]).await.ok();
    }
    let first = root.iam("ListRoles", &[("MaxItems", "2")]).await.ok();
    assert_eq!(first.texts("RoleName"), ["a", "b"]);
    let marker = first.text("Marker");
    assert_eq!(root.iam("ListRoles", &[("Marker", &marker)]).await.ok().texts("RoleName"), ["C"]);
}

#[tokio::test]
async fn each_action_needs_its_permission() {
    let server = Server::start().await;
    let root = server.root();
    let arn = "arn:aws:iam::000000000000:role/a/R";
    let made = [
        ("RoleName", "R"),
        ("Path", "/a/"),
        ("AssumeRolePolicyDocument", TRUST),
        ("PermissionsBoundary", BOUNDARY),
        ("Tags.member.1.Key", "team"),
        ("Tags.member.1.Value", "x"),
    ];
    root.iam("CreateRole", &made).await.ok();
    let calls: [(&str, &[(&str, &str)]); 5] = [
        ("GetRole", &[]),
        ("UpdateRole", &[("Description", "d")]),
        ("UpdateRoleDescription", &[("Description", "d")]),
        ("UpdateAssumeRolePolicy", &[("PolicyDocument", TRUST)]),
        ("DeleteRole", &[]),
    ];
    let nobody = server.allowed("Nobody", &["iam:ListUsers"], &["*"], json!({})).await;
    for (index, (operation, more)) in calls.into_iter().enumerate() {
        let action = format!("iam:{operation}");
        let condition = json!({"StringEquals": {"iam:PermissionsBoundary": BOUNDARY, "aws:ResourceTag/team": "x"}});
        let user = server.allowed(&format!("user{index}"), &[&action], &[arn], condition).await;
        let parameters = [&[("RoleName", "R")], more].concat();
        nobody.iam(operation, &parameters).await.lacks(&action, "role R");
        user.iam(operation, &parameters).await.ok();
    }
    nobody.iam("ListRoles", &[]).await.lacks("iam:ListRoles", "arn:aws:iam::000000000000:role/");
    let lister = server.allowed("Lister", &["iam:ListRoles"], &["arn:aws:iam::000000000000:role/*"], json!({})).await;
    lister.iam("ListRoles", &[("PathPrefix", "/a/")]).await.ok();
}

#[tokio::test]
async fn creating_needs_the_boundary_and_the_tags_to_be_allowed() {
    let server = Server::start().await;
    let condition = json!({"StringEquals": {"iam:PermissionsBoundary": BOUNDARY}});
    let user = server.allowed("U", &["iam:CreateRole"], &["arn:aws:iam::000000000000:role/a/*"], condition).await;
    let create = async |name, path, boundary: &[(&str, &str)]| {
        let parameters = [("RoleName", name), ("Path", path), ("AssumeRolePolicyDocument", TRUST)];
        user.iam("CreateRole", &[&parameters, boundary].concat()).await
    };
    let boundary = ("PermissionsBoundary", BOUNDARY);
    create("R", "/a/", &[]).await.lacks("iam:CreateRole", "arn:aws:iam::000000000000:role/a/R");
    create("R", "/b/", &[boundary]).await.lacks("iam:CreateRole", "arn:aws:iam::000000000000:role/b/R");
    create("R", "/a/", &[boundary]).await.ok();
    let tag = [boundary, ("Tags.member.1.Key", "k"), ("Tags.member.1.Value", "v")];
    create("S", "/a/", &tag).await.lacks("iam:TagRole", "arn:aws:iam::000000000000:role/a/S");
}
