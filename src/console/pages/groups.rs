//! Groups: their members and policies.

use axum::response::Response;
use serde_json::Value;

use super::list::{List, create};
use super::parts::{accessed, attached, danger, done, facts, form, inline, path, renamed, shown, table, with_query};
use super::tabs::Tabs;
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
    choices: &[],
    create: || {
        let fields = vec![Field::required("GroupName", "Group name"), Field::optional("Path", "Path")];
        create("Create a group", "iam:CreateGroup", fields, "/console/groups")
    },
};

const TABS: &[(&str, &str)] = &[("members", "Members"), ("permissions", "Permissions"), ("settings", "Settings")];

/// One group.
pub async fn page(visit: &Visit, name: &str) -> Response {
    let owner = ("GroupName", name);
    let marker = visit.sent.field("marker");
    let more = Some(("Marker", marker)).filter(|_| !marker.is_empty());
    let parameters: Vec<_> = [owner].into_iter().chain(more).collect();
    let group = match visit.iam("GetGroup", &parameters).await {
        Ok(group) => group,
        Err(error) => return visit.refusal("groups", name, &error),
    };
    let tabs = Tabs::new(visit, path("groups", name), TABS);
    let place = tabs.place();
    let about = group.get("Group").cloned().unwrap_or_default();
    let names = [("ARN", "Arn"), ("Unique id", "GroupId"), ("Path", "Path"), ("Created", "CreateDate")];
    let mut blocks = vec![facts("", &about, &names), accessed(&about), tabs.block()];
    match tabs.current() {
        "permissions" => {
            let found = visit.iam("ListAttachedGroupPolicies", &[owner]).await;
            blocks.extend(attached(found, ["iam:AttachGroupPolicy", "iam:DetachGroupPolicy"], owner, &place));
            let operations = ["ListGroupPolicies", "GetGroupPolicy", "iam:PutGroupPolicy", "iam:DeleteGroupPolicy"];
            blocks.extend(inline(visit, operations, owner, &place).await);
        }
        "settings" => {
            blocks.push(renamed("group", "iam:UpdateGroup", owner, &shown(&about, "Path"), "/console/groups"));
            blocks.push(Block::Form(danger("Delete the group", "iam:DeleteGroup", &[owner], "/console/groups")));
        }
        _ => {
            let marker = shown(&group, "Marker");
            blocks.extend(members(group, owner, &place));
            if !marker.is_empty() {
                let next = with_query(&path("groups", name), &[("tab", "members"), ("marker", &marker)]);
                blocks.push(Block::Links(vec![Cell::link("More members", next)]));
            }
        }
    }
    visit.page("groups", name, done(visit), blocks)
}

fn members(group: Value, owner: (&str, &str), place: &str) -> [Block; 2] {
    let row = |user: &Value| {
        let user = shown(user, "UserName");
        let actions = vec![danger("Remove", "iam:RemoveUserFromGroup", &[owner, ("UserName", &user)], place)];
        Row { cells: vec![Cell::link(user.clone(), path("users", &user))], actions }
    };
    let member = Field::required("UserName", "User name");
    [
        table("Members", "The group has no members.", &["User"], Ok(group), "Users", row),
        form("Add a member", "Add the user", "iam:AddUserToGroup", &[owner], vec![member], place),
    ]
}
