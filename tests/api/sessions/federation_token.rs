//! GetFederationToken.

use serde_json::json;

use crate::client::{Client, Server};
use crate::principals::{ACCOUNT, allow, tags, user};

/// A user that may do everything.
async fn administrator(server: &Server) -> Client {
    user(server, ACCOUNT, "Admin", Some(allow("*", "*"))).await
}

#[tokio::test]
async fn it_shows_the_federated_user() {
    let server = Server::start().await;
    let policy = allow("s3:*", "*").to_string();
    let parameters = [("Name", "Eve"), ("Policy", &policy), ("MinimumSessionTokenSize", "2000")];
    let answer = administrator(&server).await.sts("GetFederationToken", &parameters).await.ok();
    assert_eq!(answer.text("FederatedUserId"), "000000000000:Eve");
    assert_eq!(answer.text("Arn"), "arn:aws:sts::000000000000:federated-user/Eve");
    assert_eq!(answer.text("PackedPolicySize"), "49");
    assert_eq!(answer.text("SessionTokenSize"), "2000");
    assert_eq!(answer.text("SessionTokenUtilization"), "49");
}

#[tokio::test]
async fn it_opens_neither_iam_nor_sts() {
    let server = Server::start().await;
    let policy = allow("*", "*").to_string();
    for caller in [administrator(&server).await, server.root()] {
        let answer = caller.sts("GetFederationToken", &[("Name", "Eve"), ("Policy", &policy)]).await.ok();
        let session = server.session(&answer);
        let invalid = "The security token included in the request is invalid.";
        session.iam("ListUsers", &[]).await.refused(403, "InvalidClientTokenId", invalid);
        for operation in ["AssumeRole", "GetSessionToken", "GetFederationToken", "GetAccessKeyInfo"] {
            let message = format!("Cannot call {operation} with session credentials");
            session.sts(operation, &[]).await.refused(403, "AccessDenied", &message);
        }
        session.sts("GetCallerIdentity", &[]).await.ok();
    }
}

#[tokio::test]
async fn it_needs_permission_for_the_name() {
    let server = Server::start().await;
    let resource = "arn:aws:sts::000000000000:federated-user/Eve";
    let caller = user(&server, ACCOUNT, "Bob", Some(allow("sts:GetFederationToken", resource))).await;
    let answer = caller.sts("GetFederationToken", &[("Name", "Eve")]).await.ok();
    assert_eq!(answer.text("PackedPolicySize"), "0");
    caller.sts("GetFederationToken", &[("Name", "Mallory")]).await.refused(
        403,
        "AccessDenied",
        "User: arn:aws:iam::000000000000:user/Bob is not authorized to perform: sts:GetFederationToken on resource: \
         arn:aws:sts::000000000000:federated-user/Mallory because no identity-based policy allows the \
         sts:GetFederationToken action",
    );
}

#[tokio::test]
async fn tags_need_permission_too() {
    let server = Server::start().await;
    let tagged = [("Name", "Eve"), ("Tags.member.1.Key", "Team"), ("Tags.member.1.Value", "a")];
    let untagging = user(&server, ACCOUNT, "Bob", Some(allow("sts:GetFederationToken", "*"))).await;
    untagging.sts("GetFederationToken", &tagged).await.refused(
        403,
        "AccessDenied",
        "User: arn:aws:iam::000000000000:user/Bob is not authorized to perform: sts:TagSession on resource: \
         arn:aws:sts::000000000000:federated-user/Eve because no identity-based policy allows the sts:TagSession action",
    );
    let condition =
        json!({"StringEquals": {"aws:RequestTag/team": "a"}, "ForAllValues:StringEquals": {"aws:TagKeys": ["Team"]}});
    let statement = json!({
        "Effect": "Allow", "Action": ["sts:GetFederationToken", "sts:TagSession"], "Resource": "*", "Condition": condition,
    });
    let policy = json!({"Version": "2012-10-17", "Statement": [statement]});
    let tagging = user(&server, ACCOUNT, "Ann", Some(policy)).await;
    let answer = tagging.sts("GetFederationToken", &tagged).await.ok();
    assert!(answer.has("PackedPolicySize"));
    tagging.sts("GetFederationToken", &[("Name", "Eve")]).await.denied();
    let doubled = [tagged.as_slice(), &[("Tags.member.2.Key", "team"), ("Tags.member.2.Value", "a")]].concat();
    let duplicate = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
    administrator(&server).await.sts("GetFederationToken", &doubled).await.refused(
        400,
        "InvalidParameterValue",
        duplicate,
    );
}

#[tokio::test]
async fn its_session_has_the_users_tags_overridden_by_its_own() {
    let server = Server::start().await;
    let admin = administrator(&server).await;
    let change = |account: &mut iamd::account::Account| {
        let set = |user: &mut iamd::account::User| {
            user.tags = tags(&[("team", "b"), ("Cost", "1")]);
            Ok(())
        };
        account.update("Admin", set).unwrap();
    };
    server.change(ACCOUNT, change).await;
    let answer = admin
        .sts("GetFederationToken", &[("Name", "Eve"), ("Tags.member.1.Key", "Team"), ("Tags.member.1.Value", "a")])
        .await
        .ok();
    let keys = crate::sessions::condition_keys(&server, &answer).await;
    assert_eq!(keys.get("aws:PrincipalTag/Team").map(String::as_str), Some("a"));
    assert_eq!(keys.get("aws:PrincipalTag/Cost").map(String::as_str), Some("1"));
    assert_eq!(keys.get("aws:PrincipalType").map(String::as_str), Some("FederatedUser"));
    assert_eq!(keys.get("aws:userid").map(String::as_str), Some("000000000000:Eve"));
    assert_eq!(keys.get("aws:username"), None);
}

#[tokio::test]
async fn its_parameters_are_checked() {
    let admin = administrator(&Server::start().await).await;
    admin.sts("GetFederationToken", &[("Name", "E")]).await.refused(
        400,
        "ValidationError",
        "1 validation error detected: Value 'E' at 'name' failed to satisfy constraint: Member must have length \
         greater than or equal to 2",
    );
    let long = " ".repeat(2049);
    let answer = admin.sts("GetFederationToken", &[("Name", "Eve"), ("Policy", &long)]).await;
    let message = format!(
        "1 validation error detected: Value '{long}' at 'policy' failed to satisfy constraint: Member must have length \
         less than or equal to 2048"
    );
    answer.refused(400, "ValidationError", &message);
    admin.sts("GetFederationToken", &[("Name", "Eve"), ("Policy", "{}")]).await.refused(
        400,
        "MalformedPolicyDocument",
        "Syntax errors in policy.",
    );
}
