//! Policies, Block Public Access and Object Ownership of buckets, as S3 speaks of them.

use aws_calls::fault::{Addressee, Fault, identify};
use aws_calls::s3::access::{Ownership, PublicAccessBlock, is_public};
use aws_calls::s3::{Operation, Routed, Target};
use aws_reference::operations::Protocol;
use http::{Response, StatusCode};
use serde_json::{Map, Value};

use super::{KeptOf, unreadable};
use crate::account::DocumentKind;
use crate::gateway::answer::whole;
use crate::gateway::decision::silent;
use crate::gateway::facts::{Inquiry, Said};
use crate::gateway::given;
use crate::gateway::steps::{Failure, request};
use crate::gateway::{Arrival, Body, Gateway};

const XML: &str = "application/xml";
const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// What is done with a document of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Put(DocumentKind),
    Get(DocumentKind),
    Delete(DocumentKind),
    /// Whether the policy is public.
    Status,
}

impl Act {
    pub fn of(routed: &Routed<'_>) -> Option<Self> {
        let (Operation::Named(name), Target::Bucket { bucket }) = (&routed.operation, &routed.target) else {
            return None;
        };
        bucket.name()?;
        Some(match *name {
            "PutBucketPolicy" => Self::Put(DocumentKind::Policy),
            "GetBucketPolicy" => Self::Get(DocumentKind::Policy),
            "DeleteBucketPolicy" => Self::Delete(DocumentKind::Policy),
            "GetBucketPolicyStatus" => Self::Status,
            "PutPublicAccessBlock" => Self::Put(DocumentKind::PublicAccessBlock),
            "GetPublicAccessBlock" => Self::Get(DocumentKind::PublicAccessBlock),
            "DeletePublicAccessBlock" => Self::Delete(DocumentKind::PublicAccessBlock),
            "PutBucketOwnershipControls" => Self::Put(DocumentKind::OwnershipControls),
            "GetBucketOwnershipControls" => Self::Get(DocumentKind::OwnershipControls),
            "DeleteBucketOwnershipControls" => Self::Delete(DocumentKind::OwnershipControls),
            _ => return None,
        })
    }
}

impl Gateway {
    /// Answers a request about a document of a bucket.
    pub(super) async fn answer_for_bucket(
        &self,
        kept: KeptOf<'_>,
        arrival: &Arrival<'_>,
        routed: &Routed<'_>,
        body: &[u8],
    ) -> Result<Response<Body>, Failure> {
        let bucket = match &routed.target {
            Target::Bucket { bucket } => bucket.name().unwrap_or_default(),
            Target::Service | Target::Object { .. } => "",
        };
        let Some(act) = Act::of(routed) else { return Err(no_bucket(bucket).into()) };
        self.must_have_bucket(kept, bucket, &arrival.facts.region).await?;
        let (status, kind, text) = match act {
            Act::Put(document) => {
                let text = checked(document, body, kept.resource)?;
                self.keep(kept, document, text).await?;
                (if document == DocumentKind::Policy { 204 } else { 200 }, "", String::new())
            }
            Act::Delete(document) => {
                self.drop_kept(kept, document).await?;
                (204, "", String::new())
            }
            Act::Get(document) => {
                let found = self.kept(kept, document).await.map_err(silent)?.text.clone();
                let text = found.or_else(|| self.of_new_bucket(bucket, document));
                let kind = if document == DocumentKind::Policy { "application/json" } else { XML };
                (200, kind, text.ok_or_else(|| nothing(document, bucket))?)
            }
            Act::Status => {
                let policy = self.kept(kept, DocumentKind::Policy).await.map_err(silent)?.text.clone();
                let policy = policy.ok_or_else(|| nothing(DocumentKind::Policy, bucket))?;
                let is_public = is_public(&policy);
                let text =
                    format!("<PolicyStatus xmlns=\"{NAMESPACE}\"><IsPublic>{is_public}</IsPublic></PolicyStatus>");
                (200, XML, text)
            }
        };
        let mut response = Response::new(whole(text));
        *response.status_mut() = StatusCode::from_u16(status).map_err(crate::error::Error::internal)?;
        let service = aws_reference::operations::service("s3").map(|service| service.summary);
        let request = request(arrival.parts, None);
        let (protocol, request_id) = (Protocol::RestXml, arrival.facts.request_id.as_str());
        identify(&mut response, kind, &Addressee { service, protocol, request, request_id });
        Ok(response)
    }

    /// What every new bucket has until somebody removes it (AWS: all public access is blocked, and access control lists are
    /// off, since April 2023).
    fn of_new_bucket(&self, bucket: &str, kind: DocumentKind) -> Option<String> {
        let known = self.owners.of_bucket(bucket);
        match kind {
            DocumentKind::PublicAccessBlock if !known.without_block => {
                let names = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"];
                let settings: String = names.iter().map(|name| format!("<{name}>true</{name}>")).collect();
                let name = "PublicAccessBlockConfiguration";
                Some(format!("<{name} xmlns=\"{NAMESPACE}\">{settings}</{name}>"))
            }
            DocumentKind::OwnershipControls if !known.without_ownership => Some(format!(
                "<OwnershipControls xmlns=\"{NAMESPACE}\"><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership>\
                 </Rule></OwnershipControls>"
            )),
            _ => None,
        }
    }

    /// Documents are kept only for buckets that the upstream has.
    async fn must_have_bucket(&self, kept: KeptOf<'_>, bucket: &str, region: &str) -> Result<(), Failure> {
        // An operation that every server has, and that says in its error what is missing.
        let members = [("Bucket", bucket), ("MaxKeys", "1")];
        let members: Map<String, Value> =
            members.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        let inquiry = Inquiry { service: "s3", operation: "ListObjectsV2", members, owner: kept.owner, region };
        match inquiry.ask_for_text(&self.upstreams).await.map_err(silent)? {
            Said::Answer(_) => Ok(()),
            Said::Nothing => Err(no_bucket(bucket).into()),
        }
    }
}

/// A document that can be kept.
fn checked(kind: DocumentKind, body: &[u8], bucket: &str) -> Result<String, Failure> {
    let malformed = || {
        let message = "The XML you provided was not well-formed or did not validate against our published schema";
        unreadable("MalformedXML", message.to_owned())
    };
    match kind {
        DocumentKind::Policy => {
            let policy =
                given::bucket_policy(body, bucket).map_err(|message| unreadable("MalformedPolicy", message))?;
            Ok(policy.to_owned())
        }
        DocumentKind::PublicAccessBlock => {
            PublicAccessBlock::parse(body).map_err(|_| malformed())?;
            String::from_utf8(body.to_vec()).map_err(|_| malformed())
        }
        DocumentKind::OwnershipControls => {
            Ownership::parse(body).map_err(|_| malformed())?;
            String::from_utf8(body.to_vec()).map_err(|_| malformed())
        }
    }
}

fn no_bucket(bucket: &str) -> Fault {
    let details = vec![("BucketName", bucket.to_owned())];
    Fault { details, ..Fault::new(404, "NoSuchBucket", "The specified bucket does not exist") }
}

fn nothing(kind: DocumentKind, bucket: &str) -> Fault {
    let (code, message) = match kind {
        DocumentKind::Policy => ("NoSuchBucketPolicy", "The bucket policy does not exist"),
        DocumentKind::PublicAccessBlock => {
            ("NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found")
        }
        DocumentKind::OwnershipControls => {
            ("OwnershipControlsNotFoundError", "The bucket ownership controls were not found")
        }
    };
    Fault { details: vec![("BucketName", bucket.to_owned())], ..Fault::new(404, code, message) }
}
