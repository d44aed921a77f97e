//! IAM's policy simulator: what given policies say to an action on some resources (AWS: IAM API Reference,
//! SimulateCustomPolicy and SimulatePrincipalPolicy, as changed in 2026).

use super::decide::Layer;
use super::evaluate::Verdict;
use super::request::{Layers, Request, ResourceKind};
use super::set::Match;
use super::{Action, Context, Effect, Explanation, PolicySet, Principal, Said, explain};

/// Policies and a caller, before whom actions are simulated.
#[derive(Clone, Copy, Debug)]
pub struct Scenario<'a> {
    /// The caller: a user, or a role, which stands for a session of it.
    pub caller: Principal<'a>,
    /// The identity-based policies.
    pub identity: &'a PolicySet,
    /// The permissions boundary.
    pub boundary: Option<&'a PolicySet>,
    /// The policy that every resource carries.
    pub resource_policy: Option<&'a PolicySet>,
    /// The service control policies, a set per level from the root.
    pub service_control: Option<&'a [PolicySet]>,
    /// The account that owns the resources; the caller's, if not given.
    pub resource_owner: Option<&'a str>,
    /// The context entries.
    pub context: &'a Context<'a>,
}

/// What the simulator says of one action.
#[derive(Clone, Debug)]
pub struct Simulated<'a> {
    /// The most restrictive decision over all resources.
    pub decision: Verdict,
    /// The statements that made the decision, of all resources.
    pub matched: Vec<Match<'a>>,
    /// The context keys that are missing, of all resources.
    pub missing_keys: Vec<String>,
    /// Whether the service control policies allow it on all resources, if there are any.
    pub allowed_by_organizations: Option<bool>,
    /// Whether the boundary allows it on all resources, if there is one.
    pub allowed_by_boundary: Option<bool>,
    /// What each side says, for requests across accounts; empty within one.
    pub details: Option<Vec<(&'static str, Verdict)>>,
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
    /// The context keys that are missing.
    pub missing_keys: Vec<String>,
    /// Whether the service control policies allow it, if there are any.
    pub allowed_by_organizations: Option<bool>,
    /// Whether the boundary allows it, if there is one.
    pub allowed_by_boundary: Option<bool>,
    /// What each side says, for requests across accounts; empty within one, `None` without a resource.
    pub details: Option<Vec<(&'static str, Verdict)>>,
}

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
        let mut simulated = Simulated {
            decision,
            matched: Vec::new(),
            missing_keys: Vec::new(),
            allowed_by_organizations: all(|result| result.allowed_by_organizations),
            allowed_by_boundary: all(|result| result.allowed_by_boundary),
            details: results.first().and_then(|result| result.details.clone()),
            resources: Vec::new(),
        };
        for result in results.iter().filter(|result| result.decision == decision) {
            let is_new = |found: &&Match<'_>| !simulated.matched.iter().any(|known| known.is_same(found));
            let new: Vec<_> = result.matched.iter().filter(is_new).copied().collect();
            simulated.matched.extend(new);
        }
        for key in results.iter().flat_map(|result| &result.missing_keys) {
            if !simulated.missing_keys.contains(key) {
                simulated.missing_keys.push(key.clone());
            }
        }
        simulated.resources = if named { results } else { Vec::new() };
        simulated
    }

    fn simulate_one(&self, action: &Action, resource: &str) -> SimulatedResource<'a> {
        let mut request = Request::new(self.caller, action, resource, self.context);
        if let Some(owner) = self.resource_owner {
            request = request.owned_by(owner);
        }
        let layers = Layers {
            identity: Some(self.identity),
            boundary: self.boundary,
            // Seen in AWS: the simulator leaves trust policies aside.
            resource: self.resource_policy.filter(|_| !action.folded().starts_with("sts:assume")),
            resource_kind: ResourceKind::Ordinary,
            service_control: self.service_control,
            ..Layers::default()
        };
        let explanation = explain(&request, &layers);
        let decision = Verdict::from(&explanation.decision);
        let allowed_by_organizations = allows(&explanation, Layer::ServiceControl);
        let across = !request.is_same_account();
        let details = (resource != "*" && allowed_by_organizations != Some(false))
            .then(|| if across { sides(&explanation) } else { Vec::new() });
        SimulatedResource {
            resource: resource.to_owned(),
            decision,
            matched: deciding(&explanation, decision),
            missing_keys: explanation.missing_keys.clone(),
            allowed_by_organizations,
            allowed_by_boundary: allows(&explanation, Layer::Boundary),
            details,
        }
    }
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

/// The statements that made the decision: the Denies, or the Allows of identity and resource. An organization's are not
/// shown.
fn deciding<'a>(explanation: &Explanation<'a>, decision: Verdict) -> Vec<Match<'a>> {
    let shown = |layer| match decision {
        Verdict::Allowed => matches!(layer, Layer::Identity | Layer::Resource),
        Verdict::ExplicitDeny => layer != Layer::ServiceControl,
        Verdict::ImplicitDeny => false,
    };
    let effect = if decision == Verdict::Allowed { Effect::Allow } else { Effect::Deny };
    let reports = explanation.layers.iter().filter(|report| shown(report.layer));
    let matched = reports.flat_map(|report| &report.matched).copied();
    matched.filter(|found| found.statement.is_some_and(|statement| statement.effect == effect)).collect()
}

/// What the caller's and the resource's side say.
fn sides(explanation: &Explanation<'_>) -> Vec<(&'static str, Verdict)> {
    let verdict = |layer| {
        let report = explanation.layers.iter().find(|report| report.layer == layer);
        match report.map(super::LayerReport::said) {
            Some(Said::Allows) => Verdict::Allowed,
            Some(Said::Denies) => Verdict::ExplicitDeny,
            Some(Said::Nothing) | None => Verdict::ImplicitDeny,
        }
    };
    vec![("IAM Policy", verdict(Layer::Identity)), ("Resource Policy", verdict(Layer::Resource))]
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
            caller: Principal::User { arn: "arn:aws:iam::111122223333:user/a", id: "", account: "111122223333" },
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
        assert_eq!(both.details, Some(Vec::new()), "in one account the details are there, and empty");
    }

    #[test]
    fn positions_are_as_aws_counts_them() {
        let (identity, context) = (set(&[DOCUMENT], Grammar::Managed), Context::new().with("aws:SourceVpc", "vpc-1"));
        let get = Action::parse("s3:GetObject").unwrap();
        let allowed = scenario(&identity, &context).simulate(&get, &["arn:aws:s3:::a/x"]);
        let statement = allowed.matched.first().unwrap().statement.unwrap();
        assert_eq!(statement.start, Position { line: 3, column: 19 });
        assert_eq!(statement.end, Position { line: 9, column: 10 });
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
        let sides = vec![("IAM Policy", Verdict::Allowed), ("Resource Policy", Verdict::ImplicitDeny)];
        assert_eq!((across.decision, across.details), (Verdict::ImplicitDeny, Some(sides)));
    }
}
