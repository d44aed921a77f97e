//! YAML with places.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};

use super::{Content, Limits, MarkupError, Member, Node, Place, check_depth, check_names};

/// Reads YAML 1.2. A file has one document.
pub(super) fn parse(text: &str) -> Result<Node, MarkupError> {
    let mut reader = Reader { parser: Parser::new_from_str(text), limits: Limits::default(), anchors: HashMap::new() };
    reader.document()
}

/// What an anchor names; while it is being read, nothing.
type Anchored = Option<(Node, usize)>;

struct Reader<'t> {
    parser: Parser<'t, StrInput<'t>>,
    limits: Limits,
    anchors: HashMap<usize, Anchored>,
}

fn place(span: Span) -> Place {
    Place::new(span.start.line(), span.start.col() + 1)
}

fn wrong(error: &ScanError) -> MarkupError {
    MarkupError::at(Place::new(error.marker().line(), error.marker().col() + 1), error.info())
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Result<(Event<'t>, Place), MarkupError> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((event, place(span))),
            Some(Err(error)) => Err(wrong(&error)),
            None => Err(MarkupError { place: None, message: "the file ends early".to_owned() }),
        }
    }

    fn document(&mut self) -> Result<Node, MarkupError> {
        let mut document = None;
        loop {
            match self.next()? {
                (Event::StreamEnd, place) => {
                    return Ok(document.unwrap_or(Node { place, tag: None, content: Content::Null }));
                }
                (Event::DocumentStart(_), place) if document.is_some() => {
                    return Err(MarkupError::at(place, "the file has more than one document"));
                }
                (Event::Nothing | Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd, _) => {}
                (event, place) => document = Some(self.node(event, place, 0)?),
            }
        }
    }

    fn node(&mut self, event: Event<'t>, place: Place, depth: usize) -> Result<Node, MarkupError> {
        check_depth(depth, place)?;
        self.limits.count(1, place)?;
        let before = self.limits.values;
        let (anchor, tag, content) = match event {
            Event::Alias(id) => return self.alias(id, place, depth),
            Event::Scalar(text, style, anchor, tag) => {
                let tag = tag.as_deref();
                let content = match tag {
                    None if style == ScalarStyle::Plain => plain(&text),
                    Some(tag) => tagged(tag, text.into_owned(), place)?,
                    None => Content::Text(text.into_owned()),
                };
                (anchor, short_form(tag), content)
            }
            Event::SequenceStart(anchor, tag) => {
                self.begin(anchor);
                must_be(tag.as_deref(), "seq", place)?;
                (anchor, short_form(tag.as_deref()), self.list(depth)?)
            }
            Event::MappingStart(anchor, tag) => {
                self.begin(anchor);
                must_be(tag.as_deref(), "map", place)?;
                (anchor, short_form(tag.as_deref()), self.map(depth)?)
            }
            _ => return Err(MarkupError::at(place, "a value is missing")),
        };
        let node = Node { place, tag, content };
        if anchor != 0 {
            self.anchors.insert(anchor, Some((node.clone(), self.limits.values - before + 1)));
        }
        Ok(node)
    }

    /// An anchor that is not complete yet cannot be meant within itself.
    fn begin(&mut self, anchor: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, None);
        }
    }

    /// What an anchor names, again. The limit on values holds for what is repeated, too.
    fn alias(&mut self, id: usize, place: Place, depth: usize) -> Result<Node, MarkupError> {
        match self.anchors.get(&id) {
            Some(Some((node, values))) => {
                self.limits.count(*values, place)?;
                check_depth(depth + height(node), place)?;
                Ok(Node { place, ..node.clone() })
            }
            _ => Err(MarkupError::at(place, "an alias inside the value that it names")),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Content, MarkupError> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Content::List(items)),
                (event, place) => items.push(self.node(event, place, depth + 1)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Content, MarkupError> {
        let mut members = Vec::new();
        loop {
            let (event, place) = self.next()?;
            let name = match event {
                Event::MappingEnd => {
                    check_names(&members)?;
                    return Ok(Content::Map(members));
                }
                Event::Scalar(text, ..) => text.into_owned(),
                _ => return Err(MarkupError::at(place, "the name of a member must be a text")),
            };
            if name == "<<" {
                return Err(MarkupError::at(place, "merge keys are not supported; YAML 1.2 has none"));
            }
            let (event, of_value) = self.next()?;
            members.push(Member { name, place, value: self.node(event, of_value, depth + 1)? });
        }
    }
}

/// How deep a value is nested.
fn height(node: &Node) -> usize {
    let below = match &node.content {
        Content::List(items) => items.iter().map(height).max(),
        Content::Map(members) => members.iter().map(|member| height(&member.value)).max(),
        _ => return 0,
    };
    below.unwrap_or_default() + 1
}

/// The type of YAML's own that a tag names.
fn core_type(tag: &Tag) -> Option<&str> {
    tag.is_yaml_core_schema().then_some(tag.suffix.as_str())
}

/// Refuses a tag of YAML's own that is for another type, or for one of another program such as `!!python/object`.
fn must_be(tag: Option<&Tag>, wanted: &str, place: Place) -> Result<(), MarkupError> {
    match tag.and_then(core_type) {
        Some(other) if other != wanted => Err(unfit(other, place)),
        _ => Ok(()),
    }
}

fn unfit(name: &str, place: Place) -> MarkupError {
    MarkupError::at(place, format!("the tag !!{name} does not fit the value"))
}

/// A scalar with a tag.
fn tagged(tag: &Tag, text: String, place: Place) -> Result<Content, MarkupError> {
    let Some(name) = core_type(tag) else { return Ok(Content::Text(text)) };
    let content = if name == "str" { Content::Text(text) } else { plain(&text) };
    let fits = match (&content, name) {
        (Content::Text(_), "str") | (Content::Null, "null") | (Content::Boolean(_), "bool") => true,
        (Content::Number(number), "int") => !number.contains(['.', 'e', 'E']),
        (Content::Number(_), "float") => true,
        _ => false,
    };
    if fits { Ok(content) } else { Err(unfit(name, place)) }
}

/// A tag of the application, such as `!Ref`.
fn short_form(tag: Option<&Tag>) -> Option<Box<str>> {
    tag.filter(|tag| !tag.is_yaml_core_schema()).map(|tag| format!("{}{}", tag.handle, tag.suffix).into())
}

/// A plain scalar by YAML's core schema. Account numbers with a zero before them stay texts, as everything that would
/// change by being read and written again.
fn plain(text: &str) -> Content {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Content::Null,
        "true" | "True" | "TRUE" => return Content::Boolean(true),
        "false" | "False" | "FALSE" => return Content::Boolean(false),
        _ => {}
    }
    match text.parse::<serde_json::Number>() {
        Ok(number) if number.to_string() == text => Content::Number(text.into()),
        _ => Content::Text(text.to_owned()),
    }
}
