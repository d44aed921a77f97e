//! What the pages of entities have in common.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::editor::{Kind, Subject};
use crate::console::view::{Block, Cell, Field, Form, Notice, Row, Table, moment};
use crate::console::visit::Visit;
use crate::error::Error;
use crate::services;
use crate::wire::Service;

/// What paths of pages keep as it is.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':').remove(b'/');

/// The path of a page of an entity.
pub fn path(kind: &str, name: &str) -> String {
    format!("/console/{kind}/{}", utf8_percent_encode(name, PATH))
}

/// A page with a query.
pub fn with_query(page: &str, query: &[(&str, &str)]) -> String {
    format!("{page}?{}", form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish())
}

/// A member as text; a moment where it is one.
pub fn shown(value: &Value, member: &str) -> String {
    match value.get(member) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number))
            if ["Date", "Used", "Time", "Authenticated", "Timestamp"].iter().any(|end| member.ends_with(end)) =>
        {
            number.as_i64().map(moment).unwrap_or_default()
        }
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Bool(true)) => "yes".to_owned(),
        Some(Value::Bool(false)) => "no".to_owned(),
        _ => String::new(),
    }
}

/// The members of a list.
pub fn members<'v>(value: &'v Value, list: &str) -> &'v [Value] {
    value.get(list).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Names and values, without those that are not there.
pub fn facts(heading: &str, value: &Value, names: &[(&str, &str)]) -> Block {
    let facts = names.iter().map(|(label, member)| ((*label).to_owned(), Cell::text(shown(value, member))));
    Block::Facts(heading.to_owned(), facts.filter(|(_, cell)| !cell.text.is_empty()).collect())
}

/// A table, or the reason why it cannot be shown.
pub fn table(
    title: &str,
    empty: &str,
    columns: &[&str],
    result: Result<Value, Error>,
    list: &str,
    row: impl Fn(&Value) -> Row,
) -> Block {
    let (rows, refused) = match &result {
        Ok(value) => (members(value, list).iter().map(row).collect(), None),
        Err(error) => (Vec::new(), Some(Notice::of(error))),
    };
    let has_actions = rows.iter().any(|row: &Row| !row.actions.is_empty());
    let mut columns: Vec<_> = columns.iter().map(|column| (*column).to_owned()).collect();
    if has_actions {
        columns.push("Actions".to_owned());
    }
    Block::Table(Table { title: title.to_owned(), columns, rows, empty: empty.to_owned(), refused, next: None })
}

/// A button that calls an operation.
pub fn button(submit: &str, operation: &'static str, hidden: &[(&str, &str)], next: &str) -> Form {
    let hidden = hidden.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Form {
        submit: submit.to_owned(),
        operation: operation.to_owned(),
        hidden,
        next: next.to_owned(),
        ..Form::default()
    }
}

/// The same for what destroys something.
pub fn danger(submit: &str, operation: &'static str, hidden: &[(&str, &str)], next: &str) -> Form {
    Form { is_danger: true, ..button(submit, operation, hidden, next) }
}

/// A form that calls an operation.
pub fn form(
    title: &str,
    submit: &str,
    operation: &'static str,
    hidden: &[(&str, &str)],
    fields: Vec<Field>,
    next: &str,
) -> Block {
    Block::Form(Form { title: title.to_owned(), fields, ..button(submit, operation, hidden, next) })
}

/// Where to ask when an entity last accessed services, and what its policies say.
pub fn accessed(entity: &Value) -> Block {
    let arn = shown(entity, "Arn");
    let report = Cell::link("Make a report", with_query("/console/last-accessed", &[("arn", &arn)]));
    let simulator = Cell::link("Ask the simulator", with_query("/console/simulator", &[("principal", &arn)]));
    let facts = [("Service last accessed", report), ("What its policies say", simulator)];
    Block::Facts(String::new(), facts.map(|(label, cell)| (label.to_owned(), cell)).into())
}

/// The fields of one tag.
pub fn tag_fields() -> Vec<Field> {
    vec![Field::required("Tags.member.1.Key", "Key"), Field::optional("Tags.member.1.Value", "Value").or_empty()]
}

/// The tags of an entity, with what changes them.
pub fn tags(
    result: Result<Value, Error>,
    operations: [&'static str; 2],
    owner: (&str, &str),
    place: &str,
) -> Vec<Block> {
    let [tag, untag] = operations;
    let row = |value: &Value| {
        let key = shown(value, "Key");
        let actions = vec![danger("Remove", untag, &[owner, ("TagKeys.member.1", &key)], place)];
        Row { cells: vec![Cell::text(key.clone()), Cell::text(shown(value, "Value"))], actions }
    };
    vec![
        table("Tags", "There are no tags.", &["Key", "Value"], result, "Tags", row),
        form("Add a tag", "Add the tag", tag, &[owner], tag_fields(), place),
    ]
}

/// The managed policies that are attached to an entity, with what changes them.
pub fn attached(
    result: Result<Value, Error>,
    operations: [&'static str; 2],
    owner: (&str, &str),
    place: &str,
) -> Vec<Block> {
    let [attach, detach] = operations;
    let row = |value: &Value| {
        let arn = shown(value, "PolicyArn");
        let cells = vec![Cell::link(shown(value, "PolicyName"), path("policies", &arn)), Cell::text(arn.clone())];
        Row { cells, actions: vec![danger("Detach", detach, &[owner, ("PolicyArn", &arn)], place)] }
    };
    let fields =
        vec![Field::required("PolicyArn", "ARN of the policy").hint("such as arn:aws:iam::aws:policy/ReadOnlyAccess")];
    vec![
        table("Managed policies", "No managed policy is attached.", &["Name", "ARN"], result, "AttachedPolicies", row),
        form("Attach a policy", "Attach the policy", attach, &[owner], fields, place),
    ]
}

/// The permissions boundary of an entity, with what changes it.
pub fn boundary(entity: &Value, operations: [&'static str; 2], owner: (&str, &str), place: &str) -> Vec<Block> {
    let [put, delete] = operations;
    let boundary = entity.get("PermissionsBoundary");
    let arn = boundary.map(|boundary| shown(boundary, "PermissionsBoundaryArn")).unwrap_or_default();
    let field = Field::required("PermissionsBoundary", "ARN of the policy").with(arn.clone());
    let mut blocks = vec![form("Permissions boundary", "Set the boundary", put, &[owner], vec![field], place)];
    if !arn.is_empty() {
        blocks.push(Block::Form(danger("Remove the permissions boundary", delete, &[owner], place)));
    }
    blocks
}

/// The form that gives a user or group another name or path.
pub fn renamed(kind: &str, operation: &'static str, owner: (&str, &str), at: &str, next: &str) -> Block {
    let name = format!("New{}", owner.0);
    let fields =
        vec![Field::optional(&name, "New name").with(owner.1), Field::optional("NewPath", "New path").with(at)];
    form(&format!("Rename or move the {kind}"), "Save", operation, &[owner], fields, next)
}

/// A policy to begin with.
pub const FIRST_POLICY: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": "s3:GetObject",
      "Resource": "arn:aws:s3:::example/*"
    }
  ]
}"#;

/// The inline policies of an entity, with what changes them.
pub async fn inline(visit: &Visit, operations: [&'static str; 4], owner: (&str, &str), place: &str) -> Vec<Block> {
    let [list, get, put, delete] = operations;
    let editor = |name: &str| {
        let kind = match owner.0 {
            "UserName" => Kind::User,
            "GroupName" => Kind::Group,
            _ => Kind::Role,
        };
        Subject { kind, owner: owner.1.to_owned(), name: name.to_owned() }.editor()
    };
    let names = visit.iam(list, &[owner]).await;
    let mut blocks = Vec::new();
    if let Ok(names) = &names {
        for name in members(names, "PolicyNames").iter().filter_map(Value::as_str) {
            let document = match visit.iam(get, &[owner, ("PolicyName", name)]).await {
                Ok(policy) => readable(&shown(&policy, "PolicyDocument")),
                Err(error) => {
                    blocks.push(Block::refused(&error));
                    continue;
                }
            };
            let field = Field::required("PolicyDocument", "Policy").of_kind("policy").with(document);
            let hidden = [owner, ("PolicyName", name)];
            blocks.push(form(&format!("Inline policy {name}"), "Save", put, &hidden, vec![field], place));
            blocks.push(Block::Links(vec![Cell::link(format!("Open {name} in the editor"), editor(name))]));
            blocks.push(Block::Form(danger(&format!("Delete inline policy {name}"), delete, &hidden, place)));
        }
    }
    if let Err(error) = &names {
        blocks.push(Block::refused(error));
    }
    let fields = vec![
        Field::required("PolicyName", "Name"),
        Field::required("PolicyDocument", "Policy").of_kind("policy").with(FIRST_POLICY),
    ];
    blocks.push(Block::Links(vec![Cell::link("Write an inline policy in the editor", editor(""))]));
    blocks.push(form("Add an inline policy", "Add the policy", put, &[owner], fields, place));
    blocks
}

/// A document as AWS's answers have it, without their encoding; one that is all on a line gets a line for each member.
pub fn plain(document: &str) -> String {
    let plain = percent_encoding::percent_decode_str(document).decode_utf8_lossy().into_owned();
    if plain.trim().contains('\n') { plain } else { readable(document) }
}

/// The same with a line for each member.
pub fn readable(document: &str) -> String {
    let plain = percent_encoding::percent_decode_str(document).decode_utf8_lossy().into_owned();
    let value: Option<Value> = serde_json::from_str(&plain).ok();
    value.and_then(|value| serde_json::to_string_pretty(&value).ok()).unwrap_or(plain)
}

/// What the form before this page did.
pub fn done(visit: &Visit) -> Option<Notice> {
    let name = visit.sent.field("done");
    services::find(Service::IAM, name).and_then(|entry| Notice::good(format!("{} succeeded.", entry.name)))
}
