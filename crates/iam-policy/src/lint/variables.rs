//! Policy variables: are they written as such, and where they count?

use super::{Code, Linter};

impl Linter<'_> {
    /// Checks the variables of a text in which they count.
    pub(super) fn variables(&mut self, at: usize, text: &str) {
        if !text.contains("${") {
            return;
        }
        if !self.knows_variables {
            let message = format!("{text:?} is taken as it stands; variables need \"Version\": \"2012-10-17\"");
            return self.report(Code::VariableUnsupportedInVersion, at, message);
        }
        let mut rest = text;
        while let Some((_, variable)) = rest.split_once("${") {
            if let Some((code, message)) = fault(variable) {
                self.report(code, at, format!("{text:?}: {message}"));
            }
            rest = variable;
        }
    }

    /// Reports a variable in a text in which none counts, and whether there is one.
    pub(super) fn has_variable(&mut self, element: &str, at: usize, text: &str) -> bool {
        let found = text.contains("${");
        if found {
            let message = format!("{text:?}: {element} knows no policy variables; Resource and Condition do");
            self.report(Code::VariableUnsupportedInElement, at, message);
        }
        found
    }
}

/// What is wrong with a variable, given from behind its opening brace to the end of the text.
fn fault(text: &str) -> Option<(Code, String)> {
    if ["*}", "?}", "$}"].iter().any(|escape| text.starts_with(escape)) {
        return None;
    }
    let open = || (Code::MissingBraceInVariable, format!("the variable \"${{{text}\" has no closing brace"));
    let Some((name, rest)) = text.find(['}', ',', '$', '{']).and_then(|end| text.split_at_checked(end)) else {
        return Some(open());
    };
    if rest.starts_with(['$', '{']) {
        return Some(open());
    }
    if name.trim().is_empty() {
        return Some((Code::EmptyVariable, "a variable has no name".to_owned()));
    }
    if name.contains(char::is_whitespace) {
        return Some((Code::UnsupportedSpaceInVariable, format!("the variable's name {name:?} has white space")));
    }
    let default = rest.strip_prefix(',')?.trim_start();
    match default.strip_prefix('\'').and_then(|default| default.split_once('\'')) {
        None => {
            let message = format!("the default value of {name} must be in single quotes");
            Some((Code::MissingQuoteInVariable, message))
        }
        Some((_, rest)) => (!rest.trim_start().starts_with('}')).then(open),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults() {
        let cases = [
            ("aws:username}", None),
            ("aws:PrincipalTag/team , 'a'}", Some(Code::UnsupportedSpaceInVariable)),
            ("aws:PrincipalTag/team, 'red, {blue}' }/x", None),
            ("*}", None),
            ("?}", None),
            ("$}", None),
            ("aws:username", Some(Code::MissingBraceInVariable)),
            ("aws:username/${aws:userid}", Some(Code::MissingBraceInVariable)),
            ("aws:username, 'x'", Some(Code::MissingBraceInVariable)),
            ("aws:username, 'x' y}", Some(Code::MissingBraceInVariable)),
            ("}", Some(Code::EmptyVariable)),
            (" }", Some(Code::EmptyVariable)),
            (", 'x'}", Some(Code::EmptyVariable)),
            ("aws:username }", Some(Code::UnsupportedSpaceInVariable)),
            ("aws:username, 'x}", Some(Code::MissingQuoteInVariable)),
            ("aws:username, x'}", Some(Code::MissingQuoteInVariable)),
            ("aws:username,}", Some(Code::MissingQuoteInVariable)),
        ];
        for (text, expected) in cases {
            assert_eq!(fault(text).map(|(code, _)| code), expected, "{text}");
        }
    }
}
