//! GetCallerIdentity.

use serde_json::json;

use crate::client::{Client, Server};
use crate::principals::{ACCOUNT, allow, assume, role, trusts, user};

async fn identity(client: &Client) -> [String; 3] {
    let answer = client.sts("GetCallerIdentity", &[]).await.ok();
    ["UserId", "Account", "Arn"].map(|element| answer.text(element))
}

#[tokio::test]
async fn everybody_learns_who_they_are() {
    let server = Server::start().await;
    let root = server.root_of("123456789012");
    assert_eq!(identity(&root).await, ["123456789012", "123456789012", "arn:aws:iam::123456789012:root"]);

    let bob = user(&server, ACCOUNT, "Bob", Some(allow("sts:GetFederationToken", "*"))).await;
    let [id, account, arn] = identity(&bob).await;
    assert!(id.starts_with("AIDA") && id.len() == 21, "{id}");
    assert_eq!((account.as_str(), arn.as_str()), (ACCOUNT, "arn:aws:iam::000000000000:user/Bob"));
    let token = server.session(&bob.sts("GetSessionToken", &[]).await.ok());
    assert_eq!(identity(&token).await, [id, account, arn]);

    let federated = server.session(&bob.sts("GetFederationToken", &[("Name", "Eve")]).await.ok());
    let arn = "arn:aws:sts::000000000000:federated-user/Eve";
    assert_eq!(identity(&federated).await, ["000000000000:Eve", ACCOUNT, arn]);

    let work = role(&server, ACCOUNT, "Work", trusts("arn:aws:iam::000000000000:user/Bob"), None).await;
    let assumed = assume(&bob, &work, &[]).await.ok();
    let session = server.session(&assumed);
    let id = assumed.text("AssumedRoleId");
    assert_eq!(identity(&session).await, [id.as_str(), ACCOUNT, "arn:aws:sts::000000000000:assumed-role/Work/work"]);
}

#[tokio::test]
async fn no_policy_can_deny_it() {
    let server = Server::start().await;
    let deny = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]});
    let bob = user(&server, ACCOUNT, "Bob", Some(deny)).await;
    assert_eq!(identity(&bob).await[2], "arn:aws:iam::000000000000:user/Bob");
}
