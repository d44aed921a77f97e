//! Questions about directory buckets, which are S3 Express's own.

use super::resources::question;
use super::{Asking, asked};
use crate::questions::{Asked, Mapping, Owner};
use crate::s3::address::Bucket;
use crate::s3::refusal::Refusal;

/// Whether a bucket is a directory bucket: AWS lets no other name end so.
pub(crate) fn is_directory(bucket: &Bucket<'_>) -> bool {
    bucket.name().is_some_and(|name| name.ends_with("--x-s3"))
}

/// The action of an operation. AWS: the operations on objects need a session, and so `CreateSession`.
fn action(operation: &str) -> Option<(&'static str, Mapping)> {
    let name = match operation {
        "CreateBucket" => "CreateBucket",
        "DeleteBucket" => "DeleteBucket",
        "GetBucketPolicy" => "GetBucketPolicy",
        "PutBucketPolicy" => "PutBucketPolicy",
        "DeleteBucketPolicy" => "DeleteBucketPolicy",
        "GetBucketEncryption" => "GetEncryptionConfiguration",
        "PutBucketEncryption" | "DeleteBucketEncryption" => "PutEncryptionConfiguration",
        "GetBucketLifecycleConfiguration" => "GetLifecycleConfiguration",
        "PutBucketLifecycleConfiguration" | "DeleteBucketLifecycle" => "PutLifecycleConfiguration",
        "GetBucketInventoryConfiguration" | "ListBucketInventoryConfigurations" => "GetInventoryConfiguration",
        "PutBucketInventoryConfiguration" | "DeleteBucketInventoryConfiguration" => "PutInventoryConfiguration",
        "GetBucketMetricsConfiguration" | "ListBucketMetricsConfigurations" => "GetMetricsConfiguration",
        "PutBucketMetricsConfiguration" | "DeleteBucketMetricsConfiguration" => "PutMetricsConfiguration",
        "CreateSession" => "CreateSession",
        _ => return is_zonal(operation).then_some(("CreateSession", Mapping::Derived)),
    };
    Some((name, Mapping::Exact))
}

/// The operations that directory buckets have on objects.
fn is_zonal(operation: &str) -> bool {
    matches!(
        operation,
        "GetObject"
            | "HeadObject"
            | "PutObject"
            | "CopyObject"
            | "RenameObject"
            | "DeleteObject"
            | "DeleteObjects"
            | "GetObjectAttributes"
            | "HeadBucket"
            | "ListObjectsV2"
            | "ListMultipartUploads"
            | "CreateMultipartUpload"
            | "UploadPart"
            | "UploadPartCopy"
            | "CompleteMultipartUpload"
            | "AbortMultipartUpload"
            | "ListParts"
    )
}

impl Asking<'_, '_> {
    pub(crate) fn directory(&self, bucket: &Bucket<'_>) -> Result<Asked, Refusal> {
        let unsupported = || Refusal::new(501, "NotImplemented", "This bucket does not support the operation.");
        let name = bucket.name().ok_or_else(unsupported)?;
        let (action, mapping) = action(self.operation).ok_or_else(unsupported)?;
        let mut asks = self.express(action, name);
        asks.mapping = mapping;
        let mut questions = vec![asks];
        if matches!(self.operation, "CopyObject" | "UploadPartCopy") {
            let source = self.routed.value("x-amz-copy-source").unwrap_or_default();
            let source = crate::s3::source::Source::parse(source)?;
            let about = self.about_object(&source.bucket, &source.key);
            match source.bucket.name().filter(|_| is_directory(&source.bucket)) {
                Some(name) => questions.push(self.express("CreateSession", name)),
                None => questions.push(self.question("GetObject", about)),
            }
        }
        Ok(asked(questions))
    }

    fn express(&self, action: &str, bucket: &str) -> crate::questions::Question {
        let crate::questions::Scene { partition, region, account } = self.scene;
        let mut keys = Vec::new();
        if action == "CreateSession" {
            let reads = matches!(self.operation, "GetObject" | "HeadObject" | "GetObjectAttributes" | "HeadBucket")
                || self.operation.starts_with("List");
            let default = if reads { "ReadOnly" } else { "ReadWrite" };
            let mode = self.routed.value("x-amz-create-session-mode").unwrap_or(default);
            super::keys::push(&mut keys, "s3express:SessionMode", mode);
        }
        let resource = format!("arn:{partition}:s3express:{region}:{account}:bucket/{bucket}");
        question(format!("s3express:{action}"), resource, Owner::Bucket(bucket.to_owned()), keys)
    }
}
