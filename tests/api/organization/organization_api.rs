//! The API of Organizations: what it says of the organization of the configuration.

use iamd::config::Settings;
use serde_json::{Value, json};

use crate::client::{Answer, Client, Server};
use crate::fixtures::own_arn;

const MANAGEMENT: &str = "111111111111";

async fn server() -> Server {
    let organization = json!({
        "id": "o-a1b2c3d4e5",
        "root": "r-a1b2",
        "management-account": MANAGEMENT,
        "member-accounts": ["222222222222", "333333333333"],
        "units": {"workloads": {"id": "ou-a1b2-workload", "accounts": ["222222222222"]}},
        "policies": [{
            "name": "guard", "type": "service-control", "targets": ["root"],
            "document": r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"s3:*","Resource":"*"}}"#,
        }],
    });
    let organization = Some(serde_json::from_value(organization).unwrap());
    Server::with(Settings { organization, ..Settings::default() }).await
}

async fn call(client: &Client, operation: &str, body: &str) -> Answer {
    client.json("organizations", &format!("AWSOrganizationsV20161128.{operation}"), body).await
}

fn read(answer: &Answer) -> (u16, Value) {
    (answer.status, serde_json::from_str(&answer.body).unwrap())
}

#[tokio::test]
async fn members_see_their_organization() {
    let server = server().await;
    let expected = json!({"Organization": {
        "Id": "o-a1b2c3d4e5",
        "Arn": "arn:aws:organizations::111111111111:organization/o-a1b2c3d4e5",
        "FeatureSet": "ALL",
        "MasterAccountArn": "arn:aws:organizations::111111111111:account/o-a1b2c3d4e5/111111111111",
        "MasterAccountId": "111111111111",
        "MasterAccountEmail": "111111111111@example.com",
        "AvailablePolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}],
    }});
    for account in [MANAGEMENT, "222222222222"] {
        let answer = call(&server.root_of(account), "DescribeOrganization", "{}").await;
        assert_eq!(read(&answer), (200, expected.clone()));
    }
    let stranger = call(&server.root_of("444444444444"), "DescribeOrganization", "{}").await;
    let message = "Your account is not a member of an organization.";
    assert_eq!(read(&stranger), (400, json!({"__type": "AWSOrganizationsNotInUseException", "Message": message})));
}

#[tokio::test]
async fn the_management_account_sees_root_and_accounts() {
    let server = server().await;
    let root = server.root_of(MANAGEMENT);
    let expected = json!({"Roots": [{
        "Id": "r-a1b2",
        "Arn": "arn:aws:organizations::111111111111:root/o-a1b2c3d4e5/r-a1b2",
        "Name": "Root",
        "PolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}],
    }]});
    assert_eq!(read(&call(&root, "ListRoots", "").await), (200, expected));
    let (_, first) = read(&call(&root, "ListAccounts", r#"{"MaxResults": 2}"#).await);
    let ids = |page: &Value| -> Vec<String> {
        page["Accounts"].as_array().unwrap().iter().map(|account| account["Id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&first), [MANAGEMENT, "222222222222"]);
    assert_eq!(first["Accounts"][0]["JoinedMethod"], "INVITED");
    assert_eq!(first["Accounts"][1]["Paths"], json!(["o-a1b2c3d4e5/r-a1b2/ou-a1b2-workload/222222222222/"]));
    assert!(first["Accounts"][1]["JoinedTimestamp"].is_number());
    let (_, second) = read(&call(&root, "ListAccounts", &json!({"NextToken": first["NextToken"]}).to_string()).await);
    assert_eq!(ids(&second), ["333333333333"]);
    assert_eq!(second["NextToken"], Value::Null);
    let member = call(&server.root_of("222222222222"), "ListAccounts", "{}").await;
    let message = "You don't have permissions to access this resource.";
    assert_eq!(read(&member), (400, json!({"__type": "AccessDeniedException", "Message": message})));
}

#[tokio::test]
async fn errors_have_the_form_of_the_protocol() {
    let server = server().await;
    let root = server.root_of(MANAGEMENT);
    let cases = [
        ("ListAccounts", r#"{"MaxResults": 21}"#, "InvalidInputException", Some("MAX_VALUE_EXCEEDED")),
        ("ListAccounts", r#"{"MaxResults": 0}"#, "InvalidInputException", Some("MIN_VALUE_EXCEEDED")),
        ("ListAccounts", r#"{"NextToken": "nonsense"}"#, "InvalidInputException", Some("INVALID_NEXT_TOKEN")),
        ("ListAccounts", r#"{"MaxResults": "2"}"#, "SerializationException", None),
        ("ListAccounts", "[]", "SerializationException", None),
        ("ListAccounts", "{", "SerializationException", None),
        ("Nonsense", "{}", "UnknownOperationException", None),
    ];
    for (operation, body, code, reason) in cases {
        let answer = call(&root, operation, body).await;
        let (status, error) = read(&answer);
        assert_eq!((status, error["__type"].as_str(), error["Reason"].as_str()), (400, Some(code), reason), "{body}");
    }
}

#[tokio::test]
async fn calls_need_permission_and_a_signature_for_the_service() {
    let server = server().await;
    let root = server.root_of(MANAGEMENT);
    let bob = server.allowed("bob", &["organizations:ListAccounts"], &["*"], json!({})).await;
    let denied = call(&bob, "ListRoots", "{}").await;
    let message = format!(
        "User: {} is not authorized to perform: organizations:ListRoots on resource: * because no identity-based policy \
         allows the organizations:ListRoots action",
        own_arn("user/bob")
    );
    assert_eq!(read(&denied), (400, json!({"__type": "AccessDeniedException", "Message": message})));
    let target = "AWSOrganizationsV20161128.ListRoots";
    let (status, error) = read(&root.json("iam", target, "{}").await);
    assert_eq!((status, error["__type"].as_str()), (400, Some("InvalidSignatureException")));
}
