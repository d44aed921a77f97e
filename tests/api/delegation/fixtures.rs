//! A product provider and a customer, between whom delegation requests go.

use iamd::config::Settings;
use serde_json::{Value, json};

use crate::client::{Answer, Client, Server};

/// The account of the product provider.
pub const PROVIDER: &str = "111111111111";
pub const TEMPLATE: &str = "arn:aws:iam::aws:delegation-template/example.com/setup-1";
pub const OPEN_TEMPLATE: &str = "arn:aws:iam::aws:delegation-template/example.com/users-1";
pub const ROLES_TEMPLATE: &str = "arn:aws:iam::aws:delegation-template/example.com/roles-1";
pub const TOPIC: &str = "arn:aws:sns:us-east-1:111111111111:requests";

/// Settings with three policy templates: one with placeholders, one about users, one about roles within boundaries.
pub fn settings() -> Settings {
    let document = |statement: Value| json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
    let templates = json!({
        TEMPLATE: document(json!({
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:ListBucket"],
            "Resource": "arn:aws:s3:::@{Buckets}/@{Prefix}*",
        })),
        OPEN_TEMPLATE: document(json!({"Effect": "Allow", "Action": ["iam:GetUser", "iam:CreateUser"], "Resource": "*"})),
        ROLES_TEMPLATE: document(json!({
            "Effect": "Allow",
            "Action": "iam:Create*",
            "Resource": "*",
            "Condition": {"StringEquals": {"iam:PermissionsBoundary": "arn:aws:iam::000000000000:policy/limit"}},
        })),
    });
    Settings { policy_templates: serde_json::from_value(templates).unwrap(), ..Settings::default() }
}

pub async fn server() -> Server {
    Server::with(settings()).await
}

/// The parameters of a request for the template about users, which others can add to or replace.
pub fn parameters<'a>(workflow: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut parameters = vec![
        ("Description", "sets things up"),
        ("Permissions.PolicyTemplateArn", OPEN_TEMPLATE),
        ("RequestorWorkflowId", workflow),
        ("NotificationChannel", TOPIC),
        ("SessionDuration", "3600"),
    ];
    parameters.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
    parameters.extend(more);
    parameters
}

/// A new request; its id.
pub async fn requested(server: &Server, workflow: &str, more: &[(&str, &str)]) -> String {
    let provider = server.root_of(PROVIDER);
    let made = provider.iam("CreateDelegationRequest", &parameters(workflow, more)).await.ok();
    made.text("DelegationRequestId")
}

/// Calls an operation on a request.
pub async fn on(client: &Client, operation: &str, id: &str) -> Answer {
    client.iam(operation, &[("DelegationRequestId", id)]).await
}

/// The state that the root user of account 000000000000 sees.
pub async fn state(server: &Server, id: &str) -> String {
    on(&server.root(), "GetDelegationRequest", id).await.ok().text("State")
}

/// What the provider's topic got.
pub async fn notices(server: &Server) -> Vec<Value> {
    let path = format!("/_iamd/delegation-notices?topic={TOPIC}");
    let answer: Value = serde_json::from_str(&server.admin("GET", &path, "", &[]).await.ok().body).unwrap();
    answer["notices"].as_array().unwrap().clone()
}

/// The token that the provider's topic got last.
pub async fn trade_in_token(server: &Server) -> String {
    let notices = notices(server).await;
    notices.iter().rev().find_map(|notice| notice["tradeInToken"].as_str()).unwrap().to_owned()
}

/// A request that this client has claimed, accepted and finished; its token.
pub async fn finished(server: &Server, client: &Client, workflow: &str, more: &[(&str, &str)]) -> String {
    let id = requested(server, workflow, more).await;
    for operation in ["AssociateDelegationRequest", "AcceptDelegationRequest", "SendDelegationToken"] {
        on(client, operation, &id).await.ok();
    }
    trade_in_token(server).await
}
