//! Reads typed values out of a tree. Errors have the place of the innermost value that they are about, and never show
//! a value, which may be a secret.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{BorrowedStrDeserializer, U32Deserializer};
use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, EnumAccess, Expected, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::{Content, MarkupError, Member, Node, Place, Placed};

/// Reads a typed value.
///
/// # Errors
/// What does not fit the type.
pub fn read<'de, T: Deserialize<'de>>(node: &'de Node) -> Result<T, MarkupError> {
    T::deserialize(node).map_err(|Misfit { place, message }| MarkupError { place, message })
}

/// Reads a member for which nothing and being left out are different: a boundary that is to go.
///
/// # Errors
/// What does not fit the type.
pub fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// What does not fit.
#[derive(Debug)]
pub struct Misfit {
    place: Option<Place>,
    message: String,
}

impl Misfit {
    fn at(mut self, place: Place) -> Self {
        self.place.get_or_insert(place);
        self
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Misfit {}

impl de::Error for Misfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { place: None, message: message.to_string() }
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let found = match unexpected {
            Unexpected::Bool(_) => "true or false",
            Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_) => "a number",
            Unexpected::Str(_) => "a text",
            Unexpected::Unit | Unexpected::Option => "nothing",
            Unexpected::Seq => "a list",
            Unexpected::Map => "a map",
            _ => "something else",
        };
        Self::custom(format!("expected {expected}, found {found}"))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::custom(format!("expected {expected}"))
    }
}

impl<'de> Deserializer<'de> for &'de Node {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let read = match &self.content {
            Content::Null => visitor.visit_unit(),
            Content::Boolean(value) => visitor.visit_bool(*value),
            Content::Number(text) => match (text.parse(), text.parse(), text.parse()) {
                (Ok(number), ..) => visitor.visit_u64(number),
                (_, Ok(number), _) => visitor.visit_i64(number),
                (.., number) => visitor.visit_f64(number.unwrap_or_default()),
            },
            Content::Text(text) => visitor.visit_borrowed_str(text),
            Content::List(items) => visitor.visit_seq(Items(items.iter())),
            Content::Map(members) => visitor.visit_map(Members { members: members.iter(), value: None }),
        };
        read.map_err(|misfit| misfit.at(self.place))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match &self.content {
            Content::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Misfit> {
        let read = match (name, &self.content) {
            (JSON_TEXT, Content::Text(text)) => visitor.visit_borrowed_str(text),
            (JSON_TEXT, Content::Map(_)) => visitor.visit_string(self.to_json_text()),
            _ => visitor.visit_newtype_struct(self),
        };
        read.map_err(|misfit| misfit.at(self.place))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let read = match (&self.content, self.members()) {
            (Content::Text(text), _) => visitor.visit_enum(BorrowedStrDeserializer::new(text)),
            (_, [member]) => visitor.visit_enum(Variant(member)),
            _ => Err(de::Error::custom("expected a name, or a map of one member")),
        };
        read.map_err(|misfit| misfit.at(self.place))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match name {
            PLACED => visitor.visit_seq(PlaceThenValue { place: self.place, value: Some(self), next: 0 }),
            _ => self.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        map struct identifier ignored_any
    }
}

struct Items<'de>(std::slice::Iter<'de, Node>);

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Misfit;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Misfit> {
        self.0.next().map(|item| seed.deserialize(item)).transpose()
    }
}

struct Members<'de> {
    members: std::slice::Iter<'de, Member>,
    value: Option<&'de Node>,
}

impl<'de> MapAccess<'de> for Members<'de> {
    type Error = Misfit;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Misfit> {
        let Some(member) = self.members.next() else { return Ok(None) };
        self.value = Some(&member.value);
        seed.deserialize(NameOf(member)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Misfit> {
        let value = self.value.take().ok_or_else(|| Misfit::custom_text("a value is missing"))?;
        seed.deserialize(value)
    }
}

impl Misfit {
    fn custom_text(message: &str) -> Self {
        de::Error::custom(message)
    }
}

/// The name of a member, with its place.
struct NameOf<'de>(&'de Member);

impl<'de> Deserializer<'de> for NameOf<'de> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_borrowed_str(&self.0.name).map_err(|misfit: Misfit| misfit.at(self.0.place))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match name {
            PLACED => visitor.visit_seq(PlaceThenValue { place: self.0.place, value: Some(self), next: 0 }),
            _ => self.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple map struct enum identifier ignored_any
    }
}

/// A variant with content: a map of one member.
struct Variant<'de>(&'de Member);

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Misfit;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Misfit> {
        Ok((seed.deserialize(NameOf(self.0))?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'de> {
    type Error = Misfit;

    fn unit_variant(self) -> Result<(), Misfit> {
        Err(Misfit::custom_text("expected a name alone").at(self.0.place))
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Misfit> {
        seed.deserialize(&self.0.value)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Misfit> {
        self.0.value.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Misfit> {
        self.0.value.deserialize_any(visitor)
    }
}

/// The name by which a [`Placed`] value asks for its place.
const PLACED: &str = "$iamd::Placed";

/// The name by which a [`JsonText`] asks for the text of a map.
const JSON_TEXT: &str = "$iamd::JsonText";

/// A map as JSON, with numbers as they were written; or a text that may be JSON.
#[derive(Clone, Debug)]
pub struct JsonText(pub String);

impl<'de> Deserialize<'de> for JsonText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(JSON_TEXT, Reading::<Self>(PhantomData))
    }
}

impl Visitor<'_> for Reading<JsonText> {
    type Value = JsonText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map, or the text of one in JSON")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<JsonText, E> {
        Ok(JsonText(text.to_owned()))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<JsonText, E> {
        Ok(JsonText(text))
    }
}

/// First the line, then the column, then the value.
struct PlaceThenValue<V> {
    place: Place,
    value: Option<V>,
    next: u8,
}

impl<'de, V: Deserializer<'de, Error = Misfit>> SeqAccess<'de> for PlaceThenValue<V> {
    type Error = Misfit;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Misfit> {
        self.next += 1;
        let number = |number: u32| -> U32Deserializer<Misfit> { number.into_deserializer() };
        match self.next {
            1 => seed.deserialize(number(self.place.line)).map(Some),
            2 => seed.deserialize(number(self.place.column)).map(Some),
            _ => self.value.take().map(|value| seed.deserialize(value)).transpose(),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Placed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_tuple_struct(PLACED, 3, Reading::<Self>(PhantomData))
    }
}

/// Reads a value of its own way.
struct Reading<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Reading<Placed<T>> {
    type Value = Placed<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value with its place")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let line = seq.next_element()?.unwrap_or_default();
        let column = seq.next_element()?.unwrap_or_default();
        let value = seq.next_element()?.ok_or_else(|| de::Error::custom("a value is missing"))?;
        Ok(Placed::new(Place { line, column }, value))
    }
}

/// The members of a map in the order of the file, each with the place of its name.
#[derive(Clone, Debug)]
pub struct Named<T>(pub Vec<(Placed<String>, T)>);

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Reading::<Self>(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Reading<Named<T>> {
    type Value = Named<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(Named::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(name) = map.next_key::<Placed<String>>()? {
            members.push((name, map.next_value()?));
        }
        Ok(Named(members))
    }
}
