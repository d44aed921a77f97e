//! `GetScopedCredentials`: narrower credentials of a session for its holder.

use serde_json::json;

use crate::client::{Answer, Client, Server};
use crate::principals::{ACCOUNT, allow, assume, change_role, role, trusts, user};

const BOB: &str = "arn:aws:iam::000000000000:user/Bob";
const WORK: &str = "arn:aws:sts::000000000000:assumed-role/Work/work";

/// A policy that allows these actions, and further narrowing.
fn scope(actions: &[&str]) -> String {
    let actions = [actions, &["sts:GetScopedCredentials"]].concat();
    let statement = json!({"Effect": "Allow", "Action": actions, "Resource": "*"});
    json!({"Version": "2012-10-17", "Statement": statement}).to_string()
}

/// A session of the role `Work`, which may do everything.
async fn session(server: &Server, more: &[(&str, &str)]) -> Client {
    let bob = user(server, ACCOUNT, "Bob", None).await;
    let work = role(server, ACCOUNT, "Work", trusts(BOB), Some(allow("*", "*"))).await;
    server.session(&assume(&bob, &work, more).await.ok())
}

async fn narrow(client: &Client, parameters: &[(&str, &str)]) -> Answer {
    client.sts("GetScopedCredentials", parameters).await
}

/// AWS's sentence for what a layer does not allow.
fn missing(action: &str, resource: &str) -> String {
    format!(
        "User: {WORK} is not authorized to perform: {action} on resource: {resource} because no session policy allows \
         the {action} action"
    )
}

#[tokio::test]
async fn the_answer_shows_the_same_identity() {
    let server = Server::start().await;
    let bob = user(&server, ACCOUNT, "Bob", Some(allow("*", "*"))).await;
    let caller = server.session(&bob.sts("GetSessionToken", &[]).await.ok());
    let description = ("ScopedSessionDescription", "café agent");
    let answer = narrow(&caller, &[("Policy", &scope(&["s3:*"])), description]).await.ok();
    let identity = caller.sts("GetCallerIdentity", &[]).await.ok();
    assert_eq!(answer.text("ScopedSessionId"), identity.text("UserId"));
    assert_eq!((answer.text("Arn"), answer.text("ScopedPoliciesCount")), (BOB.to_owned(), "1".to_owned()));
    assert!(answer.text("AccessKeyId").starts_with("ASIA"));
    assert!(!answer.has("PackedPolicySize") && !answer.has("SourceIdentity"));
    let size = answer.text("SessionToken").len();
    assert_eq!(answer.text("SessionTokenSize"), size.to_string());
    assert_eq!(answer.text("SessionTokenUtilization"), (size * 100).div_ceil(4096).to_string());
    let shown = server.session(&answer).sts("GetCallerIdentity", &[]).await.ok();
    for member in ["UserId", "Account", "Arn"] {
        assert_eq!(shown.text(member), identity.text(member));
    }
    let order = [
        "<Credentials>",
        "<SessionInfo>",
        "<ScopedSessionId>",
        "<SessionTokenUtilization>",
        "<SessionTokenSize>",
        "<ScopedPoliciesCount>",
    ];
    let places: Vec<_> = order.iter().map(|element| answer.body.find(element).unwrap()).collect();
    assert!(places.is_sorted(), "{}", answer.body);
    let padded = narrow(&caller, &[("DurationSeconds", "60"), ("MinimumSessionTokenSize", "4096")]).await.ok();
    assert_eq!(
        (padded.text("SessionTokenSize"), padded.text("SessionTokenUtilization")),
        ("4096".into(), "100".into())
    );
    assert_eq!(padded.text("ScopedPoliciesCount"), "0");
}

#[tokio::test]
async fn each_policy_narrows_what_was_left() {
    let server = Server::start().await;
    let caller = session(&server, &[]).await;
    let one = server.session(&narrow(&caller, &[("Policy", &scope(&["iam:List*"]))]).await.ok());
    one.iam("ListUsers", &[]).await.ok();
    let sentence = missing("iam:GetAccountSummary", "*");
    one.iam("GetAccountSummary", &[]).await.refused(403, "AccessDenied", &sentence);
    let two = server.session(&narrow(&one, &[("Policy", &scope(&["iam:ListGroups", "iam:GetRole"]))]).await.ok());
    two.iam("ListGroups", &[]).await.ok();
    two.iam("ListUsers", &[]).await.denied();
    // The second policy allows it, the first does not.
    two.iam("GetRole", &[("RoleName", "Work")]).await.denied();
    let deny = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "iam:ListGroups", "Resource": "*"}]});
    let answer = narrow(&two, &[("Policy", &deny.to_string())]).await.ok();
    assert_eq!(answer.text("ScopedPoliciesCount"), "3");
    let refused = server.session(&answer).iam("ListGroups", &[]).await;
    assert!(refused.text("Message").ends_with(" with an explicit deny in a session policy"), "{}", refused.body);
}

#[tokio::test]
async fn three_policies_are_the_most_and_a_duration_alone_does_not_count() {
    let server = Server::start().await;
    // The session policies of the role's session are none of them.
    let everything = allow("*", "*").to_string();
    let mut client = session(&server, &[("Policy", &everything)]).await;
    for count in ["1", "2", "3"] {
        let answer = narrow(&client, &[("Policy", &everything)]).await.ok();
        assert_eq!(answer.text("ScopedPoliciesCount"), count);
        client = server.session(&answer);
    }
    let full = "The session has 3 scoped policies already.";
    narrow(&client, &[("Policy", &everything)]).await.refused(403, "AccessDenied", full);
    let shorter = narrow(&client, &[("DurationSeconds", "60")]).await.ok();
    assert_eq!(shorter.text("ScopedPoliciesCount"), "3");
    server.session(&shorter).iam("ListUsers", &[]).await.ok();
}

#[tokio::test]
async fn a_policy_that_does_not_allow_it_ends_the_narrowing() {
    let server = Server::start().await;
    let caller = session(&server, &[]).await;
    let last = server.session(&narrow(&caller, &[("Policy", &allow("iam:*", "*").to_string())]).await.ok());
    narrow(&last, &[("DurationSeconds", "60")]).await.denied();
    let bob = user(&server, ACCOUNT, "Eve", Some(allow("s3:*", "*"))).await;
    let without = server.session(&bob.sts("GetSessionToken", &[]).await.ok());
    narrow(&without, &[("DurationSeconds", "60")]).await.denied();
}

#[tokio::test]
async fn a_trust_policy_that_names_the_session_lifts_nothing() {
    let server = Server::start().await;
    let caller = session(&server, &[]).await;
    let next = role(&server, ACCOUNT, "Next", trusts(WORK), None).await;
    assume(&caller, &next, &[]).await.ok();
    let narrow_one = server.session(&narrow(&caller, &[("Policy", &scope(&["iam:*"]))]).await.ok());
    assume(&narrow_one, &next, &[]).await.denied();
    let able = server.session(&narrow(&caller, &[("Policy", &scope(&["sts:AssumeRole"]))]).await.ok());
    let chained = server.session(&assume(&able, &next, &[]).await.ok());
    change_role(&server, "Next", |role| role.permissions.attached.push(ADMIN.to_owned())).await;
    // The next role's session has no layers.
    chained.iam("ListUsers", &[]).await.ok();
}

const ADMIN: &str = "arn:aws:iam::aws:policy/AdministratorAccess";

#[tokio::test]
async fn only_temporary_credentials_may_ask() {
    let server = Server::start().await;
    let bob = user(&server, ACCOUNT, "Bob", Some(allow("*", "*"))).await;
    let message = "Cannot call GetScopedCredentials with long-term credentials";
    for caller in [bob.clone(), server.root()] {
        narrow(&caller, &[("DurationSeconds", "60")]).await.refused(403, "AccessDenied", message);
    }
    let everything = allow("*", "*").to_string();
    let federated = bob.sts("GetFederationToken", &[("Name", "Eve"), ("Policy", &everything)]).await.ok();
    let root = server.root().sts("GetSessionToken", &[]).await.ok();
    for (answer, id, arn) in [
        (federated, "000000000000:Eve", "arn:aws:sts::000000000000:federated-user/Eve"),
        (root, "000000000000", "arn:aws:iam::000000000000:root"),
    ] {
        let scoped = narrow(&server.session(&answer), &[("Policy", &scope(&["s3:*"]))]).await.ok();
        assert_eq!((scoped.text("ScopedSessionId").as_str(), scoped.text("Arn").as_str()), (id, arn));
        let scoped = server.session(&scoped);
        scoped.sts("GetCallerIdentity", &[]).await.ok();
        narrow(&scoped, &[("DurationSeconds", "60")]).await.ok();
    }
}

#[tokio::test]
async fn a_session_is_never_prolonged() {
    let server = Server::start().await;
    let caller = session(&server, &[("DurationSeconds", "900")]).await;
    let message = "The requested DurationSeconds exceeds the remaining lifetime of the calling session.";
    let expiration = narrow(&caller, &[("Policy", &scope(&["iam:*"]))]).await.ok().text("Expiration");
    server.advance(600);
    let longer = narrow(&caller, &[("DurationSeconds", "301")]).await;
    longer.refused(400, "InsufficientSessionLifetime", message);
    let later = narrow(&caller, &[("Policy", &scope(&["iam:*"]))]).await.ok();
    assert_eq!(later.text("Expiration"), expiration);
    let short = server.session(&narrow(&caller, &[("DurationSeconds", "60")]).await.ok());
    server.advance(60);
    assert_eq!(short.iam("ListUsers", &[]).await.text("Code"), "ExpiredToken");
    caller.iam("ListUsers", &[]).await.ok();
}

#[tokio::test]
async fn what_is_asked_for_is_checked() {
    let server = Server::start().await;
    let caller = session(&server, &[]).await;
    let neither = "At least one of Policy and DurationSeconds must be specified.";
    narrow(&caller, &[("ScopedSessionDescription", "agent")]).await.refused(400, "ValidationError", neither);
    let broken = "Syntax errors in policy.";
    narrow(&caller, &[("Policy", "{}")]).await.refused(400, "MalformedPolicyDocument", broken);
}

#[tokio::test]
async fn scoped_sessions_end_with_the_role_and_its_revocation() {
    let server = Server::start().await;
    let caller = session(&server, &[]).await;
    server.advance(60);
    let scoped = server.session(&narrow(&caller, &[("Policy", &scope(&["iam:*"]))]).await.ok());
    scoped.iam("ListUsers", &[]).await.ok();
    let since = (server.state.app.environment.clock.now() - chrono::TimeDelta::seconds(30)).to_rfc3339();
    let deny = json!({"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*",
        "Condition": {"DateLessThan": {"aws:TokenIssueTime": since}}}});
    let revoke = [("RoleName", "Work"), ("PolicyName", "Revoke"), ("PolicyDocument", &deny.to_string())];
    server.root().iam("PutRolePolicy", &revoke).await.ok();
    scoped.iam("ListUsers", &[]).await.denied();
    for policy in ["Revoke", "p"] {
        server.root().iam("DeleteRolePolicy", &[("RoleName", "Work"), ("PolicyName", policy)]).await.ok();
    }
    server.root().iam("DeleteRole", &[("RoleName", "Work")]).await.ok();
    let gone = "The credentials belong to a session that is not valid any more.";
    narrow(&scoped, &[("DurationSeconds", "60")]).await.refused(400, "InvalidSubjectCredentials", gone);
}
