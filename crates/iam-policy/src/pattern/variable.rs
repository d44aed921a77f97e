//! Policy variables: `${aws:username}`, `${aws:PrincipalTag/team, 'none'}`.

use crate::Context;

/// A context key standing for its value, with an optional default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variable {
    pub key: Box<str>,
    pub default: Option<Box<str>>,
}

/// What is between `${` and `}`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Placeholder {
    /// `${*}`, `${?}` and `${$}`: the character itself.
    Escape(char),
    Variable(Variable),
}

impl Variable {
    /// The value: a multivalued key cannot be used as a variable, so only its default remains (AWS: "Policy
    /// variables").
    pub(crate) fn resolve<'v>(&'v self, context: &'v Context<'_>) -> Option<&'v str> {
        context.single(&self.key).or(self.default.as_deref())
    }
}

impl Placeholder {
    /// Reads a placeholder at the start of `text` and returns what follows it. Anything else is plain text.
    pub(crate) fn strip(text: &str) -> Option<(Self, &str)> {
        let inner = text.strip_prefix("${")?;
        if let Some((character, rest)) = escape(inner) {
            return Some((Self::Escape(character), rest));
        }
        let end = inner.find(['}', ',', '$', '{'])?;
        let (key, rest) = inner.split_at_checked(end)?;
        let key = key.trim();
        if key.is_empty() {
            return None;
        }
        let (default, rest) = match rest.strip_prefix(',') {
            None => (None, rest),
            Some(rest) => {
                let (default, rest) = rest.trim_start().strip_prefix('\'')?.split_once('\'')?;
                (Some(default.into()), rest.trim_start())
            }
        };
        let rest = rest.strip_prefix('}')?;
        Some((Self::Variable(Variable { key: key.into(), default }), rest))
    }
}

fn escape(inner: &str) -> Option<(char, &str)> {
    let character = inner.chars().next().filter(|character| matches!(character, '*' | '?' | '$'))?;
    Some((character, inner.strip_prefix(character)?.strip_prefix('}')?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(key: &str, default: Option<&str>) -> Placeholder {
        Placeholder::Variable(Variable { key: key.into(), default: default.map(Into::into) })
    }

    #[test]
    fn forms() {
        let cases = [
            ("${aws:username}x", Some((variable("aws:username", None), "x"))),
            ("${aws:PrincipalTag/team, 'red, blue'}", Some((variable("aws:PrincipalTag/team", Some("red, blue")), ""))),
            ("${k ,  'd'  }", Some((variable("k", Some("d")), ""))),
            ("${*}*", Some((Placeholder::Escape('*'), "*"))),
            ("${?}", Some((Placeholder::Escape('?'), ""))),
            ("${$}", Some((Placeholder::Escape('$'), ""))),
            ("${}", None),
            ("${k", None),
            ("${k,d}", None),
            ("${k, 'd'", None),
            ("${k, 'd}", None),
            ("$x", None),
        ];
        for (text, expected) in cases {
            assert_eq!(Placeholder::strip(text), expected, "{text}");
        }
    }

    #[test]
    fn only_single_values_resolve() {
        let context = Context::new().with("one", "1").with("many", vec!["1"]);
        let resolve = |key: &str, default: Option<&str>| {
            let variable = Variable { key: key.into(), default: default.map(Into::into) };
            variable.resolve(&context).map(str::to_owned)
        };
        assert_eq!(resolve("ONE", Some("d")).as_deref(), Some("1"));
        assert_eq!(resolve("many", None), None);
        assert_eq!(resolve("many", Some("d")).as_deref(), Some("d"));
        assert_eq!(resolve("none", None), None);
    }
}
