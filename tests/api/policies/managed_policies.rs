//! Managed policies.

use crate::client::{Client, Server};
use crate::fixtures::{allow, document_of_size, not_allowed, policy_arn};

const ADMIN: &str = "arn:aws:iam::aws:policy/AdministratorAccess";

async fn create(root: &Client, name: &str) {
    let document = allow("s3:*", "*");
    root.iam("CreatePolicy", &[("PolicyName", name), ("PolicyDocument", &document)]).await.ok();
}

#[tokio::test]
async fn a_policy_is_created_read_and_deleted() {
    let root = Server::start().await.root();
    let document = allow("s3:*", "*");
    let made = [
        ("PolicyName", "Backup"),
        ("Path", "/ops/"),
        ("PolicyDocument", &document),
        ("Description", "keeps copies"),
        ("Tags.member.1.Key", "k"),
        ("Tags.member.1.Value", "v"),
    ];
    let made = root.iam("CreatePolicy", &made).await.ok();
    let arn = policy_arn("ops/Backup");
    assert_eq!(made.text("Arn"), arn);
    assert_eq!((made.text("DefaultVersionId"), made.text("AttachmentCount")), ("v1".into(), "0".into()));
    assert_eq!((made.text("IsAttachable"), made.text("Path")), ("true".into(), "/ops/".into()));
    assert!(made.text("PolicyId").starts_with("ANPA"));
    assert!(made.has("Tags"), "{}", made.body);
    assert!(!made.has("Description"), "{}", made.body);
    let read = root.iam("GetPolicy", &[("PolicyArn", &arn)]).await.ok();
    assert_eq!((read.text("Description"), read.text("Key")), ("keeps copies".into(), "k".into()));
    root.iam("DeletePolicy", &[("PolicyArn", &arn)]).await.ok();
    let missing = format!("Policy {arn} was not found.");
    root.iam("GetPolicy", &[("PolicyArn", &arn)]).await.refused(404, "NoSuchEntity", &missing);
    root.iam("DeletePolicy", &[("PolicyArn", &arn)]).await.refused(404, "NoSuchEntity", &missing);
}

#[tokio::test]
async fn answers_show_of_tags_as_aws_does() {
    let root = Server::start().await.root();
    let document = allow("s3:*", "*");
    let made = root.iam("CreatePolicy", &[("PolicyName", "P"), ("PolicyDocument", &document)]).await.ok();
    assert!(!made.has("Tags"));
    let read = root.iam("GetPolicy", &[("PolicyArn", &policy_arn("P"))]).await.ok();
    assert!(read.body.contains("<Tags/>"), "{}", read.body);
    let listed = root.iam("ListPolicies", &[("Scope", "Local")]).await.ok();
    assert!(!listed.has("Tags") && !listed.has("Description"));
}

#[tokio::test]
async fn tags_are_shown_as_given_and_listed_by_length() {
    let root = Server::start().await.root();
    let document = allow("s3:*", "*");
    let mut made = vec![("PolicyName".to_owned(), "P"), ("PolicyDocument".to_owned(), document.as_str())];
    for (index, key) in (1..).zip(["abc", "b", "z", "a", "A"]) {
        made.extend([(format!("Tags.member.{index}.Key"), key), (format!("Tags.member.{index}.Value"), "v")]);
    }
    let made: Vec<_> = made.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    assert_eq!(root.iam("CreatePolicy", &made).await.ok().texts("Key"), ["abc", "b", "z", "a", "A"]);
    let arn = policy_arn("P");
    let listed = root.iam("ListPolicyTags", &[("PolicyArn", &arn)]).await.ok();
    assert_eq!(listed.texts("Key"), ["A", "a", "b", "z", "abc"]);
    let paged = root.iam_pages("ListPolicyTags", &[("PolicyArn", &arn)], "Key").await;
    assert_eq!(paged, ["A", "a", "b", "z", "abc"]);
    root.iam("UntagPolicy", &[("PolicyArn", &arn), ("TagKeys.member.1", "*")]).await.refused(
        400,
        "ValidationError",
        r"1 validation error detected: Value at 'tagKeys' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 128, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+, Member must not be null]",
    );
}

#[tokio::test]
async fn names_are_unique_without_regard_to_case_and_path() {
    let root = Server::start().await.root();
    create(&root, "Backup").await;
    let document = allow("s3:*", "*");
    let again = [("PolicyName", "BACKUP"), ("Path", "/x/"), ("PolicyDocument", &document)];
    let message = "A policy called BACKUP already exists. Duplicate names are not allowed.";
    root.iam("CreatePolicy", &again).await.refused(409, "EntityAlreadyExists", message);
    let other_case = policy_arn("backup");
    let missing = format!("Policy {other_case} was not found.");
    root.iam("GetPolicy", &[("PolicyArn", &other_case)]).await.refused(404, "NoSuchEntity", &missing);
}

#[tokio::test]
async fn documents_are_judged_and_measured() {
    let root = Server::start().await.root();
    let made =
        async |document: &str| root.iam("CreatePolicy", &[("PolicyName", "P"), ("PolicyDocument", document)]).await;
    made("{}").await.refused(400, "MalformedPolicyDocument", "Syntax errors in policy.");
    let old = allow("s3:*", "*").replace("2012-10-17", "2008-10-17");
    let message = "Policy document must be version 2012-10-17 or greater.";
    made(&old).await.refused(400, "MalformedPolicyDocument", message);
    let message = "Cannot exceed quota for PolicySize: 6144";
    made(&document_of_size(6145)).await.refused(409, "LimitExceeded", message);
    let spacious = document_of_size(6144).replace(',', ",\n   ");
    made(&spacious).await.ok();
}

#[tokio::test]
async fn arns_are_judged() {
    let root = Server::start().await.root();
    let cases = [
        ("not-an-arn-but-long-enough", "ValidationError"),
        ("arn:aws:iam::000000000000:user/Bob", "InvalidInput"),
        ("arn:aws:s3::000000000000:policy/P", "InvalidInput"),
        ("arn:aws:iam:us-east-1:000000000000:policy/P", "InvalidInput"),
        ("arn:aws-cn:iam::000000000000:policy/P", "InvalidInput"),
        ("arn:aws:iam::0000:policy/P-with-more", "InvalidInput"),
        ("arn:aws:iam::000000000000:policy/P ", "InvalidInput"),
    ];
    for (arn, code) in cases {
        let message = format!("ARN {arn} is not valid.");
        root.iam("GetPolicy", &[("PolicyArn", arn)]).await.refused(400, code, &message);
    }
}

#[tokio::test]
async fn a_policy_in_use_is_not_deleted() {
    let root = Server::start().await.root();
    create(&root, "P").await;
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    let arn = policy_arn("P");
    let in_use = "Cannot delete a policy attached to entities.";
    root.iam("PutUserPermissionsBoundary", &[("UserName", "Bob"), ("PermissionsBoundary", &arn)]).await.ok();
    root.iam("DeletePolicy", &[("PolicyArn", &arn)]).await.refused(409, "DeleteConflict", in_use);
    root.iam("DeleteUserPermissionsBoundary", &[("UserName", "Bob")]).await.ok();
    root.iam("AttachUserPolicy", &[("UserName", "Bob"), ("PolicyArn", &arn)]).await.ok();
    root.iam("DeletePolicy", &[("PolicyArn", &arn)]).await.refused(409, "DeleteConflict", in_use);
    root.iam("DetachUserPolicy", &[("UserName", "Bob"), ("PolicyArn", &arn)]).await.ok();
    root.iam("DeletePolicy", &[("PolicyArn", &arn)]).await.ok();
}

#[tokio::test]
async fn awss_policies_are_read_but_not_changed() {
    let root = Server::start().await.root();
    let read = root.iam("GetPolicy", &[("PolicyArn", ADMIN)]).await.ok();
    assert_eq!((read.text("Arn"), read.text("PolicyName")), (ADMIN.into(), "AdministratorAccess".into()));
    let version = [("PolicyArn", ADMIN), ("VersionId", "v1")];
    let shown = root.iam("GetPolicyVersion", &version).await.ok();
    assert!(shown.text("Document").starts_with("%7B%0A%20%20%20%20%22Version%22"), "{}", shown.body);
    assert_eq!(root.iam("ListPolicyVersions", &[("PolicyArn", ADMIN)]).await.ok().texts("VersionId"), ["v1"]);
    assert_eq!(root.iam("ListPolicyTags", &[("PolicyArn", ADMIN)]).await.ok().texts("Key"), [""; 0]);
    let document = allow("s3:*", "*");
    let version_id = ("VersionId", "v1");
    let changes = [
        ("DeletePolicy", None, "Cannot delete policies outside your own account."),
        (
            "CreatePolicyVersion",
            Some(("PolicyDocument", document.as_str())),
            "Cannot create versions for policies outside your own account.",
        ),
        (
            "DeletePolicyVersion",
            Some(version_id),
            "Cannot delete policy versions for policies outside your own account.",
        ),
        ("SetDefaultPolicyVersion", Some(version_id), "Cannot update policies outside your own account."),
    ];
    let tags: [(&str, &[(&str, &str)]); 2] = [
        ("TagPolicy", &[("Tags.member.1.Key", "k"), ("Tags.member.1.Value", "v")]),
        ("UntagPolicy", &[("TagKeys.member.1", "k")]),
    ];
    // What AWS has not, it does not say.
    for arn in [ADMIN, "arn:aws:iam::aws:policy/Nope"] {
        for (action, parameter, message) in changes {
            let parameters: Vec<_> = [("PolicyArn", arn)].into_iter().chain(parameter).collect();
            root.iam(action, &parameters).await.refused(403, "AccessDenied", message);
        }
        for (action, parameters) in tags {
            let parameters = [&[("PolicyArn", arn)], parameters].concat();
            let message = "Tags not supported for policies in this domain";
            root.iam(action, &parameters).await.refused(400, "InvalidInput", message);
        }
    }
}

#[tokio::test]
async fn listings_filter_by_scope_path_and_use() {
    let root = Server::start().await.root();
    create(&root, "Unused").await;
    create(&root, "Attached").await;
    create(&root, "Bounding").await;
    let document = allow("s3:*", "*");
    root.iam("CreatePolicy", &[("PolicyName", "Deep"), ("Path", "/a/b/"), ("PolicyDocument", &document)]).await.ok();
    root.iam("CreateUser", &[("UserName", "Bob"), ("PermissionsBoundary", &policy_arn("Bounding"))]).await.ok();
    for arn in [ADMIN, &policy_arn("Attached")] {
        root.iam("AttachUserPolicy", &[("UserName", "Bob"), ("PolicyArn", arn)]).await.ok();
    }
    let listed =
        async |parameters: &[(&str, &str)]| root.iam("ListPolicies", parameters).await.ok().texts("PolicyName");
    assert_eq!(listed(&[("Scope", "Local")]).await, ["Attached", "Bounding", "Deep", "Unused"]);
    assert_eq!(listed(&[("Scope", "Local"), ("PathPrefix", "/a/")]).await, ["Deep"]);
    assert_eq!(listed(&[("OnlyAttached", "true")]).await, ["Attached", "AdministratorAccess"]);
    assert_eq!(listed(&[("OnlyAttached", "true"), ("Scope", "AWS")]).await, ["AdministratorAccess"]);
    assert_eq!(listed(&[("PolicyUsageFilter", "PermissionsBoundary")]).await, ["Bounding"]);
    assert_eq!(listed(&[("PolicyUsageFilter", "PermissionsPolicy"), ("Scope", "Local")]).await, ["Attached"]);
    assert_eq!(listed(&[("PathPrefix", "/root-task/")]).await.len(), 5);
    let attached = root.iam("ListPolicies", &[("OnlyAttached", "true")]).await.ok();
    assert_eq!(attached.texts("AttachmentCount"), ["1", "1"]);
    let other = Server::start().await.root().iam("GetPolicy", &[("PolicyArn", ADMIN)]).await.ok();
    assert_eq!(other.text("AttachmentCount"), "0");
}

#[tokio::test]
async fn all_policies_are_paged_the_accounts_first() {
    let root = Server::start().await.root();
    create(&root, "AAA").await;
    create(&root, "Mine").await;
    let (mut names, mut marker) = (Vec::new(), None::<String>);
    loop {
        let mut parameters = vec![("MaxItems", "1000")];
        parameters.extend(marker.as_deref().map(|marker| ("Marker", marker)));
        let page = root.iam("ListPolicies", &parameters).await.ok();
        names.extend(page.texts("PolicyName"));
        if page.text("IsTruncated") == "false" {
            break;
        }
        marker = Some(page.text("Marker"));
    }
    assert!(names.len() > 1500, "{}", names.len());
    assert_eq!(
        names[..5],
        ["AAA", "Mine", "AdministratorAccess", "PowerUserAccess", "ReadOnlyAccess"],
        "as seen at AWS"
    );
    assert_eq!(names.iter().collect::<std::collections::HashSet<_>>().len(), names.len());
    let paged = root.iam_pages("ListPolicies", &[("Scope", "Local")], "PolicyName").await;
    assert_eq!(paged, ["AAA", "Mine"]);
}

#[tokio::test]
async fn permissions_are_on_the_policys_arn() {
    let server = Server::start().await;
    let root = server.root();
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    let bob = server.user("Bob").await;
    let document = allow("iam:*", &policy_arn("mine/*"));
    let grant = [("UserName", "Bob"), ("PolicyName", "own"), ("PolicyDocument", document.as_str())];
    root.iam("PutUserPolicy", &grant).await.ok();
    let made = [("PolicyName", "P"), ("Path", "/mine/"), ("PolicyDocument", document.as_str())];
    bob.iam("CreatePolicy", &made).await.ok();
    bob.iam("GetPolicy", &[("PolicyArn", &policy_arn("mine/P"))]).await.ok();
    bob.iam("ListPolicies", &[("PathPrefix", "/mine/")]).await.ok();
    let message = not_allowed("Bob", "iam:CreatePolicy", "policy P2");
    let elsewhere = [("PolicyName", "P2"), ("PolicyDocument", document.as_str())];
    bob.iam("CreatePolicy", &elsewhere).await.refused(403, "AccessDenied", &message);
    let message = not_allowed("Bob", "iam:GetPolicy", &format!("policy {}", policy_arn("P2")));
    bob.iam("GetPolicy", &[("PolicyArn", &policy_arn("P2"))]).await.refused(403, "AccessDenied", &message);
    let message = not_allowed("Bob", "iam:ListPolicies", "policy path /");
    bob.iam("ListPolicies", &[]).await.refused(403, "AccessDenied", &message);
    bob.iam("DeletePolicy", &[("PolicyArn", &policy_arn("mine/P"))]).await.ok();
}
