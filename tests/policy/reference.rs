//! A second, naive reading of AWS's rules, to hold the engine against: no compilation, no index, no automaton. It works
//! on the JSON itself and follows the documentation as plainly as it can, at any cost in time.

use serde_json::Value;

/// One request of the comparison.
#[derive(Clone, Debug)]
pub struct Asked {
    pub who: Who,
    pub action: String,
    pub resource: String,
    pub owner: String,
    pub context: Vec<(String, Vec<String>)>,
}

/// The callers that the comparison knows; all belong to the account 111122223333 but the stranger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    User,
    Session,
    Federated,
    Root,
    Stranger,
    Service,
    Anonymous,
}

/// The policies of the comparison: documents by layer.
#[derive(Clone, Debug, Default)]
pub struct Given {
    pub identity: Vec<Value>,
    pub boundary: Option<Value>,
    pub session: Option<Value>,
    pub resource: Option<Value>,
    pub scp: Option<Vec<Vec<Value>>>,
    pub rcp: Option<Vec<Vec<Value>>>,
    pub endpoint: Option<Value>,
}

pub const USER: &str = "arn:aws:iam::111122223333:user/ann";
pub const ROLE: &str = "arn:aws:iam::111122223333:role/r";
pub const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/r/s";
pub const FEDERATED: &str = "arn:aws:sts::111122223333:federated-user/f";
pub const ROOT: &str = "arn:aws:iam::111122223333:root";
pub const STRANGER: &str = "arn:aws:iam::444455556666:user/eve";
pub const SERVICE: &str = "ec2.amazonaws.com";

impl Who {
    pub fn text(self) -> &'static str {
        match self {
            Self::User => USER,
            Self::Session => SESSION,
            Self::Federated => FEDERATED,
            Self::Root => ROOT,
            Self::Stranger => STRANGER,
            Self::Service => SERVICE,
            Self::Anonymous => "*",
        }
    }

    fn account(self) -> Option<&'static str> {
        match self {
            Self::Stranger => Some("444455556666"),
            Self::Service | Self::Anonymous => None,
            _ => Some("111122223333"),
        }
    }
}

/// The verdict in the simulator's words.
pub fn decide(asked: &Asked, given: &Given) -> &'static str {
    let bounded = given.boundary.is_some();
    let says = |documents: &[&Value], effect: &str| {
        statements(documents).any(|statement| matches(statement, effect, asked, bounded).is_some())
    };
    let list = |value: &Option<Value>| value.iter().cloned().collect::<Vec<_>>();
    let levels = |levels: &Option<Vec<Vec<Value>>>| levels.iter().flatten().flatten().cloned().collect::<Vec<_>>();
    let scp_binds = asked.who.account().is_some();
    let mut everything = Vec::new();
    everything.extend(given.identity.iter().cloned());
    for layer in [&given.boundary, &given.session, &given.resource, &given.endpoint] {
        everything.extend(list(layer));
    }
    if scp_binds {
        everything.extend(levels(&given.scp));
    }
    if asked.action.to_lowercase().starts_with("s3:") {
        everything.extend(levels(&given.rcp));
    }
    if says(&everything.iter().collect::<Vec<_>>(), "Deny") {
        return "explicitDeny";
    }
    let allows = |layer: &Option<Value>| says(&layer.iter().collect::<Vec<_>>(), "Allow");
    let scp_allows = match &given.scp {
        Some(levels) if scp_binds => {
            !levels.is_empty() && levels.iter().all(|level| says(&level.iter().collect::<Vec<_>>(), "Allow"))
        }
        _ => true,
    };
    if !scp_allows || (given.endpoint.is_some() && !allows(&given.endpoint)) {
        return "implicitDeny";
    }
    let resource = list(&given.resource);
    let resource = resource.iter().collect::<Vec<_>>();
    let ways: Vec<_> =
        statements(&resource).filter_map(|statement| matches(statement, "Allow", asked, bounded)).collect();
    let boundary = given.boundary.is_none() || allows(&given.boundary);
    let session = match asked.who {
        Who::Root => true,
        Who::Federated => allows(&given.session),
        _ => given.session.is_none() || allows(&given.session),
    };
    let identity = asked.who == Who::Root || says(&given.identity.iter().collect::<Vec<_>>(), "Allow");
    let own_side = identity && boundary && session;
    let allowed = match asked.who.account() {
        None => !ways.is_empty(),
        Some(account) if account != asked.owner => !ways.is_empty() && own_side,
        Some(_) => ways.contains(&Way::Direct) || (ways.contains(&Way::ByRole) && boundary && session) || own_side,
    };
    if allowed { "allowed" } else { "implicitDeny" }
}

fn statements<'d>(documents: &'d [&Value]) -> impl Iterator<Item = &'d Value> {
    documents.iter().flat_map(|document| match &document["Statement"] {
        Value::Array(statements) => statements.iter().collect::<Vec<_>>(),
        one => vec![one],
    })
}

/// How a statement names the principal.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Direct,
    ByRole,
    ByAccount,
}

fn matches(statement: &Value, effect: &str, asked: &Asked, bounded: bool) -> Option<Way> {
    let way = principal(statement, asked.who, bounded)?;
    let rest = statement["Effect"] == effect
        && element(statement, "Action", "NotAction", |pattern| action(pattern, &asked.action))
        && element(statement, "Resource", "NotResource", |pattern| resource(pattern, asked))
        && conditions(statement, asked);
    rest.then_some(way)
}

fn strings(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    }
}

fn element(statement: &Value, plain: &str, negated: &str, hit: impl Fn(&str) -> bool) -> bool {
    match (statement.get(plain), statement.get(negated)) {
        (Some(list), _) => strings(list).into_iter().any(hit),
        (_, Some(list)) => !strings(list).into_iter().any(hit),
        (None, None) => true,
    }
}

fn principal(statement: &Value, who: Who, bounded: bool) -> Option<Way> {
    let names = |element: &Value| match element {
        Value::Object(kinds) => kinds.values().flat_map(|names| strings(names)).map(str::to_owned).collect::<Vec<_>>(),
        bare => strings(bare).into_iter().map(str::to_owned).collect(),
    };
    let way = |name: &str| {
        if name == "*" || name == who.text() && who != Who::Root {
            Some(Way::Direct)
        } else if who == Who::Session && name == ROLE {
            Some(Way::ByRole)
        } else if who.account().is_some_and(|account| name == account || name == format!("arn:aws:iam::{account}:root"))
        {
            Some(Way::ByAccount)
        } else {
            None
        }
    };
    if let Some(element) = statement.get("Principal") {
        let ways: Vec<_> = names(element).iter().filter_map(|name| way(name)).collect();
        return [Way::Direct, Way::ByRole, Way::ByAccount].into_iter().find(|way| ways.contains(way));
    }
    if let Some(element) = statement.get("NotPrincipal") {
        let names = names(element);
        let lists = |wanted| names.iter().any(|name| way(name) == Some(wanted));
        let exempt = names.iter().any(|name| name == "*")
            || match who {
                Who::Root => lists(Way::ByAccount),
                Who::Session => lists(Way::Direct) && lists(Way::ByRole) && lists(Way::ByAccount),
                _ => lists(Way::Direct),
            };
        return (bounded || !exempt).then_some(Way::Direct);
    }
    Some(Way::Direct)
}

fn action(pattern: &str, action: &str) -> bool {
    pattern == "*"
        || match (pattern.to_lowercase().split_once(':'), action.to_lowercase().split_once(':')) {
            (Some((service, name)), Some((asked_service, asked_name))) => {
                service == asked_service && glob(&plain(name), &text(asked_name))
            }
            _ => false,
        }
}

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

fn text(text: &str) -> Vec<char> {
    text.chars().collect()
}

fn plain(pattern: &str) -> Vec<Token> {
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

fn resource(pattern: &str, asked: &Asked) -> bool {
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

fn conditions(statement: &Value, asked: &Asked) -> bool {
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
        return wanted.contains(&if found.is_empty() { "true" } else { "false" });
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
        "StringEqualsIgnoreCase" => wanted.to_lowercase() == value.to_lowercase(),
        "NumericEquals" => numbers(wanted, value, |wanted, value| value == wanted),
        "NumericLessThan" => numbers(wanted, value, |wanted, value| value < wanted),
        "Bool" => wanted == value,
        "ArnEquals" | "ArnLike" => {
            let (wanted, value) = (wanted.splitn(6, ':'), value.splitn(6, ':'));
            let (wanted, value): (Vec<_>, Vec<_>) = (wanted.collect(), value.collect());
            value.len() == 6
                && value.first() == Some(&"arn")
                && (0..6).all(|part| glob(&plain(wanted.get(part).unwrap_or(&"*")), &text(value[part])))
        }
        other => panic!("the reference does not know {other}"),
    }
}

fn numbers(wanted: &str, value: &str, holds: impl Fn(f64, f64) -> bool) -> bool {
    wanted.parse().is_ok_and(|wanted| value.parse().is_ok_and(|value| holds(wanted, value)))
}
