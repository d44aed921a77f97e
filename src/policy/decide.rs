//! The decision (AWS: "Policy evaluation logic").

use super::principal::Reach;
use super::request::{Layers, Request, ResourceKind};
use super::set::{Match, PolicySet};
use super::statement::{Effect, Statement};
use super::{Principal, organization};

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
    /// The action needs no permission.
    Free,
}

impl Decision<'_> {
    /// Whether the request may go on.
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allow { .. })
    }
}

/// Decides a request.
pub fn decide<'a>(request: &Request<'_>, layers: &Layers<'a>) -> Decision<'a> {
    Procedure { request, layers: &applicable(request, layers) }.decide()
}

/// The layers without those that do not bind this principal or resource.
pub(crate) fn applicable<'a>(request: &Request<'_>, layers: &Layers<'a>) -> Layers<'a> {
    let principal = &request.principal;
    let service_control = layers.service_control.filter(|_| {
        let account = principal.account();
        account.is_some() && !principal.is_service_linked() && !request.is_management(account)
    });
    let resource_control = layers.resource_control.filter(|_| {
        !principal.is_service_linked()
            && !request.is_management(request.resource_account())
            && organization::is_resource_controlled(request.action.service())
    });
    Layers { service_control, resource_control, ..*layers }
}

struct Procedure<'r, 'a> {
    request: &'r Request<'r>,
    layers: &'r Layers<'a>,
}

/// Either a decision, or go on.
type Step<'a> = Result<(), Decision<'a>>;

impl<'a> Procedure<'_, 'a> {
    fn decide(&self) -> Decision<'a> {
        // AWS: "No permissions are required to perform this operation", not even against a Deny.
        if self.request.action.folded() == "sts:getcalleridentity" {
            return Decision::Allow { by: Grant::Free };
        }
        self.denied().and_then(|()| self.guarded()).and_then(|()| self.granted()).unwrap_or_else(|denied| denied)
    }

    /// An explicit deny anywhere ends it.
    fn denied(&self) -> Step<'a> {
        let Layers { identity, boundary, session, endpoint, .. } = *self.layers;
        let levels =
            |levels: Option<&'a [PolicySet]>| levels.into_iter().flatten().find_map(|level| self.denies(level));
        let one = |set: Option<&'a PolicySet>| set.and_then(|set| self.denies(set));
        let found = None
            .or_else(|| Some((levels(self.layers.service_control)?, Layer::ServiceControl)))
            .or_else(|| Some((levels(self.layers.resource_control)?, Layer::ResourceControl)))
            .or_else(|| Some((one(endpoint)?, Layer::Endpoint)))
            .or_else(|| Some((one(self.layers.resource)?, self.resource_layer())))
            .or_else(|| Some((one(identity)?, Layer::Identity)))
            .or_else(|| Some((one(boundary)?, Layer::Boundary)))
            .or_else(|| Some((one(session)?, Layer::Session)));
        found.map_or(Ok(()), |(by, layer)| Err(Decision::ExplicitDeny { by, layer }))
    }

    /// What must allow before anything else counts. `RCPFullAWSAccess` stands at every level, so only a deny of
    /// resource control policies matters.
    fn guarded(&self) -> Step<'a> {
        let levels = self.layers.service_control.unwrap_or_default();
        require(levels.iter().all(|level| self.allows(level).is_some()), Layer::ServiceControl)?;
        let endpoint = self.layers.endpoint;
        require(endpoint.is_none_or(|policy| self.allows(policy).is_some()), Layer::Endpoint)
    }

    fn granted(&self) -> Result<Decision<'a>, Decision<'a>> {
        let resource = self.layers.resource.and_then(|set| self.reached_by(set));
        let layer = self.resource_layer();
        let granted = |by| Decision::Allow { by: Grant::Statement { by, layer } };
        if self.request.principal.account().is_none() {
            return resource.map(|(_, by)| granted(by)).ok_or(Decision::ImplicitDeny { missing: layer });
        }
        if self.layers.resource_kind == ResourceKind::RoleTrust
            && matches!(self.request.principal, Principal::Root { .. })
        {
            return Err(Decision::ImplicitDeny { missing: layer });
        }
        if self.request.is_same_account() {
            match resource {
                Some((Reach::Direct, by)) => return Ok(granted(by)),
                Some((Reach::Limited, by)) => return self.limited().map(|()| granted(by)),
                None if self.layers.resource_kind != ResourceKind::Ordinary => {
                    return Err(Decision::ImplicitDeny { missing: layer });
                }
                Some((Reach::Delegated, _)) | None => {}
            }
        } else {
            require(resource.is_some(), layer)?;
        }
        let by = self.identity()?;
        self.limited()?;
        Ok(Decision::Allow { by })
    }

    fn identity(&self) -> Result<Grant<'a>, Decision<'a>> {
        if self.request.principal.is_root() {
            return Ok(Grant::Root);
        }
        let by = self.layers.identity.and_then(|set| self.allows(set));
        let by = by.ok_or(Decision::ImplicitDeny { missing: Layer::Identity })?;
        Ok(Grant::Statement { by, layer: Layer::Identity })
    }

    /// Boundary and session policies. The session of a federated user has nothing without session policies; that of the
    /// root user is limited by what its task policy denies only.
    fn limited(&self) -> Step<'a> {
        let allowed = |set: Option<&'a PolicySet>| set.is_none_or(|set| self.allows(set).is_some());
        require(allowed(self.layers.boundary), Layer::Boundary)?;
        let session = match self.request.principal {
            Principal::Root { .. } => true,
            Principal::FederatedUser { .. } => self.layers.session.is_some() && allowed(self.layers.session),
            _ => allowed(self.layers.session),
        };
        require(session, Layer::Session)
    }

    fn denies(&self, set: &'a PolicySet) -> Option<Match<'a>> {
        if let Some(source) = set.broken() {
            return Some(Match { source, statement: None });
        }
        let mut denying = set.matching(self.request, Effect::Deny);
        denying
            .find(|(_, statement)| self.reach(statement).is_some())
            .map(|(source, statement)| Match { source, statement: Some(statement) })
    }

    fn allows(&self, set: &'a PolicySet) -> Option<Match<'a>> {
        self.reached_by(set).map(|(_, by)| by)
    }

    /// The Allow of a set that gives the principal most.
    fn reached_by(&self, set: &'a PolicySet) -> Option<(Reach, Match<'a>)> {
        let mut best = None;
        for (source, statement) in set.matching(self.request, Effect::Allow) {
            let Some(reach) = self.reach(statement) else { continue };
            if best.as_ref().is_none_or(|(known, _)| *known < reach) {
                best = Some((reach, Match { source, statement: Some(statement) }));
            }
            if reach == Reach::Direct {
                break;
            }
        }
        best
    }

    fn reach(&self, statement: &Statement) -> Option<Reach> {
        let trust = self.layers.resource_kind == ResourceKind::RoleTrust;
        statement.reach(&self.request.principal, trust, self.layers.boundary.is_some())
    }

    fn resource_layer(&self) -> Layer {
        match self.layers.resource_kind {
            ResourceKind::RoleTrust => Layer::Trust,
            ResourceKind::Ordinary | ResourceKind::KmsKey => Layer::Resource,
        }
    }
}

fn require<'a>(allowed: bool, layer: Layer) -> Step<'a> {
    if allowed { Ok(()) } else { Err(Decision::ImplicitDeny { missing: layer }) }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{Action, Context, Grammar, Policy, Source, SourceKind};
    use super::*;

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
        assert_eq!(
            said(&Layers { identity: Some(&broken), ..Layers::default() }),
            "with an explicit deny in an identity-based policy"
        );
    }
}
