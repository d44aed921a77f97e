//! The signature in the query of a presigned URL. `X-Amz-Expires` is not read: IAM and STS hold a presigned request to
//! the same 15 minutes as any other.

use std::borrow::Cow;

use super::credential::Credential;
use super::signature::{Location, Signature, incomplete};
use super::time::RequestTime;
use super::{ALGORITHM, Incoming};
use crate::error::{Code, Error, Result};

/// The parameter with the session token.
pub(super) const SECURITY_TOKEN: &str = "X-Amz-Security-Token";
/// The parameter with the signature, the only one that is not signed.
pub(super) const SIGNATURE: &str = "X-Amz-Signature";

/// The decoded parameters that make up a signature. An empty one counts as absent.
#[derive(Default)]
struct Parameters<'a> {
    algorithm: Option<Cow<'a, str>>,
    credential: Option<Cow<'a, str>>,
    signature: Option<Cow<'a, str>>,
    signed_headers: Option<Cow<'a, str>>,
    date: Option<Cow<'a, str>>,
    security_token: Option<Cow<'a, str>>,
}

/// Reads the query; `None` when it has no `X-Amz-Algorithm`.
pub(super) fn read<'a>(request: &Incoming<'a>) -> Option<Result<Signature<'a>>> {
    let parameters = Parameters::of(request.query);
    match parameters.algorithm.as_deref()? {
        ALGORITHM | "" => Some(parameters.read(request)),
        _ => Some(Err(Error::new(Code::MissingAuthenticationToken, "Missing Authentication Token"))),
    }
}

/// The first parameter of that name, decoded.
pub(super) fn parameter<'a>(query: &'a str, name: &str) -> Option<Cow<'a, str>> {
    form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value)
}

impl<'a> Parameters<'a> {
    fn of(query: &'a str) -> Self {
        let mut parameters = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let parameter = match name.as_ref() {
                "X-Amz-Algorithm" => &mut parameters.algorithm,
                "X-Amz-Credential" => &mut parameters.credential,
                "X-Amz-Date" => &mut parameters.date,
                "X-Amz-SignedHeaders" => &mut parameters.signed_headers,
                SIGNATURE => &mut parameters.signature,
                SECURITY_TOKEN => &mut parameters.security_token,
                _ => continue,
            };
            parameter.get_or_insert(value);
        }
        parameters
    }

    fn read(self, request: &Incoming<'a>) -> Result<Signature<'a>> {
        let required = [
            ("X-Amz-Algorithm", &self.algorithm),
            ("X-Amz-Credential", &self.credential),
            (SIGNATURE, &self.signature),
            ("X-Amz-SignedHeaders", &self.signed_headers),
            ("X-Amz-Date", &self.date),
        ];
        let mut missing = String::new();
        for (name, value) in required {
            if value.as_deref().unwrap_or_default().is_empty() {
                missing += &format!("AWS query-string parameters must include '{name}'. ");
            }
        }
        if !missing.is_empty() {
            return Err(incomplete(missing + "Re-examine the query-string parameters."));
        }
        let header = request.headers.get("x-amz-security-token");
        Ok(Signature {
            location: Location::Query,
            credential: Credential::read(self.credential.unwrap_or_default())?,
            session_token: header.map(|header| String::from_utf8_lossy(header.as_bytes())).or(self.security_token),
            time: RequestTime::basic(self.date.unwrap_or_default())?,
            signed_headers: self.signed_headers.unwrap_or_default(),
            hex: self.signature.unwrap_or_default(),
        })
    }
}
