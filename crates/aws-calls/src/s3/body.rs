//! How much of a request's body must be read before it can be decided.

use super::questions::is_tagged;
use super::route::{Operation, Routed};

/// The most that S3 takes for the documents that describe something: keys to delete, policies, access control lists.
const MAX_DOCUMENT: usize = 2 * 1024 * 1024;

/// How much of a body the rules need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// Nothing: it can stream.
    None,
    /// All of it, up to so many bytes.
    Whole(usize),
    /// The fields of a form, up to its file.
    Fields,
}

impl Routed<'_> {
    /// How much of the body must be read before [`Routed::ask`].
    pub fn body(&self) -> Body {
        let is_read = match &self.operation {
            Operation::PostForm => return Body::Fields,
            Operation::Preflight => false,
            Operation::Named(name) => is_read(name),
            Operation::Control { name, .. } => is_read_by_control(name),
        };
        if is_read { Body::Whole(MAX_DOCUMENT) } else { Body::None }
    }
}

/// Documents that give keys or resources, or that Block Public Access and Object Ownership have a say in.
fn is_read(operation: &str) -> bool {
    matches!(
        operation,
        "CreateBucket"
            | "CreateBucketMetadataConfiguration"
            | "CreateBucketMetadataTableConfiguration"
            | "DeleteObjects"
            | "PutBucketAcl"
            | "PutBucketInventoryConfiguration"
            | "PutBucketPolicy"
            | "PutBucketReplication"
            | "PutObjectAcl"
            | "PutObjectLegalHold"
            | "PutObjectRetention"
            | "PutObjectTagging"
            | "UpdateBucketMetadataAnnotationTableConfiguration"
            | "UpdateObjectEncryption"
    )
}

fn is_read_by_control(operation: &str) -> bool {
    is_tagged(operation)
        || matches!(
            operation,
            "CreateJob"
                | "CreateMultiRegionAccessPoint"
                | "DeleteMultiRegionAccessPoint"
                | "PutMultiRegionAccessPointPolicy"
                | "UpdateAccessGrantsLocation"
        )
}
