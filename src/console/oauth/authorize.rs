//! The page on which a person lets the command line act for them.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State as Shared};
use axum::response::Response;
use data_encoding::{BASE64, BASE64URL_NOPAD};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use super::{Client, grant, permission};
use crate::console::view::Card;
use crate::console::visit::{Sent, Visit, sentence};
use crate::console::{answer, records};
use crate::http::{State, guard};

const ACTION: &str = "signin:AuthorizeOAuth2Access";
const CONFIRMATION: &str = "/v1/sessions/confirmation";
/// The path at which the command line listens.
const CALLBACK: &str = "/oauth/callback";
/// The most bytes of a state.
const MAX_STATE: usize = 1024;

/// The parameters of the page, as they are sent on with its form.
const PARAMETERS: &[&str] =
    &["response_type", "client_id", "state", "code_challenge_method", "scope", "redirect_uri", "code_challenge"];

/// A request of the command line that makes sense.
struct Asked {
    client: Client,
    redirect_uri: String,
    challenge: [u8; 32],
    state: String,
}

impl Asked {
    /// Reads the parameters. Codes go nowhere but to this machine, or to the page that shows them.
    fn read(sent: &Sent) -> Result<Self, &'static str> {
        let client = Client::parse(sent.field("client_id")).ok_or("client_id is not one of aws login's.")?;
        if sent.field("response_type") != "code" || sent.field("scope") != "openid" {
            return Err("response_type must be code, and scope openid.");
        }
        if sent.field("code_challenge_method") != "SHA-256" {
            return Err("code_challenge_method must be SHA-256.");
        }
        let challenge = BASE64URL_NOPAD.decode(sent.field("code_challenge").as_bytes()).ok();
        let challenge = challenge.and_then(|challenge| <[u8; 32]>::try_from(challenge).ok());
        let challenge = challenge.ok_or("code_challenge must be the base64url of a SHA-256.")?;
        let redirect_uri = sent.field("redirect_uri").to_owned();
        let url = url::Url::parse(&redirect_uri).map_err(|_| "redirect_uri is not a URL.")?;
        let plain =
            url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
        let is_here = match client {
            Client::SameDevice => {
                let is_local = matches!(url.host_str(), Some("127.0.0.1" | "localhost"));
                url.scheme() == "http" && is_local && url.port().is_some() && url.path() == CALLBACK
            }
            Client::CrossDevice => {
                let host = guard::host(&sent.parts.headers);
                let authority = url.port().map_or_else(
                    || url.host_str().unwrap_or_default().to_owned(),
                    |port| format!("{}:{port}", url.host_str().unwrap_or_default()),
                );
                // A proxy may take TLS off.
                let is_scheme = url.scheme() == "https" || (url.scheme() == "http" && !sent.is_tls());
                is_scheme && url.path() == CONFIRMATION && authority.eq_ignore_ascii_case(host)
            }
        };
        if !plain || !is_here {
            return Err("redirect_uri must lead to the command line on this machine, or to the confirmation page.");
        }
        let state = sent.field("state").to_owned();
        if state.is_empty() || state.len() > MAX_STATE {
            return Err("state is missing or too long.");
        }
        Ok(Self { client, redirect_uri, challenge, state })
    }

    /// What goes back to the command line: by a redirection, or by the person, who copies it from a page. What is
    /// secret is in no URL of this server.
    fn back(&self, name: &str, value: &str) -> Response {
        if self.client == Client::CrossDevice {
            return match name {
                "code" => copied(&self.state, value),
                _ => Card::notice("Nothing was allowed", "The command line was not allowed to act for you.")
                    .answer(StatusCode::OK),
            };
        }
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair(name, value)
            .append_pair("state", &self.state)
            .finish();
        let location = format!("{}?{query}", self.redirect_uri);
        let mut response = Response::new(axum::body::Body::empty());
        *response.status_mut() = StatusCode::FOUND;
        if let Ok(location) = HeaderValue::from_str(&location) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        response
    }

    /// The origin that the browser is led to.
    fn origin(&self) -> String {
        url::Url::parse(&self.redirect_uri).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
    }
}

/// Asks the person.
pub async fn ask(Shared(state): Shared<Arc<State>>, peer: ConnectInfo<SocketAddr>, request: Request) -> Response {
    let visit = match Visit::begin(state, peer.0, request).await {
        Ok(visit) => visit,
        Err(refusal) => return refusal,
    };
    match Asked::read(&visit.sent) {
        Ok(asked) => {
            let remote = asked.client == Client::CrossDevice;
            let text = if remote {
                "A command line on another machine asks for credentials. Go on only if you have just run aws login --remote yourself."
            } else {
                "The command line on this machine asks for credentials. Go on only if you have just run aws login yourself."
            };
            consent_card(&visit, &asked, StatusCode::OK, text, None)
        }
        Err(why) => wrong(why),
    }
}

fn consent_card(visit: &Visit, asked: &Asked, status: StatusCode, text: &str, error: Option<&str>) -> Response {
    let buttons = match error {
        None => vec![("decision", "allow", "Allow"), ("decision", "deny", "Cancel")],
        Some(_) => vec![("decision", "deny", "Back to the command line")],
    };
    let form = Card::form("Sign in to the command line", "/v1/authorize", error);
    let form = form.hiding("csrf", visit.session.csrf.reveal());
    let form = PARAMETERS.iter().fold(form, |form, name| form.hiding(name, visit.sent.field(name)));
    let facts =
        vec![("Signed in as".to_owned(), visit.arn().to_owned()), ("Until".to_owned(), visit.session.ends.to_string())];
    let card = Card { text: text.to_owned(), buttons, facts, ..form };
    answer::with_form_action(card.answer(status), &asked.origin())
}

fn wrong(why: &str) -> Response {
    let card = Card::notice("The request makes no sense", "Run aws login again.");
    Card { error: Some(why.to_owned()), ..card }.answer(StatusCode::BAD_REQUEST)
}

/// Shows the code to who carries it to another machine.
fn copied(state: &str, code: &str) -> Response {
    let text =
        "Paste this code into the command line that asked for it, and nowhere else. It is good for five minutes.";
    let carried = BASE64.encode(format!("state={state}&code={code}").as_bytes());
    let card = Card::notice("Copy the code", text);
    Card { facts: vec![("Code".to_owned(), carried)], ..card }.answer(StatusCode::OK)
}

/// What the person decided.
pub async fn consent(Shared(state): Shared<Arc<State>>, peer: ConnectInfo<SocketAddr>, request: Request) -> Response {
    let visit = match Visit::begin_form(state, peer.0, request).await {
        Ok(visit) => visit,
        Err(refusal) => return refusal,
    };
    let asked = match Asked::read(&visit.sent) {
        Ok(asked) => asked,
        Err(why) => return wrong(why),
    };
    if visit.sent.field("decision") != "allow" {
        return asked.back("error", "access_denied");
    }
    let keys = [("signin:OAuthRedirectUri".to_owned(), vec![asked.redirect_uri.clone()])];
    let session = &visit.session;
    let allowed = permission::ask(&visit.state, &session.caller, &visit.sent.facts, ACTION, asked.client, &keys).await;
    if let Err(error) = allowed {
        return consent_card(&visit, &asked, StatusCode::FORBIDDEN, "", Some(&sentence(&error)));
    }
    let code = match grant::give(&visit, asked.client, &asked.redirect_uri, asked.challenge).await {
        Ok(code) => code,
        Err(error) => {
            tracing::error!(%error, "what a person agreed to could not be kept");
            return asked.back("error", "temporarily_unavailable");
        }
    };
    let data = json!({"clientId": asked.client.id(), "redirectUri": asked.redirect_uri});
    records::note(&visit.state, &visit.sent, &session.caller, "AuthorizeOAuth2Access", data).await;
    asked.back("code", &code)
}

/// The place that cross-device clients name. Codes are shown on the page where the person agrees.
pub async fn confirmation() -> Response {
    wrong("There is no code here: it is on the page on which you allow the command line to act for you.")
}
