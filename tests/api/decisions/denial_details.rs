//! Access Troubleshooter: its protocol, and what it refuses. What it shows is tested through boto3.

use iamd::config::{AuthorizationIds, Settings};
use serde_json::{Value, json};

use crate::client::{Answer, Client, Server};

async fn server() -> Server {
    Server::with(Settings { authorization_ids: Some(AuthorizationIds::Iam), ..Settings::default() }).await
}

/// A user without permissions, and the id of a denial.
async fn denied(server: &Server) -> (Client, String) {
    server.root().iam("CreateUser", &[("UserName", "bob")]).await.ok();
    let bob = server.user("bob").await;
    let message = bob.iam("ListUsers", &[]).await.text("Message");
    let (sentence, rest) =
        message.split_once(". Go to http://127.0.0.1:4593/console/#/authorization-details/").unwrap();
    assert!(sentence.ends_with("because no identity-based policy allows the iam:ListUsers action"), "{message}");
    let (id, rest) = rest.split_once(' ').unwrap();
    let expected =
        "for complete details, or call the GetRequestAuthorizationDetails API with the following authorization id: ";
    assert_eq!(rest, format!("{expected}{id}"));
    (bob, id.to_owned())
}

fn code(answer: &Answer) -> (u16, Value) {
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    (answer.status, body["message"].clone())
}

#[tokio::test]
async fn get_request_authorization_details_needs_permission_and_an_id() {
    let server = server().await;
    let (bob, id) = denied(&server).await;
    let path = format!("/authorization-details/{id}");
    let answer = server.root().get("iam", &path).await.ok();
    let details: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(details["evaluations"][0]["action"], "iam:ListUsers", "GetRequestAuthorizationDetails: {details}");
    // A token that is made up means nothing.
    assert_eq!(server.root().get("iam", &format!("{path}?nextToken=x")).await.ok().body, answer.body);
    assert_eq!(bob.get("iam", &path).await.status, 403);
    for (path, status) in [
        ("/authorization-details/UPPER".to_owned(), 400),
        ("/authorization-details/0".to_owned(), 400),
        (format!("/authorization-details/{id}x"), 400),
        ("/authorization-details/b5m5v5taprqh3yoluoo4dyw0w".to_owned(), 404),
        ("/authorization-details/%ff".to_owned(), 400),
    ] {
        let answer = server.root().get("iam", &path).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
    }
    // The operations are not those of IAM itself.
    let query = server.root().iam("GetRequestAuthorizationDetails", &[("authorizationId", &id)]).await;
    assert_eq!((query.status, query.text("Code").as_str()), (400, "InvalidAction"));
}

#[tokio::test]
async fn get_request_authorization_policy_needs_a_policy_of_the_denial() {
    let server = server().await;
    let (bob, id) = denied(&server).await;
    let path = format!("/authorization-details/{id}/policy");
    assert_eq!(bob.get("iam", &format!("{path}?policyUri=x")).await.status, 403);
    let long = "x".repeat(2049);
    for (query, status) in
        [("", 400), ("?policyUri=", 400), ("?policyUri=x", 404), (&*format!("?policyUri={long}"), 400)]
    {
        let answer = server.root().get("iam", &format!("{path}{query}")).await;
        assert_eq!(answer.status, status, "GetRequestAuthorizationPolicy {query}: {}", answer.body);
        assert!(code(&answer).1.is_string(), "{}", answer.body);
    }
    let query = server.root().iam("GetRequestAuthorizationPolicy", &[("authorizationId", &id)]).await;
    assert_eq!((query.status, query.text("Code").as_str()), (400, "InvalidAction"));
}

#[tokio::test]
async fn the_page_of_a_denial_is_text_and_json() {
    let server = server().await;
    let (_, id) = denied(&server).await;
    let page = format!("/_iamd/authorization-details/{id}");
    let text = server.admin("GET", &page, "", &[]).await.ok().body;
    assert!(text.contains("DENIED: iam:ListUsers on arn:aws:iam::000000000000:user/ by "), "{text}");
    let json = server.admin("GET", &page, "", &[("accept", "application/json")]).await.ok().body;
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap()["id"], json!(id));
    for (id, status) in [("x%20y", 400), ("b5m5v5taprqh3yoluoo4dyw0w", 404)] {
        let path = format!("/_iamd/authorization-details/{id}");
        assert_eq!(server.admin("GET", &path, "", &[]).await.status, status);
    }
}
