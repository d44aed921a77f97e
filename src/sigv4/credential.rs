//! The credential of a signature, `{access key id}/{date}/{region}/{service}/aws4_request`, and the scope it claims.

use std::borrow::Cow;

use super::region::Regions;
use super::signature::{incomplete, refused};
use super::time::RequestTime;
use crate::error::{Part, Result};

const TERMINATOR: &str = "aws4_request";

/// Who signed, and the scope of the key that they signed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential<'a> {
    /// The access key id, unverified.
    pub access_key_id: Cow<'a, str>,
    /// The day, `YYYYMMDD`.
    pub date: Cow<'a, str>,
    /// The region, e.g. `us-east-1`.
    pub region: Cow<'a, str>,
    /// The service's signing name, e.g. `iam`.
    pub service: Cow<'a, str>,
    /// The end of the scope, `aws4_request`.
    pub terminator: Cow<'a, str>,
}

/// The scope that an endpoint demands.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The service's signing name.
    pub service: &'a str,
    /// The regions accepted.
    pub regions: Regions<'a>,
}

impl<'a> Credential<'a> {
    pub(super) fn read(text: Cow<'a, str>) -> Result<Self> {
        let credential = match &text {
            Cow::Borrowed(text) => Self::split(text, Cow::Borrowed),
            Cow::Owned(text) => Self::split(text, |element| Cow::Owned(element.to_owned())),
        };
        credential.ok_or_else(|| {
            let message = format!(
                "Credential must have exactly 5 slash-delimited elements, \
                 e.g. keyid/date/region/service/term, got '{text}'"
            );
            incomplete(message, "the credential is not of the form KEY-ID/DATE/REGION/SERVICE/aws4_request")
        })
    }

    fn split<'t>(text: &'t str, keep: impl Fn(&'t str) -> Cow<'a, str>) -> Option<Self> {
        let mut elements = text.split('/').map(keep);
        let credential = Self {
            access_key_id: elements.next()?,
            date: elements.next()?,
            region: elements.next()?,
            service: elements.next()?,
            terminator: elements.next()?,
        };
        elements.next().is_none().then_some(credential)
    }

    /// AWS reports all that is wrong with a scope at once.
    pub(super) fn check_scope(&self, expected: &Expected<'_>, time: &RequestTime<'_>) -> Result<()> {
        let mut faults = String::new();
        if !expected.regions.contain(&self.region) {
            faults += "Credential should be scoped to a valid region. ";
        }
        if self.service != expected.service {
            faults += &format!("Credential should be scoped to correct service: '{}'. ", expected.service);
        }
        if self.terminator != TERMINATOR {
            faults += &format!(
                "Credential should be scoped with a valid terminator: '{TERMINATOR}', not '{}'. ",
                self.terminator
            );
        }
        if self.date != time.date() {
            faults += &format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: \
                 '{}' != '{}', from '{}'.",
                self.date,
                time.date(),
                time.text()
            );
        }
        if faults.is_empty() {
            return Ok(());
        }
        let why = faults.trim_end().to_owned();
        Err(refused(faults).rejecting(Part::Scope, why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope_error(credential: &'static str, regions: Regions<'_>) -> Option<String> {
        let time = RequestTime::basic("20260504T120000Z".into()).unwrap();
        let credential = Credential::read(credential.into()).unwrap();
        let checked = credential.check_scope(&Expected { service: "iam", regions }, &time);
        checked.err().map(|error| error.to_string())
    }

    #[test]
    fn a_credential_has_exactly_5_elements() {
        for text in ["", "AKID", "AKID/20260504/us-east-1/iam", "AKID/20260504/us-east-1/iam/aws4_request/"] {
            assert_eq!(
                Credential::read(text.into()).unwrap_err().to_string(),
                format!(
                    "IncompleteSignature: Credential must have exactly 5 slash-delimited elements, \
                     e.g. keyid/date/region/service/term, got '{text}'"
                )
            );
        }
    }

    #[test]
    fn the_faults_of_a_scope_are_reported_together() {
        let only = Regions::Only("us-east-1");
        assert_eq!(scope_error("AKID/20260504/us-east-1/iam/aws4_request", only), None);
        assert_eq!(
            scope_error("AKID/20260505/eu-west-1/sts/aws3_request", only).unwrap(),
            "SignatureDoesNotMatch: Credential should be scoped to a valid region. \
             Credential should be scoped to correct service: 'iam'. \
             Credential should be scoped with a valid terminator: 'aws4_request', not 'aws3_request'. \
             Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: \
             '20260505' != '20260504', from '20260504T120000Z'."
        );
        assert_eq!(
            scope_error("AKID/20260504/us-east-1/IAM/aws4_request", only).unwrap(),
            "SignatureDoesNotMatch: Credential should be scoped to correct service: 'iam'. "
        );
    }
}
