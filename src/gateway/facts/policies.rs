//! The policies of resources other than buckets, read from the upstream as the rules of their service say.

use std::sync::Arc;

use aws_calls::lookup::{self, Lookup};
use aws_calls::questions::{Asked, Question};
use iam_policy::{PolicySet, ResourceKind};
use serde_json::Value;

use super::buckets::Document;
use super::inquiry::{Inquiry, Said, Silence};
use crate::account::DocumentKind;
use crate::app::App;
use crate::gateway::Gateway;
use crate::gateway::here::KeptOf;
use crate::gateway::meant::Meant;
use crate::shapes::{AccountId, Partition};

/// The policy of a resource.
pub(in crate::gateway) struct ResourcePolicy {
    /// The document.
    pub document: Arc<Document>,
    /// What kind of policy it is.
    pub kind: ResourceKind,
}

impl ResourcePolicy {
    /// The policies in it.
    pub fn set(&self) -> &PolicySet {
        &self.document.policies
    }
}

impl Gateway {
    /// The policy of what a question is about, if it has one.
    pub(in crate::gateway) async fn resource_policy(
        &self,
        app: &App,
        question: &Question,
        owner: AccountId,
    ) -> Result<Option<ResourcePolicy>, Silence> {
        let prefix = question.action.split(':').next().unwrap_or_default();
        let is_key = prefix == "kms";
        let name = format!("policy:{owner}:{prefix}:{}", question.resource);
        let known = if self.keeps_policies(prefix) {
            Some(self.kept_policy(app, question, owner).await?)
        } else {
            self.documents.get(&name)
        };
        let document = match known {
            Some(document) => document,
            None => {
                let Some(lookup) = lookup::of_policy(question) else { return Ok(None) };
                let since = self.documents.now();
                let answer = self.inquire(&lookup, owner).await?;
                let text = answer.and_then(|answer| lookup::policy(question, &answer));
                let text = match text {
                    // AWS: the default key policy leaves a key to the policies of its account.
                    None if is_key => Some(default_key_policy(owner)),
                    text => text,
                };
                let document = text.map(|text| Document::policy(text, &question.resource)).unwrap_or_default();
                let document = Arc::new(document);
                self.documents.keep(name, &document, since);
                document
            }
        };
        if document.text.is_none() {
            return Ok(None);
        }
        let kind = if is_key { ResourceKind::KmsKey } else { ResourceKind::Ordinary };
        Ok(Some(ResourcePolicy { document, kind }))
    }

    /// The policy that is kept here for what a question is about, which is often part of what has the policy: an index
    /// of a table.
    async fn kept_policy(&self, app: &App, question: &Question, owner: AccountId) -> Result<Arc<Document>, Silence> {
        let Some(lookup) = lookup::of_policy(question) else { return Ok(Arc::default()) };
        let arn = ["ResourceArn", "ResourceARN"].iter().find_map(|name| lookup.members.get(*name)?.as_str());
        match arn {
            Some(resource) => self.kept(KeptOf { app, owner, resource }, DocumentKind::Policy).await,
            None => Err(Silence::Unaskable(lookup.operation)),
        }
    }

    /// Reads something of an upstream, in the name of the account that the resource names, or else of `owner`; `None` if
    /// there is no such thing.
    ///
    /// # Errors
    /// When the upstream does not say.
    pub(in crate::gateway) async fn inquire(
        &self,
        lookup: &Lookup,
        owner: AccountId,
    ) -> Result<Option<Value>, Silence> {
        let named = AccountId::parse(&lookup.account).map(|account| account.in_partition(owner.partition()));
        let region = match lookup.region.as_str() {
            "" => Partition::default().signing_region(),
            region => region,
        };
        let inquiry = Inquiry {
            service: lookup.service,
            operation: &lookup.operation,
            members: lookup.members.clone(),
            owner: named.unwrap_or(owner),
            region,
        };
        Ok(match inquiry.ask(&self.upstreams).await? {
            Said::Answer(answer) => Some(answer),
            Said::Nothing => None,
        })
    }

    /// Forgets what a call has changed; whether it has.
    pub(in crate::gateway) fn forget_policies(&self, meant: &Meant<'_>, asked: &Asked) -> bool {
        let Meant::Call(call) = meant else { return false };
        let changes_grants = ["CreateGrant", "RetireGrant", "RevokeGrant"].contains(&call.name());
        // A grant that a token stands for may be of any key.
        let changes_grants = changes_grants && call.prefix() == "kms";
        if changes_grants {
            self.documents.forget(|name| name.starts_with("grants:"));
        }
        let changes_resources = lookup::changes_policy(call) || lookup::changes_tags(call);
        if changes_resources {
            let resources: Vec<String> =
                asked.questions.iter().map(|question| format!(":{}", question.resource)).collect();
            self.documents.forget(|name| resources.iter().any(|resource| name.ends_with(resource)));
        }
        changes_grants || changes_resources
    }
}

fn default_key_policy(owner: AccountId) -> String {
    let principal = owner.root_arn();
    serde_json::json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": {"AWS": principal}, "Action": "kms:*", "Resource": "*",
    }})
    .to_string()
}
