//! Managed policies: their versions, and whom they affect.

use axum::response::Response;
use serde_json::Value;

use super::editor::{Kind, Subject, affected};
use super::list::{List, create};
use super::parts::{FIRST_POLICY, button, danger, done, facts, path, readable, shown, table, tags};
use super::tabs::Tabs;
use crate::console::view::{Block, Cell, Field, Row};
use crate::console::visit::Visit;

/// The account's own policies, or AWS's.
pub const LIST: List = List {
    section: "policies",
    title: "Policies",
    operation: "ListPolicies",
    parameters: &[],
    choices: &[
        ("Local", "Customer managed", ("Scope", "Local")),
        ("AWS", "AWS managed", ("Scope", "AWS")),
        ("attached", "Attached", ("OnlyAttached", "true")),
    ],
    member: "Policies",
    name: "PolicyName",
    columns: &["Name", "Path", "Attached to", "Updated"],
    row: |policy| {
        let link = path("policies", &shown(policy, "Arn"));
        let others = ["Path", "AttachmentCount", "UpdateDate"].map(|member| Cell::text(shown(policy, member)));
        Row {
            cells: [vec![Cell::link(shown(policy, "PolicyName"), link)], others.to_vec()].concat(),
            actions: Vec::new(),
        }
    },
    create: || {
        let fields = vec![
            Field::required("PolicyName", "Policy name"),
            Field::optional("Description", "Description"),
            Field::optional("Path", "Path"),
            Field::required("PolicyDocument", "Policy").of_kind("policy").with(FIRST_POLICY),
        ];
        create("Create a policy", "iam:CreatePolicy", fields, "/console/policies")
    },
};

const TABS: &[(&str, &str)] = &[
    ("permissions", "Permissions"),
    ("versions", "Versions"),
    ("entities", "Entities attached"),
    ("tags", "Tags"),
    ("settings", "Settings"),
];

/// One policy.
pub async fn page(visit: &Visit, arn: &str) -> Response {
    let owner = ("PolicyArn", arn);
    let policy = match visit.iam("GetPolicy", &[owner]).await {
        Ok(policy) => policy,
        Err(error) => return visit.refusal("policies", arn, &error),
    };
    let policy = policy.get("Policy").cloned().unwrap_or_default();
    let tabs = Tabs::new(visit, path("policies", arn), TABS);
    let place = tabs.place();
    let subject = Subject { kind: Kind::Managed, owner: arn.to_owned(), name: String::new() };
    let in_force = shown(&policy, "DefaultVersionId");
    let names = [
        ("ARN", "Arn"),
        ("Unique id", "PolicyId"),
        ("Version in force", "DefaultVersionId"),
        ("Attached to", "AttachmentCount"),
        ("Boundary of", "PermissionsBoundaryUsageCount"),
        ("Updated", "UpdateDate"),
        ("Description", "Description"),
    ];
    // AWS's own can be neither edited, tagged nor deleted.
    let is_own = !arn.contains("::aws:policy/");
    let mut blocks = vec![facts("", &policy, &names), tabs.block()];
    match tabs.current() {
        "versions" => blocks.push(versions(visit, owner, &place, is_own).await),
        "entities" => blocks.push(affected(visit, &subject).await),
        "tags" if is_own => {
            let found = visit.iam("ListPolicyTags", &[owner]).await;
            blocks.extend(tags(found, ["iam:TagPolicy", "iam:UntagPolicy"], owner, &place));
        }
        "settings" if is_own => {
            blocks.push(Block::Form(danger("Delete the policy", "iam:DeletePolicy", &[owner], "/console/policies")));
        }
        "tags" | "settings" => blocks.push(Block::Note("The policy is AWS's, and can only be attached.".to_owned())),
        _ => match visit.iam("GetPolicyVersion", &[owner, ("VersionId", &in_force)]).await {
            Ok(version) => {
                let document = version.get("PolicyVersion").map(|version| readable(&shown(version, "Document")));
                blocks.push(Block::Text(format!("The policy ({in_force})"), document.unwrap_or_default()));
                if is_own {
                    blocks.push(Block::Links(vec![Cell::link("Edit", subject.editor())]));
                }
            }
            Err(error) => blocks.push(Block::refused(&error)),
        },
    }
    visit.page("policies", &shown(&policy, "PolicyName"), done(visit), blocks)
}

async fn versions(visit: &Visit, owner: (&str, &str), place: &str, is_own: bool) -> Block {
    let row = |version: &Value| {
        let id = shown(version, "VersionId");
        let is_in_force = version.get("IsDefaultVersion") == Some(&Value::Bool(true));
        let known = [owner, ("VersionId", id.as_str())];
        let actions = vec![
            button("Put in force", "iam:SetDefaultPolicyVersion", &known, place),
            danger("Delete", "iam:DeletePolicyVersion", &known, place),
        ];
        let cells = vec![
            Cell::text(id.clone()),
            Cell::text(if is_in_force { "in force" } else { "" }),
            Cell::text(shown(version, "CreateDate")),
        ];
        Row { cells, actions: if is_in_force || !is_own { Vec::new() } else { actions } }
    };
    let versions = visit.iam("ListPolicyVersions", &[owner]).await;
    table("Versions", "There are no versions.", &["Version", "", "Created"], versions, "Versions", row)
}
