//! The ARNs of buckets and objects, and questions about them.

use super::Asking;
use super::keys::Keys;
use crate::questions::{Mapping, Owner, Question, Sentence, Shown};
use crate::s3::address::Bucket;

impl Asking<'_, '_> {
    /// The ARN of a bucket, or of the access point that stands for it.
    pub(crate) fn bucket_arn(&self, bucket: &Bucket<'_>) -> (String, Owner) {
        let partition = &self.scene.partition;
        match bucket {
            Bucket::Name(name) => (format!("arn:{partition}:s3:::{name}"), Owner::Bucket(name.to_string())),
            Bucket::AccessPoint { name, account } => {
                let region = &self.scene.region;
                (format!("arn:{partition}:s3:{region}:{account}:accesspoint/{name}"), Owner::Account(account.clone()))
            }
        }
    }

    /// The ARN of an object.
    pub(crate) fn object_arn(&self, bucket: &Bucket<'_>, key: &str) -> (String, Owner) {
        let (arn, owner) = self.bucket_arn(bucket);
        match bucket {
            Bucket::Name(_) => (format!("{arn}/{key}"), owner),
            Bucket::AccessPoint { .. } => (format!("{arn}/object/{key}"), owner),
        }
    }
}

/// S3 writes resources in double quotes.
pub(crate) fn question(action: String, resource: String, owner: Owner, keys: Keys) -> Question {
    let sentence = Sentence { action: None, resource: Shown::Text(format!("\"{resource}\"")) };
    Question { action, resource, keys, owner, across_accounts: true, sentence, part: None, mapping: Mapping::Exact }
}

/// A question whose resource AWS does not name in its sentence.
pub(crate) fn unnamed(action: &str, resource: &str, keys: Keys) -> Question {
    let sentence = Sentence { action: None, resource: Shown::Nothing };
    let (action, resource, mapping) = (action.to_owned(), resource.to_owned(), Mapping::Exact);
    Question { action, resource, keys, owner: Owner::Caller, across_accounts: false, sentence, part: None, mapping }
}

/// `iam:PassRole` on a role that S3 is to use.
pub(crate) fn pass_role(role: &str, service: &str) -> Question {
    let account = role.split(':').nth(4).unwrap_or_default().to_owned();
    Question {
        action: "iam:PassRole".to_owned(),
        resource: role.to_owned(),
        keys: vec![("iam:PassedToService".to_owned(), vec![service.to_owned()])],
        owner: Owner::Account(account),
        across_accounts: false,
        sentence: Sentence::default(),
        part: None,
        mapping: Mapping::Exact,
    }
}
