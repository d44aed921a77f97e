//! The decision on what a call asks.

use std::borrow::Cow;
use std::sync::atomic::Ordering;

use aws_calls::fault::Fault;
use aws_calls::questions::{Asked, Owner, Question, Shown};
use aws_calls::s3::access::Objection;
use aws_calls::s3::{self, ExpectedOwner, Relation};
use iam_policy::{PolicySet, ResourceKind};

use super::facts::{BucketOf, ResourcePolicy, Silence, any_key};
use super::given;
use super::meant::Meant;
use super::refusal;
use super::steps::{Failure, request};
use super::{Arrival, Gateway};
use crate::account::Account;
use crate::app::{App, Record};
use crate::call::{Decisions, Denial, Enforcement, Outside, Words};
use crate::config::SecureTransport;
use crate::error::{Code, Error, Result};
use crate::identity::{Caller, Principal};
use crate::shapes::AccountId;

/// What was decided of a call that goes on.
pub(super) struct Decided {
    /// The account that owns what the call is about.
    pub owner: AccountId,
    /// The parts of the request that are denied, where AWS answers the others: their places, and why.
    pub denied: Vec<(usize, String)>,
}

/// A call whose questions are to be decided.
pub(super) struct Decision<'d> {
    pub app: &'d App,
    pub arrival: &'d Arrival<'d>,
    pub meant: &'d Meant<'d>,
    pub caller: &'d Caller,
}

impl Gateway {
    /// Decides all questions of a call. Where AWS answers in part, a denied part does not end the call.
    pub(super) async fn decide(
        &self,
        decision: &Decision<'_>,
        asked: &Asked,
        body: &[u8],
        record: &mut Record,
    ) -> std::result::Result<Decided, Failure> {
        let Some(first) = asked.questions.first() else {
            return Err(Error::internal("a call that asks nothing").into());
        };
        let Decision { app, meant, caller, .. } = *decision;
        record.resource = Some(first.resource.clone());
        if app.trail.is_some() {
            record.asked = asked.questions.iter().map(kept).collect();
        }
        let decisions = app.trail.is_some().then_some(&record.decisions);
        let denials = self.denials(decision, &asked.questions, decisions).await?;
        let enforces = app.environment.enforcement == Enforcement::On;
        let mut denied = Vec::new();
        for (question, denial) in asked.questions.iter().zip(denials) {
            let Some(denial) = denial else { continue };
            let Denial { error, evidence, details } = *denial;
            app.keep_denial(details);
            record.evidence = Some(evidence);
            let owner = self.owner(question, caller)?;
            match part_of(meant, question) {
                Some(part) if enforces => {
                    let sentence = error.message().unwrap_or_default();
                    denied.push((part, self.spoken(decision, sentence, owner).to_owned()));
                }
                _ if enforces => return Err(self.denied(decision, error, owner)),
                _ => {}
            }
            record.would_deny = (!enforces).then_some(error);
        }
        let owner = self.owner(first, caller)?;
        self.check_expected_owners(decision)?;
        given::check(meant, &request(decision.arrival.parts, Some(body)), asked)?;
        if let Meant::S3(routed, _) = meant
            && let Some(objection) =
                self.objection(routed, body, (app, owner, &decision.arrival.facts.region)).await.map_err(silent)?
        {
            return Err(self.objected(decision, objection, first, owner).await?);
        }
        Ok(Decided { owner, denied })
    }

    /// AWS: a request may say who owns its buckets, and is denied if another account does.
    fn check_expected_owners(&self, decision: &Decision<'_>) -> std::result::Result<(), Failure> {
        let Meant::S3(routed, _) = decision.meant else { return Ok(()) };
        let expected = routed
            .expected_owners()
            .map_err(|refusal| Failure::from(Fault::new(refusal.status, refusal.code, refusal.message)))?;
        for ExpectedOwner { bucket, account } in expected {
            if self.owners.of_bucket(&bucket).owner.to_string() != account {
                return Err(Fault::new(403, "AccessDenied", "Access Denied").into());
            }
        }
        Ok(())
    }

    /// The denials of questions, each in the place of its question. What was decided goes to `decisions`.
    pub(super) async fn denials(
        &self,
        decision: &Decision<'_>,
        questions: &[Question],
        decisions: Option<&Decisions>,
    ) -> std::result::Result<Vec<Option<Box<Denial>>>, Failure> {
        let Decision { app, arrival, caller, .. } = *decision;
        let owners: Vec<AccountId> =
            questions.iter().map(|question| self.owner(question, caller)).collect::<Result<_>>()?;
        let mut policies: Vec<Option<ResourcePolicy>> = Vec::with_capacity(questions.len());
        for (question, owner) in questions.iter().zip(&owners) {
            policies.push(self.policy_of(decision, question, *owner).await.map_err(silent)?);
        }
        let sentences: Vec<Sentence<'_>> = questions.iter().map(Sentence::of).collect();
        let resources: Vec<Vec<&str>> = questions.iter().map(names).collect();
        let secure_transport = match self.config.secure_transport {
            SecureTransport::Assumed => true,
            SecureTransport::AsSent => arrival.secure,
        };
        let with = questions.iter().zip(&owners).zip(&policies).zip(sentences.iter().zip(&resources));
        let outsides: Vec<Outside<'_>> = with
            .map(|(((question, owner), policy), (sentence, resources))| Outside {
                action: &question.action,
                resources,
                owner: *owner,
                keys: &question.keys,
                policy: policy.as_ref().map(ResourcePolicy::set),
                kind: policy.as_ref().map_or(ResourceKind::Ordinary, |policy| policy.kind),
                across_accounts: question.across_accounts,
                secure_transport,
                words: Words { action: sentence.action, on: &sentence.on },
            })
            .collect();
        let own = app.accounts.get(caller.account).await?.durable();
        let mut decided = app.decide(caller, &own, &arrival.facts, &outsides, decisions).await?;
        if decided.len() != questions.len() {
            return Err(Error::internal("not all questions were decided").into());
        }
        if secure_transport != arrival.secure {
            let of_resources = policies.iter().flatten().map(ResourcePolicy::set);
            self.say_that_transport_decides(decision, &own, (&outsides, &decided), of_resources).await?;
        }
        // Most calls need no grant, so grants are read for those that are denied without.
        for (index, denial) in decided.iter_mut().enumerate().filter(|(_, denial)| denial.is_some()) {
            let (Some(question), Some(outside)) = (questions.get(index), outsides.get(index)) else { continue };
            let policy = policies.get(index).and_then(Option::as_ref);
            let with_grants = self.policy_with_grants(question, outside.owner, policy).await;
            let with_grants = with_grants.unwrap_or_else(|silence| {
                // Who is denied by all that is known stays denied.
                tracing::warn!(key = question.resource, "the grants of a key cannot be read: {silence}");
                None
            });
            if let Some(policy) = &with_grants {
                let granted = Outside { policy: Some(policy), kind: ResourceKind::KmsKey, ..outside.clone() };
                let again = app.decide(caller, &own, &arrival.facts, &[granted], decisions).await?;
                *denial = again.into_iter().next().flatten();
            }
        }
        Ok(decided)
    }

    /// Says once that what was assumed of the transport decides: the same call on AWS would be made by TLS.
    async fn say_that_transport_decides<'p>(
        &self,
        decision: &Decision<'_>,
        own: &Account,
        (outsides, decided): (&[Outside<'_>], &[Option<Box<Denial>>]),
        of_resources: impl Iterator<Item = &'p PolicySet>,
    ) -> std::result::Result<(), Failure> {
        if self.has_said_that_transport_decides.load(Ordering::Relaxed) {
            return Ok(());
        }
        let owner = outsides.first().map(|outside| outside.owner);
        let is_transport = |key: &str| key.eq_ignore_ascii_case("aws:SecureTransport");
        if !any_key(decision, own, of_resources, owner, is_transport)? {
            return Ok(());
        }
        let secure_transport = decision.arrival.secure;
        let outsides: Vec<_> = outsides.iter().map(|outside| Outside { secure_transport, ..outside.clone() }).collect();
        let Decision { app, arrival, caller, .. } = *decision;
        let as_sent = app.decide(caller, own, &arrival.facts, &outsides, None).await?;
        let mut both = decided.iter().zip(&as_sent).zip(&outsides);
        let differing = both.find(|((assumed, as_sent), _)| assumed.is_some() != as_sent.is_some());
        if let Some(((assumed, _), outside)) = differing
            && !self.has_said_that_transport_decides.swap(true, Ordering::Relaxed)
        {
            let decided = if assumed.is_some() { "denied" } else { "allowed" };
            tracing::warn!(
                action = outside.action,
                "aws:SecureTransport is assumed to be true, and a call by plain HTTP is {decided} because of that; the \
                 setting gateway.secure-transport = \"as-sent\" takes the connection at its word"
            );
        }
        Ok(())
    }

    /// The policy of what a question is about, as far as it bears on the caller.
    pub(super) async fn policy_of(
        &self,
        decision: &Decision<'_>,
        question: &Question,
        owner: AccountId,
    ) -> std::result::Result<Option<ResourcePolicy>, Silence> {
        let region = &decision.arrival.facts.region;
        match &question.owner {
            Owner::Bucket(name) => {
                let bucket = BucketOf { app: decision.app, name, owner, region };
                let on = (question.action.as_str(), question.resource.as_str());
                let document = self.policies_of_bucket(bucket, decision.caller, on).await?;
                Ok(document.map(|document| ResourcePolicy { document, kind: ResourceKind::Ordinary }))
            }
            Owner::Caller | Owner::Account(_) => self.resource_policy(decision.app, question, owner).await,
        }
    }

    /// The account that owns what a question is about.
    pub(super) fn owner(&self, question: &Question, caller: &Caller) -> Result<AccountId> {
        let partition = caller.account.partition();
        match &question.owner {
            Owner::Caller => Ok(caller.account),
            Owner::Account(digits) => {
                let account = AccountId::parse(digits).map(|account| account.in_partition(partition));
                account.ok_or_else(|| Error::internal(format!("{digits} is no account")))
            }
            Owner::Bucket(name) => Ok(self.owners.of_bucket(name).owner),
        }
    }

    /// A denial in the words of the service.
    pub(super) fn denied(&self, decision: &Decision<'_>, error: Error, owner: AccountId) -> Failure {
        let meant = decision.meant;
        let sentence = error.message().unwrap_or_default();
        let spoken = self.spoken(decision, sentence, owner).to_owned();
        let spoken = Error::new(Code::AccessDenied, spoken);
        let refusal = refusal::of_error(&spoken, Some(meant.service()), meant.protocol());
        Failure { refusal: Some(refusal), ..Failure::from(error) }
    }

    /// What of a sentence the caller hears: S3 says why only within an account or an organization.
    fn spoken<'s>(&self, decision: &Decision<'_>, sentence: &'s str, owner: AccountId) -> &'s str {
        let Meant::S3(..) = decision.meant else { return sentence };
        let caller = decision.caller;
        let organizations = decision.app.accounts.known_organizations();
        let relation = match caller.principal {
            Principal::Anonymous => Relation::Anonymous,
            _ if caller.account == owner => Relation::SameAccount,
            _ if organizations.of(owner).is_some_and(|found| found.contains(caller.account)) => {
                Relation::SameOrganization
            }
            _ => Relation::Stranger,
        };
        s3::denial(sentence, relation)
    }

    pub(super) async fn objected(
        &self,
        decision: &Decision<'_>,
        objection: Objection,
        question: &Question,
        owner: AccountId,
    ) -> std::result::Result<Failure, Failure> {
        let (action, reason) = match objection {
            Objection::Refused(refusal) => {
                return Ok(Fault::new(refusal.status, refusal.code, refusal.message).into());
            }
            Objection::Denied { action, reason } => (action, reason),
        };
        let account = decision.app.accounts.get(decision.caller.account).await?.durable();
        let arn = decision.caller.arn(&account)?;
        let resource = &question.resource;
        let message =
            format!("User: {arn} is not authorized to perform: {action} on resource: \"{resource}\" {reason}");
        Ok(self.denied(decision, Error::new(Code::AccessDenied, message), owner))
    }
}

/// A question as the audit trail keeps it.
fn kept(question: &Question) -> crate::audit::Asked {
    crate::audit::Asked { action: question.action.clone(), resource: question.resource.clone() }
}

/// What cannot be asked cannot be decided.
pub(super) fn silent(silence: Silence) -> Failure {
    Error::new(Code::ServiceUnavailable, silence.to_string()).into()
}

/// The place of the part of the request that a question is about, where AWS answers the other parts.
fn part_of(meant: &Meant<'_>, question: &Question) -> Option<usize> {
    let is_partial = matches!(meant, Meant::S3(..)) && meant.operation() == "DeleteObjects";
    question.part.as_deref().filter(|_| is_partial)?.parse().ok()
}

/// The words about a question.
struct Sentence<'q> {
    action: &'q str,
    on: Cow<'q, str>,
}

impl<'q> Sentence<'q> {
    fn of(question: &'q Question) -> Self {
        let quoted = question.action.starts_with("s3:");
        let on = match &question.sentence.resource {
            Shown::Resource if quoted => format!(" on resource: \"{}\"", question.resource).into(),
            Shown::Resource => format!(" on resource: {}", question.resource).into(),
            Shown::Text(text) => format!(" on resource: {text}").into(),
            Shown::Ciphertext => " on the resource associated with this ciphertext".into(),
            Shown::Nothing => "".into(),
        };
        Self { action: question.sentence.action.as_deref().unwrap_or(&question.action), on }
    }
}

/// The names that policies may have for a question's resource.
fn names(question: &Question) -> Vec<&str> {
    std::iter::once(question.resource.as_str()).chain(question.spellings.iter().map(String::as_str)).collect()
}
