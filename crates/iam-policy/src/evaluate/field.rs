//! The JSON of a request, read value by value: each error names the field and where it is.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::EvaluateError;
use crate::Position;
use crate::document::json;

/// A value of the request and its path, such as `identityPolicies[0].name`.
#[derive(Clone, Debug)]
pub(super) struct Field<'a> {
    body: &'a str,
    pub raw: &'a RawValue,
    pub path: String,
}

type Result<T> = std::result::Result<T, EvaluateError>;

impl<'a> Field<'a> {
    /// The whole request.
    pub(super) fn root(body: &'a str) -> Result<Self> {
        let raw = serde_json::from_str(body).map_err(|error| EvaluateError::json(body, &error))?;
        Ok(Self { body, raw, path: String::new() })
    }

    /// An error about this value.
    pub(super) fn error(&self, reason: impl std::fmt::Display) -> EvaluateError {
        let position = Position::of(self.body, self.offset());
        let message = match &*self.path {
            "" => format!("the request {reason}"),
            path => format!("{position}: {path} {reason}"),
        };
        EvaluateError { position: Some(position), ..EvaluateError::new(message) }
    }

    /// Its first byte in the body.
    pub(super) fn offset(&self) -> usize {
        self.raw.get().as_ptr() as usize - self.body.as_ptr() as usize
    }

    pub(super) fn is_null(&self) -> bool {
        self.raw.get() == "null"
    }

    /// The members of an object; a name may appear once, regardless of case if `folded`.
    pub(super) fn members(&self, folded: bool) -> Result<Vec<(Cow<'a, str>, Self)>> {
        if !self.raw.get().starts_with('{') {
            return Err(self.error(format!("must be an object, not {}", self.kind())));
        }
        let written = json::members(self.raw).map_err(|reason| self.error(reason))?;
        let mut seen = std::collections::HashSet::new();
        let mut members = Vec::with_capacity(written.len());
        for (key, raw) in written {
            let name = json::string(key).map_err(|reason| self.error(reason))?;
            let path = if self.path.is_empty() { name.to_string() } else { format!("{}.{name}", self.path) };
            let known = if folded { name.to_ascii_lowercase() } else { name.to_string() };
            if !seen.insert(known) {
                return Err(Self { body: self.body, raw: key, path }.error("appears twice"));
            }
            members.push((name, Self { body: self.body, raw, path }));
        }
        Ok(members)
    }

    /// The items of an array.
    pub(super) fn items(&self) -> Result<Vec<Self>> {
        if !self.raw.get().starts_with('[') {
            return Err(self.error(format!("must be an array, not {}", self.kind())));
        }
        let items: Vec<&'a RawValue> = serde_json::from_str(self.raw.get()).map_err(|reason| self.error(reason))?;
        let item = |(index, raw)| Self { body: self.body, raw, path: format!("{}[{index}]", self.path) };
        Ok(items.into_iter().enumerate().map(item).collect())
    }

    /// A string.
    pub(super) fn text(&self) -> Result<Cow<'a, str>> {
        if !self.raw.get().starts_with('"') {
            return Err(self.error(format!("must be a string, not {}", self.kind())));
        }
        json::string(self.raw).map_err(|reason| self.error(reason))
    }

    /// A string, a number or a boolean, which stands for its text.
    pub(super) fn scalar(&self) -> Result<Cow<'a, str>> {
        match self.raw.get().as_bytes().first() {
            Some(b'"') => self.text(),
            Some(b'{' | b'[' | b'n') | None => {
                Err(self.error(format!("must be a string, a number or a boolean, not {}", self.kind())))
            }
            Some(_) => Ok(Cow::Borrowed(self.raw.get())),
        }
    }

    pub(super) fn is_array(&self) -> bool {
        self.raw.get().starts_with('[')
    }

    fn kind(&self) -> &'static str {
        match self.raw.get().as_bytes().first() {
            Some(b'{') => "an object",
            Some(b'[') => "an array",
            Some(b'"') => "a string",
            Some(b't' | b'f') => "a boolean",
            Some(b'n') => "null",
            _ => "a number",
        }
    }
}
