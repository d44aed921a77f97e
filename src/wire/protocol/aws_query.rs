//! awsQuery: forms in, XML out; IAM and STS also answer in JSON where a client accepts it.

use http::header;
use serde_json::json;

use super::{Answer, Exchange, Http, Protocol};
use crate::error::{Code, Error, Result};
use crate::sigv4::Incoming;
use crate::wire::{Input, Output, Params, xml};

/// The protocol of IAM and STS.
pub(in crate::wire) struct AwsQuery;

impl Protocol for AwsQuery {
    fn read<'r>(&self, request: &Incoming<'r>, _: Option<&Http>) -> Result<Input<'r>> {
        Params::read(request.query, form(request)).map(Input::Query)
    }

    fn answer(&self, exchange: &Exchange<'_>, output: &dyn Output) -> Result<Answer> {
        let Exchange { service, operation, request_id, accepts_json } = *exchange;
        if !accepts_json {
            return Ok(xml_answer(200, xml::response(service, operation, &output.to_xml(operation)?, request_id)));
        }
        let metadata = json!({"RequestId": request_id});
        let body = match &*output.to_json()? {
            "null" => format!(r#"{{"{operation}Response":{{"ResponseMetadata":{metadata}}}}}"#),
            result => {
                format!(r#"{{"{operation}Response":{{"{operation}Result":{result},"ResponseMetadata":{metadata}}}}}"#)
            }
        };
        Ok(json_answer(200, body))
    }

    fn fault(&self, exchange: &Exchange<'_>, error: &Error) -> Answer {
        let namespace = match error.code() {
            Code::InvalidAction => FAULT_NAMESPACE,
            _ => exchange.service.namespace(),
        };
        let status = error.code().status();
        if !exchange.accepts_json {
            return xml_answer(status, xml::error_response(namespace, error, exchange.request_id));
        }
        let blame = if status < 500 { "Sender" } else { "Receiver" };
        let body = json!({
            "Error": {"Code": error.code().as_str(), "Message": error.message(), "Type": blame},
            "RequestId": exchange.request_id,
        });
        json_answer(status, body.to_string())
    }
}

/// The namespace of the one answer that belongs to no service.
const FAULT_NAMESPACE: &str = "http://webservices.amazon.com/AWSFault/2005-15-09";

fn xml_answer(status: u16, body: String) -> Answer {
    Answer { status, content_type: "text/xml", headers: Vec::new(), body }
}

fn json_answer(status: u16, body: String) -> Answer {
    Answer { status, content_type: "application/json", headers: Vec::new(), body }
}

/// The parameters in the body, if it is a form.
pub(super) fn form<'r>(request: &Incoming<'r>) -> &'r [u8] {
    const FORM: &str = "application/x-www-form-urlencoded";
    let content_type = request.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_form = content_type
        .is_none_or(|value| value.trim_start().get(..FORM.len()).is_some_and(|start| start.eq_ignore_ascii_case(FORM)));
    if is_form { request.body } else { &[] }
}
