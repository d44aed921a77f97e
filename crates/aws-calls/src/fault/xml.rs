//! The bodies of refusals in XML.

use std::borrow::Cow;
use std::fmt::Write;

use quick_xml::escape::partial_escape;

use super::{Addressee, Fault, s3_ids};

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// The Query protocol.
pub(super) fn query(fault: &Fault, to: &Addressee<'_>) -> String {
    let (blame, code, message) = parts(fault);
    format!(
        "<ErrorResponse{}>\n  <Error>\n    <Type>{blame}</Type>\n    <Code>{code}</Code>\n    \
         <Message>{message}</Message>\n  </Error>\n  <RequestId>{}</RequestId>\n</ErrorResponse>\n",
        namespace(to),
        content(to.request_id)
    )
}

/// SQS, which has an empty detail.
pub(super) fn sqs(fault: &Fault, to: &Addressee<'_>) -> String {
    let (blame, code, message) = parts(fault);
    format!(
        "<ErrorResponse{}><Error><Type>{blame}</Type><Code>{code}</Code><Message>{message}</Message><Detail/></Error>\
         <RequestId>{}</RequestId></ErrorResponse>",
        namespace(to),
        content(to.request_id)
    )
}

/// The protocol of EC2.
pub(super) fn ec2(fault: &Fault, to: &Addressee<'_>) -> String {
    let (_, code, message) = parts(fault);
    format!(
        "{DECLARATION}<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>\
         <RequestID>{}</RequestID></Response>",
        content(to.request_id)
    )
}

/// Route 53 and CloudFront.
pub(super) fn rest(fault: &Fault, to: &Addressee<'_>) -> String {
    let (blame, code, message) = parts(fault);
    format!(
        "{DECLARATION}<ErrorResponse{}><Error><Type>{blame}</Type><Code>{code}</Code><Message>{message}</Message>\
         </Error><RequestId>{}</RequestId></ErrorResponse>",
        namespace(to),
        content(to.request_id)
    )
}

/// S3.
pub(super) fn s3(fault: &Fault, to: &Addressee<'_>) -> String {
    let (_, code, message) = parts(fault);
    let mut details = String::new();
    for (name, value) in &fault.details {
        // Writing to a string does not fail.
        let _written = write!(details, "<{name}>{}</{name}>", content(value));
    }
    let (id, host_id) = s3_ids(to.request_id);
    format!(
        "{DECLARATION}<Error><Code>{code}</Code><Message>{message}</Message>{details}<RequestId>{id}</RequestId>\
         <HostId>{host_id}</HostId></Error>"
    )
}

/// S3 Control.
pub(super) fn s3_control(fault: &Fault, to: &Addressee<'_>) -> String {
    let (_, code, message) = parts(fault);
    let (id, host_id) = s3_ids(to.request_id);
    format!(
        "{DECLARATION}<ErrorResponse{}><Error><Code>{code}</Code><Message>{message}</Message></Error>\
         <RequestId>{id}</RequestId><HostId>{host_id}</HostId></ErrorResponse>",
        namespace(to)
    )
}

fn parts(fault: &Fault) -> (&'static str, Cow<'_, str>, Cow<'_, str>) {
    let blame = if fault.is_senders() { "Sender" } else { "Receiver" };
    (blame, content(fault.query_code.unwrap_or(&fault.code)), content(&fault.message))
}

fn namespace(to: &Addressee<'_>) -> String {
    let namespace = to.service.map(|service| service.xml_namespace).filter(|namespace| !namespace.is_empty());
    namespace.map(|namespace| format!(" xmlns=\"{namespace}\"")).unwrap_or_default()
}

/// A text as the content of an element. Characters that XML 1.0 does not have become U+FFFD.
fn content(text: &str) -> Cow<'_, str> {
    let is_char = |character: char| !matches!(character, '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}');
    let escaped = partial_escape(text);
    if escaped.chars().all(is_char) {
        return escaped;
    }
    escaped.chars().map(|character| if is_char(character) { character } else { char::REPLACEMENT_CHARACTER }).collect()
}
