//! Access Analyzer's policy generation: its paths and forms. What it generates is tested through boto3.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{Client, Server};

const PATH: &str = "/policy/generation";

/// Calls `"StartPolicyGeneration"`, `"GetGeneratedPolicy"`, `"ListPolicyGenerations"` or `"CancelPolicyGeneration"`, as
/// method and path say.
async fn call(client: &Client, method: &str, path: &str, input: &Value) -> (u16, Value) {
    let body = if method == "GET" { String::new() } else { input.to_string() };
    let answer = client.rest_by(method, "access-analyzer", path, &body).await;
    (answer.status, serde_json::from_str(&answer.body).unwrap_or_default())
}

#[tokio::test]
async fn a_generation_is_found_by_its_path() {
    let server = Server::start().await;
    let root = server.root();
    root.iam("CreateUser", &[("UserName", "bob")]).await.ok();
    let principal = "arn:aws:iam::000000000000:user/bob";
    let input = json!({"policyGenerationDetails": {"principalArn": principal}});
    let (status, started) = call(&root, "PUT", PATH, &input).await;
    assert_eq!(status, 200, "{started}");
    let job = format!("{PATH}/{}", started["jobId"].as_str().unwrap());
    let mut asked = 0;
    let (status, found) = loop {
        let (status, found) = call(&root, "GET", &job, &json!({})).await;
        asked += 1;
        if found["jobDetails"]["status"] != "IN_PROGRESS" || asked > 1000 {
            break (status, found);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert_eq!((status, &found["jobDetails"]["status"]), (200, &json!("SUCCEEDED")), "{found}");
    // The user has done nothing.
    assert_eq!(found["generatedPolicyResult"]["generatedPolicies"], json!([]));
    let (_, listed) = call(&root, "GET", PATH, &json!({})).await;
    assert_eq!(listed["policyGenerations"][0]["jobId"], started["jobId"]);
    for (method, path, status) in [
        ("PUT", job.clone(), 400),
        ("GET", format!("{PATH}/x"), 400),
        ("GET", format!("{job}?includeResourcePlaceholders=maybe"), 400),
        ("GET", format!("{PATH}/%FF"), 400),
        ("GET", format!("{PATH}/"), 404),
        ("GET", format!("{job}/x"), 404),
        ("POST", job, 404),
    ] {
        let (found, answer) = call(&root, method, &path, &json!({})).await;
        assert_eq!(found, status, "{method} {path}: {answer}");
    }
}
