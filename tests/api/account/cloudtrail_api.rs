//! CloudTrail: requests that it refuses, and who may ask. What it finds is tested through boto3.

use serde_json::{Value, json};

use crate::client::{Client, Server};

async fn look_up(client: &Client, input: Value) -> (u16, Value) {
    let target = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents";
    let answer = client.json("cloudtrail", target, &input.to_string()).await;
    (answer.status, serde_json::from_str(&answer.body).unwrap())
}

#[tokio::test]
async fn what_cannot_be_looked_up_is_refused_in_cloudtrails_words() {
    let root = Server::start().await.root();
    let attribute = |key: &str, value: &str| json!({"AttributeKey": key, "AttributeValue": value});
    let long = "x".repeat(2001);
    for (input, code) in [
        (
            json!({"LookupAttributes": [attribute("EventName", "a"), attribute("EventName", "b")]}),
            "InvalidLookupAttributesException",
        ),
        (json!({"LookupAttributes": [attribute("Color", "a")]}), "InvalidLookupAttributesException"),
        (json!({"LookupAttributes": [attribute("EventName", "")]}), "InvalidLookupAttributesException"),
        (json!({"LookupAttributes": [attribute("EventName", &long)]}), "InvalidLookupAttributesException"),
        (json!({"StartTime": 10.5, "EndTime": 9}), "InvalidTimeRangeException"),
        (json!({"MaxResults": 0}), "InvalidMaxResultsException"),
        (json!({"MaxResults": 51}), "InvalidMaxResultsException"),
        (json!({"NextToken": "x"}), "InvalidNextTokenException"),
        (json!({"EventCategory": "management"}), "InvalidEventCategoryException"),
        (json!({"StartTime": "yesterday"}), "SerializationException"),
        (json!({"LookupAttributes": {}}), "SerializationException"),
    ] {
        let (status, answer) = look_up(&root, input.clone()).await;
        assert_eq!((status, answer["__type"].as_str()), (400, Some(code)), "{input}: {answer}");
    }
    for input in [json!({"StartTime": -1e300, "EndTime": 1e300}), json!({"LookupAttributes": []})] {
        assert_eq!(look_up(&root, input).await.0, 200);
    }
}

#[tokio::test]
async fn looking_up_needs_permission() {
    let server = Server::start().await;
    server.root().iam("CreateUser", &[("UserName", "bob")]).await.ok();
    let bob = server.user("bob").await;
    let (status, answer) = look_up(&bob, json!({})).await;
    assert_eq!((status, answer["__type"].as_str()), (400, Some("AccessDeniedException")));
    let may = server.allowed("alice", &["cloudtrail:LookupEvents"], &["*"], json!({})).await;
    let (status, answer) = look_up(&may, json!({})).await;
    assert_eq!(status, 200, "{answer}");
    let denied =
        answer["Events"].as_array().unwrap().iter().find(|event| event["EventName"] == "LookupEvents").unwrap();
    assert!(denied["CloudTrailEvent"].as_str().unwrap().contains("\"errorCode\":\"AccessDenied\""), "{denied}");
}
