//! The fields of a form, up to its file.

use std::fmt;

use crate::s3::address::check_key;
use crate::s3::refusal::Refusal;

/// The most bytes that the fields before the file may have.
const MAX_FIELDS: usize = 64 * 1024;

/// RFC 2046: a boundary has at most 70 characters.
const MAX_BOUNDARY: usize = 70;

/// A form whose fields have all been read.
#[derive(Debug)]
pub struct Form {
    /// The fields before the file.
    pub fields: Fields,
    /// Where the file begins in the body.
    pub file: usize,
}

/// The fields before the file, by name in small letters. Their values are secret: the signature is among them.
#[derive(Clone, Default)]
pub struct Fields {
    values: Vec<(String, String)>,
    file_name: Option<String>,
}

impl fmt::Debug for Fields {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.values.iter().map(|(name, _)| name)).finish()
    }
}

/// The boundary that a `Content-Type` header names.
///
/// # Errors
/// None, more than one, or one that is not allowed.
pub fn boundary(content_type: &str) -> Result<&str, Refusal> {
    let mut parameters = content_type.split(';').skip(1).filter_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim())
    });
    let value = parameters.next().filter(|_| parameters.next().is_none()).ok_or_else(malformed)?;
    let value = value.strip_prefix('"').map_or(Some(value), |value| value.strip_suffix('"')).ok_or_else(malformed)?;
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=?".contains(&byte);
    let fits = !value.is_empty() && value.len() <= MAX_BOUNDARY && value.bytes().all(is_allowed);
    if fits { Ok(value) } else { Err(malformed()) }
}

impl Form {
    /// Reads the fields from the beginning of a body. None: the file has not begun yet, so there must be more of it.
    ///
    /// # Errors
    /// What is no form, fields that are too large, and anything that two readers of forms could take for different fields.
    pub fn read(boundary: &str, body: &[u8]) -> Result<Option<Self>, Refusal> {
        let delimiter = format!("\r\n--{boundary}");
        let mut fields = Fields::default();
        let first = delimiter.trim_start().as_bytes();
        if body.len() >= first.len() && !body.starts_with(first) {
            return Err(malformed());
        }
        let mut place = first.len();
        let result = loop {
            let Some(rest) = body.get(place..) else { break None };
            let Some(line_end) = find(rest, b"\r\n") else { break None };
            if line_end != 0 {
                // The end of the form, before any file.
                return Err(if rest.starts_with(b"--") { missing_file() } else { malformed() });
            }
            let Some(headers_end) = find(rest, b"\r\n\r\n") else { break None };
            let headers = rest.get(2..headers_end + 2).unwrap_or_default();
            let part = Part::parse(headers)?;
            let content = place + headers_end + 4;
            if part.name == "file" {
                fields.file_name = part.file_name;
                break Some(Self { fields, file: content });
            }
            let Some(value) = body.get(content..) else { break None };
            let Some(value_end) = find(value, delimiter.as_bytes()) else { break None };
            let value = std::str::from_utf8(value.get(..value_end).unwrap_or_default()).map_err(|_| malformed())?;
            fields.add(part, value)?;
            place = content + value_end + delimiter.len();
        };
        let size = result.as_ref().map_or(body.len(), |form| form.file);
        if size > MAX_FIELDS {
            let message = "Your POST request fields preceding the upload file were too large.";
            return Err(Refusal::new(400, "MaxPostPreDataLengthExceeded", message));
        }
        Ok(result)
    }
}

impl Fields {
    fn add(&mut self, part: Part, value: &str) -> Result<(), Refusal> {
        if self.get(&part.name).is_some() {
            let message = format!("POST requires exactly one field of the name {}.", part.name);
            return Err(Refusal::argument(message));
        }
        if part.file_name.is_some() {
            return Err(malformed());
        }
        self.values.push((part.name, value.to_owned()));
        Ok(())
    }

    /// A field's value. Names have no case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The fields with their names in small letters, in order.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The names of the fields, in small letters.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.values.iter().map(|(name, _)| name.as_str())
    }

    /// The field that stands for a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let own = match name {
            "x-amz-acl" => self.get("acl"),
            "x-amz-tagging" => self.get("tagging"),
            _ => None,
        };
        own.or_else(|| self.get(name))
    }

    /// The key of the object, with the file's name put in where the form wants it.
    ///
    /// # Errors
    /// No key, or one that S3 does not take.
    pub fn object_key(&self) -> Result<String, Refusal> {
        const VARIABLE: &str = "${filename}";
        let missing = || {
            Refusal::argument(
                "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields.",
            )
        };
        let key = self.get("key").filter(|key| !key.is_empty()).ok_or_else(missing)?;
        let key = if key.contains(VARIABLE) {
            // Browsers send a name without its folders; servers differ in what they make of others, and of escapes.
            let name = self.file_name.as_deref().filter(|name| !name.contains(['/', '\\', '%', '"']));
            key.replace(VARIABLE, name.ok_or_else(malformed)?)
        } else {
            key.to_owned()
        };
        check_key(&key)?;
        Ok(key)
    }
}

/// The headers of a part.
struct Part {
    /// The name in small letters.
    name: String,
    file_name: Option<String>,
}

impl Part {
    fn parse(headers: &[u8]) -> Result<Self, Refusal> {
        let headers = std::str::from_utf8(headers).map_err(|_| malformed())?;
        let mut disposition = None;
        for line in headers.split("\r\n").filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once(':').ok_or_else(malformed)?;
            if line.contains(['\r', '\n']) || name.trim() != name {
                return Err(malformed());
            }
            if name.eq_ignore_ascii_case("content-disposition") {
                if disposition.replace(value).is_some() {
                    return Err(malformed());
                }
            } else if !name.eq_ignore_ascii_case("content-type") {
                // A transfer encoding would make the value another one for servers that know it.
                return Err(malformed());
            }
        }
        Self::of_disposition(disposition.ok_or_else(malformed)?)
    }

    /// Reads `form-data; name="key"; filename="photo.jpg"`.
    fn of_disposition(value: &str) -> Result<Self, Refusal> {
        let mut rest = value.trim().strip_prefix("form-data").ok_or_else(malformed)?;
        let (mut name, mut file_name) = (None, None);
        while let Some(parameter) = rest.trim_start().strip_prefix(';') {
            let (key, after) = parameter.split_once('=').ok_or_else(malformed)?;
            let (text, after) = after.strip_prefix('"').and_then(|text| text.split_once('"')).ok_or_else(malformed)?;
            let place = match key.trim() {
                key if key.eq_ignore_ascii_case("name") => &mut name,
                key if key.eq_ignore_ascii_case("filename") => &mut file_name,
                _ => return Err(malformed()),
            };
            if place.replace(text.to_owned()).is_some() {
                return Err(malformed());
            }
            rest = after;
        }
        let is_plain = |name: &String| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\' && byte != b'%')
        };
        let name = name.filter(is_plain).filter(|_| rest.trim().is_empty()).ok_or_else(malformed)?;
        Ok(Self { name: name.to_ascii_lowercase(), file_name })
    }
}

pub(super) fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, wanted)
}

pub(super) fn malformed() -> Refusal {
    Refusal::new(400, "MalformedPOSTRequest", "The body of your POST request is not well-formed multipart/form-data.")
}

fn missing_file() -> Refusal {
    Refusal::argument("POST requires exactly one file upload per request.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(disposition: &str, value: &str) -> String {
        format!("--b\r\nContent-Disposition: form-data; {disposition}\r\n\r\n{value}\r\n")
    }

    fn read(body: &str) -> Result<Option<Form>, Refusal> {
        Form::read("b", body.as_bytes())
    }

    #[test]
    fn fields_end_where_the_file_begins() {
        let fields = part("name=\"Key\"", "a/${filename}") + &part("name=\"acl\"", "private");
        let file = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"c.txt\"\r\nContent-Type: text/plain\r\n\r\n";
        let body = format!("{fields}{file}content\r\n--b--\r\n");
        let form = read(&body).unwrap().unwrap();
        assert_eq!(form.fields.get("key"), Some("a/${filename}"));
        assert_eq!(form.fields.header("x-amz-acl"), Some("private"));
        assert_eq!(form.fields.object_key().unwrap(), "a/c.txt");
        assert_eq!(&body[form.file..], "content\r\n--b--\r\n");
        for end in 0..form.file {
            assert!(read(&body[..end]).unwrap().is_none(), "{end}");
        }
    }

    #[test]
    fn forms_that_can_be_read_in_two_ways_are_refused() {
        let wrong = [
            "preamble\r\n--b\r\n".to_owned(),
            part("name=\"key\"", "a") + &part("name=\"KEY\"", "b") + "--b--\r\n",
            part("name=\"key\"; name=\"acl\"", "a") + "--b--",
            part("name=key", "a") + "--b--",
            part("name=\"key\"; filename=\"f\"", "a") + "--b--",
            part("name*=utf-8''key", "a") + "--b--",
            part("name=\"k\\ey\"", "a") + "--b--",
            part("name=\"key\"\r\nContent-Transfer-Encoding: base64", "YQ==") + "--b--",
            part("name=\"key\"", "a") + "--b--\r\n",
        ];
        for body in wrong {
            assert!(read(&body).is_err(), "{body}");
        }
        let long = part("name=\"key\"", &"a".repeat(MAX_FIELDS));
        assert_eq!(read(&long).unwrap_err().code, "MaxPostPreDataLengthExceeded");
    }

    #[test]
    fn keys_from_file_names_stay_in_their_folder() {
        let key = |name: &str| {
            let values = vec![("key".to_owned(), "a/${filename}".to_owned())];
            Fields { values, file_name: Some(name.to_owned()) }.object_key()
        };
        assert_eq!(key("b").unwrap(), "a/b");
        for name in ["../b", "c\\b", "%2e", "x/y"] {
            assert!(key(name).is_err(), "{name}");
        }
        assert!(Fields::default().object_key().is_err());
    }

    #[test]
    fn boundaries_are_taken_from_the_header() {
        assert_eq!(boundary("multipart/form-data; boundary=b").unwrap(), "b");
        assert_eq!(boundary("multipart/form-data; charset=utf-8; Boundary=\"a b\"").ok(), None);
        assert_eq!(boundary("multipart/form-data; boundary=\"a=b\"").unwrap(), "a=b");
        for text in [
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "m/f; boundary=a; boundary=b",
            "m/f; boundary=\"a",
        ] {
            assert!(boundary(text).is_err(), "{text}");
        }
    }

    #[test]
    fn values_are_not_shown() {
        let values = vec![("x-amz-signature".to_owned(), "secret".to_owned())];
        assert_eq!(format!("{:?}", Fields { values, file_name: None }), "[\"x-amz-signature\"]");
    }
}
