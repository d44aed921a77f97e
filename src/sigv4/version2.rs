//! Signature Version 2 in the query of a presigned URL, which S3 alone still takes and boto3 makes by default (S3 User
//! Guide, "Authenticating requests (AWS signature version 2)").

use std::borrow::Cow;
use std::fmt;

use aws_lc_rs::hmac;
use chrono::{DateTime, Utc};
use data_encoding::BASE64;
use subtle::ConstantTimeEq;

use super::Incoming;
use crate::error::{Code, Error, Part, Result};

/// The parameters of the query that are signed.
const SIGNED_PARAMETERS: &[&str] = &[
    "accelerate",
    "acl",
    "analytics",
    "cors",
    "defaultObjectAcl",
    "delete",
    "inventory",
    "lifecycle",
    "location",
    "logging",
    "metrics",
    "notification",
    "object-lock",
    "partNumber",
    "policy",
    "replication",
    "requestPayment",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "restore",
    "select",
    "select-type",
    "storageClass",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "website",
];

/// The parameters that are the signature.
const OWN_PARAMETERS: [&str; 3] = ["AWSAccessKeyId", "Expires", "Signature"];

const SECURITY_TOKEN: &str = "x-amz-security-token";

/// What a presigned URL presents as its signature. Nothing of it is verified until [`Version2::verify`].
pub struct Version2<'a> {
    access_key_id: Cow<'a, str>,
    expires: Cow<'a, str>,
    signature: Cow<'a, str>,
    /// The other parameters, decoded, in their order.
    parameters: Vec<(Cow<'a, str>, Option<Cow<'a, str>>)>,
}

impl<'a> Version2<'a> {
    /// Reads the signature; `None` if the query does not have all of its parameters, each once.
    pub fn read(query: &'a str) -> Option<Self> {
        if !query.contains("AWSAccessKeyId=") {
            return None;
        }
        let (own, parameters): (Vec<_>, Vec<_>) = query
            .split('&')
            .filter(|parameter| !parameter.is_empty())
            .map(|parameter| match parameter.split_once('=') {
                Some((name, value)) => (decoded(name), Some(decoded(value))),
                None => (decoded(parameter), None),
            })
            .partition(|(name, _)| OWN_PARAMETERS.contains(&&**name));
        let one = |wanted: &str| {
            let mut found = own.iter().filter(|(name, _)| name == wanted);
            let (_, value) = found.next()?;
            value.clone().filter(|_| found.next().is_none())
        };
        Some(Self {
            access_key_id: one("AWSAccessKeyId")?,
            expires: one("Expires")?,
            signature: one("Signature")?,
            parameters,
        })
    }

    /// Who claims to have signed.
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// The session token that accompanies temporary credentials.
    pub fn session_token(&self) -> Option<&str> {
        let (_, value) = self.parameters.iter().find(|(name, _)| name.eq_ignore_ascii_case(SECURITY_TOKEN))?;
        value.as_deref()
    }

    /// Verifies that the holder of `secret` signed this request, and that its end has not come. `bucket` is the one that
    /// the host names, which is signed as the beginning of the path.
    ///
    /// # Errors
    /// `AccessDenied` after the end, `SignatureDoesNotMatch` for another signature.
    pub fn verify(&self, request: &Incoming<'_>, bucket: Option<&str>, secret: &str, now: DateTime<Utc>) -> Result<()> {
        let Ok(expires) = self.expires.parse::<i64>() else {
            let message = format!("Invalid date (should be seconds since epoch): {}", self.expires);
            let error = Error::new(Code::AccessDenied, message);
            return Err(error.rejecting(Part::Clock, "Expires is not a number of seconds"));
        };
        if now.timestamp() > expires {
            let error = Error::new(Code::AccessDenied, "Request has expired");
            return Err(error.rejecting(Part::Clock, "the presigned URL has ended"));
        }
        let text = self.string_to_sign(request, bucket);
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes());
        let expected = BASE64.encode(hmac::sign(&key, text.as_bytes()).as_ref());
        if expected.as_bytes().ct_eq(self.signature.as_bytes()).into() {
            return Ok(());
        }
        let message = "The request signature we calculated does not match the signature you provided. \
            Check your key and signing method.";
        let error = Error::new(Code::SignatureDoesNotMatch, message);
        Err(error.rejecting(Part::Signature, "the secret is another one than the key's, or the URL was changed"))
    }

    fn string_to_sign(&self, request: &Incoming<'_>, bucket: Option<&str>) -> String {
        let mut text = format!("{}\n", request.method);
        for name in ["content-md5", "content-type"] {
            // AWS takes these from headers alone, whatever a client has put into the query as well.
            let sent = request.headers.get(name).and_then(|value| value.to_str().ok());
            text += sent.map_or("", str::trim);
            text.push('\n');
        }
        text += &self.expires;
        text.push('\n');
        let mut names: Vec<String> = request.headers.keys().map(|name| name.as_str().to_owned()).collect();
        names.extend(self.parameters.iter().map(|(name, _)| name.to_ascii_lowercase()));
        names.retain(|name| name.starts_with("x-amz-"));
        names.sort_unstable();
        names.dedup();
        for name in names {
            text += &format!("{name}:{}\n", self.headers(request, &name).join(","));
        }
        if let Some(bucket) = bucket {
            text.push('/');
            text += bucket;
        }
        text += request.path;
        let mut signed: Vec<_> =
            self.parameters.iter().filter(|(name, _)| SIGNED_PARAMETERS.contains(&&**name)).collect();
        signed.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (index, (name, value)) in signed.into_iter().enumerate() {
            text.push(if index == 0 { '?' } else { '&' });
            text += name;
            if let Some(value) = value {
                text.push('=');
                text += value;
            }
        }
        text
    }

    /// The values of a header, which may be a parameter of the query instead.
    fn headers<'h>(&'h self, request: &'h Incoming<'_>, name: &str) -> Vec<Cow<'h, str>> {
        let sent = request.headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
        let mut values: Vec<_> = sent.map(|value| Cow::Owned(value.trim().to_owned())).collect();
        let given = self.parameters.iter().filter(|(given, _)| given.eq_ignore_ascii_case(name));
        if values.is_empty() {
            values.extend(given.filter_map(|(_, value)| value.as_deref()).map(Cow::Borrowed));
        }
        values
    }
}

impl fmt::Debug for Version2<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Version2").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

fn decoded(text: &str) -> Cow<'_, str> {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy()
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

    fn verify(query: &str, path: &str, bucket: Option<&str>, headers: &[(&'static str, &str)]) -> String {
        let headers: HeaderMap =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        let request = Incoming { method: "GET", path, query, headers: &headers, body: b"" };
        let now = DateTime::from_timestamp(1_141_889_000, 0).unwrap();
        let verified = Version2::read(query).unwrap().verify(&request, bucket, SECRET, now);
        verified.map_or_else(|error| error.code().as_str().to_owned(), |()| "good".to_owned())
    }

    /// The parameters of a presigned URL.
    const URL: &str = "AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=SIGNATURE&Expires=1141889120";

    fn signed(text: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, SECRET.as_bytes());
        let signature = BASE64.encode(hmac::sign(&key, text.as_bytes()).as_ref());
        let encoded: String = form_urlencoded::byte_serialize(signature.as_bytes()).collect();
        URL.replace("SIGNATURE", &encoded)
    }

    /// The signature of the documentation's example, "Query string request authentication alternative".
    #[test]
    fn the_example_of_the_documentation() {
        let documented =
            "AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620";
        let headers = HeaderMap::new();
        let request =
            Incoming { method: "GET", path: "/photos/puppy.jpg", query: documented, headers: &headers, body: b"" };
        let read = Version2::read(documented).unwrap();
        let before = DateTime::from_timestamp(1_175_139_620, 0).unwrap();
        let after = DateTime::from_timestamp(1_175_139_621, 0).unwrap();
        read.verify(&request, Some("johnsmith"), SECRET, before).unwrap();
        let error = read.verify(&request, Some("johnsmith"), SECRET, after).unwrap_err();
        assert_eq!(error.to_string(), "AccessDenied: Request has expired");
    }

    #[test]
    fn headers_may_be_parameters() {
        let query = signed(
            "GET\n\ntext/plain\n1141889120\nx-amz-acl:private\nx-amz-security-token:a+b\n/b/k?acl&versionId=x y",
        );
        let query = format!(
            "acl&versionId=x%20y&content-type=text%2Fplain&x-amz-acl=private&x-amz-security-token=a%2Bb&other=1&{query}"
        );
        let plain = [("content-type", "text/plain")];
        let and = |name, value| [plain[0], (name, value)];
        assert_eq!(verify(&query, "/b/k", None, &plain), "good");
        assert_eq!(Version2::read(&query).unwrap().session_token(), Some("a+b"));
        assert_eq!(verify(&query, "/k", Some("b"), &plain), "good");
        assert_eq!(verify(&query, "/b/j", None, &plain), "SignatureDoesNotMatch");
        assert_eq!(verify(&query, "/b/k", None, &and("x-amz-acl", "public-read")), "SignatureDoesNotMatch");
        assert_eq!(verify(&query, "/b/k", None, &and("x-amz-meta-a", "b")), "SignatureDoesNotMatch");
        assert_eq!(verify(&query.replace("acl&", ""), "/b/k", None, &plain), "SignatureDoesNotMatch");
        assert_eq!(verify(&query.replace("Expires=1141889120", "Expires=soon"), "/b/k", None, &plain), "AccessDenied");
        assert_eq!(verify(&query, "/b/k", None, &[]), "SignatureDoesNotMatch", "the content type is no parameter");
        assert_eq!(verify(&query, "/b/k", None, &[("content-type", "text/html")]), "SignatureDoesNotMatch");
    }

    #[test]
    fn a_signature_has_each_parameter_once() {
        for query in ["", "Expires=1&Signature=2", "AWSAccessKeyId=a&Expires=1", &format!("{URL}&Expires=2141889120")] {
            assert!(Version2::read(query).is_none(), "{query}");
        }
    }
}
