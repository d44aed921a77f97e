//! Users.

use crate::client::Server;

#[tokio::test]
async fn a_user_is_created_read_renamed_and_deleted() {
    let root = Server::start().await.root();
    let made = root
        .iam(
            "CreateUser",
            &[("UserName", "Bob"), ("Path", "/a/"), ("Tags.member.1.Key", "k"), ("Tags.member.1.Value", "v")],
        )
        .await
        .ok();
    assert_eq!(made.text("Arn"), "arn:aws:iam::000000000000:user/a/Bob");
    let read = root.iam("GetUser", &[("UserName", "bOB")]).await.ok();
    assert_eq!(read.text("UserName"), "Bob", "names ignore case and keep their spelling");
    assert_eq!(read.text("Key"), "k");
    root.iam("UpdateUser", &[("UserName", "bob"), ("NewUserName", "Alice"), ("NewPath", "/")]).await.ok();
    let renamed = root.iam("GetUser", &[("UserName", "alice")]).await.ok();
    assert_eq!(renamed.text("Arn"), "arn:aws:iam::000000000000:user/Alice");
    assert_eq!(renamed.text("UserId"), made.text("UserId"));
    root.iam("DeleteUser", &[("UserName", "ALICE")]).await.ok();
    root.iam("GetUser", &[("UserName", "Alice")]).await.refused(
        404,
        "NoSuchEntity",
        "The user with name Alice cannot be found.",
    );
}

#[tokio::test]
async fn names_are_unique_without_regard_to_case() {
    let root = Server::start().await.root();
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    root.iam("CreateUser", &[("UserName", "BOB")]).await.refused(
        409,
        "EntityAlreadyExists",
        "User with name BOB already exists.",
    );
    root.iam("CreateUser", &[("UserName", "Eve")]).await.ok();
    root.iam("UpdateUser", &[("UserName", "Eve"), ("NewUserName", "bob")]).await.refused(
        409,
        "EntityAlreadyExists",
        "User with name bob already exists.",
    );
    root.iam("UpdateUser", &[("UserName", "Bob"), ("NewUserName", "bob")]).await.ok();
}

#[tokio::test]
async fn listings_page_in_order() {
    let root = Server::start().await.root();
    for name in ["c", "A", "b"] {
        root.iam("CreateUser", &[("UserName", name)]).await.ok();
    }
    let first = root.iam("ListUsers", &[("MaxItems", "2")]).await.ok();
    assert_eq!(first.texts("UserName"), ["A", "b"]);
    assert_eq!(first.text("IsTruncated"), "true");
    let marker = first.text("Marker");
    let second = root.iam("ListUsers", &[("MaxItems", "2"), ("Marker", &marker)]).await.ok();
    assert_eq!(second.texts("UserName"), ["c"]);
    assert_eq!(second.text("IsTruncated"), "false");
    assert!(!second.has("Marker"));
    let wrong = root.iam("ListGroups", &[("Marker", &marker)]).await;
    assert_eq!((wrong.status, wrong.text("Code").as_str()), (400, "ValidationError"));
}
