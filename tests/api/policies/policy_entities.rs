//! Who has a managed policy.

use crate::client::{Client, Server};
use crate::fixtures::{allow, policy_arn, role};

/// A policy with a group, two users and a role; it is the boundary of one user and of the role.
async fn with_holders() -> (Client, String) {
    let server = Server::start().await;
    let root = server.root();
    let document = allow("s3:*", "*");
    let arn = policy_arn("P");
    root.iam("CreatePolicy", &[("PolicyName", "P"), ("PolicyDocument", &document)]).await.ok();
    root.iam("CreateGroup", &[("GroupName", "Ops"), ("Path", "/deep/")]).await.ok();
    root.iam("CreateUser", &[("UserName", "Ann"), ("Path", "/deep/")]).await.ok();
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    server.change("000000000000", |account| account.put(role("/", "Worker")).unwrap()).await;
    root.iam("AttachGroupPolicy", &[("GroupName", "Ops"), ("PolicyArn", &arn)]).await.ok();
    for user in ["Ann", "Bob"] {
        root.iam("AttachUserPolicy", &[("UserName", user), ("PolicyArn", &arn)]).await.ok();
    }
    root.iam("PutUserPermissionsBoundary", &[("UserName", "Ann"), ("PermissionsBoundary", &arn)]).await.ok();
    root.iam("PutRolePermissionsBoundary", &[("RoleName", "Worker"), ("PermissionsBoundary", &arn)]).await.ok();
    (root, arn)
}

#[tokio::test]
async fn holders_are_listed_by_kind_use_and_path() {
    let (root, arn) = with_holders().await;
    type Case<'a> = (&'a [(&'a str, &'a str)], [&'a [&'a str]; 3]);
    let cases: [Case<'_>; 9] = [
        (&[], [&["Ops"], &["Ann", "Bob"], &["Worker"]]),
        (&[("EntityFilter", "Group")], [&["Ops"], &[], &[]]),
        (&[("EntityFilter", "User")], [&[], &["Ann", "Bob"], &[]]),
        (&[("EntityFilter", "Role")], [&[], &[], &["Worker"]]),
        (&[("EntityFilter", "LocalManagedPolicy")], [&[], &[], &[]]),
        (&[("PolicyUsageFilter", "PermissionsPolicy")], [&["Ops"], &["Ann", "Bob"], &[]]),
        (&[("PolicyUsageFilter", "PermissionsBoundary")], [&[], &["Ann"], &["Worker"]]),
        (&[("PathPrefix", "/deep/")], [&["Ops"], &["Ann"], &[]]),
        (&[("PathPrefix", "/deep/"), ("EntityFilter", "User")], [&[], &["Ann"], &[]]),
    ];
    for (filter, [groups, users, roles]) in cases {
        let parameters = [&[("PolicyArn", arn.as_str())], filter].concat();
        let listed = root.iam("ListEntitiesForPolicy", &parameters).await.ok();
        assert_eq!(listed.texts("GroupName"), groups, "{filter:?}");
        assert_eq!(listed.texts("UserName"), users, "{filter:?}");
        assert_eq!(listed.texts("RoleName"), roles, "{filter:?}");
        assert!(["PolicyGroups", "PolicyUsers", "PolicyRoles"].iter().all(|list| listed.has(list)), "{filter:?}");
        assert_eq!(listed.text("IsTruncated"), "false");
    }
    let listed = root.iam("ListEntitiesForPolicy", &[("PolicyArn", &arn)]).await.ok();
    assert!(listed.text("GroupId").starts_with("AGPA") && listed.text("UserId").starts_with("AIDA"));
    assert!(listed.text("RoleId").starts_with("AROA"));
}

#[tokio::test]
async fn the_three_lists_are_paged_as_one() {
    let (root, arn) = with_holders().await;
    let (mut found, mut marker) = (Vec::new(), None::<String>);
    loop {
        let mut parameters = vec![("PolicyArn", arn.as_str()), ("MaxItems", "2")];
        parameters.extend(marker.as_deref().map(|marker| ("Marker", marker)));
        let page = root.iam("ListEntitiesForPolicy", &parameters).await.ok();
        let names = ["GroupName", "UserName", "RoleName"].map(|name| page.texts(name)).concat();
        assert_eq!(names.len(), 2, "{}", page.body);
        found.extend(names);
        if page.text("IsTruncated") == "false" {
            break;
        }
        marker = Some(page.text("Marker"));
    }
    found.sort_unstable();
    assert_eq!(found, ["Ann", "Bob", "Ops", "Worker"]);
}

#[tokio::test]
async fn a_missing_policy_has_nobody() {
    let root = Server::start().await.root();
    let arn = policy_arn("Nope");
    let message = format!("Policy {arn} does not exist or is not attachable.");
    root.iam("ListEntitiesForPolicy", &[("PolicyArn", &arn)]).await.refused(404, "NoSuchEntity", &message);
}

#[tokio::test]
async fn holders_of_awss_policies_are_those_of_the_account() {
    let server = Server::start().await;
    let root = server.root();
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    let parameters = [("UserName", "Bob"), ("PolicyArn", "arn:aws:iam::aws:policy/ReadOnlyAccess")];
    root.iam("AttachUserPolicy", &parameters).await.ok();
    assert_eq!(root.iam("ListEntitiesForPolicy", &parameters[1..]).await.ok().texts("UserName"), ["Bob"]);
    let other = server.root_of("111122223333").iam("ListEntitiesForPolicy", &parameters[1..]).await.ok();
    assert_eq!(other.texts("UserName"), [""; 0]);
}
