//! An explanation in sentences.

use std::fmt::{self, Display, Write};

use super::{Explanation, Failure, LayerReport, NearMiss, Said, Standing};
use crate::decide::{Decision, Grant, Layer};
use crate::request::Request;
use crate::set::Match;

impl Explanation<'_> {
    /// The decision and its reasons in a few sentences.
    pub fn sentences(&self, request: &Request<'_>) -> String {
        let asked = format!("{} on {}", request.action.as_str(), request.resource());
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = match self.decision {
            Decision::Allow { by } => match self.impossible {
                Some(why) => write!(text, "Denied: no policy can allow {asked}: {why}."),
                None => self.allowed(&mut text, &asked, by),
            },
            Decision::ExplicitDeny { by, layer } => {
                write!(text, "Denied: {by} in {} explicitly denies {asked}.", layer.with_article())
            }
            Decision::ImplicitDeny { .. } => self.implicitly_denied(&mut text, &asked, request),
        };
        text
    }

    /// Why the request is denied, for a line that has action, resource and layer already; empty if it is allowed.
    pub fn brief(&self, request: &Request<'_>) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = match self.decision {
            Decision::Allow { .. } => Ok(()),
            Decision::ExplicitDeny { by, .. } => write!(text, "{by} denies it"),
            Decision::ImplicitDeny { .. } => self.briefly_denied(&mut text, request),
        };
        text
    }

    fn briefly_denied(&self, text: &mut String, request: &Request<'_>) -> fmt::Result {
        text.write_str("no statement allows it")?;
        let others: Vec<_> = self.denied_by.iter().skip(1).map(|layer| layer.noun()).collect();
        if !others.is_empty() {
            write!(text, ", nor in the {}", others.join(" and the "))?;
        }
        let short = text.len();
        self.shortfalls(text, request)?;
        if text.len() > short {
            text.insert(short, '.');
            // The line goes on behind the last sentence.
            text.pop();
        }
        Ok(())
    }

    fn allowed(&self, text: &mut String, asked: &str, by: Grant<'_>) -> fmt::Result {
        match by {
            Grant::Free => write!(text, "Allowed: {asked} needs no permission, and no policy can deny it."),
            Grant::Root => {
                write!(text, "Allowed: the root user needs no permission for {asked}, and nothing denies it.")
            }
            Grant::AccountSetting => {
                write!(text, "Allowed: a setting of the account allows {asked}, and nothing denies it.")
            }
            Grant::Statement { by, layer } => {
                write!(text, "Allowed: {by} in {} allows {asked}, and nothing denies it.", layer.with_article())?;
                let others = self.layers.iter().filter(|report| report.layer != layer);
                let agreeing = others.filter(|report| report.standing == Standing::Required);
                let mut nouns: Vec<_> = agreeing.map(|report| report.layer.noun()).collect();
                nouns.dedup();
                match nouns.as_slice() {
                    [] => Ok(()),
                    nouns => {
                        write!(text, " The {} {} it as well.", nouns.join(" and the "), plural(nouns.len(), "allow"))
                    }
                }
            }
        }
    }

    fn implicitly_denied(&self, text: &mut String, asked: &str, request: &Request<'_>) -> fmt::Result {
        let nouns: Vec<_> = self.denied_by.iter().map(|layer| format!("no {}", layer.noun())).collect();
        write!(text, "Denied: {} allows {asked}.", nouns.join(" and "))?;
        self.shortfalls(text, request)
    }

    /// What each layer lacks that had to allow the request, and the keys that the request lacks: whole sentences.
    fn shortfalls(&self, text: &mut String, request: &Request<'_>) -> fmt::Result {
        for layer in &self.denied_by {
            self.shortfall(text, *layer, request)?;
        }
        match self.missing_keys(|layer| self.denied_by.contains(&layer)).as_slice() {
            [] => Ok(()),
            missing => write!(text, " The request has no value for {}.", missing.join(", ")),
        }
    }

    /// What a layer lacks: no policy at all, or the statement that came closest.
    fn shortfall(&self, text: &mut String, layer: Layer, request: &Request<'_>) -> fmt::Result {
        let mut reports = self.layers.iter().filter(|report| report.layer == layer).peekable();
        if reports.peek().is_none() && matches!(layer, Layer::Resource | Layer::Trust) && !request.is_same_account() {
            write!(text, " The resource belongs to another account, so its own policy must allow it too.")?;
        }
        if reports.peek().is_none() && layer == Layer::Resource && request.action.service() == "kms" {
            write!(
                text,
                " A KMS key's own policy must allow it, or leave it to identity-based policies by allowing it to "
            )?;
            write!(text, "the account's root user.")?;
        }
        let silent = reports.filter(|report| report.said() == Said::Nothing);
        let near = silent.flat_map(|report| &report.near).filter(|near| near.allows());
        if layer == Layer::Trust && request.principal().is_root() {
            return write!(text, " Root users cannot assume roles.");
        }
        match near.min_by_key(|near| near.distance()) {
            Some(near) => write!(text, " {near}"),
            None => Ok(()),
        }
    }
}

impl LayerReport<'_> {
    /// What the layer is called, with its level, counted from 1 for people, and what that is.
    pub fn title(&self) -> String {
        let noun = self.layer.noun();
        match (self.level, self.target) {
            (Some(level), Some(target)) => format!("{noun}, level {} ({target})", level + 1),
            (Some(level), None) => format!("{noun}, level {}", level + 1),
            (None, _) => noun.to_owned(),
        }
    }
}

impl NearMiss<'_> {
    fn allows(&self) -> bool {
        self.statement.effect == crate::Effect::Allow
    }

    /// How far the statement is from matching: one about other actions is farther than any about this one.
    fn distance(&self) -> (bool, usize) {
        let is_action = |failure: &Failure| matches!(failure, Failure::Element { element: "Action" | "NotAction", .. });
        (self.failures.iter().any(is_action), self.failures.len())
    }
}

fn plural(count: usize, verb: &str) -> String {
    if count == 1 { format!("{verb}s") } else { verb.to_owned() }
}

impl Display for Match<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.statement {
            Some(statement) => write!(f, "{statement} of {}", self.source.id),
            None => write!(f, "{}, which cannot be read,", self.source.id),
        }
    }
}

impl Display for NearMiss<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, statement, failures } = self;
        let failures: Vec<_> = failures.iter().map(ToString::to_string).collect();
        write!(f, "{} of {} does not match: {}.", capitalized(&statement.to_string()), source.id, failures.join("; "))
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Element { element, listed, found } if element.starts_with("Not") => {
                write!(f, "{element} lists {}, which covers {found}", listing(listed))
            }
            Self::Element { element, listed, found } => write!(f, "{element} is {}, not {found}", listing(listed)),
            Self::Condition { condition, found } => {
                write!(f, "{} wants {} to be {}", condition.operator, condition.key, listing(&condition.values))?;
                match found {
                    None => f.write_str(", which the request does not have"),
                    Some(found) => write!(f, ", and the request has {}", listing(found)),
                }
            }
        }
    }
}

/// The first values, quoted.
fn listing(values: &[String]) -> String {
    const SHOWN: usize = 3;
    let mut text = values.iter().take(SHOWN).map(|value| format!("{value:?}")).collect::<Vec<_>>().join(" or ");
    if values.is_empty() {
        text.push_str("nothing");
    }
    if let Some(more) = values.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        text.push_str(&format!(" or {more} more"));
    }
    text
}

fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}
