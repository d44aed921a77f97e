//! What an organization's policies mean for an account: those of each level from the root down, what the engine says to an
//! action under them, and the effective policies of other types.

use std::sync::Arc;

use axum::response::Response;
use iam_policy::{Action, Context, Decision, Layers, PolicySet, Principal, Request, Source, SourceKind};
use serde_json::Value;

use super::{SECTION, all, ask, enabled, link_of, type_name};
use crate::account::StoredPolicy;
use crate::console::pages::parts::{facts, readable, shown};
use crate::console::view::{Block, Cell, Field, Notice, Row, Table};
use crate::console::visit::Visit;
use crate::error::{Code, Error};

const SCP: &str = "SERVICE_CONTROL_POLICY";
const RCP: &str = "RESOURCE_CONTROL_POLICY";
/// Units are at most five levels below the root.
const MAX_LEVELS: usize = 8;

/// A level on the way from the root to the account.
struct Level {
    id: String,
    kind: String,
    policies: Vec<Attached>,
}

struct Attached {
    id: String,
    name: String,
    kind: String,
    content: String,
}

/// The page of an account, a unit or the root.
///
/// # Errors
/// Those of Organizations.
pub async fn page(visit: &Visit, id: &str) -> Result<Response, Error> {
    let (title, about) = about(visit, id).await?;
    let roots = all(visit, "ListRoots", &[], "Roots").await?;
    let types = roots.first().map(enabled).unwrap_or_default();
    let levels = levels(visit, id, &types).await?;
    let mut blocks = vec![about, table(&levels)];
    let organization = ask(visit, "DescribeOrganization", &[]).await?;
    let organization = organization.get("Organization").cloned().unwrap_or_default();
    let is_management = shown(&organization, "MasterAccountId") == id;
    let mut notice = None;
    if is_management {
        let note =
            "This is the management account: service control policies and resource control policies do not bind it.";
        blocks.push(Block::Note(note.to_owned()));
    } else if types.iter().any(|kind| kind == SCP) {
        let (action, resource) = (visit.sent.field("action").trim(), visit.sent.field("resource").trim());
        let resource = if resource.is_empty() { "*" } else { resource };
        blocks.push(Block::Question(
            "Would service control policies let an action through?".to_owned(),
            vec![
                Field::required("action", "Action").with(action).hint("such as s3:GetObject"),
                Field::optional("resource", "Resource").with(resource).hint("an ARN, or *"),
            ],
            "Ask".to_owned(),
        ));
        match Action::parse(action) {
            Some(parsed) => blocks.extend(answer(&levels, id, &parsed, resource)),
            None if action.is_empty() => {}
            None => notice = Notice::error(format!("{action} is not an action.")),
        }
    }
    if id.bytes().all(|byte| byte.is_ascii_digit()) {
        for kind in types.iter().filter(|kind| ![SCP, RCP].contains(&kind.as_str())) {
            blocks.push(effective(visit, id, kind).await);
        }
    }
    Ok(visit.page(SECTION, &title, notice, blocks))
}

/// The name of a part, and what is known of it.
async fn about(visit: &Visit, id: &str) -> Result<(String, Block), Error> {
    let (found, names): (_, &[(&str, &str)]) = if id.starts_with("r-") {
        let roots = all(visit, "ListRoots", &[], "Roots").await?;
        let root = roots.into_iter().find(|root| shown(root, "Id") == id);
        let missing = || Error::new(Code::RootNotFound, "You specified a root that doesn't exist.");
        (root.ok_or_else(missing)?, &[("Id", "Id"), ("ARN", "Arn")])
    } else if id.starts_with("ou-") {
        let unit = ask(visit, "DescribeOrganizationalUnit", &[("OrganizationalUnitId", id)]).await?;
        (unit.get("OrganizationalUnit").cloned().unwrap_or_default(), &[("Id", "Id"), ("ARN", "Arn")])
    } else {
        let account = ask(visit, "DescribeAccount", &[("AccountId", id)]).await?;
        let names = &[
            ("Id", "Id"),
            ("Email", "Email"),
            ("State", "State"),
            ("Joined", "JoinedTimestamp"),
            ("How it joined", "JoinedMethod"),
            ("ARN", "Arn"),
        ];
        (account.get("Account").cloned().unwrap_or_default(), names)
    };
    Ok((shown(&found, "Name"), facts("", &found, names)))
}

/// The levels from the root down to a part, with what is attached to each.
async fn levels(visit: &Visit, id: &str, types: &[String]) -> Result<Vec<Level>, Error> {
    let (mut line, mut at) = (vec![(id.to_owned(), String::new())], id.to_owned());
    while !at.starts_with("r-") && line.len() < MAX_LEVELS {
        let parents = all(visit, "ListParents", &[("ChildId", &at)], "Parents").await?;
        let Some(parent) = parents.first() else { break };
        at = shown(parent, "Id");
        line.push((at.clone(), shown(parent, "Type")));
    }
    let mut levels = Vec::new();
    for (id, kind) in line.into_iter().rev() {
        let mut policies = Vec::new();
        for kind in types.iter().filter(|kind| [SCP, RCP].contains(&kind.as_str())) {
            let parameters = [("TargetId", id.as_str()), ("Filter", kind.as_str())];
            for policy in all(visit, "ListPoliciesForTarget", &parameters, "Policies").await? {
                policies.push(attached(visit, &policy).await?);
            }
        }
        levels.push(Level { id, kind: kind.to_lowercase().replace('_', " "), policies });
    }
    Ok(levels)
}

async fn attached(visit: &Visit, policy: &Value) -> Result<Attached, Error> {
    let id = shown(policy, "Id");
    let found = ask(visit, "DescribePolicy", &[("PolicyId", &id)]).await?;
    let content = found.get("Policy").map(|policy| shown(policy, "Content")).unwrap_or_default();
    Ok(Attached { name: shown(policy, "Name"), kind: shown(policy, "Type"), content, id })
}

fn table(levels: &[Level]) -> Block {
    let mut rows = Vec::new();
    for level in levels {
        let of_level = || {
            let kind = if level.kind.is_empty() { String::new() } else { format!("{} ", level.kind) };
            Cell::link(format!("{kind}{}", level.id), link_of(&level.id))
        };
        let row = |policy: &Attached| {
            let name = Cell::link(policy.name.clone(), link_of(&policy.id));
            Row { cells: vec![of_level(), name, Cell::text(type_name(&policy.kind))], actions: Vec::new() }
        };
        rows.extend(level.policies.iter().map(row));
        if level.policies.is_empty() {
            let nothing = Row { cells: vec![of_level(), Cell::text("nothing"), Cell::text("")], actions: Vec::new() };
            rows.push(nothing);
        }
    }
    Block::Table(Table {
        title: "Policies from the root down".to_owned(),
        columns: ["Attached to", "Policy", "Type"].map(str::to_owned).to_vec(),
        rows,
        empty: "No policies are attached.".to_owned(),
        ..Table::default()
    })
}

/// The service control policies of a level, as the engine takes them.
fn set(level: &Level) -> PolicySet {
    let policies = level.policies.iter().filter(|policy| policy.kind == SCP);
    PolicySet::new(policies.map(|policy| {
        let source = Source { id: policy.name.as_str().into(), kind: SourceKind::None, arn: None };
        (source, StoredPolicy::from(Arc::<str>::from(policy.content.as_str())).compiled())
    }))
}

/// What the engine says: an action needs an Allow at every level, and no Deny at any. Conditions see no keys.
fn answer(levels: &[Level], account: &str, action: &Action, resource: &str) -> Vec<Block> {
    let sets: Vec<PolicySet> = levels.iter().map(set).collect();
    let context = Context::default();
    let account = if account.bytes().all(|byte| byte.is_ascii_digit()) { account } else { "000000000000" };
    let request = Request::new(Principal::Root { account }, action, resource, &context).owned_by(account);
    let decide = |sets: &[PolicySet]| {
        let layers = Layers { service_control: Some(sets), ..Layers::default() };
        match iam_policy::decide(&request, &layers) {
            Decision::Allow { .. } => "lets it through".to_owned(),
            Decision::ExplicitDeny { by, .. } => format!("denied by {}", by.source.id),
            Decision::ImplicitDeny { .. } => "no policy lets it through".to_owned(),
        }
    };
    let rows = levels.iter().zip(&sets).map(|(level, set)| Row {
        cells: vec![Cell::link(level.id.clone(), link_of(&level.id)), Cell::text(decide(std::slice::from_ref(set)))],
        actions: Vec::new(),
    });
    let table = Table {
        title: "Level by level".to_owned(),
        columns: ["Level", "Service control policies"].map(str::to_owned).to_vec(),
        rows: rows.collect(),
        empty: String::new(),
        ..Table::default()
    };
    let all = match decide(&sets) {
        all if all == "lets it through" => "Every level lets it through: the account's own policies decide.".to_owned(),
        all => format!("It is refused to every principal of the account, the root user too: {all}."),
    };
    let note = "Conditions were asked without any keys of a request.".to_owned();
    vec![Block::Note(all), Block::Table(table), Block::Note(note)]
}

/// The effective policy of a type, which inheritance makes of several.
async fn effective(visit: &Visit, id: &str, kind: &str) -> Block {
    let heading = format!("Effective {}", type_name(kind).to_lowercase());
    match ask(visit, "DescribeEffectivePolicy", &[("PolicyType", kind), ("TargetId", id)]).await {
        Ok(value) => {
            let content = value.get("EffectivePolicy").map(|policy| shown(policy, "PolicyContent")).unwrap_or_default();
            Block::Text(heading, readable(&content))
        }
        Err(error) => Block::refused(&error),
    }
}
