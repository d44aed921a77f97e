//! IAM's policy simulator: what given policies say to an action on some resources (AWS: IAM API Reference,
//! SimulateCustomPolicy and SimulatePrincipalPolicy, as changed in 2026).

use std::collections::BTreeMap;

use super::decide::Layer;
use super::evaluate::Verdict;
use super::pattern::Arn;
use super::principal::is_account;
use super::request::{Layers, Request, ResourceKind};
use super::set::Match;
use super::{Action, Context, Effect, Explanation, LayerReport, PolicySet, Principal, Said, context_keys, explain};

/// Policies and a caller, before whom actions are simulated.
#[derive(Clone, Copy, Debug)]
pub struct Scenario<'a> {
    /// The caller: a user, or a role, which stands for a session of it. `None`: whoever has the policies, in the
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
    /// The account that owns the resources whose ARNs do not tell; the caller's, if not given.
    pub resource_owner: Option<&'a str>,
    /// The context entries.
    pub context: &'a Context<'a>,
}

/// What each kind of policy says to a request across accounts.
pub type Sides = BTreeMap<&'static str, Verdict>;

/// What the simulator says of one action.
#[derive(Clone, Debug)]
pub struct Simulated<'a> {
    /// The most restrictive decision over all resources.
    pub decision: Verdict,
    /// The statements that made the decision, of all resources.
    pub matched: Vec<Match<'a>>,
    /// The context keys that the policies ask for and the scenario does not have.
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
    /// The statements that made the decision.
    pub matched: Vec<Match<'a>>,
    /// Whether the service control policies allow it, if there are any.
    pub allowed_by_organizations: Option<bool>,
    /// Whether the boundary allows it, if there is one.
    pub allowed_by_boundary: Option<bool>,
    /// As in [`Simulated::details`].
    pub details: Option<Sides>,
}

/// Stands for the caller where none is named.
const SOMEBODY: Principal<'_> = Principal::User { arn: "", id: "", account: "" };

impl<'a> Scenario<'a> {
    /// Simulates one action on the resources; on `*` if there are none.
    pub fn simulate(&self, action: &Action, resources: &[&str]) -> Simulated<'a> {
        let named = !matches!(resources, [] | ["*"]);
        let asked = if resources.is_empty() { &["*"] } else { resources };
        let results: Vec<_> = asked.iter().map(|resource| self.simulate_one(action, resource)).collect();
        let all = |said: fn(&SimulatedResource<'_>) -> Option<bool>| {
            results.iter().map(said).try_fold(true, |all, one| Some(all & one?))
        };
        let decision = results.iter().map(|result| result.decision).max_by_key(|decision| severity(*decision));
        let decision = decision.unwrap_or(Verdict::ImplicitDeny);
        let mut matched: Vec<Match<'a>> = Vec::new();
        for found in results.iter().filter(|result| result.decision == decision).flat_map(|result| &result.matched) {
            if !matched.iter().any(|known| known.is_same(found)) {
                matched.push(*found);
            }
        }
        Simulated {
            decision,
            matched,
            missing_keys: self.missing_keys(action),
            allowed_by_organizations: all(|result| result.allowed_by_organizations),
            allowed_by_boundary: all(|result| result.allowed_by_boundary),
            details: most_restrictive(results.iter().filter_map(|result| result.details.as_ref())),
            resources: if named { results } else { Vec::new() },
        }
    }

    /// Whether the resources' policy is about this resource, as AWS demands of each.
    pub fn resource_policy_covers(&self, action: &Action, resource: &str) -> bool {
        let request = Request::new(SOMEBODY, action, resource, self.context);
        let mut statements =
            self.resource_policy.into_iter().flat_map(PolicySet::policies).flat_map(|p| p.statements());
        statements.any(|statement| statement.is_about_resource(&request))
    }

    fn simulate_one(&self, action: &Action, resource: &str) -> SimulatedResource<'a> {
        let caller = self.caller.unwrap_or(SOMEBODY);
        let request = Request::new(caller, action, resource, self.context).owned_by(self.owner(action, resource));
        let layers = Layers {
            identity: Some(self.identity),
            boundary: self.boundary,
            resource: self.resource_policy_for(action),
            resource_kind: ResourceKind::Ordinary,
            service_control: self.service_control,
            ..Layers::default()
        };
        let explanation = explain(&request, &layers);
        let decision = Verdict::from(&explanation.decision);
        let allowed_by_organizations = allows(&explanation, Layer::ServiceControl);
        let across = !request.is_same_account();
        let details = (resource != "*" && allowed_by_organizations != Some(false))
            .then(|| if across { sides(&explanation) } else { Sides::new() });
        SimulatedResource {
            resource: resource.to_owned(),
            decision,
            matched: deciding(&explanation, decision),
            allowed_by_organizations,
            allowed_by_boundary: allows(&explanation, Layer::Boundary),
            details,
        }
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
        let told = Arn::new(resource).account().filter(|account| is_account(account));
        told.or(self.resource_owner).unwrap_or(own)
    }

    /// Seen in AWS: every key that some statement asks for, even one about other actions; but none of an organization's.
    fn missing_keys(&self, action: &Action) -> Vec<String> {
        let sets = [Some(self.identity), self.boundary, self.resource_policy_for(action)];
        let mut keys = context_keys(sets.into_iter().flatten().flat_map(PolicySet::policies));
        keys.retain(|key| self.context.get(key).is_none());
        keys
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

/// The statements that made the decision: the Denies, or the Allows. Only those of identity and resource are shown.
fn deciding<'a>(explanation: &Explanation<'a>, decision: Verdict) -> Vec<Match<'a>> {
    let effect = match decision {
        Verdict::Allowed => Effect::Allow,
        Verdict::ExplicitDeny => Effect::Deny,
        Verdict::ImplicitDeny => return Vec::new(),
    };
    let shown = |report: &&LayerReport<'_>| matches!(report.layer, Layer::Identity | Layer::Resource);
    let matched = explanation.layers.iter().filter(shown).flat_map(|report| &report.matched).copied();
    matched.filter(|found| found.statement.is_some_and(|statement| statement.effect == effect)).collect()
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
        sides.insert("Permissions Boundary", verdict(Layer::Boundary));
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
mod tests {
    use std::sync::Arc;

    use super::super::{Grammar, Policy, Position, Source, SourceKind};
    use super::*;

    const DOCUMENT: &str = r#"{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "s3:Get*",
            "Resource": "arn:aws:s3:::a/*",
            "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}
        },
        {
            "Effect": "Deny",
            "Action": "s3:*",
            "Resource": "arn:aws:s3:::a/private"
        }
    ]
}"#;

    fn set(texts: &[&str], grammar: Grammar) -> PolicySet {
        PolicySet::new(texts.iter().enumerate().map(|(index, text)| {
            let id = format!("PolicyInputList.{}", index + 1).into();
            (Source { id, kind: SourceKind::None, arn: None }, Ok(Arc::new(Policy::parse(text, grammar).unwrap())))
        }))
    }

    fn scenario<'a>(identity: &'a PolicySet, context: &'a Context<'a>) -> Scenario<'a> {
        Scenario {
            caller: Some(Principal::User { arn: "arn:aws:iam::111122223333:user/a", id: "", account: "111122223333" }),
            identity,
            boundary: None,
            resource_policy: None,
            service_control: None,
            resource_owner: None,
            context,
        }
    }

    #[test]
    fn one_result_covers_all_resources() {
        let (identity, context) = (set(&[DOCUMENT], Grammar::Managed), Context::new().with("aws:SourceVpc", "vpc-1"));
        let get = Action::parse("s3:GetObject").unwrap();
        let both = scenario(&identity, &context).simulate(&get, &["arn:aws:s3:::a/x", "arn:aws:s3:::a/private"]);
        assert_eq!(both.decision, Verdict::ExplicitDeny);
        assert_eq!(both.matched.len(), 1, "on a deny only the deny is shown");
        let decisions: Vec<_> = both.resources.iter().map(|one| one.decision).collect();
        assert_eq!(decisions, [Verdict::Allowed, Verdict::ExplicitDeny]);
        assert_eq!(both.details, Some(Sides::new()), "in one account the details are there, and empty");
    }

    #[test]
    fn positions_are_as_aws_counts_them() {
        let places = |text: &str| -> Vec<[Position; 2]> {
            let policy = Policy::parse(text, Grammar::Identity).unwrap();
            policy.statements().iter().map(|statement| [statement.start, statement.end]).collect()
        };
        let at = |line, column| Position { line, column };
        assert_eq!(places(DOCUMENT), [[at(3, 19), at(9, 10)], [at(9, 10), at(14, 10)]]);
        let statement = r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#;
        let list = format!(r#"{{"Version":"2012-10-17","Statement":[{statement}, {statement}]}}"#);
        assert_eq!(places(&list), [[at(1, 38), at(1, 87)], [at(1, 87), at(1, 138)]]);
        let lone = format!(r#"{{"Version":"2012-10-17","Statement":{statement}}}"#);
        assert_eq!(places(&lone), [[at(1, 38), at(1, 86)]]);
    }

    #[test]
    fn missing_keys_are_told_without_a_resource_too() {
        let text = r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*",
            "Condition": {"StringEquals": {"aws:SourceVpc": "${aws:username}"}}}}"#;
        let text = text.replace("{\"Statement\"", "{\"Version\": \"2012-10-17\", \"Statement\"");
        let (identity, context) = (set(&[&text], Grammar::Identity), Context::new());
        let list = Action::parse("s3:ListAllMyBuckets").unwrap();
        let result = scenario(&identity, &context).simulate(&list, &[]);
        assert_eq!(result.decision, Verdict::ImplicitDeny);
        assert_eq!(result.missing_keys, ["aws:SourceVpc", "aws:username"]);
        assert!(result.matched.is_empty() && result.resources.is_empty() && result.details.is_none());
    }

    #[test]
    fn boundary_organization_and_the_other_account_have_their_details() {
        let open = r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
        let other = r#"{"Statement": {"Effect": "Allow", "Action": "iam:*", "Resource": "*"}}"#;
        let (identity, closed, context) =
            (set(&[open], Grammar::Identity), set(&[other], Grammar::Identity), Context::new());
        let levels = [set(&[other], Grammar::ServiceControl)];
        let get = Action::parse("s3:GetObject").unwrap();
        let base = scenario(&identity, &context);
        let bounded = Scenario { boundary: Some(&closed), ..base }.simulate(&get, &["arn:aws:s3:::b/k"]);
        assert_eq!((bounded.decision, bounded.allowed_by_boundary), (Verdict::ImplicitDeny, Some(false)));
        assert_eq!(bounded.allowed_by_organizations, None);
        let organized = Scenario { service_control: Some(&levels), ..base }.simulate(&get, &["arn:aws:s3:::b/k"]);
        assert_eq!((organized.decision, organized.allowed_by_organizations), (Verdict::ImplicitDeny, Some(false)));
        assert_eq!(organized.details, None);
        let across = Scenario { resource_owner: Some("444455556666"), ..base }.simulate(&get, &["arn:aws:s3:::b/k"]);
        let sides = Sides::from([("IAM Policy", Verdict::Allowed), ("Resource Policy", Verdict::ImplicitDeny)]);
        assert_eq!((across.decision, across.details), (Verdict::ImplicitDeny, Some(sides)));
    }

    #[test]
    fn an_arn_tells_its_owner_before_the_parameter_does() {
        let (identity, context) = (
            set(&[r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#], Grammar::Identity),
            Context::new(),
        );
        let base = Scenario { resource_owner: Some("444455556666"), ..scenario(&identity, &context) };
        let get = Action::parse("sqs:GetQueueUrl").unwrap();
        let decision = |scenario: Scenario<'_>, resource| scenario.simulate(&get, &[resource]).decision;
        assert_eq!(decision(base, "arn:aws:sqs:us-east-1:111122223333:q"), Verdict::Allowed);
        assert_eq!(decision(base, "arn:aws:s3:::b"), Verdict::ImplicitDeny);
        assert_eq!(decision(base, "arn:aws:sqs:us-east-1:777788889999:q"), Verdict::ImplicitDeny);
        assert_eq!(
            decision(Scenario { caller: None, ..base }, "arn:aws:sqs:us-east-1:777788889999:q"),
            Verdict::Allowed
        );
    }
}
