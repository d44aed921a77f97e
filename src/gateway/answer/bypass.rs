//! Answers that lead clients past the gateway: with an address of the upstream's own, which they call from then on.

use std::sync::atomic::Ordering;

use http::{Response, header};

use crate::gateway::meant::Meant;
use crate::gateway::steps::Failure;
use crate::gateway::upstream::Upstream;
use crate::gateway::{Arrival, Body, Gateway, answer};

/// The operations whose answers have addresses that clients call afterwards: some SDKs send calls about a queue to the
/// host in its URL.
const WITH_ADDRESSES: &[(&str, &str)] = &[("sqs", "CreateQueue"), ("sqs", "GetQueueUrl"), ("sqs", "ListQueues")];

/// The most bytes of such an answer: a thousand URLs.
const MAX_WITH_ADDRESSES: usize = 4 << 20;

impl Gateway {
    /// Warns once for each upstream that sends clients elsewhere than to the host that they have called.
    pub(in crate::gateway) async fn warn_of_bypass(
        &self,
        arrival: &Arrival<'_>,
        meant: &Meant<'_>,
        upstream: &Upstream,
        response: Response<Body>,
    ) -> Result<Response<Body>, Failure> {
        if upstream.has_led_away.load(Ordering::Relaxed) {
            return Ok(response);
        }
        let called = arrival.parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let location = response.headers().get(header::LOCATION).and_then(|location| location.to_str().ok());
        let of_upstream = upstream.authority().as_str();
        let found = location.and_then(|text| hosts(text).find(|host| host.eq_ignore_ascii_case(of_upstream)));
        if let Some(host) = found.filter(|host| !host.eq_ignore_ascii_case(called)) {
            say(upstream, host);
        }
        let operation = (meant.service().signing_name, meant.operation());
        if !response.status().is_success() || !WITH_ADDRESSES.contains(&operation) {
            return Ok(response);
        }
        let (parts, body) = response.into_parts();
        let body = answer::read(body, MAX_WITH_ADDRESSES).await?;
        let text = String::from_utf8_lossy(&body);
        if let Some(host) = hosts(&text).find(|host| !host.eq_ignore_ascii_case(called)) {
            say(upstream, host);
        }
        Ok(Response::from_parts(parts, answer::whole(body)))
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

/// The hosts of the addresses in a text, with their ports. The text may be JSON or XML.
fn hosts(text: &str) -> impl Iterator<Item = &str> {
    // JSON may have slashes behind backslashes, XML has its namespaces in attributes.
    let after_scheme = |(at, _): (usize, &str)| {
        let (before, rest) = (text.get(..at)?, text.get(at + 1..)?);
        let rest = rest.strip_prefix("//").or_else(|| rest.strip_prefix("\\/\\/"))?;
        let is_address = before.ends_with("http") || before.ends_with("https");
        let is_namespace = before.rsplit([' ', '<', '>']).next().is_some_and(|word| word.starts_with("xmlns"));
        (is_address && !is_namespace)
            .then(|| rest.split(['/', '\\', '"', '<', '?', ' ', ',']).next().unwrap_or_default())
    };
    text.match_indices(':').filter_map(after_scheme).filter(|host| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_found_in_all_forms() {
        for (text, expected) in [
            (r#"{"QueueUrl":"http://127.0.0.1:5000/1/q"}"#, &["127.0.0.1:5000"][..]),
            (r#"{"QueueUrls": ["http:\/\/a:1\/1\/q", "https://b/1/r"]}"#, &["a:1", "b"]),
            ("<R xmlns=\"http://queue.amazonaws.com/doc/\"><QueueUrl>http://[::1]:9/1/q</QueueUrl></R>", &["[::1]:9"]),
            (r#"{"a":"b:c", "d": "ftp://e/", "time": "12:00"}"#, &[]),
            ("http://", &[]),
        ] {
            assert_eq!(hosts(text).collect::<Vec<_>>(), expected, "{text}");
        }
    }
}
