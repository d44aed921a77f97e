//! Content type, headers and body of a refusal in each protocol.

use aws_reference::operations::Protocol;
use ciborium::Value as Cbor;
use serde_json::json;

use super::{Addressee, Fault, xml};

/// What is written of a refusal besides its status and the request's id.
pub(super) struct Form {
    pub content_type: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Body,
}

pub(super) enum Body {
    Text(String),
    Bytes(Vec<u8>),
}

impl Form {
    fn text(content_type: impl Into<String>, body: String) -> Self {
        Self { content_type: content_type.into(), headers: Vec::new(), body: Body::Text(body) }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// JSON services that write the code alone; the others write it with the name of Amazon's framework.
const PLAIN_CODES: &[&str] = &["logs", "ssm"];

/// The form of a refusal.
pub(super) fn of(fault: &Fault, to: &Addressee<'_>) -> Form {
    let form = match to.protocol {
        Protocol::Query if to.is("sqs") => Form::text("text/xml", xml::sqs(fault, to)),
        Protocol::Query => Form::text("text/xml", xml::query(fault, to)),
        Protocol::Ec2 => Form::text("text/xml;charset=UTF-8", xml::ec2(fault, to)),
        Protocol::RestXml if to.is_s3() => Form::text("application/xml", xml::s3(fault, to)),
        Protocol::RestXml if to.is("s3control") => Form::text("application/xml", xml::s3_control(fault, to)),
        Protocol::RestXml => Form::text("text/xml", xml::rest(fault, to)),
        Protocol::RestJson => rest_json(fault, to),
        Protocol::Cbor => {
            let body = cbor(&[("__type", &qualified(fault, to)), ("message", &fault.message)]);
            let form =
                Form { content_type: "application/cbor".to_owned(), headers: Vec::new(), body: Body::Bytes(body) };
            form.with("smithy-protocol", "rpc-v2-cbor")
        }
        Protocol::Json => json(fault, to),
    };
    let is_compatible = to.service.is_some_and(|service| service.query_compatible);
    if is_compatible && matches!(to.protocol, Protocol::Json | Protocol::Cbor) {
        let blame = if fault.is_senders() { "Sender" } else { "Receiver" };
        return form.with("x-amzn-query-error", format!("{};{blame}", fault.query_code()));
    }
    form
}

/// awsJson, and the same in CBOR for older clients of Kinesis.
fn json(fault: &Fault, to: &Addressee<'_>) -> Form {
    let sent = to.request.header("content-type").unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let code = qualified(fault, to);
    if sent.starts_with("application/x-amz-cbor") {
        let body = cbor(&[("__type", &code), (message_name(fault), &fault.message)]);
        return Form { content_type: sent.to_owned(), headers: Vec::new(), body: Body::Bytes(body) };
    }
    let version = to.service.map(|service| service.json_version).filter(|version| !version.is_empty());
    let content_type = match sent {
        "application/x-amz-json-1.0" | "application/x-amz-json-1.1" => sent.to_owned(),
        _ => format!("application/x-amz-json-{}", version.unwrap_or("1.0")),
    };
    Form::text(content_type, json!({"__type": code, message_name(fault): fault.message}).to_string())
}

/// Content type and body of an answer whose members are texts.
pub(super) fn result(members: &[(&str, &str)], to: &Addressee<'_>) -> (String, Vec<u8>) {
    let sent = to.request.header("content-type").unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if to.protocol == Protocol::Cbor || sent.starts_with("application/x-amz-cbor") {
        let content_type = if to.protocol == Protocol::Cbor { "application/cbor" } else { sent };
        return (content_type.to_owned(), cbor(members));
    }
    let object: serde_json::Map<_, _> =
        members.iter().map(|(name, text)| ((*name).to_owned(), (*text).into())).collect();
    (
        if sent.is_empty() { "application/json" } else { sent }.to_owned(),
        serde_json::Value::Object(object).to_string().into(),
    )
}

fn rest_json(fault: &Fault, to: &Addressee<'_>) -> Form {
    let (code, body) = if to.is("iot-data") && fault.code == "AccessDeniedException" {
        // AWS IoT says that it is forbidden, and not what.
        ("ForbiddenException", json!({"message": null, "traceId": to.request_id}))
    } else if to.service.is_some_and(|service| service.signing_name == "execute-api") {
        (&*fault.code, json!({message_name(fault): masked(&fault.message)}))
    } else {
        (&*fault.code, json!({message_name(fault): fault.message}))
    };
    Form::text("application/json", body.to_string()).with("x-amzn-errortype", code)
}

/// The name of the member that the message is in: front ends that check permissions write it with a capital.
fn message_name(fault: &Fault) -> &'static str {
    if fault.code == "AccessDeniedException" { "Message" } else { "message" }
}

fn qualified(fault: &Fault, to: &Addressee<'_>) -> String {
    if to.service.is_some_and(|service| PLAIN_CODES.contains(&service.name)) {
        return fault.code.to_string();
    }
    format!("com.amazon.coral.service#{}", fault.code)
}

fn cbor(members: &[(&str, &str)]) -> Vec<u8> {
    let text = |text: &str| Cbor::Text(text.to_owned());
    let map = Cbor::Map(members.iter().map(|(name, value)| (text(name), text(value))).collect());
    let mut bytes = Vec::new();
    // Writing to a vector does not fail, and texts have a form.
    let _written = ciborium::into_writer(&map, &mut bytes);
    bytes
}

/// API Gateway shows the last four digits of accounts in the ARNs of its sentences.
fn masked(message: &str) -> String {
    let Some((before, resource)) = message.split_once(" on resource: arn:") else { return message.to_owned() };
    let fields = resource.splitn(5, ':').enumerate().map(|(place, field)| match field.get(8..) {
        Some(last) if place == 3 && field.len() == 12 => format!("********{last}"),
        _ => field.to_owned(),
    });
    format!("{before} on resource: arn:{}", fields.collect::<Vec<_>>().join(":"))
}
