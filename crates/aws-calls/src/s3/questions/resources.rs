//! The ARNs of buckets and objects, and questions about them.

use super::Asking;
use super::keys::{Keys, push};
use crate::questions::{Owner, Question, Sentence, Shown};
use crate::s3::address::Bucket;
use crate::s3::hosts::is_account;
use crate::s3::refusal::Refusal;

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
    Question { action, resource, keys, owner, across_accounts: true, sentence, ..Question::default() }
}

/// A question whose resource AWS does not name in its sentence.
pub(crate) fn unnamed(action: &str, resource: &str, keys: Keys) -> Question {
    let sentence = Sentence { action: None, resource: Shown::Nothing };
    let named = question(action.to_owned(), resource.to_owned(), Owner::Caller, keys);
    Question { sentence, across_accounts: false, ..named }
}

/// `iam:PassRole` on a role that S3 is to use.
///
/// # Errors
/// No ARN of a role.
pub(crate) fn pass_role(role: &str, service: &str) -> Result<Question, Refusal> {
    let account =
        account_of(role, "iam").filter(|_| role.split(':').nth(5).is_some_and(|name| name.starts_with("role/")));
    let account = account.ok_or_else(|| Refusal::argument("Invalid role ARN"))?;
    let mut keys = Keys::new();
    push(&mut keys, "iam:PassedToService", service);
    let named = question("iam:PassRole".to_owned(), role.to_owned(), Owner::Account(account.to_owned()), keys);
    Ok(Question { sentence: Sentence::default(), across_accounts: false, ..named })
}

/// The account in an ARN of a service.
pub(crate) fn account_of<'a>(arn: &'a str, service: &str) -> Option<&'a str> {
    let mut parts = arn.splitn(6, ':');
    let is_arn = parts.next() == Some("arn") && parts.next().is_some_and(|partition| !partition.is_empty());
    let is_of_service = parts.next() == Some(service);
    let account = parts.nth(1).filter(|account| is_account(account))?;
    let is_named = parts.next().is_some_and(|name| !name.is_empty() && !name.contains(['*', '?']));
    (is_arn && is_of_service && is_named).then_some(account)
}
