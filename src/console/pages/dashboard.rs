//! The first page: the account, what is in it, what to look at.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State as Shared};
use axum::response::Response;
use serde_json::Value;

use super::parts::{members, shown};
use super::server::endpoint;
use super::why::is_denial;
use crate::console::answer;
use crate::console::view::{Block, Cell, Table};
use crate::console::visit::Visit;
use crate::http::State;
use crate::wire::Service;

/// The counts that are shown: the name in `GetAccountSummary`, that of the quota, the label and its page.
const COUNTS: &[(&str, &str, &str, &str)] = &[
    ("Users", "UsersQuota", "Users", "users"),
    ("Groups", "GroupsQuota", "User groups", "groups"),
    ("Roles", "RolesQuota", "Roles", "roles"),
    ("Policies", "PoliciesQuota", "Policies", "policies"),
    ("Providers", "", "Identity providers", "providers"),
    ("MFADevicesInUse", "", "MFA devices in use", "users"),
];

/// Leads to the first page.
pub async fn enter() -> Response {
    answer::see_other("/console/")
}

/// The first page.
pub async fn page(Shared(state): Shared<Arc<State>>, peer: ConnectInfo<SocketAddr>, request: Request) -> Response {
    let visit = match Visit::begin(state, peer.0, request).await {
        Ok(visit) => visit,
        Err(refusal) => return refusal,
    };
    let mut blocks = vec![about(&visit).await];
    match visit.iam("GetAccountSummary", &[]).await {
        Ok(summary) => {
            let counts = summary.get("SummaryMap").cloned().unwrap_or_default();
            blocks.push(Block::Facts(
                "In this account".to_owned(),
                COUNTS.iter().map(|count| fact(&counts, count)).collect(),
            ));
            blocks.push(recommendations(&counts));
        }
        Err(error) => blocks.push(Block::refused(&error)),
    }
    blocks.push(denials(&visit).await);
    visit.page("", "Dashboard", None, blocks)
}

async fn about(visit: &Visit) -> Block {
    let account = visit.session.caller.account.to_string();
    let alias = visit.iam("ListAccountAliases", &[]).await.ok();
    let alias =
        alias.as_ref().and_then(|aliases| members(aliases, "AccountAliases").first()?.as_str().map(str::to_owned));
    let address = format!("/console/signin?account={}", alias.as_deref().unwrap_or(&account));
    let mut facts = vec![("Account".to_owned(), Cell::text(account))];
    facts.extend(alias.map(|alias| ("Alias".to_owned(), Cell::text(alias))));
    facts.push(("Signed in as".to_owned(), Cell::text(visit.arn())));
    facts.push(("Until".to_owned(), Cell::text(visit.session.ends.to_string())));
    let whole = format!("{}{address}", endpoint(visit));
    facts.push(("Sign-in page of the account".to_owned(), Cell::link(whole, address)));
    Block::Facts("Account".to_owned(), facts)
}

fn fact(counts: &Value, (name, quota, label, page): &(&str, &str, &str, &str)) -> (String, Cell) {
    let count = shown(counts, name);
    let text = match shown(counts, quota) {
        quota if quota.is_empty() => count,
        quota => format!("{count} of {quota}"),
    };
    ((*label).to_owned(), Cell::link(text, format!("/console/{page}")))
}

/// What AWS's dashboard recommends.
fn recommendations(counts: &Value) -> Block {
    let is = |name: &str, number: i64| counts.get(name).and_then(Value::as_i64) == Some(number);
    let mut advice = Vec::new();
    if is("AccountMFAEnabled", 0) {
        advice.push("The root user has no MFA device.");
    }
    if !is("AccountAccessKeysPresent", 0) {
        advice.push("The root user has access keys.");
    }
    if is("Users", 0) {
        advice.push("There are no users: work as the root user only to make the first one.");
    }
    let text = if advice.is_empty() { "Nothing is missing.".to_owned() } else { advice.join("\n") };
    Block::Text("Security recommendations".to_owned(), text)
}

/// The latest calls that were denied, of the last fifty.
async fn denials(visit: &Visit) -> Block {
    match visit.call(Service::CLOUDTRAIL, "LookupEvents", &[("MaxResults", "50")]).await {
        Ok(found) => {
            let events = members(&found, "Events").iter();
            let denied: Vec<Value> = events.filter(|event| is_denial(event)).take(8).cloned().collect();
            let table = super::events::table(&denied, None, &visit.sent.facts.region);
            Block::Table(Table {
                title: "Latest denials".to_owned(),
                empty: "None of the last fifty calls was denied.".to_owned(),
                ..table
            })
        }
        Err(error) => Block::refused(&error),
    }
}
