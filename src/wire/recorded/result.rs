//! The result of a call in a record.

use serde::ser::{self, Impossible, Serialize};

use super::{OMITTED, limited, mask, push_name, push_text};
use crate::shapes::Timestamp;
use crate::wire::xml::Unsupported;

/// How a service writes dates in its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dates {
    /// `Aug 1, 2024 1:33:28 PM`, as IAM does.
    Plain,
    /// `Aug 1, 2024, 11:45:22 AM`, as STS does.
    Comma,
}

/// How a service writes its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// Its dates.
    pub dates: Dates,
    /// Whether its maps are structures: results that are made as JSON.
    pub is_json: bool,
}

/// The result as JSON; `None` for an operation without one.
///
/// # Errors
/// Fails only if a type has no form in JSON, which is a fault of ours.
pub fn result<T: Serialize>(output: &T, form: Form) -> Result<Option<String>, Unsupported> {
    let mut out = String::with_capacity(512);
    let written = output.serialize(Record { out: &mut out, form, name: "" })?;
    Ok((written && out != "{}").then(|| limited(out)))
}

/// Writes one value. Its result is whether there was one.
struct Record<'o, 'n> {
    out: &'o mut String,
    form: Form,
    /// The member's name.
    name: &'n str,
}

impl<'o> Record<'o, '_> {
    fn text(self, text: &str) -> Result<bool, Unsupported> {
        if let Some(mask) = mask(self.name) {
            push_text(self.out, mask);
            return Ok(true);
        }
        // CloudTrail's own word for the type of a boundary differs from the API's.
        let is_boundary = self.name == "PermissionsBoundaryType" && text == "PermissionsBoundaryPolicy";
        push_text(self.out, if is_boundary { "Policy" } else { text });
        Ok(true)
    }

    /// A whole number: in results that are made as JSON, moments are no more than that.
    fn number(self, value: i64) -> Result<bool, Unsupported> {
        let is_moment = self.form.is_json && self.name.ends_with("Timestamp");
        if is_moment { self.date(Timestamp::from_seconds(value)) } else { self.plain(value) }
    }

    fn plain(self, value: impl std::fmt::Display) -> Result<bool, Unsupported> {
        self.out.push_str(&value.to_string());
        Ok(true)
    }

    fn open(self, opening: char, closing: char) -> Open<'o> {
        self.out.push(opening);
        Open { out: self.out, form: self.form, opening, closing }
    }

    fn date(self, moment: Timestamp) -> Result<bool, Unsupported> {
        let format = match self.form.dates {
            Dates::Plain => "%b %-d, %Y %-I:%M:%S %p",
            Dates::Comma => "%b %-d, %Y, %-I:%M:%S %p",
        };
        let text = moment.date_time().format(format).to_string();
        self.text(&text)
    }
}

/// A list, map or structure.
struct Open<'o> {
    out: &'o mut String,
    form: Form,
    opening: char,
    closing: char,
}

impl Open<'_> {
    /// Adds a member, unless there is no value for it.
    fn member<T: Serialize + ?Sized>(
        &mut self,
        name: &str,
        begin: impl FnOnce(&mut String),
        value: &T,
    ) -> Result<(), Unsupported> {
        let before = self.out.len();
        if !self.out.ends_with(self.opening) {
            self.out.push(',');
        }
        begin(self.out);
        if !value.serialize(Record { out: self.out, form: self.form, name })? {
            self.out.truncate(before);
        }
        Ok(())
    }

    fn close(self) -> Result<bool, Unsupported> {
        self.out.push(self.closing);
        Ok(true)
    }
}

impl ser::SerializeStruct for Open<'_> {
    type Ok = bool;
    type Error = Unsupported;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Unsupported> {
        if OMITTED.contains(&key) {
            return Ok(());
        }
        self.member(key, |out| push_name(out, key), value)
    }

    fn end(self) -> Result<bool, Unsupported> {
        self.close()
    }
}

impl ser::SerializeSeq for Open<'_> {
    type Ok = bool;
    type Error = Unsupported;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unsupported> {
        self.member("", |_| {}, value)
    }

    fn end(self) -> Result<bool, Unsupported> {
        self.close()
    }
}

impl ser::SerializeMap for Open<'_> {
    type Ok = bool;
    type Error = Unsupported;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, _: &T) -> Result<(), Unsupported> {
        Err(ser::Error::custom("a map's key alone"))
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, _: &T) -> Result<(), Unsupported> {
        Err(ser::Error::custom("a map's value alone"))
    }

    fn serialize_entry<K: Serialize + ?Sized, V: Serialize + ?Sized>(
        &mut self,
        key: &K,
        value: &V,
    ) -> Result<(), Unsupported> {
        let key = serde_json::to_value(key).map_err(ser::Error::custom)?;
        let key = key.as_str().map(str::to_owned).unwrap_or_else(|| key.to_string());
        if !self.form.is_json {
            let name = |out: &mut String| {
                push_text(out, &key);
                out.push(':');
            };
            return self.member("", name, value);
        }
        if OMITTED.contains(&&*key) {
            return Ok(());
        }
        self.member(&key, |out| push_name(out, &key), value)
    }

    fn end(self) -> Result<bool, Unsupported> {
        self.close()
    }
}

impl<'o> ser::Serializer for Record<'o, '_> {
    type Ok = bool;
    type Error = Unsupported;
    type SerializeSeq = Open<'o>;
    type SerializeTuple = Impossible<bool, Unsupported>;
    type SerializeTupleStruct = Impossible<bool, Unsupported>;
    type SerializeTupleVariant = Impossible<bool, Unsupported>;
    type SerializeMap = Open<'o>;
    type SerializeStruct = Open<'o>;
    type SerializeStructVariant = Impossible<bool, Unsupported>;

    fn serialize_str(self, text: &str) -> Result<bool, Unsupported> {
        self.text(text)
    }

    fn serialize_bool(self, value: bool) -> Result<bool, Unsupported> {
        self.plain(value)
    }

    fn serialize_i8(self, value: i8) -> Result<bool, Unsupported> {
        self.plain(value)
    }

    fn serialize_i16(self, value: i16) -> Result<bool, Unsupported> {
        self.plain(value)
    }

    fn serialize_i32(self, value: i32) -> Result<bool, Unsupported> {
        self.plain(value)
    }

    fn serialize_i64(self, value: i64) -> Result<bool, Unsupported> {
        self.number(value)
    }

    fn serialize_u8(self, value: u8) -> Result<bool, Unsupported> {
        self.plain(value)
    }

    fn serialize_u16(self, value: u16) -> Result<bool, Unsupported> {
        self.plain(value)
    }

    fn serialize_u32(self, value: u32) -> Result<bool, Unsupported> {
        self.plain(value)
    }

    fn serialize_u64(self, value: u64) -> Result<bool, Unsupported> {
        match i64::try_from(value) {
            Ok(value) => self.number(value),
            Err(_) => self.plain(value),
        }
    }

    fn serialize_f32(self, value: f32) -> Result<bool, Unsupported> {
        self.plain(value)
    }

    fn serialize_f64(self, value: f64) -> Result<bool, Unsupported> {
        self.plain(value)
    }

    fn serialize_char(self, value: char) -> Result<bool, Unsupported> {
        self.text(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_none(self) -> Result<bool, Unsupported> {
        Ok(false)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<bool, Unsupported> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<bool, Unsupported> {
        Ok(false)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<bool, Unsupported> {
        Ok(false)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<bool, Unsupported> {
        self.text(variant)
    }

    /// Moments are numbers inside and dates in records.
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<bool, Unsupported> {
        if name != "Timestamp" {
            return value.serialize(self);
        }
        let seconds = serde_json::to_value(value).ok().and_then(|number| number.as_i64());
        let seconds = seconds.ok_or_else(|| ser::Error::custom("a moment that is no number"))?;
        self.date(Timestamp::from_seconds(seconds))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Open<'o>, Unsupported> {
        Ok(self.open('[', ']'))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Open<'o>, Unsupported> {
        Ok(self.open('{', '}'))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Open<'o>, Unsupported> {
        Ok(self.open('{', '}'))
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<bool, Unsupported> {
        Err(ser::Error::custom("bytes"))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<bool, Unsupported> {
        Err(ser::Error::custom("a variant with a value"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Unsupported> {
        Err(ser::Error::custom("a tuple"))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, Unsupported> {
        Err(ser::Error::custom("a tuple structure"))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Unsupported> {
        Err(ser::Error::custom("a variant with values"))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Unsupported> {
        Err(ser::Error::custom("a variant with members"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Serialize;
    use serde_json::json;

    use super::*;

    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Key {
        access_key_id: &'static str,
        secret_access_key: &'static str,
        create_date: Timestamp,
        absent: Option<String>,
        permissions_boundary_type: &'static str,
        tags: Vec<BTreeMap<&'static str, u32>>,
    }

    #[test]
    fn every_form_is_cloud_trails() {
        let key = |_| Key {
            access_key_id: "AKIA",
            secret_access_key: "canary",
            create_date: Timestamp::from_seconds(1_722_519_208),
            absent: None,
            permissions_boundary_type: "PermissionsBoundaryPolicy",
            tags: vec![BTreeMap::from([("Users", 27)])],
        };
        let expected = |comma| {
            format!(
                r#"{{"accessKeyId":"AKIA","createDate":"Aug 1, 2024{comma} 1:33:28 PM","permissionsBoundaryType":"Policy","tags":[{{"Users":27}}]}}"#
            )
        };
        let form = |dates| Form { dates, is_json: false };
        assert_eq!(result(&key(()), form(Dates::Plain)).unwrap(), Some(expected("")));
        assert_eq!(result(&key(()), form(Dates::Comma)).unwrap(), Some(expected(",")));
        assert_eq!(result(&(), form(Dates::Plain)).unwrap(), None);
    }

    #[test]
    fn results_that_are_made_as_json_are_structures() {
        let status = json!({
            "AccountName": "Canary", "RequestedTimestamp": 1_722_519_208, "PrivateKey": "canary", "Size": 5,
            "Tags": [{"Key": "Team"}],
        });
        let output = BTreeMap::from([("CreateAccountStatus", status)]);
        let expected = r#"{"createAccountStatus":{"accountName":"****","requestedTimestamp":"Aug 1, 2024 1:33:28 PM","size":5,"tags":[{"key":"Team"}]}}"#;
        let found = result(&output, Form { dates: Dates::Plain, is_json: true }).unwrap();
        assert_eq!(found.as_deref(), Some(expected));
    }
}
