//! The canonical request: the one form of a request that both sides hash.

use std::borrow::Cow;

use data_encoding::HEXLOWER;
use http::{HeaderMap, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use sha2::{Digest, Sha256};

use super::scheme::{PathForm, Scheme};
use super::signature::Location;
use super::{Incoming, presigned};

/// RFC 3986: all but the unreserved characters are encoded.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Builds the canonical request of `request` for a list of signed headers; `None` when there is none for that list.
pub(super) fn canonical_request(
    request: &Incoming<'_>,
    location: Location,
    signed_headers: &str,
    scheme: &Scheme<'_>,
) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(1024);
    out.extend_from_slice(request.method.as_bytes());
    out.push(b'\n');
    match scheme.path {
        PathForm::Normalized => push_path(request.path, &mut out),
        PathForm::AsSent => push_path_as_sent(request.path, &mut out),
    }
    out.push(b'\n');
    push_query(request.query, location, &mut out);
    out.push(b'\n');
    push_headers(request.headers, signed_headers, &mut out)?;
    out.push(b'\n');
    out.extend_from_slice(signed_headers.as_bytes());
    out.push(b'\n');
    match scheme.payload {
        Some(text) => out.extend_from_slice(text.as_bytes()),
        None => out.extend_from_slice(hex(&Sha256::digest(request.body).into()).as_bytes()),
    }
    Some(out)
}

/// The path without dot segments and empty segments. It is encoded once more than it came, so that a `%20` of the wire
/// becomes `%2520`; only S3 does neither.
fn push_path(path: &str, out: &mut Vec<u8>) {
    let mut segments = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            _ => segments.push(segment),
        }
    }
    for segment in &segments {
        out.push(b'/');
        out.extend(percent_encode(segment.as_bytes(), RESERVED).flat_map(str::as_bytes));
    }
    let ends_in_directory = matches!(path.rsplit('/').next(), Some("" | "." | ".."));
    if segments.is_empty() || ends_in_directory {
        out.push(b'/');
    }
}

/// The path with each byte decoded and encoded once, and neither dot segments nor empty ones removed: they are part of
/// an object's key (S3 User Guide, "Signature Calculations for the Authorization Header").
fn push_path_as_sent(path: &str, out: &mut Vec<u8>) {
    for (index, segment) in path.split('/').enumerate() {
        if index > 0 {
            out.push(b'/');
        }
        let bytes = Cow::from(percent_decode_str(segment));
        out.extend(percent_encode(&bytes, RESERVED).flat_map(str::as_bytes));
    }
    if path.is_empty() {
        out.push(b'/');
    }
}

/// The parameters, encoded in the one canonical way and sorted by name, then value.
fn push_query(query: &str, location: Location, out: &mut Vec<u8>) {
    let mut parameters: Vec<_> = query
        .split('&')
        .filter(|parameter| !parameter.is_empty())
        .map(|parameter| parameter.split_once('=').unwrap_or((parameter, "")))
        .map(|(name, value)| (recoded(name), recoded(value)))
        .filter(|(name, _)| location == Location::Header || name != presigned::SIGNATURE)
        .collect();
    parameters.sort_unstable();
    for (index, (name, value)) in parameters.iter().enumerate() {
        if index > 0 {
            out.push(b'&');
        }
        out.extend_from_slice(name.as_bytes());
        out.push(b'=');
        out.extend_from_slice(value.as_bytes());
    }
}

/// Decodes and encodes again. It works on bytes, so that text which is no UTF-8 stays distinct; a `%` that introduces
/// no byte is left as it is.
fn recoded(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)) {
        return Cow::Borrowed(text);
    }
    let mut recoded = String::with_capacity(text.len() * 2);
    for (index, piece) in text.split('+').enumerate() {
        if index > 0 {
            recoded.push_str("%20");
        }
        let bytes = Cow::from(percent_decode_str(piece));
        recoded.extend(percent_encode(&bytes, RESERVED));
    }
    Cow::Owned(recoded)
}

/// A line for each signed header. AWS rebuilds the list lower-case, sorted and without repetition, so that a list in any
/// other form has no canonical request; neither has one with a header that is absent.
fn push_headers(headers: &HeaderMap, signed_headers: &str, out: &mut Vec<u8>) -> Option<()> {
    if signed_headers.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    let mut previous = "";
    for name in signed_headers.split(';') {
        let mut values = headers.get_all(name).iter().peekable();
        if name <= previous || values.peek().is_none() {
            return None;
        }
        previous = name;
        out.extend_from_slice(name.as_bytes());
        push_values(values, out);
        out.push(b'\n');
    }
    Some(())
}

/// The values of one header after their name: `:first,second`, each trimmed, runs of blanks folded to one.
fn push_values<'a>(values: impl Iterator<Item = &'a HeaderValue>, out: &mut Vec<u8>) {
    let mut separator = b':';
    for value in values {
        out.push(separator);
        separator = b',';
        let words = value.as_bytes().split(|&byte| byte == b' ').filter(|word| !word.is_empty());
        for (index, word) in words.enumerate() {
            if index > 0 {
                out.push(b' ');
            }
            out.extend_from_slice(word);
        }
    }
}

/// The headers whose values are credentials.
const SECRET_HEADERS: [&str; 4] = ["authorization", "cookie", "proxy-authorization", "x-amz-security-token"];

/// The parameters of a query whose values are shown. Any other may be a password, a token or a private key.
const SHOWN_PARAMETERS: [&str; 7] =
    ["Action", "Version", "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders"];

/// A canonical request without what must be in no log.
pub(super) fn shown(canonical: &str) -> String {
    let mut in_headers = true;
    let lines = canonical.split('\n').enumerate().map(|(index, line)| {
        // Method, path and query have a line each; an empty one ends the headers.
        if index > 2 && line.is_empty() {
            in_headers = false;
        }
        match index {
            0 | 1 => Cow::Borrowed(line),
            2 => line
                .split('&')
                .map(|parameter| masked(parameter, '=', |name| !SHOWN_PARAMETERS.contains(&name)))
                .collect::<Vec<_>>()
                .join("&")
                .into(),
            _ if in_headers => masked(line, ':', |name| SECRET_HEADERS.contains(&name)),
            _ => Cow::Borrowed(line),
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The name, and the length of the value in place of the value.
fn masked(text: &str, separator: char, is_secret: impl Fn(&str) -> bool) -> Cow<'_, str> {
    match text.split_once(separator) {
        Some((name, value)) if is_secret(name) => format!("{name}{separator}<{} bytes>", value.len()).into(),
        _ => Cow::Borrowed(text),
    }
}

/// The lower-case hexadecimal form of a SHA-256 digest or HMAC.
pub(super) fn hex(digest: &[u8; 32]) -> String {
    HEXLOWER.encode(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_normalised_and_encoded_once_more() {
        let cases = [
            ("", "/"),
            ("/", "/"),
            ("//", "/"),
            ("/./", "/"),
            ("/..", "/"),
            ("/../../a", "/a"),
            ("/a/../b/", "/b/"),
            ("/a/b/..", "/a/"),
            ("/a/.", "/a/"),
            ("a//b", "/a/b"),
            ("/a%20b", "/a%2520b"),
            ("/a b", "/a%20b"),
            ("/%2e%2e/x", "/%252e%252e/x"),
            ("/-._~", "/-._~"),
            ("/@:\u{1234}", "/%40%3A%E1%88%B4"),
        ];
        for (path, expected) in cases {
            let mut out = Vec::new();
            push_path(path, &mut out);
            assert_eq!(str::from_utf8(&out), Ok(expected), "{path}");
        }
    }

    #[test]
    fn the_query_is_recoded_and_sorted_by_encoded_name_then_value() {
        let cases = [
            ("", ""),
            ("&&", ""),
            ("a", "a="),
            ("=", "="),
            ("b=1&a=2&a=1&a=10", "a=1&a=10&a=2&b=1"),
            ("a-b=1&a=2&aa=3", "a=2&a-b=1&aa=3"),
            ("b=1&B=2&%C3%A4=3", "%C3%A4=3&B=2&b=1"),
            ("a=x+y%20z%2bw", "a=x%20y%20z%2Bw"),
            ("a=b=c/d", "a=b%3Dc%2Fd"),
            ("%61=%7E%zz%4", "a=~%25zz%254"),
            ("a=%ff&a=%FE", "a=%FE&a=%FF"),
            ("X-Amz-Signature=1", "X-Amz-Signature=1"),
        ];
        for (query, expected) in cases {
            let mut out = Vec::new();
            push_query(query, Location::Header, &mut out);
            assert_eq!(str::from_utf8(&out), Ok(expected), "{query}");
        }
    }

    #[test]
    fn a_signature_in_the_query_does_not_sign_itself() {
        let mut out = Vec::new();
        push_query("X-Amz-Signature=1&X-Amz%2DSignature=2&x-amz-signature=3&b", Location::Query, &mut out);
        assert_eq!(str::from_utf8(&out), Ok("b=&x-amz-signature=3"));
    }

    #[test]
    fn s3_signs_paths_as_they_are() {
        for (path, expected) in [
            ("", "/"),
            ("/", "/"),
            ("/b//k/../x/.", "/b//k/../x/."),
            ("/b/a%20b", "/b/a%20b"),
            ("/b/a+b(c)", "/b/a%2Bb%28c%29"),
            ("/b/%2fx%7e", "/b/%2Fx~"),
            ("/b/%zz", "/b/%25zz"),
        ] {
            let mut out = Vec::new();
            push_path_as_sent(path, &mut out);
            assert_eq!(str::from_utf8(&out), Ok(expected), "{path}");
        }
    }

    #[test]
    fn header_values_are_trimmed_folded_and_joined() {
        let mut headers = HeaderMap::new();
        for (name, value) in [("b", "  x  \"y   z\" "), ("b", ""), ("b", "a\tc"), ("a", "1"), ("c", "\u{ff}")] {
            headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let mut out = Vec::new();
        assert_eq!(push_headers(&headers, "a;b;c", &mut out), Some(()));
        assert_eq!(str::from_utf8(&out), Ok("a:1\nb:x \"y z\",,a\tc\nc:\u{ff}\n"));
    }
}
