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
