//! What pages are made of. Templates write it; every text in it is escaped there.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use super::answer;
use super::pages::why;
use super::session::SignedIn;
use super::visit::sentence;
use crate::audit::AuthorizationId;
use crate::error::Error;
use crate::shapes::Timestamp;

/// A page of somebody who is signed in.
#[derive(Template)]
#[template(path = "page.html", config = "src/console/askama.toml")]
pub struct Page {
    /// The heading.
    pub title: String,
    /// The entry of the menu that the page belongs to.
    pub section: &'static str,
    /// Who is signed in.
    pub who: Who,
    /// What happened, or what is wrong.
    pub notice: Option<Notice>,
    /// The content, from top to bottom.
    pub blocks: Vec<Block>,
}

/// Who is signed in, as every page shows it.
#[derive(Clone)]
pub struct Who {
    /// The account's number.
    pub account: String,
    /// The name of the principal, or what the person calls the role.
    pub name: String,
    /// The principal's ARN.
    pub arn: String,
    /// Whether a role acts that was switched to.
    pub switched: bool,
    /// Whether the person can switch to a role: the root user cannot.
    pub can_switch: bool,
    /// The token that forms carry.
    pub csrf: String,
}

impl Who {
    /// The owner of a session, whose ARN is known.
    pub fn of(session: &SignedIn, arn: String) -> Self {
        let name = arn.rsplit_once(':').map_or(arn.as_str(), |(_, name)| name).to_owned();
        Self {
            account: session.caller.account.to_string(),
            name: session.display_name.clone().unwrap_or(name),
            arn,
            switched: session.switched_from.is_some(),
            can_switch: session.person().caller.principal != crate::identity::Principal::Root,
            csrf: session.csrf.reveal().to_owned(),
        }
    }
}

/// A sentence above the content.
#[derive(Clone)]
pub struct Notice {
    /// Whether something is wrong.
    pub is_error: bool,
    /// The sentence.
    pub text: String,
    /// The page that explains it.
    pub why: Option<String>,
}

impl Notice {
    /// Something is wrong. Of a denial that can be looked up, the page about it takes the place of the words that lead
    /// to it.
    pub fn error(text: impl Into<String>) -> Option<Self> {
        Some(Self::wrong(text.into()))
    }

    /// What an operation refuses.
    pub fn of(error: &Error) -> Self {
        Self::wrong(sentence(error))
    }

    fn wrong(mut text: String) -> Self {
        let why = AuthorizationId::at_end_of(&text).map(why::path_of);
        if why.is_some()
            && let Some(end) = text.rfind(". Go to ")
        {
            text.truncate(end + 1);
        }
        Self { is_error: true, text, why }
    }

    /// Something happened.
    pub fn good(text: impl Into<String>) -> Option<Self> {
        Some(Self { is_error: false, text: text.into(), why: None })
    }
}

/// A part of a page.
pub enum Block {
    /// Names and values.
    Facts(String, Vec<(String, Cell)>),
    /// A table.
    Table(Table),
    /// A form that calls an operation.
    Form(Form),
    /// A text as it is, such as a policy.
    Text(String, String),
    /// A picture as a URL with its data, and what it shows.
    Picture(String, String),
    /// A search field.
    Search(Search),
    /// A sentence.
    Note(String),
    /// Why a part of the page cannot be shown.
    Refused(Notice),
    /// The parts of the page, of which one is shown: names and where they are. The current one leads nowhere.
    Tabs(Vec<Cell>),
    /// Who can assume what.
    Map(Map),
    /// The parts of a tree, in the order in which they are read.
    Tree(String, Vec<Branch>),
    /// A form that asks this page something: heading, fields, and what the button says.
    Question(String, Vec<Field>, String),
    /// Places to go on to, as buttons.
    Links(Vec<Cell>),
    /// The HTML of a template of its own, which escapes what it shows.
    Template(String),
}

impl Block {
    /// Why a part of the page cannot be shown.
    pub fn refused(error: &Error) -> Self {
        Self::Refused(Notice::of(error))
    }

    /// A template as a part of a page.
    pub fn template(template: &impl Template) -> Self {
        match template.render() {
            Ok(html) => Self::Template(html),
            Err(error) => {
                tracing::error!(%error, "a part of a page could not be written");
                Self::Note("This part of the page could not be written.".to_owned())
            }
        }
    }
}

/// A drawing of who can assume what, with every way in words.
pub struct Map {
    /// The size of the drawing.
    pub width: usize,
    /// The size of the drawing.
    pub height: usize,
    /// Who is in it.
    pub nodes: Vec<MapNode>,
    /// The ways.
    pub edges: Vec<MapEdge>,
}

/// Somebody in a drawing.
pub struct MapNode {
    /// Where its left edge is.
    pub x: usize,
    /// Where its upper edge is.
    pub y: usize,
    /// What it is, in a word.
    pub kind: &'static str,
    /// Its name, as far as there is room.
    pub label: String,
    /// Its whole name.
    pub name: String,
    /// Its page.
    pub link: Option<String>,
}

/// A way in a drawing.
pub struct MapEdge {
    /// The place of who goes it, among the nodes.
    pub from: usize,
    /// The place of where it leads.
    pub to: usize,
    /// The line, as SVG's paths have it.
    pub line: String,
    /// `member`, `conditional` or nothing.
    pub kind: &'static str,
    /// The way in words.
    pub words: String,
}

/// A part of a tree.
pub struct Branch {
    /// How far it is below the root.
    pub depth: usize,
    /// Its name.
    pub name: Cell,
    /// What it is.
    pub kind: &'static str,
    /// Its id.
    pub id: String,
    /// The policies that are attached to it.
    pub policies: Vec<Cell>,
}

/// A search by name.
#[derive(Default)]
pub struct Search {
    /// What was looked for.
    pub text: String,
    /// What else the query of the page has.
    pub hidden: Vec<(&'static str, &'static str)>,
}

/// A table.
#[derive(Default)]
pub struct Table {
    /// The heading.
    pub title: String,
    /// The columns' headings.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Row>,
    /// What is shown in place of rows where there are none.
    pub empty: String,
    /// Why there are none, if they cannot be shown.
    pub refused: Option<Notice>,
    /// Where the next page is.
    pub next: Option<String>,
}

/// A row.
#[derive(Default)]
pub struct Row {
    /// A cell for each column.
    pub cells: Vec<Cell>,
    /// What can be done with it.
    pub actions: Vec<Form>,
}

/// A text, perhaps with a link.
#[derive(Clone, Default)]
pub struct Cell {
    /// The text.
    pub text: String,
    /// Where it leads.
    pub link: Option<String>,
}

impl Cell {
    /// A text alone.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), link: None }
    }

    /// A text that leads to a page.
    pub fn link(text: impl Into<String>, link: String) -> Self {
        Self { text: text.into(), link: Some(link) }
    }
}

/// A form that calls an operation.
#[derive(Clone, Default)]
pub struct Form {
    /// What the button says.
    pub submit: String,
    /// The heading of a form with fields; those without are a button alone.
    pub title: String,
    /// Where it is sent, if not to where operations are called.
    pub action: &'static str,
    /// The service's prefix and the operation, such as `iam:CreateUser`.
    pub operation: String,
    /// Parameters that the person does not see.
    pub hidden: Vec<(String, String)>,
    /// Parameters that the person gives.
    pub fields: Vec<Field>,
    /// The page to go on to.
    pub next: String,
    /// Whether it destroys something.
    pub is_danger: bool,
}

/// A parameter that a person gives.
#[derive(Clone, Default)]
pub struct Field {
    /// The parameter.
    pub name: String,
    /// What the person reads.
    pub label: String,
    /// `text`, `password`, `new-password`, `area`, `policy` or `number`; with options it is a choice.
    pub kind: &'static str,
    /// What is there already.
    pub value: String,
    /// More about it.
    pub hint: String,
    /// The values to choose from.
    pub options: Vec<String>,
    /// Whether it must be given.
    pub required: bool,
    /// Whether it is sent although it is empty.
    pub keeps_empty: bool,
}

impl Field {
    /// A text that must be given.
    pub fn required(name: &str, label: &str) -> Self {
        Self { required: true, ..Self::optional(name, label) }
    }

    /// A text that may be left out.
    pub fn optional(name: &str, label: &str) -> Self {
        Self { name: name.to_owned(), label: label.to_owned(), kind: "text", ..Self::default() }
    }

    /// The same as a field of another kind.
    pub fn of_kind(self, kind: &'static str) -> Self {
        Self { kind, ..self }
    }

    /// The same with a value in it.
    pub fn with(self, value: impl Into<String>) -> Self {
        Self { value: value.into(), ..self }
    }

    /// The same with more about it.
    pub fn hint(self, hint: &str) -> Self {
        Self { hint: hint.to_owned(), ..self }
    }

    /// The same where nothing is a value too.
    pub fn or_empty(self) -> Self {
        Self { keeps_empty: true, ..self }
    }

    /// The same as a choice.
    pub fn choice(self, options: &[&str]) -> Self {
        Self { options: options.iter().map(|option| (*option).to_owned()).collect(), ..self }
    }
}

/// A page of sign-in: a form on its own, for somebody who is not signed in, or not yet.
#[derive(Template, Default)]
#[template(path = "card.html", config = "src/console/askama.toml")]
pub struct Card {
    /// The heading.
    pub title: String,
    /// What is wrong.
    pub error: Option<String>,
    /// What the form is about.
    pub text: String,
    /// Where the form is sent.
    pub action: String,
    /// What it carries besides its fields.
    pub hidden: Vec<(String, String)>,
    /// Its fields.
    pub fields: Vec<Field>,
    /// A choice between buttons, each with the name, the value and the text of one.
    pub buttons: Vec<(&'static str, &'static str, &'static str)>,
    /// What is below the form.
    pub facts: Vec<(String, String)>,
}

impl Card {
    /// A form with one button, which may be after an error.
    pub fn form(title: &str, action: &str, error: Option<&str>) -> Self {
        Self {
            title: title.to_owned(),
            action: action.to_owned(),
            error: error.map(str::to_owned),
            buttons: vec![("do", "go-on", "Continue")],
            ..Self::default()
        }
    }

    /// A page that says something and has no form.
    pub fn notice(title: &str, text: &str) -> Self {
        Self { title: title.to_owned(), text: text.to_owned(), ..Self::default() }
    }

    /// The same with a field that the person does not see.
    pub fn hiding(mut self, name: &str, value: impl Into<String>) -> Self {
        self.hidden.push((name.to_owned(), value.into()));
        self
    }

    /// The page.
    pub fn answer(&self, status: StatusCode) -> Response {
        let why = self.error.as_ref().unwrap_or(&self.text);
        answer::with_reason(answer::page(status, self), why)
    }
}

/// A moment, for people.
pub fn moment(seconds: i64) -> String {
    Timestamp::from_seconds(seconds).date_time().format("%Y-%m-%d %H:%M:%S UTC").to_string()
}
