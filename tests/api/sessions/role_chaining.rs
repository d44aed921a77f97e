//! Roles that assume roles.

use serde_json::json;

use crate::client::Server;
use crate::principals::{ACCOUNT, allow, assume, change_role, not_authorized, role, trust, trusts, user};

const BOB: &str = "arn:aws:iam::000000000000:user/Bob";
const ONE: &str = "arn:aws:sts::000000000000:assumed-role/One/work";

#[tokio::test]
async fn a_chained_session_lives_an_hour_at_most() {
    let server = Server::start().await;
    let bob = user(&server, ACCOUNT, "Bob", None).await;
    let one = role(&server, ACCOUNT, "One", trusts(BOB), None).await;
    let two = role(&server, ACCOUNT, "Two", trusts("*"), None).await;
    change_role(&server, "Two", |role| role.max_session_duration = 43200).await;
    assume(&bob, &two, &[("DurationSeconds", "43200")]).await.ok();
    let session = server.session(&assume(&bob, &one, &[]).await.ok());
    assume(&session, &two, &[("DurationSeconds", "3600")]).await.ok();
    assume(&session, &two, &[("DurationSeconds", "3601")]).await.refused(
        400,
        "ValidationError",
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
    );
}

#[tokio::test]
async fn a_role_must_trust_itself_to_be_assumed_by_itself() {
    let server = Server::start().await;
    let bob = user(&server, ACCOUNT, "Bob", None).await;
    let one = role(&server, ACCOUNT, "One", trusts(BOB), Some(allow("sts:AssumeRole", "*"))).await;
    let session = server.session(&assume(&bob, &one, &[]).await.ok());
    let message = not_authorized(ONE, "sts:AssumeRole", &one);
    assume(&session, &one, &[]).await.refused(403, "AccessDenied", &message);
}

#[tokio::test]
async fn setting_a_source_identity_needs_permission() {
    let server = Server::start().await;
    let bob = user(&server, ACCOUNT, "Bob", None).await;
    let one = role(&server, ACCOUNT, "One", trusts(BOB), None).await;
    let message = not_authorized(BOB, "sts:SetSourceIdentity", &one);
    assume(&bob, &one, &[("SourceIdentity", "bob")]).await.refused(403, "AccessDenied", &message);
    assert!(!assume(&bob, &one, &[]).await.ok().has("SourceIdentity"));
}

#[tokio::test]
async fn a_source_identity_stays_along_the_chain() {
    let server = Server::start().await;
    let bob = user(&server, ACCOUNT, "Bob", None).await;
    let both = ["sts:AssumeRole", "sts:SetSourceIdentity"];
    let named = json!({"StringLike": {"sts:SourceIdentity": "b*"}});
    let one = role(&server, ACCOUNT, "One", trust(BOB, &both, named.clone()), None).await;
    let two = role(&server, ACCOUNT, "Two", trust(&one, &both, named), None).await;
    let three = role(&server, ACCOUNT, "Three", trusts(&one), None).await;
    assume(&bob, &one, &[("SourceIdentity", "eve")]).await.denied();
    assume(&bob, &one, &[]).await.denied();
    let first = assume(&bob, &one, &[("SourceIdentity", "bob")]).await.ok();
    assert_eq!(first.text("SourceIdentity"), "bob");
    let session = server.session(&first);
    assert_eq!(assume(&session, &two, &[]).await.ok().text("SourceIdentity"), "bob");
    assert_eq!(assume(&session, &two, &[("SourceIdentity", "bob")]).await.ok().text("SourceIdentity"), "bob");
    let changed = not_authorized(ONE, "sts:SetSourceIdentity", &two);
    assume(&session, &two, &[("SourceIdentity", "bill")]).await.refused(403, "AccessDenied", &changed);
    let inherited = not_authorized(ONE, "sts:SetSourceIdentity", &three);
    assume(&session, &three, &[]).await.refused(403, "AccessDenied", &inherited);
}
