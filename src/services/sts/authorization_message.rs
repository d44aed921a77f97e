//! Encoded authorization messages: why a request was denied, for those who may know.

use serde::{Deserialize, Serialize};

use crate::call::{Access, Operation, Query, View, operations};
use crate::error::{Code, Error, Result};
use crate::shapes::EncodedMessage;

/// Decodes an authorization message of the caller's account.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DecodeAuthorizationMessage {
    encoded_message: EncodedMessage,
}

/// What `DecodeAuthorizationMessage` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DecodeAuthorizationMessageResult {
    decoded_message: String,
}

impl Operation for DecodeAuthorizationMessage {
    type Output = DecodeAuthorizationMessageResult;

    const ERRORS: &'static [Code] = &[Code::InvalidAuthorizationMessage];

    fn access(&self) -> Access<'_> {
        Access::any()
    }
}

impl Query for DecodeAuthorizationMessage {
    fn answer(self, cx: &View<'_>) -> Result<DecodeAuthorizationMessageResult> {
        let decoded_message = cx.environment.key.open_message(cx.account.id, &self.encoded_message);
        let invalid = || Error::new(Code::InvalidAuthorizationMessage, "Message is invalid");
        Ok(DecodeAuthorizationMessageResult { decoded_message: decoded_message.ok_or_else(invalid)? })
    }
}

operations!(STS: query DecodeAuthorizationMessage);
