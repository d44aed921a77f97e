//! The pages of somebody who is signed in.

mod access_map;
mod account;
pub mod call;
pub mod dashboard;
pub mod editor;
mod events;
mod groups;
mod list;
pub mod live;
mod organization;
mod parts;
mod policies;
mod providers;
mod roles;
pub mod server;
pub mod simulator;
mod tabs;
mod users;
pub mod why;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Path, Request, State as Shared};
use axum::response::Response;
use http::StatusCode;

use super::answer;
use super::visit::Visit;
use crate::http::State;

/// The menu: the end of each page's path, and its name.
pub const MENU: &[(&str, &str)] = &[
    ("", "Dashboard"),
    ("users", "Users"),
    ("groups", "User groups"),
    ("roles", "Roles"),
    ("instance-profiles", "Instance profiles"),
    ("policies", "Policies"),
    ("providers", "Identity providers"),
    ("access-map", "Access map"),
    ("authorization-details", "Denials"),
    ("simulator", "Policy simulator"),
    ("live", "Live"),
    ("events", "Event history"),
    ("credential-report", "Credential report"),
    ("last-accessed", "Service last accessed"),
    ("account", "Account settings"),
    ("organization", "Organization"),
    ("settings", "Settings"),
];

/// A page of the menu.
pub async fn page(
    Shared(state): Shared<Arc<State>>,
    peer: ConnectInfo<SocketAddr>,
    Path(kind): Path<String>,
    request: Request,
) -> Response {
    let visit = match Visit::begin(state, peer.0, request).await {
        Ok(visit) => visit,
        Err(refusal) => return refusal,
    };
    match kind.as_str() {
        "users" => list::page(&visit, &users::LIST).await,
        "groups" => list::page(&visit, &groups::LIST).await,
        "roles" => list::page(&visit, &roles::LIST).await,
        "policies" => list::page(&visit, &policies::LIST).await,
        "instance-profiles" => list::page(&visit, &roles::instance_profiles::LIST).await,
        "providers" => providers::page(&visit).await,
        "authorization-details" => why::list(&visit.in_region_asked()).await,
        "live" => live::page(&visit).await,
        "events" => events::page(&visit.in_region_asked()).await,
        "credential-report" => account::credential_report(&visit).await,
        "last-accessed" => account::last_accessed::page(&visit).await,
        "account" => account::page(&visit).await,
        "access-map" => access_map::page(&visit).await,
        "organization" => organization::page(&visit).await,
        "settings" => server::page(&visit).await,
        _ => nothing(),
    }
}

/// The page of one entity.
pub async fn detail(
    Shared(state): Shared<Arc<State>>,
    peer: ConnectInfo<SocketAddr>,
    Path((kind, name)): Path<(String, String)>,
    request: Request,
) -> Response {
    let visit = match Visit::begin(state, peer.0, request).await {
        Ok(visit) => visit,
        Err(refusal) => return refusal,
    };
    match kind.as_str() {
        "users" => users::page(&visit, &name).await,
        "groups" => groups::page(&visit, &name).await,
        "roles" => roles::page(&visit, &name).await,
        "policies" => policies::page(&visit, &name).await,
        "providers" => providers::detail(&visit, &name).await,
        "instance-profiles" => roles::instance_profiles::page(&visit, &name).await,
        "organization" => organization::detail(&visit, &name).await,
        "authorization-details" => why::page(&visit.in_region_asked(), &name).await,
        _ => nothing(),
    }
}

fn nothing() -> Response {
    answer::refused(StatusCode::NOT_FOUND, "There is no such page.")
}
