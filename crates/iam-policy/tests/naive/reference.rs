//! A second, naive reading of AWS's rules, to hold the engine against: no compilation, no index, no automaton. It works
//! on the JSON itself and follows the documentation as plainly as it can, at any cost in time.

mod comparison;

use serde_json::Value;

use comparison::{conditions, glob, plain, resource, text};

/// One request of the comparison.
#[derive(Clone, Debug)]
pub struct Asked {
    pub who: Who,
    pub action: String,
    pub resource: String,
    pub owner: String,
    pub context: Vec<(String, Vec<String>)>,
}

/// The callers that the comparison knows; those that have an account belong to 111122223333, but for the stranger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    User,
    Session,
    /// A session of a service-linked role.
    Linked,
    Federated,
    Root,
    Stranger,
    Service,
    /// A user with a token of an identity provider.
    Provided,
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
    /// The organization's management account.
    pub management: Option<&'static str>,
}

pub const USER: &str = "arn:aws:iam::111122223333:user/ann";
pub const ROLE: &str = "arn:aws:iam::111122223333:role/r";
pub const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/r/s";
pub const LINKED: &str = "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForX/s";
pub const LINKED_ROLE: &str = "arn:aws:iam::111122223333:role/AWSServiceRoleForX";
pub const PROVIDER: &str = "arn:aws:iam::111122223333:oidc-provider/example.com";
/// The role and the key that requests are about.
pub const TARGET: &str = "arn:aws:iam::111122223333:role/target";
pub const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1";
pub const FEDERATED: &str = "arn:aws:sts::111122223333:federated-user/f";
pub const ROOT: &str = "arn:aws:iam::111122223333:root";
pub const STRANGER: &str = "arn:aws:iam::444455556666:user/eve";
pub const SERVICE: &str = "ec2.amazonaws.com";

impl Who {
    pub const ALL: &[Self] = &[
        Self::User,
        Self::User,
        Self::Session,
        Self::Linked,
        Self::Federated,
        Self::Root,
        Self::Stranger,
        Self::Service,
        Self::Provided,
        Self::Anonymous,
    ];

    pub fn text(self) -> &'static str {
        match self {
            Self::User => USER,
            Self::Session => SESSION,
            Self::Linked => LINKED,
            Self::Provided => PROVIDER,
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
            Self::Service | Self::Anonymous | Self::Provided => None,
            _ => Some("111122223333"),
        }
    }
}

/// The verdict in the simulator's words.
pub fn decide(asked: &Asked, given: &Given) -> &'static str {
    if asked.action == "sts:GetCallerIdentity" {
        return "allowed";
    }
    let bounded = given.boundary.is_some();
    let says = |documents: &[&Value], effect: &str| {
        statements(documents).any(|statement| matches(statement, effect, asked, bounded).is_some())
    };
    let list = |value: &Option<Value>| value.iter().cloned().collect::<Vec<_>>();
    let levels = |levels: &Option<Vec<Vec<Value>>>| levels.iter().flatten().flatten().cloned().collect::<Vec<_>>();
    let linked = asked.who == Who::Linked;
    let is_managing = |account: &str| given.management == Some(account);
    let scp_binds = !linked && asked.who.account().is_some_and(|account| !is_managing(account));
    let service = asked.action.to_lowercase();
    let supported = ["s3:", "kms:", "sts:"].iter().any(|prefix| service.starts_with(prefix));
    let rcp_binds = supported && !linked && !is_managing(&asked.owner) && service != "kms:retiregrant";
    let mut everything = Vec::new();
    everything.extend(given.identity.iter().cloned());
    for layer in [&given.boundary, &given.session, &given.resource, &given.endpoint] {
        everything.extend(list(layer));
    }
    if scp_binds {
        everything.extend(levels(&given.scp));
    }
    if rcp_binds {
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
    let trust = given.resource.is_some() && asked.resource == TARGET;
    let stranger = matches!(asked.who, Who::Provided | Who::Anonymous);
    let ways: Vec<_> = statements(&resource)
        .filter(|statement| !(trust && stranger && is_about_everyone(statement)))
        .filter_map(|statement| matches(statement, "Allow", asked, bounded))
        .collect();
    if trust && asked.who == Who::Root {
        return "implicitDeny";
    }
    // A key without a key policy cannot be used.
    let demanding = trust || (service.starts_with("kms:") && asked.resource == KEY);
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
        Some(_) => {
            ways.contains(&Way::Direct)
                || (ways.contains(&Way::ByRole) && boundary && session)
                || (own_side && (!demanding || !ways.is_empty()))
        }
    };
    if allowed { "allowed" } else { "implicitDeny" }
}

/// In a trust policy that means AWS's principals only.
fn is_about_everyone(statement: &Value) -> bool {
    let principal = &statement["Principal"];
    principal == "*" || strings(&principal["AWS"]).contains(&"*")
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
    let way = principal(statement, effect, asked.who, bounded)?;
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

fn principal(statement: &Value, effect: &str, who: Who, bounded: bool) -> Option<Way> {
    let names = |element: &Value| match element {
        Value::Object(kinds) => kinds.values().flat_map(|names| strings(names)).map(str::to_owned).collect::<Vec<_>>(),
        bare => strings(bare).into_iter().map(str::to_owned).collect(),
    };
    let way = |name: &str| {
        if name == "*" || name == who.text() && who != Who::Root {
            Some(Way::Direct)
        } else if (who == Who::Session && name == ROLE) || (who == Who::Linked && name == LINKED_ROLE) {
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
        if effect == "Allow" {
            return names.iter().all(|name| way(name).is_none()).then_some(Way::Direct);
        }
        let lists = |wanted| names.iter().any(|name| way(name) == Some(wanted));
        let exempt = names.iter().any(|name| name == "*")
            || match who {
                Who::Root => lists(Way::ByAccount),
                Who::Session | Who::Linked => lists(Way::Direct) && lists(Way::ByRole) && lists(Way::ByAccount),
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
