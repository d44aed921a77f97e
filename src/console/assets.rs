//! The files that pages load; they are in the binary.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};

use super::answer;

/// Each by name, with its type and content.
const ASSETS: &[(&str, &str, &str)] = &[
    ("console.css", "text/css; charset=utf-8", include_str!("assets/console.css")),
    ("console.js", "text/javascript; charset=utf-8", include_str!("assets/console.js")),
    ("decisions.css", "text/css; charset=utf-8", include_str!("assets/decisions.css")),
    ("editor.js", "text/javascript; charset=utf-8", include_str!("assets/editor.js")),
    ("icon.svg", "image/svg+xml", include_str!("assets/icon.svg")),
    ("live.js", "text/javascript; charset=utf-8", include_str!("assets/live.js")),
    ("simulator.js", "text/javascript; charset=utf-8", include_str!("assets/simulator.js")),
];

/// A file.
pub async fn asset(Path(name): Path<String>) -> Response {
    match ASSETS.iter().find(|(own, ..)| *own == name) {
        Some((_, kind, content)) => {
            ([(header::CONTENT_TYPE, *kind), (header::CACHE_CONTROL, "no-cache")], *content).into_response()
        }
        None => answer::refused(StatusCode::NOT_FOUND, "There is no such file."),
    }
}
