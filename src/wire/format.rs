//! The two formats of an answer.

use serde_json::json;

use super::{Output, Service, xml};
use crate::error::{Error, Result};

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

    /// The answer to a call that succeeded.
    ///
    /// # Errors
    /// Only for an output without a form in this format, which is a fault of ours.
    pub fn response(self, service: Service, operation: &str, output: &dyn Output, request_id: &str) -> Result<String> {
        let metadata = || json!({"RequestId": request_id});
        match self {
            Self::Xml => Ok(xml::response(service, operation, &output.to_xml(operation)?, request_id)),
            Self::Json => Ok(match &*output.to_json()? {
                "null" => format!(r#"{{"{operation}Response":{{"ResponseMetadata":{}}}}}"#, metadata()),
                result => {
                    let metadata = metadata();
                    format!(
                        r#"{{"{operation}Response":{{"{operation}Result":{result},"ResponseMetadata":{metadata}}}}}"#
                    )
                }
            }),
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
