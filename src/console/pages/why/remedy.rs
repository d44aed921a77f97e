//! What would allow a denied request. It is shown, and never applied.

use serde_json::Value;

use crate::audit::Details;
use crate::audit::details::{KeyValues, PolicyKind};
use crate::console::pages::editor::{Kind as Document, Subject};
use crate::console::pages::parts::path;
use crate::console::view::Cell;
use crate::console::visit::Visit;
use crate::error::{Code, Error};
use crate::services::iam_toolbox::GetRequestAuthorizationDetails;
use crate::shapes::{ArnParts, Kind};

/// What would allow the request.
#[derive(Default)]
pub struct Remedies {
    /// The smallest statement of each kind of policies that has to allow it.
    pub statements: Vec<Remedy>,
    /// The statements that deny it, whatever allows it.
    pub denying: Vec<Denying>,
}

/// A statement that would allow it.
pub struct Remedy {
    /// The kind of policy that needs it: `an identity-based policy`.
    pub noun: String,
    /// The statement.
    pub text: String,
    /// Where it can be written.
    pub links: Vec<Cell>,
}

/// A statement that denies it.
pub struct Denying {
    /// Its `Sid`, or its place.
    pub sid: String,
    /// The policy that it is of.
    pub policy: Cell,
}

/// What would allow a request.
pub fn remedies(visit: &Visit, details: &Details) -> Remedies {
    let mend = details.mend();
    let statements = mend.statements.iter().enumerate().map(|(number, (noun, statement))| {
        let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        Remedy {
            noun: format!("{article} {noun}"),
            text: serde_json::to_string_pretty(statement).unwrap_or_default(),
            links: places(visit, details, noun)
                .map(|(label, subject)| link(details, number, label, &subject))
                .collect(),
        }
    });
    let denying = mend.denying.iter().map(|(sid, policy)| {
        let arn = policy.rsplit(' ').next().unwrap_or_default();
        Denying { sid: sid.clone(), policy: Cell { text: policy.clone(), link: page_of(visit, arn) } }
    });
    Remedies { statements: statements.collect(), denying: denying.collect() }
}

/// One of the statements that would allow a denied request.
///
/// # Errors
/// Those of the operation that reads the denial, and for a statement that there is not.
pub async fn statement(visit: &Visit, id: &str, number: usize) -> Result<Value, Error> {
    let output = visit.output::<GetRequestAuthorizationDetails>(&[("authorizationId", id)]).await?;
    let statements = output.whole().map(|details| details.mend().statements).unwrap_or_default();
    let statement = statements.into_iter().nth(number).map(|(_, statement)| statement);
    statement.ok_or_else(|| Error::new(Code::ResourceNotFound, "There is no statement that would allow the request."))
}

fn link(details: &Details, number: usize, label: String, subject: &Subject) -> Cell {
    Cell::link(label, format!("{}&why={}&statement={number}", subject.editor(), details.id))
}

/// The documents of the account that the statement can be written to.
fn places<'d>(visit: &Visit, details: &'d Details, noun: &str) -> impl Iterator<Item = (String, Subject)> + 'd {
    let account = visit.session.caller.account;
    let kind = match noun {
        "identity-based policy" => Some(PolicyKind::Identity),
        "permissions boundary" => Some(PolicyKind::Boundary),
        _ => None,
    };
    let own = move |arn: &str, kind: Kind| {
        let parts = ArnParts::parse(arn).filter(|parts| parts.account_id() == Some(account))?;
        parts.path_and_name(kind).map(|(_, name)| name.to_owned())
    };
    let managed = details.policies.iter().filter(move |policy| Some(policy.kind) == kind && !policy.inline);
    let managed = managed.filter_map(move |policy| {
        let name = own(&policy.uri, Kind::Policy)?;
        Some((
            format!("Edit the policy {name}"),
            Subject { kind: Document::Managed, owner: policy.uri.clone(), name: String::new() },
        ))
    });
    // The user or role behind a session, too.
    let behind = details.context.iter().find_map(|(key, value)| match value {
        KeyValues::One(arn) if key == "aws:PrincipalArn" => Some(arn),
        _ => None,
    });
    let arns = [&details.principal].into_iter().chain(behind);
    let inline = arns.filter_map(move |arn| {
        let user = own(arn, Kind::User).map(|name| (Document::User, name));
        let (document, owner) = user.or_else(|| own(arn, Kind::Role).map(|name| (Document::Role, name)))?;
        let label = format!("Write an inline policy of {} {owner}", document.word());
        Some((label, Subject { kind: document, owner, name: String::new() }))
    });
    let inline = inline.filter(move |_| kind == Some(PolicyKind::Identity)).take(1);
    let roles = details.evaluations.iter().filter_map(move |one| own(&one.resource, Kind::Role)).take(1);
    let trust = roles.filter({
        let is_trust = noun == "role trust policy";
        move |_| is_trust
    });
    let trust = trust.map(|owner| {
        let label = format!("Edit the trust policy of role {owner}");
        (label, Subject { kind: Document::Trust, owner, name: String::new() })
    });
    managed.chain(inline).chain(trust)
}

/// The page of an entity of the account, or of one of AWS's policies.
pub fn page_of(visit: &Visit, arn: &str) -> Option<String> {
    let parts = ArnParts::parse(arn)?;
    let is_own = parts.account == visit.session.caller.account.to_string();
    let name = |kind| parts.path_and_name(kind).map(|(_, name)| name).filter(|_| is_own);
    let is_shown = is_own || parts.account == "aws";
    if parts.path_and_name(Kind::Policy).is_some() && is_shown {
        return Some(path("policies", arn));
    }
    let kinds = [(Kind::User, "users"), (Kind::Group, "groups"), (Kind::Role, "roles")];
    kinds.into_iter().find_map(|(kind, page)| Some(path(page, name(kind)?)))
}
