//! Patterns, variables and conditions, compared one character and one value at a time.

use serde_json::Value;

use super::{Asked, strings};

/// A pattern, character by character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    Character(char),
    One,
    Run,
    /// `?` in one of the first five parts of an ARN.
    OneInPart,
    /// `*` there, not at the part's end.
    RunInPart,
}

pub fn text(text: &str) -> Vec<char> {
    text.chars().collect()
}

pub fn plain(pattern: &str) -> Vec<Token> {
    pattern
        .chars()
        .map(|c| {
            if c == '*' {
                Token::Run
            } else if c == '?' {
                Token::One
            } else {
                Token::Character(c)
            }
        })
        .collect()
}

/// Backtracks as it likes.
pub fn glob(pattern: &[Token], text: &[char]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, rest) => rest.is_none(),
        (Some((Token::Run, rest)), None) | (Some((Token::RunInPart, rest)), None) => glob(rest, text),
        (Some((Token::Run, rest)), Some((_, left))) => glob(rest, text) || glob(pattern, left),
        (Some((Token::RunInPart, rest)), Some((c, left))) => glob(rest, text) || (*c != ':' && glob(pattern, left)),
        (Some((Token::One, rest)), Some((_, left))) => glob(rest, left),
        (Some((Token::OneInPart, rest)), Some((c, left))) => *c != ':' && glob(rest, left),
        (Some((Token::Character(wanted), rest)), Some((c, left))) => wanted == c && glob(rest, left),
        (Some(_), None) => false,
    }
}

/// The pattern with its variables replaced; `None` if one has no value.
fn expand(pattern: &str, wildcards: bool, asked: &Asked) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        if let Some((inner, after)) = rest.strip_prefix("${").and_then(|inner| inner.split_once('}')) {
            let value = match inner {
                "*" | "?" | "$" => inner.to_owned(),
                key => {
                    let (key, default) = key.split_once(", ").map_or((key, None), |(key, text)| (key, Some(text)));
                    match (values(asked, key), default) {
                        ([value], _) if key != "case:many" => value.clone(),
                        (_, Some(default)) => default.trim_matches('\'').to_owned(),
                        _ => return None,
                    }
                }
            };
            tokens.extend(value.chars().map(Token::Character));
            rest = after;
            continue;
        }
        tokens.push(match c {
            '*' if wildcards => Token::Run,
            '?' if wildcards => Token::One,
            c => Token::Character(c),
        });
        rest = &rest[c.len_utf8()..];
    }
    Some(tokens)
}

pub fn resource(pattern: &str, asked: &Asked) -> bool {
    if !pattern.is_empty() && pattern.chars().all(|c| c == '*') {
        return true;
    }
    let whole = text(&asked.resource);
    if asked.resource.splitn(6, ':').count() < 6 || !asked.resource.starts_with("arn:") {
        return false;
    }
    let parts: Vec<_> = pattern.splitn(6, ':').collect();
    // As written, where the * that ends a part may reach further; and with * for the parts that are missing.
    let missing = ":*".repeat(6 - parts.len());
    [(String::new(), true), (missing, false)].iter().any(|(missing, reaches)| {
        let pattern = format!("{pattern}{missing}");
        let parts: Vec<_> = pattern.splitn(6, ':').collect();
        let mut tokens = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            if index == 5 {
                let Some(tail) = expand(part, true, asked) else { return false };
                tokens.extend(tail);
                continue;
            }
            for (at, c) in part.char_indices() {
                tokens.push(match c {
                    '*' if *reaches && at + 1 == part.len() => Token::Run,
                    '*' => Token::RunInPart,
                    '?' => Token::OneInPart,
                    c => Token::Character(c),
                });
            }
            if index + 1 < parts.len() {
                tokens.push(Token::Character(':'));
            }
        }
        glob(&tokens, &whole)
    })
}

fn values<'a>(asked: &'a Asked, key: &str) -> &'a [String] {
    asked.context.iter().find(|(known, _)| known.eq_ignore_ascii_case(key)).map_or(&[], |(_, values)| values)
}

pub fn conditions(statement: &Value, asked: &Asked) -> bool {
    let blocks = statement.get("Condition").and_then(Value::as_object);
    blocks.into_iter().flatten().all(|(operator, keys)| {
        keys.as_object().into_iter().flatten().all(|(key, wanted)| condition(operator, key, &strings(wanted), asked))
    })
}

fn condition(operator: &str, key: &str, wanted: &[&str], asked: &Asked) -> bool {
    let (quantifier, name) = operator.split_once(':').unwrap_or(("", operator));
    let (name, if_exists) = name.strip_suffix("IfExists").map_or((name, false), |name| (name, true));
    let found = values(asked, key);
    if name == "Null" {
        return wanted.iter().any(|wanted| is_true(wanted) == found.is_empty());
    }
    let negated = name.contains("Not");
    let positive = name.replacen("Not", "", 1);
    if found.is_empty() {
        return if_exists || quantifier == "ForAllValues" || (negated && quantifier != "ForAnyValue");
    }
    let one = |value: &String| wanted.iter().any(|wanted| compare(&positive, wanted, value, asked)) != negated;
    match (quantifier, negated) {
        ("ForAllValues", _) => found.iter().all(one),
        ("ForAnyValue", _) => found.iter().any(one),
        (_, false) => found.iter().any(one),
        (_, true) => found.iter().all(one),
    }
}

fn compare(operator: &str, wanted: &str, value: &str, asked: &Asked) -> bool {
    let expanded = |wildcards| expand(wanted, wildcards, asked);
    match operator {
        "StringEquals" => expanded(false).is_some_and(|tokens| glob(&tokens, &text(value))),
        "StringLike" => expanded(true).is_some_and(|tokens| glob(&tokens, &text(value))),
        "StringEqualsIgnoreCase" => {
            let lower = |tokens: Vec<Token>| {
                let letters = tokens.into_iter().map(|token| match token {
                    Token::Character(c) => c.to_ascii_lowercase(),
                    other => panic!("{other:?} without wildcards"),
                });
                letters.collect::<String>()
            };
            expanded(false).map(lower).is_some_and(|wanted| wanted == value.to_ascii_lowercase())
        }
        "BinaryEquals" => wanted == value,
        "IpAddress" => contains(wanted, value),
        "Bool" => is_true(wanted) == is_true(value),
        "ArnEquals" | "ArnLike" => {
            let (wanted, value) = (wanted.splitn(6, ':'), value.splitn(6, ':'));
            let (wanted, value): (Vec<_>, Vec<_>) = (wanted.collect(), value.collect());
            value.len() == 6
                && value.first() == Some(&"arn")
                && (0..6).all(|part| {
                    let tokens = expand(wanted.get(part).unwrap_or(&"*"), true, asked);
                    tokens.is_some_and(|tokens| glob(&tokens, &text(value[part])))
                })
        }
        other => {
            let (found, wanted) = match other.strip_prefix("Date") {
                Some(_) => (instant(value), instant(wanted)),
                None => (value.parse().ok(), wanted.parse().ok()),
            };
            let (Some(found), Some(wanted)) = (found, wanted) else { return false };
            match other.trim_start_matches("Date").trim_start_matches("Numeric") {
                "Equals" => found == wanted,
                "LessThan" => found < wanted,
                "LessThanEquals" => found <= wanted,
                "GreaterThan" => found > wanted,
                "GreaterThanEquals" => found >= wanted,
                _ => panic!("the reference does not know {other}"),
            }
        }
    }
}

fn is_true(text: &str) -> bool {
    text.to_lowercase() == "true"
}

/// Seconds since 1970 of a time, a day or a number.
fn instant(text: &str) -> Option<f64> {
    let whole = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    let seconds = |time: chrono::DateTime<chrono::FixedOffset>| time.timestamp() as f64;
    chrono::DateTime::parse_from_rfc3339(&whole)
        .ok()
        .map(seconds)
        .or_else(|| text.parse::<i64>().ok().map(|n| n as f64))
}

/// Whether a network has an address: their first bits are the same.
fn contains(network: &str, address: &str) -> bool {
    let bits = |text: &str| match text.parse().ok()? {
        std::net::IpAddr::V4(v4) => Some((32_u32, u128::from(v4.to_bits()))),
        std::net::IpAddr::V6(v6) => Some((128, v6.to_bits())),
    };
    let (base, length) = network.split_once('/').map_or((network, None), |(base, length)| (base, length.parse().ok()));
    let (Some((width, base)), Some((other, address))) = (bits(base), bits(address)) else { return false };
    let unlike = width - length.unwrap_or(width);
    width == other && (unlike == 128 || base >> unlike == address >> unlike)
}
