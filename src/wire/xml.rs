//! Writes answers as AWS's XML: structures as elements, lists as `member`s, maps as `entry`s, nothing for `None`.

mod content;

use std::fmt;

use serde::ser::{self, Serialize};

use self::content::content;
use super::Service;
use crate::error::Error;
use crate::shapes::Timestamp;

/// The answer to a call that succeeded. `result` is the inner text of the result element, made by [`result`].
pub fn response(service: Service, operation: &str, result: &str, request_id: &str) -> String {
    format!(
        "<{operation}Response xmlns=\"{}\">\n{result}  <ResponseMetadata>\n    <RequestId>{request_id}</RequestId>\n  \
         </ResponseMetadata>\n</{operation}Response>\n",
        service.namespace()
    )
}

/// The answer to a call that failed.
pub fn error_response(namespace: &str, error: &Error, request_id: &str) -> String {
    let code = error.code();
    let blame = if code.status() < 500 { "Sender" } else { "Receiver" };
    let message = error.message().map(|text| format!("    <Message>{}</Message>\n", content(text))).unwrap_or_default();
    format!(
        "<ErrorResponse xmlns=\"{namespace}\">\n  <Error>\n    <Type>{blame}</Type>\n    <Code>{}</Code>\n{message}  \
         </Error>\n  <RequestId>{request_id}</RequestId>\n</ErrorResponse>\n",
        code.as_str()
    )
}

/// The result element of an operation; nothing for an operation without output.
///
/// # Errors
/// Fails only if a type has no form in this protocol, which is a fault of ours.
pub fn result<T: Serialize>(operation: &str, output: &T) -> Result<String, Unsupported> {
    let mut out = String::with_capacity(512);
    output.serialize(Element { out: &mut out, name: &format!("{operation}Result"), depth: 1, member: "member" })?;
    Ok(out)
}

/// The answer of EC2 to a call that succeeded. `members` is made by [`ec2_members`].
pub fn ec2_response(service: Service, operation: &str, members: &str, request_id: &str) -> String {
    format!(
        "{DECLARATION}<{operation}Response xmlns=\"{}\">\n  <requestId>{request_id}</requestId>\n{members}\
         </{operation}Response>\n",
        service.namespace()
    )
}

/// The answer of EC2 to a call that failed.
pub fn ec2_error_response(code: &str, message: &str, request_id: &str) -> String {
    format!(
        "{DECLARATION}<Response><Errors><Error><Code>{code}</Code><Message>{}</Message></Error></Errors>\
         <RequestID>{request_id}</RequestID></Response>",
        content(message)
    )
}

/// The members of an output in EC2's form: no element around them, and `item` for the members of lists.
///
/// # Errors
/// Fails only if a type has no form in this protocol, which is a fault of ours.
pub fn ec2_members<T: Serialize>(output: &T) -> Result<String, Unsupported> {
    let mut out = String::with_capacity(512);
    output.serialize(Element { out: &mut out, name: EC2_OUTPUT, depth: 0, member: "item" })?;
    let end = format!("</{EC2_OUTPUT}>\n");
    let members = out.strip_prefix(&format!("<{EC2_OUTPUT}>\n")).and_then(|members| members.strip_suffix(&end));
    Ok(members.unwrap_or_default().to_owned())
}

/// The element that is left out around the members.
const EC2_OUTPUT: &str = "output";

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// A type that the protocol has no form for.
#[derive(Debug, thiserror::Error)]
#[error("{0} has no form in the Query protocol")]
pub struct Unsupported(String);

impl ser::Error for Unsupported {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// Adds texts one after the other: much quicker than a format where there are thousands of elements.
fn push_all<const N: usize>(out: &mut String, texts: [&str; N]) {
    texts.into_iter().for_each(|text| out.push_str(text));
}

/// Writes one value as an element of this name.
struct Element<'o, 'n> {
    out: &'o mut String,
    name: &'n str,
    depth: usize,
    /// What members of lists are called.
    member: &'static str,
}

impl<'o, 'n> Element<'o, 'n> {
    fn indent(&mut self) {
        self.out.extend(std::iter::repeat_n("  ", self.depth));
    }

    fn leaf(mut self, text: &str) -> Result<(), Unsupported> {
        self.indent();
        let Self { out, name, .. } = self;
        if text.is_empty() {
            push_all(out, ["<", name, "/>\n"]);
        } else {
            push_all(out, ["<", name, ">", &content(text), "</", name, ">\n"]);
        }
        Ok(())
    }

    /// Opens the element; it is closed, or written as an empty one, by [`Open::close`].
    fn open(mut self) -> Open<'o, 'n> {
        self.indent();
        let start = self.out.len();
        push_all(self.out, ["<", self.name, ">\n"]);
        Open { empty_at: self.out.len(), start, element: self }
    }

    fn unsupported(kind: &str) -> Unsupported {
        Unsupported(kind.to_owned())
    }
}

/// An element with children.
struct Open<'o, 'n> {
    element: Element<'o, 'n>,
    start: usize,
    empty_at: usize,
}

impl Open<'_, '_> {
    fn child<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), Unsupported> {
        let Element { depth, member, .. } = self.element;
        value.serialize(Element { out: self.element.out, name, depth: depth + 1, member })
    }

    fn close(mut self) {
        let name = self.element.name;
        if self.element.out.len() == self.empty_at {
            self.element.out.truncate(self.start);
            push_all(self.element.out, ["<", name, "/>\n"]);
        } else {
            self.element.indent();
            push_all(self.element.out, ["</", name, ">\n"]);
        }
    }
}

impl ser::SerializeStruct for Open<'_, '_> {
    type Ok = ();
    type Error = Unsupported;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Unsupported> {
        self.child(key, value)
    }

    fn end(self) -> Result<(), Unsupported> {
        self.close();
        Ok(())
    }
}

impl ser::SerializeSeq for Open<'_, '_> {
    type Ok = ();
    type Error = Unsupported;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unsupported> {
        self.child(self.element.member, value)
    }

    fn end(self) -> Result<(), Unsupported> {
        self.close();
        Ok(())
    }
}

impl ser::SerializeMap for Open<'_, '_> {
    type Ok = ();
    type Error = Unsupported;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, _: &T) -> Result<(), Unsupported> {
        Err(Element::unsupported("a map's key alone"))
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, _: &T) -> Result<(), Unsupported> {
        Err(Element::unsupported("a map's value alone"))
    }

    fn serialize_entry<K: Serialize + ?Sized, V: Serialize + ?Sized>(
        &mut self,
        key: &K,
        value: &V,
    ) -> Result<(), Unsupported> {
        let Element { depth, member, .. } = self.element;
        let mut entry = Element { out: self.element.out, name: "entry", depth: depth + 1, member }.open();
        entry.child("key", key)?;
        entry.child("value", value)?;
        entry.close();
        Ok(())
    }

    fn end(self) -> Result<(), Unsupported> {
        self.close();
        Ok(())
    }
}

impl<'o, 'n> ser::Serializer for Element<'o, 'n> {
    type Ok = ();
    type Error = Unsupported;
    type SerializeSeq = Open<'o, 'n>;
    type SerializeTuple = ser::Impossible<(), Unsupported>;
    type SerializeTupleStruct = ser::Impossible<(), Unsupported>;
    type SerializeTupleVariant = ser::Impossible<(), Unsupported>;
    type SerializeMap = Open<'o, 'n>;
    type SerializeStruct = Open<'o, 'n>;
    type SerializeStructVariant = ser::Impossible<(), Unsupported>;

    fn serialize_str(self, text: &str) -> Result<(), Unsupported> {
        self.leaf(text)
    }

    fn serialize_bool(self, value: bool) -> Result<(), Unsupported> {
        self.leaf(if value { "true" } else { "false" })
    }

    fn serialize_i64(self, value: i64) -> Result<(), Unsupported> {
        self.leaf(&value.to_string())
    }

    fn serialize_i8(self, value: i8) -> Result<(), Unsupported> {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result<(), Unsupported> {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result<(), Unsupported> {
        self.serialize_i64(value.into())
    }

    fn serialize_u8(self, value: u8) -> Result<(), Unsupported> {
        self.serialize_i64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<(), Unsupported> {
        self.serialize_i64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<(), Unsupported> {
        self.serialize_i64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result<(), Unsupported> {
        self.leaf(&value.to_string())
    }

    fn serialize_none(self) -> Result<(), Unsupported> {
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Unsupported> {
        value.serialize(self)
    }

    /// The output of an operation that has none.
    fn serialize_unit(self) -> Result<(), Unsupported> {
        Ok(())
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Unsupported> {
        self.leaf(variant)
    }

    /// Moments are numbers inside and dates in XML.
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<(), Unsupported> {
        if name != "Timestamp" {
            return value.serialize(self);
        }
        let seconds = serde_json::to_value(value).ok().and_then(|number| number.as_i64());
        let seconds = seconds.ok_or_else(|| Self::unsupported("a moment that is no number"))?;
        self.leaf(&Timestamp::from_seconds(seconds).to_string())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Open<'o, 'n>, Unsupported> {
        Ok(self.open())
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Open<'o, 'n>, Unsupported> {
        Ok(self.open())
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Open<'o, 'n>, Unsupported> {
        Ok(self.open())
    }

    fn serialize_f32(self, _: f32) -> Result<(), Unsupported> {
        Err(Self::unsupported("a fraction"))
    }

    fn serialize_f64(self, _: f64) -> Result<(), Unsupported> {
        Err(Self::unsupported("a fraction"))
    }

    fn serialize_char(self, _: char) -> Result<(), Unsupported> {
        Err(Self::unsupported("a character"))
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), Unsupported> {
        Err(Self::unsupported("bytes"))
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Unsupported> {
        Err(Self::unsupported("a unit structure"))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Unsupported> {
        Err(Self::unsupported("a variant with a value"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Unsupported> {
        Err(Self::unsupported("a tuple"))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, Unsupported> {
        Err(Self::unsupported("a tuple structure"))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Unsupported> {
        Err(Self::unsupported("a variant with values"))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Unsupported> {
        Err(Self::unsupported("a variant with members"))
    }
}

#[cfg(test)]
mod tests;
