//! Denials that can be looked up: their details are gathered by asking all that the call asks once more.

use super::Denial;
use super::details::{Attached, Gathering, kept};
use crate::account::{Account, Subject};
use crate::audit::{AuthorizationId, Details};
use crate::call::{Access, Asker, Outside, Question};
use crate::error::Result;
use crate::identity::{Caller, Key, Principal, RequestFacts, Standing};
use crate::organization::{Directory, Places};
use crate::shapes::{AccountId, Timestamp};

/// The most bytes of the details of one denial.
const MAX_SIZE: usize = 256 * 1024;

/// Gives denials the ids under which they can be looked up.
#[derive(Clone, Copy)]
pub struct DenialIds<'q> {
    /// The id of a denial of this action, if it is to have one. To gather its details costs more than the decision.
    pub give: &'q (dyn Fn(&str) -> Option<AuthorizationId> + Sync),
    /// The URL to which the id is added.
    pub link: &'q str,
}

/// What a denial is made of.
struct Denied<'q> {
    id: AuthorizationId,
    caller: &'q Caller,
    own: &'q Account,
    facts: &'q RequestFacts,
    organizations: &'q Directory,
    standing: &'q Standing<'q>,
    owner: AccountId,
}

impl Denied<'_> {
    /// The ARNs of the root, the units and an account of the organization.
    fn levels(&self, account: AccountId) -> Vec<String> {
        self.organizations.of(account).map(|organization| organization.arns_above(account)).unwrap_or_default()
    }

    /// The ARNs of what has the caller's identity-based policies, in their order.
    fn holders(&self) -> Vec<String> {
        let user = self.caller.acting_user(self.own).ok().flatten();
        let role = self.caller.role(self.own);
        let subject = user.map(|user| Subject::User(user)).or_else(|| role.map(|role| Subject::Role(role)));
        let granting = subject.map(|subject| self.own.granting(subject)).unwrap_or_default();
        let arn = |(kind, name)| {
            let holder = self.own.identity_named(kind, name);
            holder.map(|holder| holder.arn(self.own.id)).unwrap_or_default()
        };
        granting.into_iter().map(|granting| arn(granting.owner)).collect()
    }

    /// The details of what was gathered; `None` if they are too large.
    fn details(&self, gathering: Gathering) -> Option<Details> {
        let own = self.organizations.of(self.caller.account);
        let contains = |account| own.is_some_and(|organization| organization.contains(account));
        let places = Places { principal: self.organizations.place(self.caller.account), resource: None };
        let keys: Vec<_> = self.standing.keys(self.facts).into_iter().chain(places.keys(false)).collect();
        let details = Details {
            id: self.id,
            time: self.facts.now,
            request_id: self.facts.request_id.clone(),
            principal: self.standing.arn.clone(),
            account: self.caller.account,
            owner: self.owner,
            in_organization: contains(self.caller.account),
            owner_in_organization: contains(self.owner),
            context: keys.iter().map(|(key, values)| (key.to_string(), kept(values))).collect(),
            evaluations: gathering.evaluations,
            policies: gathering.policies,
        };
        Some(details).filter(|details| gathering.whole && details.size() <= MAX_SIZE)
    }
}

/// Whether a caller's denials can be looked up: not those of strangers and of services.
fn is_looked_up(caller: &Caller) -> bool {
    !matches!(caller.principal, Principal::Anonymous | Principal::Service(_))
}

/// Whether all evaluations of a call have a key: those of the caller and of its organization.
fn is_in(common: &[Key<'_>], key: &str) -> bool {
    let is_known = common.iter().any(|(known, _)| known.eq_ignore_ascii_case(key));
    is_known || matches!(key, "aws:PrincipalOrgID" | "aws:PrincipalOrgPaths")
}

/// The details of the denial of a request that carries its policies; `None` if they are too large.
pub fn details_of_asked(
    id: AuthorizationId,
    account: AccountId,
    (now, request_id): (Timestamp, &str),
    (request, layers, context): (&iam_policy::Request<'_>, &iam_policy::Layers<'_>, &iam_policy::Context<'_>),
) -> Option<Details> {
    let principal = request.principal().to_string();
    let attached = Attached {
        identity: &[],
        principal: &principal,
        resource: request.resource(),
        principal_levels: &[],
        resource_levels: &[],
    };
    let mut gathering = Gathering::default();
    gathering.add(request, layers, context, &attached, |_| true);
    let details = Details {
        id,
        time: now,
        request_id: request_id.to_owned(),
        principal,
        account,
        owner: request.resource_account().and_then(AccountId::parse).unwrap_or(account),
        in_organization: false,
        owner_in_organization: false,
        context: context.iter().map(|(key, values)| (key.to_owned(), kept(values))).collect(),
        evaluations: gathering.evaluations,
        policies: gathering.policies,
    };
    Some(details).filter(|details| gathering.whole && details.size() <= MAX_SIZE)
}

impl Question<'_> {
    /// The denial with its details, if it is to be looked up.
    pub(in crate::call) fn with_details(&self, denial: Denial, standing: &Standing<'_>, access: &Access<'_>) -> Denial {
        let Some(ids) = self.ids.filter(|_| is_looked_up(self.caller)) else { return denial };
        let Some(id) = (ids.give)(&denial.evidence.action) else { return denial };
        let Question { caller, own, facts, organizations, .. } = *self;
        let mut denied = Denied { id, caller, own, facts, organizations, standing, owner: self.account.id };
        let (principal_levels, holders) = (denied.levels(caller.account), denied.holders());
        let common = standing.keys(facts);
        let mut gathering = Gathering::default();
        for check in &access.checks {
            let check = check.inheriting(caller.session.as_deref());
            if !check.is_needed() {
                continue;
            }
            // What cannot be asked comes after the denial, and was not asked before it either.
            let asked = self.pose(standing, &check, &mut |posed| {
                if !posed.is_last && iam_policy::decide(posed.request, posed.layers).is_allowed() {
                    return None;
                }
                let attached = Attached {
                    identity: &holders,
                    principal: standing.principal_arn(),
                    resource: posed.request.resource(),
                    principal_levels: &principal_levels,
                    resource_levels: &denied.levels(posed.owner),
                };
                gathering.add(posed.request, posed.layers, posed.context, &attached, |key| is_in(&common, key));
                Some(posed.owner)
            });
            match asked {
                Ok(owner) => denied.owner = owner.unwrap_or(denied.owner),
                Err(_) => break,
            }
        }
        match denied.details(gathering) {
            Some(details) => denial.with_details(details, ids.link),
            None => denial,
        }
    }
}

impl Outside<'_> {
    /// The denial with its details, if it is to be looked up.
    pub(in crate::call) fn with_details(
        &self,
        denial: Denial,
        asker: &Asker<'_>,
        standing: &Standing<'_>,
    ) -> Result<Denial> {
        let Some((ids, own)) = asker.ids.filter(|_| is_looked_up(asker.caller)) else { return Ok(denial) };
        let Some(id) = (ids.give)(&denial.evidence.action) else { return Ok(denial) };
        let Asker { caller, facts, organizations, .. } = *asker;
        let denied = Denied { id, caller, own, facts, organizations, standing, owner: self.owner };
        let (principal_levels, holders) = (denied.levels(caller.account), denied.holders());
        let common = standing.keys(facts);
        let mut gathering = Gathering::default();
        for resource in self.resources.iter().filter(|resource| **resource == denial.evidence.resource) {
            self.pose(asker, standing, resource, &mut |request, layers, context| {
                let attached = Attached {
                    identity: &holders,
                    principal: standing.principal_arn(),
                    resource,
                    principal_levels: &principal_levels,
                    resource_levels: &denied.levels(self.owner),
                };
                let is_common = |key: &str| key != "aws:SecureTransport" && is_in(&common, key);
                gathering.add(request, layers, context, &attached, is_common);
            })?;
        }
        Ok(match denied.details(gathering) {
            Some(details) => denial.with_details(details, ids.link),
            None => denial,
        })
    }
}
