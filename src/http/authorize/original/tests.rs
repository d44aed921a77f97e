//! What is read of the requests of each kind of proxy.

use super::*;

/// A request to the endpoint, as `METHOD PATH` and its headers.
fn asked(line: &str, headers: &[(&'static str, &str)]) -> Parts {
    let (method, path) = line.split_once(' ').unwrap();
    let mut request = http::Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

const CLIENT: (&str, &str) = ("x-forwarded-for", "192.0.2.1");

fn read(line: &str, headers: &[(&'static str, &str)]) -> Result<String, Unclear> {
    let Original { parts, client, secure, body } = Original::of(asked(line, headers))?;
    let host = parts.headers.get(HOST).map(|host| host.to_str().unwrap()).unwrap_or_default();
    let length = parts.headers.get(CONTENT_LENGTH).map(|length| length.to_str().unwrap()).unwrap_or_default();
    for name in OF_PROXIES {
        assert!(!parts.headers.contains_key(name), "{name}");
    }
    Ok(format!("{} {} {host} {length} {client} {secure} {body:?}", parts.method, parts.uri))
}

#[test]
fn each_proxy_is_understood() {
    let host = ("host", "s3.localhost:8080");
    for (line, headers, expected) in [
        (
            "PUT /_iamd/authorize/b/k?tagging",
            &[host, CLIENT, ("x-forwarded-proto", "https"), ("x-envoy-auth-partial-body", "false")][..],
            "PUT /b/k?tagging s3.localhost:8080  192.0.2.1 true Whole",
        ),
        ("POST /_iamd/authorize/", &[host, CLIENT], "POST / s3.localhost:8080  192.0.2.1 false Unknown"),
        (
            "POST /_iamd/authorize/",
            &[host, CLIENT, ("x-envoy-auth-partial-body", "true")],
            "POST / s3.localhost:8080  192.0.2.1 false Beginning",
        ),
        (
            "GET /_iamd/authorize",
            &[
                host,
                CLIENT,
                ("x-original-method", "DELETE"),
                ("x-original-uri", "/b/k%20a?x=1,2"),
                ("x-original-content-length", "3"),
                ("x-envoy-auth-partial-body", "false"),
            ],
            "DELETE /b/k%20a?x=1,2 s3.localhost:8080 3 192.0.2.1 false Unknown",
        ),
        (
            "GET /_iamd/authorize?sign=1",
            &[
                ("host", "iamd:4593"),
                ("x-forwarded-for", "10.9.9.9, 192.0.2.7"),
                ("x-forwarded-host", "app:80"),
                ("x-forwarded-method", "POST"),
                ("x-forwarded-proto", "http"),
                ("x-forwarded-uri", "/"),
            ],
            "POST / app:80  192.0.2.7 false Unknown",
        ),
    ] {
        assert_eq!(read(line, headers).as_deref(), Ok(expected), "{line}");
    }
}

#[test]
fn a_request_that_is_not_clear_is_refused() {
    let original = [("x-original-method", "GET"), ("x-original-uri", "/b/k")];
    let forwarded = [("x-forwarded-method", "GET"), ("x-forwarded-uri", "/b/k"), ("x-forwarded-host", "h")];
    let endpoint = "GET /_iamd/authorize";
    let with = |more: &[(&'static str, &'static str)]| [&original[..], &[CLIENT], more].concat();
    let also_forwarded = |more: &[(&'static str, &'static str)]| [&forwarded[..], &[CLIENT], more].concat();
    for (line, headers, expected) in [
        (endpoint, vec![CLIENT], Unclear::Nothing),
        (endpoint, vec![CLIENT, ("x-forwarded-host", "h")], Unclear::Nothing),
        // A client adds the headers of another convention to those of its proxy.
        (endpoint, with(&forwarded), Unclear::Several),
        (endpoint, with(&[("x-forwarded-uri", "/public")]), Unclear::Several),
        ("GET /_iamd/authorize/b/k", with(&[]), Unclear::Several),
        ("GET /_iamd/authorize/b/k", also_forwarded(&[]), Unclear::Several),
        // And a second one of the same.
        (endpoint, with(&[("x-original-uri", "/public")]), Unclear::Once("x-original-uri")),
        (endpoint, with(&[("x-original-method", "HEAD")]), Unclear::Once("x-original-method")),
        (endpoint, also_forwarded(&[("x-forwarded-host", "i")]), Unclear::Once("x-forwarded-host")),
        (endpoint, also_forwarded(&[("x-forwarded-proto", "https, http")]), Unclear::Once("x-forwarded-proto")),
        (endpoint, [&original[..1], &[CLIENT]].concat(), Unclear::Once("x-original-uri")),
        (endpoint, [&forwarded[..2], &[CLIENT]].concat(), Unclear::Once("x-forwarded-host")),
        (endpoint, original.to_vec(), Unclear::Once("x-forwarded-for")),
        (endpoint, [&original[..], &[("x-forwarded-for", "unknown")]].concat(), Unclear::Unreadable("x-forwarded-for")),
        (
            "GET /_iamd/authorize/b",
            vec![CLIENT, ("x-envoy-auth-partial-body", "no")],
            Unclear::Unreadable("x-envoy-auth-partial-body"),
        ),
    ] {
        assert_eq!(read(line, &headers), Err(expected), "{line} {headers:?}");
    }
}

#[test]
fn paths_that_servers_read_differently_are_refused() {
    let of = |path: &str| {
        let headers = [CLIENT, ("x-original-method", "GET"), ("x-original-uri", path)];
        read("GET /_iamd/authorize", &headers).err()
    };
    for path in
        ["/", "/b/", "/b/k", "/b/.k", "/b/a..b", "/tags/arn%3Aaws%3Aapigateway%3A%3A%2Frestapis%2Fx", "/b?a=../"]
    {
        assert_eq!(of(path), None, "{path}");
    }
    for path in [
        "//b/k",
        "/b//k",
        "/b/k//",
        "/b/../k",
        "/b/.",
        "/b/..",
        "/b/%2e%2E/k",
        "/b/a%2F..%2Fk",
        "/b/a%2f%2fk",
        "/./b",
        "/b/a\\..\\k",
    ] {
        assert_eq!(of(path), Some(Unclear::Path), "{path}");
    }
    for path in ["", "b/k", "http://h/b/k", "*", "/b#/k", "/b k"] {
        assert_eq!(of(path), Some(Unclear::Unreadable("the path")), "{path}");
    }
}

#[test]
fn the_client_is_whom_the_proxy_saw() {
    let of = |text: &str| {
        let headers = [("x-original-method", "GET"), ("x-original-uri", "/"), ("x-forwarded-for", text)];
        Original::of(asked("GET /_iamd/authorize", &headers)).map(|original| original.client.to_string())
    };
    for (text, client) in [
        ("192.0.2.1", "192.0.2.1"),
        ("127.0.0.1,192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:4711", "192.0.2.1"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
    ] {
        assert_eq!(of(text).as_deref(), Ok(client), "{text}");
    }
}
