//! Sets of policies that count as one: those of a principal, of a level of an organization.

use std::sync::Arc;

use super::index::{Index, Place};
use super::request::Request;
use super::statement::{Effect, Statement};
use super::work::Load;
use super::{Invalid, Policy};

/// Where a policy comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Source {
    /// What people call it: a name, an ARN, or the simulator's `PolicyInputList.1`.
    pub id: Arc<str>,
    /// Its kind.
    pub kind: SourceKind,
    /// Its ARN, if it has one; denials name it.
    pub arn: Option<Arc<str>>,
}

/// The kinds of policies, after IAM's `PolicySourceType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SourceKind {
    /// Inline policy of a user.
    User,
    /// Inline policy of a group.
    Group,
    /// Inline policy of a role.
    Role,
    /// Managed by AWS.
    AwsManaged,
    /// Managed by the customer.
    UserManaged,
    /// Policy of a resource.
    Resource,
    /// Policy of an organization, a session or an endpoint, or one given for the request only.
    None,
}

/// Policies that count as one; the order means nothing.
#[derive(Clone, Debug, Default)]
pub struct PolicySet {
    members: Box<[Member]>,
    /// The first policy that cannot be read.
    broken: Option<usize>,
    index: Option<Box<Indexes>>,
    target: Option<Arc<str>>,
    load: Load,
}

#[derive(Clone, Debug)]
struct Indexes {
    allow: Index,
    deny: Index,
}

/// Sets with fewer statements are looked through: that takes no longer, and the set costs nothing to make.
const INDEXED_FROM: usize = 24;

/// A policy of a set. One that could not be read denies everything, for what it would have denied is unknown.
#[derive(Clone, Debug)]
struct Member {
    source: Source,
    policy: Result<Arc<Policy>, Arc<Invalid>>,
}

/// A statement that decided, and the policy it is in.
#[derive(Clone, Copy, Debug)]
pub struct Match<'a> {
    /// Where the policy comes from.
    pub source: &'a Source,
    /// The policy; `None` if it cannot be read, and denies for that reason.
    pub policy: Option<&'a Policy>,
    /// The statement of a policy that can be read.
    pub statement: Option<&'a Statement>,
}

impl PolicySet {
    /// Makes a set of policies as they were parsed, well or not.
    pub fn new(policies: impl IntoIterator<Item = (Source, Result<Arc<Policy>, Arc<Invalid>>)>) -> Self {
        let members: Box<[_]> = policies.into_iter().map(|(source, policy)| Member { source, policy }).collect();
        let broken = members.iter().position(|member| member.policy.is_err());
        let load = members.iter().filter_map(|member| member.policy.as_ref().ok()).map(|policy| policy.load()).sum();
        let mut set = Self { members, broken, index: None, target: None, load };
        if set.places().count() >= INDEXED_FROM {
            let index = |effect| Index::new(set.places().filter(|(_, statement)| statement.effect == effect));
            set.index = Some(Box::new(Indexes { allow: index(Effect::Allow), deny: index(Effect::Deny) }));
        }
        set
    }

    /// What it costs to compare a request with all statements.
    pub(crate) fn load(&self) -> Load {
        self.load
    }

    /// The same set, as that of a root, unit or account of an organization.
    #[must_use]
    pub fn of_target(self, target: Option<&str>) -> Self {
        Self { target: target.map(Into::into), ..self }
    }

    /// The root, unit or account that it is attached to, if that is known.
    pub fn target(&self) -> Option<&str> {
        self.target.as_deref()
    }

    /// The first policy that cannot be read, if there is one.
    pub fn broken(&self) -> Option<&Source> {
        self.members.get(self.broken?).map(|member| &member.source)
    }

    /// The policies that can be read.
    pub fn policies(&self) -> impl Iterator<Item = &Policy> + Clone {
        self.members().filter_map(|(_, policy)| policy.ok())
    }

    /// Whether it allows some action of a service, given by its prefix in lower case, and does not deny them all: for
    /// reports of what is accessible.
    pub fn opens(&self, service: &str) -> bool {
        let mut statements = self.policies().flat_map(Policy::statements);
        let is_closed = |of: &Statement| of.effect == Effect::Deny && of.covers_service(service);
        statements.clone().any(|of| of.effect == Effect::Allow && of.concerns(service)) && !statements.any(is_closed)
    }

    /// The policies, well or not.
    pub fn members(&self) -> impl Iterator<Item = (&Source, Result<&Policy, &Invalid>)> + Clone {
        self.members.iter().map(|member| (&member.source, member.policy.as_deref().map_err(|invalid| &**invalid)))
    }

    /// What the first statement of an effect gives that matches a request, leaving aside whose request it is, and for
    /// which `found` gives something; one may be asked twice.
    pub(crate) fn find<'a, T>(
        &'a self,
        request: &Request<'_>,
        effect: Effect,
        mut found: impl FnMut(Match<'a>, &'a Statement) -> Option<T>,
    ) -> Option<T> {
        let mut matching = |source: &'a Source, policy: &'a Policy, statement: &'a Statement| {
            let matches = statement.effect == effect && statement.matches(request);
            let by = Match { source, policy: Some(policy), statement: Some(statement) };
            if matches { found(by, statement) } else { None }
        };
        let Some(indexes) = &self.index else {
            return self.members.iter().find_map(|member| {
                let policy = member.policy.as_deref().ok()?;
                policy.statements().iter().find_map(|statement| matching(&member.source, policy, statement))
            });
        };
        let index = match effect {
            Effect::Allow => &indexes.allow,
            Effect::Deny => &indexes.deny,
        };
        index.find(request.action, request.resource.text, |place| {
            let member = self.members.get(place.policy as usize)?;
            let policy = member.policy.as_deref().ok()?;
            matching(&member.source, policy, policy.statements().get(place.statement as usize)?)
        })
    }

    fn places(&self) -> impl Iterator<Item = (Place, &Statement)> {
        let policies = (0..).zip(&self.members).filter_map(|(at, member)| Some((at, member.policy.as_ref().ok()?)));
        policies.flat_map(|(policy, member)| {
            (0..).zip(member.statements()).map(move |(at, found)| (Place { policy, statement: at }, found))
        })
    }
}
