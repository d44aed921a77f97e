//! What sessions have in common: their keys, their end, and servers that share them.

mod assume_role;
mod assume_root;
mod caller_identity;
mod federation_token;
mod role_chaining;
mod scoped_credentials;
mod session_mfa;
mod session_policies;
mod session_tags;
mod session_token;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use iamd::account::Role;
use iamd::config::Settings;
use iamd::identity::{Authenticator, RequestFacts, Session, Standing};
use iamd::shapes::{AccountId, Secret};
use iamd::store::Store;
use serde_json::json;

use crate::client::{Answer, Client, Server};
use crate::principals::{ACCOUNT, allow, assume, change_role, role, trust, trusts, user};

/// The single-valued condition keys that requests with these credentials have.
pub async fn condition_keys(server: &Server, answer: &Answer) -> BTreeMap<String, String> {
    let app = &server.state.app;
    let Authenticator { key, .. } = &app.authenticator;
    let session = Session::open(&answer.text("SessionToken"), key).unwrap();
    let now = app.environment.clock.now().into();
    let facts = RequestFacts {
        request_id: String::new(),
        now,
        source_ip: [127, 0, 0, 1].into(),
        user_agent: None,
        referer: None,
        region: "us-east-1".into(),
        tls: None,
    };
    let caller = iamd::identity::Caller {
        account: session.account,
        principal: session.acting(),
        access_key_id: session.access_key_id.clone(),
        session: Some(Arc::new(session)),
    };
    let account = app.accounts.get(caller.account).await.unwrap().durable();
    let standing = Standing::of(&caller, &account).unwrap();
    let keys = standing.keys(&facts);
    keys.into_iter().map(|(key, values)| (key.into_owned(), values.as_slice().join(","))).collect()
}

/// A user `Bob`, a role `Work` that trusts him and may list groups, and a session of the role.
async fn session(server: &Server) -> (Client, String, Answer) {
    let bob = user(server, ACCOUNT, "Bob", None).await;
    let trust = trust("arn:aws:iam::000000000000:user/Bob", &["sts:AssumeRole", "sts:SetSourceIdentity"], json!({}));
    let work = role(server, ACCOUNT, "Work", trust, Some(allow("iam:ListGroups", "*"))).await;
    let answer = assume(&bob, &work, &[("SourceIdentity", "bob@example")]).await.ok();
    (bob, work, answer)
}

#[tokio::test]
async fn a_session_has_its_keys() {
    let server = Server::start().await;
    let (_, work, answer) = session(&server).await;
    let keys = condition_keys(&server, &answer).await;
    let id = answer.text("AssumedRoleId");
    for (key, value) in [
        ("aws:PrincipalArn", work.as_str()),
        ("aws:PrincipalType", "AssumedRole"),
        ("aws:PrincipalAccount", ACCOUNT),
        ("aws:userid", &id),
        ("aws:SourceIdentity", "bob@example"),
        ("aws:MultiFactorAuthPresent", "false"),
    ] {
        assert_eq!(keys.get(key).map(String::as_str), Some(value), "{key}");
    }
    assert!(keys.contains_key("aws:TokenIssueTime"));
    for absent in ["aws:username", "aws:MultiFactorAuthAge", "aws:FederatedProvider", "sts:TransitiveTagKeys"] {
        assert_eq!(keys.get(absent), None, "{absent}");
    }
}

#[tokio::test]
async fn a_session_may_what_its_role_may() {
    let server = Server::start().await;
    let (_, _, answer) = session(&server).await;
    let session = server.session(&answer);
    session.iam("ListGroups", &[]).await.ok();
    session.iam("ListUsers", &[]).await.refused(
        403,
        "AccessDenied",
        "User: arn:aws:sts::000000000000:assumed-role/Work/work is not authorized to perform: iam:ListUsers on \
         resource: arn:aws:iam::000000000000:user/ because no identity-based policy allows the iam:ListUsers action",
    );
}

#[tokio::test]
async fn the_roles_boundary_limits_its_sessions() {
    let server = Server::start().await;
    let (_, _, answer) = session(&server).await;
    change_role(&server, "Work", |role| {
        role.permissions.boundary = Some("arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess".into());
    })
    .await;
    server.session(&answer).iam("ListGroups", &[]).await.refused(
        403,
        "AccessDenied",
        "User: arn:aws:sts::000000000000:assumed-role/Work/work is not authorized to perform: iam:ListGroups on \
         resource: arn:aws:iam::000000000000:group/ because no permissions boundary allows the iam:ListGroups action",
    );
}

#[tokio::test]
async fn sessions_of_a_deleted_role_are_allowed_nothing() {
    let server = Server::start().await;
    let (_, _, answer) = session(&server).await;
    let session = server.session(&answer);
    // A trust policy that names the session itself would otherwise allow it without the role's own policies.
    let both = ["sts:AssumeRole", "sts:SetSourceIdentity"];
    let named = trust("arn:aws:sts::000000000000:assumed-role/Work/work", &both, json!({}));
    let next = role(&server, ACCOUNT, "Next", named, None).await;
    assume(&session, &next, &[]).await.ok();
    server.change(ACCOUNT, |account| account.remove::<Role>("work")).await;
    let denied = |action: &str, resource: &str| {
        format!(
            "User: arn:aws:sts::000000000000:assumed-role/Work/work is not authorized to perform: {action} on \
             resource: {resource}"
        )
    };
    assume(&session, &next, &[]).await.refused(403, "AccessDenied", &denied("sts:AssumeRole", &next));
    let message = denied("iam:ListGroups", "arn:aws:iam::000000000000:group/")
        + " because no identity-based policy allows the iam:ListGroups action";
    session.iam("ListGroups", &[]).await.refused(403, "AccessDenied", &message);
    // Nor does a role of the same name give them anything.
    role(&server, ACCOUNT, "Work", trusts("*"), Some(allow("*", "*"))).await;
    session.iam("ListGroups", &[]).await.refused(403, "AccessDenied", &message);
}

#[tokio::test]
async fn a_session_ends() {
    let server = Server::start().await;
    let (_, _, answer) = session(&server).await;
    let session = server.session(&answer);
    server.advance(3590);
    session.sts("GetCallerIdentity", &[]).await.ok();
    server.advance(10);
    let expired = "The security token included in the request is expired";
    session.sts("GetCallerIdentity", &[]).await.refused(403, "ExpiredToken", expired);
    session.iam("ListGroups", &[]).await.refused(403, "ExpiredToken", expired);
}

#[tokio::test]
async fn a_token_goes_with_its_key_and_its_secret() {
    let server = Server::start().await;
    let (bob, work, answer) = session(&server).await;
    let other = assume(&bob, &work, &[]).await.ok();
    let invalid = "The security token included in the request is invalid.";
    let (id, secret, token) = (answer.text("AccessKeyId"), answer.text("SecretAccessKey"), answer.text("SessionToken"));
    let foreign = server.client(&id, &secret, Some(&other.text("SessionToken")));
    foreign.sts("GetCallerIdentity", &[]).await.refused(403, "InvalidClientTokenId", invalid);
    let without = server.client(&id, &secret, None);
    without.sts("GetCallerIdentity", &[]).await.refused(403, "InvalidClientTokenId", invalid);
    let altered = server.client(&id, &secret, Some(&token.replacen(&token[20..24], "AAAA", 1)));
    altered.sts("GetCallerIdentity", &[]).await.refused(403, "InvalidClientTokenId", invalid);
    let guessed = server.client(&id, &other.text("SecretAccessKey"), Some(&token)).sts("GetCallerIdentity", &[]).await;
    assert_eq!(guessed.text("Code"), "SignatureDoesNotMatch");
}

#[tokio::test]
async fn sessions_outlive_a_restart() {
    let store = Arc::new(Store::in_memory().await.unwrap());
    let server = Server::on(store.clone(), Settings::default()).await;
    let (_, _, answer) = session(&server).await;
    let restarted = Server::on(store, Settings::default()).await;
    restarted.session(&answer).iam("ListGroups", &[]).await.ok();
    let stranger = Server::start().await.session(&answer);
    let invalid = "The security token included in the request is invalid.";
    stranger.sts("GetCallerIdentity", &[]).await.refused(403, "InvalidClientTokenId", invalid);
}

#[tokio::test]
async fn servers_with_one_session_key_share_sessions() {
    let settings = || Settings { session_key: Some(Secret::new("0123456789abcdef".repeat(4))), ..Settings::default() };
    let issuing = Server::with(settings()).await;
    let other = Server::with(settings()).await;
    let (_, _, answer) = session(&issuing).await;
    let account = AccountId::parse(ACCOUNT).unwrap();
    let work = issuing.state.app.accounts.get(account).await.unwrap().durable().get::<Role>("Work").cloned();
    other.put(ACCOUNT, work.unwrap()).await;
    other.session(&answer).iam("ListGroups", &[]).await.ok();
}

#[tokio::test]
async fn a_roles_last_use_is_kept() {
    let server = Server::start().await;
    let (_, _, answer) = session(&server).await;
    let environment = &server.state.app.environment;
    let account = AccountId::parse(ACCOUNT).unwrap();
    let id = answer.text("AssumedRoleId").replace(":work", "");
    let issued = environment.volatile.usage.last(account, &id).unwrap();
    assert_eq!((issued.service.as_str(), issued.region.as_str()), ("sts", "us-east-1"));
    server.advance(600);
    server.session(&answer).iam("ListGroups", &[]).await.ok();
    let used = environment.volatile.usage.last(account, &id).unwrap();
    assert_eq!(used.service, "iam");
    assert!(used.used.date_time() - issued.used.date_time() >= TimeDelta::seconds(600));
    assert_eq!(
        environment.volatile.usage.last(account, &answer.text("AccessKeyId")),
        None,
        "the keys of sessions are not kept"
    );
}
