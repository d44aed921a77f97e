//! Questions about objects.

use super::actions::actions;
use super::{Asking, asked, bodies, request_tags};
use crate::questions::Asked;
use crate::s3::address::Bucket;
use crate::s3::form::Fields;
use crate::s3::refusal::Refusal;
use crate::s3::source::Source;
use crate::s3::{deletion, tags};

/// The headers that write an access control list.
pub(crate) const ACL: &[&str] = &[
    "x-amz-acl",
    "x-amz-grant-full-control",
    "x-amz-grant-read",
    "x-amz-grant-read-acp",
    "x-amz-grant-write",
    "x-amz-grant-write-acp",
];

impl Asking<'_, '_> {
    pub(crate) fn object(&mut self, bucket: &Bucket<'_>, key: &str) -> Result<Asked, Refusal> {
        self.from_body = bodies::object(self)?;
        let version = self.routed.query.get("versionId");
        let about = self.about_object(bucket, key);
        let names = actions(self.operation, version.is_some());
        let mut asked = asked(names.iter().map(|name| self.question(name, about.clone())).collect());
        if matches!(self.operation, "PutObject" | "CopyObject" | "CreateMultipartUpload") {
            asked.questions.extend(self.written_with(bucket, key));
        }
        if self.bypasses() && matches!(self.operation, "DeleteObject" | "PutObjectRetention" | "DeleteObjectAnnotation")
        {
            asked.questions.push(self.question("BypassGovernanceRetention", about));
        }
        if matches!(self.operation, "RenameObject" | "WriteGetObjectResponse") || asked.questions.is_empty() {
            return Err(not_implemented());
        }
        self.see_tags(&mut asked, 0, bucket, key, version);
        self.see_bucket_tags(&mut asked, bucket);
        if matches!(self.operation, "CopyObject" | "UploadPartCopy") {
            self.source(&mut asked)?;
        }
        Ok(asked)
    }

    /// AWS: what a request writes beside the object itself needs the action that writes it alone.
    fn written_with(&self, bucket: &Bucket<'_>, key: &str) -> Vec<crate::questions::Question> {
        let has = |names: &[&str]| names.iter().any(|name| self.given(name).is_some());
        let lock = ["x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date", "x-amz-object-lock-event-hold"];
        let demands = [
            ("PutObjectTagging", has(&["x-amz-tagging"])),
            ("PutObjectAcl", has(ACL)),
            ("PutObjectRetention", has(&lock)),
            ("PutObjectLegalHold", has(&["x-amz-object-lock-legal-hold"])),
        ];
        let about = self.about_object(bucket, key);
        let wanted = demands.iter().filter(|(_, wanted)| *wanted);
        wanted.map(|(name, _)| self.question(name, about.clone())).collect()
    }

    /// The source of a copy, which the request reads.
    fn source(&self, asked: &mut Asked) -> Result<(), Refusal> {
        let source = Source::parse(self.routed.value("x-amz-copy-source").unwrap_or_default())?;
        let action = if source.version.is_some() { "s3:GetObjectVersion" } else { "s3:GetObject" };
        let mut keys = self.common();
        if let Some(version) = &source.version {
            super::keys::push(&mut keys, "s3:versionid", version);
        }
        let about = self.about_object(&source.bucket, &source.key);
        keys.extend(about.keys);
        let from = asked.questions.len();
        asked.questions.push(super::resources::question(action.to_owned(), about.arn, about.owner, keys));
        self.see_tags(asked, from, &source.bucket, &source.key, source.version.as_deref());
        Ok(())
    }

    /// A browser's upload.
    pub(crate) fn form(&mut self, bucket: &Bucket<'_>) -> Result<Asked, Refusal> {
        let Some(fields) = self.fields else { return Err(Refusal::denied()) };
        self.from_body = form_keys(fields)?;
        self.from_body.extend(bodies::retention_of_headers(self)?);
        let key = fields.object_key()?;
        let about = self.about_object(bucket, &key);
        let mut asked = asked(vec![self.question("PutObject", about)]);
        asked.questions.extend(self.written_with(bucket, &key));
        self.see_tags(&mut asked, 0, bucket, &key, None);
        self.see_bucket_tags(&mut asked, bucket);
        Ok(asked)
    }

    /// One question a key; the answer reports those that are denied, and the others are deleted.
    pub(crate) fn delete_objects(&mut self, bucket: &Bucket<'_>) -> Result<Asked, Refusal> {
        let mut asked = Asked::default();
        for (index, deletion) in deletion::Deletions::parse(self.body()?)?.iter().enumerate() {
            for key in deletion.readings() {
                let about = self.about_object(bucket, key);
                let action = if deletion.version.is_some() { "DeleteObjectVersion" } else { "DeleteObject" };
                let from = asked.questions.len();
                asked.questions.push(self.question(action, about.clone()));
                if self.bypasses() {
                    asked.questions.push(self.question("BypassGovernanceRetention", about));
                }
                for question in asked.questions.iter_mut().skip(from) {
                    question.part = Some(index.to_string());
                    if let Some(version) = &deletion.version
                        && question.action == "s3:DeleteObjectVersion"
                    {
                        super::keys::push(&mut question.keys, "s3:versionid", version);
                    }
                }
            }
        }
        self.see_bucket_tags(&mut asked, bucket);
        Ok(asked)
    }

    fn bypasses(&self) -> bool {
        self.given("x-amz-bypass-governance-retention").is_some_and(|value| !value.eq_ignore_ascii_case("false"))
    }
}

/// The keys of a form's tags, which are a document.
fn form_keys(fields: &Fields) -> Result<Vec<super::FromBody>, Refusal> {
    let Some(document) = fields.header("x-amz-tagging") else { return Ok(Vec::new()) };
    let keys = request_tags("s3:RequestObjectTag/", "s3:RequestObjectTagKeys", &tags::document(document.as_bytes())?);
    Ok(keys.into_iter().map(|(key, values)| (bodies::TAGGING, key, values)).collect())
}

fn not_implemented() -> Refusal {
    Refusal::new(501, "NotImplemented", "A header you provided implies functionality that is not implemented")
}
