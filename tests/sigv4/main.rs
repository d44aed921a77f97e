//! Signature Version 4 against AWS's test suite and against AWS's own signer.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "a test stops at the first thing that is wrong"
)]

mod properties;
mod refusals;
mod suite;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign,
};
use aws_sigv4::sign::v4::SigningParams;
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName, HeaderValue};
use iamd::error::Result;
use iamd::sigv4::{Expected, Incoming, Location, Regions, Signature};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

const ACCESS_KEY_ID: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const STS: Expected<'_> = Expected { service: "sts", regions: Regions::Only("eu-central-1") };

/// A request that owns its parts.
#[derive(Clone, Debug, Default)]
struct Request {
    method: String,
    path: String,
    query: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Request {
    fn incoming(&self) -> Incoming<'_> {
        let Self { method, path, query, headers, body } = self;
        Incoming { method, path, query, headers, body }
    }

    fn verify(&self, secret: &str, expected: &Expected<'_>, now: DateTime<Utc>) -> Result<()> {
        let request = self.incoming();
        Signature::read(&request)?.verify(&request, secret, expected, now)
    }

    fn append(&mut self, name: &str, value: &str) {
        let name = HeaderName::try_from(name).unwrap();
        self.headers.append(name, HeaderValue::from_str(value).unwrap());
    }

    /// Signs for [`STS`] with AWS's signer, and applies the result as an SDK does.
    fn signed(mut self, location: Location, token: Option<&str>, checksum: bool, now: DateTime<Utc>) -> Self {
        let identity = Credentials::new(ACCESS_KEY_ID, SECRET, token.map(str::to_owned), None, "test").into();
        let mut settings = SigningSettings::default();
        if location == Location::Query {
            settings.signature_location = SignatureLocation::QueryParams;
            settings.expires_in = Some(std::time::Duration::from_secs(60));
        } else if checksum {
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
        let params = SigningParams::builder()
            .identity(&identity)
            .region("eu-central-1")
            .name("sts")
            .time(now.into())
            .settings(settings)
            .build()
            .unwrap()
            .into();
        let uri = format!("http://localhost:4566{}?{}", self.path, self.query);
        let headers = self.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
        let request = SignableRequest::new(&self.method, uri, headers, SignableBody::Bytes(&self.body)).unwrap();
        let (instructions, _) = sign(request, &params).unwrap().into_parts();
        for (name, value) in instructions.headers() {
            self.append(name, value);
        }
        for (name, value) in instructions.params() {
            self.query += &format!("&{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC));
        }
        self
    }
}

fn noon() -> DateTime<Utc> {
    "2026-05-04T12:00:00Z".parse().unwrap()
}
