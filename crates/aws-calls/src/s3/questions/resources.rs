//! The ARNs of buckets and objects, and questions about them.

use super::Asking;
use super::keys::{Keys, push};
use crate::questions::{Mapping, Owner, Question, Sentence, Shown};
use crate::s3::address::Bucket;

/// What a question is about.
#[derive(Clone, Debug)]
pub(crate) struct About {
    pub arn: String,
    pub owner: Owner,
    /// The keys that the resource itself gives.
    pub keys: Keys,
}

impl Asking<'_, '_> {
    /// A bucket, or the access point that stands for it.
    pub(crate) fn about_bucket(&self, bucket: &Bucket<'_>) -> About {
        let partition = &self.scene.partition;
        match bucket {
            Bucket::Name(name) => About {
                arn: format!("arn:{partition}:s3:::{name}"),
                owner: Owner::Bucket(name.to_string()),
                keys: Keys::new(),
            },
            Bucket::AccessPoint { name, account } => {
                let arn = format!("arn:{partition}:s3:{}:{account}:accesspoint/{name}", self.scene.region);
                let mut keys = Keys::new();
                push(&mut keys, "s3:DataAccessPointArn", &arn);
                push(&mut keys, "s3:DataAccessPointAccount", account);
                About { arn, owner: Owner::Account(account.clone()), keys }
            }
        }
    }

    /// An object.
    pub(crate) fn about_object(&self, bucket: &Bucket<'_>, key: &str) -> About {
        let mut about = self.about_bucket(bucket);
        about.arn.push_str(match bucket {
            Bucket::Name(_) => "/",
            Bucket::AccessPoint { .. } => "/object/",
        });
        about.arn.push_str(key);
        about
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
