//! Why a request was denied: what Access Troubleshooter answers to who is signed in, for people.

mod layers;
mod near;
pub mod remedy;

use askama::Template;
use axum::response::Response;
use serde_json::Value;

use self::layers::{Evaluated, evaluated};
use self::near::{NearMisses, near_misses};
use self::remedy::{Remedies, remedies};
use super::events;
use super::parts::{members, shown};
use crate::audit::details::Effect;
use crate::audit::{AuthorizationId, Details};
use crate::console::view::{Block, Cell, Field, Notice, Table};
use crate::console::visit::{Visit, sentence};
use crate::error::{Code, Error};
use crate::services::iam_toolbox::GetRequestAuthorizationDetails;
use crate::wire::Service;

/// The entry of the menu.
const SECTION: &str = "authorization-details";

/// How many pages of events are searched for denials, and how many denials are shown.
const MAX_PAGES: usize = 10;
const MAX_DENIALS: usize = 50;

/// The path of the page about a denial.
pub fn path_of(id: AuthorizationId) -> String {
    format!("/console/{SECTION}/{id}")
}

/// Whether an event of `LookupEvents` is of a denied call.
pub fn is_denial(event: &Value) -> bool {
    shown(event, "CloudTrailEvent").contains("\"errorCode\":\"AccessDenied")
}

/// The latest denials that the principal may look up.
pub async fn list(visit: &Visit) -> Response {
    let (mut denied, mut token) = (Vec::new(), String::new());
    for _ in 0..MAX_PAGES {
        let mut parameters = vec![("MaxResults", "50")];
        if !token.is_empty() {
            parameters.push(("NextToken", &token));
        }
        let found = match visit.call(Service::CLOUDTRAIL, "LookupEvents", &parameters).await {
            Ok(found) => found,
            Err(error) => return visit.refusal(SECTION, "Denials", &error),
        };
        denied.extend(members(&found, "Events").iter().filter(|event| is_denial(event)).cloned());
        token = shown(&found, "NextToken");
        if token.is_empty() || denied.len() >= MAX_DENIALS {
            break;
        }
    }
    denied.truncate(MAX_DENIALS);
    let region = visit.sent.facts.region.as_str();
    let table = events::table(&denied, None, region);
    let field = Field::optional("region", "Region").with(region).hint("calls of IAM are in us-east-1");
    let question = Block::Question("Region".to_owned(), vec![field], "Show".to_owned());
    let note = "The latest calls that were denied. The error leads to the reasons where a denial has an authorization \
                id; they are kept for 24 hours.";
    let empty = "None of the last 500 calls was denied.".to_owned();
    visit.page(
        SECTION,
        "Denials",
        None,
        vec![Block::Note(note.to_owned()), question, Block::Table(Table { empty, ..table })],
    )
}

/// The parts of the page about one denial.
#[derive(Template)]
#[template(path = "why.html", config = "src/console/askama.toml")]
struct Why {
    evaluations: Vec<Evaluated>,
    near: Vec<NearMisses>,
    remedies: Remedies,
    policies: Vec<Was>,
    /// Why the policies are not shown, if they are not.
    withheld: Option<String>,
    keys: Vec<(String, String)>,
}

/// A policy as it was.
struct Was {
    uri: String,
    owner: Cell,
    document: Value,
    text: String,
}

/// One denial.
pub async fn page(visit: &Visit, id: &str) -> Response {
    let title = format!("Denial {id}");
    let parameters = [("authorizationId", id)];
    let output = match visit.output::<GetRequestAuthorizationDetails>(&parameters).await {
        Ok(output) => output,
        Err(error) => return visit.refusal(SECTION, &title, &error),
    };
    let answer = serde_json::to_value(&output).unwrap_or_default();
    let (policies, withheld) = match policies(visit, id, &answer).await {
        Ok(policies) => (policies, None),
        Err(error) => (Vec::new(), Some(sentence(&error))),
    };
    let whole = output.whole();
    // The explanation quotes policies.
    let explained = whole.filter(|_| withheld.is_none());
    let near = explained.map(near_misses).unwrap_or_default();
    let context = answer.get("requestContext").and_then(Value::as_object).into_iter().flatten();
    let why = Why {
        evaluations: members(&answer, "evaluations").iter().map(|one| evaluated(one, &policies)).collect(),
        near,
        remedies: whole.map(|details| remedies(visit, details)).unwrap_or_default(),
        policies,
        withheld,
        keys: context.map(|(key, value)| (key.clone(), words(value))).collect(),
    };
    let verdict = explained.and_then(verdict).or_else(|| Some("The request was denied.".to_owned()));
    let blocks = vec![request(id, &answer, whole), Block::template(&why)];
    visit.page(SECTION, &heading(&answer, &title), verdict.and_then(Notice::error), blocks)
}

/// What is asked: the first that is denied.
fn heading(answer: &Value, title: &str) -> String {
    let denied = members(answer, "evaluations").iter().find(|one| shown(one, "evaluatedEffect") != "ALLOW");
    denied.map_or_else(|| title.to_owned(), |one| format!("Why was {} denied?", shown(one, "action")))
}

/// The explanation's own sentences, of all that is denied.
fn verdict(details: &Details) -> Option<String> {
    let denied = details.evaluations.iter().filter(|one| one.effect != Effect::Allow);
    let mut sentences: Vec<&str> = denied.filter_map(|one| Some(one.tree.nodes.first()?.text.as_str())).collect();
    sentences.dedup();
    Some(sentences.join(" ")).filter(|text| !text.is_empty())
}

fn request(id: &str, answer: &Value, whole: Option<&Details>) -> Block {
    let context = answer.get("requestContext").cloned().unwrap_or_default();
    let known = |key: &str| context.get(key).map(words).unwrap_or_default();
    let facts = [
        ("Principal", whole.map_or_else(|| known("aws:PrincipalArn"), |details| details.principal.clone())),
        ("Time", whole.map_or_else(|| known("aws:CurrentTime"), |details| details.time.to_string())),
        ("Address", known("aws:SourceIp")),
        ("Program", known("aws:UserAgent")),
        ("Request id", whole.map(|details| details.request_id.clone()).unwrap_or_default()),
        ("Authorization id", id.to_owned()),
    ];
    let facts = facts.into_iter().filter(|(_, text)| !text.is_empty());
    Block::Facts("The request".to_owned(), facts.map(|(label, text)| (label.to_owned(), Cell::text(text))).collect())
}

/// The policies as they were.
async fn policies(visit: &Visit, id: &str, answer: &Value) -> Result<Vec<Was>, Error> {
    let mut found = Vec::new();
    for policy in members(answer, "policies") {
        let uri = shown(policy, "uri");
        let parameters = [("authorizationId", id), ("policyUri", uri.as_str())];
        let document = match visit.call(Service::IAM_TOOLBOX, "GetRequestAuthorizationPolicy", &parameters).await {
            Ok(answer) => answer.get("policyDocument").cloned().unwrap_or_default(),
            // One that cannot be read denies all, and has no document.
            Err(error) if error.code() == Code::ResourceNotFound => Value::Null,
            Err(error) => return Err(error),
        };
        let text = match &document {
            Value::Null => "The policy cannot be read, and denies everything for that reason.".to_owned(),
            document => serde_json::to_string_pretty(document).unwrap_or_default(),
        };
        found.push(Was { owner: owner(visit, policy), uri, document, text });
    }
    Ok(found)
}

/// What a policy is called: its ARN, or what it is a part of; with its page where there is one.
fn owner(visit: &Visit, policy: &Value) -> Cell {
    let attached = members(policy, "attachedTo").first().map(|owner| shown(owner, "arn")).unwrap_or_default();
    let is_inline = policy.get("inline") == Some(&Value::Bool(true));
    let (text, arn) = match is_inline {
        true => (format!("inline policy of {attached}"), attached),
        false => (shown(policy, "uri"), shown(policy, "uri")),
    };
    let link = remedy::page_of(visit, &arn);
    Cell { text, link }
}

/// The values of a condition key.
fn words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
