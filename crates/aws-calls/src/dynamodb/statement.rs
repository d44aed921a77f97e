//! The question of a PartiQL statement.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::keys::{Touched, add_leading_keys};
use super::partiql::{Token, tokens, wrong};
use super::{enclosing, table_draft};
use crate::ask::{Asking, Draft, Refusal};
use crate::needs::{Fact, Need};

/// Keywords and constants, which are no names of attributes where they are written without quotes.
const KEYWORDS: [&str; 25] = [
    "AND", "ASC", "BETWEEN", "BY", "DELETE", "DESC", "EXISTS", "FALSE", "FROM", "IN", "INSERT", "INTO", "IS",
    "MISSING", "NOT", "NULL", "OR", "ORDER", "REMOVE", "SELECT", "SET", "TRUE", "UPDATE", "VALUE", "WHERE",
];

/// What a statement does.
struct Statement<'t> {
    action: &'static str,
    table: String,
    index: Option<String>,
    /// What names attributes, apart from the condition.
    subject: &'t [Token],
    /// Behind `WHERE`.
    condition: &'t [Token],
    /// Behind `RETURNING`.
    returning: &'t [Token],
}

/// The question of a statement with its parameters.
pub(super) fn draft(asking: &Asking<'_>, request: &Value) -> Result<Draft, Refusal> {
    let text = request.get("Statement").and_then(Value::as_str);
    let text = text.ok_or_else(|| Refusal::Missing("Statement".to_owned()))?;
    let tokens = tokens(text)?;
    let statement = read(&tokens)?;
    let place = json!({"TableName": statement.table, "IndexName": statement.index});
    let mut draft = table_draft(asking, statement.action, &place, statement.index.is_some())?;
    let keys = &mut draft.question.keys;
    if asking.operation == "ExecuteTransaction" {
        keys.push(enclosing(asking.operation));
    }
    let mut names = attributes(statement.subject, statement.action == "PartiQLInsert");
    names.extend(attributes(statement.condition, false));
    names.sort();
    names.dedup();
    if !names.is_empty() {
        keys.push(("dynamodb:Attributes".to_owned(), names));
    }
    if statement.action == "PartiQLSelect" {
        let all = statement.subject.first() == Some(&Token::Symbol('*'));
        let select = if all { "ALL_ATTRIBUTES" } else { "SPECIFIC_ATTRIBUTES" };
        keys.push(("dynamodb:Select".to_owned(), vec![select.to_owned()]));
    }
    if let [Token::Word(which), Token::Word(when), ..] = statement.returning {
        let which = if which.eq_ignore_ascii_case("MODIFIED") { "UPDATED" } else { "ALL" };
        let returned = format!("{which}_{}", when.to_ascii_uppercase());
        keys.push(("dynamodb:ReturnValues".to_owned(), vec![returned]));
    }
    let parameters = request.get("Parameters").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    add_items(asking, &mut draft, &statement, parameters)?;
    Ok(draft)
}

fn read(tokens: &[Token]) -> Result<Statement<'_>, Refusal> {
    let find = |keyword: &str| tokens.iter().position(|token| token.is(keyword));
    // `EXISTS (SELECT …)` reads.
    if let [exists, Token::Symbol('('), inner @ .., Token::Symbol(')')] = tokens
        && exists.is("EXISTS")
    {
        return read(inner).and_then(|inner| if inner.action == "PartiQLSelect" { Ok(inner) } else { Err(wrong()) });
    }
    if tokens.iter().skip(1).any(|token| ["SELECT", "INSERT", "UPDATE"].iter().any(|keyword| token.is(keyword))) {
        return Err(wrong());
    }
    let end = tokens.len();
    let where_at = find("WHERE").unwrap_or(end);
    let returning_at = find("RETURNING").unwrap_or(end);
    let order_at = find("ORDER").unwrap_or(end);
    let part = |from: usize, to: usize| tokens.get(from..to.max(from)).unwrap_or_default();
    let stop =
        |from: usize| [where_at, returning_at, order_at, end].into_iter().filter(|at| *at >= from).min().unwrap_or(end);
    let condition = part(where_at + 1, stop(where_at + 1));
    let returning = part(returning_at + 1, stop(returning_at + 1));
    let first = tokens.first().ok_or_else(wrong)?;
    let (action, table_at, subject) = if first.is("SELECT") {
        let from = find("FROM").ok_or_else(wrong)?;
        ("PartiQLSelect", from + 1, part(1, from))
    } else if first.is("INSERT") && tokens.get(1).is_some_and(|token| token.is("INTO")) {
        let value = find("VALUE").ok_or_else(wrong)?;
        ("PartiQLInsert", 2, part(value + 1, end))
    } else if first.is("UPDATE") {
        let change = tokens.iter().position(|token| token.is("SET") || token.is("REMOVE")).ok_or_else(wrong)?;
        ("PartiQLUpdate", 1, part(change, stop(change)))
    } else if first.is("DELETE") && tokens.get(1).is_some_and(|token| token.is("FROM")) {
        ("PartiQLDelete", 2, part(0, 0))
    } else {
        return Err(wrong());
    };
    let (table, index, after) = table(tokens, table_at)?;
    let next = tokens.get(after);
    let follows = ["WHERE", "ORDER", "RETURNING", "VALUE", "SET", "REMOVE"];
    if next.is_some_and(|next| !follows.iter().any(|keyword| next.is(keyword))) {
        return Err(wrong());
    }
    Ok(Statement { action, table, index, subject, condition, returning })
}

/// The table, its index, and where the statement goes on.
fn table(tokens: &[Token], at: usize) -> Result<(String, Option<String>, usize), Refusal> {
    let name = |at: usize| match tokens.get(at) {
        Some(Token::Name(name) | Token::Word(name)) => Ok(name.clone()),
        _ => Err(wrong()),
    };
    let table = name(at)?;
    if tokens.get(at + 1) == Some(&Token::Symbol('.')) {
        return Ok((table, Some(name(at + 2)?), at + 3));
    }
    Ok((table, None, at + 1))
}

/// The attributes that tokens name, without what is inside of them. In the value of an `INSERT`, they are the texts before
/// a colon in the outer braces.
fn attributes(tokens: &[Token], is_value: bool) -> Vec<String> {
    let mut names = Vec::new();
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate() {
        let next = tokens.get(at + 1);
        let before = at.checked_sub(1).and_then(|before| tokens.get(before));
        match token {
            Token::Symbol('{') => depth += 1,
            Token::Symbol('}') => depth -= 1,
            Token::Text(name) | Token::Name(name) if is_value && depth == 1 && next == Some(&Token::Symbol(':')) => {
                names.push(name.clone());
            }
            Token::Name(name) if !is_value && before != Some(&Token::Symbol('.')) => names.push(name.clone()),
            Token::Word(name) if !is_value && before != Some(&Token::Symbol('.')) => {
                let is_keyword = KEYWORDS.iter().any(|keyword| keyword.eq_ignore_ascii_case(name));
                if !is_keyword && next != Some(&Token::Symbol('(')) {
                    names.push(name.clone());
                }
            }
            _ => {}
        }
    }
    names
}

/// Adds the values of partition keys and whether the statement reads the whole table.
fn add_items(
    asking: &Asking<'_>,
    draft: &mut Draft,
    statement: &Statement<'_>,
    parameters: &[Value],
) -> Result<(), Refusal> {
    let equal = if statement.action == "PartiQLInsert" {
        inserted(statement.subject, parameters)?
    } else {
        equalities(statement.condition, parameters)?
    };
    if statement.action == "PartiQLSelect" {
        let scans = scans(asking, draft, &equal);
        draft.question.keys.push(("dynamodb:FullTableScan".to_owned(), vec![scans.to_string()]));
        if scans {
            return Ok(());
        }
    }
    let mut touched = Touched::default();
    for (name, values) in equal {
        for value in values {
            touched.add([(name.clone(), value)]);
        }
    }
    add_leading_keys(asking, draft, &touched);
    Ok(())
}

/// Whether a SELECT does not say which partition keys it reads. As long as the key is not known, any equality may do.
fn scans(asking: &Asking<'_>, draft: &mut Draft, equal: &BTreeMap<String, Vec<Value>>) -> bool {
    let (table, index) = match draft.question.resource.split_once("/index/") {
        Some((table, index)) => (table.to_owned(), Some(index.to_owned())),
        None => (draft.question.resource.clone(), None),
    };
    let need = Need::KeySchema { table, index };
    match asking.facts.get(&need) {
        Some(Fact::Texts(names)) => names.iter().any(|name| !equal.contains_key(name)),
        Some(_) => true,
        None => {
            if !equal.is_empty() && !draft.needs.contains(&need) {
                draft.needs.push(need);
            }
            equal.is_empty()
        }
    }
}

/// What a condition says that attributes equal: `a = 1`, `a IN [1, 2]`. With OR or NOT it says nothing of the kind.
fn equalities(condition: &[Token], parameters: &[Value]) -> Result<BTreeMap<String, Vec<Value>>, Refusal> {
    let mut equal: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    if condition.iter().any(|token| token.is("OR") || token.is("NOT")) {
        return Ok(equal);
    }
    for (at, token) in condition.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| condition.get(before));
        let name = match token {
            Token::Name(name) | Token::Word(name) if before != Some(&Token::Symbol('.')) => name,
            _ => continue,
        };
        match (condition.get(at + 1), condition.get(at + 2)) {
            (Some(Token::Symbol('=')), Some(value)) => {
                if let Some(value) = constant(value, parameters)? {
                    equal.entry(name.clone()).or_default().push(value);
                }
            }
            (Some(is_in), Some(Token::Symbol('[' | '('))) if is_in.is("IN") => {
                let list = condition.get(at + 3..).unwrap_or_default();
                let list = list.iter().take_while(|token| !matches!(token, Token::Symbol(']' | ')')));
                for value in list.filter(|token| **token != Token::Symbol(',')) {
                    if let Some(value) = constant(value, parameters)? {
                        equal.entry(name.clone()).or_default().push(value);
                    }
                }
            }
            _ => {}
        }
    }
    Ok(equal)
}

/// The attributes of an inserted item whose values are constants.
fn inserted(value: &[Token], parameters: &[Value]) -> Result<BTreeMap<String, Vec<Value>>, Refusal> {
    let mut equal = BTreeMap::new();
    let mut depth = 0;
    for (at, token) in value.iter().enumerate() {
        match token {
            Token::Symbol('{') => depth += 1,
            Token::Symbol('}') => depth -= 1,
            Token::Text(name) | Token::Name(name) if depth == 1 && value.get(at + 1) == Some(&Token::Symbol(':')) => {
                let constant = value.get(at + 2).map(|token| constant(token, parameters)).transpose()?.flatten();
                if let Some(constant) = constant {
                    equal.insert(name.clone(), vec![constant]);
                }
            }
            _ => {}
        }
    }
    Ok(equal)
}

fn constant(token: &Token, parameters: &[Value]) -> Result<Option<Value>, Refusal> {
    Ok(match token {
        Token::Text(text) => Some(json!({"S": text})),
        Token::Number(number) => Some(json!({"N": number})),
        Token::Parameter(place) => Some(parameters.get(*place).cloned().ok_or_else(wrong)?),
        _ => None,
    })
}
