//! Decisions that policies make slow go through the gate; everyone else's calls go on.

use std::sync::Arc;

use iamd::app::Gate;
use serde_json::{Value, json};

use crate::client::{Client, Server};
use crate::principals::{ACCOUNT, assume, role, trust, trusts, user};

/// A server on which nothing may compute long: what needs the gate waits for ever.
async fn server_with_closed_gate() -> Server {
    let mut server = Server::start().await;
    Arc::get_mut(&mut server.state).unwrap().app.gate = Arc::new(Gate::new(0));
    server
}

/// Two hundred patterns that are compared with each key of the request's tags.
fn slow_policy() -> Value {
    let condition = json!({"ForAnyValue:StringLike": {"aws:TagKeys": vec!["*a?b*"; 200]}});
    let statement = json!({"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition});
    json!({"Version": "2012-10-17", "Statement": [statement, {"Effect": "Allow", "Action": "*", "Resource": "*"}]})
}

/// The parameters of fifty tags with long keys.
fn fifty_tags() -> Vec<(String, String)> {
    let tag = |number: usize| {
        let name = |part| format!("Tags.member.{number}.{part}");
        [(name("Key"), format!("{}{number:02}", "a".repeat(126))), (name("Value"), "v".to_owned())]
    };
    (1..=50).flat_map(tag).collect()
}

async fn assume_with(client: &Client, role: &str, tags: &[(String, String)]) -> u16 {
    let tags: Vec<_> = tags.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assume(client, role, &tags).await.status
}

#[tokio::test]
async fn a_slow_decision_waits_for_the_gate_and_others_do_not() {
    let server = server_with_closed_gate().await;
    let mallory = user(&server, ACCOUNT, "mallory", Some(slow_policy())).await;
    let tagging = trust("*", &["sts:AssumeRole", "sts:TagSession"], json!({}));
    let target = role(&server, ACCOUNT, "target", tagging, None).await;
    let (neighbour, tags) = (server.root_of("111122223333"), fifty_tags());
    tokio::select! {
        biased;
        status = assume_with(&mallory, &target, &tags) => panic!("decided without the gate: {status}"),
        answer = neighbour.sts("GetCallerIdentity", &[]) => drop(answer.ok()),
    }
    assert_eq!(assume_with(&mallory, &target, &tags[..2]).await, 200, "with one tag the same decision is quick");
}

#[tokio::test]
async fn ordinary_decisions_do_not_need_the_gate() {
    let server = server_with_closed_gate().await;
    let ann = user(&server, ACCOUNT, "ann", Some(slow_policy())).await;
    let target = role(&server, ACCOUNT, "target", trusts("*"), None).await;
    assume(&ann, &target, &[]).await.ok();
    ann.iam("ListUsers", &[]).await.ok();
}

#[tokio::test]
async fn many_policies_are_gathered_through_the_gate() {
    let server = server_with_closed_gate().await;
    let ann = user(&server, ACCOUNT, "ann", None).await;
    server
        .change(ACCOUNT, |account| {
            let many = |user: &mut iamd::account::User| {
                user.permissions.attached = vec!["arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned(); 20];
                Ok(())
            };
            account.update::<iamd::account::User, ()>("ann", many).unwrap();
        })
        .await;
    let root = server.root();
    tokio::select! {
        biased;
        answer = ann.iam("GetUser", &[]) => panic!("gathered without the gate: {}", answer.body),
        answer = root.iam("ListUsers", &[]) => drop(answer.ok()),
    }
}
