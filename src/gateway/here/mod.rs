//! Policies of resources that are kept here, for upstreams that do not keep them.

mod buckets;
mod calls;

use std::sync::Arc;

use aws_calls::fault::{Addressee, Fault};
use aws_calls::questions::Asked;
use http::Response;

use super::answer::whole;
use super::decision::{Decided, Decision};
use super::facts::{Document, Silence};
use super::meant::Meant;
use super::steps::{Failure, request};
use super::{Arrival, Body, Gateway};
use crate::account::{DocumentKind, ResourceDocument};
use crate::app::App;
use crate::config::{KEPT_HERE, Policies};
use crate::error::Error;
use crate::shapes::AccountId;

/// A resource of which documents are kept.
#[derive(Clone, Copy)]
pub(in crate::gateway) struct KeptOf<'k> {
    pub app: &'k App,
    /// The account that owns it, which keeps them.
    pub owner: AccountId,
    /// Its ARN.
    pub resource: &'k str,
}

impl Gateway {
    /// Whether the policies of a service's resources are kept here, by the service's signing name.
    pub(in crate::gateway) fn keeps_policies(&self, signing_name: &str) -> bool {
        let is_here = || self.upstreams.of(signing_name).is_some_and(|found| found.config.policies == Policies::Here);
        KEPT_HERE.contains(&signing_name) && is_here()
    }

    /// Whether a call is about a policy that is kept here, so that the upstream does not get it.
    pub(in crate::gateway) fn is_answered_here(&self, meant: &Meant<'_>) -> bool {
        let is_about_policy = match meant {
            Meant::S3(routed, _) => buckets::Act::of(routed).is_some(),
            Meant::Call(call) => calls::Act::of(call).is_some(),
        };
        is_about_policy && self.keeps_policies(meant.service().signing_name)
    }

    /// The answer to a call about a policy that is kept here.
    pub(in crate::gateway) async fn answer_here(
        &self,
        decision: &Decision<'_>,
        (asked, decided): (&Asked, &Decided),
        body: &[u8],
    ) -> Result<Response<Body>, Failure> {
        let Decision { app, arrival, meant, caller } = *decision;
        let resource = asked.questions.first().map_or("", |question| question.resource.as_str());
        let kept = KeptOf { app, owner: decided.owner, resource };
        match meant {
            Meant::S3(routed, _) => {
                let answer = self.answer_for_bucket(kept, arrival, routed, body).await?;
                self.learn(app, meant, caller.account).await.map_err(Error::internal)?;
                Ok(answer)
            }
            Meant::Call(call) => self.answer_for_call(kept, arrival, call, body).await,
        }
    }

    /// The body of a call that may make a resource with a policy that is to be kept here. It is gone once it is sent.
    pub(in crate::gateway) fn copy_of_new(&self, meant: &Meant<'_>, body: &[u8]) -> Vec<u8> {
        let makes = meant.operation() == "CreateTable" && self.keeps_policies(meant.service().signing_name);
        if makes { body.to_vec() } else { Vec::new() }
    }

    /// Takes up what a call that succeeded upstream says of policies that are kept here: some calls make a resource with
    /// a policy, and with a resource its policies go.
    pub(in crate::gateway) async fn follow_resource(
        &self,
        decision: &Decision<'_>,
        (asked, owner): (&Asked, AccountId),
        made: &[u8],
    ) -> Result<(), Failure> {
        let Decision { app, arrival, meant, .. } = *decision;
        let Some(question) = asked.questions.first() else { return Ok(()) };
        if !self.keeps_policies(meant.service().signing_name) {
            return Ok(());
        }
        let kept = KeptOf { app, owner, resource: &question.resource };
        match meant {
            Meant::S3(..) if meant.operation() == "DeleteBucket" => self.forget_resource(kept).await,
            Meant::Call(call) if matches!(call.name(), "DeleteStream" | "DeleteTable") => {
                self.forget_resource(kept).await
            }
            Meant::Call(call) if call.name() == "CreateTable" => {
                let given = calls::text(call, &request(arrival.parts, Some(made)), "ResourcePolicy")?;
                match given {
                    Some(text) => self.keep(kept, DocumentKind::Policy, text).await,
                    None => Ok(()),
                }
            }
            Meant::S3(..) | Meant::Call(_) => Ok(()),
        }
    }

    /// The document of a resource that is kept here; an empty one if it has none.
    pub(in crate::gateway) async fn kept(
        &self,
        KeptOf { app, owner, resource }: KeptOf<'_>,
        kind: DocumentKind,
    ) -> Result<Arc<Document>, Silence> {
        let account = app.accounts.get(owner).await.map_err(|error| Silence::NotKept(error.to_string()))?.durable();
        let Some(text) = account.resource_document(kind, resource) else { return Ok(Arc::default()) };
        let name = format!("kept:{}:{}", owner.qualified(), kind.key(resource));
        // What was read of the same text before is still true.
        if let Some(document) = self.documents.get(&name)
            && document.text.as_deref() == Some(text)
        {
            return Ok(document);
        }
        let document = Arc::new(match kind {
            DocumentKind::Policy => Document::policy(text.to_owned(), resource),
            DocumentKind::PublicAccessBlock | DocumentKind::OwnershipControls => Document::of_text(text.to_owned()),
        });
        self.documents.keep(name, &document, self.documents.now());
        Ok(document)
    }

    async fn keep(&self, kept: KeptOf<'_>, kind: DocumentKind, text: String) -> Result<(), Failure> {
        let document = ResourceDocument { kind, resource: kept.resource.to_owned(), text };
        Ok(kept.app.change(kept.owner, |account| account.put(document.clone())).await?)
    }

    async fn drop_kept(&self, kept: KeptOf<'_>, kind: DocumentKind) -> Result<(), Failure> {
        let key = kind.key(kept.resource);
        let change = kept.app.change(kept.owner, |account| {
            account.remove::<ResourceDocument>(&key);
            Ok(())
        });
        Ok(change.await?)
    }

    async fn forget_resource(&self, kept: KeptOf<'_>) -> Result<(), Failure> {
        let account = kept.app.accounts.get(kept.owner).await?.durable();
        let is_kept = |kind: &DocumentKind| account.resource_document(*kind, kept.resource).is_some();
        if !DocumentKind::ALL.iter().any(is_kept) {
            return Ok(());
        }
        let change = kept.app.change(kept.owner, |account| {
            account.forget_resource(kept.resource);
            Ok(())
        });
        Ok(change.await?)
    }
}

/// A successful answer whose members are texts.
fn result(meant: &aws_calls::Call, arrival: &Arrival<'_>, members: &[(&str, &str)]) -> Response<Body> {
    let request = request(arrival.parts, None);
    let service = Some(meant.service.summary);
    let to = Addressee { service, protocol: meant.protocol, request, request_id: &arrival.facts.request_id };
    aws_calls::fault::result(members, &to).map(whole)
}

/// A policy that cannot be read is not kept.
fn unreadable(code: &'static str, message: String) -> Failure {
    Fault::new(400, code, message).into()
}
