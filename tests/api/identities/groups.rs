//! Groups and memberships.

use crate::client::Server;

#[tokio::test]
async fn members_follow_a_renamed_group() {
    let root = Server::start().await.root();
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    root.iam("CreateGroup", &[("GroupName", "Admins")]).await.ok();
    let membership = [("GroupName", "admins"), ("UserName", "bob")];
    root.iam("AddUserToGroup", &membership).await.ok();
    root.iam("AddUserToGroup", &membership).await.ok();
    root.iam("UpdateGroup", &[("GroupName", "Admins"), ("NewGroupName", "Ops")]).await.ok();
    assert_eq!(root.iam("GetGroup", &[("GroupName", "Ops")]).await.ok().texts("UserName"), ["Bob"]);
    assert_eq!(root.iam("ListGroupsForUser", &[("UserName", "Bob")]).await.ok().texts("GroupName"), ["Ops"]);
    let first = "Cannot delete entity, must remove users from group first.";
    root.iam("DeleteGroup", &[("GroupName", "Ops")]).await.refused(409, "DeleteConflict", first);
    root.iam("DeleteUser", &[("UserName", "Bob")]).await.refused(409, "DeleteConflict", first);
    root.iam("RemoveUserFromGroup", &[("GroupName", "Ops"), ("UserName", "Bob")]).await.ok();
    root.iam("DeleteGroup", &[("GroupName", "Ops")]).await.ok();
    root.iam("DeleteUser", &[("UserName", "Bob")]).await.ok();
}

#[tokio::test]
async fn an_unknown_user_is_reported_before_an_unknown_group() {
    let root = Server::start().await.root();
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    for action in ["AddUserToGroup", "RemoveUserFromGroup"] {
        let nobody = root.iam(action, &[("GroupName", "None"), ("UserName", "Nobody")]).await;
        nobody.refused(404, "NoSuchEntity", "The user with name Nobody cannot be found.");
        let none = root.iam(action, &[("GroupName", "None"), ("UserName", "Bob")]).await;
        none.refused(404, "NoSuchEntity", "The group with name None cannot be found.");
    }
}
