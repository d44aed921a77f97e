//! PartiQL statements, as far as permissions are about them.

use std::iter::Peekable;
use std::str::Chars;

use crate::ask::Refusal;

/// A piece of a statement.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A keyword, function or name that is written without quotes.
    Word(String),
    /// A name in double quotes.
    Name(String),
    /// A text in single quotes.
    Text(String),
    /// A number.
    Number(String),
    /// `?`, the next of the parameters.
    Parameter(usize),
    /// Operators, brackets, commas, dots.
    Symbol(char),
}

impl Token {
    /// Whether this is the keyword, in any case.
    pub fn is(&self, keyword: &str) -> bool {
        matches!(self, Self::Word(word) if word.eq_ignore_ascii_case(keyword))
    }
}

/// Splits a statement. A semicolon may end it; comments and other characters are errors.
pub(super) fn tokens(statement: &str) -> Result<Vec<Token>, Refusal> {
    let mut tokens = Vec::new();
    let mut parameters = 0;
    let mut rest = statement.trim().trim_end_matches(';').chars().peekable();
    while let Some(first) = rest.peek().copied() {
        let token = match first {
            _ if first.is_whitespace() => {
                rest.next();
                continue;
            }
            '"' => Token::Name(quoted(&mut rest, '"').ok_or_else(wrong)?),
            '\'' => Token::Text(quoted(&mut rest, '\'').ok_or_else(wrong)?),
            '?' => {
                rest.next();
                parameters += 1;
                Token::Parameter(parameters - 1)
            }
            _ if first.is_ascii_digit() => Token::Number(run(&mut rest, |c| c.is_ascii_alphanumeric() || c == '.')),
            _ if first.is_ascii_alphabetic() || first == '_' => {
                Token::Word(run(&mut rest, |c| c.is_ascii_alphanumeric() || c == '_'))
            }
            '=' | '<' | '>' | '!' | '(' | ')' | '[' | ']' | '{' | '}' | '.' | ',' | ':' | '+' | '-' | '*' | '|' => {
                rest.next();
                // Servers that read comments would run another statement than the one that is decided.
                if first == '-' && rest.peek() == Some(&'-') {
                    return Err(wrong());
                }
                Token::Symbol(first)
            }
            _ => return Err(wrong()),
        };
        tokens.push(token);
    }
    Ok(tokens)
}

/// A text between quotes, which are doubled within it.
fn quoted(rest: &mut Peekable<Chars<'_>>, quote: char) -> Option<String> {
    rest.next();
    let mut text = String::new();
    loop {
        let next = rest.next()?;
        if next != quote {
            text.push(next);
        } else if rest.peek() == Some(&quote) {
            rest.next();
            text.push(quote);
        } else {
            return Some(text);
        }
    }
}

fn run(rest: &mut Peekable<Chars<'_>>, belongs: impl Fn(char) -> bool) -> String {
    let mut text = String::new();
    while let Some(next) = rest.next_if(|next| belongs(*next)) {
        text.push(next);
    }
    text
}

/// A statement that cannot be read.
pub(super) fn wrong() -> Refusal {
    Refusal::Syntax("statement".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_words_names_texts_and_symbols() {
        let found = tokens(r#"SELECT "a""b" FROM t WHERE x = 'it''s' AND n >= 1.5 AND y IN [?, ?];"#).unwrap();
        assert!(found[0].is("select") && !found[1].is("a"));
        assert_eq!(found[1], Token::Name("a\"b".to_owned()));
        assert!(found.contains(&Token::Text("it's".to_owned())));
        assert!(found.contains(&Token::Number("1.5".to_owned())));
        assert!(found.contains(&Token::Parameter(1)) && !found.contains(&Token::Parameter(2)));
    }

    #[test]
    fn comments_second_statements_and_open_quotes_are_refused() {
        for wrong in [
            "SELECT * FROM a -- b",
            "SELECT * FROM a; DELETE FROM b",
            "SELECT * FROM \"a",
            "SELECT * FROM a /* b */",
            "SELECT * FROM a WHERE b = 'c",
        ] {
            assert!(tokens(wrong).is_err(), "{wrong}");
        }
    }
}
