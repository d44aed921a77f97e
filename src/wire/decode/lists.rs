//! The members of lists and the entries of maps.

use serde::de::value::{StrDeserializer, StringDeserializer};
use serde::de::{self, DeserializeSeed, IntoDeserializer, Visitor};

use super::{Malformed, Value};
use crate::wire::input::{Leaf, Node};
use crate::wire::validation::NOT_NULL;

/// The members of a list. Structures are reported as `tags.1.member.key`, plain members by the list's own name.
pub(super) struct Members<'a, 'p, 'v, I> {
    of: &'a Value<'p, 'v>,
    members: I,
    index: usize,
}

impl<'a, 'p, 'v, I> Members<'a, 'p, 'v, I> {
    pub fn new(of: &'a Value<'p, 'v>, members: I) -> Self {
        Self { of, members, index: 0 }
    }
}

impl<'de, 'p, I: Iterator<Item = Node<'p>>> de::SeqAccess<'de> for Members<'_, 'p, '_, I> {
    type Error = Malformed;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Malformed> {
        let Some(node) = self.members.next() else { return Ok(None) };
        self.index += 1;
        let path = format!("{}.{}.member", self.of.path, self.index);
        seed.deserialize(Member { value: self.of.below(node, path), list: self.of }).map(Some)
    }
}

/// A member of a list: a plain one that breaks its shape's constraint is reported with all demands of the shape.
struct Member<'a, 'p, 'v> {
    value: Value<'p, 'v>,
    list: &'a Value<'p, 'v>,
}

impl<'de> de::Deserializer<'de> for Member<'_, '_, '_> {
    type Error = Malformed;

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        self.value.shape = Some(name);
        let Some(text) = self.value.text_constraint() else { return visitor.visit_newtype_struct(self.value) };
        let value = self.value.leaf(Leaf::Text)?.unwrap_or_default();
        let value = &*value;
        let broken = !text.broken_by(value).is_empty() || text.pattern.is_some_and(|pattern| !pattern.matches(value));
        if broken {
            let mut violations = self.value.violations.borrow_mut();
            let mut demands = text.demands();
            demands.extend(violations.lists_null(self.list.shape).then(|| NOT_NULL.to_owned()));
            let demand = format!("Member must satisfy constraint: [{}]", demands.join(", "));
            violations.broken(&self.list.path, &format!("[{value}]"), text.secret, &demand);
        }
        let value: StringDeserializer<Malformed> = value.to_owned().into_deserializer();
        visitor.visit_newtype_struct(value)
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.value.deserialize_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        self.value.deserialize_struct(name, fields, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        let sent = self.value.leaf(Leaf::Text)?.unwrap_or_default();
        let sent = &*sent;
        if variants.contains(&sent) {
            return self.value.deserialize_enum(name, variants, visitor);
        }
        let mut violations = self.value.violations.borrow_mut();
        let demand = format!("Member must satisfy constraint: [{}]", violations.one_of(variants));
        violations.broken(&self.list.path, &format!("[{sent}]"), false, &demand);
        let placeholder: StrDeserializer<'_, Malformed> =
            variants.first().copied().unwrap_or_default().into_deserializer();
        visitor.visit_enum(placeholder)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.value.deserialize_string(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str bytes byte_buf option unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

/// The entries of a map: `Properties.entry.1.key` and `.value`.
pub(super) struct Entries<'a, 'p, 'v, I> {
    of: &'a Value<'p, 'v>,
    entries: I,
    index: usize,
    value: Option<Value<'p, 'v>>,
}

impl<'a, 'p, 'v, I> Entries<'a, 'p, 'v, I> {
    pub fn new(of: &'a Value<'p, 'v>, entries: I) -> Self {
        Self { of, entries, index: 0, value: None }
    }
}

impl<'de, 'p, I: Iterator<Item = Node<'p>>> de::MapAccess<'de> for Entries<'_, 'p, '_, I> {
    type Error = Malformed;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Malformed> {
        let Some(entry) = self.entries.next() else { return Ok(None) };
        self.index += 1;
        let path = format!("{}.{}", self.of.path, self.index);
        self.value = Some(self.of.below(entry.child("value"), format!("{path}.value")));
        seed.deserialize(self.of.below(entry.child("key"), format!("{path}.key"))).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Malformed> {
        seed.deserialize(self.value.take().ok_or(Malformed(None))?)
    }
}
