//! Decides whether a caller may do what an operation needs permission for.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::json;

use super::deciding::{Decisions, decided};
use super::denial::{Denial, DenialIds, Evidence};
use super::resources::Found;
use super::{Access, AccountRef, Check, Context, Target};
use crate::account::{Account, Role};
use crate::audit::Asked;
use crate::catalogue::service_linked_roles::ServiceLinkedRole;
use crate::error::{Code, Error, Result};
use crate::identity::{Caller, Principal, RequestFacts, Standing};
use crate::organization::{Directory, Places};
use crate::shapes::{AccountId, ArnParts, SpelledTags, TagSet};
use iam_policy::{Action, Decision, Layer, PolicySet, ResourceKind, Source, SourceKind};

/// What happens to calls that no policy allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Enforcement {
    /// They are denied, as on AWS.
    #[default]
    On,
    /// They go through; each is marked in the log and in a response header.
    Log,
}

/// What came of a check of permissions.
#[derive(Debug)]
pub enum Verdict {
    /// The caller may.
    Allowed,
    /// The caller may not.
    Denied(Box<Denial>),
    /// Not known yet: a decision would take more than [`Question::max_work`].
    TakesLong,
}

/// The work of a decision that other requests may wait for: half a millisecond.
pub const QUICK: u64 = 500_000;

/// Who asks, and for what.
pub struct Question<'q> {
    /// Who calls.
    pub caller: &'q Caller,
    /// The caller's own account.
    pub own: &'q Account,
    /// The account that the call works on.
    pub account: &'q Account,
    /// Facts of the request.
    pub facts: &'q RequestFacts,
    /// The organizations.
    pub organizations: &'q Directory,
    /// The operation's own action.
    pub action: &'q str,
    /// Whether explicit denials name the policy.
    pub name_policy: bool,
    /// Whether a denial is worth an explanation, which costs more than the decision.
    pub explain: &'q (dyn Fn() -> bool + Sync),
    /// The most that a decision may take, in the engine's measure of work; `None` if it may take as long as it does.
    pub max_work: Option<u64>,
    /// Gives denials ids under which they can be looked up.
    pub ids: Option<DenialIds<'q>>,
    /// Where the decisions go, if somebody keeps them.
    pub decisions: Option<&'q Decisions>,
}

/// A check as the engine is asked it.
pub(super) struct Posed<'p> {
    pub request: &'p iam_policy::Request<'p>,
    pub layers: &'p iam_policy::Layers<'p>,
    pub context: &'p iam_policy::Context<'p>,
    pub found: &'p Found<'p>,
    /// The account of the resource.
    pub owner: AccountId,
    /// How often the check is posed, and whether this is the last time.
    pub rounds: usize,
    pub is_last: bool,
}

/// Checks all that an operation needs permission for.
///
/// # Errors
/// Errors that precede the decision, such as a missing user name; a denial is a [`Verdict`].
pub fn authorize(question: &Question<'_>, access: &Access<'_>) -> Result<Verdict> {
    if access.checks.is_empty() {
        return Ok(Verdict::Allowed);
    }
    if question.max_work.is_some() && !Standing::is_quickly_known(question.caller, question.own)? {
        return Ok(Verdict::TakesLong);
    }
    let standing = Standing::of(question.caller, question.own)?;
    for check in &access.checks {
        let check = check.inheriting(question.caller.session.as_deref());
        if !check.is_needed() {
            continue;
        }
        match question.check(&standing, &check, access.silent)? {
            Verdict::Allowed => {}
            Verdict::Denied(denial) => {
                return Ok(Verdict::Denied(Box::new(question.with_details(*denial, &standing, access))));
            }
            Verdict::TakesLong => return Ok(Verdict::TakesLong),
        }
    }
    Ok(Verdict::Allowed)
}

impl<A: AccountRef> Context<'_, A> {
    /// The denial if the caller lacks a permission, of operations that fail in parts. Each check has an action of its own.
    ///
    /// # Errors
    /// Errors that precede the decision.
    pub fn denial(&self, access: &Access<'_>) -> Result<Option<Error>> {
        let own =
            self.account_of(self.caller.account).ok_or_else(|| Error::internal("the caller's account is gone"))?;
        let question = Question {
            caller: self.caller,
            own,
            account: &self.account,
            facts: self.facts,
            organizations: self.organizations,
            action: "",
            name_policy: self.environment.denials_name_policy,
            explain: &|| false,
            max_work: None,
            ids: None,
            decisions: None,
        };
        Ok(match authorize(&question, access)? {
            Verdict::Denied(denial) => Some(denial.error),
            Verdict::Allowed | Verdict::TakesLong => None,
        })
    }
}

/// The tags that conditions see.
struct ConditionTags<'t> {
    request: SpelledTags<'t>,
    resource: SpelledTags<'t>,
}

impl Question<'_> {
    /// What the call is about: the resource of the first check that has one.
    pub fn resource(&self, access: &Access<'_>) -> Option<String> {
        let target = access.checks.iter().map(|check| &check.target).find(|target| !matches!(target, Target::Any))?;
        self.find(target).ok().map(|found| found.arn.into_owned())
    }

    /// What a call asks permission for: all the checks that are made, whatever comes of them.
    pub fn asked(&self, access: &Access<'_>) -> impl Iterator<Item = Asked> {
        let checks = access.checks.iter().map(|check| check.inheriting(self.caller.session.as_deref()));
        let asked = checks.filter(|check| check.is_needed()).filter_map(|check| {
            let resource = self.find(&check.target).ok()?.arn.into_owned();
            Some(Asked { action: check.action.as_deref().unwrap_or(self.action).to_owned(), resource })
        });
        asked.collect::<Vec<_>>().into_iter()
    }

    fn check(&self, standing: &Standing<'_>, check: &Check<'_>, silent: bool) -> Result<Verdict> {
        let verdict =
            self.pose(standing, check, &mut |Posed { request, layers, context, found, rounds, .. }| {
                let max_work = self.max_work.map(|limit| limit / (*rounds).max(1) as u64);
                if max_work.is_some_and(|limit| !iam_policy::is_within(limit, request, layers)) {
                    return Some(Verdict::TakesLong);
                }
                let decision = match standing.lost {
                    true => Decision::ImplicitDeny { missing: Layer::Identity },
                    false => iam_policy::decide(request, layers),
                };
                if let Some(decisions) = self.decisions {
                    decisions.add(decided(&decision, standing.lost, request, layers, context));
                }
                let action = request.action();
                let resource = check.target.words(action.as_str(), &found.arn, standing.user_name());
                let error = self.denial(&decision, standing, action, resource.as_deref(), silent)?;
                let error = match &check.target {
                    Target::LinkedRole(linked) => lacks_linked_role(linked),
                    _ => error,
                };
                let evidence = Evidence::of(&decision, standing.lost, request, layers, self.explain);
                Some(Verdict::Denied(Box::new(Denial { error, evidence, details: None })))
            })?;
        Ok(verdict.unwrap_or(Verdict::Allowed))
    }

    /// Asks the engine a check, once for each spelling of its tags, until `ask` has an answer.
    pub(super) fn pose<T>(
        &self,
        standing: &Standing<'_>,
        check: &Check<'_>,
        ask: &mut dyn FnMut(&Posed<'_>) -> Option<T>,
    ) -> Result<Option<T>> {
        let found = self.find(&check.target)?;
        let name = check.action.as_deref().unwrap_or(self.action);
        let action = Action::parse(name).ok_or_else(|| Error::internal(format!("{name} is no action")))?;
        let own = if self.account.id == AccountId::AWS { self.caller.account } else { self.account.id };
        let owner = found.owner.unwrap_or(own);
        let by_provider = check.provider.map(|provider| iam_policy::Principal::Federated { provider });
        let principal = by_provider.unwrap_or_else(|| standing.principal());
        let places = self.places(&principal, &found.arn, owner);
        let owner_text = owner.to_string();
        let trust = found.trust.map(trust_policies);
        let layers = iam_policy::Layers {
            resource: trust.as_ref().or(found.policy.as_ref()),
            resource_kind: if trust.is_some() { ResourceKind::RoleTrust } else { ResourceKind::Ordinary },
            service_control: places.service_control(),
            resource_control: places.resource_control(),
            account_setting: check.by_password_policy && self.is_let_by_password_policy(),
            ..standing.layers()
        };
        let tags = ConditionTags {
            request: SpelledTags::new(check.known_tags().iter().copied()),
            resource: SpelledTags::new(found.tags.into_iter().flat_map(TagSet::pairs)),
        };
        let rounds = tags.request.rounds().max(tags.resource.rounds());
        for round in 0..rounds {
            let context = self.context(standing, check, &found, &owner_text, &places, (&tags, round));
            let request = iam_policy::Request::new(principal, &action, &found.arn, &context).owned_by(&owner_text);
            let is_last = round + 1 == rounds;
            let posed =
                Posed { request: &request, layers: &layers, context: &context, found: &found, owner, rounds, is_last };
            if let Some(answer) = ask(&posed) {
                return Ok(Some(answer));
            }
        }
        Ok(None)
    }

    /// Where the principal's account is in the organization, and that of the resource: the one in its ARN, or else
    /// its owner.
    fn places(&self, principal: &iam_policy::Principal<'_>, resource: &str, owner: AccountId) -> Places {
        let place = |account| self.organizations.place(account);
        let named = || ArnParts::parse(resource).and_then(|arn| arn.account_id());
        Places {
            principal: principal.account().and_then(|_| place(self.caller.account)),
            resource: place(named().unwrap_or(owner)),
        }
    }

    /// Whether the account lets its users change their own passwords without an identity-based policy.
    fn is_let_by_password_policy(&self) -> bool {
        let policy = self.account.settings().password_policy;
        matches!(self.caller.principal, Principal::User { .. })
            && policy.is_some_and(|policy| policy.allow_users_to_change_password)
    }

    /// AWS's sentence for a denial, which names the resource in these words.
    fn denial(
        &self,
        decision: &Decision<'_>,
        standing: &Standing<'_>,
        action: &Action,
        resource: Option<&str>,
        silent: bool,
    ) -> Option<Error> {
        let reason = decision.reason(action, self.name_policy)?;
        if self.caller.principal == Principal::Anonymous {
            return Some(Error::new(Code::AccessDenied, format!("Not authorized to perform {}", action.as_str())));
        }
        let mut message = format!("User: {} is not authorized to perform: {}", standing.arn, action.as_str());
        if let Some(resource) = resource {
            message.push_str(" on resource: ");
            message.push_str(resource);
        }
        if !silent {
            message.push(' ');
            message.push_str(&reason);
        }
        Some(Error::new(Code::AccessDenied, message))
    }

    fn context<'k>(
        &self,
        standing: &'k Standing<'_>,
        check: &'k Check<'_>,
        found: &'k Found<'_>,
        owner: &'k str,
        places: &'k Places,
        (tags, round): (&ConditionTags<'k>, usize),
    ) -> iam_policy::Context<'k>
    where
        Self: 'k,
    {
        let mut keys = standing.keys(self.facts);
        let on_resource = !check.target.is_any();
        if on_resource {
            keys.push(("aws:ResourceAccount".into(), owner.into()));
        }
        keys.extend(places.keys(on_resource));
        for (key, value) in tags.resource.round(round) {
            for prefix in ["aws:ResourceTag", "iam:ResourceTag"] {
                keys.push((format!("{prefix}/{key}").into(), value.into()));
            }
        }
        for (key, value) in tags.request.round(round) {
            keys.push((format!("aws:RequestTag/{key}").into(), value.into()));
            // A resource that is created has the tags of the request (IAM User Guide, `aws:ResourceTag`).
            if matches!(check.target, Target::New(..)) {
                keys.push((format!("aws:ResourceTag/{key}").into(), value.into()));
            }
        }
        if !check.known_tags().is_empty() {
            let tag_keys: Vec<&str> = check.known_tags().iter().map(|(key, _)| *key).collect();
            keys.push(("aws:TagKeys".into(), tag_keys.into()));
        }
        if let Some(boundary) = found.boundary.filter(|_| check.current_boundary) {
            keys.push(("iam:PermissionsBoundary".into(), boundary.into()));
        }
        let policy = check.organization_policy.and_then(|id| self.account.organization_policy_type(id));
        if let Some(kind) = policy {
            keys.push(("organizations:PolicyType".into(), kind.name().into()));
        }
        if let Some(service) = found.credential_service {
            keys.push(("iam:ServiceSpecificCredentialServiceName".into(), service.into()));
        }
        if let Some((issuer, propagation)) = found.provider {
            keys.push(("iam:ResourceIdentityProviderIssuers".into(), vec![issuer].into()));
            if let Some(instance) = &propagation.identity_center_instance {
                keys.push(("iam:ResourceIdentityCenterInstanceArn".into(), instance.as_str().into()));
            }
        }
        if let Some(owner) = found.delegation_owner {
            keys.push(("iam:DelegationRequestOwner".into(), owner.into()));
        }
        let given = check.keys.iter().filter(|(key, _)| check.has_key(key));
        keys.extend(given.map(|(key, values)| (Cow::Borrowed(key.as_ref()), values.clone())));
        keys.into_iter().collect()
    }
}

/// What Organizations says to callers who may not create the role that it needs.
fn lacks_linked_role(linked: &ServiceLinkedRole) -> Error {
    let message = format!(
        "The operation that you attempted requires you to have the iam:CreateServiceLinkedRole for {} permission so that \
         Organizations can create the required service-linked role. You don't have that permission.",
        linked.service
    );
    let reason = json!("ACCESS_DENIED_DURING_CREATE_SERVICE_LINKED_ROLE");
    Error::new(Code::AccessDeniedForDependency, message).with("Reason", reason)
}

/// The trust policy as the resource's layer. A role that does not exist trusts no one.
fn trust_policies(role: Option<&Role>) -> PolicySet {
    PolicySet::new(role.map(|role| {
        let source =
            Source { id: format!("trust policy of {}", role.name).into(), kind: SourceKind::Resource, arn: None };
        (source, role.trust_policy.compiled())
    }))
}
