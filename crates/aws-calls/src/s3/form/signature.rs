//! The signature of a form, for whom it is to be verified by.

use std::fmt;

use super::Fields;
use crate::s3::refusal::Refusal;

/// What a form is signed with. The string that was signed is the field `policy` as sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum FormSignature<'a> {
    /// Signature Version 4: the hexadecimal HMAC-SHA256 of the string, with the key of the scope.
    V4 {
        /// `AKIA…/20260101/eu-central-1/s3/aws4_request`
        credential: &'a str,
        /// `20260101T000000Z`
        date: &'a str,
        /// The signature.
        signature: &'a str,
        /// The string that was signed.
        string_to_sign: &'a str,
        /// The session token.
        token: Option<&'a str>,
    },
    /// Signature Version 2: the base64 of the string's HMAC-SHA1.
    V2 {
        /// The access key.
        access_key_id: &'a str,
        /// The signature.
        signature: &'a str,
        /// The string that was signed.
        string_to_sign: &'a str,
        /// The session token.
        token: Option<&'a str>,
    },
}

impl fmt::Debug for FormSignature<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::V4 { .. } => "FormSignature::V4",
            Self::V2 { .. } => "FormSignature::V2",
        })
    }
}

impl Fields {
    /// The signature. None: the form is anonymous.
    ///
    /// # Errors
    /// Two signatures, or part of one.
    pub fn signature(&self) -> Result<Option<FormSignature<'_>>, Refusal> {
        let policy = self.get("policy");
        let is_v4 = ["x-amz-algorithm", "x-amz-credential", "x-amz-signature", "x-amz-date"]
            .iter()
            .any(|n| self.get(n).is_some());
        let is_v2 = ["awsaccesskeyid", "signature"].iter().any(|name| self.get(name).is_some());
        let token = self.get("x-amz-security-token");
        let need = |name: &'static str| {
            let message = format!(
                "Bucket POST must contain a field named '{name}'.  If it is specified, please check the order of the fields."
            );
            self.get(name).ok_or_else(|| Refusal::argument(message))
        };
        match (is_v4, is_v2) {
            (true, true) => Err(Refusal::argument("Only one auth mechanism allowed.")),
            (true, false) => {
                if need("x-amz-algorithm")? != "AWS4-HMAC-SHA256" {
                    return Err(Refusal::argument("X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\""));
                }
                let (credential, date) = (need("x-amz-credential")?, need("x-amz-date")?);
                let (signature, string_to_sign) = (need("x-amz-signature")?, need("policy")?);
                Ok(Some(FormSignature::V4 { credential, date, signature, string_to_sign, token }))
            }
            (false, true) => {
                let (access_key_id, signature) = (need("awsaccesskeyid")?, need("signature")?);
                Ok(Some(FormSignature::V2 { access_key_id, signature, string_to_sign: need("policy")?, token }))
            }
            (false, false) if policy.is_some() || token.is_some() => {
                Err(need("x-amz-signature").err().unwrap_or_else(Refusal::denied))
            }
            (false, false) => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fields;
    use super::*;

    fn signature(pairs: &[(&str, &str)]) -> String {
        let fields = fields(pairs);
        match fields.signature() {
            Ok(Some(FormSignature::V4 { credential, date, signature, string_to_sign, token })) => {
                format!("4 {credential} {date} {signature} {string_to_sign} {token:?}")
            }
            Ok(Some(FormSignature::V2 { access_key_id, signature, string_to_sign, token })) => {
                format!("2 {access_key_id} {signature} {string_to_sign} {token:?}")
            }
            Ok(None) => "none".to_owned(),
            Err(refusal) => refusal.code.to_owned(),
        }
    }

    #[test]
    fn forms_have_one_whole_signature_or_none() {
        let v4 = [
            ("policy", "p"),
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
            ("X-Amz-Credential", "c"),
            ("X-Amz-Date", "d"),
            ("X-Amz-Signature", "s"),
        ];
        assert_eq!(signature(&v4), "4 c d s p None");
        let v2 = [("AWSAccessKeyId", "k"), ("policy", "p"), ("signature", "s"), ("x-amz-security-token", "t")];
        assert_eq!(signature(&v2), "2 k s p Some(\"t\")");
        assert_eq!(signature(&[("key", "k")]), "none");
        for wrong in [&v4[1..], &v4[..4], &v2[1..2], &v2[..1], &[v4.as_slice(), &v2[..1]].concat()] {
            assert_eq!(signature(wrong), "InvalidArgument", "{wrong:?}");
        }
        assert_eq!(
            signature(&[("policy", "p"), ("X-Amz-Algorithm", "other"), ("x-amz-signature", "s")]),
            "InvalidArgument"
        );
    }
}
