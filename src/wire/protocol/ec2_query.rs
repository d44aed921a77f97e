//! ec2Query: forms in, XML out, with an envelope and errors of EC2's own.

use std::borrow::Cow;

use super::aws_query::form;
use super::{Answer, Exchange, Http, Protocol};
use crate::error::{Code, Error, Result};
use crate::sigv4::Incoming;
use crate::wire::{Input, Output, Params, xml};

/// The protocol of Amazon EC2.
pub(in crate::wire) struct Ec2Query;

impl Protocol for Ec2Query {
    fn read<'r>(&self, request: &Incoming<'r>, _: Option<&Http>) -> Result<Input<'r>> {
        Params::read(request.query, form(request)).map(Input::Ec2Query)
    }

    fn answer(&self, exchange: &Exchange<'_>, output: &dyn Output) -> Result<Answer> {
        let Exchange { service, operation, request_id, .. } = *exchange;
        Ok(xml_answer(200, xml::ec2_response(service, operation, &output.to_ec2_xml()?, request_id)))
    }

    fn fault(&self, exchange: &Exchange<'_>, error: &Error) -> Answer {
        let (status, code, message) = words(error);
        xml_answer(status, xml::ec2_error_response(code, &message, exchange.request_id))
    }
}

fn xml_answer(status: u16, body: String) -> Answer {
    Answer { status, content_type: "text/xml;charset=UTF-8", headers: Vec::new(), body }
}

/// What EC2 calls an error (Amazon EC2 Developer Guide, "Error codes for the Amazon EC2 API").
fn words(error: &Error) -> (u16, &'static str, Cow<'_, str>) {
    let message = error.message().unwrap_or_default();
    match error.code() {
        Code::AccessDenied => {
            let message = format!("You are not authorized to perform this operation. {message}");
            (403, "UnauthorizedOperation", message.into())
        }
        Code::InvalidClientTokenId | Code::IncompleteSignature | Code::SignatureDoesNotMatch => {
            (401, "AuthFailure", "AWS was not able to validate the provided access credentials".into())
        }
        Code::ExpiredToken => (400, "RequestExpired", "Request has expired.".into()),
        Code::MissingAuthenticationToken => {
            (400, "MissingParameter", "The request must contain the parameter AWSAccessKeyId".into())
        }
        Code::MalformedInput if message.is_empty() => {
            (400, "InvalidParameterValue", "A parameter has a value of the wrong type.".into())
        }
        Code::ServiceUnavailable => (503, "Unavailable", message.into()),
        code if code.status() >= 500 => (500, "InternalError", message.into()),
        code => (code.status(), code.as_str(), message.into()),
    }
}
