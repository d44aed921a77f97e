//! The credential report: what it says of the root user and of users, and how long.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::client::{Answer, Client, Server};
use crate::fixtures::ACCOUNT;

/// The report's rows by user, each by column.
fn rows(report: &Answer) -> HashMap<String, HashMap<String, String>> {
    let text = String::from_utf8(STANDARD.decode(report.text("Content")).unwrap()).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader.deserialize::<HashMap<String, String>>().map(Result::unwrap);
    rows.map(|row| (row["user"].clone(), row)).collect()
}

async fn report(root: &Client) -> Answer {
    root.iam("GenerateCredentialReport", &[]).await.ok();
    root.iam("GetCredentialReport", &[]).await.ok()
}

#[tokio::test]
async fn it_shows_the_real_state_of_credentials() {
    let server = Server::start().await;
    let root = server.root();
    root.iam("UpdateAccountPasswordPolicy", &[("MaxPasswordAge", "10")]).await.ok();
    for (user, path) in [("Bob", "/staff/"), ("Eve", "/")] {
        root.iam("CreateUser", &[("UserName", user), ("Path", path)]).await.ok();
    }
    root.iam("CreateLoginProfile", &[("UserName", "Bob"), ("Password", "Correct-Horse-1")]).await.ok();
    let policy = [("UserName", "Bob"), ("PolicyArn", "arn:aws:iam::aws:policy/IAMReadOnlyAccess")];
    root.iam("AttachUserPolicy", &policy).await.ok();
    let bob = server.user("Bob").await;
    bob.iam("ListUsers", &[]).await.ok();
    let second = root.iam("CreateAccessKey", &[("UserName", "Bob")]).await.ok().text("AccessKeyId");
    let inactive = [("UserName", "Bob"), ("AccessKeyId", &*second), ("Status", "Inactive")];
    root.iam("UpdateAccessKey", &inactive).await.ok();

    let made = root.iam("GenerateCredentialReport", &[]).await.ok();
    assert_eq!(made.text("State"), "STARTED");
    let answer = root.iam("GetCredentialReport", &[]).await.ok();
    assert_eq!(answer.text("ReportFormat"), "text/csv");
    let rows = rows(&answer);
    assert_eq!(rows.len(), 3);

    let now = server.state.app.environment.clock.now();
    let today = now.format("%Y-%m-%dT").to_string();
    let bob = &rows["Bob"];
    assert_eq!(bob["arn"], format!("arn:aws:iam::{ACCOUNT}:user/staff/Bob"));
    let expected = [
        ("password_enabled", "true"),
        ("mfa_active", "false"),
        ("access_key_1_active", "true"),
        ("access_key_1_last_used_region", "us-east-1"),
        ("access_key_1_last_used_service", "iam"),
        ("access_key_2_active", "false"),
        ("access_key_2_last_used_date", "N/A"),
        ("cert_1_active", "false"),
        ("cert_2_last_rotated", "N/A"),
    ];
    for (column, value) in expected {
        assert_eq!(bob[column], value, "{column}");
    }
    for column in
        ["user_creation_time", "password_last_changed", "access_key_1_last_used_date", "access_key_2_last_rotated"]
    {
        assert!(bob[column].starts_with(&today) && bob[column].ends_with("+00:00"), "{column}: {}", bob[column]);
    }
    let rotation = (now + chrono::TimeDelta::days(10)).format("%Y-%m-%dT").to_string();
    assert!(bob["password_next_rotation"].starts_with(&rotation), "{}", bob["password_next_rotation"]);

    let eve = &rows["Eve"];
    let of_eve = ["password_enabled", "password_last_used", "access_key_1_active", "access_key_1_last_rotated"];
    assert_eq!(of_eve.map(|column| eve[column].as_str()), ["false", "N/A", "false", "N/A"]);
    let account = &rows["<root_account>"];
    assert_eq!(account["arn"], format!("arn:aws:iam::{ACCOUNT}:root"));
    assert_eq!((&*account["password_enabled"], &*account["password_last_changed"]), ("false", "not_supported"));
}

#[tokio::test]
async fn a_report_is_good_for_four_hours() {
    let server = Server::start().await;
    let root = server.root();
    let none = root.iam("GetCredentialReport", &[]).await;
    assert_eq!((none.status, none.text("Code").as_str(), none.has("Message")), (410, "ReportNotPresent", false));
    let first = report(&root).await;
    root.iam("CreateUser", &[("UserName", "Late")]).await.ok();
    server.advance(4 * 3600 - 60);
    assert_eq!(root.iam("GenerateCredentialReport", &[]).await.ok().text("State"), "COMPLETE");
    let again = root.iam("GetCredentialReport", &[]).await.ok();
    assert_eq!(
        (again.text("Content"), again.text("GeneratedTime")),
        (first.text("Content"), first.text("GeneratedTime"))
    );
    server.advance(60);
    root.iam("GetCredentialReport", &[]).await.refused(
        410,
        "ReportExpired",
        "The report has expired. Generate a new one.",
    );
    assert!(rows(&report(&root).await).contains_key("Late"));
}

#[tokio::test]
async fn an_active_key_comes_before_an_inactive_one() {
    let server = Server::start().await;
    let root = server.root();
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    let first = root.iam("CreateAccessKey", &[("UserName", "Bob")]).await.ok().text("AccessKeyId");
    server.advance(3600);
    root.iam("CreateAccessKey", &[("UserName", "Bob")]).await.ok();
    let off = [("UserName", "Bob"), ("AccessKeyId", &*first), ("Status", "Inactive")];
    root.iam("UpdateAccessKey", &off).await.ok();
    let bob = &rows(&report(&root).await)["Bob"];
    assert_eq!((&*bob["access_key_1_active"], &*bob["access_key_2_active"]), ("true", "false"));
    assert!(bob["access_key_1_last_rotated"] > bob["access_key_2_last_rotated"]);
}
