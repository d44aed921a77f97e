//! Reads typed parameters out of a request.
//!
//! It visits the fields that serde declares, so an absent one is seen and an unknown parameter ignored. serde passes on
//! the name of each newtype; the shape's constraint is found by it. A broken constraint is noted, a placeholder visited
//! in its place, and reading goes on, so that the request is refused with all of AWS's messages at once.

mod lists;

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, Visitor};

use self::lists::{Entries, Members};
use super::input::{Input, Leaf, Node};
use super::service::Service;
use super::validation::Violations;
use crate::error::{Code, Error, Result};
use crate::shapes::{Constraint, Text, at_least_long, at_most_long, constraint_of};

/// A request that meets the framework's constraints.
#[derive(Debug)]
pub struct Decoded<T> {
    /// The typed parameters.
    pub request: T,
    /// IAM's own sentence about a name or path: to be answered once the caller is found to be authorized.
    pub after_authorization: Option<Error>,
}

/// Reads the parameters of an operation.
///
/// # Errors
/// The service's error for broken constraints, with every one of them; `MalformedInput` where a value has not even the
/// right type.
pub fn decode<T: DeserializeOwned>(service: Service, input: &Input<'_>) -> Result<Decoded<T>> {
    let violations = RefCell::new(Violations::new(service.wording()));
    let root = Value { node: input.root(), path: String::new(), shape: None, violations: &violations, silent: false };
    let request = T::deserialize(root).map_err(|Malformed(message)| match message {
        Some(message) => Error::new(Code::MalformedInput, message),
        None => Error::without_message(Code::MalformedInput),
    })?;
    Ok(Decoded { request, after_authorization: violations.into_inner().finish()? })
}

/// Input that is not even of the right type.
#[derive(Debug)]
struct Malformed(Option<&'static str>);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.unwrap_or("malformed input"))
    }
}

impl std::error::Error for Malformed {}

impl de::Error for Malformed {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self(None)
    }
}

/// One value of the request: a structure, list or leaf, depending on what serde asks for.
struct Value<'p, 'v> {
    node: Node<'p>,
    path: String,
    shape: Option<&'static str>,
    violations: &'v RefCell<Violations>,
    /// Inside a structure that is absent: its members are not reported one by one.
    silent: bool,
}

impl<'p, 'v> Value<'p, 'v> {
    fn below(&self, node: Node<'p>, path: String) -> Self {
        Self { node, path, shape: None, violations: self.violations, silent: self.silent }
    }

    fn text_constraint(&self) -> Option<&'static Text> {
        match constraint_of(self.shape?) {
            Some(Constraint::Text(text)) => Some(text),
            _ => None,
        }
    }

    fn null(&self) {
        if !self.silent {
            self.violations.borrow_mut().null(&self.path);
        }
    }

    /// The text sent for a leaf; an absent one is noted and `None`.
    fn leaf(&self, leaf: Leaf) -> Result<Option<Cow<'p, str>>, Malformed> {
        match self.node.value() {
            Some(value) if self.node.is(leaf) => Ok(Some(value)),
            Some(_) => Err(Malformed(None)),
            None if self.node.has_children() => {
                Err(Malformed(Some("Start of structure or map found where not expected.")))
            }
            None => {
                self.null();
                Ok(None)
            }
        }
    }

    /// The text if it meets the shape's constraint; a placeholder if not.
    fn checked_text(&self) -> Result<String, Malformed> {
        let Some(value) = self.leaf(Leaf::Text)? else { return Ok(String::new()) };
        if let Some(constraint) = self.text_constraint() {
            let mut violations = self.violations.borrow_mut();
            for demand in constraint.broken_by(&value) {
                violations.broken(&self.path, &value, constraint.secret, &demand);
            }
            if let (Some(rule), Some(pattern)) = (constraint.sentence, constraint.pattern)
                && !pattern.matches(&value)
            {
                violations.sentence(&self.path, rule);
            }
        }
        Ok(value.into_owned())
    }

    fn checked_number(&self) -> Result<i32, Malformed> {
        let Some(value) = self.leaf(Leaf::Number)? else { return Ok(0) };
        let value = &*value;
        let number: i32 = value.parse().map_err(|_| Malformed(None))?;
        if let Some(Constraint::Number(min, max)) = self.shape.and_then(constraint_of) {
            let mut violations = self.violations.borrow_mut();
            if number > *max {
                violations.broken(
                    &self.path,
                    value,
                    false,
                    &format!("Member must have value less than or equal to {max}"),
                );
            }
            if number < *min {
                violations.broken(
                    &self.path,
                    value,
                    false,
                    &format!("Member must have value greater than or equal to {min}"),
                );
            }
        }
        Ok(number)
    }

    /// Whether the list's length meets its constraint; if not, its members are not read.
    fn length_is_allowed(&self, length: usize) -> bool {
        let Some(Constraint::List(min, max)) = self.shape.and_then(constraint_of) else { return true };
        let demand = match length {
            n if n > *max => at_most_long(*max),
            n if n < *min => at_least_long(*min),
            _ => return true,
        };
        self.violations.borrow_mut().broken(&self.path, "[]", false, &demand);
        false
    }
}

/// `RoleName` is reported as `roleName`, `SAMLAssertion` as `sAMLAssertion`.
fn decapitalized(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

impl<'de> de::Deserializer<'de> for Value<'_, '_> {
    type Error = Malformed;

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        self.shape = Some(name);
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        if self.node.is_absent() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_string(self.checked_text()?)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.deserialize_string(visitor)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_i32(self.checked_number()?)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        let Some(value) = self.leaf(Leaf::Number)? else { return visitor.visit_f64(0.0) };
        let number: f64 = value.parse().map_err(|_| Malformed(None))?;
        if number.is_finite() { visitor.visit_f64(number) } else { Err(Malformed(None)) }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        match self.leaf(Leaf::Boolean)?.as_deref() {
            None => visitor.visit_bool(false),
            Some(value) if value.eq_ignore_ascii_case("true") => visitor.visit_bool(true),
            Some(value) if value.eq_ignore_ascii_case("false") => visitor.visit_bool(false),
            Some(_) => Err(Malformed(None)),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        let placeholder = variants.first().copied().unwrap_or_default();
        let sent = self.leaf(Leaf::Text)?;
        let sent = sent.as_deref();
        let variant = sent.and_then(|value| variants.iter().copied().find(|variant| *variant == value));
        if let (Some(value), None) = (sent, variant) {
            let mut violations = self.violations.borrow_mut();
            let demand = violations.one_of(variants);
            violations.broken(&self.path, value, false, &demand);
        }
        let variant: StrDeserializer<'_, Malformed> = variant.unwrap_or(placeholder).into_deserializer();
        visitor.visit_enum(variant)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        mut self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        let is_root = self.path.is_empty();
        if !self.node.is_structure() {
            return Err(Malformed(None));
        }
        if self.node.is_absent() && !is_root {
            self.null();
            self.silent = true;
        }
        visitor.visit_map(Fields { of: self, left: fields.iter(), next: None, is_root })
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        if self.node.is_absent() {
            self.null();
        } else if !self.node.is_collection(false) {
            return Err(Malformed(Some("Top level element may not be treated as a list")));
        }
        let mut length = self.node.members().count();
        if !self.node.is_absent() && !self.length_is_allowed(length) {
            length = 0;
        }
        let members = self.node.members().take(length);
        visitor.visit_seq(Members::new(&self, members))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        if self.node.is_absent() {
            self.null();
        } else if !self.node.is_collection(true) {
            return Err(Malformed(None));
        }
        let length = self.node.entries().count();
        let length = if self.length_is_allowed(length) { length } else { 0 };
        visitor.visit_map(Entries::new(&self, self.node.entries().take(length)))
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_unit()
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Malformed> {
        Err(Malformed(None))
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i64 u8 u16 u32 u64 f32 char bytes byte_buf unit tuple tuple_struct identifier ignored_any
    }
}

/// The fields of a structure, in the order of their declaration.
struct Fields<'p, 'v> {
    of: Value<'p, 'v>,
    left: std::slice::Iter<'static, &'static str>,
    next: Option<&'static str>,
    is_root: bool,
}

impl<'de> de::MapAccess<'de> for Fields<'_, '_> {
    type Error = Malformed;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Malformed> {
        self.next = self.left.next().copied();
        let Some(field) = self.next else { return Ok(None) };
        let field: StrDeserializer<'_, Malformed> = field.into_deserializer();
        seed.deserialize(field).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Malformed> {
        let field = self.next.take().ok_or(Malformed(None))?;
        let name = decapitalized(field);
        let path = if self.is_root { name } else { format!("{}.{name}", self.of.path) };
        seed.deserialize(self.of.below(self.of.node.child(field), path))
    }
}

#[cfg(test)]
mod tests;
