//! Who can assume which role of an account: every user and role of it, and everybody whom a trust policy names, is held
//! against every role by the engine.

use std::collections::BTreeSet;

use super::App;
use crate::account::{Account, Entity, name_key};
use crate::call::{Asker, Assumed, Assumption};
use crate::error::Result;
use crate::identity::{Caller, Principal, RequestFacts, Session, SessionPrincipal, Standing};
use crate::organization::Directory;
use crate::shapes::{AccountId, ArnParts, Timestamp};

/// The most pairs of a principal and a role that are decided.
const MAX_PAIRS: usize = 100_000;

/// What somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeKind {
    /// A group, whose members are users.
    Group,
    /// A user of the account.
    User,
    /// A service of AWS.
    Service,
    /// An identity provider.
    Provider,
    /// Another account, or a principal of one.
    Account,
    /// A role of the account.
    Role,
}

/// Somebody in the map.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// Its name, or its ARN if it is not of the account.
    pub name: String,
}

/// A way from one to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Who goes it.
    pub from: Node,
    /// Where it leads.
    pub to: Node,
    /// Why, in words.
    pub why: String,
    /// The conditions that a request must meet.
    pub conditions: Vec<String>,
}

/// Who can assume what.
#[derive(Clone, Debug, Default)]
pub struct Assumptions {
    /// The ways, in the order of their nodes.
    pub edges: Vec<Edge>,
    /// The roles that nobody can assume.
    pub unreachable: Vec<String>,
    /// Whether there were too many pairs of principals and roles to decide them all.
    pub is_partial: bool,
}

impl App {
    /// Decides who can assume the roles of an account. Nothing is logged, counted or kept.
    ///
    /// # Errors
    /// When the account cannot be loaded.
    pub async fn assumptions(&self, id: AccountId, facts: &RequestFacts) -> Result<Assumptions> {
        let account = self.accounts.get(id).await?.durable();
        let organizations = self.accounts.organizations().await?;
        self.gate.compute(id, || find(&account, &organizations, facts)).await
    }
}

fn find(account: &Account, organizations: &Directory, facts: &RequestFacts) -> Result<Assumptions> {
    let roles: Vec<_> = account.roles.iter().map(|role| Assumed::new(role, account.id)).collect();
    let mut found = Assumptions::default();
    for assumed in &roles {
        strangers(assumed, account.id, &mut found.edges);
    }
    let own: Vec<_> = roles.iter().filter(|assumed| names_own(assumed, account.id)).collect();
    let mut left = MAX_PAIRS;
    for caller in callers(account, facts.now) {
        if left < own.len() {
            found.is_partial = true;
            break;
        }
        left -= own.len();
        let standing = Standing::of(&caller, account)?;
        let asker = Asker {
            caller: &caller,
            facts,
            organizations,
            name_policy: false,
            explain: &|| false,
            max_work: None,
            ids: None,
            decisions: None,
        };
        for assumed in &own {
            let to = Node { kind: NodeKind::Role, name: assumed.role().name.clone() };
            let edge = edge(node_of(&caller, account), to, assumed.by_caller(&asker, &standing)?);
            found.edges.extend(edge);
        }
    }
    let reached: BTreeSet<String> = found.edges.iter().map(|edge| edge.to.name.clone()).collect();
    let names = roles.iter().map(|assumed| assumed.role().name.clone());
    found.unreachable = names.filter(|name| !reached.contains(name)).collect();
    members(account, &mut found.edges);
    found.edges.sort_by(|one, other| (&one.from, &one.to).cmp(&(&other.from, &other.to)));
    Ok(found)
}

/// Whether a trust policy may let in principals of its own account: it names the account, one of them, or everybody.
fn names_own(assumed: &Assumed<'_>, own: AccountId) -> bool {
    let digits = own.to_string();
    assumed.named().iter().any(|name| {
        let is_own = ArnParts::parse(name).is_some_and(|arn| arn.account == digits);
        name == "*" || *name == digits || (is_own && !name.contains("-provider/"))
    })
}

/// Every user and role of an account, each as it would call.
fn callers(account: &Account, now: Timestamp) -> impl Iterator<Item = Caller> {
    let users = account.users.iter().map(|user| Caller {
        account: account.id,
        principal: Principal::User { key: user.key(), id: user.id.clone() },
        access_key_id: String::new(),
        session: None,
    });
    let roles = account.roles.iter().map(move |role| {
        let (key, id, name) = (role.key(), role.id.clone(), role.name.clone());
        let principal = SessionPrincipal::Role { key, id, name, session: "session".to_owned() };
        Caller::of_session(Session::new(String::new(), account.id, principal, now))
    });
    users.chain(roles)
}

fn node_of(caller: &Caller, account: &Account) -> Node {
    match &caller.principal {
        Principal::RoleSession { name, .. } => Node { kind: NodeKind::Role, name: name.clone() },
        _ => {
            let user = caller.user(account).ok().flatten();
            Node { kind: NodeKind::User, name: user.map(|user| user.name.clone()).unwrap_or_default() }
        }
    }
}

fn edge(from: Node, to: Node, assumption: Assumption) -> Option<Edge> {
    match assumption {
        Assumption::Allowed(why) => Some(Edge { from, to, why, conditions: Vec::new() }),
        Assumption::Conditional(conditions) => Some(Edge { from, to, why: String::new(), conditions }),
        Assumption::Refused => None,
    }
}

/// Whom a trust policy names that is not a user or role of the account.
fn strangers(assumed: &Assumed<'_>, own: AccountId, edges: &mut Vec<Edge>) {
    let named: BTreeSet<String> = assumed.named().into_iter().collect();
    for name in named {
        let arn = ArnParts::parse(&name);
        let account = arn.as_ref().and_then(|arn| arn.account_id()).or_else(|| AccountId::parse(&name));
        let is_provider =
            name.contains("-provider/") || arn.is_none() && account.is_none() && !name.contains(".amazonaws.");
        let kind = match account {
            _ if name == "*" => NodeKind::Account,
            _ if is_provider => NodeKind::Provider,
            Some(account) if account == own => continue,
            Some(_) => NodeKind::Account,
            None => NodeKind::Service,
        };
        // Everybody: any account there may be.
        let asked = if name == "*" { "999999999999" } else { &name };
        let Some(assumption) = assumed.by_stranger(asked) else { continue };
        let name = if name == "*" { "any account".to_owned() } else { name };
        let to = Node { kind: NodeKind::Role, name: assumed.role().name.clone() };
        let found = edge(Node { kind, name }, to, assumption);
        edges.extend(found.map(|edge| match edge.from.kind {
            // The other account's policies are not known.
            NodeKind::Account if edge.conditions.is_empty() => {
                Edge { why: "the trust policy, as far as the other account allows it".to_owned(), ..edge }
            }
            _ => edge,
        }));
    }
}

/// The groups of the users that can assume something.
fn members(account: &Account, edges: &mut Vec<Edge>) {
    let of_users = edges.iter().filter(|edge| edge.from.kind == NodeKind::User);
    let known: BTreeSet<String> = of_users.map(|edge| edge.from.name.clone()).collect();
    for name in known {
        let keys = account.users.get(&name_key(&name)).map(|user| user.groups.as_slice()).unwrap_or_default();
        for group in keys.iter().filter_map(|key| account.groups.get(key)) {
            let from = Node { kind: NodeKind::Group, name: group.name.clone() };
            let to = Node { kind: NodeKind::User, name: name.clone() };
            edges.push(Edge { from, to, why: String::new(), conditions: Vec::new() });
        }
    }
}
