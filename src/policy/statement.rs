//! A compiled statement and how it matches a request.

use super::Position;
use super::action::ActionSet;
use super::condition::Condition;
use super::document::{List, Written, WrittenCondition, WrittenNames, WrittenPrincipal};
use super::pattern::ResourcePattern;
use super::position::Locator;
use super::principal::{Name, Principal, PrincipalElement, PrincipalKind, PrincipalName, Reach};
use super::request::Request;

/// What a statement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Allows what it matches.
    Allow,
    /// Denies what it matches, whatever else allows it.
    Deny,
}

/// A statement of a policy.
#[derive(Clone, Debug)]
pub struct Statement {
    /// Its `Sid`, if it has one that is not empty.
    pub sid: Option<Box<str>>,
    /// Its effect.
    pub effect: Effect,
    /// Where its opening brace stands.
    pub position: Position,
    /// Just behind the character before it (`[`, `,` or `:`): what the policy simulator calls its start.
    pub start: Position,
    /// Just behind its closing brace.
    pub end: Position,
    pub(crate) principal: Option<PrincipalElement>,
    pub(crate) not_action: bool,
    pub(crate) actions: ActionSet,
    pub(crate) resources: Option<Resources>,
    pub(crate) conditions: Box<[Condition]>,
}

/// `Resource` or `NotResource`.
#[derive(Clone, Debug)]
pub(crate) struct Resources {
    pub negated: bool,
    pub patterns: Box<[ResourcePattern]>,
}

/// The first element of a statement that a request does not match.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mismatch<'a> {
    Action,
    Resource,
    Condition(&'a Condition),
}

impl Statement {
    /// Compiles a statement that its grammar has accepted.
    pub(crate) fn new(written: &Written<'_>, text: &str, locator: &mut Locator<'_>, variables: bool) -> Self {
        let before = text.get(..written.start).unwrap_or_default().trim_end().len();
        let (not_action, actions) = either(&written.action, &written.not_action).unzip();
        let actions = actions.into_iter().flat_map(|list| &list.items).map(|item| item.value);
        let resources = either(&written.resource, &written.not_resource);
        let principal = either(&written.principal, &written.not_principal);
        let allows = written.effect.is_some_and(|effect| effect.value == "Allow");
        Self {
            sid: written.sid.map(|sid| sid.value).filter(|sid| !sid.is_empty()).map(Box::from),
            effect: if allows { Effect::Allow } else { Effect::Deny },
            start: locator.locate(before),
            position: locator.locate(written.start),
            end: locator.locate(written.end),
            principal: principal.map(|(negated, principal)| PrincipalElement::new(negated, principal)),
            not_action: not_action.unwrap_or(false),
            actions: ActionSet::new(actions),
            resources: resources.map(|(negated, list)| Resources::new(negated, list, variables)),
            conditions: written.conditions.iter().map(|condition| compile(condition, variables)).collect(),
        }
    }

    /// Matches everything but the principal, cheapest first.
    pub(crate) fn check(&self, request: &Request<'_>) -> Result<(), Mismatch<'_>> {
        if self.actions.contains(request.action) == self.not_action {
            return Err(Mismatch::Action);
        }
        if self.resources.as_ref().is_some_and(|resources| !resources.contain(request)) {
            return Err(Mismatch::Resource);
        }
        match self.conditions.iter().find(|condition| !condition.holds(request.context)) {
            Some(condition) => Err(Mismatch::Condition(condition)),
            None => Ok(()),
        }
    }

    /// How far the statement reaches a principal; one without a principal is about whoever it is attached to.
    pub(crate) fn reach(&self, principal: &Principal<'_>, trust: bool, bounded: bool) -> Option<Reach> {
        match &self.principal {
            Some(element) => element.reach(principal, trust, bounded),
            None => Some(Reach::Direct),
        }
    }
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
        let patterns = list.items.iter().map(|item| ResourcePattern::new(item.value, variables)).collect();
        Self { negated, patterns }
    }

    fn contain(&self, request: &Request<'_>) -> bool {
        let listed = self.patterns.iter().any(|pattern| pattern.matches(&request.resource, request.context));
        listed != self.negated
    }
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
