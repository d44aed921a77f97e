//! The organization: its tree, its policies, and what they mean for an account. All of it is asked of Organizations as
//! the principal who is signed in.

mod effect;
mod tree;

use axum::response::Response;
use serde_json::Value;

use super::parts::{button, facts, members, path, readable, shown, table};
use crate::console::view::{Block, Cell, Field, Form, Notice, Row};
use crate::console::visit::Visit;
use crate::error::{Code, Error};
use crate::wire::Service;

const SECTION: &str = "organization";
const TITLE: &str = "Organization";
const PLACE: &str = "/console/organization";
/// How many pages of an answer are read at the most.
const MAX_PAGES: usize = 10;

/// Calls an operation of Organizations.
async fn ask(visit: &Visit, operation: &str, parameters: &[(&str, &str)]) -> Result<Value, Error> {
    visit.call(Service::ORGANIZATIONS, operation, parameters).await
}

/// All members of a list, of as many pages as there are.
async fn all(visit: &Visit, operation: &str, parameters: &[(&str, &str)], list: &str) -> Result<Vec<Value>, Error> {
    let (mut found, mut token) = (Vec::new(), String::new());
    for _ in 0..MAX_PAGES {
        let mut parameters = parameters.to_vec();
        if !token.is_empty() {
            parameters.push(("NextToken", &token));
        }
        let value = ask(visit, operation, &parameters).await?;
        found.extend_from_slice(members(&value, list));
        token = shown(&value, "NextToken");
        if token.is_empty() {
            break;
        }
    }
    Ok(found)
}

/// The types of policies that are enabled.
fn enabled(root: &Value) -> Vec<String> {
    let types = members(root, "PolicyTypes").iter().filter(|kind| shown(kind, "Status") == "ENABLED");
    types.map(|kind| shown(kind, "Type")).collect()
}

/// A type of policies in words.
fn type_name(kind: &str) -> String {
    match kind {
        "SERVICE_CONTROL_POLICY" => "Service control policy".to_owned(),
        "RESOURCE_CONTROL_POLICY" => "Resource control policy".to_owned(),
        other => {
            let words = other.to_lowercase().replace('_', " ");
            words.chars().take(1).flat_map(char::to_uppercase).chain(words.chars().skip(1)).collect()
        }
    }
}

fn link_of(id: &str) -> String {
    path(SECTION, id)
}

/// The organization, if the account is in one.
pub async fn page(visit: &Visit) -> Response {
    let organization = match ask(visit, "DescribeOrganization", &[]).await {
        Ok(value) => value.get("Organization").cloned().unwrap_or_default(),
        Err(error) if error.code() == Code::AWSOrganizationsNotInUse => {
            let note = Block::Note("The account is in no organization.".to_owned());
            let made = [("FeatureSet", "ALL")];
            let create = button("Create an organization", "organizations:CreateOrganization", &made, PLACE);
            return visit.page(SECTION, TITLE, None, vec![note, Block::Form(create)]);
        }
        Err(error) => return visit.refusal(SECTION, TITLE, &error),
    };
    let names = [("Id", "Id"), ("Management account", "MasterAccountId"), ("Features", "FeatureSet"), ("ARN", "Arn")];
    let mut blocks = vec![facts("", &organization, &names)];
    match tree::blocks(visit).await {
        Ok(more) => blocks.extend(more),
        Err(error) => blocks.push(Block::refused(&error)),
    }
    visit.page(SECTION, TITLE, done(visit), blocks)
}

/// What a form before this page did.
fn done(visit: &Visit) -> Option<Notice> {
    let entry = crate::services::find(Service::ORGANIZATIONS, visit.sent.field("done"))?;
    Notice::good(format!("{} succeeded.", entry.name))
}

/// A policy, or what policies mean for an account, a unit or the root, by id.
pub async fn detail(visit: &Visit, id: &str) -> Response {
    let answered = if id.starts_with("p-") { policy(visit, id).await } else { effect::page(visit, id).await };
    answered.unwrap_or_else(|error| visit.refusal(SECTION, id, &error))
}

async fn policy(visit: &Visit, id: &str) -> Result<Response, Error> {
    let found = ask(visit, "DescribePolicy", &[("PolicyId", id)]).await?;
    let policy = found.get("Policy").cloned().unwrap_or_default();
    let summary = policy.get("PolicySummary").cloned().unwrap_or_default();
    let names = [("Id", "Id"), ("ARN", "Arn"), ("Description", "Description"), ("Managed by AWS", "AwsManaged")];
    let kind = shown(&summary, "Type");
    let kind = Block::Facts(String::new(), vec![("Type".to_owned(), Cell::text(type_name(&kind)))]);
    let targets = all(visit, "ListTargetsForPolicy", &[("PolicyId", id)], "Targets").await?;
    let place = link_of(id);
    let row = |target: &Value| {
        let target_id = shown(target, "TargetId");
        let detach = super::parts::danger(
            "Detach",
            "organizations:DetachPolicy",
            &[("PolicyId", id), ("TargetId", &target_id)],
            &place,
        );
        let cells = vec![
            Cell::link(shown(target, "Name"), link_of(&target_id)),
            Cell::text(target_id),
            Cell::text(shown(target, "Type").to_lowercase().replace('_', " ")),
        ];
        Row { cells, actions: vec![detach] }
    };
    let listed = serde_json::json!({ "Targets": targets });
    let attach = button("Attach", "organizations:AttachPolicy", &[("PolicyId", id)], &place);
    let attach = Form {
        title: "Attach it".to_owned(),
        fields: vec![Field::required("TargetId", "Target").hint("id of the root, a unit or an account")],
        ..attach
    };
    let blocks = vec![
        facts("", &summary, &names),
        kind,
        Block::Text("Policy".to_owned(), readable(&shown(&policy, "Content"))),
        table("Attached to", "It is attached to nothing.", &["Name", "Id", "Kind"], Ok(listed), "Targets", row),
        Block::Form(attach),
    ];
    Ok(visit.page(SECTION, &shown(&summary, "Name"), done(visit), blocks))
}
