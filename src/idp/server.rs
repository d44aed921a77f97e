//! The identity provider on the network: its documents, and a token or response for anyone who asks.

use std::sync::Arc;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, body::Body};
use chrono::Utc;
use data_encoding::BASE64;
use serde_json::{Map, Value, json};

use super::saml::{Assertion, SamlIssuer};
use super::web::WebIssuer;
use super::{Failure, random_id};
use crate::http::log_requests;

/// How long tokens are good, in seconds.
const LIFETIME: i64 = 3600;

/// What there is, for a person who opens the provider in a browser.
const INDEX: &str = "\
An identity provider for tests, of iamd.

/.well-known/openid-configuration   discovery document
/jwks                               public keys
/token?sub=NAME                     web identity token; every parameter is a claim
/saml/metadata                      metadata for create-saml-provider
/saml/response?role=ROLE_ARN,PROVIDER_ARN
                                    SAML response in base64; also subject, session, duration, tag=KEY=VALUE,
                                    transitive-tag-key, source-identity
";

/// Both kinds of provider.
pub struct Idp {
    /// For web identities.
    pub web: WebIssuer,
    /// For SAML.
    pub saml: SamlIssuer,
}

/// The provider's routes.
pub fn router(idp: Arc<Idp>) -> Router {
    Router::new()
        .route("/", get(async || INDEX))
        .route("/.well-known/openid-configuration", get(async |State(idp): State<Arc<Idp>>| Json(idp.web.discovery())))
        .route("/jwks", get(async |State(idp): State<Arc<Idp>>| Json(idp.web.keys())))
        .route("/token", get(token))
        .route("/saml/metadata", get(metadata))
        .route("/saml/response", get(response))
        .fallback(async || (StatusCode::NOT_FOUND, "there is no such endpoint\n"))
        .layer(axum::middleware::from_fn(log_requests))
        .with_state(idp)
}

/// A token. Each parameter is a claim; one that is given several times is a list, and one that is JSON means what it
/// says. What a token needs and is not given is made up.
async fn token(State(idp): State<Arc<Idp>>, RawQuery(query): RawQuery) -> Response {
    let now = Utc::now().timestamp();
    let mut claims = Map::new();
    for (name, value) in [("iat", json!(now)), ("exp", json!(now + LIFETIME)), ("sub", json!("alice@example.com"))] {
        claims.insert(name.to_owned(), value);
    }
    claims.insert("aud".to_owned(), json!("sts.amazonaws.com"));
    for (name, mut values) in grouped(&query.unwrap_or_default()) {
        let last = values.pop().unwrap_or_default();
        let claim = if values.is_empty() { last } else { values.into_iter().chain([last]).collect() };
        claims.insert(name, claim);
    }
    text(idp.web.token(Value::Object(claims)))
}

/// The parameters in their order, each with its values.
fn grouped(query: &str) -> Vec<(String, Vec<Value>)> {
    let mut groups: Vec<(String, Vec<Value>)> = Vec::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let value = match serde_json::from_str(&value) {
            Ok(json @ (Value::Object(_) | Value::Array(_))) => json,
            Ok(number @ Value::Number(_)) if ["exp", "iat", "nbf"].contains(&&*name) => number,
            _ => Value::String(value.into_owned()),
        };
        match groups.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.push(value),
            None => groups.push((name.into_owned(), vec![value])),
        }
    }
    groups
}

async fn metadata(State(idp): State<Arc<Idp>>) -> Response {
    ([(header::CONTENT_TYPE, "application/samlmetadata+xml")], idp.saml.metadata()).into_response()
}

/// A response in base64. `role` is a role's ARN and its provider's, with a comma between; `tag` is a key and a value,
/// with an equals sign between.
async fn response(State(idp): State<Arc<Idp>>, RawQuery(query): RawQuery) -> Response {
    let mut assertion = Assertion {
        id: random_id(),
        subject: "alice@example.com".to_owned(),
        roles: Vec::new(),
        session_name: "alice".to_owned(),
        duration: None,
        tags: Vec::new(),
        transitive_tag_keys: Vec::new(),
        source_identity: None,
        issued: Utc::now().into(),
    };
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        if set(&mut assertion, &name, &value).is_none() {
            return (StatusCode::BAD_REQUEST, format!("{name} is not a parameter, or its value is not valid\n"))
                .into_response();
        }
    }
    if assertion.roles.is_empty() {
        return (StatusCode::BAD_REQUEST, "role=ROLE_ARN,PROVIDER_ARN is missing\n").into_response();
    }
    text(idp.saml.respond(&assertion).map(|response| BASE64.encode(response.as_bytes())))
}

/// Takes one parameter over into an assertion.
fn set(assertion: &mut Assertion, name: &str, value: &str) -> Option<()> {
    let pair = |separator| value.split_once(separator).map(|(a, b)| (a.to_owned(), b.to_owned()));
    match name {
        "subject" => value.clone_into(&mut assertion.subject),
        "session" => value.clone_into(&mut assertion.session_name),
        "source-identity" => assertion.source_identity = Some(value.to_owned()),
        "transitive-tag-key" => assertion.transitive_tag_keys.push(value.to_owned()),
        "duration" => assertion.duration = Some(value.parse().ok()?),
        "role" => assertion.roles.push(pair(',')?),
        "tag" => assertion.tags.push(pair('=')?),
        _ => return None,
    }
    Some(())
}

fn text(made: Result<String, Failure>) -> Response {
    match made {
        Ok(text) => text.into_response(),
        Err(error) => {
            tracing::error!(%error, "nothing could be signed");
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response
        }
    }
}
