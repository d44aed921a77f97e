//! The policies of resources other than buckets, read from the upstream as the rules of their service say.

use std::sync::Arc;

use aws_calls::questions::{Asked, Question};
use aws_calls::rules::Lookup;
use iam_policy::{PolicySet, ResourceKind};
use serde_json::Value;

use super::buckets::Document;
use super::inquiry::Silence;
use super::lookup::Known;
use crate::gateway::Gateway;
use crate::gateway::meant::Meant;
use crate::shapes::AccountId;

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
        question: &Question,
        owner: AccountId,
    ) -> Result<Option<ResourcePolicy>, Silence> {
        let Some(known) = Known::of(&question.resource, owner) else { return Ok(None) };
        let rules = Arc::clone(&known.rules);
        let Some(lookup) = known.lookup(&rules.policies, &rules) else { return Ok(None) };
        let is_key = known.service.prefix == "kms";
        let name = format!("policy:{owner}:{}", question.resource);
        let document = match self.documents.get(&name) {
            Some(document) => document,
            None => {
                let since = self.documents.now();
                let document = Arc::new(self.read_policy(&known, lookup, owner, &question.resource).await?);
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

    async fn read_policy(
        &self,
        known: &Known<'_>,
        lookup: &Lookup,
        owner: AccountId,
        resource: &str,
    ) -> Result<Document, Silence> {
        let text = match known.ask(&self.upstreams, lookup).await? {
            Some(Value::String(text)) if !matches!(text.trim(), "" | "{}") => Some(text),
            Some(policy @ Value::Object(_)) => Some(policy.to_string()),
            _ => None,
        };
        let text = match text {
            // AWS: the default key policy leaves a key to the policies of its account.
            None if known.service.prefix == "kms" => Some(default_key_policy(owner)),
            text => text,
        };
        Ok(text.map(|text| Document::policy(text, resource)).unwrap_or_default())
    }

    /// Forgets what a call has changed.
    pub(in crate::gateway) fn forget_policies(&self, meant: &Meant<'_>, asked: &Asked) {
        let Meant::Call(call) = meant else { return };
        let rules = aws_calls::rules::of_service(&call.service);
        let changes = |lookup: &Lookup| lookup.changed_by.iter().any(|operation| operation == call.name());
        if rules.policies.iter().chain(&rules.tags).any(changes) {
            let resources: Vec<String> =
                asked.questions.iter().map(|question| format!(":{}", question.resource)).collect();
            self.documents.forget(|name| resources.iter().any(|resource| name.ends_with(resource)));
        }
    }
}

fn default_key_policy(owner: AccountId) -> String {
    let principal = owner.root_arn();
    serde_json::json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": {"AWS": principal}, "Action": "kms:*", "Resource": "*",
    }})
    .to_string()
}
