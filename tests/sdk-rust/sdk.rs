//! The AWS SDK for Rust against the real server.

#[path = "../../examples/cargo/iamd.rs"]
mod iamd;

use aws_credential_types::Credentials;
use aws_sdk_iam::Client as Iam;
use aws_sdk_iam::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_iam::operation::get_user::GetUserError;
use aws_sdk_iam::types::{StatusType, Tag};
use aws_sdk_sts::Client as Sts;

fn clients() -> (String, Iam, Sts) {
    let (account, config) = iamd::account();
    (account, Iam::new(&config), Sts::new(&config))
}

fn document(action: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"{action}","Resource":"*"}}}}"#)
}

#[tokio::test]
async fn a_user_lives() {
    let (account, iam, _) = clients();
    let tag = Tag::builder().key("team").value("blue").build().unwrap();
    let made = iam.create_user().user_name("Bob").path("/a/").tags(tag).send().await.unwrap().user.unwrap();
    assert_eq!(made.arn, format!("arn:aws:iam::{account}:user/a/Bob"));
    let read = iam.get_user().user_name("bob").send().await.unwrap().user.unwrap();
    assert_eq!((read.user_id, read.create_date, read.tags), (made.user_id, made.create_date, made.tags));
    iam.delete_user().user_name("bob").send().await.unwrap();
    let gone = iam.get_user().user_name("bob").send().await.unwrap_err();
    assert!(
        matches!(gone, SdkError::ServiceError(error) if matches!(error.err(), GetUserError::NoSuchEntityException(_)))
    );
}

#[tokio::test]
async fn listings_page() {
    let (_, iam, _) = clients();
    for number in 0..25 {
        iam.create_user().user_name(format!("user-{number:02}")).send().await.unwrap();
    }
    let mut pages = iam.list_users().into_paginator().page_size(10).send();
    let mut names = Vec::new();
    while let Some(page) = pages.next().await {
        names.extend(page.unwrap().users.into_iter().map(|user| user.user_name));
    }
    assert_eq!(names.len(), 25);
    assert!(names.is_sorted());
}

#[tokio::test]
async fn policies_are_enforced() {
    let (account, iam, _) = clients();
    iam.create_user().user_name("bob").send().await.unwrap();
    let key = iam.create_access_key().user_name("bob").send().await.unwrap().access_key.unwrap();
    assert_eq!(key.status, StatusType::Active);
    let bob = Iam::new(&iamd::config(Credentials::from_keys(key.access_key_id, key.secret_access_key, None)));
    let denied = bob.list_users().send().await.unwrap_err();
    assert_eq!(denied.code(), Some("AccessDenied"));
    let sentence = format!(
        "User: arn:aws:iam::{account}:user/bob is not authorized to perform: iam:ListUsers on resource: \
         arn:aws:iam::{account}:user/ because no identity-based policy allows the iam:ListUsers action. Go to "
    );
    assert!(denied.message().unwrap().starts_with(&sentence), "{denied:?}");
    let allow = document("iam:ListUsers");
    iam.put_user_policy().user_name("bob").policy_name("list").policy_document(allow).send().await.unwrap();
    assert_eq!(bob.list_users().send().await.unwrap().users.len(), 1);
}

#[tokio::test]
async fn a_role_is_assumed() {
    let (account, iam, sts) = clients();
    let trust = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{{"AWS":"{account}"}},"Action":"sts:AssumeRole"}}}}"#
    );
    let role = iam.create_role().role_name("reader").assume_role_policy_document(trust).send().await.unwrap();
    let arn = role.role.unwrap().arn;
    iam.create_user().user_name("bob").send().await.unwrap();
    let assume = document("sts:AssumeRole");
    iam.put_user_policy().user_name("bob").policy_name("a").policy_document(assume).send().await.unwrap();
    let key = iam.create_access_key().user_name("bob").send().await.unwrap().access_key.unwrap();
    let bob = Sts::new(&iamd::config(Credentials::from_keys(key.access_key_id, key.secret_access_key, None)));
    let assumed = bob.assume_role().role_arn(arn).role_session_name("session").send().await.unwrap();
    let session = assumed.credentials.unwrap();
    let session = Credentials::from_keys(session.access_key_id, session.secret_access_key, Some(session.session_token));
    let who = Sts::new(&iamd::config(session)).get_caller_identity().send().await.unwrap();
    assert_eq!(who.arn.unwrap(), format!("arn:aws:sts::{account}:assumed-role/reader/session"));
    assert_eq!(sts.get_caller_identity().send().await.unwrap().arn.unwrap(), format!("arn:aws:iam::{account}:root"));
}
