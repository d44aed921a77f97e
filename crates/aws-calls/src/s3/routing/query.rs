//! The query string: which sub-resource a request is about, and its parameters.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::s3::refusal::Refusal;

/// The parameters that pick an operation. S3 takes one of them in a request.
const SUB_RESOURCES: &[&str] = &[
    "abac",
    "accelerate",
    "acl",
    "analytics",
    "annotation",
    "attributes",
    "cors",
    "delete",
    "encryption",
    "intelligent-tiering",
    "inventory",
    "legal-hold",
    "lifecycle",
    "list-type",
    "location",
    "logging",
    "metadataAnnotationTable",
    "metadataConfiguration",
    "metadataInventoryTable",
    "metadataJournalTable",
    "metadataTable",
    "metrics",
    "notification",
    "object-lock",
    "ownershipControls",
    "policy",
    "policyStatus",
    "publicAccessBlock",
    "renameObject",
    "replication",
    "requestPayment",
    "restore",
    "retention",
    "select",
    "session",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versioning",
    "versions",
    "website",
];

/// Other parameters that decide what is asked.
const PARAMETERS: &[&str] = &[
    "annotation-prefix",
    "annotationName",
    "delimiter",
    "id",
    "max-annotation-results",
    "max-keys",
    "partNumber",
    "prefix",
    "select-type",
    "versionId",
];

/// Parameters that mean something else, or nothing, when they are empty.
const NOT_EMPTY: &[&str] = &["annotationName", "id", "partNumber", "uploadId", "versionId"];

/// A query string, decoded once.
#[derive(Clone, Debug, Default)]
pub struct Query<'r>(Vec<(Cow<'r, str>, Cow<'r, str>)>);

impl<'r> Query<'r> {
    /// Reads a query string as sent.
    ///
    /// # Errors
    /// Escapes that stand for no text. Parameters that one server could take for another one's: sent twice, in another
    /// case, or behind a semicolon.
    pub fn parse(raw: &'r str) -> Result<Self, Refusal> {
        let mut parameters: Vec<(Cow<'_, str>, Cow<'_, str>)> = Vec::new();
        for piece in raw.split('&').filter(|piece| !piece.is_empty()) {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            let (name, value) = (decode(name)?, decode(value)?);
            // Some servers take what is around a name for no part of it.
            let bare = name.trim_matches(|c: char| !c.is_ascii_alphanumeric());
            if let Some(known) = known(&name).or_else(|| known(bare)) {
                let exact = *known == *name || is_header(&name);
                let seen = parameters.iter().any(|(seen, _)| seen.eq_ignore_ascii_case(&name));
                if !exact || seen {
                    return Err(ambiguous(&name));
                }
            }
            if value.is_empty() && NOT_EMPTY.contains(&name.as_ref()) {
                return Err(Refusal::argument(format!("{name} cannot be the empty string")));
            }
            parameters.push((name, value));
        }
        // Some servers take a semicolon for an ampersand.
        for piece in raw.split(';').skip(1) {
            let name = decode(piece.split(['=', '&', ';']).next().unwrap_or_default())?;
            if known(&name).is_some() {
                return Err(ambiguous(&name));
            }
        }
        Ok(Self(parameters))
    }

    /// The value of a parameter; empty where it was sent without one.
    pub fn get(&self, name: &str) -> Option<&str> {
        let exact = |sent: &str| sent == name || (is_header(name) && sent.eq_ignore_ascii_case(name));
        self.0.iter().find(|(sent, _)| exact(sent)).map(|(_, value)| value.as_ref())
    }

    /// The names of all parameters.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_ref())
    }

    /// The values of a parameter that may come more than once.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(sent, _)| sent == name).map(|(_, value)| value.as_ref())
    }

    /// Whether a parameter was sent.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The sub-resource, or an empty text.
    ///
    /// # Errors
    /// More than one.
    pub(crate) fn sub_resource(&self) -> Result<&'static str, Refusal> {
        let mut sent = SUB_RESOURCES.iter().copied().filter(|name| self.has(name));
        let first = sent.next().unwrap_or_default();
        match sent.next() {
            Some(second) => Err(Refusal::argument(format!("Conflicting query string parameters: {first}, {second}"))),
            None => Ok(first),
        }
    }
}

/// Whether a parameter stands for a header: presigned URLs may have any `x-amz-` header in the query string.
fn is_header(name: &str) -> bool {
    name.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("x-amz-"))
}

fn known(name: &str) -> Option<&str> {
    let names = SUB_RESOURCES.iter().chain(PARAMETERS);
    names.copied().find(|known| known.eq_ignore_ascii_case(name)).or(is_header(name).then_some(name))
}

fn ambiguous(name: &str) -> Refusal {
    Refusal::argument(format!("The query string parameter {name} can be read in more than one way."))
}

fn decode(text: &str) -> Result<Cow<'_, str>, Refusal> {
    if text.contains('+') {
        return unescape(&text.replace('+', " ")).map(|decoded| Cow::Owned(decoded.into_owned()));
    }
    unescape(text)
}

/// Decodes percent escapes, once.
///
/// # Errors
/// A `%` without two hexadecimal digits, and bytes that are no UTF-8.
pub(crate) fn unescape(text: &str) -> Result<Cow<'_, str>, Refusal> {
    let complete = |rest: &str| rest.as_bytes().get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
    if !text.split('%').skip(1).all(complete) {
        return Err(Refusal::uri());
    }
    percent_decode_str(text).decode_utf8().map_err(|_| Refusal::uri())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_once() {
        let query = Query::parse("prefix=a%2525+b&delimiter=&uploads&other=%20").unwrap();
        assert_eq!(query.get("prefix"), Some("a%25 b"));
        assert_eq!(query.get("delimiter"), Some(""));
        assert_eq!(query.get("uploads"), Some(""));
        assert_eq!(query.get("max-keys"), None);
        assert_eq!(query.sub_resource(), Ok("uploads"));
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        let wrong = [
            "prefix=a&prefix=b",
            "acl&acl",
            "ACL",
            "versionid=1",
            "versionId=",
            "uploadId",
            "a=1;acl",
            "a=1;prefix=b",
            "x-amz-acl=private&X-Amz-Acl=public-read",
            "prefix=%zz",
            "prefix=%f",
            "prefix=%ff",
            "%61cl&acl",
            "acl%00",
            "%20acl",
            "acl[]",
            "?policy",
        ];
        for raw in wrong {
            assert!(Query::parse(raw).is_err(), "{raw}");
        }
        assert!(Query::parse("acl&tagging").unwrap().sub_resource().is_err());
        for raw in ["", "&&", "a=1;b=2", "v=1&v=2", "X-Amz-Acl=private", "prefix=a=b"] {
            assert!(Query::parse(raw).is_ok(), "{raw}");
        }
    }

    #[test]
    fn headers_in_the_query_string_have_no_case() {
        assert_eq!(Query::parse("X-Amz-Acl=private").unwrap().get("x-amz-acl"), Some("private"));
    }
}
