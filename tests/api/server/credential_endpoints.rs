//! The endpoints where applications find the role of what they run in: ECS, EKS, the console's federation, and who may
//! ask any of them.

use iamd::config::Settings;
use serde_json::{Value, json};

use crate::client::{Answer, Client, Server};
use crate::principals::{allow, assume, role, trusts, user};
use crate::server::instance_metadata::{instance, metadata};

pub const ACCOUNT: &str = "000000000000";
const WEB: &str = "arn:aws:iam::000000000000:role/app/web";
pub const SIX_HOURS: i64 = 21_600;

/// Settings as a configuration file gives them.
pub fn settings(file: Value) -> Settings {
    serde_json::from_value(file).unwrap()
}

/// The role `web`, which a service may assume under a condition.
pub async fn web(server: &Server, service: &str, actions: &[&str], condition: Value) {
    let statement =
        json!({"Effect": "Allow", "Principal": {"Service": service}, "Action": actions, "Condition": condition});
    let trust = json!({"Version": "2012-10-17", "Statement": statement}).to_string();
    let role = [("RoleName", "web"), ("Path", "/app/"), ("AssumeRolePolicyDocument", &trust)];
    server.root().iam("CreateRole", &role).await.ok();
}

pub async fn get(server: &Server, path: &str, headers: &[(&str, &str)]) -> Answer {
    server.admin("GET", path, "", headers).await
}

pub async fn get_json(server: &Server, path: &str, headers: &[(&str, &str)]) -> Value {
    serde_json::from_str(&get(server, path, headers).await.ok().body).unwrap()
}

/// A client with the credentials that an endpoint gave.
pub fn client(server: &Server, given: &Value) -> Client {
    let text = |name: &str| given[name].as_str().unwrap();
    server.client(text("AccessKeyId"), text("SecretAccessKey"), Some(text("Token")))
}

pub async fn arn(client: &Client) -> String {
    client.sts("GetCallerIdentity", &[]).await.ok().text("Arn")
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
    let shown = get(&server, &login, &[]).await;
    assert_eq!(shown.status, 303);
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

#[tokio::test]
async fn only_a_role_that_is_there_signs_in_and_a_chain_cannot_prolong_itself() {
    let server = Server::start().await;
    let bob = user(&server, ACCOUNT, "Bob", Some(allow("sts:AssumeRole", "*"))).await;
    let first = role(&server, ACCOUNT, "First", trusts(ACCOUNT), Some(allow("sts:AssumeRole", "*"))).await;
    let second = role(&server, ACCOUNT, "Second", trusts(ACCOUNT), None).await;
    let direct = assume(&bob, &first, &[]).await.ok();
    let chained = assume(&server.session(&direct), &second, &[]).await.ok();
    let sign_in = async |session: &Answer, more: &str| {
        let [id, key, token] = ["AccessKeyId", "SecretAccessKey", "SessionToken"].map(|name| session.text(name));
        signin_token(&server, &id, &key, &token, more).await
    };
    sign_in(&direct, "&SessionDuration=43200").await.ok();
    sign_in(&chained, "").await.ok();
    let refused = sign_in(&chained, "&SessionDuration=900").await;
    assert_eq!(
        (refused.status, refused.body.as_str()),
        (
            400,
            "SessionDuration must be between 900 and 43200 seconds, and goes only with sessions of roles that no \
             session of a role has assumed.\n"
        )
    );
    server.root().iam("DeleteRole", &[("RoleName", "Second")]).await.ok();
    let gone = sign_in(&chained, "").await;
    assert_eq!((gone.status, gone.body.as_str()), (400, "The session is not valid, or has expired.\n"));
}
