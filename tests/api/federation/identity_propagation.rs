//! Trusted identity propagation: how providers are configured for it.

use crate::client::{Client, Server};

const INSTANCE: &str = "arn:aws:sso:::instance/ssoins-0123456789abcdef";
const UPDATE: &str = "UpdateOpenIDConnectProvider";

/// A provider without a context provider, and its ARN.
async fn provider(root: &Client) -> String {
    let thumbprint = "a".repeat(40);
    let parameters = [("Url", "https://idp.example.com"), ("ThumbprintList.member.1", thumbprint.as_str())];
    root.iam("CreateOpenIDConnectProvider", &parameters).await.ok().text("OpenIDConnectProviderArn")
}

#[tokio::test]
async fn a_context_provider_is_set_associated_and_removed() {
    let server = Server::start().await;
    let root = server.root();
    let arn = provider(&root).await;
    let own = ("OpenIDConnectProviderArn", arn.as_str());
    let subject = ("ContextProvider.SubjectSourceKey", "sub");
    let instance = ("IdentityCenterInstanceArn", INSTANCE);
    let remove_context = ("RemoveContextProvider", "true");
    let remove_instance = ("RemoveIdentityCenterInstance", "true");
    let refusals = [
        (vec![instance], "An IAM Identity Center instance can be associated with a context provider only."),
        (
            vec![subject, instance],
            "A request can change the context provider or the IAM Identity Center association, not both.",
        ),
        (vec![subject, remove_context], "ContextProvider and RemoveContextProvider cannot be specified together."),
        (vec![("ContextProvider.SubjectSourceKey", " sub")], "The context provider key  sub is not valid."),
    ];
    for (change, message) in refusals {
        root.iam(UPDATE, &[&[own], &change[..]].concat()).await.refused(400, "InvalidInput", message);
    }
    let definition = [
        ("ContextProvider.SubjectTypeValue", "user"),
        ("ContextProvider.KeyDefinitionList.member.1.SourceKey", "dept"),
        ("ContextProvider.KeyDefinitionList.member.2.SourceKey", "cost"),
        ("ContextProvider.KeyDefinitionList.member.2.TargetKey", "CostCenter"),
    ];
    root.iam(UPDATE, &[&[own, subject], &definition[..]].concat()).await.ok();
    root.iam(UPDATE, &[own]).await.ok();
    let read = root.iam("GetOpenIDConnectProvider", &[own]).await.ok();
    assert_eq!(read.texts("TargetKey"), ["dept", "CostCenter"]);
    assert_eq!((read.text("SubjectSourceKey"), read.text("SubjectTypeValue")), ("sub".into(), "user".into()));
    assert!(!read.has("IdentityStoreArn"));
    let listed = |root: Client| async move {
        root.iam("ListOpenIDConnectProviders", &[]).await.ok().text("IsTrustedIdentityPropagationEnabled")
    };
    assert_eq!(listed(root.clone()).await, "false");
    root.iam(UPDATE, &[own, instance]).await.ok();
    assert_eq!(listed(root.clone()).await, "true");
    let read = root.iam("GetOpenIDConnectProvider", &[own]).await.ok();
    assert_eq!(read.text("IdentityCenterInstanceArn"), INSTANCE);
    assert!(read.text("IdentityStoreArn").starts_with("arn:aws:identitystore::000000000000:identitystore/d-"));
    let needed = "The context provider cannot be removed while an IAM Identity Center instance is associated.";
    root.iam(UPDATE, &[own, remove_context]).await.refused(400, "InvalidInput", needed);
    root.iam(UPDATE, &[own, remove_instance]).await.ok();
    root.iam(UPDATE, &[own, remove_context]).await.ok();
    let read = root.iam("GetOpenIDConnectProvider", &[own]).await.ok();
    assert!(!read.has("ContextProvider") && !read.has("IdentityCenterInstanceArn"));
}
