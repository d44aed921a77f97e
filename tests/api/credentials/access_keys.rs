//! Access keys.

use iamd::config::Settings;

use crate::client::{Answer, Client, Server};

const INVALID: &str = "The security token included in the request is invalid.";
const NAMELESS: &str = "Must specify userName when calling with non-User credentials";

fn client_of(server: &Server, made: &Answer) -> Client {
    server.client(&made.text("AccessKeyId"), &made.text("SecretAccessKey"), None)
}

/// A user that may do `actions` on `resource`.
pub async fn user_who_may(server: &Server, name: &str, actions: &str, resource: &str) -> Client {
    let root = server.root();
    root.iam("CreateUser", &[("UserName", name)]).await.ok();
    let user = server.user(name).await;
    let document = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":{actions},"Resource":"{resource}"}}}}"#
    );
    let policy = [("UserName", name), ("PolicyName", "p"), ("PolicyDocument", document.as_str())];
    root.iam("PutUserPolicy", &policy).await.ok();
    user
}

#[tokio::test]
async fn a_key_works_until_it_is_inactive_or_deleted() {
    let server = Server::start().await;
    let root = server.root();
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    let made = root.iam("CreateAccessKey", &[("UserName", "bob")]).await.ok();
    assert_eq!((made.text("UserName"), made.text("Status")), ("Bob".to_owned(), "Active".to_owned()));
    assert_eq!(made.text("SecretAccessKey").len(), 40);
    let id = made.text("AccessKeyId");
    assert!(id.starts_with("AKIA") && id.len() == 20, "{id}");
    let bob = client_of(&server, &made);
    assert_eq!(bob.sts("GetCallerIdentity", &[]).await.ok().text("Arn"), "arn:aws:iam::000000000000:user/Bob");

    let status = |status| [("UserName", "Bob"), ("AccessKeyId", id.as_str()), ("Status", status)];
    root.iam("UpdateAccessKey", &status("Inactive")).await.ok();
    bob.sts("GetCallerIdentity", &[]).await.refused(403, "InvalidClientTokenId", INVALID);
    let listed = root.iam("ListAccessKeys", &[("UserName", "Bob")]).await.ok();
    assert_eq!((listed.text("AccessKeyId"), listed.text("Status")), (id.clone(), "Inactive".to_owned()));
    assert!(!listed.body.contains(&made.text("SecretAccessKey")), "the secret is shown once");
    root.iam("UpdateAccessKey", &status("Active")).await.ok();
    bob.sts("GetCallerIdentity", &[]).await.ok();

    let first = "Cannot delete entity, must delete access keys first.";
    root.iam("DeleteUser", &[("UserName", "Bob")]).await.refused(409, "DeleteConflict", first);
    root.iam("DeleteAccessKey", &[("UserName", "Bob"), ("AccessKeyId", &id)]).await.ok();
    bob.sts("GetCallerIdentity", &[]).await.refused(403, "InvalidClientTokenId", INVALID);
    root.iam("DeleteUser", &[("UserName", "Bob")]).await.ok();
}

#[tokio::test]
async fn two_keys_at_most_are_listed_in_the_order_of_their_creation() {
    let server = Server::start().await;
    let root = server.root();
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    let bob = [("UserName", "Bob")];
    let mut ids = Vec::new();
    for _ in 0..2 {
        server.advance(1);
        ids.push(root.iam("CreateAccessKey", &bob).await.ok().text("AccessKeyId"));
    }
    let message = "Cannot exceed quota for AccessKeysPerUser: 2";
    root.iam("CreateAccessKey", &bob).await.refused(409, "LimitExceeded", message);
    let first = root.iam("ListAccessKeys", &[("UserName", "Bob"), ("MaxItems", "1")]).await.ok();
    assert_eq!((first.text("AccessKeyId"), first.text("IsTruncated")), (ids[0].clone(), "true".to_owned()));
    let rest = root.iam("ListAccessKeys", &[("UserName", "Bob"), ("Marker", &first.text("Marker"))]).await.ok();
    assert_eq!(rest.texts("AccessKeyId"), [ids[1].as_str()]);

    let quota = Settings { quota: vec![("AccessKeysPerUser".to_owned(), 1)], ..Settings::default() };
    let root = Server::with(quota).await.root();
    root.iam("CreateAccessKey", &[]).await.ok();
    let message = "Cannot exceed quota for AccessKeysPerUser: 1";
    root.iam("CreateAccessKey", &[]).await.refused(409, "LimitExceeded", message);
}

#[tokio::test]
async fn what_does_not_exist_is_reported_in_awss_words() {
    let server = Server::start().await;
    let root = server.root();
    let nobody = "The user with name Nobody cannot be found.";
    let key = "AKIAAAAAAAAAAAAAAAAA";
    for action in ["CreateAccessKey", "ListAccessKeys", "DeleteAccessKey", "UpdateAccessKey"] {
        let call = [("UserName", "Nobody"), ("AccessKeyId", key), ("Status", "Inactive")];
        root.iam(action, &call).await.refused(404, "NoSuchEntity", nobody);
    }
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    for (action, full_stop) in [("DeleteAccessKey", ""), ("UpdateAccessKey", ".")] {
        let message = format!("The Access Key with id {key} cannot be found{full_stop}");
        let call = [("UserName", "Bob"), ("AccessKeyId", key), ("Status", "Inactive")];
        root.iam(action, &call).await.refused(404, "NoSuchEntity", &message);
        root.iam(action, &[("AccessKeyId", key), ("Status", "Inactive")]).await.refused(404, "NoSuchEntity", &message);
    }
    let id = server.root().iam("CreateAccessKey", &[("UserName", "Bob")]).await.ok().text("AccessKeyId");
    let expired =
        root.iam("UpdateAccessKey", &[("UserName", "Bob"), ("AccessKeyId", &id), ("Status", "Expired")]).await;
    expired.refused(400, "InvalidInput", "Operation does not support status Expired");
    root.iam("UpdateAccessKey", &[("AccessKeyId", &id), ("Status", "active")]).await.refused(
        400,
        "ValidationError",
        "1 validation error detected: Value at 'status' failed to satisfy constraint: \
         Member must satisfy enum value set",
    );
}

#[tokio::test]
async fn the_root_users_keys_are_its_accounts() {
    let server = Server::start().await;
    let root = server.root_of("111122223333");
    let made = root.iam("CreateAccessKey", &[]).await.ok();
    assert!(!made.has("UserName"), "the root user has no name");
    let with_key = client_of(&server, &made);
    let identity = with_key.sts("GetCallerIdentity", &[]).await.ok();
    assert_eq!(identity.text("Arn"), "arn:aws:iam::111122223333:root");
    assert_eq!(with_key.iam("ListAccessKeys", &[]).await.ok().texts("AccessKeyId"), [made.text("AccessKeyId")]);
    let id = made.text("AccessKeyId");
    let last = root.iam("GetAccessKeyLastUsed", &[("AccessKeyId", &id)]).await.ok();
    assert_eq!((last.text("ServiceName"), last.has("UserName")), ("iam".to_owned(), false));
    with_key.iam("DeleteAccessKey", &[("AccessKeyId", &id)]).await.ok();
    with_key.sts("GetCallerIdentity", &[]).await.refused(403, "InvalidClientTokenId", INVALID);
}

#[tokio::test]
async fn the_last_use_is_reported() {
    let server = Server::start().await;
    let root = server.root();
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    let made = root.iam("CreateAccessKey", &[("UserName", "Bob")]).await.ok();
    let id = made.text("AccessKeyId");
    let never = root.iam("GetAccessKeyLastUsed", &[("AccessKeyId", &id)]).await.ok();
    assert_eq!(never.text("UserName"), "Bob");
    assert_eq!((never.text("ServiceName"), never.text("Region")), ("N/A".to_owned(), "N/A".to_owned()));
    assert!(!never.has("LastUsedDate"));
    let bob = client_of(&server, &made).in_region("eu-west-1");
    bob.sts("GetCallerIdentity", &[]).await.ok();
    let used = root.iam("GetAccessKeyLastUsed", &[("AccessKeyId", &id)]).await.ok();
    assert_eq!((used.text("ServiceName"), used.text("Region")), ("sts".to_owned(), "eu-west-1".to_owned()));
    assert!(used.text("LastUsedDate").ends_with('Z'));
    bob.iam("GetUser", &[]).await.denied();
    let used = root.iam("GetAccessKeyLastUsed", &[("AccessKeyId", &id)]).await.ok();
    let by_iam = (used.text("ServiceName"), used.text("Region"));
    assert_eq!(by_iam, ("iam".to_owned(), "us-east-1".to_owned()), "calls of IAM are in no other region");
    let unknown = "AKIAAAAAAAAAAAAAAAAA";
    root.iam("GetAccessKeyLastUsed", &[("AccessKeyId", unknown)]).await.refused(
        403,
        "AccessDenied",
        &format!(
            "User: arn:aws:iam::000000000000:root is not authorized to perform iam:GetAccessKeyLastUsed on resource: \
             access key {unknown}"
        ),
    );
    let other = server.root_of("111122223333");
    other.iam("GetAccessKeyLastUsed", &[("AccessKeyId", &id)]).await.denied();
}

#[tokio::test]
async fn users_need_permission_even_for_their_own_keys() {
    let server = Server::start().await;
    server.root().iam("CreateUser", &[("UserName", "Eve")]).await.ok();
    let eve = server.user("Eve").await;
    for action in ["CreateAccessKey", "ListAccessKeys"] {
        eve.iam(action, &[]).await.refused(
            403,
            "AccessDenied",
            &format!(
                "User: arn:aws:iam::000000000000:user/Eve is not authorized to perform: iam:{action} on resource: \
                 user nullEve because no identity-based policy allows the iam:{action} action"
            ),
        );
    }
}

#[tokio::test]
async fn users_with_the_permission_manage_their_own_keys_and_no_others() {
    let server = Server::start().await;
    let own = "arn:aws:iam::*:user/${aws:username}";
    let bob = user_who_may(&server, "Bob", r#""iam:*AccessKey*""#, own).await;
    let made = bob.iam("CreateAccessKey", &[]).await.ok();
    assert_eq!(made.text("UserName"), "Bob");
    let id = made.text("AccessKeyId");
    bob.iam("GetAccessKeyLastUsed", &[("AccessKeyId", &id)]).await.ok();
    bob.iam("UpdateAccessKey", &[("AccessKeyId", &id), ("Status", "Inactive")]).await.ok();
    bob.iam("DeleteAccessKey", &[("AccessKeyId", &id)]).await.ok();
    assert_eq!(bob.iam("ListAccessKeys", &[]).await.ok().texts("AccessKeyId").len(), 1);
    server.root().iam("CreateUser", &[("UserName", "Eve")]).await.ok();
    for action in ["CreateAccessKey", "ListAccessKeys"] {
        bob.iam(action, &[("UserName", "Eve")]).await.denied();
    }
    bob.iam("CreateAccessKey", &[("UserName", "Nobody")]).await.denied();
}

#[tokio::test]
async fn a_roles_session_must_name_the_user() {
    let server = Server::start().await;
    let root = server.root();
    let trust =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}}"#;
    root.iam("CreateRole", &[("RoleName", "R"), ("AssumeRolePolicyDocument", trust)]).await.ok();
    root.iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    let assume = [("RoleArn", "arn:aws:iam::000000000000:role/R"), ("RoleSessionName", "session")];
    let session = server.session(&server.user("Bob").await.sts("AssumeRole", &assume).await.ok());
    let key = [("AccessKeyId", "AKIAAAAAAAAAAAAAAAAA"), ("Status", "Active")];
    for action in ["CreateAccessKey", "ListAccessKeys", "DeleteAccessKey", "UpdateAccessKey"] {
        session.iam(action, &key).await.refused(400, "ValidationError", NAMELESS);
    }
}
