//! `AssumeRoleWithWebIdentity`: real tokens of a real issuer on loopback.

mod claims;
mod issuers;
mod tokens;

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use iamd::config::Settings;
use iamd::federation::{IssuerSettings, Reach};
use iamd::idp::web::WebIssuer;
use iamd::keys::{Algorithm, SigningKey};
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
    let limits = iamd::http::Limits { connections: 8, timeout: std::time::Duration::from_secs(5) };
    let (_never, mut signals) = tokio::sync::mpsc::channel(1);
    iamd::http::serve(listener, router, limits, None, &mut signals).await;
}
