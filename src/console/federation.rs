//! The console session of a role that comes by the federation endpoint.

use axum::response::Response;
use http::{StatusCode, header};

use super::answer;
use super::session::{self, Opening, cookie};
use crate::http::State;
use crate::identity::Caller;
use crate::shapes::Timestamp;

/// Opens the console session of a role, or of a federated user, and leads to a page.
pub async fn enter(
    state: &State,
    caller: Caller,
    now: Timestamp,
    ends: Timestamp,
    place: &str,
    over_tls: bool,
) -> Option<Response> {
    let console = state.console.as_ref()?;
    if !over_tls && !console.plain && !state.listen.ip().is_loopback() {
        let why = "The console needs TLS (--tls auto), or --console plain.";
        return Some(answer::refused(StatusCode::FORBIDDEN, why));
    }
    let opening = Opening::new(caller, now, ends);
    let session = match session::open(state, opening).await {
        Ok(session) => session,
        Err(error) => return Some(answer::failed(&error)),
    };
    let place = Some(place).filter(|place| answer::is_own_page(place)).unwrap_or("/console/");
    let mut response = answer::see_other(place);
    response.headers_mut().insert(header::SET_COOKIE, cookie(state, &session, over_tls)?);
    Some(answer::guarded(response))
}
