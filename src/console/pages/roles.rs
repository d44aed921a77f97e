//! Roles: whom they trust, and what they may do.

pub mod instance_profiles;

use axum::response::Response;
use serde_json::Value;

use super::editor::{Kind, Subject};
use super::list::{List, create};
use super::parts::{accessed, attached, boundary, danger, done, facts, form, inline, path, readable, shown, tags};
use super::tabs::Tabs;
use crate::console::view::{Block, Cell, Field, Row};
use crate::console::visit::Visit;

/// A trust policy to begin with.
const FIRST_TRUST: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Principal": { "Service": "ec2.amazonaws.com" },
      "Action": "sts:AssumeRole"
    }
  ]
}"#;

/// All roles.
pub const LIST: List = List {
    section: "roles",
    title: "Roles",
    operation: "ListRoles",
    parameters: &[],
    member: "Roles",
    name: "RoleName",
    columns: &["Name", "Path", "Created", "Description"],
    row: |role| {
        let name = shown(role, "RoleName");
        let link = path("roles", &name);
        let others = ["Path", "CreateDate", "Description"].map(|member| Cell::text(shown(role, member)));
        Row { cells: [vec![Cell::link(name, link)], others.to_vec()].concat(), actions: Vec::new() }
    },
    choices: &[],
    create: || {
        let fields = vec![
            Field::required("RoleName", "Role name"),
            Field::optional("Description", "Description"),
            Field::optional("Path", "Path"),
            Field::required("AssumeRolePolicyDocument", "Trust policy").of_kind("policy").with(FIRST_TRUST),
        ];
        create("Create a role", "iam:CreateRole", fields, "/console/roles")
    },
};

const TABS: &[(&str, &str)] =
    &[("permissions", "Permissions"), ("trust", "Trust relationships"), ("tags", "Tags"), ("settings", "Settings")];

/// One role.
pub async fn page(visit: &Visit, name: &str) -> Response {
    let owner = ("RoleName", name);
    let role = match visit.iam("GetRole", &[owner]).await {
        Ok(role) => role,
        Err(error) => return visit.refusal("roles", name, &error),
    };
    let role = role.get("Role").cloned().unwrap_or_default();
    let tabs = Tabs::new(visit, path("roles", name), TABS);
    let place = tabs.place();
    let names = [
        ("ARN", "Arn"),
        ("Unique id", "RoleId"),
        ("Path", "Path"),
        ("Created", "CreateDate"),
        ("Description", "Description"),
        ("Longest session in seconds", "MaxSessionDuration"),
    ];
    let last_used = role.get("RoleLastUsed").cloned().unwrap_or_default();
    let mut blocks = vec![
        facts("", &role, &names),
        accessed(&role),
        facts("Last used", &last_used, &[("When", "LastUsedDate"), ("Region", "Region")]),
        tabs.block(),
    ];
    match tabs.current() {
        "trust" => blocks.extend(trust(&role, owner, &place)),
        "tags" => {
            let found = visit.iam("ListRoleTags", &[owner]).await;
            blocks.extend(tags(found, ["iam:TagRole", "iam:UntagRole"], owner, &place));
        }
        "settings" => {
            let description = shown(&role, "Description");
            let duration = shown(&role, "MaxSessionDuration");
            let fields = vec![
                Field::optional("Description", "Description").with(description).or_empty(),
                Field::required("MaxSessionDuration", "Longest session in seconds").with(duration),
            ];
            blocks.push(form("Change the role", "Save", "iam:UpdateRole", &[owner], fields, &place));
            blocks.push(Block::Form(danger("Delete the role", "iam:DeleteRole", &[owner], "/console/roles")));
        }
        _ => {
            let found = visit.iam("ListAttachedRolePolicies", &[owner]).await;
            blocks.extend(attached(found, ["iam:AttachRolePolicy", "iam:DetachRolePolicy"], owner, &place));
            let operations = ["ListRolePolicies", "GetRolePolicy", "iam:PutRolePolicy", "iam:DeleteRolePolicy"];
            blocks.extend(inline(visit, operations, owner, &place).await);
            let operations = ["iam:PutRolePermissionsBoundary", "iam:DeleteRolePermissionsBoundary"];
            blocks.extend(boundary(&role, operations, owner, &place));
        }
    }
    visit.page("roles", name, done(visit), blocks)
}

fn trust(role: &Value, owner: (&str, &str), place: &str) -> [Block; 2] {
    let document = readable(&shown(role, "AssumeRolePolicyDocument"));
    let field = Field::required("PolicyDocument", "Trust policy").of_kind("policy").with(document);
    let editor = Subject { kind: Kind::Trust, owner: owner.1.to_owned(), name: String::new() }.editor();
    [
        form("Trust policy", "Save the trust policy", "iam:UpdateAssumeRolePolicy", &[owner], vec![field], place),
        Block::Links(vec![Cell::link("Open the trust policy in the editor", editor)]),
    ]
}
