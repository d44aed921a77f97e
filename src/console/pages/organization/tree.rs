//! The tree of an organization, with the policies that are attached to each part.

use serde_json::{Value, json};

use super::{PLACE, all, enabled, link_of, type_name};
use crate::console::pages::parts::{form, shown, table};
use crate::console::view::{Block, Branch, Cell, Field, Row};
use crate::console::visit::Visit;
use crate::error::Error;

/// A service control policy to begin with.
const FIRST_POLICY: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Deny",
      "Action": "iam:CreateAccessKey",
      "Resource": "*"
    }
  ]
}"#;

/// The types of policies that people enable most.
const TYPES: &[&str] =
    &["SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY", "TAG_POLICY", "BACKUP_POLICY", "AISERVICES_OPT_OUT_POLICY"];

/// The most parts that a page shows: each takes calls of its own.
const MAX_PARTS: usize = 200;

/// How deep a tree is drawn: units are at most five levels below the root, and accounts are in them.
const MAX_DEPTH: usize = 6;

/// A part of the tree that is still to be looked into.
struct Part {
    id: String,
    name: String,
    kind: &'static str,
    depth: usize,
}

impl Part {
    fn of(value: &Value, kind: &'static str, depth: usize) -> Self {
        Self { id: shown(value, "Id"), name: shown(value, "Name"), kind, depth }
    }
}

/// The tree, and all policies.
///
/// # Errors
/// Those of Organizations: a member may not be allowed to see the tree.
pub async fn blocks(visit: &Visit) -> Result<Vec<Block>, Error> {
    let roots = all(visit, "ListRoots", &[], "Roots").await?;
    let types: Vec<String> = roots.first().map(enabled).unwrap_or_default();
    let mut waiting: Vec<Part> = roots.iter().map(|root| Part::of(root, "root", 0)).collect();
    let mut branches = Vec::new();
    while let Some(part) = waiting.pop() {
        if branches.len() >= MAX_PARTS {
            break;
        }
        if part.kind != "account" {
            let of_part = [("ParentId", part.id.as_str())];
            let units = all(visit, "ListOrganizationalUnitsForParent", &of_part, "OrganizationalUnits").await?;
            let accounts = all(visit, "ListAccountsForParent", &of_part, "Accounts").await?;
            // The last that is put there is looked at next: accounts come before units.
            waiting.extend(units.iter().rev().map(|unit| Part::of(unit, "unit", part.depth + 1)));
            waiting.extend(accounts.iter().rev().map(|account| Part::of(account, "account", part.depth + 1)));
        }
        let policies = attached(visit, &part.id, &types).await?;
        let link = link_of(&part.id);
        branches.push(Branch {
            depth: part.depth.min(MAX_DEPTH),
            name: Cell::link(part.name, link),
            kind: part.kind,
            id: part.id,
            policies,
        });
    }
    let mut blocks = vec![Block::Tree("Tree".to_owned(), branches)];
    if !waiting.is_empty() {
        blocks.push(Block::Note(format!("The first {MAX_PARTS} parts are shown.")));
    }
    if types.is_empty() {
        blocks.push(Block::Note("No type of policies is enabled.".to_owned()));
    }
    for kind in &types {
        blocks.push(policies(visit, kind).await?);
    }
    blocks.extend(forms(&roots, &types));
    Ok(blocks)
}

/// What makes a policy, and what enables a type of policies.
fn forms(roots: &[Value], enabled: &[String]) -> Vec<Block> {
    let mut forms = Vec::new();
    if !enabled.is_empty() {
        let types: Vec<&str> = enabled.iter().map(String::as_str).collect();
        let fields = vec![
            Field::required("Name", "Policy name"),
            Field::required("Description", "Description"),
            Field::required("Type", "Type").choice(&types),
            Field::required("Content", "Policy").of_kind("policy").with(FIRST_POLICY),
        ];
        forms.push(form("Create a policy", "Create the policy", "organizations:CreatePolicy", &[], fields, PLACE));
    }
    let others: Vec<&str> = TYPES.iter().copied().filter(|kind| !enabled.iter().any(|known| known == kind)).collect();
    if let (Some(root), false) = (roots.first(), others.is_empty()) {
        let id = shown(root, "Id");
        let fields = vec![Field::required("PolicyType", "Type").choice(&others)];
        let (title, operation) = ("Enable a type of policies", "organizations:EnablePolicyType");
        forms.push(form(title, "Enable the type", operation, &[("RootId", &id)], fields, PLACE));
    }
    forms
}

/// The policies that are attached to a part itself, by name.
async fn attached(visit: &Visit, target: &str, types: &[String]) -> Result<Vec<Cell>, Error> {
    let mut found = Vec::new();
    for kind in types {
        let parameters = [("TargetId", target), ("Filter", kind.as_str())];
        let policies = all(visit, "ListPoliciesForTarget", &parameters, "Policies").await?;
        found.extend(policies.iter().map(|policy| Cell::link(shown(policy, "Name"), link_of(&shown(policy, "Id")))));
    }
    Ok(found)
}

/// All policies of a type.
async fn policies(visit: &Visit, kind: &str) -> Result<Block, Error> {
    let found = all(visit, "ListPolicies", &[("Filter", kind)], "Policies").await?;
    let row = |policy: &Value| {
        let others = ["Id", "Description", "AwsManaged"].map(|member| Cell::text(shown(policy, member)));
        let name = Cell::link(shown(policy, "Name"), link_of(&shown(policy, "Id")));
        Row { cells: [vec![name], others.to_vec()].concat(), actions: Vec::new() }
    };
    let title = match type_name(kind) {
        name if name.ends_with("policy") => format!("{}policies", name.trim_end_matches("policy")),
        name => name,
    };
    let columns = ["Name", "Id", "Description", "Managed by AWS"];
    Ok(table(&title, "There are none.", &columns, Ok(json!({ "Policies": found })), "Policies", row))
}
