//! CloudTrail: requests that it refuses, and who may ask. What it finds is tested through boto3.

use serde_json::{Value, json};

use crate::client::{Client, Server};

async fn call(client: &Client, operation: &str, input: &Value) -> (u16, Value) {
    let target = format!("com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.{operation}");
    let answer = client.json("cloudtrail", &target, &input.to_string()).await;
    (answer.status, serde_json::from_str(&answer.body).unwrap_or_default())
}

async fn look_up(client: &Client, input: Value) -> (u16, Value) {
    call(client, "LookupEvents", &input).await
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

#[tokio::test]
async fn a_trail_is_created_looked_at_and_deleted() {
    let root = Server::start().await.root();
    let arn = "arn:aws:cloudtrail:us-east-1:000000000000:trail/all";
    let tags = json!([{"Key": "k", "Value": "v"}]);
    for (operation, input, pointer, expected) in [
        ("CreateTrail", json!({"Name": "all", "S3BucketName": "logs"}), "/TrailARN", json!(arn)),
        ("GetTrail", json!({"Name": "all"}), "/Trail/HomeRegion", json!("us-east-1")),
        ("UpdateTrail", json!({"Name": "all", "S3KeyPrefix": "a"}), "/S3KeyPrefix", json!("a")),
        ("DescribeTrails", json!({}), "/trailList/0/S3BucketName", json!("logs")),
        ("ListTrails", json!({}), "/Trails/0/TrailARN", json!(arn)),
        ("StartLogging", json!({"Name": arn}), "", json!(null)),
        ("GetTrailStatus", json!({"Name": arn}), "/IsLogging", json!(true)),
        ("StopLogging", json!({"Name": arn}), "", json!(null)),
        ("GetTrailStatus", json!({"Name": arn}), "/IsLogging", json!(false)),
        (
            "PutEventSelectors",
            json!({"TrailName": "all", "EventSelectors": [{"ReadWriteType": "ReadOnly"}]}),
            "/EventSelectors/0/IncludeManagementEvents",
            json!(true),
        ),
        ("GetEventSelectors", json!({"TrailName": "all"}), "/EventSelectors/0/ReadWriteType", json!("ReadOnly")),
        ("AddTags", json!({"ResourceId": arn, "TagsList": tags}), "", json!(null)),
        ("ListTags", json!({"ResourceIdList": [arn]}), "/ResourceTagList/0/TagsList", tags.clone()),
        ("RemoveTags", json!({"ResourceId": arn, "TagsList": tags}), "", json!(null)),
        ("ListTags", json!({"ResourceIdList": [arn]}), "/ResourceTagList/0/TagsList", json!([])),
        ("DeleteTrail", json!({"Name": "all"}), "", json!(null)),
        ("DescribeTrails", json!({}), "/trailList", json!([])),
    ] {
        let (status, answer) = call(&root, operation, &input).await;
        assert_eq!((status, answer.pointer(pointer)), (200, Some(&expected)), "{operation} {input}: {answer}");
    }
}

#[tokio::test]
async fn what_has_the_wrong_form_is_refused() {
    let root = Server::start().await.root();
    for (operation, input, code) in [
        ("CreateTrail", json!({}), "ValidationException"),
        ("CreateTrail", json!({"Name": 1, "S3BucketName": "logs"}), "SerializationException"),
        ("CreateTrail", json!({"Name": "all", "S3BucketName": "logs", "TagsList": "x"}), "SerializationException"),
        (
            "CreateTrail",
            json!({"Name": "all", "S3BucketName": "logs", "TagsList": [{"Key": ""}]}),
            "ValidationException",
        ),
        ("DescribeTrails", json!({"trailNameList": "all"}), "SerializationException"),
        (
            "PutEventSelectors",
            json!({"TrailName": "all", "EventSelectors": [{"ReadWriteType": "None"}]}),
            "ValidationException",
        ),
        (
            "PutEventSelectors",
            json!({"TrailName": "all", "AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventName", "Equals": []}]}]}),
            "ValidationException",
        ),
        ("StartLogging", json!({"Name": {}}), "SerializationException"),
        ("StopLogging", json!({}), "ValidationException"),
        ("ListTags", json!({"ResourceIdList": {}}), "SerializationException"),
    ] {
        let (status, answer) = call(&root, operation, &input).await;
        assert_eq!((status, answer["__type"].as_str()), (400, Some(code)), "{operation} {input}: {answer}");
    }
}
