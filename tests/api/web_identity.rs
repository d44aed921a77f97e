//! `AssumeRoleWithWebIdentity`: real tokens of a real issuer on loopback.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use iamd::config::Settings;
use iamd::federation::{Algorithm, IssuerSettings, Reach, SigningKey};
use iamd::idp::web::WebIssuer;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::client::{Answer, Server};

const NOT_A_TOKEN: &str =
    "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)";
const NO_KEY: &str = "Couldn't retrieve verification key from your identity provider,  please reference \
                      AssumeRoleWithWebIdentity documentation for requirements";
const DENIED: &str = "Not authorized to perform sts:AssumeRoleWithWebIdentity";

/// What the issuer's server answers with.
type Answers = Arc<RwLock<Box<dyn Fn(&str) -> Response + Send + Sync>>>;

/// An issuer that answers, and an account that knows it and has a role for it.
struct World {
    server: Server,
    url: String,
    name: String,
    issuer: Arc<RwLock<WebIssuer>>,
    answers: Answers,
}

/// An issuer with a key of its own.
fn issuer(url: &str) -> WebIssuer {
    WebIssuer::new(url, SigningKey::generate(Algorithm::Es256).unwrap())
}

impl World {
    async fn new() -> Self {
        let world = Self::without_role(Settings { local_issuers: Some(true), ..Settings::default() }).await;
        world.role("Web", json!({"StringEquals": {format!("{}:aud", world.name): "app"}}), &[]).await;
        world
    }

    async fn without_role(settings: Settings) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let issuer = Arc::new(RwLock::new(issuer(&url)));
        let served = issuer.clone();
        let answers: Answers = Arc::new(RwLock::new(Box::new(move |path| {
            let issuer = served.read().unwrap();
            match path {
                "/.well-known/openid-configuration" => axum::Json(issuer.discovery()).into_response(),
                "/jwks" => axum::Json(issuer.keys()).into_response(),
                _ => http::StatusCode::NOT_FOUND.into_response(),
            }
        })));
        let answer = async |State(answers): State<Answers>, uri: http::Uri| (answers.read().unwrap())(uri.path());
        let router = axum::Router::new().fallback(answer).with_state(answers.clone());
        tokio::spawn(async move { axum_serve(listener, router).await });
        let server = Server::with(settings).await;
        let provider = [("Url", url.as_str()), ("ClientIDList.member.1", "app"), ("ClientIDList.member.2", "party")];
        server.root().iam("CreateOpenIDConnectProvider", &provider).await.ok();
        let name = url.trim_start_matches("http://").to_owned();
        Self { server, url, name, issuer, answers }
    }

    fn arn(&self) -> String {
        format!("arn:aws:iam::000000000000:oidc-provider/{}", self.name)
    }

    /// A role that trusts the issuer under a condition, for these actions besides.
    async fn role(&self, name: &str, condition: Value, actions: &[&str]) {
        let actions: Vec<&str> = ["sts:AssumeRoleWithWebIdentity"].iter().chain(actions).copied().collect();
        let trust = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Federated": self.arn()}, "Action": actions, "Condition": condition,
        }]});
        let role = [("RoleName", name), ("AssumeRolePolicyDocument", &trust.to_string())];
        self.server.root().iam("CreateRole", &role).await.ok();
    }

    fn now(&self) -> i64 {
        self.server.state.app.environment.clock.now().timestamp()
    }

    /// A good token with other claims; a claim that is null is left out.
    fn token(&self, change: Value) -> String {
        let now = self.now();
        let mut claims = json!({"sub": "repo:x/y", "aud": "app", "iat": now, "exp": now + 600});
        let claims = claims.as_object_mut().unwrap();
        for (name, value) in change.as_object().unwrap() {
            claims.insert(name.clone(), value.clone());
        }
        claims.retain(|_, value| !value.is_null());
        self.issuer.read().unwrap().token(json!(claims)).unwrap()
    }

    async fn assume(&self, role: &str, token: &str, more: &[(&str, &str)]) -> Answer {
        let arn = format!("arn:aws:iam::000000000000:role/{role}");
        let own = [("RoleArn", arn.as_str()), ("RoleSessionName", "sess"), ("WebIdentityToken", token)];
        self.server.unsigned("AssumeRoleWithWebIdentity", &[&own, more].concat()).await
    }

    async fn with(&self, claims: Value) -> Answer {
        self.assume("Web", &self.token(claims), &[]).await
    }

    fn answer(&self, answer: impl Fn(&str) -> Response + Send + Sync + 'static) {
        *self.answers.write().unwrap() = Box::new(answer);
    }
}

async fn axum_serve(listener: TcpListener, router: axum::Router) {
    let limits = iamd::http::Limits { connections: 8, header_timeout: std::time::Duration::from_secs(5) };
    iamd::http::serve(listener, router, limits, std::future::pending()).await;
}

#[tokio::test]
async fn a_good_token_gives_a_session_of_the_role() {
    let world = World::new().await;
    let made = world.with(json!({})).await.ok();
    assert_eq!(made.text("SubjectFromWebIdentityToken"), "repo:x/y");
    assert_eq!(made.text("Provider"), world.arn());
    assert_eq!(made.text("Audience"), "app");
    assert_eq!(made.text("Arn"), "arn:aws:sts::000000000000:assumed-role/Web/sess");
    let identity = world.server.session(&made).sts("GetCallerIdentity", &[]).await.ok();
    assert_eq!(identity.text("Arn"), "arn:aws:sts::000000000000:assumed-role/Web/sess");
    assert!(identity.text("UserId").ends_with(":sess"));
}

#[tokio::test]
async fn what_is_no_token_of_the_issuer_is_refused() {
    let world = World::new().await;
    let invalid = "InvalidIdentityToken";
    for text in ["nonsense", "a.b.c", "eyJhbGciOiJub25lIn0.e30."] {
        world.assume("Web", text, &[]).await.refused(400, invalid, NOT_A_TOKEN);
    }
    // Another key of the same id, and a key that the issuer does not have.
    let good = world.token(json!({}));
    let stranger = issuer(&world.url).token(json!({"sub": "x"})).unwrap();
    world.assume("Web", &stranger, &[]).await.refused(400, invalid, NO_KEY);
    let header = good.split('.').next().unwrap();
    let body = stranger.split_once('.').unwrap().1;
    world.assume("Web", &format!("{header}.{body}"), &[]).await.refused(400, invalid, NOT_A_TOKEN);
    // HMAC with the public key as the secret is the oldest trick.
    let encode = |value: Value| data_encoding::BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let message = format!("{}.{}", encode(json!({"alg": "HS256"})), good.split('.').nth(1).unwrap());
    let keys = world.issuer.read().unwrap().keys().to_string();
    let mac = aws_lc_rs::hmac::sign(
        &aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, keys.as_bytes()),
        message.as_bytes(),
    );
    let forged = format!("{message}.{}", data_encoding::BASE64URL_NOPAD.encode(mac.as_ref()));
    world.assume("Web", &forged, &[]).await.refused(400, invalid, NOT_A_TOKEN);
    let unknown = issuer("https://unknown.example.com").token(json!({})).unwrap();
    let missing = "No OpenIDConnect provider found in your account for https://unknown.example.com";
    world.assume("Web", &unknown, &[]).await.refused(400, invalid, missing);
}

#[tokio::test]
async fn times_must_be_right() {
    let world = World::new().await;
    let now = world.now();
    let expired = world.with(json!({"exp": now - 301})).await;
    assert_eq!((expired.status, expired.text("Code").as_str()), (400, "ExpiredTokenException"));
    let message = expired.text("Message");
    assert!(message.starts_with("Token expired: current date/time "), "{message}");
    assert!(message.ends_with(&format!(" must be before the expiration date/time {}", now - 301)), "{message}");
    world.with(json!({"exp": now - 250})).await.ok();
    let old = world.with(json!({"iat": now - 86_402})).await;
    assert!(old.text("Code") == "ExpiredTokenException" && old.text("Message").starts_with("Token too old: "));
    for early in [json!({"nbf": now + 400}), json!({"iat": now + 400, "exp": now + 900})] {
        assert_eq!(world.with(early).await.text("Code"), "InvalidIdentityToken");
    }
    world.with(json!({"nbf": now + 200})).await.ok();
    world.server.advance(3600);
    let late = world.with(json!({"iat": now, "exp": now + 600})).await;
    assert_eq!(late.text("Code"), "ExpiredTokenException", "the server's clock counts");
}

#[tokio::test]
async fn claims_that_a_token_needs_must_be_there() {
    let world = World::new().await;
    for claim in ["sub", "aud", "iat", "exp"] {
        let message = format!("Missing a required claim: {claim}.");
        world.with(json!({claim: null})).await.refused(400, "InvalidIdentityToken", &message);
    }
}

#[tokio::test]
async fn the_audience_must_be_a_client_id() {
    let world = World::new().await;
    let invalid = "InvalidIdentityToken";
    world.with(json!({"aud": "other"})).await.refused(400, invalid, "Incorrect token audience");
    world.with(json!({"aud": ["app"]})).await.ok();
    world.with(json!({"aud": ["app", "other"]})).await.refused(
        400,
        invalid,
        "Token audience contains more than one audience while authorized party is not present",
    );
    world.with(json!({"azp": "other"})).await.refused(400, invalid, "Incorrect token audience");
    let keys = json!({"StringEquals": {
        format!("{}:aud", world.name): "party", format!("{}:oaud", world.name): "x",
    }});
    world.role("Party", keys, &[]).await;
    let token = world.token(json!({"aud": ["x", "y"], "azp": "party"}));
    assert_eq!(world.assume("Party", &token, &[]).await.ok().text("Audience"), "party");
}

#[tokio::test]
async fn the_trust_policy_decides() {
    let world = World::new().await;
    world.role("Sub", json!({"StringLike": {format!("{}:sub", world.name): "repo:x/*"}}), &[]).await;
    world.assume("Sub", &world.token(json!({})), &[]).await.ok();
    world.assume("Sub", &world.token(json!({"sub": "repo:z/y"})), &[]).await.refused(403, "AccessDenied", DENIED);
    world.assume("Missing", &world.token(json!({})), &[]).await.refused(403, "AccessDenied", DENIED);
    let amr = json!({"ForAnyValue:StringEquals": {format!("{}:amr", world.name): "mfa"}});
    world.role("Amr", amr, &[]).await;
    world.assume("Amr", &world.token(json!({"amr": ["pwd", "mfa"]})), &[]).await.ok();
    world.assume("Amr", &world.token(json!({"amr": ["pwd"]})), &[]).await.refused(403, "AccessDenied", DENIED);
    // Claims that AWS has no key for are none, whatever a policy says.
    world.role("Custom", json!({"StringEquals": {format!("{}:groups", world.name): "admins"}}), &[]).await;
    world.assume("Custom", &world.token(json!({"groups": "admins"})), &[]).await.refused(403, "AccessDenied", DENIED);
    let name = json!({"StringEquals": {"sts:RoleSessionName": "other"}});
    world.role("Name", name, &[]).await;
    world.assume("Name", &world.token(json!({})), &[]).await.refused(403, "AccessDenied", DENIED);
    // A role that trusts users trusts no tokens.
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:*"},
    ]});
    let role = [("RoleName", "Users"), ("AssumeRolePolicyDocument", &trust.to_string())];
    world.server.root().iam("CreateRole", &role).await.ok();
    world.assume("Users", &world.token(json!({})), &[]).await.refused(403, "AccessDenied", DENIED);
}

#[tokio::test]
async fn tags_and_source_identity_come_from_the_token_and_need_permission() {
    let world = World::new().await;
    let claims = json!({
        "https://aws.amazon.com/tags": {"principal_tags": {"Team": ["a"]}, "transitive_tag_keys": ["Team"]},
        "https://aws.amazon.com/source_identity": "ann",
    });
    let token = world.token(claims);
    world.assume("Web", &token, &[]).await.refused(403, "AccessDenied", "Not authorized to perform sts:TagSession");
    world.role("Tags", json!({}), &["sts:TagSession"]).await;
    let message = "Not authorized to perform sts:SetSourceIdentity";
    world.assume("Tags", &token, &[]).await.refused(403, "AccessDenied", message);
    let team = json!({"StringEquals": {"aws:RequestTag/Team": "a", "sts:SourceIdentity": "ann"}});
    world.role("All", team, &["sts:TagSession", "sts:SetSourceIdentity"]).await;
    let made = world.assume("All", &token, &[]).await.ok();
    assert_eq!(made.text("SourceIdentity"), "ann");
    assert!(made.has("PackedPolicySize"));
    let flat = json!({
        "https://aws.amazon.com/tags/principal_tags/Team": "a",
        "https://aws.amazon.com/tags/transitive_tag_keys": ["Team"],
        "https://aws.amazon.com/source_identity": "ann",
    });
    world.assume("All", &world.token(flat), &[]).await.ok();
    let wrong = json!({"https://aws.amazon.com/tags": {"principal_tags": {"aws:x": ["a"]}}});
    assert_eq!(world.with(wrong).await.text("Code"), "InvalidIdentityToken");
    let wrong = json!({"https://aws.amazon.com/source_identity": "a b"});
    assert_eq!(world.with(wrong).await.text("Code"), "InvalidIdentityToken");
}

#[tokio::test]
async fn the_session_tells_its_provider_and_is_narrowed() {
    let world = World::new().await;
    let key = format!("{}:sub", world.name);
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*",
         "Condition": {"StringEquals": {&key: "repo:x/y", "aws:FederatedProvider": world.arn()}}},
        {"Effect": "Allow", "Action": "iam:ListRoles", "Resource": "*"},
    ]})
    .to_string();
    let inline = [("RoleName", "Web"), ("PolicyName", "p"), ("PolicyDocument", policy.as_str())];
    world.server.root().iam("PutRolePolicy", &inline).await.ok();
    let made = world.with(json!({})).await.ok();
    let session = world.server.session(&made);
    session.iam("ListUsers", &[]).await.ok();
    session.iam("ListRoles", &[]).await.ok();
    let only = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*"}]});
    let narrowed = world.assume("Web", &world.token(json!({})), &[("Policy", &only.to_string())]).await.ok();
    let session = world.server.session(&narrowed);
    session.iam("ListUsers", &[]).await.ok();
    session.iam("ListRoles", &[]).await.denied();
}

#[tokio::test]
async fn durations_are_the_roles() {
    let world = World::new().await;
    let expiration = |answer: Answer| {
        let text = answer.ok().text("Expiration");
        chrono::DateTime::parse_from_rfc3339(&text).unwrap().timestamp() - world.now()
    };
    let life = expiration(world.assume("Web", &world.token(json!({})), &[("DurationSeconds", "900")]).await);
    assert!((898..=900).contains(&life), "{life}");
    world.assume("Web", &world.token(json!({})), &[("DurationSeconds", "3601")]).await.refused(
        400,
        "ValidationError",
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    );
}

#[tokio::test]
async fn new_keys_are_found_and_a_dead_issuer_is_told() {
    let world = World::new().await;
    world.with(json!({})).await.ok();
    world.answer(|_| http::StatusCode::INTERNAL_SERVER_ERROR.into_response());
    world.with(json!({})).await.ok();
    // The cached keys served; another key makes the server look again, but not at once.
    let fresh = issuer(&world.url);
    let old = std::mem::replace(&mut *world.issuer.write().unwrap(), fresh);
    world.with(json!({})).await.refused(400, "InvalidIdentityToken", NO_KEY);
    drop(old);
}

#[tokio::test]
async fn discovery_is_believed_from_the_issuer_only() {
    let refused: Vec<(&str, Box<dyn Fn(&str, &str) -> Response + Send + Sync>)> = vec![
        ("a redirect", Box::new(|_, _| Redirect::temporary("http://127.0.0.1:1/").into_response())),
        ("an error", Box::new(|_, _| http::StatusCode::NOT_FOUND.into_response())),
        ("no document", Box::new(|_, _| "hello".into_response())),
        ("too much", Box::new(|_, _| "x".repeat(600 * 1024).into_response())),
        (
            "another issuer",
            Box::new(|url, _| {
                let document = json!({"issuer": "https://other.example.com", "jwks_uri": format!("{url}/jwks")});
                axum::Json(document).into_response()
            }),
        ),
        (
            "keys in a file",
            Box::new(|url, _| axum::Json(json!({"issuer": url, "jwks_uri": "file:///etc/passwd"})).into_response()),
        ),
        (
            "no keys",
            Box::new(|url, path| match path {
                "/jwks" => axum::Json(json!({"keys": []})).into_response(),
                _ => axum::Json(json!({"issuer": url, "jwks_uri": format!("{url}/jwks")})).into_response(),
            }),
        ),
    ];
    for (what, answer) in refused {
        let world = World::new().await;
        let url = world.url.clone();
        world.answer(move |path| answer(&url, path));
        let answer = world.with(json!({})).await;
        assert_eq!(answer.text("Message"), NO_KEY, "{what}");
    }
    let world = World::new().await;
    let url = world.url.clone();
    let metadata = "http://169.254.169.254/latest/meta-data";
    world.answer(move |_| axum::Json(json!({"issuer": url, "jwks_uri": metadata})).into_response());
    let unreachable = "Error communicating with identity provider";
    world.with(json!({})).await.refused(400, "IDPCommunicationError", unreachable);
}

#[tokio::test]
async fn loopback_can_be_put_out_of_reach() {
    let settings = Settings { local_issuers: Some(true), issuer_network: Some(Reach::Public), ..Settings::default() };
    let world = World::without_role(settings).await;
    world.role("Web", json!({}), &[]).await;
    let unreachable = "Error communicating with identity provider";
    world.with(json!({})).await.refused(400, "IDPCommunicationError", unreachable);
}

#[tokio::test]
async fn keys_in_the_configuration_need_no_network() {
    let url = "https://idp.example.com";
    let issuer = WebIssuer::new(url, SigningKey::generate(Algorithm::Rs256).unwrap());
    let pinned = IssuerSettings { jwks: Some(issuer.keys().to_string()), jwks_file: None, discovery: None };
    let server =
        Server::with(Settings { issuers: BTreeMap::from([(url.into(), pinned)]), ..Settings::default() }).await;
    let provider = [("Url", url), ("ClientIDList.member.1", "app")];
    server.root().iam("CreateOpenIDConnectProvider", &provider).await.ok();
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": "arn:aws:iam::000000000000:oidc-provider/idp.example.com"},
        "Condition": {"StringEquals": {"idp.example.com:sub": "alice1"}},
    }]});
    let role = [("RoleName", "Web"), ("AssumeRolePolicyDocument", &trust.to_string())];
    server.root().iam("CreateRole", &role).await.ok();
    let now = server.state.app.environment.clock.now().timestamp();
    let token = issuer.token(json!({"sub": "alice1", "aud": "app", "iat": now, "exp": now + 60})).unwrap();
    let arn = "arn:aws:iam::000000000000:role/Web";
    let call = [("RoleArn", arn), ("RoleSessionName", "s1"), ("WebIdentityToken", &token)];
    server.unsigned("AssumeRoleWithWebIdentity", &call).await.ok();
    let other = [("RoleArn", "arn:aws:iam::000000000000:user/Web"), call[1], call[2]];
    server.unsigned("AssumeRoleWithWebIdentity", &other).await.refused(
        400,
        "ValidationError",
        "Request ARN is invalid",
    );
}

#[tokio::test]
async fn claims_of_known_issuers_are_condition_keys() {
    let url = "https://token.actions.githubusercontent.com";
    let issuer = issuer(url);
    let pinned = IssuerSettings { jwks: Some(issuer.keys().to_string()), jwks_file: None, discovery: None };
    let server =
        Server::with(Settings { issuers: BTreeMap::from([(url.into(), pinned)]), ..Settings::default() }).await;
    let provider = [("Url", url), ("ClientIDList.member.1", "sts.amazonaws.com")];
    server.root().iam("CreateOpenIDConnectProvider", &provider).await.ok();
    let name = "token.actions.githubusercontent.com";
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": format!("arn:aws:iam::000000000000:oidc-provider/{name}")},
        "Condition": {"StringLike": {format!("{name}:sub"): "repo:acme/*"},
                      "StringEquals": {format!("{name}:repository_owner_id"): "42", format!("{name}:environment"): "prod"}},
    }]});
    let role = [("RoleName", "Deploy"), ("AssumeRolePolicyDocument", &trust.to_string())];
    server.root().iam("CreateRole", &role).await.ok();
    let now = server.state.app.environment.clock.now().timestamp();
    let token = |environment: &str| {
        let claims = json!({"sub": "repo:acme/app:ref:refs/heads/main", "aud": "sts.amazonaws.com", "iat": now,
            "exp": now + 60, "repository_owner_id": "42", "environment": environment, "repository": "acme/app"});
        issuer.token(claims).unwrap()
    };
    let assume = async |token: String| {
        let arn = "arn:aws:iam::000000000000:role/Deploy";
        let call = [("RoleArn", arn), ("RoleSessionName", "GitHubActions"), ("WebIdentityToken", token.as_str())];
        server.unsigned("AssumeRoleWithWebIdentity", &call).await
    };
    assume(token("prod")).await.ok();
    assume(token("dev")).await.refused(403, "AccessDenied", DENIED);
}
