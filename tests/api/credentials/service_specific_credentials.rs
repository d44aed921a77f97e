//! Service-specific credentials.

use crate::client::{Answer, Client, Server};

const GIT: &str = "codecommit.amazonaws.com";
const BEDROCK: &str = "bedrock.amazonaws.com";

async fn create(client: &Client, user: &str, service: &str) -> Answer {
    client.iam("CreateServiceSpecificCredential", &[("UserName", user), ("ServiceName", service)]).await
}

#[tokio::test]
async fn a_credential_is_made_reset_switched_off_and_deleted() {
    let root = Server::start().await.root();
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    let made = create(&root, "bob", GIT).await.ok();
    let id = made.text("ServiceSpecificCredentialId");
    assert!(id.starts_with("ACCA"), "{id}");
    let shown = ["UserName", "ServiceName", "ServiceUserName", "Status"].map(|name| made.text(name));
    assert_eq!(shown, ["Bob", GIT, "Bob-at-000000000000", "Active"]);
    assert_eq!(made.text("ServicePassword").len(), 44);
    assert!(!made.has("ServiceCredentialAlias") && !made.has("ExpirationDate"));

    let one = [("UserName", "Bob"), ("ServiceSpecificCredentialId", id.as_str())];
    let status = |status| [one[0], one[1], ("Status", status)];
    let reset = root.iam("ResetServiceSpecificCredential", &one).await.ok();
    assert_ne!(reset.text("ServicePassword"), made.text("ServicePassword"));
    assert_eq!(reset.text("ServiceUserName"), made.text("ServiceUserName"));
    root.iam("UpdateServiceSpecificCredential", &status("Inactive")).await.ok();
    let listed = root.iam("ListServiceSpecificCredentials", &[("UserName", "Bob")]).await.ok();
    assert_eq!((listed.text("ServiceSpecificCredentialId"), listed.text("Status")), (id.clone(), "Inactive".into()));
    assert!(!listed.has("ServicePassword"));
    let expired = root.iam("UpdateServiceSpecificCredential", &status("Expired")).await;
    expired.refused(400, "InvalidInput", "Operation does not support status Expired");
    root.iam("DeleteUser", &[("UserName", "Bob")]).await.refused(
        409,
        "DeleteConflict",
        "Cannot delete entity, must remove referenced objects first.",
    );
    root.iam("DeleteServiceSpecificCredential", &one).await.ok();
    let missing = format!("No such credential {id} exists");
    root.iam("DeleteServiceSpecificCredential", &one).await.refused(404, "NoSuchEntity", &missing);
    root.iam("ResetServiceSpecificCredential", &one).await.refused(404, "NoSuchEntity", &missing);
    root.iam("UpdateServiceSpecificCredential", &status("Active")).await.refused(404, "NoSuchEntity", &missing);
    root.iam("DeleteUser", &[("UserName", "Bob")]).await.ok();
}

#[tokio::test]
async fn api_keys_expire() {
    let server = Server::start().await;
    let root = server.root();
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    let aged = |service| [("UserName", "Bob"), ("ServiceName", service), ("CredentialAgeDays", "2")];
    let made = root.iam("CreateServiceSpecificCredential", &aged(BEDROCK)).await.ok();
    assert_eq!(made.text("ServiceCredentialAlias"), "Bob-at-000000000000");
    assert!(made.text("ServiceCredentialSecret").starts_with("ABSK"));
    assert!(made.has("ExpirationDate") && !made.has("ServiceUserName") && !made.has("ServicePassword"));
    let status = async || root.iam("ListServiceSpecificCredentials", &[("UserName", "Bob")]).await.ok().text("Status");
    assert_eq!(status().await, "Active");
    server.advance(2 * 86_400);
    assert_eq!(status().await, "Expired");
    let refused = root.iam("CreateServiceSpecificCredential", &aged(GIT)).await;
    refused.refused(400, "ValidationError", "CredentialAgeDays cannot be given for codecommit.amazonaws.com.");
}

#[tokio::test]
async fn two_for_each_known_service() {
    let root = Server::start().await.root();
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    create(&root, "Bob", GIT).await.ok();
    let second = create(&root, "Bob", GIT).await.ok();
    assert_eq!(second.text("ServiceUserName"), "Bob+1-at-000000000000");
    let quota = "Cannot exceed quota for ServiceSpecificCredentialsPerUser: 2";
    create(&root, "Bob", GIT).await.refused(409, "LimitExceeded", quota);
    create(&root, "Bob", "cassandra.amazonaws.com").await.ok();
    let unsupported = "No such service s3.amazonaws.com is supported for Service Specific Credentials";
    create(&root, "Bob", "s3.amazonaws.com").await.refused(404, "NoSuchEntity", unsupported);
    let of_service = [("UserName", "Bob"), ("ServiceName", "s3.amazonaws.com")];
    let listed = root.iam("ListServiceSpecificCredentials", &of_service).await;
    listed.refused(404, "NoSuchEntity", unsupported);
}

#[tokio::test]
async fn all_users_are_listed_page_by_page() {
    let root = Server::start().await.root();
    for user in ["Eve", "bob", "Al", "nobody"] {
        root.iam("CreateUser", &[("UserName", user)]).await.ok();
        if user != "nobody" {
            create(&root, user, GIT).await.ok();
            create(&root, user, BEDROCK).await.ok();
        }
    }
    let mut users = Vec::new();
    let mut marker = None;
    loop {
        let mut parameters = vec![("AllUsers", "true"), ("MaxItems", "1")];
        parameters.extend(marker.as_deref().map(|marker| ("Marker", marker)));
        let page = root.iam("ListServiceSpecificCredentials", &parameters).await.ok();
        users.extend(page.texts("UserName"));
        if page.text("IsTruncated") == "false" {
            break;
        }
        marker = Some(page.text("Marker"));
    }
    assert_eq!(users, ["Al", "Al", "bob", "bob", "Eve", "Eve"]);
    let of_service = [("AllUsers", "true"), ("ServiceName", GIT)];
    let listed = root.iam("ListServiceSpecificCredentials", &of_service).await.ok();
    assert_eq!(listed.texts("UserName"), ["Al", "bob", "Eve"]);
    let both = root.iam("ListServiceSpecificCredentials", &[("AllUsers", "true"), ("UserName", "bob")]).await;
    both.refused(400, "ValidationError", "UserName cannot be given together with AllUsers.");
}

#[tokio::test]
async fn policies_can_distinguish_services() {
    let server = Server::start().await;
    let root = server.root();
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    let policy = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:*ServiceSpecificCredential",
        "Resource":"arn:aws:iam::*:user/Bob","Condition":{
            "StringEquals":{"iam:ServiceSpecificCredentialServiceName":"bedrock.amazonaws.com"},
            "NumericLessThanEqualsIfExists":{"iam:ServiceSpecificCredentialAgeDays":"30"}}}}"#;
    let grant = [("UserName", "Bob"), ("PolicyName", "own"), ("PolicyDocument", policy)];
    root.iam("PutUserPolicy", &grant).await.ok();
    let bob = server.user("Bob").await;
    create(&bob, "Bob", GIT).await.denied();
    let aged = |days| [("UserName", "Bob"), ("ServiceName", BEDROCK), ("CredentialAgeDays", days)];
    bob.iam("CreateServiceSpecificCredential", &aged("31")).await.denied();
    let own = bob.iam("CreateServiceSpecificCredential", &aged("30")).await.ok().text("ServiceSpecificCredentialId");
    let git = create(&root, "Bob", GIT).await.ok().text("ServiceSpecificCredentialId");
    for action in ["ResetServiceSpecificCredential", "DeleteServiceSpecificCredential"] {
        bob.iam(action, &[("ServiceSpecificCredentialId", &own)]).await.ok();
        bob.iam(action, &[("ServiceSpecificCredentialId", &git)]).await.denied();
    }
}
