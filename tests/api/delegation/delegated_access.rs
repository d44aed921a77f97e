//! Delegated permissions: the token of an accepted request, and what its credentials may do.

use std::sync::Arc;

use iamd::store::Store;
use serde_json::json;

use crate::client::{Client, Server};
use crate::delegation::fixtures::{
    PROVIDER, finished, notices, on, requested, server, settings, state, trade_in_token,
};

async fn exchanged(server: &Server, token: &str) -> Client {
    server.session(&server.root_of(PROVIDER).sts("GetDelegatedAccessToken", &[("TradeInToken", token)]).await.ok())
}

const EXPIRED: &str = "The trade-in token provided in the request has expired and can no longer be exchanged for \
                       credentials. Request a new token and retry the operation.";

#[tokio::test]
async fn a_root_users_delegation_is_limited_to_what_was_asked_for() {
    let server = server().await;
    let token = finished(&server, &server.root(), "flow-1", &[]).await;
    let answer = server.root_of(PROVIDER).sts("GetDelegatedAccessToken", &[("TradeInToken", &token)]).await.ok();
    assert_eq!(answer.text("AssumedPrincipal"), "arn:aws:iam::000000000000:root");
    assert!(!answer.has("PackedPolicySize"));
    let delegated = server.session(&answer);
    assert_eq!(delegated.sts("GetCallerIdentity", &[]).await.ok().text("Arn"), "arn:aws:iam::000000000000:root");
    delegated.iam("CreateUser", &[("UserName", "made")]).await.ok();
    server.root().iam("GetUser", &[("UserName", "made")]).await.ok();
    let denied = delegated.iam("DeleteUser", &[("UserName", "made")]).await;
    assert!(denied.text("Message").ends_with("because no session policy allows the iam:DeleteUser action"));
    delegated.iam("ListUsers", &[]).await.denied();
}

#[tokio::test]
async fn a_users_delegation_is_limited_by_the_user_too() {
    let server = server().await;
    let requests = "arn:aws:iam::*:delegation-request/*";
    let actions = ["iam:AssociateDelegationRequest", "iam:AcceptDelegationRequest", "iam:SendDelegationToken"];
    let bob = server.allowed("Bob", &actions, &[requests], json!({})).await;
    let may = json!({"Version": "2012-10-17", "Statement":
        {"Effect": "Allow", "Action": ["iam:GetUser", "iam:ListUsers"], "Resource": "*"}});
    let policy = [("UserName", "Bob"), ("PolicyName", "q"), ("PolicyDocument", &may.to_string())];
    server.root().iam("PutUserPolicy", &policy).await.ok();
    let token = finished(&server, &bob, "flow-1", &[]).await;
    let delegated = exchanged(&server, &token).await;
    let arn = "arn:aws:iam::000000000000:user/Bob";
    assert_eq!(delegated.sts("GetCallerIdentity", &[]).await.ok().text("Arn"), arn);
    delegated.iam("GetUser", &[]).await.ok();
    delegated.iam("CreateUser", &[("UserName", "x")]).await.denied();
    delegated.iam("ListUsers", &[]).await.denied();
    // What the user gains or loses later counts for the delegation.
    server.root().iam("DeleteUserPolicy", &[("UserName", "Bob"), ("PolicyName", "q")]).await.ok();
    delegated.iam("GetUser", &[]).await.lacks("iam:GetUser", "user Bob");
}

#[tokio::test]
async fn nothing_gets_around_the_limit() {
    let server = server().await;
    let root = server.root();
    let bob = server.allowed("Bob", &["*"], &["*"], json!({})).await;
    let trust = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"AWS": "arn:aws:iam::000000000000:user/Bob"}}});
    let role = [("RoleName", "R"), ("AssumeRolePolicyDocument", &trust.to_string())];
    root.iam("CreateRole", &role).await.ok();
    let token = finished(&server, &bob, "flow-1", &[]).await;
    let delegated = exchanged(&server, &token).await;
    let assume = [("RoleArn", "arn:aws:iam::000000000000:role/R"), ("RoleSessionName", "session")];
    bob.sts("AssumeRole", &assume).await.ok();
    delegated.sts("AssumeRole", &assume).await.denied();
    for (operation, parameters) in [("GetSessionToken", &[][..]), ("GetFederationToken", &[("Name", "fed")][..])] {
        let message = format!("Cannot call {operation} with session credentials");
        delegated.sts(operation, parameters).await.refused(403, "AccessDenied", &message);
    }
    // The owner's default permissions are not delegated either.
    let id = requested(&server, "flow-2", &[]).await;
    on(&bob, "AssociateDelegationRequest", &id).await.ok();
    on(&delegated, "GetDelegationRequest", &id).await.denied();
}

#[tokio::test]
async fn a_delegation_changes_no_password_unless_it_says_so() {
    let server = server().await;
    let root = server.root();
    let requests = "arn:aws:iam::*:delegation-request/*";
    let actions = ["iam:AssociateDelegationRequest", "iam:AcceptDelegationRequest", "iam:SendDelegationToken"];
    let bob = server.allowed("Bob", &actions, &[requests], json!({})).await;
    root.iam("CreateLoginProfile", &[("UserName", "Bob"), ("Password", "Passw0rd")]).await.ok();
    root.iam("UpdateAccountPasswordPolicy", &[("AllowUsersToChangePassword", "true")]).await.ok();
    let delegated = exchanged(&server, &finished(&server, &bob, "flow-1", &[]).await).await;
    let arn = "arn:aws:iam::000000000000:user/Bob";
    let denial = |action: &str, resource: &str| {
        format!(
            "User: {arn} is not authorized to perform: {action} on resource: {resource} because no session policy allows \
             the {action} action"
        )
    };
    for old in ["wrong", "Passw0rd"] {
        let change = [("OldPassword", old), ("NewPassword", "N3wpassword")];
        let message = denial("iam:ChangePassword", "user Bob");
        delegated.iam("ChangePassword", &change).await.refused(403, "AccessDenied", &message);
    }
    let message = denial("iam:GetAccountPasswordPolicy", "*");
    delegated.iam("GetAccountPasswordPolicy", &[]).await.refused(403, "AccessDenied", &message);
    bob.iam("ChangePassword", &[("OldPassword", "Passw0rd"), ("NewPassword", "N3wpassword")]).await.ok();
}

#[tokio::test]
async fn a_role_sessions_delegation_keeps_tags_and_policies() {
    let server = server().await;
    let root = server.root();
    let trust = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Principal": {"AWS": "000000000000"}}});
    root.iam("CreateRole", &[("RoleName", "R"), ("AssumeRolePolicyDocument", &trust.to_string())]).await.ok();
    let all = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}});
    let policy = [("RoleName", "R"), ("PolicyName", "p"), ("PolicyDocument", &all.to_string())];
    root.iam("PutRolePolicy", &policy).await.ok();
    let bob = server.allowed("Bob", &["sts:*"], &["*"], json!({})).await;
    let narrow = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "iam:*Delegation*", "Resource": "*"},
        {"Effect": "Allow", "Action": "iam:CreateUser", "Resource": "arn:aws:iam::*:user/${aws:PrincipalTag/team}-*"},
    ]});
    let session = server.session(
        &bob.sts(
            "AssumeRole",
            &[
                ("RoleArn", "arn:aws:iam::000000000000:role/R"),
                ("RoleSessionName", "session"),
                ("Policy", &narrow.to_string()),
                ("Tags.member.1.Key", "team"),
                ("Tags.member.1.Value", "blue"),
            ],
        )
        .await
        .ok(),
    );
    let token = finished(&server, &session, "flow-1", &[]).await;
    let delegated = exchanged(&server, &token).await;
    let arn = "arn:aws:sts::000000000000:assumed-role/R/session";
    assert_eq!(delegated.sts("GetCallerIdentity", &[]).await.ok().text("Arn"), arn);
    delegated.iam("CreateUser", &[("UserName", "blue-1")]).await.ok();
    delegated.iam("CreateUser", &[("UserName", "red-1")]).await.denied();
    delegated.iam("GetUser", &[("UserName", "blue-1")]).await.denied();
}

#[tokio::test]
async fn the_time_begins_when_the_token_is_sent() {
    let server = server().await;
    let root = server.root();
    let id = requested(&server, "flow-1", &[]).await;
    on(&root, "AssociateDelegationRequest", &id).await.ok();
    on(&root, "AcceptDelegationRequest", &id).await.ok();
    assert!(notices(&server).await.iter().all(|notice| notice["tradeInToken"].is_null()));
    server.advance(7200);
    on(&root, "SendDelegationToken", &id).await.ok();
    let token = trade_in_token(&server).await;
    let first = exchanged(&server, &token).await;
    server.advance(1800);
    let second = exchanged(&server, &token).await;
    server.advance(1790);
    for delegated in [&first, &second] {
        delegated.iam("GetUser", &[("UserName", "x")]).await.refused(
            404,
            "NoSuchEntity",
            "The user with name x cannot be found.",
        );
    }
    server.advance(10);
    for delegated in [&first, &second] {
        let late = delegated.iam("GetUser", &[("UserName", "x")]).await;
        late.refused(403, "ExpiredToken", "The security token included in the request is expired");
    }
    let late = server.root_of(PROVIDER).sts("GetDelegatedAccessToken", &[("TradeInToken", &token)]).await;
    late.refused(400, "ExpiredTradeInTokenException", EXPIRED);
    assert!(notices(&server).await.iter().all(|notice| notice["tradeInToken"].is_null()));
}

#[tokio::test]
async fn tokens_are_for_the_requestor_alone() {
    let server = server().await;
    let token = finished(&server, &server.root(), "flow-1", &[]).await;
    let exchange = [("TradeInToken", token.as_str())];
    let other = server.root_of("222222222222").sts("GetDelegatedAccessToken", &exchange).await;
    other.refused(400, "ValidationError", "The trade-in token is invalid.");
    let provider = server.root_of(PROVIDER);
    let wrong = provider.sts("GetDelegatedAccessToken", &[("TradeInToken", "nonsense")]).await;
    wrong.refused(400, "ValidationError", "The trade-in token is invalid.");
    provider.iam("CreateUser", &[("UserName", "worker")]).await.ok();
    let key = provider.iam("CreateAccessKey", &[("UserName", "worker")]).await.ok();
    let worker = server.client(&key.text("AccessKeyId"), &key.text("SecretAccessKey"), None);
    worker.sts("GetDelegatedAccessToken", &exchange).await.denied();
    let may = json!({"Version": "2012-10-17", "Statement":
        {"Effect": "Allow", "Action": "sts:GetDelegatedAccessToken", "Resource": "*"}});
    let policy = [("UserName", "worker"), ("PolicyName", "p"), ("PolicyDocument", &may.to_string())];
    provider.iam("PutUserPolicy", &policy).await.ok();
    worker.sts("GetDelegatedAccessToken", &exchange).await.ok();
}

#[tokio::test]
async fn root_users_accept_four_hours_at_most() {
    let server = server().await;
    let root = server.root();
    for (workflow, duration, allowed) in [("flow-1", "14400", true), ("flow-2", "14401", false)] {
        let id = requested(&server, workflow, &[("SessionDuration", duration)]).await;
        on(&root, "AssociateDelegationRequest", &id).await.ok();
        let answer = on(&root, "AcceptDelegationRequest", &id).await;
        match allowed {
            true => drop(answer.ok()),
            false => {
                let message = "Root users can only accept delegation requests with a duration of 4 hours or less.";
                answer.refused(403, "AccessDenied", message);
                assert_eq!(state(&server, &id).await, "ASSIGNED");
                let admin = server.allowed("admin", &["iam:*"], &["*"], json!({})).await;
                on(&admin, "AcceptDelegationRequest", &id).await.ok();
            }
        }
    }
}

#[tokio::test]
async fn the_owner_alone_sends_if_the_request_says_so() {
    let server = server().await;
    let bob = server.allowed("Bob", &["iam:*"], &["*"], json!({})).await;
    let id = requested(&server, "flow-1", &[("OnlySendByOwner", "true")]).await;
    on(&bob, "AssociateDelegationRequest", &id).await.ok();
    on(&server.root(), "AcceptDelegationRequest", &id).await.ok();
    let message = format!("Only the owner can send the token of delegation request {id}.");
    on(&server.root(), "SendDelegationToken", &id).await.refused(403, "AccessDenied", &message);
    on(&bob, "SendDelegationToken", &id).await.ok();
    let delegated = exchanged(&server, &trade_in_token(&server).await).await;
    assert_eq!(delegated.sts("GetCallerIdentity", &[]).await.ok().text("Arn"), "arn:aws:iam::000000000000:root");
}

#[tokio::test]
async fn delegated_permissions_cannot_be_delegated() {
    let all = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}});
    let template = "arn:aws:iam::aws:delegation-template/example.com/all-1";
    let policy_templates = serde_json::from_value(json!({template: all.to_string()})).unwrap();
    let server = Server::with(iamd::config::Settings { policy_templates, ..settings() }).await;
    let all = [("Permissions.PolicyTemplateArn", template)];
    let token = finished(&server, &server.root(), "flow-1", &all).await;
    let delegated = exchanged(&server, &token).await;
    let id = requested(&server, "flow-2", &all).await;
    on(&delegated, "AssociateDelegationRequest", &id).await.ok();
    let accept = on(&delegated, "AcceptDelegationRequest", &id).await;
    accept.refused(403, "AccessDenied", "Delegated permissions cannot be delegated.");
}

#[tokio::test]
async fn a_token_survives_a_restart() {
    let store = Arc::new(Store::in_memory().await.unwrap());
    let server = Server::on(store.clone(), settings()).await;
    let token = finished(&server, &server.root(), "flow-1", &[]).await;
    let server = Server::on(store, settings()).await;
    let delegated = exchanged(&server, &token).await;
    delegated.iam("CreateUser", &[("UserName", "made")]).await.ok();
    assert_eq!(notices(&server).await.len(), 4);
}

#[tokio::test]
async fn notices_are_not_for_everybody() {
    let server = server().await;
    let elsewhere = [("host", "evil.example")];
    assert_eq!(server.admin("GET", "/_iamd/delegation-notices", "", &elsewhere).await.status, 403);
    assert_eq!(server.admin("GET", "/_iamd/delegation-notices?channel=x", "", &[]).await.status, 400);
    requested(&server, "flow-1", &[("NotificationChannel", "arn:aws:sns:us-east-1:111111111111:other")]).await;
    assert!(notices(&server).await.is_empty());
    let all = server.admin("GET", "/_iamd/delegation-notices", "", &[]).await.ok();
    assert!(all.body.contains("UNASSIGNED"), "{}", all.body);
}
