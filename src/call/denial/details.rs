//! Gathers the details of a denial: every check of the call with what its policies say.

use data_encoding::BASE32_NOPAD;
use sha2::{Digest, Sha256};

use super::tree::explanation_tree;
use crate::audit::details::{
    CheckKind, Effect, Evaluation, KeptPolicy, KeyValues, KindCheck, MatchedPolicy, PolicyKind,
};
use iam_policy::{
    Context, Decision, Explanation, Layer, LayerReport, Layers, Match, Policy, PolicySet, Principal, Request,
    ResourceKind, Said, Source, Standing, Values, explain, work,
};

/// The most actions and resources of a call whose denial can be looked up.
const MAX_PAIRS: usize = 32;

/// The most bytes of all policies (IAM User Guide, Access Troubleshooter: no id is given if "the authorization is too
/// large").
const MAX_POLICIES: usize = 128 * 1024;

/// The most work of all explanations of a denial, in the engine's measure: about a millisecond.
const MAX_WORK: u64 = 1_000_000;

/// The characters of an opaque id.
const OPAQUE_LENGTH: usize = 22;

/// What policies are attached to, by ARN.
pub struct Attached<'d> {
    /// The user, role or group that has each of the identity-based policies, in their order.
    pub identity: &'d [String],
    /// The user or role behind the caller.
    pub principal: &'d str,
    /// The resource with a policy.
    pub resource: &'d str,
    /// The root, units and account above the principal, from the root down.
    pub principal_levels: &'d [String],
    /// Those above the resource.
    pub resource_levels: &'d [String],
}

/// Details in the making.
pub struct Gathering {
    /// What was asked so far.
    pub evaluations: Vec<Evaluation>,
    /// The policies so far.
    pub policies: Vec<KeptPolicy>,
    /// Whether all of it could be kept.
    pub whole: bool,
    size: usize,
    work: u64,
}

impl Default for Gathering {
    fn default() -> Self {
        Self { evaluations: Vec::new(), policies: Vec::new(), whole: true, size: 0, work: 0 }
    }
}

impl Gathering {
    /// Adds an action and a resource, with the keys that `is_common` does not say all of them have.
    pub fn add(
        &mut self,
        request: &Request<'_>,
        layers: &Layers<'_>,
        context: &Context<'_>,
        attached: &Attached<'_>,
        is_common: impl Fn(&str) -> bool,
    ) {
        self.work = self.work.saturating_add(work(request, layers));
        self.whole &= self.evaluations.len() < MAX_PAIRS && self.work <= MAX_WORK;
        if !self.whole {
            return;
        }
        self.keep_policies(layers, attached);
        let explanation = explain(request, layers);
        let own = context.iter().filter(|(key, _)| !is_common(key));
        self.evaluations.push(Evaluation {
            action: request.action().as_str().to_owned(),
            resource: request.resource().to_owned(),
            context: own.map(|(key, values)| (key.to_owned(), kept(values))).collect(),
            effect: match explanation.decision {
                Decision::Allow { .. } => Effect::Allow,
                Decision::ExplicitDeny { .. } => Effect::ExplicitDeny,
                Decision::ImplicitDeny { .. } => Effect::ImplicitDeny,
            },
            checks: self.checks(request, layers, &explanation, attached),
            wanting: match explanation.decision {
                Decision::ImplicitDeny { .. } => wanting(&explanation),
                _ => Vec::new(),
            },
            tree: explanation_tree(request, &explanation),
        });
    }

    fn keep_policies<'l>(&mut self, layers: &Layers<'l>, attached: &Attached<'_>) {
        let one = |set: Option<&'l PolicySet>| set.map(std::slice::from_ref).unwrap_or_default();
        let groups: [(PolicyKind, &'l [PolicySet]); 9] = [
            (PolicyKind::ResourceControl, layers.resource_control.unwrap_or_default()),
            (PolicyKind::ServiceControl, layers.service_control.unwrap_or_default()),
            (PolicyKind::Endpoint, one(layers.endpoint)),
            (PolicyKind::Resource, one(layers.resource)),
            (PolicyKind::Identity, one(layers.identity)),
            (PolicyKind::Boundary, one(layers.boundary)),
            (PolicyKind::Session, one(layers.session)),
            (PolicyKind::Session, layers.scoped.unwrap_or_default()),
            (PolicyKind::Session, one(layers.delegation)),
        ];
        for (kind, sets) in groups {
            for (level, set) in sets.iter().enumerate() {
                for (place, (source, policy)) in set.members().enumerate() {
                    let owner = match kind {
                        PolicyKind::ServiceControl => attached.principal_levels.get(level).map(String::as_str),
                        PolicyKind::ResourceControl => attached.resource_levels.get(level).map(String::as_str),
                        PolicyKind::Identity => {
                            Some(attached.identity.get(place).map_or(attached.principal, String::as_str))
                        }
                        PolicyKind::Resource | PolicyKind::Endpoint => Some(attached.resource),
                        PolicyKind::Boundary | PolicyKind::Session => Some(attached.principal),
                    };
                    self.keep_policy(kind, source, policy.ok(), owner);
                }
            }
        }
    }

    fn keep_policy(&mut self, kind: PolicyKind, source: &Source, policy: Option<&Policy>, owner: Option<&str>) {
        let (uri, document) = (uri_of(kind, source, policy), policy.map_or("", Policy::text));
        let known = self.policies.iter_mut().find(|known| known.kind == kind && known.uri == uri);
        let owner = owner.map(str::to_owned);
        if let Some(known) = known {
            known.attached_to.extend(owner.filter(|owner| !known.attached_to.contains(owner)));
            return;
        }
        self.size += document.len();
        self.whole &= self.size <= MAX_POLICIES;
        self.policies.push(KeptPolicy {
            kind,
            uri,
            inline: source.arn.is_none(),
            attached_to: owner.into_iter().collect(),
            document: document.to_owned(),
        });
    }

    /// What each kind of policies says, in AWS's order.
    fn checks(
        &self,
        request: &Request<'_>,
        layers: &Layers<'_>,
        explanation: &Explanation<'_>,
        attached: &Attached<'_>,
    ) -> Vec<KindCheck> {
        let (mut checks, mut of_resource) = (Vec::new(), Vec::new());
        for report in explanation.layers.iter().filter(|report| report.standing != Standing::Exempt) {
            let kind = kind_of(report.layer);
            let matched = self.matched(report);
            // A resource's policy is a check of its own only where its owner has to allow the request.
            let is_own = layers.resource_kind != ResourceKind::Ordinary || report.standing == Standing::Required;
            if kind == CheckKind::Resource && !is_own {
                of_resource = matched;
                continue;
            }
            let level = report.level.unwrap_or_default();
            let target = match report.layer {
                Layer::ServiceControl => attached.principal_levels.get(level).cloned(),
                Layer::ResourceControl => attached.resource_levels.get(level).cloned(),
                _ => None,
            };
            checks.push(KindCheck { kind, effect: effect_of(report, request, layers, explanation), target, matched });
        }
        if let Some(own) = checks.iter_mut().find(|check| check.kind == CheckKind::Principal) {
            let denies = of_resource.iter().flat_map(|policy| &policy.statements).any(|(_, allows)| !allows);
            own.effect = match own.effect {
                _ if denies => Effect::ExplicitDeny,
                Effect::ImplicitDeny | Effect::NoImpact if !of_resource.is_empty() => Effect::Allow,
                effect => effect,
            };
            own.matched.append(&mut of_resource);
        }
        let is_session = matches!(request.principal(), Principal::RoleSession { .. });
        if is_session && !checks.iter().any(|check| check.kind == CheckKind::Session) {
            let (kind, effect) = (CheckKind::Session, Effect::Allow);
            checks.push(KindCheck { kind, effect, target: None, matched: Vec::new() });
        }
        checks.sort_by_key(|check| check.kind);
        checks
    }

    /// The statements of a report that match, policy by policy.
    fn matched(&self, report: &LayerReport<'_>) -> Vec<MatchedPolicy> {
        let kind = policy_kind_of(report.layer);
        let mut matched: Vec<MatchedPolicy> = Vec::new();
        for Match { source, policy, statement } in &report.matched {
            let uri = uri_of(kind, source, *policy);
            let place = self.policies.iter().position(|known| known.kind == kind && known.uri == uri);
            let Some(place) = place else { continue };
            // A policy that cannot be read denies everything.
            let statement = statement.map_or_else(
                || ("Statement1".to_owned(), false),
                |statement| {
                    let allows = statement.effect == iam_policy::Effect::Allow;
                    (statement.title(), allows)
                },
            );
            match matched.iter_mut().find(|known| known.policy == place) {
                Some(known) => known.statements.push(statement),
                None => matched.push(MatchedPolicy { policy: place, statements: vec![statement] }),
            }
        }
        matched
    }
}

/// The kinds of policies that have to allow a request and do not, each once.
fn wanting(explanation: &Explanation<'_>) -> Vec<String> {
    let mut nouns: Vec<String> = explanation.denied_by.iter().map(|layer| layer.noun().to_owned()).collect();
    nouns.dedup();
    nouns
}

/// What a check comes to.
fn effect_of(
    report: &LayerReport<'_>,
    request: &Request<'_>,
    layers: &Layers<'_>,
    explanation: &Explanation<'_>,
) -> Effect {
    let is_identity = report.layer == Layer::Identity;
    match (report.said(), report.standing) {
        (Said::Denies, _) => Effect::ExplicitDeny,
        (Said::Allows, _) => Effect::Allow,
        // `RCPFullAWSAccess` is attached everywhere.
        (Said::Nothing, _) if report.layer == Layer::ResourceControl => Effect::Allow,
        (Said::Nothing, Standing::DenyOnly | Standing::Exempt) => Effect::NoImpact,
        (Said::Nothing, Standing::Required) => match explanation.decision {
            Decision::ImplicitDeny { .. } if explanation.denied_by.contains(&report.layer) => Effect::ImplicitDeny,
            Decision::ExplicitDeny { .. }
                if !(is_identity
                    && (layers.account_setting || matches!(request.principal(), Principal::Root { .. }))) =>
            {
                Effect::ImplicitDeny
            }
            _ => Effect::Allow,
        },
    }
}

fn kind_of(layer: Layer) -> CheckKind {
    match layer {
        Layer::ResourceControl => CheckKind::ResourceControl,
        Layer::ServiceControl => CheckKind::ServiceControl,
        Layer::Endpoint => CheckKind::Endpoint,
        Layer::Resource | Layer::Trust => CheckKind::Resource,
        Layer::Identity => CheckKind::Principal,
        Layer::Boundary => CheckKind::Boundary,
        Layer::Session | Layer::Scoped | Layer::Delegation => CheckKind::Session,
    }
}

fn policy_kind_of(layer: Layer) -> PolicyKind {
    match layer {
        Layer::ResourceControl => PolicyKind::ResourceControl,
        Layer::ServiceControl => PolicyKind::ServiceControl,
        Layer::Endpoint => PolicyKind::Endpoint,
        Layer::Resource | Layer::Trust => PolicyKind::Resource,
        Layer::Identity => PolicyKind::Identity,
        Layer::Boundary => PolicyKind::Boundary,
        Layer::Session | Layer::Scoped | Layer::Delegation => PolicyKind::Session,
    }
}

/// The ARN of a policy, or an opaque id that no other policy of a denial has.
fn uri_of(kind: PolicyKind, source: &Source, policy: Option<&Policy>) -> String {
    if let Some(arn) = &source.arn {
        return arn.to_string();
    }
    let digest = Sha256::new()
        .chain_update([kind as u8])
        .chain_update(source.id.as_bytes())
        .chain_update([0])
        .chain_update(policy.map_or("", Policy::text).as_bytes())
        .finalize();
    BASE32_NOPAD.encode(&digest).to_ascii_lowercase().chars().take(OPAQUE_LENGTH).collect()
}

/// The values of a key, to keep.
pub fn kept(values: &Values<'_>) -> KeyValues {
    match values {
        Values::One(value) => KeyValues::One(value.to_string()),
        Values::Many(values) => KeyValues::Many(values.iter().map(|value| value.to_string()).collect()),
    }
}
