//! The server's own endpoints.

use std::net::{Ipv4Addr, SocketAddr};

use iamd::config::Settings;
use iamd::shapes::Secret;

use crate::client::Server;

#[tokio::test]
async fn the_clock_moves_everything() {
    let server = Server::start().await;
    let set = server.admin("POST", "/_iamd/clock", r#"{"now": "2030-01-01T00:00:00Z"}"#, &[]).await.ok();
    assert!(set.body.contains("2030-01-01T00:00:0"), "{}", set.body);
    server.admin("POST", "/_iamd/clock", r#"{"advance": 3600}"#, &[]).await.ok();
    let made = server.root().iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    assert!(made.text("CreateDate").starts_with("2030-01-01T01:00:"), "{}", made.body);
    server.admin("POST", "/_iamd/clock", r#"{"reset": true}"#, &[]).await.ok();
    let now = server.admin("GET", "/_iamd/clock", "", &[]).await.ok();
    assert!(!now.body.contains("2030-01-01"), "{}", now.body);
    for wrong in ["", "{}", r#"{"advance": "x"}"#, r#"{"later": 1}"#, r#"{"advance": 9223372036854775807}"#] {
        assert_eq!(server.admin("POST", "/_iamd/clock", wrong, &[]).await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn reset_forgets_one_account_or_all() {
    let server = Server::start().await;
    for account in ["111111111111", "222222222222"] {
        server.root_of(account).iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    }
    server.admin("POST", "/_iamd/reset?account=111111111111", "", &[]).await.ok();
    assert!(server.root_of("111111111111").iam("ListUsers", &[]).await.ok().texts("UserName").is_empty());
    assert_eq!(server.root_of("222222222222").iam("ListUsers", &[]).await.ok().texts("UserName"), ["Bob"]);
    server.admin("POST", "/_iamd/reset", "", &[]).await.ok();
    assert!(server.root_of("222222222222").iam("ListUsers", &[]).await.ok().texts("UserName").is_empty());
    for wrong in ["?account=1", "?acount=111111111111"] {
        assert_eq!(server.admin("POST", &format!("/_iamd/reset{wrong}"), "", &[]).await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn pages_of_other_origins_and_other_machines_are_refused() {
    let server = Server::start().await;
    let refused: &[&[(&str, &str)]] = &[
        &[("origin", "http://evil.example")],
        &[("sec-fetch-site", "cross-site")],
        &[("host", "evil.example:4593")],
        &[("origin", "null")],
    ];
    for headers in refused {
        assert_eq!(server.admin("GET", "/_iamd/health", "", headers).await.status, 403, "{headers:?}");
    }
    for headers in [&[("origin", "http://127.0.0.1:4593")][..], &[("sec-fetch-site", "same-origin")], &[]] {
        assert_eq!(server.admin("GET", "/_iamd/health", "", headers).await.status, 200, "{headers:?}");
    }
}

#[tokio::test]
async fn a_token_is_asked_for_when_there_is_one() {
    let settings = Settings { admin_token: Some(Secret::new("letmein")), ..Settings::default() };
    let server = Server::with(settings).await;
    assert_eq!(server.admin("GET", "/_iamd/health", "", &[]).await.status, 401);
    assert_eq!(server.admin("GET", "/_iamd/health", "", &[("authorization", "Bearer letmeout")]).await.status, 401);
    let headers = [("authorization", "Bearer letmein"), ("host", "iamd:4593")];
    assert_eq!(server.admin("GET", "/_iamd/health", "", &headers).await.status, 200);
}

#[tokio::test]
async fn without_a_token_only_loopback_listeners_answer() {
    let listen = Some(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 4593)).into());
    let server = Server::with(Settings { listen, ..Settings::default() }).await;
    assert_eq!(server.admin("GET", "/_iamd/health", "", &[]).await.status, 403);
}

#[tokio::test]
async fn a_request_with_its_policies_is_evaluated() {
    let server = Server::start().await;
    let policy =
        r#"{"Version":"2012-10-17","Statement":[{"Sid":"Read","Effect":"Allow","Action":"s3:Get*","Resource":"*"}]}"#;
    let body = |action: &str| {
        format!(
            r#"{{"principal": "arn:aws:iam::123456789012:user/bob", "action": "{action}", "resource": "arn:aws:s3:::b/k",
                "resourceAccount": "123456789012", "context": {{"aws:SourceIp": "1.2.3.4"}},
                "identityPolicies": [{{"name": "p", "document": {policy}}}]}}"#
        )
    };
    let answer = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    let allowed = answer(&server.admin("POST", "/_iamd/evaluate", &body("s3:GetObject"), &[]).await.ok().body);
    assert_eq!(allowed["decision"], "allowed", "{allowed}");
    assert_eq!(allowed["matchedStatements"][0]["sid"], "Read");
    let denied = answer(&server.admin("POST", "/_iamd/evaluate", &body("s3:PutObject"), &[]).await.ok().body);
    assert_eq!((&denied["decision"], &denied["deniedBy"]), (&"implicitDeny".into(), &serde_json::json!(["identity"])));
    assert!(denied["explanation"].as_str().unwrap().contains("s3:PutObject"), "{denied}");
    let broken = body("s3:GetObject").replace("\"Effect\":\"Allow\"", "\"Effect\":\"Perhaps\"");
    let refused = server.admin("POST", "/_iamd/evaluate", &broken, &[]).await;
    assert_eq!(refused.status, 400);
    assert!(answer(&refused.body)["error"]["position"]["line"].is_number(), "{}", refused.body);
}
