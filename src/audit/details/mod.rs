//! The details of a denial: what was asked, what each policy said of it, and the policies as they were (IAM User Guide,
//! "Troubleshoot access denied errors with Access Troubleshooter").

mod id;
mod mend;
mod text;

pub use id::{AuthorizationId, InvalidId};
pub use mend::Mend;

use serde::{Deserialize, Serialize};
use termtree::Tree;

use crate::shapes::{AccountId, Timestamp};

/// All that is kept of a denial.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// The id under which it is found.
    pub id: AuthorizationId,
    /// When the call came, by the server's clock.
    pub time: Timestamp,
    /// The id in the answer.
    pub request_id: String,
    /// The ARN of the caller.
    pub principal: String,
    /// The caller's account.
    pub account: AccountId,
    /// The account of what the call is about.
    pub owner: AccountId,
    /// Whether the caller's account was in the organization.
    pub in_organization: bool,
    /// Whether the other account was.
    pub owner_in_organization: bool,
    /// The condition keys that all evaluations have.
    pub context: Vec<(String, KeyValues)>,
    /// What was asked, pair by pair.
    pub evaluations: Vec<Evaluation>,
    /// Every policy that was looked at.
    pub policies: Vec<KeptPolicy>,
}

/// The values of a condition key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyValues {
    /// Of a key with a single value.
    One(String),
    /// Of a key with several.
    Many(Vec<String>),
}

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    /// It is allowed.
    Allow,
    /// A statement denies it.
    ExplicitDeny,
    /// A policy had to allow it and does not.
    ImplicitDeny,
    /// Nothing matched, and nothing had to.
    NoImpact,
}

/// One action on one resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evaluation {
    /// The action.
    pub action: String,
    /// The resource: an ARN, or `*`.
    pub resource: String,
    /// The condition keys that only this evaluation has.
    pub context: Vec<(String, KeyValues)>,
    /// The decision.
    pub effect: Effect,
    /// What the kinds of policies say, in AWS's order.
    pub checks: Vec<KindCheck>,
    /// The kinds of policies that have to allow it and do not, in AWS's nouns.
    pub wanting: Vec<String>,
    /// The explanation as a tree, for people.
    pub tree: Node,
}

/// What one kind of policies says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindCheck {
    /// The kind.
    pub kind: CheckKind,
    /// What the check comes to.
    pub effect: Effect,
    /// The root, unit or account that the policies are attached to, of an organization's.
    pub target: Option<String>,
    /// The policies that have statements that match.
    pub matched: Vec<MatchedPolicy>,
}

/// The kinds of checks, in AWS's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum CheckKind {
    /// Resource control policies.
    ResourceControl,
    /// Service control policies.
    ServiceControl,
    /// The policy of a VPC endpoint.
    Endpoint,
    /// The policy of a resource whose owner must allow separately.
    Resource,
    /// The policies of the principal.
    Principal,
    /// Its permissions boundary.
    Boundary,
    /// The policies of its session.
    Session,
}

/// A policy that matched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchedPolicy {
    /// Its place among the policies.
    pub policy: usize,
    /// The `Sid` of each statement that matched, and whether it allows. A statement without one is named by its place.
    pub statements: Vec<(String, bool)>,
}

/// The types of policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub enum PolicyKind {
    Identity,
    Boundary,
    Session,
    Resource,
    ServiceControl,
    ResourceControl,
    Endpoint,
}

/// A policy as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptPolicy {
    /// Its type.
    pub kind: PolicyKind,
    /// Its ARN if it has one, an opaque id else.
    pub uri: String,
    /// Whether it is part of what it is attached to.
    pub inline: bool,
    /// The ARNs of what it is attached to.
    pub attached_to: Vec<String>,
    /// The document; empty if it could not be read, and denies for that reason.
    pub document: String,
}

impl PolicyKind {
    /// Whether it belongs to the side of the resource, and not to that of the principal.
    pub fn is_of_resource(self) -> bool {
        matches!(self, Self::Resource | Self::ResourceControl)
    }
}

/// A line of an explanation, with what hangs below it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// The line, fit for a terminal.
    pub text: String,
    /// What is below.
    pub nodes: Vec<Node>,
}

impl Node {
    /// A line with nothing below it yet.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), nodes: Vec::new() }
    }

    /// Hangs a line below this one.
    pub fn push(&mut self, node: Self) {
        self.nodes.push(node);
    }

    /// The tree to print.
    pub fn tree(&self) -> Tree<&str> {
        Tree::new(self.text.as_str()).with_leaves(self.nodes.iter().map(Self::tree))
    }
}

impl Details {
    /// About how many bytes it takes.
    pub fn size(&self) -> usize {
        let keys =
            |keys: &[(String, KeyValues)]| keys.iter().map(|(key, values)| key.len() + values.size()).sum::<usize>();
        let evaluations = self.evaluations.iter().map(|one| keys(&one.context) + one.tree.size() + 256);
        let policies = self.policies.iter().map(|policy| policy.document.len() + policy.uri.len() + 256);
        keys(&self.context) + evaluations.sum::<usize>() + policies.sum::<usize>() + 512
    }
}

impl KeyValues {
    fn size(&self) -> usize {
        match self {
            Self::One(value) => value.len(),
            Self::Many(values) => values.iter().map(String::len).sum(),
        }
    }
}

impl Node {
    fn size(&self) -> usize {
        self.text.len() + self.nodes.iter().map(Self::size).sum::<usize>() + 32
    }
}
