//! Sets of policies that count as one: those of a principal, of a level of an organization.

use std::sync::Arc;

use super::request::Request;
use super::statement::{Effect, Statement};
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
}

/// A policy of a set. One that could not be read denies everything, for nobody knows what it would have denied.
#[derive(Clone, Debug)]
struct Member {
    source: Source,
    policy: Result<Arc<Policy>, Arc<Invalid>>,
}

/// A statement that decided, and the policy it stands in.
#[derive(Clone, Copy, Debug)]
pub struct Match<'a> {
    /// Where the policy comes from.
    pub source: &'a Source,
    /// The statement; `None` if the policy cannot be read, and denies for that reason.
    pub statement: Option<&'a Statement>,
}

impl PolicySet {
    /// Makes a set of policies as they were parsed, well or not.
    pub fn new(policies: impl IntoIterator<Item = (Source, Result<Arc<Policy>, Arc<Invalid>>)>) -> Self {
        Self { members: policies.into_iter().map(|(source, policy)| Member { source, policy }).collect() }
    }

    /// A policy that cannot be read.
    pub(crate) fn broken(&self) -> Option<&Source> {
        self.members.iter().find(|member| member.policy.is_err()).map(|member| &member.source)
    }

    /// The statements of an effect that match a request, leaving aside whose request it is.
    pub(crate) fn matching<'a>(
        &'a self,
        request: &Request<'_>,
        effect: Effect,
    ) -> impl Iterator<Item = (&'a Source, &'a Statement)> {
        self.statements(effect).filter(|(_, statement)| statement.check(request).is_ok())
    }

    /// All statements of an effect.
    pub(crate) fn statements(&self, effect: Effect) -> impl Iterator<Item = (&Source, &Statement)> {
        let policies = self.members.iter().filter_map(|member| Some((&member.source, member.policy.as_ref().ok()?)));
        policies
            .flat_map(|(source, policy)| policy.statements().iter().map(move |statement| (source, statement)))
            .filter(move |(_, statement)| statement.effect == effect)
    }
}
