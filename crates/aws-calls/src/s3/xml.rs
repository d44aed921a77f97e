//! XML bodies, read so that no other reader can take them differently.

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::refusal::Refusal;

/// S3 takes at most 1,000 keys in one document; six elements a key are the most that the service model has.
const MAX_ELEMENTS: usize = 20_000;

const MAX_DEPTH: usize = 16;

/// An element with its text and its children.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Element {
    pub name: String,
    text: String,
    pub children: Vec<Element>,
    /// Whether a comment, an instruction or CDATA is among the text. Some readers take only the part before it.
    interrupted: bool,
}

impl Element {
    /// Reads a document.
    ///
    /// # Errors
    /// `MalformedXML`: no XML in UTF-8, or XML with its own entities or name prefixes.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Refusal> {
        let text = std::str::from_utf8(body).map_err(|_| Refusal::xml())?;
        let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
        let mut open: Vec<Self> = Vec::new();
        let mut root = None;
        let mut count = 0;
        loop {
            let event = reader.read_event().map_err(|_| Refusal::xml())?;
            let finished = match event {
                Event::Start(start) => {
                    count += 1;
                    open.push(Self::open(&start)?);
                    None
                }
                Event::Empty(start) => {
                    count += 1;
                    Some(Self::open(&start)?)
                }
                Event::End(_) => Some(open.pop().ok_or_else(Refusal::xml)?),
                Event::Eof if open.is_empty() => return root.ok_or_else(Refusal::xml),
                Event::Eof | Event::DocType(_) => return Err(Refusal::xml()),
                Event::Decl(declaration) => {
                    let is_utf8 = match declaration.encoding() {
                        Some(name) => name.is_ok_and(|name| is_utf8(&name)),
                        None => true,
                    };
                    if !is_utf8 {
                        return Err(Refusal::xml());
                    }
                    None
                }
                Event::Text(text) => {
                    add(&mut open, &text.xml10_content())?;
                    None
                }
                Event::GeneralRef(reference) => {
                    add(&mut open, character(&reference)?.encode_utf8(&mut [0; 4]))?;
                    None
                }
                Event::CData(text) => {
                    interrupt(&mut open);
                    add(&mut open, &text.xml10_content())?;
                    None
                }
                Event::Comment(_) | Event::PI(_) => {
                    interrupt(&mut open);
                    None
                }
            };
            if count > MAX_ELEMENTS || open.len() > MAX_DEPTH {
                return Err(Refusal::xml());
            }
            match (finished, open.last_mut()) {
                (Some(element), Some(parent)) => parent.children.push(element),
                (Some(element), None) if root.is_none() => root = Some(element),
                (Some(_), None) => return Err(Refusal::xml()),
                (None, _) => {}
            }
        }
    }

    fn open(start: &BytesStart<'_>) -> Result<Self, Refusal> {
        let name = start.name().as_ref().to_owned();
        if name.contains(':') { Err(Refusal::xml()) } else { Ok(Self { name, ..Self::default() }) }
    }

    /// All children of a name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The only child of a name.
    ///
    /// # Errors
    /// More than one.
    pub(crate) fn child(&self, name: &str) -> Result<Option<&Self>, Refusal> {
        let mut found = self.children.iter().filter(|child| child.name == name);
        let first = found.next();
        if found.next().is_some() { Err(Refusal::xml()) } else { Ok(first) }
    }

    /// The text of the only child of a name.
    ///
    /// # Errors
    /// More than one, or one that has more than text in it.
    pub(crate) fn text_of(&self, name: &str) -> Result<Option<&str>, Refusal> {
        self.child(name)?.map(Self::text).transpose()
    }

    /// The text, with white space as sent.
    ///
    /// # Errors
    /// More than text.
    pub(crate) fn text(&self) -> Result<&str, Refusal> {
        let mixed = self.interrupted && !self.text.is_empty();
        if mixed || !self.children.is_empty() { Err(Refusal::xml()) } else { Ok(&self.text) }
    }
}

fn is_utf8(name: &str) -> bool {
    ["utf-8", "utf8", "us-ascii", "ascii"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// Adds text to the innermost element; outside of all, only white space may be.
fn add(open: &mut [Element], text: &str) -> Result<(), Refusal> {
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return Err(Refusal::xml()),
    }
    Ok(())
}

fn interrupt(open: &mut [Element]) {
    if let Some(element) = open.last_mut() {
        element.interrupted = true;
    }
}

/// The character of a reference. Only XML's own entities are known.
fn character(reference: &BytesRef<'_>) -> Result<char, Refusal> {
    if let Some(character) = reference.resolve_char_ref().map_err(|_| Refusal::xml())? {
        return Ok(character);
    }
    match reference.as_ref() {
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "amp" => Ok('&'),
        "apos" => Ok('\''),
        "quot" => Ok('"'),
        _ => Err(Refusal::xml()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(body: &str) -> Result<String, Refusal> {
        let root = Element::parse(body.as_bytes())?;
        Ok(root.text_of("Key")?.unwrap_or("none").to_owned())
    }

    #[test]
    fn text_is_what_every_reader_takes_for_it() {
        assert_eq!(key("<A><Key>a</Key></A>").unwrap(), "a");
        assert_eq!(key("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<A xmlns=\"x\">\n <Key/>\n</A>\n").unwrap(), "");
        assert_eq!(key("<A><Key> a&amp;&#x41;&#10;b\r\nc </Key></A>").unwrap(), " a&A\nb\nc ");
        assert_eq!(key("<A><!-- no key --></A>").unwrap(), "none");
        assert_eq!(key("\u{feff}<A/>").unwrap(), "none");
    }

    #[test]
    fn what_readers_disagree_on_is_refused() {
        let wrong = [
            "",
            "a",
            "<A>",
            "<A></B>",
            "<A/><A/>",
            "<A/>a",
            "<A><Key>a</Key><Key>b</Key></A>",
            "<A><Key>a<!-- -->b</Key></A>",
            "<A><Key>a<![CDATA[b]]></Key></A>",
            "<A><Key>a<B/></Key></A>",
            "<A><s:Key>a</s:Key></A>",
            "<A><Key>&other;</Key></A>",
            "<A><Key>&#xD800;</Key></A>",
            "<!DOCTYPE A [<!ENTITY other \"b\">]><A><Key>&other;</Key></A>",
            "<?xml version=\"1.0\" encoding=\"UTF-7\"?><A/>",
        ];
        for body in wrong {
            assert!(key(body).is_err(), "{body}");
        }
        assert!(Element::parse(b"<A>\xff</A>").is_err());
        let deep = format!("{}{}", "<A>".repeat(20), "</A>".repeat(20));
        assert!(Element::parse(deep.as_bytes()).is_err());
        let many = format!("<A>{}</A>", "<B/>".repeat(MAX_ELEMENTS));
        assert!(Element::parse(many.as_bytes()).is_err());
    }
}
