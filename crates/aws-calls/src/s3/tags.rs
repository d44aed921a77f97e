//! Tags as requests carry them.

use std::borrow::Cow;

use super::query::unescape;
use super::refusal::Refusal;
use super::xml::Element;

/// Tags in the order of the request; every key once.
pub(crate) type Tags = Vec<(String, String)>;

/// Reads `x-amz-tagging`: `key=value&key=value`, encoded as a query string.
///
/// # Errors
/// Tags that are no text, and keys that come twice.
pub(crate) fn header(text: &str) -> Result<Tags, Refusal> {
    let decode = |text: &str| unescape(&text.replace('+', " ")).map(Cow::into_owned).map_err(|_| invalid());
    let pairs = text.split('&').filter(|piece| !piece.is_empty()).map(|piece| {
        let (key, value) = piece.split_once('=').unwrap_or((piece, ""));
        Ok((decode(key)?, decode(value)?))
    });
    distinct(pairs.collect::<Result<_, Refusal>>()?)
}

/// Reads `<Tagging><TagSet><Tag>…`.
///
/// # Errors
/// `MalformedXML`, and keys that come twice.
pub(crate) fn document(body: &[u8]) -> Result<Tags, Refusal> {
    let root = Element::parse(body)?;
    let set = root.child("TagSet")?.ok_or_else(Refusal::xml)?;
    elements(set)
}

/// Reads the `<Tag>` elements of a set.
///
/// # Errors
/// As [`document`].
pub(crate) fn elements(set: &Element) -> Result<Tags, Refusal> {
    let pair = |tag: &Element| {
        let key = tag.text_of("Key")?.ok_or_else(Refusal::xml)?;
        Ok((key.to_owned(), tag.text_of("Value")?.unwrap_or_default().to_owned()))
    };
    distinct(set.all("Tag").map(pair).collect::<Result<_, Refusal>>()?)
}

fn distinct(tags: Tags) -> Result<Tags, Refusal> {
    let mut keys: Vec<&str> = tags.iter().map(|(key, _)| key.as_str()).collect();
    keys.sort_unstable();
    if keys.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err(Refusal::new(400, "InvalidTag", "Cannot provide multiple Tags with the same key"));
    }
    Ok(tags)
}

fn invalid() -> Refusal {
    Refusal::argument(
        "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name \
         duplicates.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(key: &str, value: &str) -> (String, String) {
        (key.to_owned(), value.to_owned())
    }

    #[test]
    fn tags_come_from_headers_and_documents() {
        assert_eq!(header("a=1&b=x%20y+z&c").unwrap(), [pair("a", "1"), pair("b", "x y z"), pair("c", "")]);
        assert_eq!(header("").unwrap(), []);
        assert!(header("a=1&a=2").is_err());
        assert!(header("a=%f").is_err());
        let body = "<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag><Tag><Key>b</Key><Value/></Tag></TagSet></Tagging>";
        assert_eq!(document(body.as_bytes()).unwrap(), [pair("a", "1"), pair("b", "")]);
        assert!(document(b"<Tagging/>").is_err());
        assert!(document(b"<T><TagSet><Tag><Value>1</Value></Tag></TagSet></T>").is_err());
    }
}
