//! The endpoints where applications find the role of what they run in: EC2, ECS, EKS, and the console's federation.

use iamd::config::Settings;
use serde_json::{Value, json};

use crate::client::{Answer, Client, Server};

const ACCOUNT: &str = "000000000000";
const WEB: &str = "arn:aws:iam::000000000000:role/app/web";
const SIX_HOURS: i64 = 21_600;

/// Settings as a configuration file gives them.
fn settings(file: Value) -> Settings {
    serde_json::from_value(file).unwrap()
}

/// The role `web`, which a service may assume under a condition.
async fn web(server: &Server, service: &str, actions: &[&str], condition: Value) {
    let statement =
        json!({"Effect": "Allow", "Principal": {"Service": service}, "Action": actions, "Condition": condition});
    let trust = json!({"Version": "2012-10-17", "Statement": statement}).to_string();
    let role = [("RoleName", "web"), ("Path", "/app/"), ("AssumeRolePolicyDocument", &trust)];
    server.root().iam("CreateRole", &role).await.ok();
}

/// An instance profile `web` with the role `web`, which trusts EC2.
async fn instance(server: &Server) {
    web(server, "ec2.amazonaws.com", &["sts:AssumeRole"], json!({})).await;
    profile(server).await;
}

async fn profile(server: &Server) {
    let (root, profile) = (server.root(), ("InstanceProfileName", "web"));
    root.iam("CreateInstanceProfile", &[profile]).await.ok();
    root.iam("AddRoleToInstanceProfile", &[profile, ("RoleName", "web")]).await.ok();
}

async fn get(server: &Server, path: &str, headers: &[(&str, &str)]) -> Answer {
    server.admin("GET", path, "", headers).await
}

async fn get_json(server: &Server, path: &str, headers: &[(&str, &str)]) -> Value {
    serde_json::from_str(&get(server, path, headers).await.ok().body).unwrap()
}

const TTL: &str = "x-aws-ec2-metadata-token-ttl-seconds";
const TOKEN: &str = "x-aws-ec2-metadata-token";

async fn token(server: &Server, life: &str) -> String {
    server.admin("PUT", "/latest/api/token", "", &[(TTL, life)]).await.ok().body
}

/// Instance metadata by version 2.
async fn metadata(server: &Server, path: &str) -> Answer {
    let token = token(server, "60").await;
    get(server, &format!("/latest/{path}"), &[(TOKEN, &token)]).await
}

async fn metadata_json(server: &Server, path: &str) -> Value {
    serde_json::from_str(&metadata(server, path).await.ok().body).unwrap()
}

/// A client with the credentials that an endpoint gave.
fn client(server: &Server, given: &Value) -> Client {
    let text = |name: &str| given[name].as_str().unwrap();
    server.client(text("AccessKeyId"), text("SecretAccessKey"), Some(text("Token")))
}

async fn arn(client: &Client) -> String {
    client.sts("GetCallerIdentity", &[]).await.ok().text("Arn")
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
async fn an_instance_tells_what_it_is() {
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
async fn what_is_wrong_with_the_role_is_told_as_ec2_does() {
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

#[tokio::test]
async fn a_container_finds_the_role_in_its_path() {
    let server = Server::start().await;
    let condition = json!({
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnLike": {"aws:SourceArn": "arn:aws:ecs:us-east-1:000000000000:*"},
    });
    web(&server, "ecs-tasks.amazonaws.com", &["sts:AssumeRole"], condition).await;
    let given = get_json(&server, "/credentials/000000000000/web", &[]).await;
    assert_eq!(given["RoleArn"], WEB);
    assert!(given["Expiration"].as_str().unwrap().ends_with('Z'));
    assert!(arn(&client(&server, &given)).await.starts_with("arn:aws:sts::000000000000:assumed-role/web/"));
    let lambda = get(&server, "/credentials/000000000000/web?service=lambda.amazonaws.com", &[]).await;
    assert_eq!(lambda.status, 403);
    assert!(lambda.body.contains("ECS was unable to assume the role 'arn:aws:iam::000000000000:role/app/web'"));
    for (path, code) in [
        ("/credentials/000000000000/none", "InvalidIdInRequest"),
        ("/credentials/1/web", "InvalidIdInRequest"),
        ("/credentials/000000000000/web?service=evil.example", "InvalidService"),
        ("/v2/credentials/none", "InvalidIdInRequest"),
    ] {
        let refused = get(&server, path, &[]).await;
        let body: Value = serde_json::from_str(&refused.body).unwrap();
        assert_eq!((refused.status, &body["code"], &body["HTTPErrorCode"]), (400, &json!(code), &json!(400)), "{path}");
    }
}

#[tokio::test]
async fn the_longest_session_of_a_role_does_not_bind_services() {
    let server = Server::start().await;
    web(&server, "lambda.amazonaws.com", &["sts:AssumeRole"], json!({})).await;
    let given = get_json(&server, "/credentials/000000000000/web?service=lambda.amazonaws.com", &[]).await;
    server.advance(3 * 3600);
    arn(&client(&server, &given)).await;
}

#[tokio::test]
async fn a_container_shows_its_token() {
    let file = json!({
        "container-token": "open sesame",
        "credentials": {"tasks": {"open": {"role": WEB}, "closed": {"role": WEB, "token": "t1"}}},
    });
    let server = Server::with(settings(file)).await;
    web(&server, "ecs-tasks.amazonaws.com", &["sts:AssumeRole"], json!({})).await;
    let by_path = "/credentials/000000000000/web";
    for (path, token) in [(by_path, "open sesame"), ("/v2/credentials/closed", "t1")] {
        for headers in [vec![], vec![("authorization", "wrong")], vec![("authorization", "")]] {
            assert_eq!(get(&server, path, &headers).await.status, 401, "{path} {headers:?}");
        }
        let given = get_json(&server, path, &[("authorization", token)]).await;
        arn(&client(&server, &given)).await;
    }
    get(&server, "/v2/credentials/open", &[]).await.ok();
}

#[tokio::test]
async fn a_pod_has_the_tags_of_where_it_runs() {
    let pod =
        json!({"token": "pod-token", "role": WEB, "cluster": "dev", "namespace": "shop", "service-account": "cart"});
    let server = Server::with(settings(json!({"credentials": {"pods": [pod]}}))).await;
    let condition = json!({
        "StringEquals": {"aws:RequestTag/kubernetes-namespace": "shop", "aws:RequestTag/eks-cluster-name": "dev"},
        "ArnEquals": {"aws:SourceArn": "arn:aws:eks:us-east-1:000000000000:cluster/dev"},
    });
    web(&server, "pods.eks.amazonaws.com", &["sts:AssumeRole", "sts:TagSession"], condition).await;
    let given = get_json(&server, "/v1/credentials", &[("authorization", "pod-token")]).await;
    assert_eq!(given["AccountId"], ACCOUNT);
    let session = client(&server, &given);
    assert!(arn(&session).await.contains(":assumed-role/web/eks-dev-cart-"));
    let policy = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "iam:ListUsers",
        "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalTag/kubernetes-service-account": "cart"}}}});
    let policy = [("RoleName", "web"), ("PolicyName", "p"), ("PolicyDocument", &policy.to_string())];
    server.root().iam("PutRolePolicy", &policy).await.ok();
    session.iam("ListUsers", &[]).await.ok();
    let missing = get(&server, "/v1/credentials", &[]).await;
    assert_eq!((missing.status, missing.body.as_str()), (400, "Service account token cannot be empty\n"));
    let wrong = get(&server, "/v1/credentials", &[("authorization", "other")]).await;
    assert_eq!((wrong.status, wrong.body.starts_with("InvalidTokenException")), (400, true));
}

#[tokio::test]
async fn a_pods_role_must_let_its_sessions_be_tagged() {
    let pod =
        json!({"token": "pod-token", "role": WEB, "cluster": "dev", "namespace": "shop", "service-account": "cart"});
    let server = Server::with(settings(json!({"credentials": {"pods": [pod]}}))).await;
    web(&server, "pods.eks.amazonaws.com", &["sts:AssumeRole"], json!({})).await;
    let refused = get(&server, "/v1/credentials", &[("authorization", "pod-token")]).await;
    assert_eq!((refused.status, refused.body.starts_with("AccessDeniedException")), (400, true), "{}", refused.body);
}

#[tokio::test]
async fn on_an_open_listener_only_what_is_configured_answers() {
    let open = || Settings { listen: "0.0.0.0:4593".parse().ok(), ..Settings::default() };
    let server = Server::with(open()).await;
    web(&server, "ecs-tasks.amazonaws.com", &["sts:AssumeRole"], json!({})).await;
    for path in ["/latest/meta-data/instance-id", "/instances/000000000000/web/latest/meta-data/instance-id"] {
        assert_eq!(get(&server, path, &[]).await.status, 403, "{path}");
    }
    assert_eq!(get(&server, "/credentials/000000000000/web", &[]).await.status, 403);
    assert_eq!(get(&server, "/v2/credentials/web", &[]).await.status, 400);
    assert_eq!(get(&server, "/v1/credentials", &[("authorization", "x")]).await.status, 400);
    let server = Server::with(Settings { instance_profile: Some("web".into()), ..open() }).await;
    instance(&server).await;
    metadata(&server, "meta-data/iam/security-credentials/web").await.ok();
    let closed = Server::with(Settings { no_dev_credentials: Some(true), ..Settings::default() }).await;
    assert_eq!(get(&closed, "/credentials/000000000000/web", &[]).await.status, 403);
}

#[tokio::test]
async fn pages_of_other_origins_get_nothing() {
    let server = Server::with(settings(json!({"instance-profile": "web", "credentials": {"imdsv1": true}}))).await;
    instance(&server).await;
    for path in [
        "/latest/meta-data/iam/security-credentials/web",
        "/credentials/000000000000/web",
        "/v1/credentials",
        "/v2/credentials/x",
        "/federation?Action=getSigninToken",
    ] {
        for headers in [
            vec![("origin", "https://evil.example")],
            vec![("origin", "null")],
            vec![("sec-fetch-site", "cross-site")],
            vec![("host", "evil.example:4593")],
            vec![("host", "evil.example:4593"), ("origin", "http://evil.example:4593")],
        ] {
            let refused = get(&server, path, &headers).await;
            assert_eq!(refused.status, 403, "{path} {headers:?}");
            assert!(!refused.body.contains("AccessKeyId"));
        }
    }
    get(&server, "/latest/meta-data/instance-id", &[("host", "169.254.169.254")]).await.ok();
    get(&server, "/latest/meta-data/instance-id", &[("host", "iamd:4593")]).await.ok();
}

/// The federation endpoint with a session in the form that it takes.
async fn signin_token(server: &Server, id: &str, key: &str, token: &str, more: &str) -> Answer {
    let session = json!({"sessionId": id, "sessionKey": key, "sessionToken": token}).to_string();
    let session: String = form_urlencoded::byte_serialize(session.as_bytes()).collect();
    get(server, &format!("/federation?Action=getSigninToken&Session={session}{more}"), &[]).await
}

#[tokio::test]
async fn sessions_change_for_sign_in_tokens() {
    let server = Server::start().await;
    web(&server, "ecs-tasks.amazonaws.com", &["sts:AssumeRole"], json!({})).await;
    let given = get_json(&server, "/credentials/000000000000/web", &[]).await;
    let [id, key, token] = ["AccessKeyId", "SecretAccessKey", "Token"].map(|name| given[name].as_str().unwrap());
    let answer = signin_token(&server, id, key, token, "&SessionDuration=1800").await.ok();
    let signin: Value = serde_json::from_str(&answer.body).unwrap();
    let signin = signin["SigninToken"].as_str().unwrap();
    let login =
        format!("/federation?Action=login&Destination=https%3A%2F%2Fconsole.aws.amazon.com%2F&SigninToken={signin}");
    let told = get(&server, &login, &[]).await;
    assert_eq!(told.status, 501);
    assert!(told.body.contains("arn:aws:sts::000000000000:assumed-role/web/"), "{}", told.body);
    assert!(told.body.contains("sent to https://console.aws.amazon.com/"), "{}", told.body);
    for (id, key, token, more) in [
        (id, "wrong", token, ""),
        ("ASIAQAAAAAAAAAAAAAAA", key, token, ""),
        (id, key, "wrong", ""),
        (id, key, token, "&SessionDuration=899"),
        (id, key, token, "&SessionDuration=43201"),
    ] {
        assert_eq!(signin_token(&server, id, key, token, more).await.status, 400, "{id} {more}");
    }
    let user = server.root().sts("GetSessionToken", &[]).await.ok();
    let [user_id, user_key, user_token] =
        ["AccessKeyId", "SecretAccessKey", "SessionToken"].map(|name| user.text(name));
    let refused = signin_token(&server, &user_id, &user_key, &user_token, "").await;
    assert_eq!(refused.body, "Only sessions of roles and of federated users can sign in.\n");
    for query in ["", "?Action=logout", "?Action=login", "?Action=getSigninToken", "?Action=getSigninToken&Session=x"] {
        assert_eq!(get(&server, &format!("/federation{query}"), &[]).await.status, 400, "{query}");
    }
    server.advance(901);
    assert_eq!(get(&server, &login, &[]).await.status, 400, "a sign-in token is good for fifteen minutes");
    server.advance(SIX_HOURS);
    assert_eq!(signin_token(&server, id, key, token, "").await.status, 400, "the session has ended");
}
