//! Tests that what an application may do is what it should.

mod iamd;

use aws_credential_types::Credentials;
use aws_sdk_iam::Client;
use aws_sdk_iam::error::ProvideErrorMetadata;

const READ_ONLY: &str =
    r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "iam:Get*", "Resource": "*"}}"#;

/// An IAM client of a user who may only read.
async fn auditor() -> (String, Client) {
    let (account, config) = iamd::account();
    let iam = Client::new(&config);
    iam.create_user().user_name("auditor").send().await.unwrap();
    let put = iam.put_user_policy().user_name("auditor").policy_name("read").policy_document(READ_ONLY);
    put.send().await.unwrap();
    let key = iam.create_access_key().user_name("auditor").send().await.unwrap().access_key.unwrap();
    let credentials = Credentials::from_keys(key.access_key_id, key.secret_access_key, None);
    (account, Client::new(&iamd::config(credentials)))
}

#[tokio::test]
async fn an_auditor_reads() {
    let (account, iam) = auditor().await;
    let user = iam.get_user().user_name("auditor").send().await.unwrap().user.unwrap();
    assert_eq!(user.arn, format!("arn:aws:iam::{account}:user/auditor"));
}

#[tokio::test]
async fn an_auditor_changes_nothing() {
    let (_, iam) = auditor().await;
    let error = iam.delete_user().user_name("auditor").send().await.unwrap_err();
    assert_eq!(error.code(), Some("AccessDenied"));
    assert!(error.message().unwrap().contains("not authorized to perform: iam:DeleteUser"));
}
