//! Any request is refused, or is the call that a plain reading of the service models says it is.

#![no_main]

#[path = "../../crates/aws-calls/tests/naive/mod.rs"]
mod naive;
#[path = "../../crates/aws-calls/tests/sent/mod.rs"]
mod sent;

use aws_calls::s3::{Hosts, Routed};
use aws_calls::{Input, Recognised, recognise};
use http::{HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;
use sent::{Sent, Values};

/// A request as text: method, path, query string and scope in the first line, then headers, an empty line and the body.
fn parse(text: &str) -> Option<Sent> {
    let (head, body) = text.split_once("\n\n").map_or((text, None), |(head, body)| (head, Some(body)));
    let mut lines = head.lines();
    let mut words = lines.next()?.split(' ');
    let method = words.next()?.to_owned();
    let path = format!("/{}", words.next()?.trim_start_matches('/'));
    let query = words.next().unwrap_or_default().to_owned();
    let scope = words.next().map(str::to_owned);
    let headers = lines.filter_map(|line| line.split_once(": "));
    let valid =
        |(name, value): &(&str, &str)| HeaderName::try_from(*name).is_ok() && HeaderValue::from_str(value).is_ok();
    let headers = headers.filter(valid).map(|(name, value)| (name.to_ascii_lowercase(), Values::One(value.to_owned())));
    Some(Sent { scope, method, path, query, headers: headers.collect(), body: body.map(str::to_owned) })
}

fuzz_target!(|bytes: &[u8]| {
    let Some(sent) = std::str::from_utf8(bytes).ok().and_then(parse) else { return };
    assert_eq!(naive::disagreement(&sent), None);
    let headers = sent.headers();
    let request = sent.request(&headers);
    let call = match recognise(&request, sent.scope.as_deref()) {
        Ok(Recognised::Call(call)) => call,
        Ok(Recognised::S3) => {
            let _routed = Routed::of(&request, &Hosts::new(["localhost"]));
            return;
        }
        Err(_) => return,
    };
    let Ok(input) = Input::read(&call, request) else { return };
    for name in call.service.input(&call.operation).into_iter().flat_map(|shape| shape.members.keys()) {
        let _read = input.member(name);
    }
});
