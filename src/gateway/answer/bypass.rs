//! Answers that lead clients past the gateway: with an address of the upstream's own, which they call from then on.

use std::sync::atomic::Ordering;

use http::{Response, header};

use crate::gateway::upstream::Upstream;
use crate::gateway::{Arrival, Body, Gateway};

impl Gateway {
    /// Warns once for each upstream that sends clients on to itself. (URLs of queues are led here instead.)
    pub(in crate::gateway) fn warn_of_bypass(arrival: &Arrival<'_>, upstream: &Upstream, response: &Response<Body>) {
        let called = arrival.parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let location = response.headers().get(header::LOCATION).and_then(|location| location.to_str().ok());
        let of_upstream = upstream.authority().as_str();
        let found = location.and_then(host).filter(|host| host.eq_ignore_ascii_case(of_upstream));
        if let Some(host) = found.filter(|host| !host.eq_ignore_ascii_case(called)) {
            say(upstream, host);
        }
    }
}

fn say(upstream: &Upstream, host: &str) {
    if !upstream.has_led_away.swap(true, Ordering::Relaxed) {
        tracing::warn!(
            upstream = %upstream.authority(),
            host,
            "an answer of the upstream names another host than the client has called, and clients that follow it get \
             around iamd; have the upstream name iamd's address"
        );
    }
}

/// The host of an address, with its port.
fn host(address: &str) -> Option<&str> {
    let rest = address.strip_prefix("http://").or_else(|| address.strip_prefix("https://"))?;
    rest.split(['/', '?', '#']).next().filter(|host| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_an_address_has_its_port() {
        for (address, expected) in [
            ("http://127.0.0.1:5000/b", Some("127.0.0.1:5000")),
            ("https://[::1]:9?x", Some("[::1]:9")),
            ("/b", None),
            ("http://", None),
            ("ftp://e/", None),
        ] {
            assert_eq!(host(address), expected, "{address}");
        }
    }
}
