//! The signature that a request of another service carries.

use http::header::AUTHORIZATION;

use crate::error::{Code, Error, Part, Result};
use crate::sigv4::{Incoming, Location, Signature, Version2};

/// The signature of a request, as it presents itself.
pub enum Presented<'r> {
    /// Signature Version 4, in the `Authorization` header or in the query.
    Version4(Signature<'r>),
    /// Signature Version 2, in the query.
    Version2(Version2<'r>),
    /// None.
    Nothing,
}

/// How a header begins that has the signature of another version.
const OTHER_SCHEMES: [&str; 2] = ["AWS ", "AWS4-ECDSA-P256-SHA256"];

impl<'r> Presented<'r> {
    /// Reads the signature.
    ///
    /// # Errors
    /// `IncompleteSignature` for a malformed one, one of a version that is not known, and more than one: the upstream
    /// might look at another one than the gateway.
    pub fn read(request: &Incoming<'r>) -> Result<Self> {
        let header = request.headers.get_all(AUTHORIZATION).iter().count();
        let presigned =
            has_parameter(request.query, "X-Amz-Algorithm") || has_parameter(request.query, "X-Amz-Signature");
        let version2 = has_parameter(request.query, "AWSAccessKeyId") || has_parameter(request.query, "Signature");
        if header + usize::from(presigned) + usize::from(version2) > 1 {
            let error = Error::new(Code::IncompleteSignature, ONE_MECHANISM);
            return Err(error.rejecting(Part::Authorization, "the request is signed more than once"));
        }
        if let Some(value) = request.headers.get(AUTHORIZATION) {
            let starts = |scheme: &str| value.as_bytes().starts_with(scheme.as_bytes());
            if OTHER_SCHEMES.iter().any(|scheme| starts(scheme)) {
                let error = Error::new(Code::IncompleteSignature, NOT_SUPPORTED);
                return Err(error.rejecting(Part::Authorization, "the header is not of Signature Version 4"));
            }
            if !starts("AWS4-HMAC-SHA256") {
                // Tokens of other schemes are no signature.
                return Ok(Self::Nothing);
            }
        } else if version2 {
            let incomplete = || {
                let error = Error::new(Code::IncompleteSignature, LACKS_VERSION2);
                error.rejecting(Part::Authorization, "the query lacks parameters of Signature Version 2")
            };
            return Version2::read(request.query).map(Self::Version2).ok_or_else(incomplete);
        } else if !presigned {
            return Ok(Self::Nothing);
        }
        Signature::read(request).map(Self::Version4)
    }

    /// The service in the scope of the credential. Signature Version 2 is for S3 alone.
    pub fn service(&self) -> Option<&str> {
        match self {
            Self::Version4(signature) => Some(&signature.credential().service),
            Self::Version2(_) => Some("s3"),
            Self::Nothing => None,
        }
    }

    /// The region in the scope of the credential.
    pub fn region(&self) -> Option<&str> {
        match self {
            Self::Version4(signature) => Some(&signature.credential().region),
            Self::Version2(_) | Self::Nothing => None,
        }
    }

    /// The access key id.
    pub fn access_key_id(&self) -> Option<&str> {
        match self {
            Self::Version4(signature) => Some(&signature.credential().access_key_id),
            Self::Version2(signature) => Some(signature.access_key_id()),
            Self::Nothing => None,
        }
    }

    /// Whether the signature is in the query.
    pub fn is_in_query(&self) -> bool {
        match self {
            Self::Version4(signature) => signature.location() == Location::Query,
            Self::Version2(_) => true,
            Self::Nothing => false,
        }
    }
}

/// The parameters of a query that are its signature.
const SIGNATURE_PARAMETERS: [&str; 11] = [
    "X-Amz-Algorithm",
    "X-Amz-Content-Sha256",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-Security-Token",
    "X-Amz-Signature",
    "X-Amz-SignedHeaders",
    "AWSAccessKeyId",
    "Expires",
    "Signature",
];

/// A query without the signature in it, everything else as it was sent.
pub fn without_signature(query: &str) -> String {
    let own = |parameter: &&str| {
        let name = parameter.split('=').next().unwrap_or_default();
        let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
        !SIGNATURE_PARAMETERS.iter().any(|known| name.eq_ignore_ascii_case(known))
    };
    query.split('&').filter(own).collect::<Vec<_>>().join("&")
}

fn has_parameter(query: &str, name: &str) -> bool {
    let first = name.as_bytes().first().copied().unwrap_or_default();
    // Most queries have none of these letters.
    memchr::memchr2(first, b'%', query.as_bytes()).is_some()
        && form_urlencoded::parse(query.as_bytes()).any(|(found, _)| found == name)
}

const ONE_MECHANISM: &str = "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query \
    string parameter or the Authorization header should be specified";

const NOT_SUPPORTED: &str = "The authorization mechanism you have provided is not supported. Please use \
    AWS4-HMAC-SHA256.";

const LACKS_VERSION2: &str =
    "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters";

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::*;

    const SCOPE: &str = "AKID/20260504/eu-west-1/sqs/aws4_request";

    fn read(authorization: &[&str], query: &str) -> String {
        let mut headers = HeaderMap::new();
        for value in authorization {
            headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        headers.insert("x-amz-date", HeaderValue::from_static("20260504T120000Z"));
        let request = Incoming { method: "GET", path: "/", query, headers: &headers, body: b"" };
        match Presented::read(&request) {
            Ok(presented) => {
                format!("{:?} {:?} {}", presented.service(), presented.access_key_id(), presented.is_in_query())
            }
            Err(error) => error.code().as_str().to_owned(),
        }
    }

    #[test]
    fn a_request_has_one_signature_or_none() {
        let header = format!("AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=host, Signature=0");
        let query = format!(
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={SCOPE}&X-Amz-Date=20260504T120000Z\
             &X-Amz-SignedHeaders=host&X-Amz-Signature=0"
        );
        let version2 = "AWSAccessKeyId=AKID&Signature=x&Expires=1";
        assert_eq!(read(&[&header], ""), r#"Some("sqs") Some("AKID") false"#);
        assert_eq!(read(&[], &query), r#"Some("sqs") Some("AKID") true"#);
        assert_eq!(read(&[], version2), r#"Some("s3") Some("AKID") true"#);
        for (authorization, query) in [(&[][..], ""), (&["Bearer x"], ""), (&["Basic x"], "a=b&Expires=1")] {
            assert_eq!(read(authorization, query), "None None false");
        }
        let twice: [(&[&str], &str); 7] = [
            (&[&header, &header], ""),
            (&[&header], &query),
            (&[&header], version2),
            (&["Bearer x"], &query),
            (&[], &format!("{query}&{version2}")),
            (&["AWS AKID:x"], ""),
            (&["AWS4-ECDSA-P256-SHA256 Credential=x"], ""),
        ];
        for (authorization, query) in twice {
            assert_eq!(read(authorization, query), "IncompleteSignature", "{authorization:?} {query}");
        }
        assert_eq!(read(&[], "AWSAccessKeyId=AKID&Expires=1"), "IncompleteSignature");
        assert_eq!(read(&[], "X-Amz%2dSignature=0"), "MissingAuthenticationToken");
    }

    #[test]
    fn the_signature_is_taken_out_of_a_query() {
        for (query, without) in [
            ("", ""),
            ("a=1&X-Amz-Signature=2&b", "a=1&b"),
            ("X%2dAmz-Credential=x&x-amz-security-token=t&x-amz-acl=private", "x-amz-acl=private"),
            ("AWSAccessKeyId=a&Signature=b&Expires=c&versionId=1%202", "versionId=1%202"),
        ] {
            assert_eq!(without_signature(query), without);
        }
    }
}
