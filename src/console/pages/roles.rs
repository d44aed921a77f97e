//! Roles: whom they trust, and what they may do.

pub mod instance_profiles;

use axum::response::Response;

use super::editor::{Kind, Subject};
use super::list::{List, create};
use super::parts::{accessed, attached, danger, done, facts, form, inline, path, readable, shown, tags};
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

/// One role.
pub async fn page(visit: &Visit, name: &str) -> Response {
    let owner = ("RoleName", name);
    let role = match visit.iam("GetRole", &[owner]).await {
        Ok(role) => role,
        Err(error) => return visit.refusal("roles", name, &error),
    };
    let role = role.get("Role").cloned().unwrap_or_default();
    let place = path("roles", name);
    let names = [
        ("ARN", "Arn"),
        ("Unique id", "RoleId"),
        ("Path", "Path"),
        ("Created", "CreateDate"),
        ("Description", "Description"),
        ("Longest session in seconds", "MaxSessionDuration"),
    ];
    let trust = readable(&shown(&role, "AssumeRolePolicyDocument"));
    let trust = Field::required("PolicyDocument", "Trust policy").of_kind("policy").with(trust);
    let editor = Subject { kind: Kind::Trust, owner: name.to_owned(), name: String::new() }.editor();
    let last_used = role.get("RoleLastUsed").cloned().unwrap_or_default();
    let mut blocks = vec![
        facts("", &role, &names),
        accessed(&role),
        facts("Last used", &last_used, &[("When", "LastUsedDate"), ("Region", "Region")]),
        form("Trust policy", "Save the trust policy", "iam:UpdateAssumeRolePolicy", &[owner], vec![trust], &place),
        Block::Links(vec![Cell::link("Open the trust policy in the editor", editor)]),
    ];
    blocks.extend(attached(
        visit.iam("ListAttachedRolePolicies", &[owner]).await,
        ["iam:AttachRolePolicy", "iam:DetachRolePolicy"],
        owner,
        &place,
    ));
    blocks.extend(
        inline(
            visit,
            ["ListRolePolicies", "GetRolePolicy", "iam:PutRolePolicy", "iam:DeleteRolePolicy"],
            owner,
            &place,
        )
        .await,
    );
    let arn =
        role.get("PermissionsBoundary").map(|boundary| shown(boundary, "PermissionsBoundaryArn")).unwrap_or_default();
    let field = Field::required("PermissionsBoundary", "ARN of the policy").with(arn.clone());
    blocks.push(form(
        "Permissions boundary",
        "Set the boundary",
        "iam:PutRolePermissionsBoundary",
        &[owner],
        vec![field],
        &place,
    ));
    if !arn.is_empty() {
        blocks.push(Block::Form(danger(
            "Remove the permissions boundary",
            "iam:DeleteRolePermissionsBoundary",
            &[owner],
            &place,
        )));
    }
    blocks.extend(tags(visit.iam("ListRoleTags", &[owner]).await, ["iam:TagRole", "iam:UntagRole"], owner, &place));
    blocks.push(Block::Form(danger("Delete the role", "iam:DeleteRole", &[owner], "/console/roles")));
    visit.page("roles", name, done(visit), blocks)
}
