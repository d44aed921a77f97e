//! Where the keys of issuers come from, and which issuers are believed.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

#[tokio::test]
async fn new_keys_are_found_and_a_dead_issuer_is_reported() {
    let world = World::new().await;
    world.with(json!({})).await.ok();
    world.answer(|_| http::StatusCode::INTERNAL_SERVER_ERROR.into_response());
    world.with(json!({})).await.ok();
    // The cached keys served; another key makes the server look again, but not at once.
    let fresh = issuer(&world.url);
    let old = std::mem::replace(&mut *world.issuer.write().unwrap(), fresh);
    world.with(json!({})).await.refused(400, "InvalidIdentityToken", NO_KEY);
    drop(old);
}

/// How many requests 20 calls at once with a token of a key that the issuer does not have cost it.
async fn requests_for_an_unknown_key(reachable: bool) -> usize {
    let world = Arc::new(World::new().await);
    let (url, requests) = (world.url.clone(), Arc::new(AtomicUsize::new(0)));
    let (served, counted) = (issuer(&url), requests.clone());
    world.answer(move |path| {
        counted.fetch_add(1, Ordering::Relaxed);
        match path {
            _ if !reachable => http::StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            "/jwks" => axum::Json(served.keys()).into_response(),
            _ => axum::Json(served.discovery()).into_response(),
        }
    });
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let world = world.clone();
        calls.spawn(async move { world.with(json!({})).await.refused(400, "InvalidIdentityToken", NO_KEY) });
    }
    calls.join_all().await;
    world.with(json!({})).await.refused(400, "InvalidIdentityToken", NO_KEY);
    requests.load(Ordering::Relaxed)
}

#[tokio::test]
async fn an_issuer_is_asked_once_for_many_calls() {
    assert_eq!(requests_for_an_unknown_key(true).await, 2, "its document and its keys");
    assert_eq!(requests_for_an_unknown_key(false).await, 1, "a failure is remembered");
}

/// What the issuer at a URL answers for a path.
type Answer = Box<dyn Fn(&str, &str) -> Response + Send + Sync>;

#[tokio::test]
async fn discovery_is_believed_from_the_issuer_only() {
    let refused: Vec<(&str, Answer)> = vec![
        ("a redirect", Box::new(|_, _| Redirect::temporary("http://127.0.0.1:1/").into_response())),
        ("an error", Box::new(|_, _| http::StatusCode::NOT_FOUND.into_response())),
        ("no document", Box::new(|_, _| "hello".into_response())),
        ("too much", Box::new(|_, _| "x".repeat(600 * 1024).into_response())),
        (
            "another issuer",
            Box::new(|url, _| {
                let document = json!({"issuer": "https://other.example.com", "jwks_uri": format!("{url}/jwks")});
                axum::Json(document).into_response()
            }),
        ),
        (
            "keys in a file",
            Box::new(|url, _| axum::Json(json!({"issuer": url, "jwks_uri": "file:///etc/passwd"})).into_response()),
        ),
        (
            "no keys",
            Box::new(|url, path| match path {
                "/jwks" => axum::Json(json!({"keys": []})).into_response(),
                _ => axum::Json(json!({"issuer": url, "jwks_uri": format!("{url}/jwks")})).into_response(),
            }),
        ),
    ];
    for (what, answer) in refused {
        let world = World::new().await;
        let url = world.url.clone();
        world.answer(move |path| answer(&url, path));
        let answer = world.with(json!({})).await;
        assert_eq!(answer.text("Message"), NO_KEY, "{what}");
    }
    let world = World::new().await;
    let url = world.url.clone();
    let metadata = "http://169.254.169.254/latest/meta-data";
    world.answer(move |_| axum::Json(json!({"issuer": url, "jwks_uri": metadata})).into_response());
    let unreachable = "Error communicating with identity provider";
    world.with(json!({})).await.refused(400, "IDPCommunicationError", unreachable);
}

#[tokio::test]
async fn loopback_can_be_put_out_of_reach() {
    let settings = Settings { local_issuers: Some(true), issuer_network: Some(Reach::Public), ..Settings::default() };
    let world = World::without_role(settings).await;
    world.role("Web", json!({}), &[]).await;
    let unreachable = "Error communicating with identity provider";
    world.with(json!({})).await.refused(400, "IDPCommunicationError", unreachable);
}

#[tokio::test]
async fn keys_in_the_configuration_need_no_network() {
    let url = "https://idp.example.com";
    let issuer = WebIssuer::new(url, SigningKey::generate(Algorithm::Rs256).unwrap());
    let pinned = IssuerSettings { jwks: Some(issuer.keys().to_string()), jwks_file: None, discovery: None };
    let server =
        Server::with(Settings { issuers: BTreeMap::from([(url.into(), pinned)]), ..Settings::default() }).await;
    let provider = [("Url", url), ("ClientIDList.member.1", "app")];
    server.root().iam("CreateOpenIDConnectProvider", &provider).await.ok();
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": "arn:aws:iam::000000000000:oidc-provider/idp.example.com"},
        "Condition": {"StringEquals": {"idp.example.com:sub": "alice1"}},
    }]});
    let role = [("RoleName", "Web"), ("AssumeRolePolicyDocument", &trust.to_string())];
    server.root().iam("CreateRole", &role).await.ok();
    let now = server.state.app.environment.clock.now().timestamp();
    let token = issuer.token(json!({"sub": "alice1", "aud": "app", "iat": now, "exp": now + 60})).unwrap();
    let arn = "arn:aws:iam::000000000000:role/Web";
    let call = [("RoleArn", arn), ("RoleSessionName", "s1"), ("WebIdentityToken", &token)];
    server.unsigned("AssumeRoleWithWebIdentity", &call).await.ok();
    let other = [("RoleArn", "arn:aws:iam::000000000000:user/Web"), call[1], call[2]];
    server.unsigned("AssumeRoleWithWebIdentity", &other).await.refused(
        400,
        "ValidationError",
        "Request ARN is invalid",
    );
}
