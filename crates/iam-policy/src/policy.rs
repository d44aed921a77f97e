//! A policy: its text, checked and compiled.

use std::sync::Arc;

use super::Position;
use super::document::Document;
use super::document::json::Node;
use super::document::position::Locator;
use super::grammar::{Grammar, Invalid};
use super::principal::{Name, PrincipalName};
use super::statement::Statement;
use super::validate;
use super::work::Load;

/// A policy document that its grammar accepts, compiled.
#[derive(Clone, Debug)]
pub struct Policy {
    text: Arc<str>,
    statements: Box<[Statement]>,
    /// What it costs to compare a request with all statements.
    load: Load,
}

impl Policy {
    /// Reads, checks and compiles a document in the grammar of its kind.
    ///
    /// # Errors
    /// The first rule of the grammar that the document breaks, in AWS's words.
    pub fn parse(text: &str, grammar: Grammar) -> Result<Self, Invalid> {
        Self::parse_within(text, grammar, Position::START)
    }

    /// [`Policy::parse`] for a document that is to be stored, or to limit a session, in an account of this partition
    /// (`aws`, `aws-cn`, …): IAM refuses some documents then that it would evaluate.
    ///
    /// # Errors
    /// The first rule that the document breaks, in AWS's words.
    pub fn accept(text: &str, grammar: Grammar, partition: &str) -> Result<Self, Invalid> {
        Self::compile(text, grammar, Position::START, Some(partition))
    }

    /// [`Policy::parse`] for a document before which white space may be, as the policy simulator takes it.
    ///
    /// # Errors
    /// The first rule of the grammar that the document breaks, in AWS's words.
    pub fn parse_indented(text: &str, grammar: Grammar) -> Result<Self, Invalid> {
        let document = text.trim_start_matches([' ', '\t', '\r', '\n']);
        Self::parse_within(document, grammar, Position::of(text, text.len() - document.len()))
    }

    /// [`Policy::parse`] for a document that begins at `start` of a larger text, of which all positions are.
    pub(crate) fn parse_within(text: &str, grammar: Grammar, start: Position) -> Result<Self, Invalid> {
        Self::compile(text, grammar, start, None).map_err(|invalid| {
            let position = invalid.position.map(|position| position.within(start));
            Invalid { position, ..invalid }
        })
    }

    fn compile(text: &str, grammar: Grammar, start: Position, partition: Option<&str>) -> Result<Self, Invalid> {
        // A byte order mark is not what the identity grammar complains of first.
        let body = text.strip_prefix('\u{feff}').filter(|_| !grammar.names_principals()).unwrap_or(text);
        let root = Node::parse(body).map_err(|error| Invalid::fault(grammar, body, error.into()))?;
        let document = Document::read(&root).map_err(|fault| Invalid::fault(grammar, body, fault))?;
        let bare = text.starts_with('{');
        validate::check(&document, grammar, bare, partition).map_err(|refusal| Invalid::refusal(body, refusal))?;
        let variables = document.version.is_some_and(|version| version.value == "2012-10-17");
        let mut locator = Locator::starting(body, start);
        let statements = document.statements.iter().enumerate();
        let statements = statements.map(|(index, written)| Statement::new(index, written, &mut locator, variables));
        let statements: Box<[Statement]> = statements.collect();
        Ok(Self { text: text.into(), load: statements.iter().map(Statement::load).sum(), statements })
    }

    /// The document as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it costs to compare a request with all statements.
    pub(crate) fn load(&self) -> Load {
        self.load
    }

    /// Its statements in order.
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// Every principal that its statements name, in order.
    pub fn principals(&self) -> impl Iterator<Item = &PrincipalName> {
        self.statements.iter().filter_map(|statement| statement.principal.as_ref()).flat_map(|element| &element.names)
    }

    /// The same policy meaning users and roles by their unique ids: `resolve` gives the id stored for a written ARN.
    /// What it gives none for keeps its meaning, and the text stays as it is (AWS: "AWS JSON policy elements:
    /// Principal", on principals that are deleted and made again).
    #[must_use]
    pub fn with_resolved_principals(&self, resolve: impl Fn(&str) -> Option<String>) -> Self {
        let mut statements = self.statements.to_vec();
        let elements = statements.iter_mut().filter_map(|statement| statement.principal.as_mut());
        for named in elements.flat_map(|element| &mut element.names) {
            if let (Name::Arn(_), Some(id)) = (&named.name, resolve(&named.written)) {
                named.name = Name::Id(id.into());
            }
        }
        Self { text: Arc::clone(&self.text), statements: statements.into(), load: self.load }
    }

    /// The text with other words for the principals for which `replace` gives one: how AWS shows a policy whose
    /// principals are deleted.
    pub fn text_with_principals(&self, replace: impl Fn(&PrincipalName) -> Option<String>) -> String {
        let mut text = String::with_capacity(self.text.len());
        let mut done = 0;
        for named in self.principals() {
            if let Some(replacement) = replace(named) {
                text.push_str(self.text.get(done..named.span.start).unwrap_or_default());
                text.push_str(&serde_json::Value::from(replacement).to_string());
                done = named.span.end;
            }
        }
        text.push_str(self.text.get(done..).unwrap_or_default());
        text
    }
}
