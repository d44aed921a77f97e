//! Which actions an operation needs: the names in policies are not those of the operations.

/// The actions of an operation on its bucket or object, without the prefix `s3:`, the main one first; and the same for a
/// request that names a version.
pub(crate) fn actions(operation: &str, has_version: bool) -> &'static [&'static str] {
    if has_version && let Some(actions) = versioned(operation) {
        return actions;
    }
    object(operation).or_else(|| bucket(operation)).unwrap_or_default()
}

fn versioned(operation: &str) -> Option<&'static [&'static str]> {
    Some(match operation {
        "GetObject" | "HeadObject" | "GetObjectTorrent" => &["GetObjectVersion"],
        "GetObjectAttributes" => &["GetObjectVersion", "GetObjectVersionAttributes"],
        "GetObjectTagging" => &["GetObjectVersionTagging"],
        "PutObjectTagging" => &["PutObjectVersionTagging"],
        "DeleteObjectTagging" => &["DeleteObjectVersionTagging"],
        "GetObjectAcl" => &["GetObjectVersionAcl"],
        "PutObjectAcl" => &["PutObjectVersionAcl"],
        "DeleteObject" => &["DeleteObjectVersion"],
        "GetObjectAnnotation" => &["GetObjectVersionAnnotation"],
        "PutObjectAnnotation" => &["PutObjectVersionAnnotation"],
        "DeleteObjectAnnotation" => &["DeleteObjectVersionAnnotation"],
        "ListObjectAnnotations" => &["ListObjectVersionAnnotations"],
        _ => return None,
    })
}

fn object(operation: &str) -> Option<&'static [&'static str]> {
    Some(match operation {
        "GetObject" | "HeadObject" | "SelectObjectContent" | "GetObjectTorrent" => &["GetObject"],
        "GetObjectAttributes" => &["GetObject", "GetObjectAttributes"],
        "GetObjectTagging" => &["GetObjectTagging"],
        "PutObjectTagging" => &["PutObjectTagging"],
        "DeleteObjectTagging" => &["DeleteObjectTagging"],
        "GetObjectAcl" => &["GetObjectAcl"],
        "PutObjectAcl" => &["PutObjectAcl"],
        "GetObjectRetention" => &["GetObjectRetention"],
        "PutObjectRetention" => &["PutObjectRetention"],
        "GetObjectLegalHold" => &["GetObjectLegalHold"],
        "PutObjectLegalHold" => &["PutObjectLegalHold"],
        "RestoreObject" => &["RestoreObject"],
        "GetObjectAnnotation" => &["GetObjectAnnotation"],
        "PutObjectAnnotation" => &["PutObjectAnnotation"],
        "DeleteObjectAnnotation" => &["DeleteObjectAnnotation"],
        "ListObjectAnnotations" => &["ListObjectAnnotations"],
        "UpdateObjectEncryption" => &["UpdateObjectEncryption"],
        "PutObject"
        | "CopyObject"
        | "CreateMultipartUpload"
        | "UploadPart"
        | "UploadPartCopy"
        | "CompleteMultipartUpload" => &["PutObject"],
        "AbortMultipartUpload" => &["AbortMultipartUpload"],
        "ListParts" => &["ListMultipartUploadParts"],
        "DeleteObject" => &["DeleteObject"],
        _ => return None,
    })
}

/// AWS: an operation that deletes a sub-resource needs the action that sets it; policy and website are the exceptions.
fn bucket(operation: &str) -> Option<&'static [&'static str]> {
    Some(match operation {
        "HeadBucket" | "ListObjects" | "ListObjectsV2" => &["ListBucket"],
        "ListObjectVersions" => &["ListBucketVersions"],
        "ListMultipartUploads" => &["ListBucketMultipartUploads"],
        "CreateBucket" => &["CreateBucket"],
        "DeleteBucket" => &["DeleteBucket"],
        "GetBucketPolicy" => &["GetBucketPolicy"],
        "PutBucketPolicy" => &["PutBucketPolicy"],
        "DeleteBucketPolicy" => &["DeleteBucketPolicy"],
        "GetBucketPolicyStatus" => &["GetBucketPolicyStatus"],
        "GetBucketAcl" => &["GetBucketAcl"],
        "PutBucketAcl" => &["PutBucketAcl"],
        "GetBucketLocation" => &["GetBucketLocation"],
        "GetBucketLogging" => &["GetBucketLogging"],
        "PutBucketLogging" => &["PutBucketLogging"],
        "GetBucketRequestPayment" => &["GetBucketRequestPayment"],
        "PutBucketRequestPayment" => &["PutBucketRequestPayment"],
        "GetBucketTagging" => &["GetBucketTagging"],
        "PutBucketTagging" | "DeleteBucketTagging" => &["PutBucketTagging"],
        "GetBucketVersioning" => &["GetBucketVersioning"],
        "PutBucketVersioning" => &["PutBucketVersioning"],
        "GetBucketWebsite" => &["GetBucketWebsite"],
        "PutBucketWebsite" => &["PutBucketWebsite"],
        "DeleteBucketWebsite" => &["DeleteBucketWebsite"],
        "GetBucketAbac" => &["GetBucketAbac"],
        "PutBucketAbac" => &["PutBucketAbac"],
        "GetBucketOwnershipControls" => &["GetBucketOwnershipControls"],
        "PutBucketOwnershipControls" | "DeleteBucketOwnershipControls" => &["PutBucketOwnershipControls"],
        "GetPublicAccessBlock" => &["GetBucketPublicAccessBlock"],
        "PutPublicAccessBlock" | "DeletePublicAccessBlock" => &["PutBucketPublicAccessBlock"],
        "GetObjectLockConfiguration" => &["GetBucketObjectLockConfiguration"],
        "PutObjectLockConfiguration" => &["PutBucketObjectLockConfiguration"],
        "GetBucketNotificationConfiguration" => &["GetBucketNotification"],
        "PutBucketNotificationConfiguration" => &["PutBucketNotification"],
        _ => return configuration(operation),
    })
}

/// Configurations, whose actions leave out "Bucket".
fn configuration(operation: &str) -> Option<&'static [&'static str]> {
    Some(match operation {
        "GetBucketCors" => &["GetBucketCORS"],
        "PutBucketCors" | "DeleteBucketCors" => &["PutBucketCORS"],
        "GetBucketEncryption" => &["GetEncryptionConfiguration"],
        "PutBucketEncryption" | "DeleteBucketEncryption" => &["PutEncryptionConfiguration"],
        "GetBucketLifecycleConfiguration" => &["GetLifecycleConfiguration"],
        "PutBucketLifecycleConfiguration" | "DeleteBucketLifecycle" => &["PutLifecycleConfiguration"],
        "GetBucketReplication" => &["GetReplicationConfiguration"],
        "PutBucketReplication" | "DeleteBucketReplication" => &["PutReplicationConfiguration"],
        "GetBucketAccelerateConfiguration" => &["GetAccelerateConfiguration"],
        "PutBucketAccelerateConfiguration" => &["PutAccelerateConfiguration"],
        "GetBucketAnalyticsConfiguration" | "ListBucketAnalyticsConfigurations" => &["GetAnalyticsConfiguration"],
        "PutBucketAnalyticsConfiguration" | "DeleteBucketAnalyticsConfiguration" => &["PutAnalyticsConfiguration"],
        "GetBucketInventoryConfiguration" | "ListBucketInventoryConfigurations" => &["GetInventoryConfiguration"],
        "PutBucketInventoryConfiguration" | "DeleteBucketInventoryConfiguration" => &["PutInventoryConfiguration"],
        "GetBucketMetricsConfiguration" | "ListBucketMetricsConfigurations" => &["GetMetricsConfiguration"],
        "PutBucketMetricsConfiguration" | "DeleteBucketMetricsConfiguration" => &["PutMetricsConfiguration"],
        "GetBucketIntelligentTieringConfiguration" | "ListBucketIntelligentTieringConfigurations" => {
            &["GetIntelligentTieringConfiguration"]
        }
        "PutBucketIntelligentTieringConfiguration" | "DeleteBucketIntelligentTieringConfiguration" => {
            &["PutIntelligentTieringConfiguration"]
        }
        "CreateBucketMetadataConfiguration" | "CreateBucketMetadataTableConfiguration" => {
            &["CreateBucketMetadataTableConfiguration"]
        }
        "GetBucketMetadataConfiguration" | "GetBucketMetadataTableConfiguration" => {
            &["GetBucketMetadataTableConfiguration"]
        }
        "DeleteBucketMetadataConfiguration" | "DeleteBucketMetadataTableConfiguration" => {
            &["DeleteBucketMetadataTableConfiguration"]
        }
        "UpdateBucketMetadataInventoryTableConfiguration" => &["UpdateBucketMetadataInventoryTableConfiguration"],
        "UpdateBucketMetadataJournalTableConfiguration" => &["UpdateBucketMetadataJournalTableConfiguration"],
        "UpdateBucketMetadataAnnotationTableConfiguration" => &["UpdateBucketMetadataAnnotationTableConfiguration"],
        _ => return None,
    })
}
