//! One run of an operation: permission first, then the work.

use std::sync::Arc;

use tracing::Level;

use super::record::Record;
use super::{App, WireRequest};
use crate::account::Account;
use crate::call::{self, Access, Call, Context, Denial, Enforcement, Entry, MfaCheck, QUICK, Question, Verdict};
use crate::error::{Error, Result};
use crate::federation::{Fetched, Inquiry};
use crate::identity::Caller;
use crate::log;
use crate::shapes::Ids;
use crate::wire::Decoded;

/// One run of an operation on one state of its account.
pub(super) struct Run<'r> {
    pub app: &'r App,
    pub entry: &'static Entry,
    pub caller: &'r Caller,
    pub request: &'r WireRequest<'r>,
    pub others: &'r [Arc<Account>],
    pub fetched: Option<Fetched>,
    pub mfa: Option<MfaCheck>,
}

impl Run<'_> {
    /// Executes, through the gate what computes long. A write holds its account's turn while it waits there, so that one
    /// account's writes cannot take all the permits.
    pub async fn execute(
        &self,
        decoded: Decoded<Box<dyn Call>>,
        account: &mut Account,
        record: &mut Record,
    ) -> Result<String> {
        let Decoded { request: call, after_authorization } = decoded;
        self.permit(&*call, account, record).await?;
        if let Some(error) = after_authorization {
            return Err(error);
        }
        let execute = || {
            let mut random = rand::rng();
            call.execute(&mut self.context(account, &mut random), self.request.format)
        };
        if self.entry.computes { self.app.gate.compute(execute).await } else { execute() }
    }

    /// What is to be fetched before the call runs. Nobody makes the server fetch what he has no permission for; who need
    /// not sign proves himself by what is fetched.
    pub async fn inquiry(
        &self,
        decoded: &Decoded<Box<dyn Call>>,
        account: &mut Account,
        record: &mut Record,
    ) -> Result<Option<Inquiry>> {
        if decoded.after_authorization.is_some() {
            return Ok(None);
        }
        if !self.entry.unsigned {
            self.permit(&*decoded.request, account, record).await?;
        }
        decoded.request.inquiry(&self.context(account, &mut rand::rng()))
    }

    fn context<'c>(&'c self, account: &'c mut Account, random: &'c mut rand::rngs::ThreadRng) -> Context<'c> {
        Context {
            account,
            caller: self.caller,
            now: self.request.facts.now,
            ids: Ids::new(random),
            facts: &self.request.facts,
            environment: &self.app.environment,
            fetched: self.fetched.as_ref(),
            mfa: self.mfa,
            others: self.others,
        }
    }

    /// Refuses what the caller may not do. Decisions that take long go through the gate.
    async fn permit(&self, call: &dyn Call, account: &mut Account, record: &mut Record) -> Result<()> {
        if self.is_permitted(call, account, record, Some(QUICK))? {
            return Ok(());
        }
        self.app.gate.compute(|| self.is_permitted(call, account, record, None)).await.map(drop)
    }

    /// Refuses what the caller may not do; the log gets the reasons that AWS hides from clients. `false`: a decision
    /// takes more work than `max_work`, so nobody knows yet.
    fn is_permitted(
        &self,
        call: &dyn Call,
        account: &mut Account,
        record: &mut Record,
        max_work: Option<u64>,
    ) -> Result<bool> {
        let mut random = rand::rng();
        let cx = &self.context(account, &mut random);
        call.precondition(cx)?;
        for access in [call.access(), call.further_access(cx)] {
            let Denial { error, evidence } = match self.authorize(cx, &access, record, max_work)? {
                Verdict::Allowed => continue,
                Verdict::TakesLong => return Ok(false),
                Verdict::Denied(denial) => *denial,
            };
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
        cx: &Context<'_>,
        access: &Access<'_>,
        record: &mut Record,
        max_work: Option<u64>,
    ) -> Result<Verdict> {
        let own = cx.account_of(self.caller.account).ok_or_else(|| Error::internal("the caller's account is gone"))?;
        let action = self.entry.action();
        let question = Question {
            caller: self.caller,
            own,
            account: cx.account,
            facts: cx.facts,
            organization: cx.environment.organization.as_ref(),
            action: &action,
            name_policy: self.app.environment.denials_name_policy,
            explain: &|| tracing::enabled!(target: log::REQUEST, Level::WARN) && self.app.explanations.take(),
            max_work,
        };
        if record.resource.is_none() && tracing::enabled!(target: log::REQUEST, Level::INFO) {
            record.resource = question.resource(access);
        }
        call::authorize(&question, access)
    }
}
