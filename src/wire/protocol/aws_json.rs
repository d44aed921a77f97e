//! awsJson 1.0 and 1.1: JSON both ways, with the operation in `X-Amz-Target`.

use serde_json::{Value, json};

use super::{Answer, Exchange, Http, Protocol, json_name};
use crate::error::{Code, Error, Result};
use crate::sigv4::Incoming;
use crate::wire::{Input, Output};

/// The protocol with one of its two media types.
pub(in crate::wire) struct AwsJson(pub &'static str);

impl Protocol for AwsJson {
    fn read<'r>(&self, request: &Incoming<'r>, _: Option<&Http>) -> Result<Input<'r>> {
        read_object(request.body).map(Input::Json)
    }

    fn answer(&self, _: &Exchange<'_>, output: &dyn Output) -> Result<Answer> {
        let body = output.to_json()?;
        // An operation without output has an empty body.
        let body = if body == "null" { String::new() } else { body };
        Ok(Answer { status: 200, content_type: self.0, headers: Vec::new(), body })
    }

    fn fault(&self, _: &Exchange<'_>, error: &Error) -> Answer {
        // All faults of the client have the same status.
        let status = if error.code().status() < 500 { 400 } else { error.code().status() };
        let mut body = json!({"__type": json_name(error.code())});
        if let Value::Object(members) = &mut body {
            members.extend(error.message().map(|message| ("Message".to_owned(), message.into())));
            members.extend(error.members().iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        }
        Answer { status, content_type: self.0, headers: Vec::new(), body: body.to_string() }
    }
}

/// Reads a body that must be an object, or nothing.
pub(super) fn read_object(body: &[u8]) -> Result<Value> {
    if body.is_empty() {
        return Ok(json!({}));
    }
    let value: Option<Value> = serde_json::from_slice(body).ok();
    value.filter(Value::is_object).ok_or_else(|| Error::without_message(Code::MalformedInput))
}
