//! The decision (AWS: "Policy evaluation logic").

mod authorization_message;
mod denial;
pub mod organization;

pub use authorization_message::authorization_message;

use std::cell::OnceCell;

use crate::Principal;
use crate::principal::Reach;
use crate::request::{Layers, Request, ResourceKind};
use crate::set::{Match, PolicySet};
use crate::statement::{Effect, Statement};

/// A layer of policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Layer {
    /// Service control policies.
    ServiceControl,
    /// Resource control policies.
    ResourceControl,
    /// A VPC endpoint's policy.
    Endpoint,
    /// A resource's policy.
    Resource,
    /// A role's trust policy.
    Trust,
    /// Identity-based policies.
    Identity,
    /// A permissions boundary.
    Boundary,
    /// Session policies.
    Session,
    /// The policies of `GetScopedCredentials`, each of which narrows all that the session could do before.
    Scoped,
    /// The policy of a delegation request, by which another account acts in the principal's name.
    Delegation,
}

impl Layer {
    /// Whether there are policies of this layer, be it none.
    pub(crate) fn is_given(self, layers: &Layers<'_>) -> bool {
        let trust = layers.resource_kind == ResourceKind::RoleTrust;
        match self {
            Self::ServiceControl => layers.service_control.is_some(),
            Self::ResourceControl => layers.resource_control.is_some(),
            Self::Endpoint => layers.endpoint.is_some(),
            Self::Resource => layers.resource.is_some() && !trust,
            Self::Trust => layers.resource.is_some() && trust,
            Self::Identity => layers.identity.is_some(),
            Self::Boundary => layers.boundary.is_some(),
            Self::Session => layers.session.is_some(),
            Self::Scoped => layers.scoped.is_some(),
            Self::Delegation => layers.delegation.is_some(),
        }
    }
}

/// What was decided, and by what.
#[derive(Clone, Copy, Debug)]
pub enum Decision<'a> {
    /// Allowed.
    Allow {
        /// By what.
        by: Grant<'a>,
    },
    /// A statement denies it.
    ExplicitDeny {
        /// The statement.
        by: Match<'a>,
        /// Its layer.
        layer: Layer,
    },
    /// Nothing denies it, but a layer that must allow it does not.
    ImplicitDeny {
        /// The first such layer.
        missing: Layer,
    },
}

/// Why a request is allowed.
#[derive(Clone, Copy, Debug)]
pub enum Grant<'a> {
    /// A statement allows it.
    Statement {
        /// The statement.
        by: Match<'a>,
        /// Its layer: the principal's side or the resource's.
        layer: Layer,
    },
    /// The root user needs no permission.
    Root,
    /// A setting of the principal's account allows it.
    AccountSetting,
    /// The action needs no permission.
    Free,
}

impl Decision<'_> {
    /// Whether the request may go on.
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allow { .. })
    }
}

/// All layers, in the order in which an explicit deny is looked for.
pub(crate) const LAYERS: [Layer; 10] = [
    Layer::ServiceControl,
    Layer::ResourceControl,
    Layer::Endpoint,
    Layer::Resource,
    Layer::Trust,
    Layer::Identity,
    Layer::Boundary,
    Layer::Session,
    Layer::Scoped,
    Layer::Delegation,
];

/// Decides a request.
pub fn decide<'a>(request: &Request<'_>, layers: &Layers<'a>) -> Decision<'a> {
    Procedure::new(request, layers).decide()
}

/// The layers without those that do not bind this principal or resource.
fn applicable<'a>(request: &Request<'_>, layers: &Layers<'a>) -> Layers<'a> {
    let principal = &request.principal;
    let service_control = layers.service_control.filter(|_| {
        let account = principal.account();
        account.is_some() && !principal.is_service_linked() && !request.is_management(account)
    });
    let resource_control = layers.resource_control.filter(|_| {
        !principal.is_service_linked()
            && !request.is_management(request.resource_account())
            && organization::is_resource_controlled(request.action)
    });
    Layers { service_control, resource_control, ..*layers }
}

/// One request before its applicable layers.
pub(crate) struct Procedure<'r, 'a> {
    pub request: &'r Request<'r>,
    pub layers: Layers<'a>,
    /// What the identity-based policies allow, looked up once: it is asked for twice.
    identity: OnceCell<Option<(Reach, Match<'a>)>>,
}

impl<'r, 'a> Procedure<'r, 'a> {
    pub(crate) fn new(request: &'r Request<'r>, layers: &Layers<'a>) -> Self {
        Self { request, layers: applicable(request, layers), identity: OnceCell::new() }
    }

    fn decide(&self) -> Decision<'a> {
        if self.is_free() {
            return Decision::Allow { by: Grant::Free };
        }
        if let Some((layer, by)) = LAYERS.iter().find_map(|layer| Some((*layer, self.denies(*layer)?))) {
            return Decision::ExplicitDeny { by, layer };
        }
        let resource = self.reached(self.resource_layer(), self.layers.resource);
        let reach = resource.map(|(reach, _)| reach);
        if let Some(missing) = self.required(reach).find(|layer| !self.is_satisfied(*layer, reach)) {
            return Decision::ImplicitDeny { missing };
        }
        Decision::Allow { by: self.grant(resource) }
    }

    /// AWS: "No permissions are required to perform this operation", not even against a Deny.
    pub(crate) fn is_free(&self) -> bool {
        self.request.action.folded() == "sts:getcalleridentity"
    }

    /// The layers that must allow the request, given how far the resource's policy reaches the principal.
    pub(crate) fn required(&self, reach: Option<Reach>) -> impl Iterator<Item = Layer> {
        const OWN_SIDE: &[Layer] = &[Layer::Identity, Layer::Boundary, Layer::Session];
        const LIMITS: &[Layer] = &[Layer::Boundary, Layer::Session];
        let stranger = self.request.principal.account().is_none();
        let same_account = self.request.is_same_account();
        let ordinary = self.layers.resource_kind == ResourceKind::Ordinary;
        let (resource, own): (bool, &[Layer]) = match reach {
            _ if stranger => (true, &[]),
            _ if !same_account => (true, OWN_SIDE),
            Some(Reach::Direct) => (!ordinary, &[]),
            Some(Reach::Limited) => (!ordinary, LIMITS),
            None if !ordinary => (true, &[]),
            Some(Reach::Delegated) | None => (!ordinary, OWN_SIDE),
        };
        let guards = [Layer::ServiceControl, Layer::Endpoint];
        let own_side = own.iter().copied().chain([Layer::Scoped, Layer::Delegation]);
        guards.into_iter().chain(resource.then_some(self.resource_layer())).chain(own_side)
    }

    /// Whether a layer allows the request, or has no say in it.
    pub(crate) fn is_satisfied(&self, layer: Layer, reach: Option<Reach>) -> bool {
        let allows = |set: Option<&'a PolicySet>| self.reached(layer, set).is_some();
        let principal = &self.request.principal;
        match layer {
            Layer::ServiceControl => self
                .layers
                .service_control
                .is_none_or(|levels| !levels.is_empty() && levels.iter().all(|level| allows(Some(level)))),
            // `RCPFullAWSAccess` is at every level and cannot be detached.
            Layer::ResourceControl => true,
            Layer::Endpoint => self.layers.endpoint.is_none() || allows(self.layers.endpoint),
            Layer::Resource => reach.is_some(),
            // AWS: "Roles may not be assumed by root accounts."
            Layer::Trust => reach.is_some() && !matches!(principal, Principal::Root { .. }),
            Layer::Identity => principal.is_root() || self.layers.account_setting || self.identity().is_some(),
            Layer::Boundary => self.layers.boundary.is_none() || allows(self.layers.boundary),
            // For every principal, and whatever a resource's policy says: only what all of them allow.
            Layer::Scoped => self.layers.scoped.is_none_or(|sets| sets.iter().all(|set| allows(Some(set)))),
            // For every principal, and whatever a resource's policy says: only what was delegated.
            Layer::Delegation => self.layers.delegation.is_none() || allows(self.layers.delegation),
            Layer::Session => match principal {
                // The task policies of AssumeRoot only deny.
                Principal::Root { .. } => true,
                // AWS: without session policies "the resulting federated user session has no permissions".
                Principal::FederatedUser { .. } => allows(self.layers.session),
                _ => self.layers.session.is_none() || allows(self.layers.session),
            },
        }
    }

    /// What allows a request that nothing forbids.
    fn grant(&self, resource: Option<(Reach, Match<'a>)>) -> Grant<'a> {
        let own_side = self.request.principal.account().is_some();
        match resource {
            Some((Reach::Direct | Reach::Limited, by)) if !own_side || self.request.is_same_account() => {
                Grant::Statement { by, layer: self.resource_layer() }
            }
            _ => match self.identity() {
                Some((_, by)) => Grant::Statement { by, layer: Layer::Identity },
                None if self.layers.account_setting => Grant::AccountSetting,
                None => Grant::Root,
            },
        }
    }

    /// The sets of a layer: one, or one per level of an organization, or one per scoped policy.
    pub(crate) fn sets(&self, layer: Layer) -> &'a [PolicySet] {
        let one = |set: Option<&'a PolicySet>| set.map(std::slice::from_ref);
        let sets = match layer {
            Layer::ServiceControl => self.layers.service_control,
            Layer::ResourceControl => self.layers.resource_control,
            Layer::Endpoint => one(self.layers.endpoint),
            Layer::Resource | Layer::Trust if layer == self.resource_layer() => one(self.layers.resource),
            Layer::Resource | Layer::Trust => None,
            Layer::Identity => one(self.layers.identity),
            Layer::Boundary => one(self.layers.boundary),
            Layer::Session => one(self.layers.session),
            Layer::Scoped => self.layers.scoped,
            Layer::Delegation => one(self.layers.delegation),
        };
        sets.unwrap_or_default()
    }

    /// What denies the request in a layer.
    pub(crate) fn denies(&self, layer: Layer) -> Option<Match<'a>> {
        self.sets(layer).iter().find_map(|set| {
            if let Some(source) = set.broken() {
                return Some(Match { source, policy: None, statement: None });
            }
            set.find(self.request, Effect::Deny, |by, statement| self.reach(layer, statement).map(|_| by))
        })
    }

    /// The Allow of a set that gives the principal most.
    pub(crate) fn reached(&self, layer: Layer, set: Option<&'a PolicySet>) -> Option<(Reach, Match<'a>)> {
        let mut best = None;
        let direct = set?.find(self.request, Effect::Allow, |by, statement| {
            let reach = self.reach(layer, statement)?;
            if best.is_none_or(|(known, _)| known < reach) {
                best = Some((reach, by));
            }
            (reach == Reach::Direct).then_some((reach, by))
        });
        direct.or(best)
    }

    fn identity(&self) -> Option<(Reach, Match<'a>)> {
        *self.identity.get_or_init(|| self.reached(Layer::Identity, self.layers.identity))
    }

    /// How far a statement of a layer reaches the principal.
    pub(crate) fn reach(&self, layer: Layer, statement: &Statement) -> Option<Reach> {
        statement.reach(&self.request.principal, layer == Layer::Trust, self.layers.boundary.is_some())
    }

    pub(crate) fn resource_layer(&self) -> Layer {
        match self.layers.resource_kind {
            ResourceKind::RoleTrust => Layer::Trust,
            ResourceKind::Ordinary | ResourceKind::KmsKey => Layer::Resource,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{Action, Context, Grammar, Policy, Source, SourceKind};

    fn set(grammar: Grammar, texts: &[&str]) -> PolicySet {
        let source = |id: &str| Source { id: id.into(), kind: SourceKind::None, arn: None };
        let parse = |text: &&str| (source("p"), Policy::parse(text, grammar).map(Arc::new).map_err(Arc::new));
        PolicySet::new(texts.iter().map(parse))
    }

    const USER: Principal<'_> =
        Principal::User { arn: "arn:aws:iam::111122223333:user/ann", id: "AIDAANN", account: "111122223333" };

    fn said(layers: &Layers<'_>) -> String {
        let action = Action::parse("s3:GetObject").unwrap();
        let context = Context::new();
        let request = Request::new(USER, &action, "arn:aws:s3:::b/k", &context);
        decide(&request, layers).reason(&action, true).unwrap_or_else(|| "allowed".to_owned())
    }

    #[test]
    fn an_account_setting_grants_the_identity_layer_alone() {
        let deny = set(Grammar::Identity, &[r#"{"Statement":{"Effect":"Deny","Action":"s3:*","Resource":"*"}}"#]);
        let none = PolicySet::default();
        let setting = Layers { account_setting: true, ..Layers::default() };
        assert_eq!(said(&setting), "allowed");
        assert_eq!(
            said(&Layers { identity: Some(&deny), ..setting }),
            "with an explicit deny in an identity-based policy"
        );
        let limits = [
            Layers { delegation: Some(&none), ..setting },
            Layers { session: Some(&none), ..setting },
            Layers { boundary: Some(&none), ..setting },
            Layers { service_control: Some(&[]), ..setting },
            Layers { endpoint: Some(&none), ..setting },
        ];
        for limited in limits {
            assert!(said(&limited).starts_with("because no "), "{limited:?}");
        }
    }

    #[test]
    fn denials_have_awss_words() {
        let allow = set(Grammar::Identity, &[r#"{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#]);
        let deny = set(Grammar::Identity, &[r#"{"Statement":{"Effect":"Deny","Action":"s3:*","Resource":"*"}}"#]);
        let broken = set(Grammar::Identity, &["{}"]);
        let none = PolicySet::default();
        let identity = Some(&allow);
        assert_eq!(said(&Layers::default()), "because no identity-based policy allows the s3:GetObject action");
        assert_eq!(said(&Layers { identity, ..Layers::default() }), "allowed");
        assert_eq!(
            said(&Layers { identity, boundary: Some(&none), ..Layers::default() }),
            "because no permissions boundary allows the s3:GetObject action"
        );
        assert_eq!(
            said(&Layers { identity, session: Some(&deny), ..Layers::default() }),
            "with an explicit deny in a session policy"
        );
        let scoped = |sets: &[&PolicySet]| {
            let sets: Vec<PolicySet> = sets.iter().map(|set| (*set).clone()).collect();
            said(&Layers { identity, scoped: Some(&sets), ..Layers::default() })
        };
        assert_eq!(scoped(&[]), "allowed");
        assert_eq!(scoped(&[&allow, &allow]), "allowed");
        let missing = "because no session policy allows the s3:GetObject action";
        assert_eq!(scoped(&[&allow, &none]), missing);
        assert_eq!(scoped(&[&deny, &allow]), "with an explicit deny in a session policy");
        assert_eq!(
            said(&Layers { identity: Some(&broken), ..Layers::default() }),
            "with an explicit deny in an identity-based policy"
        );
    }
}
