//! Versions of managed policies.

use crate::client::{Client, Server};
use crate::fixtures::{allow, policy_arn};

async fn with_policy() -> (Client, String) {
    let root = Server::start().await.root();
    let document = allow("s3:*", "*");
    root.iam("CreatePolicy", &[("PolicyName", "P"), ("PolicyDocument", &document)]).await.ok();
    (root, policy_arn("P"))
}

async fn add(root: &Client, arn: &str, default: &str) -> String {
    let document = allow("s3:Get*", "*");
    let version = [("PolicyArn", arn), ("PolicyDocument", document.as_str()), ("SetAsDefault", default)];
    root.iam("CreatePolicyVersion", &version).await.ok().text("VersionId")
}

#[tokio::test]
async fn versions_are_numbered_on_and_listed_newest_first() {
    let (root, arn) = with_policy().await;
    for expected in ["v2", "v3", "v4", "v5"] {
        assert_eq!(add(&root, &arn, "false").await, expected);
    }
    let document = allow("s3:*", "*");
    let sixth = [("PolicyArn", arn.as_str()), ("PolicyDocument", document.as_str())];
    let message = "A managed policy can have up to 5 versions. Before you create a new version, you must delete an \
                   existing version.";
    root.iam("CreatePolicyVersion", &sixth).await.refused(409, "LimitExceeded", message);
    root.iam("DeletePolicyVersion", &[("PolicyArn", &arn), ("VersionId", "v5")]).await.ok();
    assert_eq!(add(&root, &arn, "true").await, "v6", "a number is not used twice");
    let listed = root.iam("ListPolicyVersions", &[("PolicyArn", &arn)]).await.ok();
    assert_eq!(listed.texts("VersionId"), ["v6", "v4", "v3", "v2", "v1"]);
    assert_eq!(listed.texts("IsDefaultVersion"), ["true", "false", "false", "false", "false"]);
    assert!(!listed.has("Document"));
    let paged = root.iam_pages("ListPolicyVersions", &[("PolicyArn", &arn)], "VersionId").await;
    assert_eq!(paged, ["v6", "v4", "v3", "v2", "v1"]);
}

#[tokio::test]
async fn a_version_shows_its_document_and_creating_does_not() {
    let (root, arn) = with_policy().await;
    let document = allow("s3:Get*", "*").replace(',', " ,\n\t");
    let version = [("PolicyArn", arn.as_str()), ("PolicyDocument", document.as_str())];
    let made = root.iam("CreatePolicyVersion", &version).await.ok();
    assert!(!made.has("Document"));
    assert_eq!(made.text("IsDefaultVersion"), "false");
    let shown = root.iam("GetPolicyVersion", &[("PolicyArn", &arn), ("VersionId", "v2")]).await.ok();
    let encoded = shown.text("Document");
    assert!(!encoded.contains(['+', '"', ' ', '*']), "{encoded}");
    let decoded: String = form_urlencoded::parse(format!("d={encoded}").as_bytes()).next().unwrap().1.into_owned();
    assert_eq!(decoded, document, "white space is kept");
}

#[tokio::test]
async fn the_default_changes_and_stays() {
    let (root, arn) = with_policy().await;
    add(&root, &arn, "true").await;
    let default = async || root.iam("GetPolicy", &[("PolicyArn", &arn)]).await.ok().text("DefaultVersionId");
    assert_eq!(default().await, "v2");
    root.iam("SetDefaultPolicyVersion", &[("PolicyArn", &arn), ("VersionId", "v1")]).await.ok();
    assert_eq!(default().await, "v1");
    let message = "Cannot delete the default version of a policy.";
    let first = [("PolicyArn", arn.as_str()), ("VersionId", "v1")];
    root.iam("DeletePolicyVersion", &first).await.refused(409, "DeleteConflict", message);
    let message = "This policy has more than one version. Before you delete a policy, you must delete the policy's \
                   versions. The default version is deleted with the policy.";
    root.iam("DeletePolicy", &[("PolicyArn", &arn)]).await.refused(409, "DeleteConflict", message);
    root.iam("DeletePolicyVersion", &[("PolicyArn", &arn), ("VersionId", "v2")]).await.ok();
    root.iam("DeletePolicy", &[("PolicyArn", &arn)]).await.ok();
}

#[tokio::test]
async fn updating_moves_the_update_date_only() {
    let server = Server::start().await;
    let root = server.root();
    let document = allow("s3:*", "*");
    root.iam("CreatePolicy", &[("PolicyName", "P"), ("PolicyDocument", &document)]).await.ok();
    let dates = async || {
        let policy = root.iam("GetPolicy", &[("PolicyArn", &policy_arn("P"))]).await.ok();
        (policy.text("CreateDate"), policy.text("UpdateDate"))
    };
    let (created, updated) = dates().await;
    assert_eq!(created, updated);
    server.advance(60);
    add(&root, &policy_arn("P"), "false").await;
    let (still, after_version) = dates().await;
    assert_eq!(still, created);
    assert!(after_version > updated, "{after_version}");
    server.advance(60);
    root.iam("SetDefaultPolicyVersion", &[("PolicyArn", &policy_arn("P")), ("VersionId", "v2")]).await.ok();
    assert!(dates().await.1 > after_version);
}

#[tokio::test]
async fn missing_policies_and_versions_have_one_sentence() {
    let (root, arn) = with_policy().await;
    let nowhere = policy_arn("Nope");
    for (arn, version) in
        [(arn.as_str(), "v9"), (nowhere.as_str(), "v1"), ("arn:aws:iam::aws:policy/IAMReadOnlyAccess", "v77")]
    {
        let message = format!("Policy {arn} version {version} does not exist or is not attachable.");
        let parameters = [("PolicyArn", arn), ("VersionId", version)];
        root.iam("GetPolicyVersion", &parameters).await.refused(404, "NoSuchEntity", &message);
        if !arn.contains(":aws:policy") {
            root.iam("SetDefaultPolicyVersion", &parameters).await.refused(404, "NoSuchEntity", &message);
            root.iam("DeletePolicyVersion", &parameters).await.refused(404, "NoSuchEntity", &message);
        }
    }
    let missing = format!("Policy {nowhere} was not found.");
    root.iam("ListPolicyVersions", &[("PolicyArn", &nowhere)]).await.refused(404, "NoSuchEntity", &missing);
    let bad = [("PolicyArn", nowhere.as_str()), ("PolicyDocument", "not read")];
    root.iam("CreatePolicyVersion", &bad).await.refused(404, "NoSuchEntity", &missing);
    let bad = [("PolicyArn", arn.as_str()), ("PolicyDocument", "{}")];
    root.iam("CreatePolicyVersion", &bad).await.refused(400, "MalformedPolicyDocument", "Syntax errors in policy.");
    let message = "1 validation error detected: Value at 'versionId' failed to satisfy constraint: Member must satisfy \
                   regular expression pattern: v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?";
    let odd = [("PolicyArn", arn.as_str()), ("VersionId", "2")];
    root.iam("GetPolicyVersion", &odd).await.refused(400, "ValidationError", message);
}
