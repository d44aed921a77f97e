//! The organization's root features.

mod organization_api;
mod organization_operations;
mod organization_policies;
mod organizations_access;

use iamd::config::Settings;

use crate::client::Server;

async fn server() -> Server {
    let organization = serde_json::json!({
        "id": "o-a1b2c3d4e5",
        "management-account": "111111111111",
        "member-accounts": ["222222222222"],
    });
    let organization = Some(serde_json::from_value(organization).unwrap());
    Server::with(Settings { organization, ..Settings::default() }).await
}

#[tokio::test]
async fn the_management_account_turns_features_on_and_off() {
    let root = server().await.root_of("111111111111");
    let on = root.iam("EnableOrganizationsRootSessions", &[]).await.ok();
    assert_eq!(on.text("OrganizationId"), "o-a1b2c3d4e5");
    assert_eq!(on.texts("member"), ["RootSessions"]);
    let both = root.iam("EnableOrganizationsRootCredentialsManagement", &[]).await.ok();
    assert_eq!(both.texts("member"), ["RootCredentialsManagement", "RootSessions"]);
    root.iam("DisableOrganizationsRootSessions", &[]).await.ok();
    let listed = root.iam("ListOrganizationsFeatures", &[]).await.ok();
    assert_eq!(listed.texts("member"), ["RootCredentialsManagement"]);
    let off = root.iam("DisableOrganizationsRootCredentialsManagement", &[]).await.ok();
    assert_eq!(off.texts("member"), [""; 0]);
}

#[tokio::test]
async fn other_accounts_may_not() {
    let server = server().await;
    let member = server.root_of("222222222222").iam("EnableOrganizationsRootSessions", &[]).await;
    assert_eq!(member.text("Code"), "AccountNotManagementOrDelegatedAdministratorException");
    let stranger = server.root_of("333333333333").iam("ListOrganizationsFeatures", &[]).await;
    assert_eq!(stranger.text("Code"), "OrganizationNotFoundException");
}
