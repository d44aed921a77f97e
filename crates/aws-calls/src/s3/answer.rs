//! Answers that say less than the upstream knows.

use super::address::{Bucket, Target};
use super::questions::Given;
use super::refusal::Refusal;
use super::route::Routed;
use super::source::Source;
use crate::questions::Question;

/// What S3 says instead of a sentence.
const SILENT: &str = "Access Denied";

/// How a caller relates to the account that owns a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// It is its own.
    SameAccount,
    /// It is another account of the same organization.
    SameOrganization,
    /// It is another account.
    Stranger,
    /// The caller has not signed.
    Anonymous,
}

/// AWS: only callers of the same account or organization learn why they are denied.
pub fn denial(sentence: &str, relation: Relation) -> &str {
    match relation {
        Relation::SameAccount | Relation::SameOrganization => sentence,
        Relation::Stranger | Relation::Anonymous => SILENT,
    }
}

/// A bucket and the account that the request expects to own it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedOwner {
    /// The bucket.
    pub bucket: String,
    /// The account's twelve digits.
    pub account: String,
}

impl Routed<'_> {
    /// Who the request expects to own its buckets. AWS refuses it with `Access Denied` if another account does, whatever
    /// policies allow.
    ///
    /// # Errors
    /// A copy source that cannot be read.
    pub fn expected_owners(&self) -> Result<Vec<ExpectedOwner>, Refusal> {
        let mut expected = Vec::new();
        let mut expect = |bucket: &Bucket<'_>, header: &str| {
            if let (Some(bucket), Some(account)) = (bucket.name(), self.value(header)) {
                expected.push(ExpectedOwner { bucket: bucket.to_owned(), account: account.to_owned() });
            }
        };
        if let Target::Bucket { bucket } | Target::Object { bucket, .. } = &self.target {
            expect(bucket, "x-amz-expected-bucket-owner");
        }
        if matches!(self.operation.name(), Some("CopyObject" | "UploadPartCopy")) {
            let source = Source::parse(self.value("x-amz-copy-source").unwrap_or_default())?;
            expect(&source.bucket, "x-amz-source-expected-bucket-owner");
        }
        Ok(expected)
    }

    /// What decides whether the caller may learn that a key does not exist. AWS: who may list the bucket gets 404,
    /// others 403 with the sentence of this question. None: the request is not about an object that should exist.
    ///
    /// # Errors
    /// A copy source that cannot be read.
    pub fn ask_of_missing(&self, given: Given<'_>) -> Result<Option<Question>, Refusal> {
        let Target::Object { bucket, .. } = &self.target else { return Ok(None) };
        match self.operation.name() {
            Some("GetObject" | "HeadObject" | "GetObjectAttributes") => Ok(Some(self.ask_to_list(bucket, given))),
            Some("CopyObject" | "UploadPartCopy") => {
                let source = Source::parse(self.value("x-amz-copy-source").unwrap_or_default())?;
                Ok(Some(self.ask_to_list(&source.bucket, given)))
            }
            _ => Ok(None),
        }
    }

    fn ask_to_list(&self, bucket: &Bucket<'_>, given: Given<'_>) -> Question {
        super::questions::list_bucket(self, bucket, given)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use http::{HeaderMap, HeaderName, HeaderValue};

    use super::*;
    use crate::Request;
    use crate::needs::Facts;
    use crate::questions::Scene;
    use crate::s3::{Hosts, SignatureVersion, Signing};

    fn with<T>(method: &str, path: &str, headers: &[(&'static str, &'static str)], of: impl Fn(&Routed<'_>) -> T) -> T {
        let header = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        let headers: HeaderMap = headers.iter().map(header).collect();
        let request = Request { method, path, query: "", headers: &headers, body: None };
        of(&Routed::of(&request, &Hosts::default()).unwrap())
    }

    #[test]
    fn who_may_list_learns_what_is_missing() {
        let text = |text: &str| text.to_owned();
        let scene = Scene { partition: text("aws"), region: text("eu-central-1"), account: text("111122223333") };
        let version = SignatureVersion::V4;
        let signing = Signing { place: None, version, age: None, tls_version: None, now: DateTime::UNIX_EPOCH };
        let facts = Facts::none();
        let ask = |method: &str, path: &str, headers: &[(&'static str, &'static str)]| {
            let given = Given { scene: &scene, signing: &signing, facts: &facts };
            let question = with(method, path, headers, |routed| routed.ask_of_missing(given).unwrap());
            question.map(|question| format!("{} {}", question.action, question.resource))
        };
        let list = |bucket: &str| Some(format!("s3:ListBucket arn:aws:s3:::{bucket}"));
        assert_eq!(ask("GET", "/app/k", &[]), list("app"));
        assert_eq!(ask("HEAD", "/app/k", &[]), list("app"));
        assert_eq!(ask("PUT", "/app/k", &[("x-amz-copy-source", "other/k")]), list("other"));
        assert_eq!(ask("PUT", "/app/k", &[]), None);
        assert_eq!(ask("GET", "/app", &[]), None);
    }

    #[test]
    fn requests_may_expect_owners() {
        let own = ("x-amz-expected-bucket-owner", "111122223333");
        let source = ("x-amz-source-expected-bucket-owner", "444455556666");
        let of = |headers: &[(&'static str, &'static str)]| {
            let expected = with("PUT", "/app/k", headers, |routed| routed.expected_owners().unwrap());
            expected.iter().map(|owner| format!("{} {}", owner.bucket, owner.account)).collect::<Vec<_>>()
        };
        assert!(of(&[]).is_empty());
        assert_eq!(of(&[own, source]), ["app 111122223333"]);
        assert_eq!(of(&[own, source, ("x-amz-copy-source", "b/k")]), ["app 111122223333", "b 444455556666"]);
    }

    #[test]
    fn strangers_do_not_learn_why() {
        for (relation, said) in [
            (Relation::SameAccount, "User: …"),
            (Relation::SameOrganization, "User: …"),
            (Relation::Stranger, "Access Denied"),
            (Relation::Anonymous, "Access Denied"),
        ] {
            assert_eq!(denial("User: …", relation), said);
        }
    }
}
