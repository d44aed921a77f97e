//! ARNs and patterns over them: six parts, divided by the first five colons.

use super::{Atom, Automaton, Pattern, Syntax, Variable, automaton};
use crate::Context;
use crate::work::{Load, size};

const PARTS: usize = 6;

/// A text divided at its first five colons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arn<'a> {
    pub text: &'a str,
    /// `None` if it is not an ARN.
    pub parts: Option<[&'a str; PARTS]>,
}

impl<'a> Arn<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let mut parts = text.splitn(PARTS, ':');
        let mut next = || parts.next();
        let divided = (|| Some([next()?, next()?, next()?, next()?, next()?, next()?]))();
        Self { text, parts: divided.filter(|[scheme, ..]| *scheme == "arn") }
    }

    /// Divides a pattern, in which the colons of variables divide nothing.
    pub(crate) fn of_pattern(text: &'a str) -> Self {
        let parts = <[&str; PARTS]>::try_from(split(text, true)).ok();
        Self { text, parts: parts.filter(|[scheme, ..]| *scheme == "arn") }
    }

    /// The account part, if there is one. What belongs to `aws` is there for all accounts, as if it were their own.
    pub(crate) fn account(&self) -> Option<&'a str> {
        self.parts.map(|[.., account, _]| account).filter(|account| !account.is_empty() && *account != "aws")
    }
}

/// The pattern of `ArnLike` and `ArnEquals`: a glob for each part, none reaching into the next (AWS: "ARN condition
/// operators"). Parts that are missing match anything.
#[derive(Clone, Debug)]
pub(crate) struct ArnPattern {
    parts: Box<[Pattern]>,
}

impl ArnPattern {
    pub(crate) fn new(text: &str, variables: bool) -> Self {
        let syntax = Syntax { wildcards: true, variables };
        let mut parts: Vec<_> = split(text, variables).into_iter().map(|part| Pattern::new(part, syntax)).collect();
        parts.resize_with(PARTS, || Pattern::new("*", syntax));
        Self { parts: parts.into() }
    }

    pub(crate) fn matches(&self, value: &Arn<'_>, context: &Context<'_>) -> bool {
        value
            .parts
            .is_some_and(|parts| self.parts.iter().zip(parts).all(|(pattern, part)| pattern.matches(part, context)))
    }

    pub(crate) fn patterns(&self) -> impl Iterator<Item = &Pattern> {
        self.parts.iter()
    }

    /// What a comparison costs.
    pub(crate) fn load(&self) -> Load {
        self.patterns().map(Pattern::load).sum::<Load>() + Load::each(10)
    }
}

/// Splits at the first five colons that are outside of variables.
fn split(text: &str, variables: bool) -> Vec<&str> {
    let mut parts = Vec::with_capacity(PARTS);
    let (mut start, mut inside) = (0, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' if variables && text.get(..at).is_some_and(|before| before.ends_with('$')) => inside = true,
            b'}' => inside = false,
            b':' if !inside && parts.len() < PARTS - 1 => {
                parts.extend(text.get(start..at));
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.extend(text.get(start..));
    parts
}

/// The pattern of `Resource` and `NotResource`.
#[derive(Clone, Debug)]
pub(crate) enum ResourcePattern {
    /// `*`: everything, also a request without a resource.
    Everything,
    /// The five parts and their colons are plain text, as they mostly are; the head goes on to the first that is
    /// special.
    Plain { head: Box<str>, tail: Pattern },
    /// Wildcards in the first five parts.
    Parts(Box<Parts>),
}

/// A resource pattern with wildcards in its first five parts, which stay inside their part; but one that ends a part
/// may reach beyond the colon (AWS: "JSON policy elements: Resource").
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    heads: [Pattern; PARTS - 1],
    tail: Pattern,
    /// How many parts are written.
    given: usize,
    /// How many colons a text has at least that matches.
    colons: usize,
    /// Which of them end with `*`.
    reaching: [bool; PARTS - 1],
    /// The pattern as written, each `*` reaching from the end of its part; compiled if there are no variables.
    compiled: Option<Automaton>,
}

impl ResourcePattern {
    /// Compiles a pattern; variables count behind the fifth colon only.
    pub(crate) fn new(text: &str, variables: bool) -> Self {
        if !text.is_empty() && text.bytes().all(|byte| byte == b'*') {
            return Self::Everything;
        }
        let tail_syntax = Syntax { wildcards: true, variables };
        let given: Vec<_> = text.splitn(PARTS, ':').collect();
        let (heads, tail) = match *given {
            [a, b, c, d, e, tail] => ([a, b, c, d, e], tail),
            _ => {
                let part = |index: usize| given.get(index).copied().unwrap_or("*");
                ([part(0), part(1), part(2), part(3), part(4)], "*")
            }
        };
        if given.len() == PARTS && heads.iter().all(|part| !part.contains(['*', '?'])) {
            let (literal, tail) = Pattern::new(tail, tail_syntax).split_literal();
            let head = heads.map(|part| format!("{part}:")).concat() + &literal;
            return Self::Plain { head: head.into(), tail };
        }
        let mut parts = Parts {
            heads: heads.map(|part| Pattern::new(part, Syntax { wildcards: true, variables: false })),
            tail: Pattern::new(tail, tail_syntax),
            given: given.len(),
            colons: text.bytes().filter(|byte| *byte == b':').count(),
            reaching: std::array::from_fn(|index| given.get(index).is_some_and(|part| part.ends_with('*'))),
            compiled: None,
        };
        if parts.reaches() && parts.tail.variables().next().is_none() {
            parts.compiled = Some(Automaton::new(parts.atoms(&Context::new())));
        }
        Self::Parts(Box::new(parts))
    }

    pub(crate) fn matches(&self, resource: &Arn<'_>, context: &Context<'_>) -> bool {
        match self {
            Self::Everything => true,
            Self::Plain { head, tail } => {
                resource.text.strip_prefix(&**head).is_some_and(|rest| tail.matches(rest, context))
            }
            Self::Parts(parts) => parts.matches(resource, context),
        }
    }

    /// What a comparison costs.
    pub(crate) fn load(&self) -> Load {
        match self {
            Self::Everything => Load::default(),
            Self::Plain { head, tail } => tail.load() + Load::each(5 + size(head.len()) / 8),
            Self::Parts(parts) => parts.load(),
        }
    }

    /// Whether an ARN with this namespace can match.
    pub(crate) fn can_be_in(&self, namespace: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Plain { head, .. } => head.split(':').nth(2) == Some(namespace),
            Self::Parts(parts) => {
                let [_, _, service, ..] = &parts.heads;
                service.matches(namespace, &Context::new())
            }
        }
    }

    /// The text that every match begins with.
    pub(crate) fn literal_prefix(&self) -> String {
        match self {
            Self::Everything => String::new(),
            Self::Plain { head, .. } => head.to_string(),
            Self::Parts(parts) => parts.literal_prefix(),
        }
    }

    /// The variables it names.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &Variable> {
        let tail = match self {
            Self::Everything => None,
            Self::Plain { tail, .. } => Some(tail),
            Self::Parts(parts) => Some(&parts.tail),
        };
        tail.into_iter().flat_map(Pattern::variables)
    }
}

impl Parts {
    fn matches(&self, resource: &Arn<'_>, context: &Context<'_>) -> bool {
        let Some([a, b, c, d, e, tail]) = resource.parts else { return false };
        let heads = self.heads.iter().zip([a, b, c, d, e]);
        if self.tail.matches(tail, context) && heads.into_iter().all(|(part, text)| part.matches(text, context)) {
            return true;
        }
        self.reaches() && self.matches_reaching(resource.text, context)
    }

    fn load(&self) -> Load {
        let parts = self.heads.iter().chain([&self.tail]).map(Pattern::load).sum();
        if !self.reaches() {
            return parts;
        }
        let variables = size(self.tail.variables().count());
        let width = self.atoms(&Context::new()).map(Atom::width).sum();
        let each = if self.compiled.is_some() { 50 } else { 60 + 40 * variables + 10 * size(width) };
        parts + Load { each, byte: 1 + 4 * size(automaton::words(width)), variables }
    }

    fn reaches(&self) -> bool {
        self.reaching.contains(&true)
    }

    /// Up to the first part with a wildcard, and that part's own beginning.
    fn literal_prefix(&self) -> String {
        let mut prefix = String::new();
        for part in &self.heads {
            prefix.push_str(part.literal_prefix());
            if part.as_literal().is_none() {
                break;
            }
            prefix.push(':');
        }
        prefix
    }

    /// A `*` can only reach beyond a colon if the text has more of them than the pattern.
    fn matches_reaching(&self, text: &str, context: &Context<'_>) -> bool {
        if text.bytes().filter(|byte| *byte == b':').count() <= self.colons {
            return false;
        }
        if let Some(compiled) = &self.compiled {
            return compiled.accepts(text);
        }
        let resolved = self.tail.variables().all(|variable| variable.resolve(context).is_some());
        resolved && automaton::matches(self.atoms(context), text)
    }

    /// The pattern as written, `*` reaching from the end of a part.
    fn atoms<'p>(&'p self, context: &'p Context<'_>) -> impl Iterator<Item = Atom<'p>> + Clone {
        let whole = self.given == PARTS;
        let heads = self.heads.iter().zip(self.reaching).take(self.given).enumerate();
        let heads = heads.flat_map(move |(index, (part, reaching))| {
            let reaching = reaching.then_some(Atom::AnyRun { confined: false });
            let colon = (whole || index + 1 < self.given).then_some(Atom::Text(":"));
            part.atoms(context, true).chain(reaching).chain(colon)
        });
        heads.chain(self.tail.atoms(context, false).take(if whole { usize::MAX } else { 0 }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, resource: &str) -> bool {
        let context = Context::new().with("aws:username", "al:ice").with("star", "*");
        ResourcePattern::new(pattern, true).matches(&Arn::new(resource), &context)
    }

    #[test]
    fn resources() {
        let cases = [
            ("*", "*", true),
            ("**", "*", true),
            ("*", "arn:aws:s3:::b", true),
            ("arn:aws:s3:::*", "*", false),
            ("arn:aws:s3:::b/*", "arn:aws:s3:::b/k/x:y", true),
            ("arn:aws:s3:::b/*", "arn:aws:s3:::B/k", false),
            ("arn:aws:iam:us-east-1:1:user/a", "arn:aws:iam::1:user/a", false),
            ("arn:aws:sqs:*:1:q", "arn:aws:sqs:eu-west-1:1:q", true),
            ("arn:aws:sqs:eu-*:1:q", "arn:aws:sqs:eu-west-1:1:q", true),
            ("arn:aws:sqs:eu-*-2:1:q", "arn:aws:sqs:eu-west-1:1:q", false),
            ("arn:aws:sqs:e*1:1:q", "arn:aws:sqs:eu-west-1:1:q", true),
            ("arn:aws:sqs:e*q", "arn:aws:sqs:eu-west-1:1:q", false),
            ("arn:aws:sqs:?:1:q", "arn:aws:sqs:e:1:q", true),
            ("arn:aws:sqs:e?1:q", "arn:aws:sqs:e:1:q", false),
            ("arn:aws:sqs:*?:1:q", "arn:aws:sqs:e:1:q", true),
            ("arn:aws:*:e*?:1:q", "arn:aws:a:b:ex:y:1:q", false),
            ("arn:aws:*:e*?:1:q", "arn:aws:a:b:c:ex:1:q", true),
            ("arn:aws:*", "arn:aws:sqs:eu-west-1:1:q", true),
            ("arn:aws:ec2:*:instance/i-1", "arn:aws:ec2:eu-west-1:1:instance/i-1", true),
            ("arn:aws:ec2:*:instance/i-1", "arn:aws:ec2:eu-west-1:1:instance/i-2", false),
            ("arn:aws:ec2:*:instance/*", "arn:aws:ec2:eu-west-1:1:instance/i-2", true),
            ("arn:aws:iam::1:user/${aws:username}", "arn:aws:iam::1:user/al:ice", true),
            ("arn:aws:iam::1:user/${none}", "arn:aws:iam::1:user/", false),
            ("arn:aws:s3:::${star}", "arn:aws:s3:::bucket", false),
            ("arn:aws:s3:::${*}", "arn:aws:s3:::*", true),
            ("arn:aws:s3:::${*}", "arn:aws:s3:::b", false),
            ("arn:${aws:username}:s3:::b", "arn:al:ice:s3:::b", false),
        ];
        for (pattern, resource, expected) in cases {
            assert_eq!(matches(pattern, resource), expected, "{pattern} {resource}");
        }
    }

    #[test]
    fn arn_like_stays_in_its_parts() {
        let context = Context::new().with("k", "a:b");
        let cases = [
            ("arn:aws:iam::*:role/*", "arn:aws:iam::1:role/a:b", true),
            ("arn:aws:iam::*", "arn:aws:iam::1:role/a", true),
            ("arn:aws:iam*", "arn:aws:iam::1:role/a", true),
            ("arn:aws:*:role/a", "arn:aws:iam::1:role/a", false),
            ("*", "arn:aws:iam::1:role/a", true),
            ("*", "role/a", false),
            ("arn:aws:iam::1:role/${k}", "arn:aws:iam::1:role/a:b", true),
            ("arn:${k, 'aws'}:iam::1:role/a", "arn:aws:iam::1:role/a", false),
            ("arn:${none, 'aws'}:iam::1:role/a", "arn:aws:iam::1:role/a", true),
        ];
        for (pattern, value, expected) in cases {
            assert_eq!(
                ArnPattern::new(pattern, true).matches(&Arn::new(value), &context),
                expected,
                "{pattern} {value}"
            );
        }
    }
}
