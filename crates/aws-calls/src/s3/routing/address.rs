//! Where a request goes: the service, a bucket, or an object.

use std::borrow::Cow;

use super::hosts::{Host, Hosts};
use super::query::unescape;
use crate::s3::refusal::Refusal;

/// AWS: keys are at most 1,024 bytes long.
const MAX_KEY: usize = 1024;

/// AWS: buckets in us-east-1 could have names of up to 255 characters before March 2018.
const MAX_BUCKET: usize = 255;

/// What a request is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target<'r> {
    /// The service itself: `ListBuckets`.
    Service,
    /// A bucket.
    Bucket {
        /// The bucket, or the access point that stands for it.
        bucket: Bucket<'r>,
    },
    /// An object, or a key that may become one.
    Object {
        /// The bucket, or the access point that stands for it.
        bucket: Bucket<'r>,
        /// The key, decoded once and otherwise as sent.
        key: Cow<'r, str>,
    },
}

impl Target<'_> {
    /// Whether the key has an element `.` or `..`. S3 keeps them; a server that takes its path for that of a file or of a
    /// web page would take the key for another one.
    pub fn has_dot_elements(&self) -> bool {
        match self {
            Self::Object { key, .. } => key.split('/').any(|element| matches!(element, "." | "..")),
            Self::Service | Self::Bucket { .. } => false,
        }
    }
}

/// A bucket, by its own name or by an access point's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bucket<'r> {
    /// The bucket's name.
    Name(Cow<'r, str>),
    /// An access point, which stands for a bucket that it does not name.
    AccessPoint {
        /// The access point's name.
        name: String,
        /// The account that it belongs to.
        account: String,
    },
}

impl Bucket<'_> {
    /// The bucket's name, if the request has it.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Name(name) => Some(name),
            Self::AccessPoint { .. } => None,
        }
    }
}

/// How a request names its bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Style {
    /// In the path.
    Path,
    /// In the host name, before that of this server.
    VirtualHost {
        /// The host name without the bucket and without a port.
        server: String,
    },
}

/// Finds out what a path is about, given what the host name says.
///
/// # Errors
/// No text, a bucket's name that is none, keys that are too long or lead out of the bucket.
pub(crate) fn target<'r>(host: Host, path: &'r str) -> Result<(Target<'r>, Style), Refusal> {
    let rest = path.strip_prefix('/').ok_or_else(Refusal::uri)?;
    let (bucket, key, style) = match host {
        Host::Bucket { bucket, server } => (named(bucket.into())?, rest, Style::VirtualHost { server }),
        Host::AccessPoint { name, account } => {
            let server = "s3-accesspoint".to_owned();
            (Bucket::AccessPoint { name, account }, rest, Style::VirtualHost { server })
        }
        Host::Path | Host::Express | Host::ObjectLambda | Host::Control { .. } => {
            if rest.is_empty() {
                return Ok((Target::Service, Style::Path));
            }
            let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
            (named(unescape(bucket)?)?, key, Style::Path)
        }
    };
    if key.is_empty() {
        return Ok((Target::Bucket { bucket }, style));
    }
    let key = unescape(key)?;
    check_key(&key)?;
    Ok((Target::Object { bucket, key }, style))
}

/// A bucket by its name.
///
/// # Errors
/// What cannot be a bucket's name, so that no server can take part of it for something else.
pub(crate) fn named(name: Cow<'_, str>) -> Result<Bucket<'_>, Refusal> {
    let is_end = |byte: &u8| byte.is_ascii_alphanumeric();
    let is_inner = |byte: &u8| is_end(byte) || matches!(byte, b'.' | b'-' | b'_');
    let bytes = name.as_bytes();
    let ends = bytes.first().is_some_and(is_end) && bytes.last().is_some_and(|byte| is_end(byte) || *byte == b'_');
    if ends && bytes.len() <= MAX_BUCKET && bytes.iter().all(is_inner) && !name.contains("..") {
        return Ok(Bucket::Name(name));
    }
    Err(Refusal::new(400, "InvalidBucketName", "The specified bucket is not valid."))
}

/// AWS: a key's relative path elements must not exceed its other ones, read from left to right.
///
/// # Errors
/// Keys that S3 does not take.
pub(crate) fn check_key(key: &str) -> Result<(), Refusal> {
    if key.len() > MAX_KEY {
        return Err(Refusal::new(400, "KeyTooLongError", "Your key is too long"));
    }
    let mut depth: usize = 0;
    for element in key.split('/') {
        match element {
            ".." => depth = depth.checked_sub(1).ok_or_else(Refusal::uri)?,
            "" | "." => {}
            _ => depth += 1,
        }
    }
    if key.contains('\0') { Err(Refusal::uri()) } else { Ok(()) }
}

impl Hosts {
    /// Finds out what a request is about by its host name and path.
    pub(crate) fn target<'r>(&self, host: Option<&str>, path: &'r str) -> Result<(Host, Target<'r>, Style), Refusal> {
        let host = self.read(host)?;
        let (target, style) = target(host.clone(), path)?;
        Ok((host, target, style))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Option<(String, String)> {
        match target(Host::Path, text).ok()?.0 {
            Target::Service => Some((String::new(), String::new())),
            Target::Bucket { bucket } => Some((bucket.name()?.to_owned(), String::new())),
            Target::Object { bucket, key } => Some((bucket.name()?.to_owned(), key.into_owned())),
        }
    }

    fn pair(bucket: &str, key: &str) -> Option<(String, String)> {
        Some((bucket.to_owned(), key.to_owned()))
    }

    #[test]
    fn keys_are_decoded_once_and_never_normalised() {
        assert_eq!(path("/"), pair("", ""));
        assert_eq!(path("/app"), pair("app", ""));
        assert_eq!(path("/app/"), pair("app", ""));
        assert_eq!(path("/app//"), pair("app", "/"));
        assert_eq!(path("/app/a//b"), pair("app", "a//b"));
        assert_eq!(path("/app/a/../b"), pair("app", "a/../b"));
        assert_eq!(path("/app/./a"), pair("app", "./a"));
        assert_eq!(path("/app/%2Fa%252F"), pair("app", "/a%2F"));
        assert_eq!(path("/%61pp/a+b%20c"), pair("app", "a+b c"));
        assert_eq!(path("/app/%C3%A4"), pair("app", "ä"));
        assert_eq!(path("/app/a%3Fb"), pair("app", "a?b"));
    }

    #[test]
    fn paths_that_lead_elsewhere_are_refused() {
        let wrong = [
            "",
            "app",
            "//app",
            "/../app",
            "/./app",
            "/a%2Fb",
            "/a%5Cb/c",
            "/app/../b",
            "/app/a/../../b",
            "/app/%2E%2E/b",
            "/app/%",
            "/app/%ff",
            "/app/%00",
            "/arn:aws:s3:::app/k",
            "/a..b/k",
        ];
        for text in wrong {
            assert_eq!(path(text), None, "{text}");
        }
        assert_eq!(path(&format!("/app/{}", "k".repeat(1025))), None);
        assert!(path(&format!("/app/{}", "k".repeat(1024))).is_some());
    }

    #[test]
    fn keys_with_dots_are_known() {
        let has = |text: &str| target(Host::Path, text).unwrap().0.has_dot_elements();
        assert!(has("/app/a/../b") && has("/app/./b") && has("/app/a%2F%2E"));
        assert!(!has("/app/a..b/...") && !has("/app") && !has("/"));
    }

    #[test]
    fn virtual_hosts_have_the_whole_path_as_key() {
        let host = || Host::Bucket { bucket: "app".into(), server: "localhost".into() };
        let key = |text| match target(host(), text).unwrap().0 {
            Target::Object { key, .. } => key.into_owned(),
            _ => String::new(),
        };
        assert_eq!(key("/a/b"), "a/b");
        assert_eq!(key("//a"), "/a");
        assert_eq!(key("/"), "");
        assert!(target(host(), "/../other/k").is_err());
    }
}
