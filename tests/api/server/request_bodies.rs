//! How much of a request is read: little for those who are not known, much only for what needs it.

use iamd::config::Settings;
use iamd::http::LARGE_OPERATIONS;
use iamd::services;

use crate::client::{Answer, Server};

/// Beyond a megabyte.
const LARGE: usize = 1_200_000;

fn is_too_large(answer: &Answer, limit: usize) -> bool {
    let message = format!("Request must be smaller than {limit} bytes for this service");
    (answer.status, answer.text("Code"), answer.text("Message")) == (413, "RequestEntityTooLarge".to_owned(), message)
}

#[tokio::test]
async fn large_bodies_are_read_for_known_keys_and_operations_that_need_them() {
    let server = Server::start().await;
    let text = "x".repeat(LARGE);
    let metadata = [("Name", "p"), ("SAMLMetadataDocument", text.as_str())];
    let read = server.root().iam("CreateSAMLProvider", &metadata).await;
    assert_eq!((read.status, read.text("Code").as_str()), (400, "InvalidInput"), "{}", read.body);
    for stranger in [server.client("AKIAQAAAAAAANASXASNU", "test", None), server.client("test", "test", Some("token"))]
    {
        assert!(is_too_large(&stranger.iam("CreateSAMLProvider", &metadata).await, 1 << 20));
    }
    assert!(is_too_large(&server.unsigned("CreateSAMLProvider", &metadata).await, 1 << 20));
    let user = server.root().iam("CreateUser", &[("UserName", &text)]).await;
    assert!(is_too_large(&user, 1 << 20), "{}", user.body);
    let token = [("RoleArn", "arn:aws:iam::000000000000:role/r"), ("WebIdentityToken", &text)];
    assert!(is_too_large(&server.unsigned("AssumeRoleWithWebIdentity", &token).await, 1 << 20));
}

#[tokio::test]
async fn nothing_beyond_the_greatest_size_is_read() {
    let server = Server::with(Settings { max_body_size: Some(2000), ..Settings::default() }).await;
    let text = "x".repeat(3000);
    let answer = server.root().iam("CreateSAMLProvider", &[("Name", "p"), ("SAMLMetadataDocument", &text)]).await;
    assert!(is_too_large(&answer, 2000), "{}", answer.body);
    let own = server.admin("POST", "/_iamd/evaluate", &text, &[]).await;
    let refusal = r#"{"error":"the request body must be smaller than 2000 bytes"}"#;
    assert_eq!((own.status, own.body.as_str()), (413, refusal));
}

#[tokio::test]
async fn bodies_share_a_budget() {
    let settings = Settings { max_body_size: Some(20_000), max_buffered_bytes: Some(40_000), ..Settings::default() };
    let server = Server::with(settings).await;
    let text = "x".repeat(15_000);
    server.root().iam("GetUser", &[("UserName", &text)]).await;
    let budget = &server.state.bodies;
    assert_eq!(budget.free_bytes(), 39 * 1024, "a request that was answered holds nothing");
    let mut held = budget.receive(vec![0; 20_000].into());
    assert!(held.fill(20_000).await.unwrap());
    assert_eq!(budget.free_bytes(), 35 * 1024);
}

#[test]
fn the_large_operations_exist() {
    for name in LARGE_OPERATIONS {
        assert!(services::all().any(|entry| entry.name == *name), "{name}");
    }
}
