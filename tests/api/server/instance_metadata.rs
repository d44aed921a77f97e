//! EC2's instance metadata: who may ask, what it answers, and the credentials of the instance's role.

use iamd::config::Settings;
use serde_json::{Value, json};

use crate::client::{Answer, Server};
use crate::server::credential_endpoints::{ACCOUNT, SIX_HOURS, arn, client, get, get_json, settings, web};

/// An instance profile `web` with the role `web`, which trusts EC2.
pub async fn instance(server: &Server) {
    web(server, "ec2.amazonaws.com", &["sts:AssumeRole"], json!({})).await;
    profile(server).await;
}

async fn profile(server: &Server) {
    let (root, profile) = (server.root(), ("InstanceProfileName", "web"));
    root.iam("CreateInstanceProfile", &[profile]).await.ok();
    root.iam("AddRoleToInstanceProfile", &[profile, ("RoleName", "web")]).await.ok();
}

const TTL: &str = "x-aws-ec2-metadata-token-ttl-seconds";
const TOKEN: &str = "x-aws-ec2-metadata-token";

async fn token(server: &Server, life: &str) -> String {
    server.admin("PUT", "/latest/api/token", "", &[(TTL, life)]).await.ok().body
}

/// Instance metadata by version 2.
pub async fn metadata(server: &Server, path: &str) -> Answer {
    let token = token(server, "60").await;
    get(server, &format!("/latest/{path}"), &[(TOKEN, &token)]).await
}

async fn metadata_json(server: &Server, path: &str) -> Value {
    serde_json::from_str(&metadata(server, path).await.ok().body).unwrap()
}

fn with_profile() -> Settings {
    Settings { instance_profile: Some("web".into()), ..Settings::default() }
}

#[tokio::test]
async fn an_instance_finds_its_role_and_acts_as_it() {
    let server = Server::with(with_profile()).await;
    instance(&server).await;
    assert_eq!(metadata(&server, "meta-data/iam/security-credentials/").await.ok().body, "web");
    let given = metadata_json(&server, "meta-data/iam/security-credentials/web").await;
    assert_eq!((given["Code"].as_str(), given["Type"].as_str()), (Some("Success"), Some("AWS-HMAC")));
    let id = metadata(&server, "meta-data/instance-id").await.ok().body;
    assert_eq!((id.len(), id.starts_with("i-0")), (19, true));
    let session = client(&server, &given);
    assert_eq!(arn(&session).await, format!("arn:aws:sts::000000000000:assumed-role/web/{id}"));
    session.iam("ListUsers", &[]).await.lacks("iam:ListUsers", "arn:aws:iam::000000000000:user/");
    let policy = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*",
    "Condition": {
        "StringEquals": {"ec2:RoleDelivery": "2.0"},
        "ArnEquals": {"ec2:SourceInstanceARN": format!("arn:aws:ec2:us-east-1:000000000000:instance/{id}")},
    }}});
    let policy = [("RoleName", "web"), ("PolicyName", "p"), ("PolicyDocument", &policy.to_string())];
    server.root().iam("PutRolePolicy", &policy).await.ok();
    session.iam("ListUsers", &[]).await.ok();
    let role = server.root().iam("GetRole", &[("RoleName", "web")]).await.ok();
    assert!(role.has("LastUsedDate"), "{}", role.body);
}

#[tokio::test]
async fn an_instance_shows_what_it_is() {
    let file = json!({"instance-profile": "arn:aws:iam::000000000000:instance-profile/web",
        "credentials": {"region": "eu-west-1"}});
    let server = Server::with(settings(file)).await;
    instance(&server).await;
    for (path, text) in [
        ("meta-data", "iam/\ninstance-id\nplacement/"),
        ("meta-data/", "iam/\ninstance-id\nplacement/"),
        ("meta-data/iam", "info\nsecurity-credentials/"),
        ("meta-data/placement/region", "eu-west-1"),
        ("meta-data/placement/availability-zone", "eu-west-1a"),
    ] {
        assert_eq!(metadata(&server, path).await.ok().body, text, "{path}");
    }
    let info = metadata_json(&server, "meta-data/iam/info").await;
    assert_eq!(info["InstanceProfileArn"], "arn:aws:iam::000000000000:instance-profile/web");
    assert!(info["InstanceProfileId"].as_str().unwrap().starts_with("AIPA"));
    let identity = metadata_json(&server, "dynamic/instance-identity/document").await;
    assert_eq!((&identity["accountId"], &identity["region"]), (&json!(ACCOUNT), &json!("eu-west-1")));
    assert_eq!(identity["instanceId"], metadata(&server, "meta-data/instance-id").await.body);
    for path in
        ["user-data", "meta-data/iam/security-credentials/other", "meta-data/iam/security-credentials-extended/"]
    {
        let answer = metadata(&server, path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.body.contains("<title>404 - Not Found</title>"), "{}", answer.body);
    }
}

#[tokio::test]
async fn metadata_wants_a_token() {
    let server = Server::with(with_profile()).await;
    instance(&server).await;
    let path = "/latest/meta-data/instance-id";
    for life in ["0", "21601", "-1", "x", ""] {
        assert_eq!(server.admin("PUT", "/latest/api/token", "", &[(TTL, life)]).await.status, 400, "{life}");
    }
    assert_eq!(server.admin("PUT", "/latest/api/token", "", &[]).await.status, 400);
    let proxied = [(TTL, "60"), ("x-forwarded-for", "10.0.0.1")];
    assert_eq!(server.admin("PUT", "/latest/api/token", "", &proxied).await.status, 403);
    for (method, status) in [("POST", 405), ("DELETE", 405), ("OPTIONS", 405), ("GET", 401)] {
        assert_eq!(server.admin(method, path, "", &[]).await.status, status, "{method}");
    }
    let token = token(&server, "60").await;
    get(&server, path, &[(TOKEN, &token)]).await.ok();
    assert_eq!(get(&server, path, &[(TOKEN, &format!("{token}A"))]).await.status, 401);
    let other = format!("/instances/{ACCOUNT}/other{path}");
    assert_eq!(get(&server, &other, &[(TOKEN, &token)]).await.status, 401, "tokens are an instance's own");
    server.advance(60);
    assert_eq!(get(&server, path, &[(TOKEN, &token)]).await.status, 401);
}

#[tokio::test]
async fn version_one_answers_where_it_is_allowed() {
    let server = Server::with(settings(json!({"instance-profile": "web", "credentials": {"imdsv1": true}}))).await;
    instance(&server).await;
    let given = get_json(&server, "/latest/meta-data/iam/security-credentials/web", &[]).await;
    assert_eq!(given["Code"], "Success");
    assert_eq!(get(&server, "/latest/meta-data/instance-id", &[(TOKEN, "x")]).await.status, 401);
    let by_token = metadata_json(&server, "meta-data/iam/security-credentials/web").await;
    assert_ne!(given["AccessKeyId"], by_token["AccessKeyId"], "the sessions tell how they were delivered");
}

#[tokio::test]
async fn what_is_wrong_with_the_role_is_reported_as_ec2_does() {
    let server = Server::with(with_profile()).await;
    let info = metadata_json(&server, "meta-data/iam/info").await;
    assert_eq!(info["Code"], "InstanceProfileNotFound");
    assert_eq!(metadata(&server, "meta-data/iam/security-credentials/").await.status, 404);
    web(&server, "lambda.amazonaws.com", &["sts:AssumeRole"], json!({})).await;
    profile(&server).await;
    let refused = metadata_json(&server, "meta-data/iam/security-credentials/web").await;
    assert_eq!(refused["Code"], "AssumeRoleUnauthorizedAccess");
    assert!(
        refused["Message"].as_str().unwrap().starts_with("EC2 cannot assume the role web. Please see"),
        "{refused}"
    );
    assert!(refused.get("AccessKeyId").is_none());
    let emptied = [("InstanceProfileName", "web"), ("RoleName", "web")];
    server.root().iam("RemoveRoleFromInstanceProfile", &emptied).await.ok();
    assert_eq!(metadata(&server, "meta-data/iam/security-credentials/web").await.status, 404);
    assert_eq!(metadata_json(&server, "meta-data/iam/info").await["Code"], "Success");
}

#[tokio::test]
async fn credentials_last_six_hours_and_are_renewed_in_time() {
    let server = Server::with(with_profile()).await;
    instance(&server).await;
    let path = "meta-data/iam/security-credentials/web";
    let first = metadata_json(&server, path).await;
    assert_eq!(metadata_json(&server, path).await, first);
    server.advance(SIX_HOURS - 960);
    assert_eq!(metadata_json(&server, path).await, first);
    server.advance(120);
    let second = metadata_json(&server, path).await;
    assert_ne!(second["AccessKeyId"], first["AccessKeyId"]);
    arn(&client(&server, &first)).await;
    server.advance(900);
    client(&server, &first).sts("GetCallerIdentity", &[]).await.refused(
        403,
        "ExpiredToken",
        "The security token included in the request is expired",
    );
    arn(&client(&server, &second)).await;
    server.advance(-2 * SIX_HOURS);
    assert_ne!(metadata_json(&server, path).await["AccessKeyId"], second["AccessKeyId"], "the clock went back");
}

#[tokio::test]
async fn a_role_made_again_is_another() {
    let server = Server::with(with_profile()).await;
    instance(&server).await;
    let path = "meta-data/iam/security-credentials/web";
    let first = metadata_json(&server, path).await;
    let root = server.root();
    root.iam("RemoveRoleFromInstanceProfile", &[("InstanceProfileName", "web"), ("RoleName", "web")]).await.ok();
    root.iam("DeleteRole", &[("RoleName", "web")]).await.ok();
    web(&server, "ec2.amazonaws.com", &["sts:AssumeRole"], json!({})).await;
    root.iam("AddRoleToInstanceProfile", &[("InstanceProfileName", "web"), ("RoleName", "web")]).await.ok();
    assert_ne!(metadata_json(&server, path).await["AccessKeyId"], first["AccessKeyId"]);
}

#[tokio::test]
async fn a_path_names_the_instance_on_loopback() {
    let server = Server::start().await;
    instance(&server).await;
    let prefix = format!("/instances/{ACCOUNT}/web/latest");
    let token = server.admin("PUT", &format!("{prefix}/api/token"), "", &[(TTL, "60")]).await.ok().body;
    let path = format!("{prefix}/meta-data/iam/security-credentials/web");
    let given = get_json(&server, &path, &[(TOKEN, &token)]).await;
    assert!(arn(&client(&server, &given)).await.contains("assumed-role/web/i-0"));
    assert_eq!(metadata(&server, "meta-data/iam/").await.status, 404, "the instance without a profile has no role");
    metadata(&server, "meta-data/instance-id").await.ok();
    let wrong = server.admin("PUT", "/instances/1/web/latest/api/token", "", &[(TTL, "60")]).await;
    assert_eq!(wrong.status, 403);
}
