//! What an operation reads, found without a request.

use serde::de::value::{Error, StrDeserializer};
use serde::de::{self, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, Visitor};

use crate::shapes::{Constraint, constraint_of};

/// The shape of a parameter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// A text, or what is sent as one.
    #[default]
    Text,
    /// A secret text.
    Secret,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A list of such members.
    List(Box<Shape>),
    /// A map from texts to such values.
    Map(Box<Shape>),
    /// A structure, with its members by their names on the wire.
    Structure(Vec<(&'static str, Shape)>),
}

/// The shape of an operation's parameters.
pub fn shape_of<T: DeserializeOwned>() -> Shape {
    let mut shape = Shape::default();
    // Only what is asked for matters: a value that refuses the placeholders is none the less known by then.
    let _ = T::deserialize(Probe { shape: &mut shape, is_secret: false });
    shape
}

/// Notes what it is asked for, and answers with placeholders.
struct Probe<'s> {
    shape: &'s mut Shape,
    is_secret: bool,
}

impl<'s> Probe<'s> {
    fn of(shape: &'s mut Shape) -> Self {
        Self { shape, is_secret: false }
    }
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Error;

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.is_secret |= matches!(constraint_of(name), Some(Constraint::Text(text)) if text.secret);
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        *self.shape = if self.is_secret { Shape::Secret } else { Shape::Text };
        visitor.visit_str("")
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_string(visitor)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        *self.shape = Shape::Number;
        visitor.visit_i32(0)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        *self.shape = Shape::Number;
        visitor.visit_f64(0.0)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        *self.shape = Shape::Boolean;
        visitor.visit_bool(false)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        *self.shape = Shape::Text;
        let variant: StrDeserializer<'_, Error> = variants.first().copied().unwrap_or_default().into_deserializer();
        visitor.visit_enum(variant)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        *self.shape = Shape::Structure(fields.iter().map(|field| (*field, Shape::default())).collect());
        let Shape::Structure(members) = self.shape else { return visitor.visit_unit() };
        visitor.visit_map(Members { left: members.iter_mut(), value: None })
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        *self.shape = Shape::List(Box::default());
        let Shape::List(member) = self.shape else { return visitor.visit_unit() };
        visitor.visit_seq(One(Some(member)))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        *self.shape = Shape::Map(Box::default());
        let Shape::Map(value) = self.shape else { return visitor.visit_unit() };
        visitor.visit_map(One(Some(value)))
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        *self.shape = Shape::Structure(Vec::new());
        visitor.visit_unit()
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i64 u8 u16 u32 u64 f32 char bytes byte_buf unit tuple tuple_struct identifier ignored_any
    }
}

/// The members of a structure.
struct Members<'s> {
    left: std::slice::IterMut<'s, (&'static str, Shape)>,
    value: Option<&'s mut Shape>,
}

impl<'de> de::MapAccess<'de> for Members<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some((name, shape)) = self.left.next() else { return Ok(None) };
        self.value = Some(shape);
        let name: StrDeserializer<'_, Error> = name.into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        let shape = self.value.take().ok_or_else(|| de::Error::custom("no member"))?;
        seed.deserialize(Probe::of(shape))
    }
}

/// The one member of a list, or the one value of a map.
struct One<'s>(Option<&'s mut Box<Shape>>);

impl<'de> de::SeqAccess<'de> for One<'_> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        self.0.take().map(|shape| seed.deserialize(Probe::of(shape))).transpose()
    }
}

impl<'de> de::MapAccess<'de> for One<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        if self.0.is_none() {
            return Ok(None);
        }
        let mut key = Shape::default();
        seed.deserialize(Probe::of(&mut key)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        let shape = self.0.take().ok_or_else(|| de::Error::custom("no value"))?;
        seed.deserialize(Probe::of(shape))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::shapes::{ExistingUserName, MaxItems, Password, Status, TagKeys, Tags};

    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    #[expect(dead_code, reason = "only the shape matters")]
    struct Example {
        user_name: ExistingUserName,
        max_items: Option<MaxItems>,
        status: Option<Status>,
        tags: Option<Tags>,
        tag_keys: TagKeys,
        flag: Option<bool>,
        password: Option<Password>,
    }

    #[test]
    fn every_form_is_known() {
        let tag = Shape::Structure(vec![("Key", Shape::Text), ("Value", Shape::Text)]);
        let members = vec![
            ("UserName", Shape::Text),
            ("MaxItems", Shape::Number),
            ("Status", Shape::Text),
            ("Tags", Shape::List(Box::new(tag))),
            ("TagKeys", Shape::List(Box::new(Shape::Text))),
            ("Flag", Shape::Boolean),
            ("Password", Shape::Secret),
        ];
        assert_eq!(shape_of::<Example>(), Shape::Structure(members));
    }
}
