//! Regions and partitions: where signatures are accepted, and what an account of another partition looks like.

use std::sync::Arc;

use iamd::config::Settings;
use iamd::shapes::Partition;
use iamd::store::Store;
use serde_json::json;

use crate::client::{Client, Server};

const ACCOUNT: &str = "111122223333";

/// The root user of the account in China.
fn chinese(server: &Server) -> Client {
    server.root_of(ACCOUNT).in_region("cn-north-1")
}

#[tokio::test]
async fn any_region_reaches_iam_behind_an_endpoint_of_ones_own() {
    let server = Server::start().await;
    for region in ["eu-central-1", "local", "aws-global", "us-east-1"] {
        let root = server.root().in_region(region);
        assert_eq!(root.sts("GetCallerIdentity", &[]).await.ok().text("Arn"), "arn:aws:iam::000000000000:root");
        let name = format!("of-{region}");
        let arn = root.iam("CreateUser", &[("UserName", &name)]).await.ok().text("Arn");
        assert_eq!(arn, format!("arn:aws:iam::000000000000:user/{name}"));
    }
    let keys = server.root().iam("CreateAccessKey", &[("UserName", "of-local")]).await.ok();
    let user = server.client(&keys.text("AccessKeyId"), &keys.text("SecretAccessKey"), None);
    user.in_region("eu-central-1").iam("ListUsers", &[]).await.denied();
    let used = server.root().iam("GetAccessKeyLastUsed", &[("AccessKeyId", &keys.text("AccessKeyId"))]).await.ok();
    assert_eq!(used.text("Region"), "us-east-1", "IAM is a global service");
    let message = "Credential should be scoped to a valid region. ";
    server.root().in_region("eu_central_1").iam("ListUsers", &[]).await.refused(403, "SignatureDoesNotMatch", message);
}

#[tokio::test]
async fn iam_is_in_the_signing_region_of_its_partition() {
    let server = Server::start().await;
    let condition = json!({"StringEquals": {"aws:RequestedRegion": "us-east-1"}});
    let user = server.allowed("auditor", &["iam:ListGroups", "sts:GetAccessKeyInfo"], &["*"], condition).await;
    user.clone().in_region("eu-central-1").iam("ListGroups", &[]).await.ok();
    let key = [("AccessKeyId", "AKIAIOSFODNN7EXAMPLE")];
    user.in_region("eu-central-1").sts("GetAccessKeyInfo", &key).await.denied();
}

#[tokio::test]
async fn an_account_of_another_partition_has_arns_of_it() {
    let server = Server::start().await;
    let root = chinese(&server);
    let user = root.iam("CreateUser", &[("UserName", "li"), ("Path", "/x/")]).await.ok();
    assert_eq!(user.text("Arn"), "arn:aws-cn:iam::111122223333:user/x/li");
    assert_eq!(root.sts("GetCallerIdentity", &[]).await.ok().text("Arn"), "arn:aws-cn:iam::111122223333:root");
    let global = root.clone().in_region("us-east-1");
    assert_eq!(global.iam("ListUsers", &[]).await.ok().texts("UserName"), Vec::<String>::new(), "another account");

    let policies = [("Scope", "AWS"), ("MaxItems", "1")];
    let arn = root.iam("ListPolicies", &policies).await.ok().text("Arn");
    assert!(arn.starts_with("arn:aws-cn:iam::aws:policy/"), "{arn}");
    let attach = |arn: &'static str| [("UserName", "li"), ("PolicyArn", arn)];
    let foreign = root.iam("AttachUserPolicy", &attach("arn:aws:iam::aws:policy/IAMReadOnlyAccess")).await;
    assert_eq!(foreign.status, 400, "{}", foreign.body);
    root.iam("AttachUserPolicy", &attach("arn:aws-cn:iam::aws:policy/IAMReadOnlyAccess")).await.ok();

    let keys = root.iam("CreateAccessKey", &[("UserName", "li")]).await.ok();
    let li = server.client(&keys.text("AccessKeyId"), &keys.text("SecretAccessKey"), None);
    let own = li.clone().in_region("cn-northwest-1");
    own.iam("GetUser", &[]).await.ok();
    own.iam("CreateGroup", &[("GroupName", "g")])
        .await
        .lacks("iam:CreateGroup", "arn:aws-cn:iam::111122223333:group/g");
    let message = "The security token included in the request is invalid.";
    li.iam("GetUser", &[]).await.refused(403, "InvalidClientTokenId", message);
}

#[tokio::test]
async fn roles_of_one_partition_are_closed_to_the_others() {
    let server = Server::start().await;
    let root = chinese(&server);
    let trust = |principal: &str| {
        json!({"Version": "2012-10-17", "Statement":
            {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}})
        .to_string()
    };
    let create = async |trust: String| {
        let parameters = [("RoleName", "open"), ("AssumeRolePolicyDocument", trust.as_str())];
        root.iam("CreateRole", &parameters).await
    };
    let foreign = create(trust("arn:aws:iam::111122223333:root")).await;
    assert_eq!(foreign.text("Code"), "MalformedPolicyDocument", "{}", foreign.body);
    let arn = create(trust("*")).await.ok().text("Arn");
    root.iam("CreateUser", &[("UserName", "li")]).await.ok();
    let document = json!({"Version": "2012-10-17", "Statement":
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}})
    .to_string();
    let policy = [("UserName", "li"), ("PolicyName", "p"), ("PolicyDocument", document.as_str())];
    root.iam("PutUserPolicy", &policy).await.ok();
    let keys = root.iam("CreateAccessKey", &[("UserName", "li")]).await.ok();
    let li = server.client(&keys.text("AccessKeyId"), &keys.text("SecretAccessKey"), None).in_region("cn-north-1");
    let assume = [("RoleArn", arn.as_str()), ("RoleSessionName", "work")];
    let session = li.sts("AssumeRole", &assume).await.ok();
    assert_eq!(session.text("Arn"), "arn:aws-cn:sts::111122223333:assumed-role/open/work");
    let work = server.session(&session);
    work.clone().in_region("cn-north-1").sts("GetCallerIdentity", &[]).await.ok();
    let message = "The security token included in the request is invalid.";
    work.sts("GetCallerIdentity", &[]).await.refused(403, "InvalidClientTokenId", message);

    let stranger = server.allowed("ann", &["sts:AssumeRole"], &["*"], json!({})).await;
    stranger.sts("AssumeRole", &assume).await.denied();
}

#[tokio::test]
async fn one_partition_can_be_that_of_all_accounts_and_is_kept() {
    let store = Arc::new(Store::in_memory().await.unwrap());
    let settings = || Settings { partition: Some(Partition::AwsUsGov), ..Settings::default() };
    let server = Server::on(store.clone(), settings()).await;
    let root = server.root().in_region("eu-central-1");
    let arn = root.iam("CreateUser", &[("UserName", "ann")]).await.ok().text("Arn");
    assert_eq!(arn, "arn:aws-us-gov:iam::000000000000:user/ann");
    let again = Server::on(store, Settings::default()).await;
    assert_eq!(again.root().in_region("us-gov-west-1").iam("ListUsers", &[]).await.ok().texts("Arn"), [arn]);
    assert!(again.root().iam("ListUsers", &[]).await.ok().texts("Arn").is_empty());
}
