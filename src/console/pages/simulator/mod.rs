//! The policy simulator: IAM's own, asked as who is signed in, with its answer as a matrix.

mod form;
mod matrix;

use std::net::SocketAddr;
use std::sync::Arc;

use askama::Template;
use aws_reference::service_authorization;
use axum::Json;
use axum::extract::{ConnectInfo, Request, State as Shared};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use self::form::{Key, Scenario};
use self::matrix::{Matrix, matrix};
use super::parts::{members, shown};
use crate::console::view::{Block, Notice};
use crate::console::visit::{Visit, sentence};
use crate::error::Error;
use crate::http::State;

/// The entry of the menu.
const SECTION: &str = "simulator";

/// How many users, groups and roles are offered, of each.
const MAX_OFFERED: &str = "200";

/// How many actions are offered to complete one.
const MAX_COMPLETIONS: usize = 30;

/// The page.
#[derive(Template)]
#[template(path = "simulator.html", config = "src/console/askama.toml")]
struct Simulator<'s> {
    csrf: &'s str,
    scenario: &'s Scenario,
    /// The ARNs of the account's users, groups and roles, as far as the principal may list them.
    principals: Vec<String>,
    matrix: Option<Matrix>,
}

/// The empty form, or one for a principal that a link names.
pub async fn page(Shared(state): Shared<Arc<State>>, peer: ConnectInfo<SocketAddr>, request: Request) -> Response {
    let visit = match Visit::begin(state, peer.0, request).await {
        Ok(visit) => visit,
        Err(refusal) => return refusal,
    };
    let mut scenario = Scenario::read(&visit.sent);
    let found = if scenario.principal.is_empty() { Ok(()) } else { find_keys(&visit, &mut scenario).await };
    write(&visit, &scenario, None, found.err()).await
}

/// Simulates, or finds the condition keys that the policies ask for.
pub async fn simulate(Shared(state): Shared<Arc<State>>, peer: ConnectInfo<SocketAddr>, request: Request) -> Response {
    let visit = match Visit::begin_form(state, peer.0, request).await {
        Ok(visit) => visit,
        Err(refusal) => return refusal,
    };
    let mut scenario = Scenario::read(&visit.sent);
    if let Err(error) = find_keys(&visit, &mut scenario).await {
        return write(&visit, &scenario, None, Some(error)).await;
    }
    if visit.sent.field("step") == "keys" {
        return write(&visit, &scenario, None, None).await;
    }
    let parameters = scenario.parameters();
    let parameters: Vec<_> = parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    match visit.iam(scenario.operation(), &parameters).await {
        Ok(answer) => write(&visit, &scenario, Some(matrix(&answer, &scenario)), None).await,
        Err(error) => write(&visit, &scenario, None, Some(error)).await,
    }
}

/// Adds the condition keys that the policies ask for.
async fn find_keys(visit: &Visit, scenario: &mut Scenario) -> Result<(), Error> {
    let Some((operation, parameters)) = scenario.keys_inquiry() else { return Ok(()) };
    let parameters: Vec<_> = parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let found = visit.iam(operation, &parameters).await?;
    for name in members(&found, "ContextKeyNames").iter().filter_map(Value::as_str) {
        if !scenario.keys.iter().any(|key| key.name.eq_ignore_ascii_case(name)) {
            scenario.keys.push(Key::wanted(name));
        }
    }
    Ok(())
}

async fn write(visit: &Visit, scenario: &Scenario, matrix: Option<Matrix>, error: Option<Error>) -> Response {
    let csrf = visit.session.csrf.reveal();
    let simulator = Simulator { csrf, scenario, principals: principals(visit).await, matrix };
    let notice = error.as_ref().map(sentence).and_then(Notice::error);
    visit.page(SECTION, "Policy simulator", notice, vec![Block::template(&simulator)])
}

async fn principals(visit: &Visit) -> Vec<String> {
    let mut found = Vec::new();
    for (operation, list) in [("ListUsers", "Users"), ("ListGroups", "Groups"), ("ListRoles", "Roles")] {
        if let Ok(answer) = visit.iam(operation, &[("MaxItems", MAX_OFFERED)]).await {
            found.extend(members(&answer, list).iter().map(|entity| shown(entity, "Arn")));
        }
    }
    found
}

/// Actions that complete what was typed.
pub async fn actions(Shared(state): Shared<Arc<State>>, peer: ConnectInfo<SocketAddr>, request: Request) -> Response {
    let visit = match Visit::begin(state, peer.0, request).await {
        Ok(visit) => visit,
        Err(refusal) => return refusal,
    };
    Json(completions(visit.sent.field("q"))).into_response()
}

/// The services that begin with a text, or the actions of a service that do.
fn completions(text: &str) -> Vec<String> {
    let begins = |whole: &str, start: &str| {
        whole.get(..start.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(start))
    };
    match text.split_once(':') {
        None => {
            let services = service_authorization::services().filter(|service| begins(service.prefix, text));
            services.map(|service| format!("{}:", service.prefix)).take(MAX_COMPLETIONS).collect()
        }
        Some((prefix, start)) => {
            let Some(service) = service_authorization::service(prefix) else { return Vec::new() };
            let actions = service.actions.iter().filter(|action| begins(&action.name, start));
            actions.map(|action| format!("{}:{}", service.prefix, action.name)).take(MAX_COMPLETIONS).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_and_actions_are_completed() {
        assert_eq!(completions("sts:assumeRolewith"), ["sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"]);
        assert!(completions("dynamo").contains(&"dynamodb:".to_owned()));
        assert_eq!(completions("nothing:Get"), [""; 0]);
        assert_eq!(completions("iam:É"), [""; 0]);
        assert_eq!(completions("ec2:").len(), MAX_COMPLETIONS);
    }
}
