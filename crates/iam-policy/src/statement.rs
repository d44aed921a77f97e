//! A compiled statement and how it matches a request.

use std::fmt;
use std::iter::once_with;
use std::sync::Arc;

use super::action::ActionSet;
use super::condition::Condition;
use super::document::position::Locator;
use super::document::{List, Written, WrittenCondition, WrittenNames, WrittenPrincipal};
use super::pattern::ResourcePattern;
use super::principal::{Name, Principal, PrincipalElement, PrincipalKind, PrincipalName, Reach};
use super::request::Request;
use super::work::Load;
use super::{Action, Position};

/// What a statement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
pub enum Effect {
    /// Allows what it matches.
    Allow,
    /// Denies what it matches, whatever else allows it.
    Deny,
}

impl Effect {
    /// What a statement does: "allows", "denies".
    pub fn verb(self) -> &'static str {
        match self {
            Self::Allow => "allows",
            Self::Deny => "denies",
        }
    }
}

/// A statement of a policy.
#[derive(Clone, Debug)]
pub struct Statement {
    /// Its `Sid`, if it has one that is not empty.
    pub sid: Option<Box<str>>,
    /// Its effect.
    pub effect: Effect,
    /// Its place among the document's statements, from 0.
    pub index: usize,
    /// Where its opening brace is.
    pub position: Position,
    /// What the policy simulator calls its start: just behind the array's bracket or the statement before; of a lone
    /// statement, just behind its own brace.
    pub start: Position,
    /// Just behind its closing brace.
    pub end: Position,
    pub(crate) principal: Option<PrincipalElement>,
    pub(crate) not_action: bool,
    pub(crate) actions: ActionSet,
    pub(crate) resources: Option<Resources>,
    pub(crate) conditions: Box<[Condition]>,
    /// Under what the index keeps it.
    pub(crate) index_keys: Box<[u64]>,
    /// The text that every resource it matches begins with.
    pub(crate) resource_prefix: Arc<str>,
}

/// `Resource` or `NotResource`.
#[derive(Clone, Debug)]
pub(crate) struct Resources {
    pub negated: bool,
    pub patterns: Box<[ResourcePattern]>,
    /// What it costs to compare a resource.
    pub load: Load,
}

/// An element of a statement that a request does not match.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mismatch<'a> {
    Action,
    Resource,
    Condition {
        /// Its place among the statement's conditions.
        index: usize,
        condition: &'a Condition,
    },
}

impl Statement {
    /// Compiles a statement that its grammar has accepted.
    pub(crate) fn new(index: usize, written: &Written<'_>, locator: &mut Locator<'_>, variables: bool) -> Self {
        let (not_action, actions) = either(&written.action, &written.not_action).unzip();
        let actions = actions.into_iter().flat_map(|list| &list.items).map(|item| item.value);
        let resources = either(&written.resource, &written.not_resource);
        let principal = either(&written.principal, &written.not_principal);
        let allows = written.effect.is_some_and(|effect| effect.value == "Allow");
        let [start, position] = places(written, locator);
        let actions = ActionSet::new(actions);
        let not_action = not_action.unwrap_or(false);
        let resources = resources.map(|(negated, list)| Resources::new(negated, list, variables));
        Self {
            sid: written.sid.map(|sid| sid.value).filter(|sid| !sid.is_empty()).map(Box::from),
            effect: if allows { Effect::Allow } else { Effect::Deny },
            index,
            start,
            position,
            end: locator.locate(written.end),
            principal: principal.map(|(negated, principal)| PrincipalElement::new(negated, principal)),
            index_keys: actions.index_keys(not_action),
            resource_prefix: resources.as_ref().map(Resources::prefix).unwrap_or_default().into(),
            not_action,
            actions,
            resources,
            conditions: written.conditions.iter().map(|condition| compile(condition, variables)).collect(),
        }
    }

    /// Its `Sid`, else a name by its place: `Statement1` is the first.
    pub fn title(&self) -> String {
        self.sid.as_deref().map_or_else(|| format!("Statement{}", self.index + 1), str::to_owned)
    }

    /// What it costs to compare a request.
    pub(crate) fn load(&self) -> Load {
        let conditions = self.conditions.iter().map(|condition| condition.load);
        conditions.chain([self.actions.load]).chain(self.resources.as_ref().map(|resources| resources.load)).sum()
    }

    /// Whether it covers some action of a service, given by its prefix in lower case: for reports of what grants
    /// access. `NotAction` does unless it leaves out the whole service.
    pub fn concerns(&self, service: &str) -> bool {
        if self.not_action { !self.actions.covers(service) } else { self.actions.concerns(service) }
    }

    /// Whether it covers, whatever the request, all that can be done in a service.
    pub fn covers_service(&self, service: &str) -> bool {
        let all = if self.not_action { !self.actions.concerns(service) } else { self.actions.covers(service) };
        all && self.is_unconditional()
    }

    /// Whether it holds on everything, whatever the request.
    pub fn is_unconditional(&self) -> bool {
        let everywhere = |resources: &Resources| {
            !resources.negated
                && resources.patterns.iter().any(|pattern| matches!(pattern, ResourcePattern::Everything))
        };
        self.conditions.is_empty() && self.resources.as_ref().is_none_or(everywhere)
    }

    /// Whether it can be about a resource whose ARN has this namespace.
    pub fn can_be_on(&self, namespace: &str) -> bool {
        let can_be = |resources: &Resources| {
            let mut patterns = resources.patterns.iter();
            match resources.negated {
                true => !patterns.any(|pattern| matches!(pattern, ResourcePattern::Everything)),
                false => patterns.any(|pattern| pattern.can_be_in(namespace)),
            }
        };
        self.resources.as_ref().is_none_or(can_be)
    }

    /// Whether it is about this action.
    pub fn covers(&self, action: &Action) -> bool {
        self.actions.contains(action) != self.not_action
    }

    /// Whether it matches the request, leaving aside whose request it is.
    pub(crate) fn matches(&self, request: &Request<'_>) -> bool {
        self.covers(request.action)
            && self.is_about_resource(request)
            && self.conditions.iter().all(|condition| condition.holds(request.context))
    }

    /// What does not match, found one by one, cheapest first.
    pub(crate) fn mismatches(&self, request: &Request<'_>) -> impl Iterator<Item = Mismatch<'_>> {
        let action = || (!self.covers(request.action)).then_some(Mismatch::Action);
        let resource = || (!self.is_about_resource(request)).then_some(Mismatch::Resource);
        let conditions = (0..).zip(&self.conditions).filter(|(_, condition)| !condition.holds(request.context));
        let conditions = conditions.map(|(index, condition)| Mismatch::Condition { index, condition });
        once_with(action).chain(once_with(resource)).flatten().chain(conditions)
    }

    /// The keys its resources name as variables.
    pub(crate) fn resource_keys(&self) -> impl Iterator<Item = &str> {
        let patterns = self.resources.iter().flat_map(|resources| &resources.patterns);
        patterns.flat_map(ResourcePattern::variables).map(|variable| &*variable.key)
    }

    /// All context keys it asks for, in conditions and variables, as written.
    pub fn context_keys(&self) -> impl Iterator<Item = &str> {
        let conditions = self.conditions.iter();
        let of_conditions = conditions.flat_map(|condition| {
            std::iter::once(&*condition.key).chain(condition.variables().map(|variable| &*variable.key))
        });
        self.resource_keys().chain(of_conditions)
    }

    /// Whether it is about the resource of a request, whatever is to be done with it.
    pub(crate) fn is_about_resource(&self, request: &Request<'_>) -> bool {
        self.resources.as_ref().is_none_or(|resources| resources.contain(request))
    }

    /// How far the statement reaches a principal; one without a principal is about the principals that it is attached
    /// to.
    pub(crate) fn reach(&self, principal: &Principal<'_>, trust: bool, bounded: bool) -> Option<Reach> {
        match (&self.principal, self.effect) {
            (Some(element), Effect::Allow) => element.reach_to_allow(principal, trust),
            (Some(element), Effect::Deny) => element.reach_to_deny(principal, bounded),
            (None, _) => Some(Reach::Direct),
        }
    }
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.sid {
            Some(sid) => write!(f, "statement {sid} (line {})", self.position.line),
            None => write!(f, "statement {} (line {})", self.index + 1, self.position.line),
        }
    }
}

/// Where the simulator counts the statement from, and its opening brace: the locator wants them in their order.
fn places(written: &Written<'_>, locator: &mut Locator<'_>) -> [Position; 2] {
    if written.behind <= written.start {
        return [written.behind, written.start].map(|offset| locator.locate(offset));
    }
    let [position, start] = [written.start, written.behind].map(|offset| locator.locate(offset));
    [start, position]
}

/// An element or its negation, whichever is written.
fn either<'w, T>(plain: &'w Option<T>, negated: &'w Option<T>) -> Option<(bool, &'w T)> {
    let negated = || negated.as_ref().map(|element| (true, element));
    plain.as_ref().map(|element| (false, element)).or_else(negated)
}

fn compile(written: &WrittenCondition<'_>, variables: bool) -> Condition {
    let values: Vec<_> = written.values.iter().map(|value| value.value).collect();
    Condition::new(written.operator, written.key.value, &values, variables)
}

impl Resources {
    fn new(negated: bool, list: &List<'_>, variables: bool) -> Self {
        let patterns: Box<[_]> = list.items.iter().map(|item| ResourcePattern::new(item.value, variables)).collect();
        Self { negated, load: patterns.iter().map(ResourcePattern::load).sum(), patterns }
    }

    /// The text that every resource begins with that they contain.
    fn prefix(&self) -> String {
        if self.negated {
            return String::new();
        }
        let mut prefixes = self.patterns.iter().map(ResourcePattern::literal_prefix);
        let first = prefixes.next().unwrap_or_default();
        prefixes.fold(first, |common, prefix| common_prefix(&common, &prefix).to_owned())
    }

    fn contain(&self, request: &Request<'_>) -> bool {
        let listed = self.patterns.iter().any(|pattern| pattern.matches(&request.resource, request.context));
        listed != self.negated
    }
}

fn common_prefix<'t>(a: &'t str, b: &str) -> &'t str {
    let same = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    a.get(..same).unwrap_or_default()
}

impl PrincipalElement {
    fn new(negated: bool, written: &WrittenPrincipal<'_>) -> Self {
        let name = |kind, text: &super::document::Text<'_>| PrincipalName {
            kind,
            written: text.value.into(),
            span: text.at..text.end,
            name: Name::new(kind, text.value),
        };
        let names = match &written.names {
            WrittenNames::Bare(text) => vec![name(PrincipalKind::Aws, text)],
            WrittenNames::Kinds(kinds) => {
                let known = kinds.iter().filter_map(|(kind, list)| Some((PrincipalKind::parse(kind.value)?, list)));
                known.flat_map(|(kind, list)| list.items.iter().map(move |item| name(kind, item))).collect()
            }
        };
        Self { negated, names: names.into() }
    }
}
