//! The signature in the `Authorization` header:
//! `AWS4-HMAC-SHA256 Credential=.., SignedHeaders=a;b, Signature=..`.

use std::borrow::Cow;

use data_encoding::BASE64;
use http::HeaderValue;
use http::header::{AUTHORIZATION, DATE};
use sha2::{Digest, Sha256};

use super::credential::Credential;
use super::signature::{Location, Signature, incomplete};
use super::time::RequestTime;
use super::{ALGORITHM, Incoming, presigned};
use crate::error::{Error, Result};

/// Reads the `Authorization` header; `None` when there is none of Signature Version 4.
pub(super) fn read<'a>(request: &Incoming<'a>) -> Option<Result<Signature<'a>>> {
    let header = request.headers.get(AUTHORIZATION)?;
    let parameters = after_algorithm(header)?;
    Some(read_parameters(parameters, header, request))
}

/// What follows the name of the algorithm. Bytes that are no UTF-8 can hold no parameter.
fn after_algorithm(header: &HeaderValue) -> Option<&str> {
    let rest = header.as_bytes().strip_prefix(ALGORITHM.as_bytes())?;
    let ends = rest.first().is_none_or(|&byte| byte == b' ');
    ends.then(|| str::from_utf8(rest).unwrap_or_default())
}

fn read_parameters<'a>(parameters: &'a str, header: &HeaderValue, request: &Incoming<'a>) -> Result<Signature<'a>> {
    let (mut credential, mut signature, mut signed_headers) = ("", "", "");
    // Blanks separate as commas do: AWS names the part after a stray blank as the one without an equal-sign.
    for part in parameters.split([',', ' ']).filter(|part| !part.is_empty()) {
        match part.split_once('=').ok_or_else(|| no_equal_sign(part, header))? {
            ("Credential", value) => credential = value,
            ("Signature", value) => signature = value,
            ("SignedHeaders", value) => signed_headers = value,
            _ => {}
        }
    }
    let amz_date = request.headers.get("x-amz-date");
    let date = amz_date.or_else(|| request.headers.get(DATE));
    let (Some(date), false) = (date, [credential, signature, signed_headers].contains(&"")) else {
        return Err(missing_parts(credential, signature, signed_headers, date, header));
    };
    let credential = Credential::read(credential.into())?;
    let date = String::from_utf8_lossy(date.as_bytes());
    Ok(Signature {
        location: Location::Header,
        credential,
        session_token: session_token(request),
        time: if amz_date.is_some() { RequestTime::basic(date)? } else { RequestTime::basic_or_rfc_1123(date)? },
        signed_headers: signed_headers.into(),
        hex: signature.into(),
    })
}

/// The `X-Amz-Security-Token` header, or else the parameter of that name.
fn session_token<'a>(request: &Incoming<'a>) -> Option<Cow<'a, str>> {
    match request.headers.get("x-amz-security-token") {
        Some(header) => Some(String::from_utf8_lossy(header.as_bytes())),
        None => presigned::parameter(request.query, presigned::SECURITY_TOKEN),
    }
}

fn missing_parts(
    credential: &str,
    signature: &str,
    signed_headers: &str,
    date: Option<&HeaderValue>,
    header: &HeaderValue,
) -> Error {
    let mut message = String::new();
    for (name, value) in [("Credential", credential), ("Signature", signature), ("SignedHeaders", signed_headers)] {
        if value.is_empty() {
            message += &format!("Authorization header requires '{name}' parameter. ");
        }
    }
    if date.is_none() {
        message += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
    }
    incomplete(message + &format!("(Hashed with SHA-256 and encoded with Base64) Authorization={}", hashed(header)))
}

fn no_equal_sign(part: &str, header: &HeaderValue) -> Error {
    incomplete(format!(
        "'{part}' not a valid key=value pair (missing equal-sign) in Authorization header \
         (hashed with SHA-256 and encoded with Base64): '{}'.",
        hashed(header)
    ))
}

/// AWS no longer repeats the header itself in a message, for it may hold a secret sent by mistake.
fn hashed(header: &HeaderValue) -> String {
    BASE64.encode(&Sha256::digest(header.as_bytes()))
}
