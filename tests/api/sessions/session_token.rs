//! GetSessionToken.

use chrono::DateTime;
use serde_json::json;

use crate::client::{Answer, Server};
use crate::principals::{ACCOUNT, allow, assume, role, trusts, user};

/// How long the credentials of an answer live, in seconds.
fn life(server: &Server, answer: &Answer) -> i64 {
    let expiration = DateTime::parse_from_rfc3339(&answer.text("Expiration")).unwrap();
    // The clock may have gone on since the answer was made.
    (expiration.timestamp() - server.state.app.environment.clock.now().timestamp() + 30) / 60 * 60
}

#[tokio::test]
async fn its_life_is_twelve_hours_or_what_is_asked_for() {
    let server = Server::start().await;
    let bob = user(&server, ACCOUNT, "Bob", None).await;
    let answer = bob.sts("GetSessionToken", &[]).await.ok();
    assert_eq!(life(&server, &answer), 43200);
    assert!(answer.text("AccessKeyId").starts_with("ASIA"));
    assert_eq!(answer.text("SecretAccessKey").len(), 40);
    assert_eq!(answer.text("SessionToken").len().to_string(), answer.text("SessionTokenSize"));
    let long = bob.sts("GetSessionToken", &[("DurationSeconds", "129600")]).await.ok();
    assert_eq!(life(&server, &long), 129_600);
    bob.sts("GetSessionToken", &[("DurationSeconds", "129601")]).await.refused(
        400,
        "ValidationError",
        "1 validation error detected: Value '129601' at 'durationSeconds' failed to satisfy constraint: Member must \
         have value less than or equal to 129600",
    );
}

#[tokio::test]
async fn the_root_users_is_cut_to_an_hour() {
    let server = Server::start().await;
    for more in [&[][..], &[("DurationSeconds", "43200")]] {
        let answer = server.root().sts("GetSessionToken", more).await.ok();
        assert_eq!(life(&server, &answer), 3600);
    }
}

#[tokio::test]
async fn no_policy_can_deny_it() {
    let server = Server::start().await;
    let deny = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]});
    user(&server, ACCOUNT, "Bob", Some(deny)).await.sts("GetSessionToken", &[]).await.ok();
}

#[tokio::test]
async fn without_mfa_it_opens_neither_iam_nor_most_of_sts() {
    let server = Server::start().await;
    let bob = user(&server, ACCOUNT, "Bob", Some(allow("*", "*"))).await;
    for caller in [bob, server.root()] {
        let session = server.session(&caller.sts("GetSessionToken", &[]).await.ok());
        let invalid = "The security token included in the request is invalid.";
        session.iam("ListUsers", &[]).await.refused(403, "InvalidClientTokenId", invalid);
        for operation in ["GetSessionToken", "GetFederationToken", "GetAccessKeyInfo", "DecodeAuthorizationMessage"] {
            let message = format!("Cannot call {operation} with session credentials");
            session.sts(operation, &[]).await.refused(403, "AccessDenied", &message);
        }
        session.sts("GetCallerIdentity", &[]).await.ok();
    }
}

#[tokio::test]
async fn a_role_can_be_assumed_with_it() {
    let server = Server::start().await;
    let bob = user(&server, ACCOUNT, "Bob", None).await;
    let work = role(&server, ACCOUNT, "Work", trusts("arn:aws:iam::000000000000:user/Bob"), None).await;
    let session = server.session(&bob.sts("GetSessionToken", &[]).await.ok());
    assume(&session, &work, &[]).await.ok();
    let root = server.session(&server.root().sts("GetSessionToken", &[]).await.ok());
    let refusal = "Roles may not be assumed by root accounts.";
    assume(&root, &work, &[]).await.refused(403, "AccessDenied", refusal);
}

#[tokio::test]
async fn a_role_cannot_ask_for_it() {
    let server = Server::start().await;
    let bob = user(&server, ACCOUNT, "Bob", None).await;
    let trust = trusts("arn:aws:iam::000000000000:user/Bob");
    let work = role(&server, ACCOUNT, "Work", trust, Some(allow("*", "*"))).await;
    let session = server.session(&assume(&bob, &work, &[]).await.ok());
    let message = "Cannot call GetSessionToken with session credentials";
    session.sts("GetSessionToken", &[]).await.refused(403, "AccessDenied", message);
}

#[tokio::test]
async fn mfa_needs_a_device_and_a_code() {
    let server = Server::start().await;
    let bob = user(&server, ACCOUNT, "Bob", None).await;
    let serial = ("SerialNumber", "arn:aws:iam::000000000000:mfa/none");
    let both = "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.";
    bob.sts("GetSessionToken", &[serial]).await.refused(403, "AccessDenied", both);
    bob.sts("GetSessionToken", &[("TokenCode", "123456")]).await.refused(403, "AccessDenied", both);
    bob.sts("GetSessionToken", &[serial, ("TokenCode", "123456")]).await.refused(
        403,
        "AccessDenied",
        "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid \
         and associated with this user.",
    );
}

#[tokio::test]
async fn it_ends_with_its_user_but_not_with_its_key() {
    let server = Server::start().await;
    let bob = user(&server, ACCOUNT, "Bob", None).await;
    let session = server.session(&bob.sts("GetSessionToken", &[]).await.ok());
    let invalid = "The security token included in the request is invalid.";
    server
        .change(ACCOUNT, |account| {
            let remove_keys = |user: &mut iamd::account::User| {
                user.credentials.access_keys.clear();
                Ok(())
            };
            account.update("Bob", remove_keys).unwrap();
        })
        .await;
    bob.sts("GetCallerIdentity", &[]).await.refused(403, "InvalidClientTokenId", invalid);
    session.sts("GetCallerIdentity", &[]).await.ok();
    server.root().iam("UpdateUser", &[("UserName", "Bob"), ("NewUserName", "Rob")]).await.ok();
    let renamed = session.sts("GetCallerIdentity", &[]).await.ok();
    assert_eq!(renamed.text("Arn"), "arn:aws:iam::000000000000:user/Rob");
    server.root().iam("DeleteUser", &[("UserName", "Rob")]).await.ok();
    session.sts("GetCallerIdentity", &[]).await.refused(403, "InvalidClientTokenId", invalid);
}
