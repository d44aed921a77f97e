//! Settings of the gateway, from flags and the file.

use super::*;

fn gateway(flags: &[&str], table: &str) -> Result<Option<GatewayConfig>, String> {
    let upstream = flags.iter().map(|flag| flag.parse()).collect::<Result<Vec<_>, String>>()?;
    let gateway = toml::from_str(table).map_err(|error| error.message().to_owned())?;
    let upstream = (!upstream.is_empty()).then_some(upstream);
    Settings { upstream, gateway, ..Settings::default() }.gateway().map_err(|error| error.to_string())
}

#[test]
fn without_an_upstream_there_is_no_gateway() {
    assert!(gateway(&[], "").unwrap().is_none());
    assert!(gateway(&[], "policy-ttl = 1").unwrap().is_none());
}

#[test]
fn upstreams_come_from_flags_and_the_file() {
    let table = "[upstreams.s3]\nurl = 'http://127.0.0.1:1'\naccess-key = 'a'\nsecret-key = 'b'\naccounts = 'fixed'";
    let config = gateway(&["http://127.0.0.1:5000/", "s3=http://minio:9000"], table).unwrap().unwrap();
    let authorities: Vec<_> =
        config.upstreams.iter().map(|(name, upstream)| (name.as_str(), upstream.authority.as_str())).collect();
    assert_eq!(authorities, [("default", "127.0.0.1:5000"), ("s3", "minio:9000")]);
    assert_eq!(config.upstreams["s3"].access_key, "a");
    assert_eq!(config.upstreams["s3"].accounts, Some(AccountRule::Fixed));
    assert_eq!((config.secure_transport, config.unmapped), (SecureTransport::Assumed, Unmapped::Assume));
}

#[test]
fn what_means_nothing_is_refused() {
    for url in ["127.0.0.1:5000", "https://a", "http://", "http://a/b", "http://u@a", "ftp://a", "http://a b"] {
        let error = gateway(&[url], "").unwrap_err();
        assert_eq!(error, format!("{url} is not a URL such as http://127.0.0.1:5000, without a path"));
    }
    for (flag, table, sentence) in [
        ("sqss=http://a", "", "unknown service of an upstream sqss; did you mean sqs?"),
        ("iam=http://a", "", "the upstream of iam: iamd answers iam itself"),
        ("http://a", "default-owner = '1'", "gateway.default-owner: 1 is not an account of twelve digits"),
        ("http://a", "policy-ttl = 86401", "gateway.policy-ttl must be at most 86400 seconds, and not 86401"),
        ("http://a", "trusted = ['10.0.0.0/33']", "gateway.trusted: 10.0.0.0/33 is no network such as 10.1.0.0/16"),
        ("http://a", "trusted = ['proxy']", "gateway.trusted: proxy is no network such as 10.1.0.0/16"),
        ("http://a", "[upstreams.s3]", "gateway.upstreams.s3 has no url"),
        (
            "http://a",
            "[upstreams.default]\naccounts = 'x'",
            "gateway.upstreams.default: accounts must be fixed, key-id or header:NAME, and not x",
        ),
        (
            "http://a",
            "[upstreams.sns]\nurl = 'http://b'\npolicies = 'here'",
            "gateway.upstreams.sns: policies can be \"here\" only for dynamodb, kinesis, s3",
        ),
        (
            "http://a",
            "[upstreams.default]\naccess-key = 'x'",
            "gateway.upstreams.default: give both access-key and secret-key",
        ),
    ] {
        assert_eq!(gateway(&[flag], table).unwrap_err(), sentence, "{flag} {table}");
    }
}

#[test]
fn other_proxies_are_trusted_on_this_machine_by_default() {
    let trusted = |table| {
        let config = gateway(&["http://a"], table).unwrap().unwrap();
        config.trusted.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(trusted(""), ["127.0.0.0/8", "::1/128"]);
    assert_eq!(trusted("trusted = []"), [] as [&str; 0]);
    assert_eq!(trusted("trusted = ['10.1.0.0/16', '192.0.2.1']"), ["10.1.0.0/16", "192.0.2.1/32"]);
}
