//! Signatures of browsers' upload forms to S3 (S3 User Guide, "Browser-based uploads using POST"): what is signed is the
//! form's policy document in base64, as it was sent.

use std::borrow::Cow;

use aws_lc_rs::hmac as legacy;
use data_encoding::{BASE64, HEXLOWER};
use subtle::ConstantTimeEq;

use super::credential::{Credential, Expected};
use super::signature::{MISMATCH, refused};
use super::signing_key::{derive, hmac};
use super::time::RequestTime;
use crate::error::{Part, Result};

/// What a form presents as its signature. Nothing of it is verified until [`SignedForm::verify`].
pub struct SignedForm<'a> {
    kind: Kind<'a>,
    /// What is signed.
    text: &'a str,
    signature: &'a str,
    token: Option<&'a str>,
}

enum Kind<'a> {
    Version2 { access_key_id: &'a str },
    Version4 { credential: Credential<'a>, time: RequestTime<'a> },
}

impl<'a> SignedForm<'a> {
    /// A form with Signature Version 2.
    pub fn version2(access_key_id: &'a str, signature: &'a str, text: &'a str, token: Option<&'a str>) -> Self {
        Self { kind: Kind::Version2 { access_key_id }, text, signature, token }
    }

    /// A form with Signature Version 4.
    ///
    /// # Errors
    /// `IncompleteSignature` for a credential or date that is none.
    pub fn version4(
        (credential, date): (&'a str, &'a str),
        signature: &'a str,
        text: &'a str,
        token: Option<&'a str>,
    ) -> Result<Self> {
        let kind = Kind::Version4 {
            credential: Credential::read(Cow::Borrowed(credential))?,
            time: RequestTime::basic(Cow::Borrowed(date))?,
        };
        Ok(Self { kind, text, signature, token })
    }

    /// Who claims to have signed.
    pub fn access_key_id(&self) -> &str {
        match &self.kind {
            Kind::Version2 { access_key_id } => access_key_id,
            Kind::Version4 { credential, .. } => &credential.access_key_id,
        }
    }

    /// The session token that accompanies temporary credentials.
    pub fn session_token(&self) -> Option<&str> {
        self.token
    }

    /// The region that it is signed for.
    pub fn region(&self) -> Option<&str> {
        match &self.kind {
            Kind::Version2 { .. } => None,
            Kind::Version4 { credential, .. } => Some(&credential.region),
        }
    }

    /// When it was signed, if that is known.
    pub fn time(&self) -> Option<chrono::DateTime<chrono::Utc>> {
        match &self.kind {
            Kind::Version2 { .. } => None,
            Kind::Version4 { time, .. } => Some(time.instant()),
        }
    }

    /// Verifies that the holder of `secret` signed this form for `expected`. Until when it is good, its policy says.
    ///
    /// # Errors
    /// `SignatureDoesNotMatch`.
    pub fn verify(&self, secret: &str, expected: &Expected<'_>) -> Result<()> {
        let made = match &self.kind {
            Kind::Version2 { .. } => {
                let key = legacy::Key::new(legacy::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes());
                BASE64.encode(legacy::sign(&key, self.text.as_bytes()).as_ref())
            }
            Kind::Version4 { credential, time } => {
                credential.check_scope(expected, time)?;
                HEXLOWER.encode(&hmac(derive(secret, credential).as_ref(), self.text.as_bytes()))
            }
        };
        if made.as_bytes().ct_eq(self.signature.as_bytes()).into() {
            return Ok(());
        }
        let why = "the secret is another one than the key's, or the policy was changed after it was signed";
        Err(refused(MISMATCH).rejecting(Part::Signature, why))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Regions;
    use super::*;

    // The example of the S3 User Guide, "Example: Browser-based upload using HTTP POST (using AWS Signature Version 4)".
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    const CREDENTIAL: &str = "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request";
    const DATE: &str = "20151229T000000Z";
    const POLICY: &str = concat!(
        "eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoiLA0KICAiY29uZGl0aW9ucyI6IFsNCiAgICB7ImJ1Y2tldCI6ICJzaWd2NGV4",
        "YW1wbGVidWNrZXQifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXkiLCAidXNlci91c2VyMS8iXSwNCiAgICB7ImFjbCI6ICJwdWJsaWMtcmVhZCJ9",
        "LA0KICAgIHsic3VjY2Vzc19hY3Rpb25fcmVkaXJlY3QiOiAiaHR0cDovL3NpZ3Y0ZXhhbXBsZWJ1Y2tldC5zMy5hbWF6b25hd3MuY29tL3N1Y2Nlc3Nm",
        "dWxfdXBsb2FkLmh0bWwifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRDb250ZW50LVR5cGUiLCAiaW1hZ2UvIl0sDQogICAgeyJ4LWFtei1tZXRhLXV1",
        "aWQiOiAiMTQzNjUxMjM2NTEyNzQifSwNCiAgICB7IngtYW16LXNlcnZlci1zaWRlLWVuY3J5cHRpb24iOiAiQUVTMjU2In0sDQogICAgWyJzdGFydHMt",
        "d2l0aCIsICIkeC1hbXotbWV0YS10YWciLCAiIl0sDQoNCiAgICB7IngtYW16LWNyZWRlbnRpYWwiOiAiQUtJQUlPU0ZPRE5ON0VYQU1QTEUvMjAxNTEy",
        "MjkvdXMtZWFzdC0xL3MzL2F3czRfcmVxdWVzdCJ9LA0KICAgIHsieC1hbXotYWxnb3JpdGhtIjogIkFXUzQtSE1BQy1TSEEyNTYifSwNCiAgICB7Ingt",
        "YW16LWRhdGUiOiAiMjAxNTEyMjlUMDAwMDAwWiIgfQ0KICBdDQp9",
    );
    const SIGNATURE: &str = "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e";

    fn verify(credential: &str, signature: &str, text: &str) -> std::result::Result<(), String> {
        let form =
            SignedForm::version4((credential, DATE), signature, text, None).map_err(|error| error.to_string())?;
        let expected = Expected { service: "s3", regions: Regions::Any };
        form.verify(SECRET, &expected).map_err(|error| error.code().as_str().to_owned())
    }

    #[test]
    fn the_policy_is_what_is_signed() {
        assert_eq!(verify(CREDENTIAL, SIGNATURE, POLICY), Ok(()));
        let wrong = Err("SignatureDoesNotMatch".to_owned());
        assert_eq!(verify(CREDENTIAL, SIGNATURE, "e30="), wrong);
        assert_eq!(verify(CREDENTIAL, &SIGNATURE.replace('8', "9"), POLICY), wrong);
        assert_eq!(verify(&CREDENTIAL.replace("/s3/", "/sqs/"), SIGNATURE, POLICY), wrong);
        assert_eq!(verify(&CREDENTIAL.replace("20151229", "20151230"), SIGNATURE, POLICY), wrong);
        assert!(SignedForm::version4(("AKID", DATE), SIGNATURE, POLICY, None).is_err());
        assert!(SignedForm::version4((CREDENTIAL, "yesterday"), SIGNATURE, POLICY, None).is_err());
    }

    #[test]
    fn version_2_signs_it_with_the_secret_itself() {
        let expected = Expected { service: "s3", regions: Regions::Any };
        let verify =
            |signature| SignedForm::version2("AKID", signature, "e30=", None).verify("secret", &expected).is_ok();
        let key = legacy::Key::new(legacy::HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"secret");
        let signature = BASE64.encode(legacy::sign(&key, b"e30=").as_ref());
        assert!(verify(&signature));
        assert!(!verify("AAAA"));
    }
}
