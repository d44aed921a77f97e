//! Decides calls to other services.

use tracing::Level;

use super::App;
use crate::account::Account;
use crate::call::{self, Asker, Decisions, Denial, DenialIds, Outside, QUICK, Verdict};
use crate::error::{Error, Result};
use crate::identity::{Caller, RequestFacts, Standing};
use crate::log;
use crate::organization::Directory;

impl App {
    /// Decides whether a caller may do all that a call to another service asks for, and answers question by question.
    /// Decisions that take long go through the gate. What was decided goes to `decisions`, if an event is to have it.
    ///
    /// # Errors
    /// `InvalidClientTokenId` when the user behind the caller is gone.
    pub async fn decide(
        &self,
        caller: &Caller,
        own: &Account,
        facts: &RequestFacts,
        asked: &[Outside<'_>],
        decisions: Option<&Decisions>,
    ) -> Result<Vec<Option<Box<Denial>>>> {
        let organizations = self.accounts.organizations().await?;
        if Standing::is_quickly_known(caller, own)?
            && let Some(decided) =
                self.decide_within(&organizations, (caller, own), facts, (asked, decisions), Some(QUICK))?
        {
            return Ok(decided);
        }
        let decide = || self.decide_within(&organizations, (caller, own), facts, (asked, decisions), None);
        let decided = self.gate.compute(own.id, decide).await?;
        decided.ok_or_else(|| Error::internal("a decision without a limit of work was not made"))
    }

    /// The decisions; `None` if one of them takes more work than `max_work`.
    fn decide_within(
        &self,
        organizations: &Directory,
        (caller, own): (&Caller, &Account),
        facts: &RequestFacts,
        (asked, decisions): (&[Outside<'_>], Option<&Decisions>),
        max_work: Option<u64>,
    ) -> Result<Option<Vec<Option<Box<Denial>>>>> {
        let standing = Standing::of(caller, own)?;
        let give = &|action: &str| self.id_of_denial(caller, action);
        let asker = Asker {
            caller,
            facts,
            organizations,
            name_policy: self.environment.denials_name_policy,
            explain: &|| tracing::enabled!(target: log::REQUEST, Level::WARN) && self.explanations.take(),
            max_work,
            ids: Some((DenialIds { give, link: &self.denial_link }, own)),
            decisions,
        };
        let mut decided = Vec::with_capacity(asked.len());
        for asked in asked {
            decided.push(match call::decide(&asker, &standing, asked)? {
                Verdict::Allowed => {
                    self.environment.metrics.allowed();
                    None
                }
                Verdict::Denied(denial) => {
                    self.environment.metrics.denied(denial.evidence.layer);
                    Some(denial)
                }
                Verdict::TakesLong => return Ok(None),
            });
        }
        Ok(Some(decided))
    }
}
