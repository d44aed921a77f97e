//! Keeps out what browsers send for foreign pages: everybody knows the development credentials, so a page could sign,
//! and the server's own endpoints ask for no credentials on loopback.

use std::net::IpAddr;

use http::request::Parts;
use http::{HeaderMap, HeaderName, Method, header};

/// Domains that nobody can register, so that no name in them leads a foreign page here (RFC 6761, RFC 6762, RFC 8375,
/// ICANN's reservation of `.internal`), and those that home routers and Kubernetes use without reservation.
pub const PRIVATE_DOMAINS: &[&str] =
    &[".home.arpa", ".internal", ".lan", ".local", ".localdomain", ".localhost", ".svc", ".test"];

/// AWS's own domains, which some clients are led here by.
const AWS_DOMAINS: &[&str] = &[".amazonaws.com", ".amazonaws.com.cn", ".api.aws"];

/// Whether a page of another origin made a browser send the request.
pub fn is_from_foreign_page(headers: &HeaderMap) -> bool {
    let host = host(headers);
    let is_own = |url: &str| authority(url).is_some_and(|authority| authority.eq_ignore_ascii_case(host));
    let foreign_site = text(headers, &SEC_FETCH_SITE).is_some_and(|site| !matches!(site, "same-origin" | "none"));
    let foreign_origin = headers.get(header::ORIGIN).is_some_and(|origin| !origin.to_str().is_ok_and(is_own));
    // Clients that are no browsers may send any referrer: policies can ask for it.
    let foreign_referrer = is_browser(headers) && text(headers, &header::REFERER).is_some_and(|url| !is_own(url));
    foreign_site || foreign_origin || foreign_referrer
}

/// Whether a person followed a link to a page, from wherever: the browser shows the answer and nothing else sees it.
pub fn is_followed_link(parts: &Parts) -> bool {
    let is = |name: &HeaderName, value: &str| text(&parts.headers, name) == Some(value);
    let is_shown = is(&SEC_FETCH_MODE, "navigate") && is(&SEC_FETCH_DEST, "document");
    parts.method == Method::GET && is_shown && !parts.headers.contains_key(header::ORIGIN)
}

/// Whether a browser sent the request and does not say for which site. Browsers say it to `https` and to this machine;
/// to other hosts, a page can have them send a GET that looks like a person's.
pub fn is_of_unknown_site(parts: &Parts) -> bool {
    let reads = matches!(parts.method, Method::GET | Method::HEAD);
    reads && is_browser(&parts.headers) && !parts.headers.contains_key(&SEC_FETCH_SITE)
}

static SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
static SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
static SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// Every browser says that it is Mozilla, and a page cannot have it say something else.
fn is_browser(headers: &HeaderMap) -> bool {
    text(headers, &header::USER_AGENT).is_some_and(|agent| agent.starts_with("Mozilla/"))
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The host and port of a URL.
fn authority(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    rest.split(['/', '?', '#']).next()
}

/// The `Host` header, with the port.
pub fn host(headers: &HeaderMap) -> &str {
    text(headers, &header::HOST).unwrap_or_default()
}

/// Whether a request names one host: more than one `Host`, one that is no text, or another in the request's line could
/// mean different hosts to a proxy and to this server.
pub fn names_one_host(parts: &Parts) -> bool {
    let mut hosts = parts.headers.get_all(header::HOST).iter();
    let host = hosts.next();
    let in_line = parts.uri.authority().map(http::uri::Authority::as_str);
    let fits = match host.map(|host| host.to_str()) {
        Some(Ok(host)) => in_line.is_none_or(|line| line.eq_ignore_ascii_case(host)),
        Some(Err(_)) => false,
        None => true,
    };
    fits && hosts.next().is_none()
}

/// Whether a host is this machine by its own name. A foreign name that resolves to this machine is how pages reach
/// servers that they should not.
pub fn is_local(host: &str) -> bool {
    let name = name(host);
    name == "localhost" || name.ends_with(".localhost") || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// The names that lead here.
#[derive(Clone, Debug, Default)]
pub struct HostNames {
    /// In lower case; those that begin with a dot are domains with all that is below them.
    allowed: Vec<String>,
}

impl HostNames {
    /// These names besides those that are always allowed. `*.example.com` stands for all names below `example.com`.
    pub fn new<'n>(allowed: impl IntoIterator<Item = &'n str>) -> Self {
        let allowed = allowed.into_iter().map(|given| name(given.strip_prefix('*').unwrap_or(given))).collect();
        Self { allowed }
    }

    /// The names that were allowed, as they are in certificates.
    pub fn allowed(&self) -> impl Iterator<Item = String> {
        self.allowed.iter().map(|name| if name.starts_with('.') { format!("*{name}") } else { name.clone() })
    }

    /// Whether no foreign page can have this host as its own: an address, a name without a domain, such as that of a
    /// container, a name in a domain that nobody can register or in AWS's, or one that is allowed. Foreign pages come
    /// by a name of their own that is made to resolve to this server (DNS rebinding).
    pub fn contain(&self, host: &str) -> bool {
        let name = name(host);
        let below = |domain: &str| name.len() > domain.len() && name.ends_with(domain);
        let is_allowed = |allowed: &String| name == *allowed || (allowed.starts_with('.') && below(allowed));
        name.parse::<IpAddr>().is_ok()
            || (!name.is_empty() && !name.contains('.'))
            || PRIVATE_DOMAINS.iter().chain(AWS_DOMAINS).any(|domain| below(domain))
            || self.allowed.iter().any(is_allowed)
    }
}

/// The host in lower case, without its port, brackets and the dot that ends a full name.
fn name(host: &str) -> String {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_local() {
        for host in ["localhost", "LOCALHOST:4593", "localhost.", "iam.localhost", "127.0.0.1:4593", "[::1]:4593"] {
            assert!(is_local(host), "{host}");
        }
        for host in ["", "evil.example", "localhost.evil.example:4593", "notlocalhost", "10.0.0.1:4593"] {
            assert!(!is_local(host), "{host}");
        }
    }

    #[test]
    fn no_public_name_leads_here() {
        let names = HostNames::default();
        for host in [
            "localhost:4593",
            "localhost.:4593",
            "169.254.169.254",
            "203.0.113.9:4593",
            "[fd00:ec2::254]",
            "[fd00:ec2::254]:80",
            "iamd:4593",
            "host.docker.internal:4593",
            "HOST.DOCKER.INTERNAL.",
            "iamd.default.svc",
            "iamd.default.svc.cluster.local",
            "iam.localhost:4593",
            "build-3.local",
            "iam.amazonaws.com",
            "STS.us-east-1.amazonaws.com:443",
            "iam.global.api.aws",
        ] {
            assert!(names.contain(host), "{host}");
        }
        for host in [
            "",
            ".",
            ":4593",
            ".internal",
            "evil.example",
            "internal.evil.example",
            "evilinternal.example",
            "evilamazonaws.com",
            "amazonaws.com.evil.example",
            "127.0.0.1.evil.example:4593",
            "localhost.evil.example",
            "localhost.evil.example.",
            "[evil.example]:80",
        ] {
            assert!(!names.contain(host), "{host}");
        }
    }

    #[test]
    fn names_can_be_allowed() {
        let names = HostNames::new(["IAM.example.com", "*.dev.example"]);
        for host in ["iam.example.com", "Iam.Example.com.:443", "a.dev.example", "a.b.dev.example:4593"] {
            assert!(names.contain(host), "{host}");
        }
        for host in ["example.com", "x.iam.example.com", "dev.example", "evildev.example"] {
            assert!(!names.contain(host), "{host}");
        }
    }

    fn parts(uri: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = http::Request::get(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn a_page_of_another_origin_gives_itself_away() {
        let from = |headers: &[(&str, &str)]| {
            let headers = [&[("host", "127.0.0.1:4593")], headers].concat();
            is_from_foreign_page(&parts("/", &headers).headers)
        };
        let browser = ("user-agent", "Mozilla/5.0 (X11; Linux x86_64)");
        assert!(from(&[("origin", "https://evil.example")]));
        assert!(from(&[("origin", "null")]));
        assert!(from(&[("sec-fetch-site", "cross-site")]));
        assert!(from(&[browser, ("referer", "http://evil.example/127.0.0.1:4593")]));
        assert!(!from(&[("origin", "http://127.0.0.1:4593")]));
        assert!(!from(&[("sec-fetch-site", "same-origin")]));
        assert!(!from(&[browser, ("referer", "http://127.0.0.1:4593/?x")]));
        assert!(!from(&[("user-agent", "aws-cli"), ("referer", "http://example.com/")]));
    }

    #[test]
    fn a_browser_that_does_not_say_for_which_site() {
        let browser = ("user-agent", "Mozilla/5.0 (X11; Linux x86_64)");
        assert!(is_of_unknown_site(&parts("/", &[browser])));
        assert!(!is_of_unknown_site(&parts("/", &[browser, ("sec-fetch-site", "none")])));
        assert!(!is_of_unknown_site(&parts("/", &[("user-agent", "aws-sdk-go-v2/1.30")])));
    }

    #[test]
    fn a_request_names_one_host() {
        for (uri, headers) in [
            ("/", &[][..]),
            ("/", &[("host", "a:1")]),
            ("http://a:1/", &[("host", "a:1")]),
            ("http://A:1/", &[("host", "a:1")]),
        ] {
            assert!(names_one_host(&parts(uri, headers)), "{uri} {headers:?}");
        }
        for (uri, headers) in [
            ("/", &[("host", "a"), ("host", "a")][..]),
            ("/", &[("host", "a"), ("host", "b")]),
            ("http://b/", &[("host", "a")]),
        ] {
            assert!(!names_one_host(&parts(uri, headers)), "{uri} {headers:?}");
        }
    }
}
