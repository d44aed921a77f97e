//! The source of a copy.

use super::address::{Bucket, check_key, named};
use super::hosts::is_account;
use super::query::unescape;
use super::refusal::Refusal;

/// What `x-amz-copy-source` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The bucket, or the access point that stands for it.
    pub bucket: Bucket<'static>,
    /// The key.
    pub key: String,
    /// The version, if the request wants one.
    pub version: Option<String>,
}

impl Source {
    /// Reads the header: `/bucket/key?versionId=version` with the path percent-encoded, or an access point's ARN.
    ///
    /// # Errors
    /// `InvalidArgument`: no bucket and key, and anything that two servers could split or decode differently.
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        // In a URL these separate or stand for a blank, in a key they do not: S3 wants them encoded.
        // Readers of URLs drop tabs, and disagree on what is not ASCII.
        let is_plain = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
        if text.contains(['#', ';', '+', '&']) || !text.bytes().all(is_plain) {
            return Err(invalid());
        }
        let (path, version) = match text.split_once('?') {
            Some((path, query)) => (path, Some(query.strip_prefix("versionId=").ok_or_else(invalid)?)),
            None => (text, None),
        };
        let version = version.map(|version| Ok::<_, Refusal>(unescape(version)?.into_owned())).transpose()?;
        if version.as_ref().is_some_and(|version| version.is_empty() || version.contains('?')) {
            return Err(invalid());
        }
        let raw = path.strip_prefix('/').unwrap_or(path);
        let decoded = unescape(path)?;
        let decoded = decoded.strip_prefix('/').unwrap_or(&decoded);
        if decoded.contains("?versionId=") {
            return Err(invalid());
        }
        let (bucket, key) = if decoded.starts_with("arn:") { access_point(decoded)? } else { plain(raw, decoded)? };
        check_key(&key)?;
        if key.is_empty() { Err(invalid()) } else { Ok(Self { bucket, key, version }) }
    }
}

/// `bucket/key`, with the slash between them encoded only if all others are too.
fn plain(raw: &str, decoded: &str) -> Result<(Bucket<'static>, String), Refusal> {
    let (bucket, key) = decoded.split_once('/').ok_or_else(invalid)?;
    if let Some((raw_bucket, _)) = raw.split_once('/')
        && unescape(raw_bucket)? != bucket
    {
        return Err(invalid());
    }
    Ok((named(bucket.to_owned().into())?, key.to_owned()))
}

/// `arn:aws:s3:eu-central-1:111122223333:accesspoint/name/object/key`
fn access_point(arn: &str) -> Result<(Bucket<'static>, String), Refusal> {
    let mut parts = arn.splitn(6, ':').skip(2);
    let (service, account) = (parts.next(), parts.nth(1).unwrap_or_default());
    let resource = parts.next().and_then(|resource| resource.strip_prefix("accesspoint/")).ok_or_else(invalid)?;
    let (name, key) = resource.split_once("/object/").ok_or_else(invalid)?;
    if service != Some("s3") || !is_account(account) || name.is_empty() || name.contains('/') {
        return Err(invalid());
    }
    Ok((Bucket::AccessPoint { name: name.to_owned(), account: account.to_owned() }, key.to_owned()))
}

fn invalid() -> Refusal {
    Refusal::argument("Copy Source must mention the source bucket and key: sourcebucket/sourcekey")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<(String, String, Option<String>)> {
        let source = Source::parse(text).ok()?;
        let bucket = match source.bucket {
            Bucket::Name(name) => name.into_owned(),
            Bucket::AccessPoint { name, account } => format!("{account}:{name}"),
        };
        Some((bucket, source.key, source.version))
    }

    fn said(bucket: &str, key: &str, version: Option<&str>) -> Option<(String, String, Option<String>)> {
        Some((bucket.to_owned(), key.to_owned(), version.map(str::to_owned)))
    }

    #[test]
    fn sources_are_decoded_once() {
        assert_eq!(parsed("app/k"), said("app", "k", None));
        assert_eq!(parsed("/app/a/b"), said("app", "a/b", None));
        assert_eq!(parsed("/app//b"), said("app", "/b", None));
        assert_eq!(parsed("app%2Fa%2Fb"), said("app", "a/b", None));
        assert_eq!(parsed("%2Fapp%2Fa"), said("app", "a", None));
        assert_eq!(parsed("app/a%20b%252F%2Bc%3Fd"), said("app", "a b%2F+c?d", None));
        assert_eq!(parsed("app/a%2Fb"), said("app", "a/b", None));
        assert_eq!(parsed("app/k?versionId=v1"), said("app", "k", Some("v1")));
        let arn = "arn:aws:s3:eu-central-1:111122223333:accesspoint/ap/object/a/object/b?versionId=v";
        assert_eq!(parsed(arn), said("111122223333:ap", "a/object/b", Some("v")));
    }

    #[test]
    fn sources_that_can_be_split_in_two_ways_are_refused() {
        let wrong = [
            "",
            "app",
            "app/",
            "//app/k",
            "app%2Fa/b",
            "app/k?versionId=",
            "app/k?versionId=a&versionId=b",
            "app/k?other=1",
            "app/k?versionId=a?versionId=b",
            "app/k%3FversionId=a",
            "app/a+b",
            "app/a#b",
            "app/a;b",
            "app/a\tb",
            "app/\u{e4}",
            "app/../other/k",
            "app/%zz",
            "arn:aws:s3:::app/k",
            "arn:aws:s3:eu-central-1:1:accesspoint/ap/object/k",
        ];
        for text in wrong {
            assert_eq!(parsed(text), None, "{text}");
        }
    }
}
