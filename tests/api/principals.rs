//! Users and roles that tests put straight into an account.

use std::collections::BTreeMap;

use iamd::account::{Role, TrustPolicy, User};
use iamd::shapes::{AccountId, IdPrefix, Ids, TagSet};
use serde_json::{Value, json};

use crate::client::{Answer, Client, Server};

/// The account of most tests.
pub const ACCOUNT: &str = "000000000000";

/// A policy of one statement that allows.
pub fn allow(action: &str, resource: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]})
}

/// A trust policy of one statement, with a condition.
pub fn trust(principal: &str, actions: &[&str], condition: Value) -> Value {
    let statement =
        json!({"Effect": "Allow", "Principal": {"AWS": principal}, "Action": actions, "Condition": condition});
    json!({"Version": "2012-10-17", "Statement": [statement]})
}

/// A trust policy that lets a principal assume the role.
pub fn trusts(principal: &str) -> Value {
    trust(principal, &["sts:AssumeRole"], json!({}))
}

/// A user in an account, with one inline policy, and a client with its long-term access key.
pub async fn user(server: &Server, account: &str, name: &str, policy: Option<Value>) -> Client {
    let (id, key, secret) = {
        let mut random = rand::rng();
        let ids = Ids::new(&mut random);
        let key = ids.access_key("AKIA", AccountId::parse(account).unwrap());
        (ids.unique(IdPrefix::Aida), key, ids.secret_access_key())
    };
    let access_key = json!({"id": key, "secret": secret.reveal(), "active": true, "created": 0});
    let credentials = json!({"access_keys": [access_key]});
    let mut user = entity(name, &id, policy);
    user["credentials"] = credentials;
    server.put(account, serde_json::from_value::<User>(user).unwrap()).await;
    server.client(&key, secret.reveal(), None)
}

/// A role in an account: its trust policy and its one inline policy. Gives its ARN.
pub async fn role(server: &Server, account: &str, name: &str, trust: Value, policy: Option<Value>) -> String {
    let id = Ids::new(&mut rand::rng()).unique(IdPrefix::Aroa);
    let mut role = entity(name, &id, policy);
    role["max_session_duration"] = 3600.into();
    server
        .change(account, |account| {
            let resolve = |arn: &str| Some(account.unique_id_of(arn).map(str::to_owned));
            let trust_policy = TrustPolicy::new(&trust.to_string(), resolve).unwrap();
            role["trust_policy"] = serde_json::to_value(trust_policy).unwrap();
            account.put(serde_json::from_value::<Role>(role).unwrap()).unwrap();
        })
        .await;
    format!("arn:aws:iam::{account}:role/{name}")
}

/// What users and roles have in common.
fn entity(name: &str, id: &str, policy: Option<Value>) -> Value {
    let inline: BTreeMap<_, _> = policy.into_iter().map(|policy| ("p", policy.to_string())).collect();
    json!({"name": name, "path": "/", "id": id, "created": 0, "permissions": {"inline": inline}})
}

/// Changes a role of the account of most tests.
pub async fn change_role(server: &Server, name: &str, change: impl FnOnce(&mut Role)) {
    server
        .change(ACCOUNT, |account| {
            account
                .update::<Role, ()>(name, |role| {
                    change(role);
                    Ok(())
                })
                .unwrap();
        })
        .await;
}

/// Tags as an entity keeps them.
pub fn tags(pairs: &[(&str, &str)]) -> TagSet {
    let tags: Vec<_> = pairs.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
    serde_json::from_value(tags.into()).unwrap()
}

/// Assumes a role under the session name `work`.
pub async fn assume(client: &Client, role: &str, more: &[(&str, &str)]) -> Answer {
    let mut parameters = vec![("RoleArn", role), ("RoleSessionName", "work")];
    parameters.extend(more);
    client.sts("AssumeRole", &parameters).await
}

/// AWS's sentence when `AssumeRole` is denied.
pub fn not_authorized(caller: &str, action: &str, resource: &str) -> String {
    format!("User: {caller} is not authorized to perform: {action} on resource: {resource}")
}
