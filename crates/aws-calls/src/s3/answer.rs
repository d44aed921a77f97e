//! Answers that say less than the upstream knows.

use super::address::{Bucket, Target};
use super::questions::Given;
use super::refusal::Refusal;
use super::route::Routed;
use super::source::Source;
use crate::questions::Question;

/// What S3 says instead of a sentence.
const SILENT: &str = "Access Denied";

/// How a caller stands to the account that owns a bucket.
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

/// AWS: only callers of the same account or organization are told why they are denied.
pub fn denial(sentence: &str, relation: Relation) -> &str {
    match relation {
        Relation::SameAccount | Relation::SameOrganization => sentence,
        Relation::Stranger | Relation::Anonymous => SILENT,
    }
}

impl Routed<'_> {
    /// What decides whether the caller may learn that a key does not exist. AWS: who may list the bucket gets 404, others
    /// 403 with the sentence of this question. None: the request is not about an object that should exist.
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
