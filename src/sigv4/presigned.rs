//! The signature in the query of a presigned URL. IAM and STS do not look at `X-Amz-Expires`: they hold a presigned
//! request to the same 15 minutes as any other.

use std::borrow::Cow;

use super::credential::Credential;
use super::signature::{ASYMMETRIC, Location, Signature, asymmetric, incomplete};
use super::time::RequestTime;
use super::{ALGORITHM, Incoming};
use crate::error::{Code, Error, Part, Result};

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
    expires: Option<Cow<'a, str>>,
}

/// Reads the query; `None` when it has no `X-Amz-Algorithm`.
pub(super) fn read<'a>(request: &Incoming<'a>) -> Option<Result<Signature<'a>>> {
    let parameters = Parameters::of(request.query);
    match parameters.algorithm.as_deref()? {
        ALGORITHM | "" => Some(parameters.read(request)),
        ASYMMETRIC => Some(Err(asymmetric())),
        _ => {
            let error = Error::new(Code::MissingAuthenticationToken, "Missing Authentication Token");
            Some(Err(error.rejecting(Part::Authorization, "X-Amz-Algorithm is not AWS4-HMAC-SHA256")))
        }
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
                "X-Amz-Expires" => &mut parameters.expires,
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
        let is_missing = |value: &Option<Cow<'_, str>>| value.as_deref().unwrap_or_default().is_empty();
        let missing: Vec<_> =
            required.into_iter().filter_map(|(name, value)| is_missing(value).then_some(name)).collect();
        if !missing.is_empty() {
            let sentences: String =
                missing.iter().map(|name| format!("AWS query-string parameters must include '{name}'. ")).collect();
            let why = format!("the query lacks {}", missing.join(", "));
            return Err(incomplete(sentences + "Re-examine the query-string parameters.", why));
        }
        Ok(Signature {
            location: Location::Query,
            credential: Credential::read(self.credential.unwrap_or_default())?,
            session_token: request.session_token().or(self.security_token),
            time: RequestTime::basic(self.date.unwrap_or_default())?,
            signed_headers: self.signed_headers.unwrap_or_default(),
            hex: self.signature.unwrap_or_default(),
            expires: self.expires,
        })
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    const WHOLE: &str = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20260504%2Fus-east-1%2Fsts%2Faws4_request\
        &X-Amz-Date=20260504T120000Z&X-Amz-Expires=tomorrow&X-Amz-SignedHeaders=host&X-Amz-Signature=0";

    fn error(query: &str, headers: &HeaderMap) -> Option<String> {
        let request = Incoming { method: "GET", path: "/", query, headers, body: b"" };
        Signature::read(&request).err().map(|error| error.to_string())
    }

    #[test]
    fn a_whole_signature_is_read_decoded() {
        let query = format!("{WHOLE}&X-Amz-Security-Token=a%2Bb%3D&X-Amz-Security-Token=second");
        let request = Incoming { method: "GET", path: "/", query: &query, headers: &HeaderMap::new(), body: b"" };
        let signature = Signature::read(&request).unwrap();
        assert_eq!(signature.location(), Location::Query);
        assert_eq!(signature.session_token(), Some("a+b="));
        let credential = signature.credential();
        assert_eq!(
            (&*credential.access_key_id, &*credential.region, &*credential.service),
            ("AKID", "us-east-1", "sts")
        );
    }

    #[test]
    fn what_is_missing_is_reported_together() {
        let headers = HeaderMap::new();
        for name in ["X-Amz-Credential", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Signature"] {
            let message = format!(
                "IncompleteSignature: AWS query-string parameters must include '{name}'. \
                 Re-examine the query-string parameters."
            );
            assert_eq!(error(&WHOLE.replace(name, "Absent"), &headers).unwrap(), message);
            assert_eq!(error(&WHOLE.replace(name, &name.to_lowercase()), &headers).unwrap(), message);
            assert_eq!(error(&WHOLE.replace(name, &format!("{name}=&Absent")), &headers).unwrap(), message);
        }
        assert_eq!(
            error("X-Amz-Algorithm", &headers).unwrap(),
            "IncompleteSignature: AWS query-string parameters must include 'X-Amz-Algorithm'. \
             AWS query-string parameters must include 'X-Amz-Credential'. \
             AWS query-string parameters must include 'X-Amz-Signature'. \
             AWS query-string parameters must include 'X-Amz-SignedHeaders'. \
             AWS query-string parameters must include 'X-Amz-Date'. Re-examine the query-string parameters."
        );
    }

    #[test]
    fn without_a_known_algorithm_there_is_no_signature() {
        let headers = HeaderMap::new();
        assert_eq!(
            error(&WHOLE.replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA512"), &headers).unwrap(),
            "MissingAuthenticationToken: Missing Authentication Token"
        );
        assert_eq!(
            error(&WHOLE.replace("X-Amz-Algorithm", "Algorithm"), &headers).unwrap(),
            "MissingAuthenticationToken: Request is missing Authentication Token"
        );
    }

    #[test]
    fn the_header_wins_if_it_is_a_signature() {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", "Basic dXNlcg==".parse().unwrap());
        assert_eq!(error(WHOLE, &headers), None);
        headers.insert("authorization", "AWS4-HMAC-SHA256".parse().unwrap());
        assert!(error(WHOLE, &headers).unwrap().contains("Authorization header requires"));
    }
}
