//! The two formats of an answer.

use serde::Serialize;
use serde_json::json;

use super::{Service, xml};
use crate::error::Error;

/// How the caller wants the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// AWS's XML.
    Xml,
    /// JSON, when the request accepts `application/json`.
    Json,
}

impl Format {
    /// The media type of answers.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Xml => "text/xml",
            Self::Json => "application/json",
        }
    }

    /// Writes an operation's result, to be put into [`Format::response`].
    ///
    /// # Errors
    /// Fails only if a type has no form in the format, which is a fault of ours.
    pub fn result<T: Serialize>(self, operation: &str, output: &T) -> Result<String, xml::Unsupported> {
        match self {
            Self::Xml => xml::result(operation, output),
            Self::Json => serde_json::to_string(output).map_err(serde::ser::Error::custom),
        }
    }

    /// The answer to a call that succeeded.
    pub fn response(self, service: Service, operation: &str, result: &str, request_id: &str) -> String {
        let metadata = || json!({"RequestId": request_id});
        match self {
            Self::Xml => xml::response(service, operation, result, request_id),
            Self::Json if result == "null" => {
                format!(r#"{{"{operation}Response":{{"ResponseMetadata":{}}}}}"#, metadata())
            }
            Self::Json => {
                let metadata = metadata();
                format!(r#"{{"{operation}Response":{{"{operation}Result":{result},"ResponseMetadata":{metadata}}}}}"#)
            }
        }
    }

    /// The answer to a call that failed.
    pub fn error(self, namespace: &str, error: &Error, request_id: &str) -> String {
        match self {
            Self::Xml => xml::error_response(namespace, error, request_id),
            Self::Json => {
                let blame = if error.code().status() < 500 { "Sender" } else { "Receiver" };
                let error = json!({"Code": error.code().as_str(), "Message": error.message(), "Type": blame});
                json!({"Error": error, "RequestId": request_id}).to_string()
            }
        }
    }
}
