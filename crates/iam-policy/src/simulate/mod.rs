//! IAM's policy simulator: what given policies say to an action on some resources (AWS: IAM API Reference,
//! SimulateCustomPolicy and SimulatePrincipalPolicy, as changed in 2026).

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use crate::decide::{Decision, Layer};
use crate::evaluate::Verdict;
use crate::pattern::Arn;
use crate::principal::is_account;
use crate::request::{Layers, Request, ResourceKind};
use crate::set::Match;
use crate::{
    Action, Context, Effect, Explanation, LayerReport, PolicySet, Principal, Said, Values, context_keys, explain, work,
};

/// Condition keys with their values.
pub type Keys<'a> = Vec<(Cow<'a, str>, Values<'a>)>;

/// Policies and a caller, before whom actions are simulated.
#[derive(Clone, Copy)]
pub struct Scenario<'a> {
    /// The caller: a user, or a role, which stands for a session of it. `None`: any principal with the policies, in the
    /// account of the resources.
    pub caller: Option<Principal<'a>>,
    /// The identity-based policies.
    pub identity: &'a PolicySet,
    /// The permissions boundary.
    pub boundary: Option<&'a PolicySet>,
    /// The policy that every resource carries.
    pub resource_policy: Option<&'a PolicySet>,
    /// The service control policies, a set per level from the root.
    pub service_control: Option<&'a [PolicySet]>,
    /// The account that owns the resources whose ARNs do not name one; the caller's, if not given.
    pub resource_owner: Option<&'a str>,
    /// All keys that the caller and the context entries give.
    pub context: &'a Context<'a>,
    /// The context entries alone.
    pub entries: &'a Context<'a>,
    /// The keys that tell where the account is that owns a resource; context entries replace them.
    pub owner_keys: &'a dyn Fn(&str) -> Keys<'a>,
}

/// What each kind of policy says to a request across accounts.
pub type Sides = BTreeMap<&'static str, Verdict>;

/// What the simulator says of one action.
#[derive(Clone, Debug)]
pub struct Simulated<'a> {
    /// The most restrictive decision over all resources.
    pub decision: Verdict,
    /// The statements that made the decisions on all resources, each after the layer that it is of.
    pub matched: Vec<(Layer, Match<'a>)>,
    /// The context keys that the policies ask for and no context entry gives, if they could make a difference.
    pub missing_keys: Vec<String>,
    /// Whether the service control policies allow it on all resources, if there are any.
    pub allowed_by_organizations: Option<bool>,
    /// Whether the boundary allows it on all resources, if there is one.
    pub allowed_by_boundary: Option<bool>,
    /// The most restrictive word of each kind of policy. Empty within one account; `None` without a resource, and where
    /// service control policies end the evaluation.
    pub details: Option<Sides>,
    /// The results by resource; none if no resource was named.
    pub resources: Vec<SimulatedResource<'a>>,
}

/// What the simulator says of one action on one resource.
#[derive(Clone, Debug)]
pub struct SimulatedResource<'a> {
    /// The resource's ARN.
    pub resource: String,
    /// The decision.
    pub decision: Verdict,
    /// The statements that made the decision, each after the layer that it is of.
    pub matched: Vec<(Layer, Match<'a>)>,
    /// As in [`Simulated::missing_keys`].
    pub missing_keys: Vec<String>,
    /// Whether the service control policies allow it, if there are any.
    pub allowed_by_organizations: Option<bool>,
    /// Whether the boundary allows it, if there is one.
    pub allowed_by_boundary: Option<bool>,
    /// As in [`Simulated::details`].
    pub details: Option<Sides>,
}

/// The caller where none is named.
const ANY_USER: Principal<'_> = Principal::User { arn: "", id: "", account: "" };

impl<'a> Scenario<'a> {
    /// Simulates one action on the resources; on `*` if there are none. `is_about` selects the resources that the
    /// action can be about.
    pub fn simulate(&self, action: &Action, resources: &[&str], is_about: &dyn Fn(&str) -> bool) -> Simulated<'a> {
        let named = !matches!(resources, [] | ["*"]);
        let asked = if resources.is_empty() { &["*"] } else { resources };
        let missing_keys = self.missing_keys(action);
        let simulate = |resource: &&str| self.simulate_one(action, resource, is_about(resource), &missing_keys);
        let results: Vec<_> = asked.iter().map(simulate).collect();
        let all = |said: fn(&SimulatedResource<'_>) -> Option<bool>| {
            results.iter().map(said).try_fold(true, |all, one| Some(all & one?))
        };
        let decision = results.iter().map(|result| result.decision).max_by_key(|decision| severity(*decision));
        let mut matched: Vec<(Layer, Match<'a>)> = Vec::new();
        for (layer, found) in results.iter().flat_map(|result| &result.matched) {
            if !matched.iter().any(|(known_layer, known)| known_layer == layer && known.is_same(found)) {
                matched.push((*layer, *found));
            }
        }
        let missing = results.iter().map(|result| &result.missing_keys).find(|keys| !keys.is_empty());
        Simulated {
            decision: decision.unwrap_or(Verdict::ImplicitDeny),
            matched,
            missing_keys: missing.cloned().unwrap_or_default(),
            allowed_by_organizations: all(|result| result.allowed_by_organizations),
            allowed_by_boundary: all(|result| result.allowed_by_boundary),
            details: most_restrictive(results.iter().filter_map(|result| result.details.as_ref())),
            resources: if named { results } else { Vec::new() },
        }
    }

    /// What it costs at most to simulate one action on one resource.
    pub fn work(&self, action: &Action, resource: &str) -> u64 {
        let request = Request::new(ANY_USER, action, resource, self.context);
        work(&request, &self.layers(self.resource_policy))
    }

    /// Whether the resources' policy is about this resource, as AWS demands of each.
    pub fn resource_policy_covers(&self, action: &Action, resource: &str) -> bool {
        let request = Request::new(ANY_USER, action, resource, self.context);
        let mut statements =
            self.resource_policy.into_iter().flat_map(PolicySet::policies).flat_map(|p| p.statements());
        statements.any(|statement| statement.is_about_resource(&request))
    }

    fn layers(&self, resource: Option<&'a PolicySet>) -> Layers<'a> {
        Layers {
            identity: Some(self.identity),
            boundary: self.boundary,
            resource,
            resource_kind: ResourceKind::Ordinary,
            service_control: self.service_control,
            ..Layers::default()
        }
    }

    fn simulate_one(
        &self,
        action: &Action,
        resource: &str,
        is_about: bool,
        missing_keys: &[String],
    ) -> SimulatedResource<'a> {
        let owner = self.owner(action, resource);
        let context = self.context_of(owner, resource);
        let request = Request::new(self.caller.unwrap_or(ANY_USER), action, resource, &context).owned_by(owner);
        let layers = self.layers(self.resource_policy_for(action));
        let explanation = explain(&request, &layers);
        let across = !request.is_same_account();
        let decision = match explanation.decision {
            // Seen in AWS: no statement is about a resource of a type that the action does not have.
            _ if !is_about => Verdict::ImplicitDeny,
            // Seen in AWS: within the account a resource's policy is enough, also one that only names the root user.
            Decision::ImplicitDeny { missing: Layer::Identity | Layer::Boundary }
                if !across && allows(&explanation, Layer::Resource) == Some(true) =>
            {
                Verdict::Allowed
            }
            ref decision => Verdict::from(decision),
        };
        let allowed_by_organizations = allows(&explanation, Layer::ServiceControl);
        // A service control policy that denies ends the evaluation.
        let ended = allowed_by_organizations == Some(false);
        let details = (resource != "*" && !ended).then(|| if across { sides(&explanation) } else { Sides::new() });
        SimulatedResource {
            resource: resource.to_owned(),
            decision,
            matched: if ended || !is_about { Vec::new() } else { deciding(&explanation, decision) },
            missing_keys: if ended || decision != Verdict::ImplicitDeny { &[] } else { missing_keys }.to_vec(),
            allowed_by_organizations,
            allowed_by_boundary: allows(&explanation, Layer::Boundary),
            details,
        }
    }

    /// The context of a request on a resource that an account owns.
    fn context_of(&self, owner: &str, resource: &str) -> Cow<'a, Context<'a>> {
        let keys = if resource == "*" { Keys::new() } else { (self.owner_keys)(owner) };
        if keys.is_empty() {
            return Cow::Borrowed(self.context);
        }
        let known = self.context.iter().map(|(key, values)| (Cow::Borrowed(key), values.clone()));
        Cow::Owned(keys.into_iter().chain(known).collect())
    }

    /// Seen in AWS: the simulator leaves trust policies aside, and decides about roles by the caller's side alone.
    fn resource_policy_for(&self, action: &Action) -> Option<&'a PolicySet> {
        self.resource_policy.filter(|_| !is_assumption(action))
    }

    fn owner<'r>(&'r self, action: &Action, resource: &'r str) -> &'r str {
        let own = self.caller.and_then(|caller| caller.account()).unwrap_or_default();
        if self.caller.is_none() || is_assumption(action) {
            return own;
        }
        let named = Arn::new(resource).account().filter(|account| is_account(account));
        named.or(self.resource_owner).unwrap_or(own)
    }

    /// Seen in AWS: every key that some statement asks for, even one about other actions, and also those that the
    /// caller has; but none of an organization's.
    fn missing_keys(&self, action: &Action) -> Vec<String> {
        let sets = [Some(self.identity), self.boundary, self.resource_policy_for(action)];
        let mut seen = HashSet::new();
        let keys = sets.into_iter().flatten().flat_map(PolicySet::policies).flat_map(context_keys);
        keys.filter(|key| self.entries.get(key).is_none() && seen.insert(*key)).map(str::to_owned).collect()
    }
}

fn is_assumption(action: &Action) -> bool {
    action.folded().starts_with("sts:assume")
}

fn severity(decision: Verdict) -> u8 {
    match decision {
        Verdict::Allowed => 0,
        Verdict::ImplicitDeny => 1,
        Verdict::ExplicitDeny => 2,
    }
}

/// Whether every level of a layer allows; `None` if it is not there.
fn allows(explanation: &Explanation<'_>, layer: Layer) -> Option<bool> {
    let mut reports = explanation.layers.iter().filter(|report| report.layer == layer).peekable();
    reports.peek()?;
    Some(reports.all(|report| report.said() == Said::Allows))
}

/// The statements that made the decision: the Denies, or the Allows. Those of an organization are never shown, those of
/// a boundary only if they deny.
fn deciding<'a>(explanation: &Explanation<'a>, decision: Verdict) -> Vec<(Layer, Match<'a>)> {
    let effect = match decision {
        Verdict::Allowed => Effect::Allow,
        Verdict::ExplicitDeny => Effect::Deny,
        Verdict::ImplicitDeny => return Vec::new(),
    };
    let is_shown = |layer| match layer {
        Layer::Identity | Layer::Resource => true,
        Layer::Boundary => effect == Effect::Deny,
        _ => false,
    };
    let shown = explanation.layers.iter().filter(|report| is_shown(report.layer));
    let matched = shown.flat_map(|report| report.matched.iter().map(|found| (report.layer, *found)));
    matched.filter(|(_, found)| found.statement.is_some_and(|statement| statement.effect == effect)).collect()
}

/// What each kind of policy says.
fn sides(explanation: &Explanation<'_>) -> Sides {
    let verdict = |layer| {
        let report = explanation.layers.iter().find(|report| report.layer == layer);
        match report.map(LayerReport::said) {
            Some(Said::Allows) => Verdict::Allowed,
            Some(Said::Denies) => Verdict::ExplicitDeny,
            Some(Said::Nothing) | None => Verdict::ImplicitDeny,
        }
    };
    let mut sides =
        Sides::from([("IAM Policy", verdict(Layer::Identity)), ("Resource Policy", verdict(Layer::Resource))]);
    if allows(explanation, Layer::Boundary).is_some() {
        sides.insert("Permissions Boundary Policy", verdict(Layer::Boundary));
    }
    sides
}

fn most_restrictive<'s>(all: impl Iterator<Item = &'s Sides>) -> Option<Sides> {
    all.cloned().reduce(|mut worst, sides| {
        for (kind, verdict) in sides {
            let known = worst.entry(kind).or_insert(verdict);
            if severity(*known) < severity(verdict) {
                *known = verdict;
            }
        }
        worst
    })
}

impl Match<'_> {
    fn is_same(&self, other: &Self) -> bool {
        let address = |found: &Self| found.statement.map(std::ptr::from_ref);
        self.source == other.source && address(self) == address(other)
    }
}

#[cfg(test)]
mod tests;
