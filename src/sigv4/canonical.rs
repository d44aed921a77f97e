//! The canonical request: the one form of a request that both sides hash.

use std::borrow::Cow;

use data_encoding::HEXLOWER;
use http::HeaderValue;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use sha2::{Digest, Sha256};

use super::signature::Location;
use super::{Incoming, presigned};

/// RFC 3986: all but the unreserved characters are encoded.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Builds the canonical request of `request` as the list of signed headers demands.
pub(super) fn canonical_request(request: &Incoming<'_>, location: Location, signed_headers: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    out.extend_from_slice(request.method.as_bytes());
    out.push(b'\n');
    push_path(request.path, &mut out);
    out.push(b'\n');
    push_query(request.query, location, &mut out);
    out.push(b'\n');
    for name in signed_headers.split(';') {
        out.extend_from_slice(name.as_bytes());
        push_values(request.headers.get_all(name).iter(), &mut out);
        out.push(b'\n');
    }
    out.push(b'\n');
    out.extend_from_slice(signed_headers.as_bytes());
    out.push(b'\n');
    out.extend_from_slice(hex(&Sha256::digest(request.body).into()).as_bytes());
    out
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
/// nothing stands for itself.
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

/// The lower-case hexadecimal form of a SHA-256 digest or HMAC.
pub(super) fn hex(digest: &[u8; 32]) -> String {
    HEXLOWER.encode(digest)
}
