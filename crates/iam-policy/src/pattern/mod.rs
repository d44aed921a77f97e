//! Glob patterns with policy variables, matched in time linear in the text.
//!
//! A pattern falls apart at its `*`s. The first piece is anchored at the start, the last at the end, and each between
//! is sought once, from left to right, with a linear search: the leftmost place is always good enough. What that does
//! not cover (a `?` amid the text between two `*`) runs on the bit-parallel [`automaton`], which is compiled with the
//! pattern unless that has variables. Nothing backtracks.

mod arn;
mod automaton;
mod variable;

pub(crate) use arn::{Arn, ArnPattern, ResourcePattern};
pub(crate) use variable::{Placeholder, Variable};

use automaton::{Atom, Automaton};
use memchr::memmem;

use super::Context;
use super::work::{Load, size};

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    pieces: Box<[Piece]>,
    shape: Shape,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(Box<str>),
    Variable(Variable),
    /// `?`: one character.
    AnyOne,
    /// `*`: any run of characters.
    AnyRun,
}

/// The cheapest way that is right for a pattern.
#[derive(Clone, Debug)]
enum Shape {
    /// Nothing but `*`.
    Everything,
    /// No `*`.
    Anchored,
    /// Behind its first `*` each piece is alone between two others.
    Runs,
    /// None of these; compiled if there are no variables.
    Automaton(Option<Box<Automaton>>),
}

/// What is special in a pattern's text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Syntax {
    pub wildcards: bool,
    pub variables: bool,
}

impl Pattern {
    /// Compiles a text.
    pub(crate) fn new(text: &str, syntax: Syntax) -> Self {
        let pieces = pieces(text, syntax);
        let shape = shape(&pieces);
        Self { pieces: pieces.into(), shape }
    }

    /// Whether it matches every text.
    pub(crate) fn is_everything(&self) -> bool {
        matches!(self.shape, Shape::Everything)
    }

    /// The text that every match starts with.
    pub(crate) fn literal_prefix(&self) -> &str {
        match self.pieces.first() {
            Some(Piece::Text(text)) => text,
            _ => "",
        }
    }

    /// The text that every match starts with, and the pattern of what follows it.
    fn split_literal(self) -> (Box<str>, Self) {
        let mut pieces = Vec::from(self.pieces);
        let literal = match pieces.first_mut() {
            Some(Piece::Text(text)) => std::mem::take(text),
            _ => return (Box::default(), Self { pieces: pieces.into(), shape: self.shape }),
        };
        pieces.remove(0);
        (literal, Self { shape: shape(&pieces), pieces: pieces.into() })
    }

    /// The pattern as plain text, if that is all it is.
    pub(crate) fn as_literal(&self) -> Option<&str> {
        match &*self.pieces {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The variables it names.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &Variable> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Variable(variable) => Some(variable),
            _ => None,
        })
    }

    /// What a comparison costs.
    pub(crate) fn load(&self) -> Load {
        let variables = size(self.variables().count());
        let literal: usize =
            self.pieces.iter().map(|piece| if let Piece::Text(text) = piece { text.len() } else { 1 }).sum();
        let pieces = size(self.pieces.len());
        match &self.shape {
            Shape::Everything => Load::each(2),
            Shape::Anchored => Load::each(5 + 5 * pieces + 40 * variables + size(literal) / 8),
            Shape::Runs => Load { each: 10 + 8 * pieces + 40 * variables, byte: 1, variables: 0 },
            Shape::Automaton(compiled) => {
                let each = if compiled.is_some() { 50 } else { 60 + 40 * variables + 10 * size(literal) };
                Load { each, byte: 1 + 4 * size(automaton::words(literal)), variables }
            }
        }
    }

    /// What a comparison without regard to case costs.
    pub(crate) fn load_ignoring_case(&self) -> Load {
        Load { each: 10 + 40 * size(self.variables().count()), byte: 18, variables: 0 }
    }

    /// Whether the whole text matches. A variable without a value matches nothing.
    pub(crate) fn matches(&self, text: &str, context: &Context<'_>) -> bool {
        match &self.shape {
            Shape::Everything => true,
            Shape::Anchored => strip_prefix(&self.pieces, text, context) == Some(""),
            Shape::Runs => self.matches_runs(text, context).unwrap_or(false),
            Shape::Automaton(Some(compiled)) => compiled.accepts(text),
            Shape::Automaton(None) => {
                let resolved = self.pieces.iter().all(|piece| piece.text(context).is_some());
                resolved && automaton::matches(self.atoms(context, false), text)
            }
        }
    }

    /// Whether it equals the text, without regard to case.
    pub(crate) fn equals_ignoring_case(&self, text: &str, context: &Context<'_>) -> bool {
        let resolved = || self.pieces.iter().map(|piece| piece.text(context));
        fn lower(text: &str) -> impl Iterator<Item = char> {
            text.chars().flat_map(char::to_lowercase)
        }
        resolved().all(|text| text.is_some()) && resolved().flatten().flat_map(lower).eq(lower(text))
    }

    fn matches_runs(&self, text: &str, context: &Context<'_>) -> Option<bool> {
        let mut runs = self.pieces.split(|piece| *piece == Piece::AnyRun);
        let mut rest = strip_prefix(runs.next()?, text, context)?;
        let last = runs.next_back()?;
        rest = strip_suffix(last, rest, context)?;
        for run in runs {
            let needle = run.first()?.text(context)?;
            let at = memmem::find(rest.as_bytes(), needle.as_bytes())?;
            rest = rest.get(at + needle.len()..)?;
        }
        Some(true)
    }

    /// The pattern for the automaton; `confined` wildcards do not match a colon.
    fn atoms<'p>(&'p self, context: &'p Context<'_>, confined: bool) -> impl Iterator<Item = Atom<'p>> + Clone {
        atoms(&self.pieces, context, confined)
    }
}

fn atoms<'p>(pieces: &'p [Piece], context: &'p Context<'_>, confined: bool) -> impl Iterator<Item = Atom<'p>> + Clone {
    pieces.iter().map(move |piece| match piece {
        Piece::AnyOne => Atom::AnyOne { confined },
        Piece::AnyRun => Atom::AnyRun { confined },
        text => Atom::Text(text.text(context).unwrap_or_default()),
    })
}

impl Piece {
    /// Its text; wildcards have none (empty), a variable without a value gives `None`.
    fn text<'p>(&'p self, context: &'p Context<'_>) -> Option<&'p str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Variable(variable) => variable.resolve(context),
            Self::AnyOne | Self::AnyRun => Some(""),
        }
    }
}

fn strip_prefix<'t>(pieces: &[Piece], text: &'t str, context: &Context<'_>) -> Option<&'t str> {
    pieces.iter().try_fold(text, |rest, piece| match piece {
        Piece::AnyOne => {
            let mut characters = rest.chars();
            characters.next().map(|_| characters.as_str())
        }
        piece => rest.strip_prefix(piece.text(context)?),
    })
}

fn strip_suffix<'t>(pieces: &[Piece], text: &'t str, context: &Context<'_>) -> Option<&'t str> {
    pieces.iter().rev().try_fold(text, |rest, piece| match piece {
        Piece::AnyOne => {
            let mut characters = rest.chars();
            characters.next_back().map(|_| characters.as_str())
        }
        piece => rest.strip_suffix(piece.text(context)?),
    })
}

fn pieces(text: &str, syntax: Syntax) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some((piece, after)) = next_piece(rest, syntax) {
        rest = after;
        match piece {
            Piece::Text(text) => plain.push_str(&text),
            // `**` says no more than `*`, and `*?` the same as `?*`, which needs no search.
            Piece::AnyRun if plain.is_empty() && pieces.last() == Some(&Piece::AnyRun) => {}
            Piece::AnyOne if plain.is_empty() && pieces.last() == Some(&Piece::AnyRun) => {
                pieces.insert(pieces.len() - 1, Piece::AnyOne);
            }
            special => {
                if !plain.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut plain).into()));
                }
                pieces.push(special);
            }
        }
    }
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain.into()));
    }
    pieces
}

/// The next wildcard, variable or stretch of plain text, and what follows it.
fn next_piece(text: &str, syntax: Syntax) -> Option<(Piece, &str)> {
    let first = text.chars().next()?;
    let after = text.get(first.len_utf8()..)?;
    match first {
        '*' if syntax.wildcards => return Some((Piece::AnyRun, after)),
        '?' if syntax.wildcards => return Some((Piece::AnyOne, after)),
        '$' if syntax.variables => match Placeholder::strip(text) {
            Some((Placeholder::Variable(variable), after)) => return Some((Piece::Variable(variable), after)),
            Some((Placeholder::Escape(character), after)) => {
                return Some((Piece::Text(character.to_string().into()), after));
            }
            None => {}
        },
        _ => {}
    }
    let end = after.find(['*', '?', '$']).unwrap_or(after.len());
    let (plain, after) = text.split_at_checked(first.len_utf8() + end)?;
    Some((Piece::Text(plain.into()), after))
}

fn shape(pieces: &[Piece]) -> Shape {
    let mut runs = pieces.split(|piece| *piece == Piece::AnyRun);
    let (first, last) = (runs.next(), runs.next_back());
    match (first, last) {
        (_, None) => Shape::Anchored,
        (Some([]), Some([])) if pieces.len() == 1 => Shape::Everything,
        _ if runs.all(|run| matches!(run, [Piece::Text(_) | Piece::Variable(_)])) => Shape::Runs,
        _ if pieces.iter().any(|piece| matches!(piece, Piece::Variable(_))) => Shape::Automaton(None),
        _ => Shape::Automaton(Some(Box::new(Automaton::new(atoms(pieces, &Context::new(), false))))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        let context = Context::new().with("user", "ann").with("star", "*").with("empty", "");
        Pattern::new(pattern, Syntax { wildcards: true, variables: true }).matches(text, &context)
    }

    #[test]
    fn globs() {
        let cases = [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("**", "abc", true),
            ("a*", "abc", true),
            ("*c", "abc", true),
            ("*b*", "abc", true),
            ("a*c*e", "abcde", true),
            ("a*b*b", "ab", false),
            ("ab*ba", "aba", false),
            ("?", "é", true),
            ("?", "", false),
            ("a?c", "abc", true),
            ("*?c", "abc", true),
            ("*?", "", false),
            ("a*?*c", "ac", false),
            ("a*?é*", "aéé", true),
            ("*?*?*", "ab", true),
            ("*?*?*", "é", false),
            ("*?*?b", "xyb", true),
            ("*?*?b", "xb", false),
            ("*a?é*b?", "xaaéybz", true),
            ("*a?é*b?", "xaaéyb", false),
            ("*a?${user}*", "xxaéannx", true),
            ("*a?${user}*", "xxaannx", false),
            ("*a?${none}*", "xxaannx", false),
            ("*a?b*", "xaaxbb", true),
            ("*a?b*", "xaxxbb", false),
            ("${user}*", "ann/x", true),
            ("*${user}*", "x/ann/x", true),
            ("*/${user}/*", "x/ann/x", true),
            ("*/${user}/*", "x/bob/x", false),
            ("${none}", "", false),
            ("*${none}*", "a", false),
            ("*x${none}*", "a", false),
            ("${empty}", "", true),
            ("${star}", "abc", false),
            ("${star}", "*", true),
            ("${none, 'd*'}", "d*", true),
            ("${none, 'd*'}", "dx", false),
            ("${*}x", "*x", true),
            ("a${", "a${", true),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(matches(pattern, text), expected, "{pattern:?} {text:?}");
        }
    }

    #[test]
    fn case_can_be_ignored() {
        let context = Context::new().with("user", "Ann");
        let pattern = Pattern::new("ÄB/${user}", Syntax { wildcards: false, variables: true });
        assert!(pattern.equals_ignoring_case("äb/ANN", &context));
        assert!(!pattern.equals_ignoring_case("äb/ANN/", &context));
        assert!(!pattern.equals_ignoring_case("äb/", &Context::new()));
    }

    #[test]
    fn long_patterns_run_on_several_words() {
        let run = "a?".repeat(300);
        assert!(matches(&format!("*{run}b"), &format!("{}b", "a".repeat(2_000))));
        assert!(!matches(&format!("*{run}b"), &"a".repeat(2_000)));
    }
}
