//! The `x-amz-` headers of a request, wherever it has them.

use http::HeaderMap;

use super::query::Query;
use crate::s3::refusal::Refusal;

/// Headers that a client may send more than once, because they only add to one another and no rule reads them.
const REPEATED: &[&str] = &["x-amz-object-attributes", "x-amz-meta-", "x-amz-optional-object-attributes"];

/// The headers that the rules read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Headers<'r> {
    map: &'r HeaderMap,
}

impl<'r> Headers<'r> {
    /// The headers of a request, beside its query string.
    ///
    /// # Errors
    /// An `x-amz-` header that is sent twice, that the query string contradicts, that is no text, or whose name has an
    /// underscore, which many servers take for a hyphen.
    pub(crate) fn check(map: &'r HeaderMap, query: &Query<'_>) -> Result<Self, Refusal> {
        for name in map.keys() {
            let text = name.as_str();
            if text.contains('_') && text.replace('_', "-").starts_with("x-amz-") {
                return Err(ambiguous(text));
            }
            let read = text.starts_with("x-amz-") && !REPEATED.iter().any(|prefix| text.starts_with(prefix));
            if !read && !matches!(text, "host" | "content-type" | "if-match" | "if-none-match") {
                continue;
            }
            let mut values = map.get_all(name).iter();
            let value = values.next().and_then(|value| std::str::from_utf8(value.as_bytes()).ok());
            let contradicted = query.get(text).is_some_and(|other| Some(other) != value);
            if value.is_none() || values.next().is_some() || (contradicted && text.starts_with("x-amz-")) {
                return Err(ambiguous(text));
            }
        }
        Ok(Self { map })
    }

    /// A header's value.
    pub(crate) fn get(&self, name: &str) -> Option<&'r str> {
        std::str::from_utf8(self.map.get(name)?.as_bytes()).ok().map(str::trim)
    }
}

fn ambiguous(name: &str) -> Refusal {
    Refusal::argument(format!("The header {name} can be read in more than one way."))
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn check(headers: &[(&'static str, &'static [u8])], query: &str) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_bytes(value).unwrap());
        }
        Headers::check(&map, &Query::parse(query).unwrap()).is_ok()
    }

    #[test]
    fn headers_that_decide_come_once() {
        assert!(check(&[("x-amz-acl", b"private"), ("accept", b"a"), ("accept", b"b")], ""));
        assert!(check(&[("x-amz-acl", b"private")], "x-amz-acl=private"));
        assert!(check(&[("x-amz-meta-a", b"\xff"), ("x-amz-meta-a", b"b")], ""));
        assert!(!check(&[("x-amz-acl", b"private"), ("x-amz-acl", b"private")], ""));
        assert!(!check(&[("x-amz-acl", b"private")], "X-Amz-Acl=public-read"));
        assert!(!check(&[("x-amz-acl", b"\xff")], ""));
        assert!(!check(&[("x_amz_acl", b"private")], ""));
        assert!(!check(&[("host", b"a"), ("host", b"b")], ""));
    }
}
