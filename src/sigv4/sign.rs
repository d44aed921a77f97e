//! Signs requests to other servers.

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use http::header::{AUTHORIZATION, HOST};
use http::{HeaderMap, HeaderName, HeaderValue};
use sha2::{Digest, Sha256};

use super::credential::Credential;
use super::scheme::Scheme;
use super::signature::Location;
use super::time::basic;
use super::{ALGORITHM, Incoming, X_AMZ_DATE, canonical, signing_key};

static X_AMZ_CONTENT_SHA256: HeaderName = HeaderName::from_static("x-amz-content-sha256");

/// A request on its way out.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    /// The HTTP method.
    pub method: &'a str,
    /// The path, percent-encoded.
    pub path: &'a str,
    /// The query without its question mark, percent-encoded.
    pub query: &'a str,
    /// The access key id.
    pub access_key_id: &'a str,
    /// Its secret.
    pub secret: &'a str,
    /// The region in the scope of the signature.
    pub region: &'a str,
    /// The service in it.
    pub service: &'a str,
    /// What takes the place of the body's hash: a hash in hexadecimal digits, or `UNSIGNED-PAYLOAD`.
    pub payload: &'a str,
}

/// Signs a request: adds `x-amz-date`, `x-amz-content-sha256` and `Authorization` to its headers. The host and all headers
/// that begin with `x-amz-` are signed, as S3 wants it. `false` if a value cannot be a header's.
pub fn sign(outgoing: &Outgoing<'_>, scheme: &Scheme<'_>, headers: &mut HeaderMap, now: DateTime<Utc>) -> bool {
    let Outgoing { method, path, query, access_key_id, secret, region, service, payload } = *outgoing;
    let time = basic(now).to_string();
    let (Ok(date_header), Ok(payload_header)) = (HeaderValue::try_from(&time), HeaderValue::try_from(payload)) else {
        return false;
    };
    headers.insert(X_AMZ_DATE.clone(), date_header);
    headers.insert(X_AMZ_CONTENT_SHA256.clone(), payload_header);
    let is_signed = |name: &&HeaderName| **name == HOST || name.as_str().starts_with("x-amz-");
    let mut names: Vec<&str> = headers.keys().filter(is_signed).map(HeaderName::as_str).collect();
    names.sort_unstable();
    let names = names.join(";");
    let incoming = Incoming { method, path, query, headers, body: b"" };
    let scheme = Scheme { payload: Some(payload), ..*scheme };
    let Some(canonical) = canonical::canonical_request(&incoming, Location::Header, &names, &scheme) else {
        return false;
    };
    let credential = Credential {
        access_key_id: access_key_id.into(),
        date: time.get(..8).unwrap_or_default().into(),
        region: region.into(),
        service: service.into(),
        terminator: "aws4_request".into(),
    };
    let scope = format!("{}/{region}/{service}/aws4_request", credential.date);
    let digest = HEXLOWER.encode(&Sha256::digest(&canonical));
    let key = signing_key::derive(secret, &credential);
    let signature = signing_key::hmac(key.as_ref(), format!("{ALGORITHM}\n{time}\n{scope}\n{digest}").as_bytes());
    let authorization = format!(
        "{ALGORITHM} Credential={access_key_id}/{scope}, SignedHeaders={names}, Signature={}",
        HEXLOWER.encode(&signature)
    );
    match HeaderValue::try_from(authorization) {
        Ok(value) => {
            headers.insert(AUTHORIZATION, value);
            true
        }
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sigv4::{Expected, PathForm, Regions, Signature};

    #[test]
    fn what_is_signed_verifies() {
        let mut headers = HeaderMap::new();
        for (name, value) in
            [("host", "127.0.0.1:4593"), ("x-amz-acl", "private"), ("user-agent", "x"), ("expect", "y")]
        {
            headers.insert(name, value.parse().unwrap());
        }
        let scheme = Scheme { path: PathForm::AsSent, ..Scheme::default() };
        let now = Utc::now();
        let outgoing = Outgoing {
            method: "PUT",
            path: "/b/a//b%20c/../d",
            query: "uploads&x=1",
            access_key_id: "111122223333",
            secret: "test",
            region: "eu-central-1",
            service: "s3",
            payload: "UNSIGNED-PAYLOAD",
        };
        assert!(sign(&outgoing, &scheme, &mut headers, now));
        headers.insert("x-unsigned", "1".parse().unwrap());
        let verify = |path: &str, headers: &HeaderMap| {
            let incoming = Incoming { method: "PUT", path, query: "uploads&x=1", headers, body: b"any" };
            let signature = Signature::read(&incoming)?;
            let scheme = Scheme { payload: Some("UNSIGNED-PAYLOAD"), ..scheme };
            let expected = Expected { service: "s3", regions: Regions::Any };
            signature.verify_by(&scheme, &incoming, "test", &expected, now)
        };
        assert!(verify("/b/a//b%20c/../d", &headers).is_ok());
        assert!(verify("/b/d", &headers).is_err());
        headers.insert("x-amz-acl", "public-read".parse().unwrap());
        assert!(verify("/b/a//b%20c/../d", &headers).is_err());
        let mut unusable = HeaderMap::new();
        assert!(!sign(&Outgoing { access_key_id: "a\nb", ..outgoing }, &scheme, &mut unusable, now));
    }
}
