//! Answers to browsers: pages under strict headers, and ways on.

use askama::Template;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};

use crate::error::Error;
use crate::http::requests::Why;

/// What a page may load and do: its own files, forms of this origin, and images that the page carries. There is no
/// script in pages, and nothing may frame them.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

/// The headers of every answer. Browsers send `Origin: null` with forms of pages that forbid all referrers, which looks
/// like a foreign page, so referrers are kept to this origin.
const HEADERS: &[(HeaderName, &str)] = &[
    (header::CACHE_CONTROL, "no-store"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
];

/// A page.
pub fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => {
            let mut response = Response::new(Body::from(html));
            *response.status_mut() = status;
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
            response
        }
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            refused(StatusCode::INTERNAL_SERVER_ERROR, "The page could not be written.")
        }
    }
}

/// A page that refuses something, with the sentence for the log.
pub fn with_reason(mut page: Response, why: &str) -> Response {
    page.extensions_mut().insert(Why(why.to_owned()));
    page
}

/// A refusal in one sentence, where there is no page.
pub fn refused(status: StatusCode, why: &str) -> Response {
    guarded((status, format!("{why}\n")).into_response())
}

/// The server failed.
pub fn failed(error: &Error) -> Response {
    tracing::error!(%error, "a page of the console failed");
    refused(StatusCode::INTERNAL_SERVER_ERROR, "The server failed; its log says why.")
}

/// Leads on to another page by GET.
pub fn see_other(location: &str) -> Response {
    match HeaderValue::from_str(location) {
        Ok(location) => (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response(),
        Err(_) => refused(StatusCode::BAD_REQUEST, "The address of the next page is not one."),
    }
}

/// An answer with the headers of all of them. A page that sends its form elsewhere has a policy of its own.
pub fn guarded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    response
}

/// A page whose form is answered by a redirection to `origin`, which browsers hold against the policy too.
pub fn with_form_action(mut response: Response, origin: &str) -> Response {
    if let Ok(policy) = HeaderValue::from_str(&format!("{POLICY} {origin}")) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Whether a place to go on to is a page of the console or of `aws login`, and not of another origin, for browsers too:
/// they take out control characters, and follow `..` however it is written.
pub fn is_own_page(place: &str) -> bool {
    let is_there = ["/console/", "/v1/authorize?"].iter().any(|start| place.starts_with(start));
    let path = place.split(['?', '#']).next().unwrap_or_default();
    let is_dots = |part: &str| {
        let part = percent_encoding::percent_decode_str(part).collect::<Vec<_>>();
        part == b"." || part == b".."
    };
    let is_plain = !path.contains("//") && !path.split('/').any(is_dots);
    is_there && is_plain && !place.contains(|c: char| c == '\\' || c == ' ' || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_pages_are_gone_on_to() {
        for place in [
            "/console/",
            "/console/users?q=a%2Fb",
            "/console/users/..a",
            "/v1/authorize?client_id=a&redirect_uri=http%3A%2F%2F127",
            "/v1/authorize?client_id=a&redirect_uri=http://127.0.0.1:5555/oauth/callback",
        ] {
            assert!(is_own_page(place), "{place}");
        }
        for place in [
            "",
            "/",
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "/console//evil",
            "javascript:1",
            "/console/../federation?Action=login",
            "/console/%2e%2E/federation?Action=login",
            "/console/.%2e/federation",
            "/console/./federation",
            "/console/.\t./federation",
            "/console/..#x",
        ] {
            assert!(!is_own_page(place), "{place}");
        }
    }
}
