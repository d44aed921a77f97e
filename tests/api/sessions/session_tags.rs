//! Session tags.

use serde_json::{Value, json};

use crate::client::{Client, Server};
use crate::principals::{ACCOUNT, assume, change_role, not_authorized, role, tags, trust, trusts, user};

const BOB: &str = "arn:aws:iam::000000000000:user/Bob";
const TEAM: [(&str, &str); 2] = [("Tags.member.1.Key", "Team"), ("Tags.member.1.Value", "a")];
const COST: [(&str, &str); 2] = [("Tags.member.2.Key", "Cost"), ("Tags.member.2.Value", "1")];
const TRANSITIVE: (&str, &str) = ("TransitiveTagKeys.member.1", "team");

/// A policy that allows listing groups to principals with a tag.
fn groups_for(key: &str, value: &str) -> Value {
    let condition = json!({"StringEquals": {format!("aws:PrincipalTag/{key}"): value}});
    let statement = json!({"Effect": "Allow", "Action": "iam:ListGroups", "Resource": "*", "Condition": condition});
    json!({"Version": "2012-10-17", "Statement": [statement]})
}

fn tagging(principal: &str, condition: Value) -> Value {
    trust(principal, &["sts:AssumeRole", "sts:TagSession"], condition)
}

async fn bob_and_role(server: &Server, trust: Value, policy: Option<Value>) -> (Client, String) {
    let bob = user(server, ACCOUNT, "Bob", None).await;
    (bob, role(server, ACCOUNT, "One", trust, policy).await)
}

#[tokio::test]
async fn tags_need_tag_session_in_the_trust_policy() {
    let server = Server::start().await;
    let (bob, one) = bob_and_role(&server, trusts("*"), None).await;
    let message = not_authorized(BOB, "sts:TagSession", &one);
    assume(&bob, &one, &TEAM).await.refused(403, "AccessDenied", &message);
    assume(&bob, &one, &[]).await.ok();
}

#[tokio::test]
async fn trust_policies_see_the_tags() {
    let server = Server::start().await;
    let condition = json!({
        "StringEquals": {"aws:RequestTag/team": "a"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["Team"], "sts:TransitiveTagKeys": ["team"]},
    });
    let (bob, one) = bob_and_role(&server, tagging("*", condition), None).await;
    assume(&bob, &one, &TEAM).await.ok();
    assume(&bob, &one, &[TEAM.as_slice(), &[TRANSITIVE]].concat()).await.ok();
    assume(&bob, &one, &[]).await.denied();
    assume(&bob, &one, &[TEAM.as_slice(), &COST].concat()).await.denied();
    assume(&bob, &one, &[TEAM[0], ("Tags.member.1.Value", "b")]).await.denied();
}

/// One statement for both actions cannot have a condition on a key that only one of them has.
#[tokio::test]
async fn tagging_is_decided_with_its_own_keys() {
    let server = Server::start().await;
    let external = ("ExternalId", "secret:1");
    let both = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"];
    for (key, value) in [("sts:ExternalId", external.1), ("sts:RoleSessionName", "work")] {
        let condition = json!({"StringEquals": {key: value}});
        let bob = user(&server, ACCOUNT, &format!("Bob-{}", &key[4..]), None).await;
        let one = role(&server, ACCOUNT, &key[4..], trust("*", &both, condition), None).await;
        assume(&bob, &one, &[external]).await.ok();
        assume(&bob, &one, &[external, TEAM[0], TEAM[1]]).await.denied();
        assume(&bob, &one, &[external, ("SourceIdentity", "bob")]).await.denied();
    }
    let bob = user(&server, ACCOUNT, "Bob", None).await;
    for (key, value) in [("aws:RequestTag/Team", "a"), ("sts:SourceIdentity", "bob")] {
        let condition = json!({"StringEquals": {key: value}});
        let name = key.replace([':', '/'], "-");
        let one = role(&server, ACCOUNT, &name, trust("*", &both, condition), None).await;
        let tags = TEAM.to_vec();
        let identity = vec![("SourceIdentity", "bob")];
        let (own, further) = if key.starts_with("sts") { (identity, tags) } else { (tags, identity) };
        assume(&bob, &one, &own).await.ok();
        assume(&bob, &one, &[own, further].concat()).await.denied();
    }
}

#[tokio::test]
async fn a_sessions_tags_override_the_roles() {
    let server = Server::start().await;
    let (bob, one) = bob_and_role(&server, tagging("*", json!({})), Some(groups_for("team", "a"))).await;
    change_role(&server, "One", |role| role.tags = tags(&[("team", "b")])).await;
    let untagged = server.session(&assume(&bob, &one, &[]).await.ok());
    untagged.iam("ListGroups", &[]).await.denied();
    let answer = assume(&bob, &one, &TEAM).await.ok();
    assert!(answer.has("PackedPolicySize"));
    server.session(&answer).iam("ListGroups", &[]).await.ok();
}

#[tokio::test]
async fn keys_are_checked() {
    let server = Server::start().await;
    let (bob, one) = bob_and_role(&server, tagging("*", json!({})), None).await;
    let refusals = [
        (
            vec![("Tags.member.2.Key", "team"), ("Tags.member.2.Value", "b")],
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        ),
        (
            vec![("Tags.member.2.Key", "aws:x"), ("Tags.member.2.Value", "b")],
            "Tag keys starting with 'aws:' are reserved for system use",
        ),
        (
            vec![("TransitiveTagKeys.member.1", "Cost")],
            "The specified transitive tag key must be included in the requested tags.",
        ),
    ];
    for (more, message) in refusals {
        let answer = assume(&bob, &one, &[TEAM.as_slice(), &more].concat()).await;
        answer.refused(400, "InvalidParameterValue", message);
    }
}

#[tokio::test]
async fn transitive_tags_go_along_a_chain() {
    let server = Server::start().await;
    let (bob, one) = bob_and_role(&server, tagging("*", json!({})), None).await;
    let chained =
        json!({"StringEquals": {"aws:RequestTag/Team": "a"}, "ForAnyValue:StringEquals": {"aws:TagKeys": "Team"}});
    let two = role(&server, ACCOUNT, "Two", tagging(&one, chained.clone()), Some(groups_for("Team", "a"))).await;
    let three = role(&server, ACCOUNT, "Three", tagging(&two, chained), Some(groups_for("Team", "a"))).await;
    change_role(&server, "Two", |role| role.tags = tags(&[("team", "b")])).await;
    let given = [TEAM.as_slice(), &COST, &[TRANSITIVE]].concat();
    let first = server.session(&assume(&bob, &one, &given).await.ok());
    let second = server.session(&assume(&first, &two, &[]).await.ok());
    second.iam("ListGroups", &[]).await.ok();
    let third = assume(&second, &three, &[]).await.ok();
    server.session(&third).iam("ListGroups", &[]).await.ok();
    let keys = crate::sessions::condition_keys(&server, &third).await;
    assert_eq!(keys.get("aws:PrincipalTag/Team").map(String::as_str), Some("a"));
    assert_eq!(keys.get("aws:PrincipalTag/Cost"), None, "what is not transitive ends with its session");
    assert_eq!(keys.get("sts:TransitiveTagKeys").map(String::as_str), Some("Team"));
}

#[tokio::test]
async fn inherited_tags_need_tag_session_as_well() {
    let server = Server::start().await;
    let (bob, one) = bob_and_role(&server, tagging("*", json!({})), None).await;
    let two = role(&server, ACCOUNT, "Two", trusts(&one), None).await;
    let plain = server.session(&assume(&bob, &one, &TEAM).await.ok());
    assume(&plain, &two, &[]).await.ok();
    let given = [TEAM.as_slice(), &[TRANSITIVE]].concat();
    let handing_down = server.session(&assume(&bob, &one, &given).await.ok());
    let caller = "arn:aws:sts::000000000000:assumed-role/One/work";
    let message = not_authorized(caller, "sts:TagSession", &two);
    assume(&handing_down, &two, &[]).await.refused(403, "AccessDenied", &message);
}

#[tokio::test]
async fn an_inherited_tag_cannot_be_set_again() {
    let server = Server::start().await;
    let (bob, one) = bob_and_role(&server, tagging("*", json!({})), None).await;
    let two = role(&server, ACCOUNT, "Two", tagging(&one, json!({})), None).await;
    let given = [TEAM.as_slice(), &[TRANSITIVE]].concat();
    let session = server.session(&assume(&bob, &one, &given).await.ok());
    for value in ["a", "b"] {
        let again = [("Tags.member.1.Key", "TEAM"), ("Tags.member.1.Value", value)];
        assume(&session, &two, &again).await.refused(
            400,
            "InvalidParameterValue",
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from \
             the calling session.",
        );
    }
}

#[tokio::test]
async fn too_many_tags_are_refused() {
    let server = Server::start().await;
    let (bob, one) = bob_and_role(&server, tagging("*", json!({})), None).await;
    let names: Vec<_> = (1..=51).map(|n| (format!("Tags.member.{n}.Key"), format!("Tags.member.{n}.Value"))).collect();
    let values: Vec<_> =
        (1..=51).map(|n: u64| (format!("key{n}"), format!("{:x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15)))).collect();
    let pairs: Vec<_> = names
        .iter()
        .zip(&values)
        .flat_map(|(names, values)| [(names.0.as_str(), values.0.as_str()), (names.1.as_str(), values.1.as_str())])
        .collect();
    let answer = assume(&bob, &one, &pairs[..100]).await.ok();
    assert_eq!(answer.text("PackedPolicySize"), answer.text("SessionTokenUtilization"));
    assume(&bob, &one, &pairs).await.refused(
        400,
        "ValidationError",
        "1 validation error detected: Value '[]' at 'tags' failed to satisfy constraint: Member must have length less \
         than or equal to 50",
    );
}
