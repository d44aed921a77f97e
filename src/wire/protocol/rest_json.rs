//! restJson1: JSON both ways, with the operation in method and path.

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::aws_json::read_object;
use super::{Answer, Exchange, Http, Protocol, QueryMember, json_name};
use crate::error::{Code, Error, Result};
use crate::sigv4::Incoming;
use crate::wire::{Input, Output};

/// The protocol of Access Analyzer.
pub(in crate::wire) struct RestJson;

impl Protocol for RestJson {
    fn read<'r>(&self, request: &Incoming<'r>, http: Option<&Http>) -> Result<Input<'r>> {
        let mut input = read_object(request.body)?;
        if let (Value::Object(members), Some(http)) = (&mut input, http) {
            for member in http.query {
                let (QueryMember::Text(name) | QueryMember::Number(name) | QueryMember::Boolean(name)) = *member;
                // What belongs into the query string is not read from the body.
                members.remove(name);
                let sent = form_urlencoded::parse(request.query.as_bytes()).find(|(sent, _)| sent == name);
                let Some((_, value)) = sent else { continue };
                let value = match member {
                    QueryMember::Text(_) => json!(value),
                    QueryMember::Boolean(_) => match &*value {
                        "true" => json!(true),
                        "false" => json!(false),
                        _ => return Err(Error::without_message(Code::MalformedInput)),
                    },
                    QueryMember::Number(_) => {
                        let number = value.parse::<i64>();
                        json!(number.map_err(|_| Error::without_message(Code::MalformedInput))?)
                    }
                };
                members.insert(name.to_owned(), value);
            }
            for (label, value) in http.labels(request.path).unwrap_or_default() {
                let value = percent_decode_str(value).decode_utf8();
                let value = value.map_err(|_| Error::without_message(Code::MalformedInput))?;
                members.insert(label.to_owned(), json!(value));
            }
        }
        Ok(Input::Json(input))
    }

    fn answer(&self, _: &Exchange<'_>, output: &dyn Output) -> Result<Answer> {
        let body = output.to_json()?;
        let body = if body == "null" { "{}".to_owned() } else { body };
        Ok(Answer { status: 200, content_type: CONTENT_TYPE, headers: Vec::new(), body })
    }

    fn fault(&self, _: &Exchange<'_>, error: &Error) -> Answer {
        let name = json_name(error.code());
        let status = match error.code() {
            Code::InvalidClientTokenId | Code::MissingAuthenticationToken | Code::SignatureDoesNotMatch => 403,
            Code::InvalidAction => 404,
            code => code.status(),
        };
        let mut body = json!({"message": error.message()});
        if let Value::Object(members) = &mut body {
            members.extend(error.members().iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        }
        let headers = vec![("x-amzn-errortype", name.to_owned())];
        Answer { status, content_type: CONTENT_TYPE, headers, body: body.to_string() }
    }
}

const CONTENT_TYPE: &str = "application/json";
