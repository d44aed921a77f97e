//! OpenID Connect providers as the account keeps them.

use iamd::config::Settings;
use iamd::federation::Reach;

use crate::client::{Client, Server};

const ARN: &str = "arn:aws:iam::000000000000:oidc-provider/idp.example.com/Realm/";
const THUMBPRINT: &str = "990F4193972F2BECF12DDEDA5237F9C952F20D9E";

async fn server() -> Server {
    Server::with(Settings { issuer_network: Some(Reach::None), ..Settings::default() }).await
}

async fn create(client: &Client, url: &str) {
    client.iam("CreateOpenIDConnectProvider", &[("Url", url), ("ThumbprintList.member.1", THUMBPRINT)]).await.ok();
}

#[tokio::test]
async fn a_provider_is_created_read_listed_and_deleted() {
    let root = server().await.root();
    let made = root
        .iam(
            "CreateOpenIDConnectProvider",
            &[
                ("Url", "https://idp.example.com/Realm/"),
                ("ClientIDList.member.1", "b"),
                ("ClientIDList.member.2", "a"),
                ("ThumbprintList.member.1", THUMBPRINT),
                ("Tags.member.1.Key", "k"),
                ("Tags.member.1.Value", "v"),
                ("Tags.member.2.Key", "a"),
                ("Tags.member.2.Value", "b"),
            ],
        )
        .await
        .ok();
    assert_eq!(made.text("OpenIDConnectProviderArn"), ARN);
    assert_eq!(made.texts("Key"), ["k", "a"], "in their order");
    let read = root.iam("GetOpenIDConnectProvider", &[("OpenIDConnectProviderArn", ARN)]).await.ok();
    assert_eq!(read.text("Url"), "idp.example.com/Realm/", "without its scheme");
    assert_eq!(read.texts("Key"), ["a", "k"]);
    let lists: Vec<_> = read.body.lines().filter(|line| line.contains("<member>") && line.contains("</")).collect();
    let expected = ["b", "a", &THUMBPRINT.to_lowercase()].map(|value| format!("<member>{value}</member>"));
    assert_eq!(lists.iter().map(|line| line.trim()).collect::<Vec<_>>(), expected, "in their order");
    assert_eq!(root.iam("ListOpenIDConnectProviders", &[]).await.ok().texts("Arn"), [ARN]);
    root.iam("DeleteOpenIDConnectProvider", &[("OpenIDConnectProviderArn", ARN)]).await.ok();
    root.iam("GetOpenIDConnectProvider", &[("OpenIDConnectProviderArn", ARN)]).await.refused(
        404,
        "NoSuchEntity",
        &format!("OpenIDConnect Provider not found for arn {ARN}"),
    );
    root.iam("DeleteOpenIDConnectProvider", &[("OpenIDConnectProviderArn", ARN)]).await.refused(
        404,
        "NoSuchEntity",
        &format!("OpenId connect Provider {ARN} cannot be found."),
    );
}

#[tokio::test]
async fn urls_are_unique_to_the_letter() {
    let root = server().await.root();
    create(&root, "https://idp.example.com/Realm/").await;
    create(&root, "https://idp.example.com/realm/").await;
    create(&root, "https://idp.example.com/Realm").await;
    let again = [("Url", "https://idp.example.com/Realm/")];
    let exists = "Provider with url https://idp.example.com/Realm/ already exists.";
    root.iam("CreateOpenIDConnectProvider", &again).await.refused(409, "EntityAlreadyExists", exists);
}

#[tokio::test]
async fn urls_that_aws_refuses_are_refused() {
    let root = server().await.root();
    let create = async |url| root.iam("CreateOpenIDConnectProvider", &[("Url", url)]).await;
    let invalid = "Invalid Open ID Connect Provider URL";
    create("idp.example.com").await.refused(400, "ValidationError", invalid);
    let scheme = format!("{invalid}. The URL must begin with https://.");
    create("http://idp.example.com").await.refused(400, "InvalidInput", &scheme);
    create("https://idp.example.com:8443").await.refused(400, "InvalidInput", &format!("{invalid}."));
    let local =
        Server::with(Settings { issuer_network: Some(Reach::None), local_issuers: Some(true), ..Settings::default() });
    let url = [("Url", "http://localhost:8080/realms/dev")];
    let made = local.await.root().iam("CreateOpenIDConnectProvider", &url).await.ok();
    let arn = "arn:aws:iam::000000000000:oidc-provider/localhost:8080/realms/dev";
    assert_eq!(made.text("OpenIDConnectProviderArn"), arn);
}

#[tokio::test]
async fn client_ids_come_and_go() {
    let root = server().await.root();
    create(&root, "https://idp.example.com/Realm/").await;
    let id = [("OpenIDConnectProviderArn", ARN), ("ClientID", "app")];
    root.iam("AddClientIDToOpenIDConnectProvider", &id).await.ok();
    root.iam("AddClientIDToOpenIDConnectProvider", &id).await.ok();
    let read = root.iam("GetOpenIDConnectProvider", &id).await.ok();
    assert_eq!(read.body.matches("<member>app</member>").count(), 1);
    root.iam("RemoveClientIDFromOpenIDConnectProvider", &id).await.ok();
    root.iam("RemoveClientIDFromOpenIDConnectProvider", &id).await.ok();
    assert!(!root.iam("GetOpenIDConnectProvider", &id).await.ok().body.contains("app</member>"));
    for n in 0..100 {
        let id = [("OpenIDConnectProviderArn", ARN), ("ClientID", &format!("app{n}"))];
        root.iam("AddClientIDToOpenIDConnectProvider", &id).await.ok();
    }
    let many = "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100";
    root.iam("AddClientIDToOpenIDConnectProvider", &id).await.refused(409, "LimitExceeded", many);
}

#[tokio::test]
async fn thumbprints_are_replaced() {
    let root = server().await.root();
    create(&root, "https://idp.example.com/Realm/").await;
    let update = async |thumbprints: &[&str]| {
        let mut parameters = vec![("OpenIDConnectProviderArn".to_owned(), ARN.to_owned())];
        for (n, thumbprint) in thumbprints.iter().enumerate() {
            parameters.push((format!("ThumbprintList.member.{}", n + 1), (*thumbprint).to_owned()));
        }
        if thumbprints.is_empty() {
            parameters.push(("ThumbprintList".to_owned(), String::new()));
        }
        let parameters: Vec<_> = parameters.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        root.iam("UpdateOpenIDConnectProviderThumbprint", &parameters).await
    };
    let other = "a".repeat(40);
    update(&[&other]).await.ok();
    let read = root.iam("GetOpenIDConnectProvider", &[("OpenIDConnectProviderArn", ARN)]).await.ok();
    assert!(read.body.contains(&other) && !read.body.contains(&THUMBPRINT.to_lowercase()));
    update(&[]).await.refused(400, "InvalidInput", "Thumbprint list must contain at least one entry.");
    update(&[other.as_str(); 6]).await.refused(
        400,
        "InvalidInput",
        "Thumbprint list must contain fewer than 5 entries.",
    );
    let short = update(&["abc"]).await;
    assert_eq!((short.status, short.text("Code").as_str()), (400, "ValidationError"));
}

#[tokio::test]
async fn arns_of_other_kinds_are_refused() {
    let root = server().await.root();
    let get = async |arn| root.iam("GetOpenIDConnectProvider", &[("OpenIDConnectProviderArn", arn)]).await;
    get("not-an-arn-but-long-enough").await.refused(400, "ValidationError", "Invalid ARN: not-an-arn-but-long-enough");
    get("arn:aws:sts::000000000000:oidc-provider/x").await.refused(400, "ValidationError", "Invalid service in ARN");
    get("arn:aws:iam::000000000000:saml-provider/x").await.refused(
        400,
        "ValidationError",
        "Invalid resource type in ARN",
    );
}

#[tokio::test]
async fn the_number_of_providers_is_limited() {
    let settings = Settings {
        issuer_network: Some(Reach::None),
        quota: vec![("OpenIDConnectProvidersPerAccount".into(), 1)],
        ..Settings::default()
    };
    let root = Server::with(settings).await.root();
    create(&root, "https://a.example.com").await;
    root.iam("CreateOpenIDConnectProvider", &[("Url", "https://b.example.com")]).await.refused(
        409,
        "LimitExceeded",
        "Cannot exceed quota for OpenIDConnectProvidersPerAccount: 1",
    );
}

#[tokio::test]
async fn without_a_thumbprint_the_hosts_is_fetched() {
    let root = Server::start().await.root();
    // Nothing listens there.
    root.iam("CreateOpenIDConnectProvider", &[("Url", "https://127.0.0.1")]).await.refused(
        400,
        "OpenIdIdpCommunicationError",
        "Could not connect to https://127.0.0.1",
    );
}
