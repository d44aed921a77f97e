//! What a host name says about an S3 request: a bucket, an access point, or nothing.

use std::net::IpAddr;

use crate::s3::refusal::Refusal;

/// AWS's own names. Clients send them if a name server leads them here.
const AWS: &[&str] = &["amazonaws.com", "amazonaws.com.cn"];

/// The names under which clients reach this server, in small letters.
#[derive(Clone, Debug, Default)]
pub struct Hosts(Vec<String>);

/// What a host name says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    /// Nothing: the bucket is in the path.
    Path,
    /// The bucket, and the name of the server behind it.
    Bucket { bucket: String, server: String },
    /// An access point of an account.
    AccessPoint { name: String, account: String },
    /// S3 Control of an account, or of the account that a header names.
    Control { account: Option<String> },
    /// The control plane of directory buckets.
    Express,
    /// A route of `WriteGetObjectResponse`.
    ObjectLambda,
}

impl Hosts {
    /// The names of this server, such as `localhost`. A bucket's name may come before any of them.
    pub fn new<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> Self {
        let mut names: Vec<String> = names.into_iter().map(|name| name.as_ref().to_ascii_lowercase()).collect();
        names.sort_by_key(|name| std::cmp::Reverse(name.len()));
        Self(names)
    }

    /// Reads a `Host` header.
    ///
    /// # Errors
    /// A name that could have a bucket in it and does not end in a known one: who forwards it and who receives it might
    /// not agree on the bucket.
    pub(crate) fn read(&self, header: Option<&str>) -> Result<Host, Refusal> {
        let Some(header) = header else { return Ok(Host::Path) };
        let name = without_port(header).trim_end_matches('.').to_ascii_lowercase();
        let own = self.0.iter().map(String::as_str);
        if name.is_empty() || name.parse::<IpAddr>().is_ok() || name.starts_with('[') || own.clone().any(|n| n == name)
        {
            return Ok(Host::Path);
        }
        for (server, is_aws) in own.map(|server| (server, false)).chain(AWS.iter().map(|server| (*server, true))) {
            if let Some(labels) = name.strip_suffix(server).and_then(|rest| rest.strip_suffix('.')) {
                return before(labels, server, is_aws).ok_or_else(|| unknown(header));
            }
        }
        // A name of one label, as in a network of containers, has no room for a bucket.
        if name.contains('.') { Err(unknown(header)) } else { Ok(Host::Path) }
    }
}

/// What comes before a server's name: `bucket`, `s3.eu-central-1`, `bucket.s3`, …
fn before(text: &str, server: &str, is_aws: bool) -> Option<Host> {
    let labels: Vec<&str> = text.split('.').collect();
    let found = labels.iter().enumerate().rev().find_map(|(index, label)| {
        let rest = labels.get(index + 1..)?;
        let rest_fits = rest.iter().all(|label| *label == "dualstack" || is_region(label)) && rest.len() <= 2;
        Some((index, Endpoint::of(label).filter(|_| rest_fits)?))
    });
    let Some((index, endpoint)) = found else {
        let bucket = text.to_owned();
        return (!is_aws).then(|| Host::Bucket { bucket, server: server.to_owned() });
    };
    let prefix = labels.get(..index)?.join(".");
    let server = format!("{}.{server}", labels.get(index..)?.join("."));
    Some(match endpoint {
        Endpoint::Objects if prefix.is_empty() => Host::Path,
        Endpoint::Objects => Host::Bucket { bucket: prefix, server },
        Endpoint::AccessPoint => {
            let (name, account) = prefix.rsplit_once('-').filter(|(name, _)| !name.is_empty())?;
            is_account(account).then(|| Host::AccessPoint { name: name.to_owned(), account: account.to_owned() })?
        }
        Endpoint::Control if prefix.is_empty() => Host::Control { account: None },
        Endpoint::Control => is_account(&prefix).then_some(Host::Control { account: Some(prefix) })?,
        Endpoint::Express => prefix.is_empty().then_some(Host::Express)?,
        Endpoint::ObjectLambda => Host::ObjectLambda,
    })
}

#[derive(Clone, Copy, Debug)]
enum Endpoint {
    Objects,
    AccessPoint,
    Control,
    Express,
    ObjectLambda,
}

impl Endpoint {
    fn of(label: &str) -> Option<Self> {
        Some(match label {
            "s3" | "s3-accelerate" | "s3-fips" | "s3-external-1" => Self::Objects,
            "s3-accesspoint" | "s3-accesspoint-fips" => Self::AccessPoint,
            "s3-control" | "s3-control-fips" => Self::Control,
            "s3-object-lambda" | "s3-object-lambda-fips" => Self::ObjectLambda,
            "s3express-control" | "s3express-control-fips" => Self::Express,
            _ if label.starts_with("s3express-") && label.contains("-az") => Self::Objects,
            _ => label.strip_prefix("s3-").filter(|rest| is_region(rest)).map(|_| Self::Objects)?,
        })
    }
}

/// Whether a label has the form of a region: `eu-central-1`.
fn is_region(label: &str) -> bool {
    let mut parts = label.split('-');
    let words = parts.by_ref().take_while(|part| part.bytes().all(|byte| byte.is_ascii_lowercase())).count();
    let number =
        label.rsplit('-').next().is_some_and(|last| last.len() == 1 && last.bytes().all(|b| b.is_ascii_digit()));
    words >= 2 && number && label.split('-').count() == words + 1
}

/// Whether a text is an account: twelve digits.
pub(crate) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn without_port(header: &str) -> &str {
    match header.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.contains(':') => name,
        _ => header,
    }
}

fn unknown(header: &str) -> Refusal {
    Refusal::request(format!("The host {header} is not known here, so whether it names a bucket is unknown."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &str) -> Option<Host> {
        Hosts::new(["localhost", "s3.test", "Localhost.LocalStack.cloud"]).read(Some(header)).ok()
    }

    fn bucket(bucket: &str, server: &str) -> Option<Host> {
        Some(Host::Bucket { bucket: bucket.to_owned(), server: server.to_owned() })
    }

    #[test]
    fn buckets_come_before_known_names() {
        let path = [
            "localhost",
            "localhost:4599",
            "LOCALHOST.",
            "127.0.0.1:80",
            "[::1]:80",
            "::1",
            "iamd",
            "s3.localhost:4599",
            "s3.eu-central-1.localhost",
            "s3.amazonaws.com",
            "s3-us-west-2.amazonaws.com",
            "s3.dualstack.us-east-1.amazonaws.com",
            "s3.cn-north-1.amazonaws.com.cn",
            "",
        ];
        for header in path {
            assert_eq!(read(header), Some(Host::Path), "{header}");
        }
        assert_eq!(read("app.localhost:4599"), bucket("app", "localhost"));
        assert_eq!(read("s3-app.localhost"), bucket("s3-app", "localhost"));
        assert_eq!(read("my.app.s3.localhost"), bucket("my.app", "s3.localhost"));
        assert_eq!(read("s3.app.s3.test"), bucket("s3.app", "s3.test"));
        assert_eq!(
            read("app.s3.eu-central-1.localhost.localstack.cloud").map(|host| matches!(host, Host::Bucket { .. })),
            Some(true)
        );
        assert_eq!(read("app.s3.amazonaws.com"), bucket("app", "s3.amazonaws.com"));
        assert_eq!(
            read("a--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com")
                .map(|host| matches!(host, Host::Bucket { bucket, .. } if bucket == "a--use1-az4--x-s3")),
            Some(true)
        );
    }

    #[test]
    fn other_endpoints_are_distinguished() {
        let (name, account) = ("ap".to_owned(), "111122223333".to_owned());
        assert_eq!(
            read("ap-111122223333.s3-accesspoint.eu-central-1.amazonaws.com"),
            Some(Host::AccessPoint { name, account: account.clone() })
        );
        assert_eq!(read("s3-control.us-east-1.amazonaws.com"), Some(Host::Control { account: None }));
        assert_eq!(read("111122223333.s3-control.localhost"), Some(Host::Control { account: Some(account) }));
        assert_eq!(read("s3express-control.us-east-1.amazonaws.com"), Some(Host::Express));
        assert_eq!(read("route.s3-object-lambda.us-east-1.amazonaws.com"), Some(Host::ObjectLambda));
    }

    #[test]
    fn names_that_could_hide_a_bucket_are_refused() {
        let unknown = [
            "app.example.com",
            "dynamodb.us-east-1.amazonaws.com",
            "amazonaws.com",
            "ap.s3-accesspoint.eu-central-1.amazonaws.com",
            "x.s3-control.us-east-1.amazonaws.com",
            "app.s3-website.us-east-1.amazonaws.com",
        ];
        for header in unknown {
            assert_eq!(read(header), None, "{header}");
        }
    }
}
