//! MFA in the operations that issue sessions.

use crate::call::{AccountRef, Context, MfaCode};
use crate::error::{Code, Error, Result};
use crate::shapes::{SessionSerialNumber, TokenCode};

/// Checks `SerialNumber` and `TokenCode`: both or none, and a code of the caller's own device. It is in an
/// operation's precondition, so wherever the operation goes on with a serial number, its code was valid.
///
/// # Errors
/// `AccessDenied` in AWS's words.
pub fn check(
    cx: &Context<'_, impl AccountRef>,
    serial: Option<&SessionSerialNumber>,
    code: Option<&TokenCode>,
) -> Result<()> {
    match (serial.is_some() || code.is_some(), MfaCode::given(serial, code)) {
        (false, _) => Ok(()),
        (true, Some(code)) => cx.must_be_right(code),
        (true, None) => {
            let message =
                "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.";
            Err(Error::new(Code::AccessDenied, message))
        }
    }
}
