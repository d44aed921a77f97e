//! Condition keys that requests of S3 give, by action. A parameter that was not sent has no key.

use super::Asking;
use crate::s3::signing::Place;

/// Condition keys with their values.
pub(crate) type Keys = Vec<(String, Vec<String>)>;

const LIST: &[(&str, &str)] = &[("s3:prefix", "prefix"), ("s3:delimiter", "delimiter"), ("s3:max-keys", "max-keys")];

const GRANTS: &[&str] = &[
    "x-amz-acl",
    "x-amz-grant-full-control",
    "x-amz-grant-read",
    "x-amz-grant-read-acp",
    "x-amz-grant-write",
    "x-amz-grant-write-acp",
];

const OBJECT: &[&str] = &[
    "x-amz-copy-source",
    "x-amz-metadata-directive",
    "x-amz-object-annotation-directive",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-storage-class",
    "x-amz-website-redirect-location",
];

const CREATE_BUCKET: &[&str] = &["x-amz-bucket-namespace", "x-amz-object-ownership"];

const RETENTION: &[(&str, &str)] = &[
    ("s3:object-lock-mode", "x-amz-object-lock-mode"),
    ("s3:object-lock-retain-until-date", "x-amz-object-lock-retain-until-date"),
    ("s3:object-lock-event-hold", "x-amz-object-lock-event-hold"),
    ("s3:object-lock-event-hold-duration-days", "x-amz-object-lock-event-hold-duration-days"),
];

const LEGAL_HOLD: &[(&str, &str)] = &[("s3:object-lock-legal-hold", "x-amz-object-lock-legal-hold")];

const PRECONDITIONS: &[(&str, &str)] = &[("s3:if-match", "if-match"), ("s3:if-none-match", "if-none-match")];

const ANNOTATIONS: &[(&str, &str)] =
    &[("s3:annotation-prefix", "annotation-prefix"), ("s3:max-annotation-results", "max-annotation-results")];

/// Whether the tags of the object that exists are a key of the action.
pub(crate) fn sees_object_tags(action: &str) -> bool {
    let name = action.strip_prefix("s3:").unwrap_or_default();
    matches!(
        name,
        "GetObject"
            | "GetObjectAcl"
            | "GetObjectAttributes"
            | "GetObjectTagging"
            | "GetObjectVersion"
            | "GetObjectVersionAcl"
            | "GetObjectVersionAttributes"
            | "GetObjectVersionTagging"
            | "PutObjectAcl"
            | "PutObjectTagging"
            | "PutObjectVersionAcl"
            | "PutObjectVersionTagging"
            | "DeleteObjectTagging"
            | "DeleteObjectVersionTagging"
            | "UpdateObjectEncryption"
    ) || name.ends_with("Annotation")
        || name.ends_with("Annotations")
}

impl Asking<'_, '_> {
    /// The keys of every question.
    pub(crate) fn common(&self) -> Keys {
        let mut keys = Keys::new();
        let signing = self.signing;
        if let Some(place) = signing.place {
            push(&mut keys, "s3:authType", place.auth_type());
            push(&mut keys, "s3:signatureversion", signing.version.text());
            if let Some(age) = signing.age {
                push(&mut keys, "s3:signatureAge", age.to_string());
            }
        }
        if let Some(version) = signing.tls_version {
            push(&mut keys, "s3:TlsVersion", version);
        }
        if let Some(hash) = self.payload_hash() {
            push(&mut keys, "s3:x-amz-content-sha256", hash);
        }
        keys
    }

    /// AWS: a URL that is signed with Signature Version 4 has no hash of the payload, which is then unsigned.
    fn payload_hash(&self) -> Option<&str> {
        let is_presigned = self.signing.place == Some(Place::QueryString) && self.routed.query.has("x-amz-signature");
        self.routed.value("x-amz-content-sha256").or(is_presigned.then_some("UNSIGNED-PAYLOAD"))
    }

    /// The keys of an action on the request's own bucket or object.
    pub(crate) fn keys(&self, action: &str) -> Keys {
        let mut keys = self.common();
        let name = action.strip_prefix("s3:").unwrap_or_default();
        let copy = |keys: &mut Keys, names: &[(&str, &str)]| {
            for (key, parameter) in names {
                if let Some(value) = self.given(parameter) {
                    push(keys, key, value);
                }
            }
        };
        let headers = |keys: &mut Keys, names: &[&str]| {
            for header in names {
                if let Some(value) = self.given(header) {
                    push(keys, &format!("s3:{header}"), value);
                }
            }
        };
        match name {
            "ListBucket" | "ListBucketVersions" => copy(&mut keys, LIST),
            "PutObject" => {
                headers(&mut keys, GRANTS);
                headers(&mut keys, OBJECT);
                copy(&mut keys, RETENTION);
                copy(&mut keys, LEGAL_HOLD);
                copy(&mut keys, PRECONDITIONS);
                let creates = !matches!(self.operation, "UploadPart" | "UploadPartCopy" | "CreateMultipartUpload");
                push(&mut keys, "s3:ObjectCreationOperation", if creates { "true" } else { "false" });
            }
            "BypassGovernanceRetention" => {
                headers(&mut keys, GRANTS);
                headers(&mut keys, OBJECT);
            }
            "PutObjectAcl" | "PutObjectVersionAcl" => {
                headers(&mut keys, GRANTS);
                headers(&mut keys, &["x-amz-storage-class"]);
            }
            "PutBucketAcl" => headers(&mut keys, GRANTS),
            "CreateBucket" => {
                headers(&mut keys, GRANTS);
                headers(&mut keys, CREATE_BUCKET);
            }
            "PutObjectRetention" => copy(&mut keys, RETENTION),
            "PutObjectLegalHold" => copy(&mut keys, LEGAL_HOLD),
            "DeleteObject" => copy(&mut keys, PRECONDITIONS.get(..1).unwrap_or_default()),
            "ListObjectAnnotations" | "ListObjectVersionAnnotations" => copy(&mut keys, ANNOTATIONS),
            _ if name.ends_with("Annotation") && !name.starts_with("Get") => {
                headers(&mut keys, &["x-amz-object-if-match"]);
            }
            _ => {}
        }
        if name.contains("Version") && !name.contains("Versions") {
            copy(&mut keys, &[("s3:versionid", "versionId")]);
        }
        keys.extend(
            self.from_body
                .iter()
                .filter(|(actions, ..)| actions.contains(&name))
                .map(|(_, key, values)| (key.clone(), values.clone())),
        );
        keys
    }
}

/// Adds a key with one value.
pub(crate) fn push(keys: &mut Keys, key: &str, value: impl Into<String>) {
    keys.push((key.to_owned(), vec![value.into()]));
}
