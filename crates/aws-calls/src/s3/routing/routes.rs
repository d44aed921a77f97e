//! The operations of S3 by method, sub-resource and parameter.

use super::address::Target;

/// What a request must be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Bucket,
    Object,
}

/// The level of what a request is about; none for the service itself.
pub(crate) fn level_of(target: &Target<'_>) -> Option<Level> {
    match target {
        Target::Service => None,
        Target::Bucket { .. } => Some(Level::Bucket),
        Target::Object { .. } => Some(Level::Object),
    }
}

/// One line of the table. The first that fits wins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    pub method: &'static str,
    pub level: Level,
    /// The sub-resource in the query string, or nothing.
    pub sub_resource: &'static str,
    /// Parameters that must be there too; those that begin with `x-amz-` may be headers.
    pub with: &'static [&'static str],
    pub operation: &'static str,
}

const fn bucket(method: &'static str, sub_resource: &'static str, operation: &'static str) -> Route {
    Route { method, level: Level::Bucket, sub_resource, with: &[], operation }
}

const fn bucket_id(method: &'static str, sub_resource: &'static str, operation: &'static str) -> Route {
    Route { method, level: Level::Bucket, sub_resource, with: &["id"], operation }
}

const fn object(method: &'static str, sub_resource: &'static str, operation: &'static str) -> Route {
    Route { method, level: Level::Object, sub_resource, with: &[], operation }
}

const fn object_with(
    method: &'static str,
    sub_resource: &'static str,
    with: &'static [&'static str],
    operation: &'static str,
) -> Route {
    Route { method, level: Level::Object, sub_resource, with, operation }
}

pub(crate) const ROUTES: &[Route] = &[
    object("GET", "", "GetObject"),
    object("HEAD", "", "HeadObject"),
    object_with("PUT", "uploadId", &["partNumber", "x-amz-copy-source"], "UploadPartCopy"),
    object_with("PUT", "uploadId", &["partNumber"], "UploadPart"),
    object_with("PUT", "", &["x-amz-copy-source"], "CopyObject"),
    object("PUT", "", "PutObject"),
    object("DELETE", "", "DeleteObject"),
    bucket("GET", "list-type", "ListObjectsV2"),
    bucket("GET", "", "ListObjects"),
    bucket("HEAD", "", "HeadBucket"),
    bucket("PUT", "", "CreateBucket"),
    bucket("DELETE", "", "DeleteBucket"),
    bucket("POST", "delete", "DeleteObjects"),
    object("POST", "uploads", "CreateMultipartUpload"),
    object("POST", "uploadId", "CompleteMultipartUpload"),
    object("DELETE", "uploadId", "AbortMultipartUpload"),
    object("GET", "uploadId", "ListParts"),
    object("GET", "acl", "GetObjectAcl"),
    object("PUT", "acl", "PutObjectAcl"),
    object("GET", "tagging", "GetObjectTagging"),
    object("PUT", "tagging", "PutObjectTagging"),
    object("DELETE", "tagging", "DeleteObjectTagging"),
    object("GET", "attributes", "GetObjectAttributes"),
    object("GET", "torrent", "GetObjectTorrent"),
    object("GET", "retention", "GetObjectRetention"),
    object("PUT", "retention", "PutObjectRetention"),
    object("GET", "legal-hold", "GetObjectLegalHold"),
    object("PUT", "legal-hold", "PutObjectLegalHold"),
    object_with("GET", "annotation", &["annotationName"], "GetObjectAnnotation"),
    object("GET", "annotation", "ListObjectAnnotations"),
    object_with("PUT", "annotation", &["annotationName"], "PutObjectAnnotation"),
    object_with("DELETE", "annotation", &["annotationName"], "DeleteObjectAnnotation"),
    object("PUT", "encryption", "UpdateObjectEncryption"),
    object("PUT", "renameObject", "RenameObject"),
    object("POST", "restore", "RestoreObject"),
    object_with("POST", "select", &["select-type"], "SelectObjectContent"),
    bucket("GET", "uploads", "ListMultipartUploads"),
    bucket("GET", "versions", "ListObjectVersions"),
    bucket("GET", "location", "GetBucketLocation"),
    bucket("GET", "session", "CreateSession"),
    bucket("GET", "policyStatus", "GetBucketPolicyStatus"),
    bucket("GET", "policy", "GetBucketPolicy"),
    bucket("PUT", "policy", "PutBucketPolicy"),
    bucket("DELETE", "policy", "DeleteBucketPolicy"),
    bucket("GET", "acl", "GetBucketAcl"),
    bucket("PUT", "acl", "PutBucketAcl"),
    bucket("GET", "publicAccessBlock", "GetPublicAccessBlock"),
    bucket("PUT", "publicAccessBlock", "PutPublicAccessBlock"),
    bucket("DELETE", "publicAccessBlock", "DeletePublicAccessBlock"),
    bucket("GET", "ownershipControls", "GetBucketOwnershipControls"),
    bucket("PUT", "ownershipControls", "PutBucketOwnershipControls"),
    bucket("DELETE", "ownershipControls", "DeleteBucketOwnershipControls"),
    bucket("GET", "tagging", "GetBucketTagging"),
    bucket("PUT", "tagging", "PutBucketTagging"),
    bucket("DELETE", "tagging", "DeleteBucketTagging"),
    bucket("GET", "versioning", "GetBucketVersioning"),
    bucket("PUT", "versioning", "PutBucketVersioning"),
    bucket("GET", "lifecycle", "GetBucketLifecycleConfiguration"),
    bucket("PUT", "lifecycle", "PutBucketLifecycleConfiguration"),
    bucket("DELETE", "lifecycle", "DeleteBucketLifecycle"),
    bucket("GET", "notification", "GetBucketNotificationConfiguration"),
    bucket("PUT", "notification", "PutBucketNotificationConfiguration"),
    bucket("GET", "encryption", "GetBucketEncryption"),
    bucket("PUT", "encryption", "PutBucketEncryption"),
    bucket("DELETE", "encryption", "DeleteBucketEncryption"),
    bucket("GET", "cors", "GetBucketCors"),
    bucket("PUT", "cors", "PutBucketCors"),
    bucket("DELETE", "cors", "DeleteBucketCors"),
    bucket("GET", "website", "GetBucketWebsite"),
    bucket("PUT", "website", "PutBucketWebsite"),
    bucket("DELETE", "website", "DeleteBucketWebsite"),
    bucket("GET", "replication", "GetBucketReplication"),
    bucket("PUT", "replication", "PutBucketReplication"),
    bucket("DELETE", "replication", "DeleteBucketReplication"),
    bucket("GET", "logging", "GetBucketLogging"),
    bucket("PUT", "logging", "PutBucketLogging"),
    bucket("GET", "object-lock", "GetObjectLockConfiguration"),
    bucket("PUT", "object-lock", "PutObjectLockConfiguration"),
    bucket("GET", "accelerate", "GetBucketAccelerateConfiguration"),
    bucket("PUT", "accelerate", "PutBucketAccelerateConfiguration"),
    bucket("GET", "requestPayment", "GetBucketRequestPayment"),
    bucket("PUT", "requestPayment", "PutBucketRequestPayment"),
    bucket("GET", "abac", "GetBucketAbac"),
    bucket("PUT", "abac", "PutBucketAbac"),
    bucket_id("GET", "analytics", "GetBucketAnalyticsConfiguration"),
    bucket("GET", "analytics", "ListBucketAnalyticsConfigurations"),
    bucket_id("PUT", "analytics", "PutBucketAnalyticsConfiguration"),
    bucket_id("DELETE", "analytics", "DeleteBucketAnalyticsConfiguration"),
    bucket_id("GET", "inventory", "GetBucketInventoryConfiguration"),
    bucket("GET", "inventory", "ListBucketInventoryConfigurations"),
    bucket_id("PUT", "inventory", "PutBucketInventoryConfiguration"),
    bucket_id("DELETE", "inventory", "DeleteBucketInventoryConfiguration"),
    bucket_id("GET", "metrics", "GetBucketMetricsConfiguration"),
    bucket("GET", "metrics", "ListBucketMetricsConfigurations"),
    bucket_id("PUT", "metrics", "PutBucketMetricsConfiguration"),
    bucket_id("DELETE", "metrics", "DeleteBucketMetricsConfiguration"),
    bucket_id("GET", "intelligent-tiering", "GetBucketIntelligentTieringConfiguration"),
    bucket("GET", "intelligent-tiering", "ListBucketIntelligentTieringConfigurations"),
    bucket_id("PUT", "intelligent-tiering", "PutBucketIntelligentTieringConfiguration"),
    bucket_id("DELETE", "intelligent-tiering", "DeleteBucketIntelligentTieringConfiguration"),
    bucket("POST", "metadataConfiguration", "CreateBucketMetadataConfiguration"),
    bucket("GET", "metadataConfiguration", "GetBucketMetadataConfiguration"),
    bucket("DELETE", "metadataConfiguration", "DeleteBucketMetadataConfiguration"),
    bucket("POST", "metadataTable", "CreateBucketMetadataTableConfiguration"),
    bucket("GET", "metadataTable", "GetBucketMetadataTableConfiguration"),
    bucket("DELETE", "metadataTable", "DeleteBucketMetadataTableConfiguration"),
    bucket("PUT", "metadataInventoryTable", "UpdateBucketMetadataInventoryTableConfiguration"),
    bucket("PUT", "metadataJournalTable", "UpdateBucketMetadataJournalTableConfiguration"),
    bucket("PUT", "metadataAnnotationTable", "UpdateBucketMetadataAnnotationTableConfiguration"),
];

/// AWS: the operations that take `versionId`.
pub(crate) const VERSIONED: &[&str] = &[
    "DeleteObject",
    "DeleteObjectAnnotation",
    "DeleteObjectTagging",
    "GetObject",
    "GetObjectAcl",
    "GetObjectAnnotation",
    "GetObjectAttributes",
    "GetObjectLegalHold",
    "GetObjectRetention",
    "GetObjectTagging",
    "GetObjectTorrent",
    "HeadObject",
    "ListObjectAnnotations",
    "PutObjectAcl",
    "PutObjectAnnotation",
    "PutObjectLegalHold",
    "PutObjectRetention",
    "PutObjectTagging",
    "RestoreObject",
    "UpdateObjectEncryption",
];
