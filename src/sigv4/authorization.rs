//! The signature in the `Authorization` header:
//! `AWS4-HMAC-SHA256 Credential=.., SignedHeaders=a;b, Signature=..`.

use data_encoding::BASE64;
use http::HeaderValue;
use http::header::{AUTHORIZATION, DATE};
use sha2::{Digest, Sha256};

use super::credential::Credential;
use super::signature::{Location, Signature, incomplete};
use super::time::RequestTime;
use super::{ALGORITHM, Incoming, X_AMZ_DATE, presigned};
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
    let parts = parameters.split(',').flat_map(|parts| parts.split(' '));
    for part in parts.filter(|part| !part.is_empty()) {
        match part.split_once('=').ok_or_else(|| no_equal_sign(part, header))? {
            ("Credential", value) => credential = value,
            ("Signature", value) => signature = value,
            ("SignedHeaders", value) => signed_headers = value,
            _ => {}
        }
    }
    let amz_date = request.headers.get(&X_AMZ_DATE);
    let date = amz_date.or_else(|| request.headers.get(DATE));
    let (Some(date), false) = (date, [credential, signature, signed_headers].contains(&"")) else {
        return Err(missing_parts(credential, signature, signed_headers, date, header));
    };
    let credential = Credential::read(credential.into())?;
    let date = String::from_utf8_lossy(date.as_bytes());
    Ok(Signature {
        location: Location::Header,
        credential,
        session_token: request
            .session_token()
            .or_else(|| presigned::parameter(request.query, presigned::SECURITY_TOKEN)),
        time: if amz_date.is_some() { RequestTime::basic(date)? } else { RequestTime::basic_or_rfc_1123(date)? },
        signed_headers: signed_headers.into(),
        hex: signature.into(),
        expires: None,
    })
}

fn missing_parts(
    credential: &str,
    signature: &str,
    signed_headers: &str,
    date: Option<&HeaderValue>,
    header: &HeaderValue,
) -> Error {
    let mut message = String::new();
    let mut missing = Vec::new();
    for (name, value) in [("Credential", credential), ("Signature", signature), ("SignedHeaders", signed_headers)] {
        if value.is_empty() {
            message += &format!("Authorization header requires '{name}' parameter. ");
            missing.push(name);
        }
    }
    if date.is_none() {
        message += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
        missing.push("X-Amz-Date");
    }
    message += &format!("(Hashed with SHA-256 and encoded with Base64) Authorization={}", hashed(header));
    incomplete(message, format!("the request lacks {}", missing.join(", ")))
}

fn no_equal_sign(part: &str, header: &HeaderValue) -> Error {
    let message = format!(
        "'{part}' not a valid key=value pair (missing equal-sign) in Authorization header \
         (hashed with SHA-256 and encoded with Base64): '{}'.",
        hashed(header)
    );
    incomplete(message, "a part of the Authorization header has no equals sign")
}

/// AWS no longer repeats the header itself in a message, for it may hold a secret sent by mistake.
fn hashed(header: &HeaderValue) -> String {
    BASE64.encode(&Sha256::digest(header.as_bytes()))
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    fn error(headers: &[(&'static str, &[u8])]) -> Option<String> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_bytes(value).unwrap());
        }
        let request = Incoming { method: "GET", path: "/", query: "", headers: &map, body: b"" };
        Signature::read(&request).err().map(|error| error.to_string())
    }

    #[test]
    fn another_scheme_is_no_signature() {
        for value in ["", "Bearer x", "AWS4-HMAC-SHA256Credential=x", "AWS x:y"] {
            assert_eq!(
                error(&[("authorization", value.as_bytes())]).unwrap(),
                "MissingAuthenticationToken: Request is missing Authentication Token",
                "{value}"
            );
        }
    }

    #[test]
    fn clients_that_sign_with_version_4a_learn_what_to_do() {
        let expected = "IncompleteSignature: AWS4-ECDSA-P256-SHA256 (SigV4a) is not supported here; \
                        sign with AWS4-HMAC-SHA256.";
        assert_eq!(error(&[("authorization", b"AWS4-ECDSA-P256-SHA256 Credential=x")]).unwrap(), expected);
        let query = "Action=GetCallerIdentity&X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256&X-Amz-Signature=x";
        let request = Incoming { method: "GET", path: "/", query, headers: &HeaderMap::new(), body: b"" };
        assert_eq!(Signature::read(&request).err().unwrap().to_string(), expected);
    }

    /// The digests were computed with OpenSSL.
    #[test]
    fn the_parts_that_are_missing_are_reported_together() {
        const PARTS: &str = "Authorization header requires 'Credential' parameter. \
            Authorization header requires 'Signature' parameter. \
            Authorization header requires 'SignedHeaders' parameter. ";
        const DATE: &str = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
        const DIGEST: &str = "(Hashed with SHA-256 and encoded with Base64) \
            Authorization=YI2YWea8FSxnksZL2ETHbs5elHm9HQufxTLK0W0ffV0=";
        let bare: (_, &[u8]) = ("authorization", b"AWS4-HMAC-SHA256");
        assert_eq!(error(&[bare]).unwrap(), format!("IncompleteSignature: {PARTS}{DATE}{DIGEST}"));
        assert_eq!(error(&[bare, ("date", b"")]).unwrap(), format!("IncompleteSignature: {PARTS}{DIGEST}"));
        let no_text = error(&[("authorization", b"AWS4-HMAC-SHA256 Credential=\xff, Signature=0, SignedHeaders=host")]);
        assert!(no_text.unwrap().starts_with(&format!("IncompleteSignature: {PARTS}{DATE}")));
        let empty =
            error(&[("authorization", b"AWS4-HMAC-SHA256 Credential=x,Signature=,SignedHeaders=h"), ("date", b"")]);
        assert!(
            empty.unwrap().starts_with("IncompleteSignature: Authorization header requires 'Signature' parameter. (")
        );
    }

    /// As STS answers to an access key id with a blank in it.
    #[test]
    fn a_part_without_an_equal_sign_is_named() {
        let value = b"AWS4-HMAC-SHA256 Credential=not valid/20180109/us-east-1/sts/aws4_request, \
            SignedHeaders=host, Signature=0";
        assert_eq!(
            error(&[("authorization", value)]).unwrap(),
            "IncompleteSignature: 'valid/20180109/us-east-1/sts/aws4_request' not a valid key=value pair (missing \
             equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): \
             'waiG7HcKEWGpUDxChtGCOKamy7/5SfMutgoiyYwpB9A='."
        );
    }

    #[test]
    fn separators_and_order_are_free() {
        let forms: [&[u8]; 3] = [
            b"AWS4-HMAC-SHA256 Credential=a/20260504/c/d/e,SignedHeaders=host,Signature=0",
            b"AWS4-HMAC-SHA256   Signature=0 , SignedHeaders=host,  Credential=a/20260504/c/d/e,",
            b"AWS4-HMAC-SHA256 Other=1, SignedHeaders=host, Signature=0, Credential=a/20260504/c/d/e",
        ];
        for form in forms {
            assert_eq!(error(&[("authorization", form), ("x-amz-date", b"20260504T120000Z")]), None);
        }
    }

    #[test]
    fn x_amz_date_precedes_date_and_must_be_in_basic_format() {
        let value: (_, &[u8]) =
            ("authorization", b"AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=0");
        let http: (_, &[u8]) = ("date", b"Mon, 04 May 2026 12:00:00 GMT");
        assert_eq!(error(&[value, http]), None);
        assert_eq!(error(&[value, ("x-amz-date", b"20260504T120000Z"), ("date", b"?")]), None);
        let refused = error(&[value, http, ("x-amz-date", http.1)]).unwrap();
        assert!(refused.contains("Got 'Mon, 04 May 2026 12:00:00 GMT'"), "{refused}");
        let refused = error(&[value, ("x-amz-date", b"\xff")]).unwrap();
        assert!(refused.contains("Got '\u{fffd}'"), "{refused}");
    }
}
