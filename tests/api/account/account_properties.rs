//! Account properties.

use serde_json::json;

use crate::client::{Answer, Client, Server};

const ROLE: &str =
    "arn:aws:iam::000000000000:role/aws-service-role/role-manager.iam.amazonaws.com/AWSServiceRoleForIAMRoleManager";

async fn put(client: &Client, properties: &[(&str, &str)]) -> Answer {
    let entries = properties.iter().enumerate().flat_map(|(index, (key, value))| {
        let entry = format!("Properties.entry.{}", index + 1);
        [(format!("{entry}.key"), *key), (format!("{entry}.value"), *value)]
    });
    let entries: Vec<_> = entries.collect();
    let entries: Vec<_> = entries.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    client.iam("PutAccountProperties", &entries).await
}

async fn properties(client: &Client) -> Vec<(String, String)> {
    let read = client.iam("GetAccountProperties", &[]).await.ok();
    read.texts("key").into_iter().zip(read.texts("value")).collect()
}

fn enabled(value: &str) -> Vec<(String, String)> {
    vec![("RoleManager/Enabled".to_owned(), value.to_owned())]
}

#[tokio::test]
async fn iam_manages_roles_by_a_role_of_its_own() {
    let root = Server::start().await.root();
    assert_eq!(properties(&root).await, enabled("false"));
    put(&root, &[("RoleManager/Enabled", "false"), ("RoleManager/Other", "x")]).await.ok();
    assert!(root.iam("ListRoles", &[]).await.ok().texts("Arn").is_empty());
    for _ in 0..2 {
        put(&root, &[("RoleManager/Enabled", "true")]).await.ok();
        assert_eq!(properties(&root).await, enabled("true"), "others are ignored");
    }
    assert_eq!(root.iam("ListRoles", &[]).await.ok().texts("Arn"), [ROLE]);
    put(&root, &[("RoleManager/Enabled", "false")]).await.ok();
    assert_eq!(properties(&root).await, enabled("false"));
    assert_eq!(root.iam("ListRoles", &[]).await.ok().texts("Arn"), [ROLE], "the role stays");
}

#[tokio::test]
async fn other_properties_are_refused() {
    let root = Server::start().await.root();
    let required = "RoleManager namespace requires Enabled property";
    let values = "Enabled must be 'true' or 'false'";
    let cases: [(&[(&str, &str)], &str); 7] = [
        (&[("RoleManager", "x")], "Property key must be in format Namespace/PropertyName: RoleManager"),
        (&[("RoleManager/Enabled", "true"), ("Support/Plan", "y")], "All properties must belong to the same namespace"),
        (&[("Support/Plan", "y")], "Unsupported namespace: Support"),
        (&[("RoleManager/Other", "true")], required),
        (&[("RoleManager/Enabled/Other", "true")], required),
        (&[("RoleManager/Enabled", "FALSE")], values),
        (&[("RoleManager/Enabled", "0")], values),
    ];
    for (properties, message) in cases {
        put(&root, properties).await.refused(400, "InvalidInput", message);
    }
    assert_eq!(properties(&root).await, enabled("false"));
}

#[tokio::test]
async fn to_enable_needs_the_permission_to_make_the_role() {
    let server = Server::start().await;
    let bob = server.allowed("Bob", &["iam:PutAccountProperties"], &["*"], json!({})).await;
    put(&bob, &[("RoleManager/Enabled", "false")]).await.ok();
    put(&bob, &[("RoleManager/Enabled", "true")]).await.lacks("iam:CreateServiceLinkedRole", ROLE);
    assert_eq!(properties(&server.root()).await, enabled("false"));
}

#[tokio::test]
async fn reading_names_the_namespaces_that_are_read() {
    let server = Server::start().await;
    let namespaces = |namespace| {
        json!({"ForAllValues:StringEquals": {"iam:AccountPropertyNamespaces": namespace},
                                        "Null": {"iam:AccountPropertyNamespaces": "false"}})
    };
    let actions = ["iam:GetAccountProperties"];
    let bob = server.allowed("Bob", &actions, &["*"], namespaces("RoleManager")).await;
    let eve = server.allowed("Eve", &actions, &["*"], namespaces("Support")).await;
    assert_eq!(properties(&bob).await, enabled("false"));
    eve.iam("GetAccountProperties", &[]).await.lacks("iam:GetAccountProperties", "*");
}
