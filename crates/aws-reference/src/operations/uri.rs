//! The template of an operation's path and query string.

use serde::Deserialize;

/// A template such as `/{Bucket}/{Key+}?tagging`.
#[derive(Debug, Deserialize)]
#[serde(from = "String")]
pub struct Uri {
    text: String,
    segments: Vec<Segment>,
    query: Vec<(String, Option<String>)>,
}

/// What is between two slashes of a template.
#[derive(Debug, PartialEq, Eq)]
pub enum Segment {
    /// This text.
    Literal(String),
    /// The value of the member that is sent under this name.
    Label(String),
    /// The same, and it may have slashes in it. No template has two.
    GreedyLabel(String),
}

impl From<String> for Uri {
    fn from(text: String) -> Self {
        let (path, query) = text.split_once('?').unwrap_or((&text, ""));
        let segments = path.trim_matches('/').split('/').filter(|segment| !segment.is_empty());
        let parameters = query.split('&').filter(|parameter| !parameter.is_empty());
        Self { segments: segments.map(Segment::parse).collect(), query: parameters.map(parameter).collect(), text }
    }
}

fn parameter(text: &str) -> (String, Option<String>) {
    match text.split_once('=') {
        Some((name, value)) => (name.to_owned(), Some(value.to_owned()).filter(|value| !value.is_empty())),
        None => (text.to_owned(), None),
    }
}

impl Segment {
    fn parse(text: &str) -> Self {
        match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
            None => Self::Literal(text.to_owned()),
            Some(name) => match name.strip_suffix('+') {
                Some(name) => Self::GreedyLabel(name.to_owned()),
                None => Self::Label(name.to_owned()),
            },
        }
    }
}

impl Uri {
    /// The template as the model has it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The segments of the path; none for `/`.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The parameters that the query string must have, and the value where it matters.
    pub fn query(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.query.iter().map(|(name, value)| (name.as_str(), value.as_deref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_has_segments_and_parameters() {
        let uri = Uri::from("/v1/{Bucket}/{Key+}?list-type=2&x-id=&tagging".to_owned());
        let expected = [
            Segment::Literal("v1".to_owned()),
            Segment::Label("Bucket".to_owned()),
            Segment::GreedyLabel("Key".to_owned()),
        ];
        assert_eq!(uri.segments(), expected);
        assert_eq!(uri.query().collect::<Vec<_>>(), [("list-type", Some("2")), ("x-id", None), ("tagging", None)]);
        assert!(Uri::from("/".to_owned()).segments().is_empty());
    }
}
