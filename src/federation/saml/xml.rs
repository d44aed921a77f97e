//! SAML's documents as XML: read without document types, so that there are no entities to expand or to fetch.

use uppsala::{Document, NodeId, Parser};

use crate::shapes::Timestamp;

/// The namespace of metadata.
pub const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
/// The namespace of responses.
pub const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
/// The namespace of assertions.
pub const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
/// The namespace of signatures.
pub const SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";

/// The namespace of encryption.
pub const ENCRYPTION: &str = "http://www.w3.org/2001/04/xmlenc#";
/// The namespace of what version 1.1 of encryption adds.
pub const ENCRYPTION_1_1: &str = "http://www.w3.org/2009/xmlenc11#";

/// Real documents nest some fifteen elements deep.
const MAX_DEPTH: u32 = 64;
/// Real documents declare some twenty namespaces, and perhaps two more at each of hundreds of values.
const MAX_DECLARATIONS: usize = 1_000;
/// The most declarations in scope, summed over all elements. Real documents have some thousands.
const MAX_IN_SCOPE: usize = 100_000;

/// Reads a document; `None` if it is not well-formed or has a document type.
pub fn read(text: &str) -> Option<Document<'_>> {
    Parser::new().with_forbid_dtd(true).with_max_depth(MAX_DEPTH).parse(text).ok()
}

/// Whether a document can be canonicalized in little time: that costs every element all declarations of namespaces that
/// it is in the scope of, before any signature was verified.
pub fn is_cheap_to_canonicalize(document: &Document<'_>) -> bool {
    let (mut declared, mut in_scope) = (0, 0);
    let mut open: Vec<_> = document.document_element().map(|root| (root, 0)).into_iter().collect();
    while let Some((node, inherited)) = open.pop() {
        let Some(element) = document.element(node) else { continue };
        let own = element.namespace_declarations.len();
        declared += own;
        in_scope += inherited + own;
        if declared > MAX_DECLARATIONS || in_scope > MAX_IN_SCOPE {
            return false;
        }
        open.extend(document.children_iter(node).map(|child| (child, inherited + own)));
    }
    true
}

/// An element of a document.
#[derive(Clone, Copy)]
pub struct Element<'d, 't> {
    document: &'d Document<'t>,
    /// Its place in the document: two elements are the same if this is.
    pub node: NodeId,
}

impl<'d, 't> Element<'d, 't> {
    /// The document's outermost element, if it has this name.
    pub fn root(document: &'d Document<'t>, namespace: &str, name: &str) -> Option<Self> {
        let root = Self { document, node: document.document_element()? };
        root.is(namespace, name).then_some(root)
    }

    /// The elements of this name wherever they are in the document.
    pub fn everywhere(document: &'d Document<'t>, namespace: &str, name: &str) -> Vec<Self> {
        let nodes = document.get_elements_by_tag_name_ns(namespace, name);
        nodes.into_iter().map(|node| Self { document, node }).collect()
    }

    fn is(self, namespace: &str, name: &str) -> bool {
        self.document.element(self.node).is_some_and(|element| element.matches_name_ns(namespace, name))
    }

    /// The children of this name.
    pub fn children(self, namespace: &'static str, name: &'static str) -> impl Iterator<Item = Self> {
        let Self { document, node } = self;
        document
            .children_iter(node)
            .map(move |node| Self { document, node })
            .filter(move |child| child.is(namespace, name))
    }

    /// The first child of this name.
    pub fn child(self, namespace: &'static str, name: &'static str) -> Option<Self> {
        self.children(namespace, name).next()
    }

    /// The child of this name, if there is exactly one.
    pub fn only_child(self, namespace: &'static str, name: &'static str) -> Option<Self> {
        let mut children = self.children(namespace, name);
        children.next().filter(|_| children.next().is_none())
    }

    /// An attribute without a namespace.
    pub fn attribute(self, name: &str) -> Option<&'d str> {
        let attributes = &self.document.element(self.node)?.attributes;
        let own = attributes.iter().find(|attribute| attribute.name.matches(None, name));
        own.map(|attribute| &*attribute.value)
    }

    /// An attribute that is a moment (`xs:dateTime`): `None` if it is absent, `Some(None)` if it cannot be read.
    pub fn moment(self, name: &str) -> Option<Option<Timestamp>> {
        let text = self.attribute(name)?;
        Some(chrono::DateTime::parse_from_rfc3339(text.trim()).ok().map(|moment| moment.to_utc().into()))
    }

    /// All text within. Comments are no text, as they are none for the signature either: the text on their two sides
    /// is one text.
    pub fn text(self) -> String {
        self.document.text_content_deep(self.node).trim().to_owned()
    }

    /// The base64 text within, decoded.
    pub fn base64(self) -> Option<Vec<u8>> {
        data_encoding::BASE64.decode(self.text().split_ascii_whitespace().collect::<String>().as_bytes()).ok()
    }
}
