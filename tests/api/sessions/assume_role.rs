//! AssumeRole: who may, under what conditions, for how long.

use iamd::call::Enforcement;
use iamd::config::Settings;
use serde_json::json;

use crate::client::Server;
use crate::principals::{ACCOUNT, allow, assume, change_role, not_authorized, role, tags, trust, trusts, user};

const BOB: &str = "arn:aws:iam::000000000000:user/Bob";
const STRANGER: &str = "111122223333";

#[tokio::test]
async fn the_answer_is_a_session() {
    let server = Server::start().await;
    let bob = user(&server, ACCOUNT, "Bob", None).await;
    role(&server, ACCOUNT, "Work", trusts(BOB), None).await;
    change_role(&server, "Work", |role| role.path = iamd::shapes::Path::new("/a/b/")).await;
    let answer = assume(&bob, "arn:aws:iam::000000000000:role/a/b/Work", &[]).await.ok();
    assert!(answer.text("AccessKeyId").starts_with("ASIAQAAAAAAA"));
    assert_eq!(answer.text("SecretAccessKey").len(), 40);
    assert!(answer.text("SessionToken").starts_with("IQoJ"));
    assert_eq!(answer.text("SessionTokenSize"), answer.text("SessionToken").len().to_string());
    assert!(answer.text("AssumedRoleId").starts_with("AROA") && answer.text("AssumedRoleId").ends_with(":work"));
    assert_eq!(answer.text("Arn"), "arn:aws:sts::000000000000:assumed-role/Work/work", "without the role's path");
    assert!(!answer.has("PackedPolicySize") && !answer.has("SourceIdentity"));
    let padded = assume(&bob, "arn:aws:iam::000000000000:role/a/b/Work", &[("MinimumSessionTokenSize", "4096")]).await;
    let padded = padded.ok();
    assert_eq!(
        (padded.text("SessionTokenSize"), padded.text("SessionTokenUtilization")),
        ("4096".into(), "100".into())
    );
    server.session(&padded).sts("GetCallerIdentity", &[]).await.ok();
}

#[tokio::test]
async fn who_is_named_needs_nothing_else() {
    let server = Server::start().await;
    let bob = user(&server, ACCOUNT, "Bob", None).await;
    let eve = user(&server, ACCOUNT, "Eve", Some(allow("sts:*", "*"))).await;
    let work = role(&server, ACCOUNT, "Work", trusts(BOB), None).await;
    assume(&bob, &work, &[]).await.ok();
    let message = not_authorized("arn:aws:iam::000000000000:user/Eve", "sts:AssumeRole", &work);
    assume(&eve, &work, &[]).await.refused(403, "AccessDenied", &message);
}

#[tokio::test]
async fn an_account_that_is_named_decides_itself() {
    let server = Server::start().await;
    let work = role(&server, ACCOUNT, "Work", trusts("arn:aws:iam::000000000000:root"), None).await;
    let eve = user(&server, ACCOUNT, "Eve", Some(allow("sts:AssumeRole", &work))).await;
    let bob = user(&server, ACCOUNT, "Bob", None).await;
    assume(&eve, &work, &[]).await.ok();
    let message = not_authorized(BOB, "sts:AssumeRole", &work);
    assume(&bob, &work, &[]).await.refused(403, "AccessDenied", &message);
}

#[tokio::test]
async fn an_explicit_deny_on_either_side_counts() {
    let server = Server::start().await;
    let deny = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "sts:*", "Resource": "*"}]});
    let bob = user(&server, ACCOUNT, "Bob", Some(deny)).await;
    let eve = user(&server, ACCOUNT, "Eve", None).await;
    let denying = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"},
        {"Effect": "Deny", "Principal": {"AWS": "arn:aws:iam::000000000000:user/Eve"}, "Action": "sts:AssumeRole"},
    ]});
    let work = role(&server, ACCOUNT, "Work", denying, None).await;
    for (client, name) in [(bob, BOB), (eve, "arn:aws:iam::000000000000:user/Eve")] {
        let message = not_authorized(name, "sts:AssumeRole", &work);
        assume(&client, &work, &[]).await.refused(403, "AccessDenied", &message);
    }
}

#[tokio::test]
async fn another_account_needs_both_sides() {
    let server = Server::start().await;
    let trusting = role(&server, ACCOUNT, "Trusting", trusts("arn:aws:iam::111122223333:root"), None).await;
    let closed = role(&server, ACCOUNT, "Closed", trusts(BOB), None).await;
    let may = user(&server, STRANGER, "May", Some(allow("sts:AssumeRole", "*"))).await;
    let may_not = user(&server, STRANGER, "MayNot", None).await;
    let session = server.session(&assume(&may, &trusting, &[]).await.ok());
    let identity = session.sts("GetCallerIdentity", &[]).await.ok();
    assert_eq!(identity.text("Account"), ACCOUNT, "the session belongs to the role's account");
    let message = not_authorized("arn:aws:iam::111122223333:user/MayNot", "sts:AssumeRole", &trusting);
    assume(&may_not, &trusting, &[]).await.refused(403, "AccessDenied", &message);
    let message = not_authorized("arn:aws:iam::111122223333:user/May", "sts:AssumeRole", &closed);
    assume(&may, &closed, &[]).await.refused(403, "AccessDenied", &message);
}

#[tokio::test]
async fn a_missing_role_looks_like_a_closed_one() {
    for enforcement in [Enforcement::On, Enforcement::Log] {
        let server = Server::with(Settings { enforcement: Some(enforcement), ..Settings::default() }).await;
        let bob = user(&server, ACCOUNT, "Bob", Some(allow("*", "*"))).await;
        role(&server, ACCOUNT, "Work", trusts(BOB), None).await;
        for missing in ["role/None", "role/work", "role/path/Work"] {
            let arn = format!("arn:aws:iam::000000000000:{missing}");
            let message = not_authorized(BOB, "sts:AssumeRole", &arn);
            assume(&bob, &arn, &[]).await.refused(403, "AccessDenied", &message);
        }
    }
}

#[tokio::test]
async fn the_root_user_assumes_no_role() {
    let server = Server::start().await;
    let work = role(&server, ACCOUNT, "Work", trusts("*"), None).await;
    let refusal = "Roles may not be assumed by root accounts.";
    for root in [server.root(), server.root_of(STRANGER)] {
        assume(&root, &work, &[]).await.refused(403, "AccessDenied", refusal);
    }
}

#[tokio::test]
async fn trust_policies_see_the_request_the_role_and_the_caller() {
    let server = Server::start().await;
    let bob = user(&server, ACCOUNT, "Bob", None).await;
    let conditions = json!({"StringEquals": {
        "sts:ExternalId": "secret:1",
        "sts:RoleSessionName": "${aws:username}-session",
        "iam:ResourceTag/Stage": "test",
        "aws:ResourceTag/stage": "test",
        "aws:PrincipalTag/Team": "a",
    }});
    let work = role(&server, ACCOUNT, "Work", trust(BOB, &["sts:AssumeRole"], conditions), None).await;
    change_role(&server, "Work", |role| role.tags = tags(&[("Stage", "test")])).await;
    let tag = |account: &mut iamd::account::Account| {
        let set = |user: &mut iamd::account::User| {
            user.tags = tags(&[("team", "a")]);
            Ok(())
        };
        account.update("Bob", set).unwrap();
    };
    server.change(ACCOUNT, tag).await;
    let (role, name, id) = (("RoleArn", work.as_str()), ("RoleSessionName", "Bob-session"), ("ExternalId", "secret:1"));
    bob.sts("AssumeRole", &[role, name, id]).await.ok();
    bob.sts("AssumeRole", &[role, name]).await.denied();
    bob.sts("AssumeRole", &[role, name, ("ExternalId", "secret:2")]).await.denied();
    bob.sts("AssumeRole", &[role, ("RoleSessionName", "other"), id]).await.denied();
    change_role(&server, "Work", |role| role.tags = tags(&[])).await;
    bob.sts("AssumeRole", &[role, name, id]).await.denied();
}

#[tokio::test]
async fn only_a_roles_arn_is_taken() {
    let server = Server::start().await;
    let bob = user(&server, ACCOUNT, "Bob", Some(allow("sts:AssumeRole", "*"))).await;
    let eve = user(&server, ACCOUNT, "Eve", None).await;
    let wrong =
        ["arn:aws:iam::000000000000:user/Bob", "arn:aws:iam::123456789:role/Work", "arn:aws:s3:::bucket/role/x"];
    for arn in wrong {
        assume(&bob, arn, &[]).await.refused(400, "ValidationError", "Request ARN is invalid");
        let denied = not_authorized("arn:aws:iam::000000000000:user/Eve", "sts:AssumeRole", arn);
        assume(&eve, arn, &[]).await.refused(403, "AccessDenied", &denied);
    }
    let nonsense = "surely not the ARN of a role";
    assume(&bob, nonsense, &[]).await.refused(400, "ValidationError", &format!("{nonsense} is invalid"));
}

#[tokio::test]
async fn constraints_show_the_value() {
    let bob = user(&Server::start().await, ACCOUNT, "Bob", None).await;
    let arn = ("RoleArn", "arn:aws:iam::000000000000:role/Work");
    let broken = |rest: &str| format!("1 validation error detected: {rest}");
    bob.sts("AssumeRole", &[arn, ("RoleSessionName", "a b")]).await.refused(
        400,
        "ValidationError",
        &broken(r"Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*"),
    );
    bob.sts("AssumeRole", &[arn]).await.refused(
        400,
        "ValidationError",
        &broken("Value null at 'roleSessionName' failed to satisfy constraint: Member must not be null"),
    );
    for (seconds, demand) in [("899", "greater than or equal to 900"), ("43201", "less than or equal to 43200")] {
        assume(&bob, arn.1, &[("DurationSeconds", seconds)]).await.refused(
            400,
            "ValidationError",
            &broken(&format!(
                "Value '{seconds}' at 'durationSeconds' failed to satisfy constraint: Member must have value {demand}"
            )),
        );
    }
}

#[tokio::test]
async fn the_role_limits_the_duration() {
    let server = Server::start().await;
    let bob = user(&server, ACCOUNT, "Bob", None).await;
    let work = role(&server, ACCOUNT, "Work", trusts(BOB), None).await;
    let exceeds = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
    assume(&bob, &work, &[("DurationSeconds", "3601")]).await.refused(400, "ValidationError", exceeds);
    change_role(&server, "Work", |role| role.max_session_duration = 7200).await;
    let long = assume(&bob, &work, &[("DurationSeconds", "7200")]).await.ok();
    let usual = assume(&bob, &work, &[]).await.ok();
    server.advance(3600);
    server.session(&long).sts("GetCallerIdentity", &[]).await.ok();
    let expired = "The security token included in the request is expired";
    server.session(&usual).sts("GetCallerIdentity", &[]).await.refused(403, "ExpiredToken", expired);
}

#[tokio::test]
async fn mfa_that_cannot_be_verified_is_refused() {
    let server = Server::start().await;
    let bob = user(&server, ACCOUNT, "Bob", None).await;
    let work = role(&server, ACCOUNT, "Work", trusts(BOB), None).await;
    let both = "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.";
    assume(&bob, &work, &[("TokenCode", "123456")]).await.refused(403, "AccessDenied", both);
    let given = [("SerialNumber", "arn:aws:iam::000000000000:mfa/none"), ("TokenCode", "123456")];
    assume(&bob, &work, &given).await.refused(
        403,
        "AccessDenied",
        "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid \
         and associated with this user.",
    );
    let condition = json!({"Bool": {"aws:MultiFactorAuthPresent": "true"}});
    let guarded = role(&server, ACCOUNT, "Guarded", trust(BOB, &["sts:AssumeRole"], condition), None).await;
    assume(&bob, &guarded, &[]).await.denied();
}

#[tokio::test]
async fn contexts_need_permission_and_a_provider() {
    let server = Server::start().await;
    let bob = user(&server, ACCOUNT, "Bob", None).await;
    let context = [
        ("ProvidedContexts.member.1.ProviderArn", "arn:aws:iam::aws:contextProvider/IdentityCenter"),
        ("ProvidedContexts.member.1.ContextAssertion", "assertion"),
    ];
    let closed = role(&server, ACCOUNT, "Closed", trusts(BOB), None).await;
    let message = not_authorized(BOB, "sts:SetContext", &closed);
    assume(&bob, &closed, &context).await.refused(403, "AccessDenied", &message);
    let provider = "arn:aws:iam::aws:contextProvider/IdentityCenter";
    let condition = json!({"ForAllValues:ArnEquals": {"sts:RequestContextProviders": provider}});
    let open = role(&server, ACCOUNT, "Open", trust(BOB, &["sts:AssumeRole", "sts:SetContext"], condition), None).await;
    let invalid = "The provided context assertion is invalid.";
    assume(&bob, &open, &context).await.refused(400, "InvalidContextAssertion", invalid);
}
