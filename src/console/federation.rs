//! The console session of a role that comes by the federation endpoint.

use axum::response::Response;
use http::{StatusCode, header};
use url::{Position, Url};

use super::session::{self, Opening, cookie};
use super::{answer, records};
use crate::http::State;
use crate::identity::{Caller, RequestFacts};
use crate::shapes::Timestamp;

/// Somebody who comes by the federation endpoint.
pub struct Entrant<'e> {
    /// Who it is.
    pub caller: Caller,
    /// Until when the console knows its session.
    pub ends: Timestamp,
    /// Where it wants to go.
    pub destination: &'e str,
    /// Facts of the request.
    pub facts: &'e RequestFacts,
    /// Scheme and host of the request: `https://localhost:4593`.
    pub origin: &'e str,
    /// Whether the browser came over TLS.
    pub over_tls: bool,
}

/// Opens the console session of a role, or of a federated user, and leads to a page.
pub async fn enter(state: &State, entrant: Entrant<'_>) -> Option<Response> {
    let Entrant { caller, ends, destination, facts, origin, over_tls } = entrant;
    let console = state.console.as_ref()?;
    if !over_tls && !console.plain && !state.listen.ip().is_loopback() {
        let why = "The console needs TLS (--tls auto), or --console plain.";
        return Some(answer::refused(StatusCode::FORBIDDEN, why));
    }
    let opening = Opening::new(caller.clone(), facts.now, ends);
    let session = match session::open(state, opening).await {
        Ok(session) => session,
        Err(error) => return Some(answer::failed(&error)),
    };
    let page = page(destination);
    records::federated(state, facts, &caller, &format!("{origin}{page}")).await;
    let mut response = answer::see_other(&page);
    response.headers_mut().insert(header::SET_COOKIE, cookie(state, &session, over_tls)?);
    Some(answer::guarded(response))
}

/// The page of the console that a destination is: a URL, as AWS has it, or only its path. Its host does not count, and
/// what is not there leads to the first page.
fn page(destination: &str) -> String {
    let place = match Url::parse(destination) {
        Ok(url) => url[Position::BeforePath..].to_owned(),
        Err(_) => destination.to_owned(),
    };
    if answer::is_own_page(&place) { place } else { "/console/".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_is_a_page_of_this_console() {
        for (destination, expected) in [
            ("http://127.0.0.1:4593/console/users?q=a", "/console/users?q=a"),
            ("/console/roles", "/console/roles"),
            ("https://evil.example/console/users", "/console/users"),
            ("https://evil.example/", "/console/"),
            ("https://console.aws.amazon.com/iam/home", "/console/"),
            ("http://127.0.0.1/console/../v1/token", "/console/"),
            ("//evil.example/console/", "/console/"),
            ("javascript:alert(1)", "/console/"),
        ] {
            assert_eq!(page(destination), expected, "{destination}");
        }
    }
}
