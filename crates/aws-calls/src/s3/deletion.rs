//! `DeleteObjects`: one request with many keys, each allowed or denied by itself.

use quick_xml::escape::escape;

use super::address::check_key;
use super::refusal::Refusal;
use super::xml::Element;

/// AWS: a request names at most 1,000 keys.
const MAX_KEYS: usize = 1000;

const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// The objects that a request wants deleted.
#[derive(Clone, Debug)]
pub struct Deletions {
    objects: Vec<Deletion>,
    root: Element,
}

/// One object to delete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// The key as sent.
    pub key: String,
    /// The version, if the request wants one.
    pub version: Option<String>,
}

/// An object that the caller must not delete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// Its place in the request, from zero: the part that a question names.
    pub index: usize,
    /// Why.
    pub message: String,
}

impl Deletions {
    /// Reads the body of a request.
    ///
    /// # Errors
    /// `MalformedXML`: no keys, or more than S3 takes; and keys that S3 does not take.
    pub fn parse(body: &[u8]) -> Result<Self, Refusal> {
        let root = Element::parse(body)?;
        let objects: Vec<Deletion> = root.all("Object").map(Deletion::parse).collect::<Result<_, _>>()?;
        if root.name != "Delete" || objects.is_empty() || objects.len() > MAX_KEYS {
            return Err(Refusal::xml());
        }
        Ok(Self { objects, root })
    }

    /// The objects in the order of the request.
    pub fn iter(&self) -> impl Iterator<Item = &Deletion> {
        self.objects.iter()
    }

    /// The body without the denied objects; none if nothing is left. It has another length and other checksums than the
    /// request's.
    pub fn without(&self, denied: &[Denied]) -> Option<String> {
        let mut body = format!("<Delete xmlns=\"{NAMESPACE}\">");
        let mut index = 0;
        let mut left = 0;
        for child in &self.root.children {
            if child.name == "Object" {
                let is_denied = denied.iter().any(|denied| denied.index == index);
                index += 1;
                if is_denied {
                    continue;
                }
                left += 1;
            }
            write(&mut body, child);
        }
        body.push_str("</Delete>");
        (left > 0).then_some(body)
    }

    /// The upstream's answer with the denied objects added; or, without an answer, the denied ones alone. An answer that
    /// is no result of this operation stays as it is.
    pub fn answer(&self, upstream: Option<&str>, denied: &[Denied]) -> String {
        const END: &str = "</DeleteResult>";
        let errors = self.errors(denied);
        let declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
        let alone = || format!("{declaration}<DeleteResult xmlns=\"{NAMESPACE}\">{errors}{END}");
        let Some(upstream) = upstream else { return alone() };
        if let Some((before, after)) = upstream.rsplit_once(END) {
            return format!("{before}{errors}{END}{after}");
        }
        let is_empty = Element::parse(upstream.as_bytes())
            .is_ok_and(|root| root.name == "DeleteResult" && root.children.is_empty());
        if is_empty { alone() } else { upstream.to_owned() }
    }

    fn errors(&self, denied: &[Denied]) -> String {
        let mut text = String::new();
        for (index, object) in self.objects.iter().enumerate() {
            let Some(denied) = denied.iter().find(|denied| denied.index == index) else { continue };
            text.push_str("<Error>");
            element(&mut text, "Key", &object.key);
            if let Some(version) = &object.version {
                element(&mut text, "VersionId", version);
            }
            element(&mut text, "Code", "AccessDenied");
            element(&mut text, "Message", &denied.message);
            text.push_str("</Error>");
        }
        text
    }
}

impl Deletion {
    fn parse(object: &Element) -> Result<Self, Refusal> {
        let key = object.text_of("Key")?.ok_or_else(Refusal::xml)?.to_owned();
        let version = object.text_of("VersionId")?.map(str::trim).filter(|version| !version.is_empty());
        let deletion = Self { key, version: version.map(str::to_owned) };
        for reading in deletion.readings() {
            check_key(reading)?;
        }
        if deletion.key.is_empty() { Err(Refusal::xml()) } else { Ok(deletion) }
    }

    /// The keys that the element can stand for: some servers drop white space around a text.
    pub(crate) fn readings(&self) -> impl Iterator<Item = &str> {
        let trimmed = self.key.trim();
        std::iter::once(self.key.as_str()).chain((trimmed != self.key && !trimmed.is_empty()).then_some(trimmed))
    }
}

fn write(text: &mut String, element: &Element) {
    if element.children.is_empty() {
        return self::element(text, &element.name, element.text().unwrap_or_default());
    }
    text.push('<');
    text.push_str(&element.name);
    text.push('>');
    for child in &element.children {
        write(text, child);
    }
    text.push_str("</");
    text.push_str(&element.name);
    text.push('>');
}

fn element(text: &mut String, name: &str, value: &str) {
    text.push_str(&format!("<{name}>"));
    for character in escape(value).chars() {
        // As they are, readers would make blanks of them or refuse them.
        if character.is_ascii_control() {
            text.push_str(&format!("&#x{:X};", u32::from(character)));
        } else {
            text.push(character);
        }
    }
    text.push_str(&format!("</{name}>"));
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\n<Quiet>true</Quiet>\
        <Object><Key>a&amp;b</Key></Object><Object><Key>c</Key><VersionId>v1</VersionId></Object>\
        <Object><Key>d&#xA;</Key><ETag>\"e\"</ETag></Object></Delete>";

    fn denied(indices: &[usize]) -> Vec<Denied> {
        indices.iter().map(|index| Denied { index: *index, message: format!("no <{index}>") }).collect()
    }

    #[test]
    fn denied_keys_are_left_out() {
        let deletions = Deletions::parse(BODY.as_bytes()).unwrap();
        let body = deletions.without(&denied(&[1])).unwrap();
        assert_eq!(
            body,
            "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>true</Quiet>\
             <Object><Key>a&amp;b</Key></Object><Object><Key>d&#xA;</Key><ETag>&quot;e&quot;</ETag></Object></Delete>"
        );
        let again = Deletions::parse(body.as_bytes()).unwrap();
        let keys: Vec<&str> = again.iter().map(|object| object.key.as_str()).collect();
        assert_eq!(keys, ["a&b", "d\n"]);
        assert_eq!(deletions.without(&denied(&[0, 1, 2])), None);
    }

    #[test]
    fn denied_keys_are_reported_in_the_order_of_the_request() {
        let deletions = Deletions::parse(BODY.as_bytes()).unwrap();
        let errors = "<Error><Key>a&amp;b</Key><Code>AccessDenied</Code><Message>no &lt;0&gt;</Message></Error>\
            <Error><Key>c</Key><VersionId>v1</VersionId><Code>AccessDenied</Code><Message>no &lt;1&gt;</Message></Error>";
        let alone = deletions.answer(None, &denied(&[1, 0]));
        assert!(alone.ends_with(&format!("2006-03-01/\">{errors}</DeleteResult>")), "{alone}");
        let deleted = "<DeleteResult><Deleted><Key>d</Key></Deleted></DeleteResult>";
        assert_eq!(
            deletions.answer(Some(deleted), &denied(&[1, 0])),
            format!("<DeleteResult><Deleted><Key>d</Key></Deleted>{errors}</DeleteResult>")
        );
        assert_eq!(deletions.answer(Some("<DeleteResult />"), &denied(&[0, 1])), alone);
        let failed = "<Error><Code>NoSuchBucket</Code></Error>";
        assert_eq!(deletions.answer(Some(failed), &denied(&[0])), failed);
    }

    #[test]
    fn requests_that_s3_does_not_take_are_refused() {
        let object = |key: &str| format!("<Object><Key>{key}</Key></Object>");
        let of = |content: &str| Deletions::parse(format!("<Delete>{content}</Delete>").as_bytes());
        assert!(of(&object("a").repeat(1000)).is_ok());
        assert!(of(&object("a").repeat(1001)).is_err());
        let blank = of(&object(" ")).unwrap();
        assert_eq!(blank.iter().flat_map(Deletion::readings).collect::<Vec<_>>(), [" "]);
        let wrong = ["", "<Object/>", "<Object><Key/></Object>", "<Object><Key>a</Key><Key>b</Key></Object>"];
        for content in wrong {
            assert!(of(content).is_err(), "{content}");
        }
        assert!(of(&object("../a")).is_err());
        assert!(Deletions::parse(b"<Other><Object><Key>a</Key></Object></Other>").is_err());
    }
}
