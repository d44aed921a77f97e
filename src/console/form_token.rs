//! The token of forms that nobody is signed in for yet. It goes with a cookie of the same browser, so that no other page
//! can have a browser sign in as somebody else.

use data_encoding::BASE64URL_NOPAD;
use http::HeaderValue;
use sha2::{Digest, Sha256};

use super::session::{sent_cookie, written};
use super::visit::Sent;
use crate::http::State;

/// What tickets of the server's key are for here.
const PURPOSE: &str = "console form";
/// The kind of the cookie.
const COOKIE: &str = "form";

/// A form's token, and the cookie that goes with it if the browser has none yet.
pub struct FormToken {
    /// What the form carries.
    pub value: String,
    /// What the browser keeps.
    pub cookie: Option<HeaderValue>,
}

impl FormToken {
    /// The token of a form that a browser is sent.
    pub fn of(state: &State, sent: &Sent) -> Self {
        let known = sent_cookie(state, COOKIE, &sent.parts.headers).filter(|known| known.len() == 43);
        let new = known.is_none().then(|| BASE64URL_NOPAD.encode(&rand::random::<[u8; 32]>()));
        let browser = new.as_deref().or(known).unwrap_or_default();
        let value = state.app.environment.key.seal_ticket(PURPOSE, &digest(browser), rand::random());
        let cookie = new.as_deref().and_then(|new| written(state, COOKIE, new, "", sent.is_tls()));
        Self { value: value.unwrap_or_default(), cookie }
    }

    /// Whether a form carries a token that this browser was sent.
    pub fn fits(state: &State, sent: &Sent) -> bool {
        let opened: Option<[u8; 32]> = state.app.environment.key.open_ticket(PURPOSE, sent.field("csrf"));
        let browser = sent_cookie(state, COOKIE, &sent.parts.headers);
        browser.zip(opened).is_some_and(|(browser, opened)| digest(browser) == opened)
    }
}

fn digest(browser: &str) -> [u8; 32] {
    Sha256::digest(browser).into()
}
