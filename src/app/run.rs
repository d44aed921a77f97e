//! One run of an operation: permission first, then the work.

use std::sync::{Arc, OnceLock};

use tracing::Level;

use super::App;
use super::record::Record;
use crate::account::Account;
use crate::call::{
    self, Access, Call, Claim, CommandCall, Context, Denial, DenialIds, Enforcement, Entry, Fetched, Inquiry, MfaCheck,
    QUICK, QueryCall, Question, Verdict, View,
};
use crate::error::{Error, Result};
use crate::identity::{Caller, RequestFacts};
use crate::log;
use crate::organization::Directory;
use crate::shapes::{AccountId, Ids, Timestamp};
use crate::store::EventPage;
use crate::wire::Output;

/// One run of an operation on one state of its account.
pub(super) struct Run<'r> {
    pub app: &'r App,
    pub entry: &'static Entry,
    pub caller: &'r Caller,
    pub facts: &'r RequestFacts,
    pub others: &'r [Arc<Account>],
    pub fetched: Option<Fetched>,
    pub mfa: Option<MfaCheck>,
    /// What the call has used up.
    pub claim: OnceLock<Claim>,
    pub organizations: &'r Directory,
    /// What AWS says of the parameters only to callers who have permission.
    pub after_authorization: Option<Error>,
}

impl App {
    /// Gets what an operation needs from outside of its account.
    pub(super) async fn fetch(&self, inquiry: &Inquiry, now: Timestamp) -> Result<Fetched> {
        match inquiry {
            Inquiry::Issuer(inquiry) => self.environment.issuers.fetch(inquiry).await.map(Fetched::Issuer),
            Inquiry::Events(query) => match &self.trail {
                Some(trail) => trail.find(query).await.map(Fetched::Events),
                None => Ok(Fetched::Events(EventPage { events: Vec::new(), has_more: false })),
            },
            Inquiry::Denial(id) => match &self.trail {
                Some(trail) => trail.denial(*id, now).await.map(Fetched::Denial),
                None => Ok(Fetched::Denial(None)),
            },
        }
    }
}

impl Run<'_> {
    /// Answers a query, through the gate if it computes long.
    pub async fn answer(
        mut self,
        query: Box<dyn QueryCall>,
        account: &Account,
        record: &mut Record,
    ) -> Result<Box<dyn Output>> {
        self.permit(&*query, account, record).await?;
        let answer = || query.answer(&self.context(account, &mut rand::rng()));
        let output = match self.entry.computes {
            true => self.app.gate.compute(self.computes_for(account), answer).await?,
            false => answer()?,
        };
        if let Some(Claim { place: (issuer, id), until, refusal }) = self.claim.take()
            && !self.app.store.claim(account.id, (&issuer, &id), until).await?
        {
            return Err(refusal());
        }
        Ok(output)
    }

    /// Executes a command, through the gate if it computes long. A write holds its account's turn while it waits there,
    /// so that one account's writes cannot take all the permits.
    pub async fn execute(
        mut self,
        command: Box<dyn CommandCall>,
        account: &mut Account,
        record: &mut Record,
    ) -> Result<Box<dyn Output>> {
        self.permit(&*command, account, record).await?;
        let computes_for = self.computes_for(account);
        let execute = || command.execute(&mut self.context(account, &mut rand::rng()));
        if self.entry.computes { self.app.gate.compute(computes_for, execute).await } else { execute() }
    }

    /// What is to be fetched before the call runs. Nothing is fetched without permission for the call; callers
    /// who need not sign prove themselves by what is fetched.
    pub async fn inquiry(&self, call: &dyn Call, account: &Account, record: &mut Record) -> Result<Option<Inquiry>> {
        if self.after_authorization.is_some() {
            return Ok(None);
        }
        if !self.entry.unsigned {
            self.decide(call, account, record).await?;
        }
        call.inquiry(&self.context(account, &mut rand::rng()))
    }

    /// The account that waits at the gate: the caller's, else the one that is called.
    fn computes_for(&self, account: &Account) -> AccountId {
        Some(self.caller.account).filter(|own| *own != AccountId::ANONYMOUS).unwrap_or(account.id)
    }

    fn context<'c, A>(&'c self, account: A, random: &'c mut rand::rngs::ThreadRng) -> Context<'c, A> {
        Context {
            account,
            caller: self.caller,
            now: self.facts.now,
            ids: Ids::new(random),
            facts: self.facts,
            environment: &self.app.environment,
            fetched: self.fetched.as_ref(),
            mfa: self.mfa,
            claim: &self.claim,
            others: self.others,
            organizations: self.organizations,
        }
    }

    /// Refuses what the caller may not do, then what is wrong with the parameters.
    async fn permit(&mut self, call: &dyn Call, account: &Account, record: &mut Record) -> Result<()> {
        self.decide(call, account, record).await?;
        self.after_authorization.take().map_or(Ok(()), Err)
    }

    /// Refuses what the caller may not do. Decisions that take long go through the gate.
    async fn decide(&self, call: &dyn Call, account: &Account, record: &mut Record) -> Result<()> {
        if self.is_permitted(call, account, record, Some(QUICK))? {
            return Ok(());
        }
        let decide = || self.is_permitted(call, account, record, None);
        self.app.gate.compute(self.computes_for(account), decide).await.map(drop)
    }

    /// Refuses what the caller may not do; the log gets the reasons that AWS hides from clients. `false`: a decision
    /// takes more work than `max_work`, so the answer is not known yet.
    fn is_permitted(
        &self,
        call: &dyn Call,
        account: &Account,
        record: &mut Record,
        max_work: Option<u64>,
    ) -> Result<bool> {
        let mut random = rand::rng();
        let cx = &self.context(account, &mut random);
        call.precondition(cx)?;
        if record.evidence.is_none() {
            // It may have been asked before something was fetched.
            record.asked.clear();
        }
        for access in [call.access(), call.further_access(cx)] {
            let Denial { error, evidence, details } = match self.authorize(cx, &access, record, max_work)? {
                Verdict::Allowed => {
                    self.app.environment.metrics.allowed();
                    continue;
                }
                Verdict::TakesLong => return Ok(false),
                Verdict::Denied(denial) => *denial,
            };
            self.app.environment.metrics.denied(evidence.layer);
            self.app.keep_denial(details);
            record.evidence = Some(evidence);
            if self.app.environment.enforcement == Enforcement::On {
                return Err(error);
            }
            record.would_deny = Some(error);
        }
        Ok(true)
    }

    fn authorize(
        &self,
        cx: &View<'_>,
        access: &Access<'_>,
        record: &mut Record,
        max_work: Option<u64>,
    ) -> Result<Verdict> {
        let own = cx.account_of(self.caller.account).ok_or_else(|| Error::internal("the caller's account is gone"))?;
        let action = self.entry.action();
        let give = &|action: &str| self.app.id_of_denial(self.caller, action);
        let question = Question {
            caller: self.caller,
            own,
            account: cx.account,
            facts: cx.facts,
            organizations: cx.organizations,
            action: &action,
            name_policy: self.app.environment.denials_name_policy,
            explain: &|| tracing::enabled!(target: log::REQUEST, Level::WARN) && self.app.explanations.take(),
            max_work,
            ids: Some(DenialIds { give, link: &self.app.denial_link }),
            decisions: self.app.trail.is_some().then_some(&record.decisions),
        };
        if self.app.trail.is_some() && record.evidence.is_none() {
            record.asked.extend(question.asked(access));
            record.resource = record.asked.iter().map(|asked| &asked.resource).find(|name| *name != "*").cloned();
        } else if record.resource.is_none() && tracing::enabled!(target: log::REQUEST, Level::INFO) {
            record.resource = question.resource(access);
        }
        call::authorize(&question, access)
    }
}
