//! Groups: their members and policies.

use axum::response::Response;
use serde_json::Value;

use super::list::{List, create};
use super::parts::{accessed, attached, danger, done, facts, form, inline, path, shown, table};
use crate::console::view::{Block, Cell, Field, Row};
use crate::console::visit::Visit;

/// All groups.
pub const LIST: List = List {
    section: "groups",
    title: "User groups",
    operation: "ListGroups",
    parameters: &[],
    member: "Groups",
    name: "GroupName",
    columns: &["Name", "Path", "Created"],
    row: |group| {
        let name = shown(group, "GroupName");
        let link = path("groups", &name);
        Row {
            cells: vec![
                Cell::link(name, link),
                Cell::text(shown(group, "Path")),
                Cell::text(shown(group, "CreateDate")),
            ],
            actions: Vec::new(),
        }
    },
    create: || {
        let fields = vec![Field::required("GroupName", "Group name"), Field::optional("Path", "Path")];
        create("Create a group", "iam:CreateGroup", fields, "/console/groups")
    },
};

/// One group.
pub async fn page(visit: &Visit, name: &str) -> Response {
    let owner = ("GroupName", name);
    let group = match visit.iam("GetGroup", &[owner]).await {
        Ok(group) => group,
        Err(error) => return visit.refusal("groups", name, &error),
    };
    let place = path("groups", name);
    let row = |user: &Value| {
        let user = shown(user, "UserName");
        let actions = vec![danger("Remove", "iam:RemoveUserFromGroup", &[owner, ("UserName", &user)], &place)];
        Row { cells: vec![Cell::link(user.clone(), path("users", &user))], actions }
    };
    let about = group.get("Group").cloned().unwrap_or_default();
    let names = [("ARN", "Arn"), ("Unique id", "GroupId"), ("Path", "Path"), ("Created", "CreateDate")];
    let member = Field::required("UserName", "User name");
    let mut blocks = vec![
        facts("", &about, &names),
        accessed(&about),
        table("Members", "The group has no members.", &["User"], Ok(group), "Users", row),
        form("Add a member", "Add the user", "iam:AddUserToGroup", &[owner], vec![member], &place),
    ];
    blocks.extend(attached(
        visit.iam("ListAttachedGroupPolicies", &[owner]).await,
        ["iam:AttachGroupPolicy", "iam:DetachGroupPolicy"],
        owner,
        &place,
    ));
    blocks.extend(
        inline(
            visit,
            ["ListGroupPolicies", "GetGroupPolicy", "iam:PutGroupPolicy", "iam:DeleteGroupPolicy"],
            owner,
            &place,
        )
        .await,
    );
    blocks.push(Block::Form(danger("Delete the group", "iam:DeleteGroup", &[owner], "/console/groups")));
    visit.page("groups", name, done(visit), blocks)
}
