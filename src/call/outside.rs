//! Decides whether a caller may do something to a resource of another service, by the same engine and the same policies
//! of the caller as for IAM's own calls.

use super::Verdict;
use super::deciding::{Decisions, decided, effect};
use super::denial::{Denial, DenialIds, Evidence};
use crate::account::Account;
use crate::audit::EventDecision;
use crate::error::{Code, Error, Result};
use crate::identity::{Caller, Principal, RequestFacts, Standing};
use crate::organization::{Directory, Places};
use crate::shapes::AccountId;
use iam_policy::{Action, Context, Decision, Layer, PolicySet, ResourceKind, Values};

/// Who asks, and how.
pub struct Asker<'q> {
    /// Who calls.
    pub caller: &'q Caller,
    /// Facts of the request.
    pub facts: &'q RequestFacts,
    /// The organizations.
    pub organizations: &'q Directory,
    /// Whether explicit denials name the policy.
    pub name_policy: bool,
    /// Whether a denial is worth an explanation, which costs more than the decision.
    pub explain: &'q (dyn Fn() -> bool + Sync),
    /// The most that a decision may take, in the engine's measure of work; `None` if it may take as long as it does.
    pub max_work: Option<u64>,
    /// Gives denials ids under which they can be looked up; with the caller's own account.
    pub ids: Option<(DenialIds<'q>, &'q Account)>,
    /// Where the decisions go, if somebody keeps them.
    pub decisions: Option<&'q Decisions>,
}

/// One action on one resource of another service.
#[derive(Clone)]
pub struct Outside<'q> {
    /// The action: `s3:GetObject`.
    pub action: &'q str,
    /// The resource, an ARN or `*`, under every name that policies may have for it. There is at least one.
    pub resources: &'q [&'q str],
    /// The account that owns the resource.
    pub owner: AccountId,
    /// The condition keys that the request and the resource give. A key without values is there and empty.
    pub keys: &'q [(String, Vec<String>)],
    /// The resource's policy.
    pub policy: Option<&'q PolicySet>,
    /// What kind of policy that is.
    pub kind: ResourceKind,
    /// Whether the policy of another account's resource can allow the action.
    pub across_accounts: bool,
    /// `aws:SecureTransport`.
    pub secure_transport: bool,
    /// The words in which it is denied.
    pub words: Words<'q>,
}

/// What differs in a sentence of denial from service to service.
#[derive(Clone, Copy, Debug)]
pub struct Words<'q> {
    /// The action as the sentence writes it.
    pub action: &'q str,
    /// What follows the action: ` on resource: …`, or nothing.
    pub on: &'q str,
}

/// Decides. Where a resource has several names, a Deny for one of them denies, and else an Allow for one of them allows.
///
/// # Errors
/// `InvalidClientTokenId` when the user behind the caller is gone.
pub fn decide(asker: &Asker<'_>, standing: &Standing<'_>, asked: &Outside<'_>) -> Result<Verdict> {
    let mut verdict = None;
    let mut kept = None;
    for resource in asked.resources {
        let (decided, is_final) = asked.decide_by(asker, standing, resource, &mut kept)?;
        match decided {
            Verdict::TakesLong => return Ok(Verdict::TakesLong),
            Verdict::Denied(_) if is_final => {
                verdict = Some(decided);
                break;
            }
            Verdict::Allowed => verdict = Some(Verdict::Allowed),
            Verdict::Denied(_) => verdict = verdict.or(Some(decided)),
        }
    }
    if let Some(decisions) = asker.decisions {
        kept.into_iter().for_each(|decision| decisions.add(decision));
    }
    match verdict {
        Some(Verdict::Denied(denial)) => Ok(Verdict::Denied(Box::new(asked.with_details(*denial, asker, standing)?))),
        Some(verdict) => Ok(verdict),
        None => Err(Error::internal("a question about no resource")),
    }
}

impl Outside<'_> {
    /// The verdict on one name of the resource, and whether no other name can change it. What it was decided by goes to
    /// `kept`, if it counts more than the names before.
    fn decide_by(
        &self,
        asker: &Asker<'_>,
        standing: &Standing<'_>,
        resource: &str,
        kept: &mut Option<EventDecision>,
    ) -> Result<(Verdict, bool)> {
        self.pose(asker, standing, resource, &mut |request, layers, context| {
            if asker.max_work.is_some_and(|limit| !iam_policy::is_within(limit, request, layers)) {
                return Ok((Verdict::TakesLong, true));
            }
            let decision = match standing.lost {
                true => Decision::ImplicitDeny { missing: Layer::Identity },
                false => iam_policy::decide(request, layers),
            };
            let counts = kept.as_ref().is_none_or(|kept| kept.effect < effect(&decision));
            if asker.decisions.is_some() && counts {
                *kept = Some(decided(&decision, standing.lost, request, layers, context));
            }
            let Some(error) = self.denial(&decision, asker, standing)? else { return Ok((Verdict::Allowed, false)) };
            let evidence = Evidence::of(&decision, standing.lost, request, layers, asker.explain);
            let is_explicit = matches!(decision, Decision::ExplicitDeny { .. });
            Ok((Verdict::Denied(Box::new(Denial { error, evidence, details: None })), is_explicit))
        })?
    }

    /// Asks the engine about one name of the resource.
    pub(super) fn pose<T>(
        &self,
        asker: &Asker<'_>,
        standing: &Standing<'_>,
        resource: &str,
        ask: &mut dyn FnMut(&iam_policy::Request<'_>, &iam_policy::Layers<'_>, &Context<'_>) -> T,
    ) -> Result<T> {
        let action = parse(self.action)?;
        let principal = standing.principal();
        let place = |account| asker.organizations.place(account);
        let on_resource = resource != "*";
        let places = Places {
            principal: principal.account().and_then(|_| place(asker.caller.account)),
            resource: on_resource.then(|| place(self.owner)).flatten(),
        };
        let is_own = self.owner == asker.caller.account;
        let layers = iam_policy::Layers {
            resource: self.policy.filter(|_| is_own || self.across_accounts),
            resource_kind: self.kind,
            service_control: places.service_control(),
            resource_control: places.resource_control(),
            ..standing.layers()
        };
        let owner = self.owner.to_string();
        let context = self.context(asker, standing, &places, on_resource.then_some(owner.as_str()));
        let request = iam_policy::Request::new(principal, &action, resource, &context).owned_by(&owner);
        Ok(ask(&request, &layers, &context))
    }

    fn denial(&self, decision: &Decision<'_>, asker: &Asker<'_>, standing: &Standing<'_>) -> Result<Option<Error>> {
        let shown = parse(self.words.action)?;
        let Some(reason) = decision.reason(&shown, asker.name_policy) else { return Ok(None) };
        let who = match asker.caller.principal {
            Principal::Anonymous => "anonymous",
            _ => &standing.arn,
        };
        let Words { action, on } = self.words;
        let message = format!("User: {who} is not authorized to perform: {action}{on} {reason}");
        Ok(Some(Error::new(Code::AccessDenied, message)))
    }

    fn context<'k>(
        &'k self,
        asker: &'k Asker<'_>,
        standing: &'k Standing<'_>,
        places: &'k Places,
        owner: Option<&'k str>,
    ) -> Context<'k> {
        let mut keys = standing.keys(asker.facts);
        keys.retain(|(key, _)| key != "aws:SecureTransport");
        keys.push(("aws:SecureTransport".into(), self.secure_transport.into()));
        if let Some(owner) = owner {
            keys.push(("aws:ResourceAccount".into(), owner.into()));
        }
        keys.extend(places.keys(owner.is_some()));
        keys.extend(self.keys.iter().map(|(key, values)| {
            let values = match values.as_slice() {
                [value] => Values::from(value.as_str()),
                values => values.iter().map(String::as_str).collect::<Vec<_>>().into(),
            };
            (key.as_str().into(), values)
        }));
        keys.into_iter().collect()
    }
}

fn parse(action: &str) -> Result<Action> {
    Action::parse(action).ok_or_else(|| Error::internal(format!("{action} is no action")))
}
