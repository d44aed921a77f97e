//! Service Quotas: the quotas of IAM that are in force, and AWS's defaults.

use std::collections::BTreeMap;

use iamd::config::Settings;
use serde_json::{Value, json};

use crate::client::{Client, Server};
use crate::fixtures::{ACCOUNT, own_arn};

async fn call(client: &Client, operation: &str, input: Value) -> (u16, Value) {
    let answer = client.json("servicequotas", &format!("ServiceQuotasV20190624.{operation}"), &input.to_string()).await;
    (answer.status, serde_json::from_str(&answer.body).unwrap())
}

async fn succeed(client: &Client, operation: &str, input: Value) -> Value {
    let (status, answer) = call(client, operation, input).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

/// A server on which an account can have two groups.
async fn server() -> Server {
    let quotas = BTreeMap::from([("GroupsPerAccount".to_owned(), 2)]);
    Server::with(Settings { quotas, ..Settings::default() }).await
}

#[tokio::test]
async fn the_quota_in_force_is_told_beside_the_default() {
    let root = server().await.root();
    let code = json!({"ServiceCode": "iam", "QuotaCode": "L-F4A5425F"});
    let mut expected = json!({
        "ServiceCode": "iam",
        "ServiceName": "AWS Identity and Access Management (IAM)",
        "QuotaArn": format!("arn:aws:servicequotas::{ACCOUNT}:iam/L-F4A5425F"),
        "QuotaCode": "L-F4A5425F",
        "QuotaName": "Groups per account",
        "Value": 2.0,
        "Unit": "None",
        "Adjustable": true,
        "GlobalQuota": true,
        "QuotaAppliedAtLevel": "ACCOUNT",
    });
    assert_eq!(succeed(&root, "GetServiceQuota", code.clone()).await, json!({"Quota": expected}));
    for name in ["a", "b"] {
        root.iam("CreateGroup", &[("GroupName", name)]).await.ok();
    }
    let message = "Cannot exceed quota for GroupsPerAccount: 2";
    root.iam("CreateGroup", &[("GroupName", "c")]).await.refused(409, "LimitExceeded", message);
    expected["QuotaArn"] = json!("arn:aws:servicequotas:::iam/L-F4A5425F");
    expected["Value"] = json!(300.0);
    expected.as_object_mut().unwrap().remove("QuotaAppliedAtLevel");
    assert_eq!(succeed(&root, "GetAWSDefaultServiceQuota", code).await, json!({"Quota": expected}));
}

#[tokio::test]
async fn quotas_are_listed_page_by_page() {
    let root = server().await.root();
    for operation in ["ListServiceQuotas", "ListAWSDefaultServiceQuotas"] {
        let (mut codes, mut token) = (Vec::new(), Value::Null);
        loop {
            let page =
                succeed(&root, operation, json!({"ServiceCode": "iam", "MaxResults": 5, "NextToken": token})).await;
            let quotas = page["Quotas"].as_array().unwrap().clone();
            codes.extend(quotas.iter().map(|quota| quota["QuotaCode"].as_str().unwrap().to_owned()));
            token = page["NextToken"].clone();
            if token.is_null() {
                break;
            }
            assert_eq!(quotas.len(), 5);
        }
        assert_eq!(codes.len(), 12);
        assert!(codes.is_sorted());
    }
    let one = json!({"ServiceCode": "iam", "QuotaCode": "L-FE177D64", "QuotaAppliedAtLevel": "ALL"});
    let quotas = succeed(&root, "ListServiceQuotas", one).await["Quotas"].clone();
    assert_eq!((&quotas[0]["QuotaName"], &quotas[0]["Value"]), (&json!("Roles per account"), &json!(1000.0)));
    let resources = json!({"ServiceCode": "iam", "QuotaAppliedAtLevel": "RESOURCE"});
    assert_eq!(succeed(&root, "ListServiceQuotas", resources).await, json!({"Quotas": []}));
    let services = json!([{"ServiceCode": "iam", "ServiceName": "AWS Identity and Access Management (IAM)"}]);
    assert_eq!(succeed(&root, "ListServices", json!({})).await, json!({"Services": services}));
    // Quotas of a global service are those of one region.
    let elsewhere = root.in_region("eu-central-1");
    assert_eq!(succeed(&elsewhere, "ListServiceQuotas", json!({"ServiceCode": "iam"})).await, json!({"Quotas": []}));
}

#[tokio::test]
async fn what_is_not_known_is_refused() {
    let root = server().await.root();
    let cases = [
        ("GetServiceQuota", json!({"ServiceCode": "iam", "QuotaCode": "L-00000000"}), "NoSuchResourceException"),
        ("GetServiceQuota", json!({"ServiceCode": "ec2", "QuotaCode": "L-FE177D64"}), "NoSuchResourceException"),
        ("GetServiceQuota", json!({"ServiceCode": "iam"}), "ValidationException"),
        ("GetAWSDefaultServiceQuota", json!({"ServiceCode": "iam", "QuotaCode": "L-0"}), "NoSuchResourceException"),
        ("ListServiceQuotas", json!({"ServiceCode": "ec2"}), "NoSuchResourceException"),
        ("ListServiceQuotas", json!({"ServiceCode": "iam", "MaxResults": 101}), "ValidationException"),
        ("ListServiceQuotas", json!({"ServiceCode": "iam", "NextToken": "AAAA"}), "InvalidPaginationTokenException"),
        ("ListAWSDefaultServiceQuotas", json!({"ServiceCode": "?"}), "ValidationException"),
        ("ListServices", json!({"NextToken": "AAAA"}), "InvalidPaginationTokenException"),
        ("RequestServiceQuotaIncrease", json!({}), "UnknownOperationException"),
    ];
    for (operation, input, code) in cases {
        let (status, error) = call(&root, operation, input.clone()).await;
        assert_eq!((status, error["__type"].as_str()), (400, Some(code)), "{operation} {input}: {error}");
    }
}

#[tokio::test]
async fn permission_can_be_given_on_one_quota() {
    let server = server().await;
    let arn = format!("arn:aws:servicequotas::{ACCOUNT}:iam/L-F4A5425F");
    let bob = server.allowed("bob", &["servicequotas:GetServiceQuota"], &[&arn], json!({})).await;
    succeed(&bob, "GetServiceQuota", json!({"ServiceCode": "iam", "QuotaCode": "L-F4A5425F"})).await;
    let (status, error) = call(&bob, "GetServiceQuota", json!({"ServiceCode": "iam", "QuotaCode": "L-FE177D64"})).await;
    assert_eq!((status, &error["__type"]), (400, &json!("AccessDeniedException")));
    let start = format!("User: {} is not authorized to perform: servicequotas:GetServiceQuota", own_arn("user/bob"));
    assert!(error["Message"].as_str().unwrap().starts_with(&start), "{error}");
    assert_eq!(call(&bob, "ListServices", json!({})).await.0, 400);
    let condition = json!({"StringEquals": {"servicequotas:service": "ec2"}});
    let eve = server.allowed("eve", &["servicequotas:GetServiceQuota"], &["*"], condition).await;
    let other = call(&eve, "GetServiceQuota", json!({"ServiceCode": "ec2", "QuotaCode": "L-FE177D64"})).await;
    assert_eq!(other.1["__type"], "NoSuchResourceException");
    assert_eq!(call(&eve, "GetServiceQuota", json!({"ServiceCode": "iam", "QuotaCode": "L-FE177D64"})).await.0, 400);
}
