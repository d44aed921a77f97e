//! DynamoDB's expressions, as far as conditions of policies are about them: which attributes they name, and what a key
//! has to equal.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::ask::Refusal;

/// The placeholders of a request.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Placeholders<'r> {
    /// `ExpressionAttributeNames`: `#n` to the name.
    pub names: Option<&'r Value>,
    /// `ExpressionAttributeValues`: `:v` to the value.
    pub values: Option<&'r Value>,
}

/// A piece of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token<'e> {
    /// A name, a keyword, or a function.
    Word(&'e str),
    /// `#name`
    Name(&'e str),
    /// `:value`
    Value(&'e str),
    /// Everything else: operators, brackets, dots, commas.
    Symbol(char),
}

/// Words with a meaning in expressions, in any case. DynamoDB has reserved all of them, so no attribute is written so.
const KEYWORDS: [&str; 9] = ["ADD", "AND", "BETWEEN", "DELETE", "IN", "NOT", "OR", "REMOVE", "SET"];

/// The attributes that an expression names, without what is inside of them, each once.
pub(super) fn attributes(expression: &str, placeholders: Placeholders<'_>) -> Result<Vec<String>, Refusal> {
    let tokens = tokens(expression)?;
    let mut names = Vec::new();
    for (place, token) in tokens.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|before| tokens.get(before));
        let is_inner = before == Some(&Token::Symbol('.'));
        let is_function = tokens.get(place + 1) == Some(&Token::Symbol('('));
        let name = match token {
            Token::Name(name) if !is_inner => resolve(name, placeholders)?,
            Token::Word(word) if !is_inner && !is_function && !is_keyword(word) && !is_index(word) => {
                (*word).to_owned()
            }
            _ => continue,
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

/// What the expression of a key condition says that attributes equal, in its order.
pub(super) fn equalities(expression: &str, placeholders: Placeholders<'_>) -> Result<BTreeMap<String, Value>, Refusal> {
    let tokens = tokens(expression)?;
    let mut equal = BTreeMap::new();
    for window in tokens.windows(3) {
        let [left, Token::Symbol('='), right] = window else { continue };
        let (name, value) = match (left, right) {
            (Token::Value(value), name) | (name, Token::Value(value)) => (name, value),
            _ => continue,
        };
        let name = match name {
            Token::Name(name) => resolve(name, placeholders)?,
            Token::Word(word) => (*word).to_owned(),
            _ => continue,
        };
        let missing = || Refusal::Syntax(format!("expression: no value for {value}"));
        let value = placeholders.values.and_then(|values| values.get(*value)).ok_or_else(missing)?;
        if equal.insert(name.clone(), value.clone()).is_some() {
            return Err(Refusal::Contradiction(name));
        }
    }
    Ok(equal)
}

fn resolve(name: &str, placeholders: Placeholders<'_>) -> Result<String, Refusal> {
    let resolved = placeholders.names.and_then(|names| names.get(name)).and_then(Value::as_str);
    resolved.map(str::to_owned).ok_or_else(|| Refusal::Syntax(format!("expression: no name for {name}")))
}

fn is_keyword(word: &str) -> bool {
    KEYWORDS.iter().any(|keyword| keyword.eq_ignore_ascii_case(word))
}

/// The number in `list[3]`.
fn is_index(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit())
}

fn tokens(expression: &str) -> Result<Vec<Token<'_>>, Refusal> {
    let mut tokens = Vec::new();
    let mut rest = expression.trim_start();
    while let Some(first) = rest.chars().next() {
        let is_placeholder = matches!(first, '#' | ':');
        let start = if is_placeholder { 1 } else { 0 };
        let after = rest.get(start..).unwrap_or_default();
        let length = after.find(|c: char| !is_word(c)).unwrap_or(after.len()) + start;
        let (token, length) = match (first, length) {
            ('#' | ':', 1) => return Err(wrong(expression)),
            ('#', length) => (Token::Name(rest.get(..length).unwrap_or_default()), length),
            (':', length) => (Token::Value(rest.get(..length).unwrap_or_default()), length),
            (_, 1..) => (Token::Word(rest.get(..length).unwrap_or_default()), length),
            ('=' | '<' | '>' | '(' | ')' | '[' | ']' | '.' | ',' | '+' | '-', 0) => (Token::Symbol(first), 1),
            _ => return Err(wrong(expression)),
        };
        tokens.push(token);
        rest = rest.get(length..).unwrap_or_default().trim_start();
    }
    Ok(tokens)
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn wrong(expression: &str) -> Refusal {
    Refusal::Syntax(format!("expression: {expression}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn names_of(expression: &str) -> Vec<String> {
        let names = json!({"#n": "name", "#st": "status", "#with.dot": "x"});
        attributes(expression, Placeholders { names: Some(&names), values: None }).unwrap()
    }

    #[test]
    fn attributes_are_the_first_parts_of_paths() {
        assert_eq!(
            names_of("id, address.city, #n, tags[0], lines[12].price"),
            ["id", "address", "name", "tags", "lines"]
        );
        assert_eq!(
            names_of("SET #st = :s, n = if_not_exists(n, :zero) + :one REMOVE old[1], a.#n"),
            ["status", "n", "old", "a"]
        );
        assert_eq!(names_of("ADD visits :one DELETE colours :set"), ["visits", "colours"]);
        assert_eq!(
            names_of(
                "attribute_not_exists(id) AND (size(body) > :n or NOT contains(#n, :x)) and age between :a and :b"
            ),
            ["id", "body", "name", "age"]
        );
        assert_eq!(names_of("kind IN (:a, :b) AND a <> :c AND b<=:d"), ["kind", "a", "b"]);
        assert!(names_of("").is_empty());
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for wrong in ["#unknown = :v", "a = 'text'", "a; b", "#", "a = :", "a ! b", "ä = :v"] {
            assert!(attributes(wrong, Placeholders::default()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn equalities_are_found_on_both_sides() {
        let names = json!({"#pk": "user"});
        let values = json!({":u": {"S": "alice"}, ":d": {"S": "2026"}});
        let placeholders = Placeholders { names: Some(&names), values: Some(&values) };
        let found = equalities("(#pk = :u) AND begins_with(day, :d)", placeholders).unwrap();
        assert_eq!(found, BTreeMap::from([("user".to_owned(), json!({"S": "alice"}))]));
        assert_eq!(equalities(":u = #pk and day = :d", placeholders).unwrap().len(), 2);
        assert!(equalities("day >= :d AND n <> :u", placeholders).unwrap().is_empty());
        assert!(equalities("pk = :none", placeholders).is_err());
        assert!(equalities("pk = :u AND pk = :d", placeholders).is_err());
    }
}
