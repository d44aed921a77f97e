//! What besides the caller's policies decides about a bucket of S3: its policy, Block Public Access, Object Ownership and
//! access control lists.

use std::sync::Arc;

use aws_calls::s3::access::{Access, Acl, Objection, Ownership, Setting, is_changed_by, is_open_to_root};
use aws_calls::s3::{Operation, Routed, Target};
use iam_policy::{Grammar, Policy, PolicySet, Source, SourceKind};
use serde_json::{Map, Value};

use super::inquiry::{Inquiry, Said, Silence};
use crate::account::DocumentKind;
use crate::app::App;
use crate::gateway::Gateway;
use crate::gateway::here::KeptOf;
use crate::identity::{Caller, Principal};
use crate::shapes::AccountId;

/// A document that belongs to a resource, and the policies in it.
#[derive(Debug, Default)]
pub(in crate::gateway) struct Document {
    /// As the upstream has it, if it has one.
    pub text: Option<String>,
    /// The policies.
    pub policies: PolicySet,
}

/// The operations in which Block Public Access and Object Ownership have a say.
const WITH_OBJECTIONS: &[&str] = &[
    "CopyObject",
    "CreateBucket",
    "CreateMultipartUpload",
    "PutBucketAcl",
    "PutBucketPolicy",
    "PutObject",
    "PutObjectAcl",
];

impl Document {
    /// A document that is no policy.
    pub fn of_text(text: String) -> Self {
        Self { text: Some(text), policies: PolicySet::default() }
    }

    /// A policy from an upstream; one that cannot be read denies everything.
    pub fn policy(text: String, what: &str) -> Self {
        let source = Source { id: what.into(), kind: SourceKind::Resource, arn: None };
        let parsed = Policy::parse(&text, Grammar::Resource);
        if parsed.is_err() {
            tracing::warn!(of = what, "a resource's policy cannot be read, and denies everything");
        }
        let policies = PolicySet::new([(source, parsed.map(Arc::new).map_err(Arc::new))]);
        Self { text: Some(text), policies }
    }
}

/// A bucket and whom to ask about it.
#[derive(Clone, Copy)]
pub(in crate::gateway) struct BucketOf<'b> {
    pub app: &'b App,
    pub name: &'b str,
    pub owner: AccountId,
    pub region: &'b str,
}

impl Gateway {
    /// The policies of a bucket that bear on a caller, for an action on the bucket or on an object in it.
    pub(in crate::gateway) async fn policies_of_bucket(
        &self,
        bucket: BucketOf<'_>,
        caller: &Caller,
        (action, resource): (&str, &str),
    ) -> Result<Option<Arc<Document>>, Silence> {
        let is_own = caller.account == bucket.owner && caller.principal != Principal::Anonymous;
        if is_own && caller.principal == Principal::Root && is_open_to_root(action) {
            return Ok(None);
        }
        let policy = self.bucket_document(bucket, "GetBucketPolicy").await?;
        if is_own {
            return Ok(Some(policy));
        }
        let access = self.bucket_access(bucket).await?;
        if access.shuts_strangers_out(policy.text.as_deref()) {
            return Ok(None);
        }
        if access.ownership == Ownership::BucketOwnerEnforced {
            return Ok(Some(policy));
        }
        let list = self.list_of(bucket, resource, &access).await?;
        let policies = [policy.text.clone(), list].into_iter().flatten().map(|text| {
            let source = Source { id: bucket.name.into(), kind: SourceKind::Resource, arn: None };
            (source, Policy::parse(&text, Grammar::Resource).map(Arc::new).map_err(Arc::new))
        });
        Ok(Some(Arc::new(Document { text: None, policies: PolicySet::new(policies) })))
    }

    /// What S3 objects to in a request that all policies allow.
    pub(in crate::gateway) async fn objection(
        &self,
        routed: &Routed<'_>,
        body: &[u8],
        (app, owner, region): (&App, AccountId, &str),
    ) -> Result<Option<Objection>, Silence> {
        let Operation::Named(operation) = routed.operation else { return Ok(None) };
        if !WITH_OBJECTIONS.contains(&operation) {
            return Ok(None);
        }
        let (Target::Bucket { bucket } | Target::Object { bucket, .. }) = &routed.target else { return Ok(None) };
        let Some(name) = bucket.name() else { return Ok(None) };
        // Most uploads say nothing of access control lists.
        if Access::OF_NEW_BUCKETS.objection(routed, Some(body), None).is_none() && operation != "PutBucketPolicy" {
            return Ok(None);
        }
        let access = match operation {
            "CreateBucket" => Access::OF_NEW_BUCKETS,
            _ => self.bucket_access(BucketOf { app, name, owner, region }).await?,
        };
        Ok(access.objection(routed, Some(body), None))
    }

    /// Forgets what a request to S3 has changed; whether it has.
    pub(in crate::gateway) fn forget_bucket(&self, routed: &Routed<'_>) -> bool {
        let Operation::Named(operation) = routed.operation else { return false };
        let (Target::Bucket { bucket } | Target::Object { bucket, .. }) = &routed.target else { return false };
        let Some(bucket) = bucket.name().filter(|_| is_changed_by(operation)) else { return false };
        let start = format!("s3:{bucket}:");
        self.documents.forget(|name| name.starts_with(&start));
        true
    }

    pub(in crate::gateway) async fn bucket_access(&self, bucket: BucketOf<'_>) -> Result<Access, Silence> {
        let known = self.owners.of_bucket(bucket.name);
        let block = self.bucket_document(bucket, "GetPublicAccessBlock").await?;
        let ownership = self.bucket_document(bucket, "GetBucketOwnershipControls").await?;
        let setting = |document: &'_ Document, is_removed: bool| match document.text.clone() {
            Some(text) => (Some(text), false),
            None => (None, is_removed),
        };
        let (block, ownership) = (setting(&block, known.without_block), setting(&ownership, known.without_ownership));
        Ok(Access::of(as_setting(&block), as_setting(&ownership)))
    }

    /// What the access control list of a bucket or object allows, as a policy.
    async fn list_of(&self, bucket: BucketOf<'_>, resource: &str, access: &Access) -> Result<Option<String>, Silence> {
        let key = resource.split_once(":::").and_then(|(_, name)| name.split_once('/')).map(|(_, key)| key);
        let text = match key {
            None => self.bucket_document(bucket, "GetBucketAcl").await?.text.clone(),
            // There are too many objects to remember them.
            Some(key) => self.ask_bucket(bucket, "GetObjectAcl", Some(key)).await?,
        };
        let list = text.and_then(|text| Acl::parse(text.as_bytes()).ok());
        // Upstreams do not tell whose canonical user IDs these are; groups are the same everywhere.
        Ok(list.and_then(|list| access.policy_of(&list, resource, |_| None)))
    }

    /// A document of a bucket, from the cache or from the upstream.
    async fn bucket_document(&self, bucket: BucketOf<'_>, operation: &str) -> Result<Arc<Document>, Silence> {
        if let Some(kind) = kept_kind(operation)
            && self.keeps_policies("s3")
        {
            let resource = format!("arn:{}:s3:::{}", bucket.owner.partition().name(), bucket.name);
            return self.kept(KeptOf { app: bucket.app, owner: bucket.owner, resource: &resource }, kind).await;
        }
        let name = format!("s3:{}:{operation}", bucket.name);
        if let Some(document) = self.documents.get(&name) {
            return Ok(document);
        }
        let since = self.documents.now();
        let document = match (self.ask_bucket(bucket, operation, None).await?, operation) {
            (Some(text), "GetBucketPolicy") => Document::policy(text, bucket.name),
            (text, _) => text.map(Document::of_text).unwrap_or_default(),
        };
        let document = Arc::new(document);
        self.documents.keep(name, &document, since);
        Ok(document)
    }

    async fn ask_bucket(
        &self,
        BucketOf { name, owner, region, .. }: BucketOf<'_>,
        operation: &str,
        key: Option<&str>,
    ) -> Result<Option<String>, Silence> {
        let mut members = Map::new();
        members.insert("Bucket".to_owned(), name.into());
        if let Some(key) = key {
            members.insert("Key".to_owned(), key.into());
        }
        let inquiry = Inquiry { service: "s3", operation, members, owner, region };
        match inquiry.ask_for_text(&self.upstreams).await? {
            Said::Answer(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
            Said::Answer(_) | Said::Nothing => Ok(None),
        }
    }
}

/// The documents that are kept here for upstreams without them, by the operation that reads them.
fn kept_kind(operation: &str) -> Option<DocumentKind> {
    Some(match operation {
        "GetBucketPolicy" => DocumentKind::Policy,
        "GetPublicAccessBlock" => DocumentKind::PublicAccessBlock,
        "GetBucketOwnershipControls" => DocumentKind::OwnershipControls,
        _ => return None,
    })
}

fn as_setting((text, is_removed): &(Option<String>, bool)) -> Setting<'_> {
    match text {
        Some(text) => Setting::Set(text),
        None if *is_removed => Setting::Removed,
        None => Setting::Unset,
    }
}
