//! The console: pages in the browser, sign-in with a password and MFA, and `aws login`.
//!
//! Every page acts as the principal who is signed in, by [`crate::app::App::call_named`]: the policies decide what it
//! shows and does. Nothing here reads an account on behalf of a page but the access map, which is shown to those who may
//! read the same by a call.

mod answer;
mod assets;
mod attempts;
mod federation;
mod form_token;
mod guard;
mod oauth;
mod pages;
mod password;
mod records;
mod session;
mod sign_in;
mod switch_role;
mod view;
mod visit;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

pub use answer::see_other;
pub use federation::{Entrant, enter};
pub use guard::{guard, sign_in_host};
pub use records::signin_token as note_signin_token;

use self::oauth::Proofs;
use crate::config::{ConsoleMode, Settings};
use crate::http::State;
use crate::shapes::Secret;

/// What the console keeps in memory. Who is signed in is in the accounts.
pub struct Console {
    /// Proofs of `aws login` that were used.
    proofs: Proofs,
    /// The password of the root user of account 000000000000.
    root_password: Option<Secret>,
    /// Whether the root user of any account has the password of the development credentials.
    development_root: bool,
    /// Whether browsers on other machines may come over plain HTTP.
    plain: bool,
}

impl Console {
    /// The console as the settings want it; `None` if it is off.
    pub fn new(settings: &Settings) -> Option<Self> {
        let mode = settings.console.unwrap_or_default();
        let development = settings.no_dev_credentials != Some(true) && settings.listen().ip().is_loopback();
        (mode != ConsoleMode::Off).then(|| Self {
            proofs: Proofs::default(),
            root_password: settings.root_password.clone(),
            development_root: development,
            plain: mode == ConsoleMode::Plain,
        })
    }
}

/// The routes of the console and of `aws login`.
pub fn routes() -> Router<Arc<State>> {
    Router::new()
        .route("/console", get(pages::dashboard::enter))
        .route("/console/", get(pages::dashboard::page))
        .route("/console/signin", get(sign_in::form).post(sign_in::password))
        .route("/console/signin/mfa", post(sign_in::mfa))
        .route("/console/signin/new-password", post(sign_in::new_password))
        .route("/console/signout", post(sign_in::sign_out))
        .route("/console/signout-everywhere", post(sign_in::sign_out_everywhere))
        .route("/console/switch-role", get(switch_role::form).post(switch_role::switch))
        .route("/console/exit-role", post(switch_role::exit))
        .route("/console/settings/clock", post(pages::server::turn))
        .route("/console/settings/reset", post(pages::server::reset))
        .route("/console/call", post(pages::call::call))
        .route("/console/check-policy", post(pages::editor::check_policy))
        .route("/console/simulator", get(pages::simulator::page).post(pages::simulator::simulate))
        .route("/console/actions", get(pages::simulator::actions))
        .route("/console/live/events", get(pages::live::events))
        .route("/console/policy-editor", get(pages::editor::page).post(pages::editor::compare))
        .route("/console/assets/{name}", get(assets::asset))
        .route("/console/{kind}", get(pages::page))
        .route("/console/{kind}/{*name}", get(pages::detail))
        .route("/v1/authorize", get(oauth::authorize::ask).post(oauth::authorize::consent))
        .route("/v1/sessions/confirmation", get(oauth::authorize::confirmation))
        .route("/v1/token", post(oauth::token::token))
}
