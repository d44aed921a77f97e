//! Who must not reach the server's own endpoints: pages that a browser shows.

use std::net::IpAddr;

use http::{HeaderMap, header};

/// Whether a page of another origin made a browser send the request.
pub fn is_from_foreign_page(headers: &HeaderMap) -> bool {
    let host = host(headers);
    let own_origin = |origin: &str| origin.split_once("://").is_some_and(|(_, authority)| authority == host);
    let foreign_site = headers
        .get("sec-fetch-site")
        .and_then(|value| value.to_str().ok())
        .is_some_and(|site| !matches!(site, "same-origin" | "none"));
    foreign_site || headers.get(header::ORIGIN).is_some_and(|origin| !origin.to_str().is_ok_and(own_origin))
}

/// The `Host` header, with the port.
pub fn host(headers: &HeaderMap) -> &str {
    headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Whether a host is this machine by its own name. A foreign name that resolves to this machine is how pages reach servers
/// that they should not.
pub fn is_local(host: &str) -> bool {
    let name = name(host);
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Whether a host is an address, a name without a domain, such as that of a container, or in a domain that nobody can
/// register: no page has such an origin without being of this network.
pub fn is_in_this_network(host: &str) -> bool {
    let name = name(host);
    let private = [".internal", ".cluster.local", ".localhost", ".test"].iter().any(|domain| name.ends_with(domain));
    private || name.parse::<IpAddr>().is_ok() || (!name.is_empty() && !name.contains('.'))
}

/// Whether a host is AWS's own, which some clients are led here by.
pub fn is_of_aws(host: &str) -> bool {
    let name = name(host);
    [".amazonaws.com", ".amazonaws.com.cn", ".api.aws"].iter().any(|domain| name.ends_with(domain))
}

/// The host without its port and brackets.
fn name(host: &str) -> &str {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    name.trim_start_matches('[').trim_end_matches(']')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_local() {
        for host in ["localhost", "LOCALHOST:4593", "127.0.0.1:4593", "[::1]:4593", "127.9.9.9"] {
            assert!(is_local(host), "{host}");
        }
        for host in ["", "evil.example", "localhost.evil.example:4593", "10.0.0.1:4593"] {
            assert!(!is_local(host), "{host}");
        }
    }

    #[test]
    fn a_domain_is_not_of_this_network() {
        for host in [
            "localhost:4593",
            "169.254.169.254",
            "[fd00:ec2::254]",
            "[fd00:ec2::254]:80",
            "iamd:4593",
            "host.docker.internal:4593",
            "iamd.default.svc.cluster.local",
            "iam.localhost:4593",
        ] {
            assert!(is_in_this_network(host), "{host}");
        }
        for host in [
            "",
            ":4593",
            "evil.example",
            "internal.evil.example",
            "evilinternal.example",
            "127.0.0.1.evil.example:4593",
            "localhost.evil.example",
        ] {
            assert!(!is_in_this_network(host), "{host}");
        }
    }

    #[test]
    fn a_page_of_another_origin_gives_itself_away() {
        let from = |name: &'static str, value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, "127.0.0.1:4593".parse().unwrap());
            headers.insert(name, value.parse().unwrap());
            is_from_foreign_page(&headers)
        };
        assert!(from("origin", "https://evil.example"));
        assert!(from("origin", "null"));
        assert!(from("sec-fetch-site", "cross-site"));
        assert!(!from("origin", "http://127.0.0.1:4593"));
        assert!(!from("sec-fetch-site", "same-origin"));
        assert!(!from("user-agent", "aws-cli"));
    }
}
