//! Names that lead to the server: pages of foreign names are kept out, on every listener.

use std::net::{Ipv4Addr, SocketAddr};

use iamd::config::Settings;
use iamd::shapes::Secret;

use crate::client::Server;

const FOREIGN: &str =
    "The Host header names a public domain, which may be one of other origins; --allowed-hosts allows it.";
const BROWSER: (&str, &str) = ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0");

fn open_to_all() -> Settings {
    Settings { listen: Some(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 4593)).into()), ..Settings::default() }
}

#[tokio::test]
async fn a_rebound_page_is_refused_on_every_listener() {
    for settings in [Settings::default(), open_to_all()] {
        let root = Server::with(settings).await.root();
        let rebound = [
            ("host", "evil.example:4593"),
            ("origin", "http://evil.example:4593"),
            ("sec-fetch-site", "same-origin"),
            BROWSER,
        ];
        root.identity(&rebound).await.refused(403, "AccessDenied", FOREIGN);
        root.identity(&[("host", "evil.example")]).await.refused(403, "AccessDenied", FOREIGN);
        for host in [
            "iamd:4593",
            "iamd.default.svc.cluster.local:4593",
            "HOST.DOCKER.INTERNAL.:4593",
            "192.168.1.5:4593",
            "[fd00::5]:4593",
            "iam.localhost",
            "sts.us-east-1.amazonaws.com",
        ] {
            assert_eq!(root.identity(&[("host", host)]).await.status, 200, "{host}");
        }
    }
}

#[tokio::test]
async fn real_names_are_allowed_by_name() {
    let settings = Settings {
        allowed_hosts: "iam.example.com,*.dev.example".parse().ok(),
        token_issuer: Some("https://tokens.example.com".to_owned()),
        ..open_to_all()
    };
    let root = Server::with(settings).await.root();
    for host in ["iam.example.com:4593", "IAM.example.com", "a.dev.example:4593", "tokens.example.com"] {
        root.identity(&[("host", host)]).await.ok();
    }
    for host in ["example.com", "x.iam.example.com", "dev.example"] {
        root.identity(&[("host", host)]).await.refused(403, "AccessDenied", FOREIGN);
    }
}

#[tokio::test]
async fn without_public_credentials_any_name_leads_here() {
    let settings = Settings {
        no_dev_credentials: Some(true),
        root_access_key: Some("AKIAROOT".to_owned()),
        root_secret_key: Some(Secret::new("a secret")),
        ..open_to_all()
    };
    let root = Server::with(settings).await.client("AKIAROOT", "a secret", None);
    root.identity(&[("host", "iam.example.com")]).await.ok();
    root.identity(&[BROWSER]).await.ok();
}

#[tokio::test]
async fn a_browser_that_does_not_say_for_which_site_is_refused() {
    let server = Server::with(open_to_all()).await;
    let path = "/?Action=GetAccessKeyInfo&AccessKeyId=AKIAQAAAAAAANASXASNU&Version=2011-06-15";
    let lan = ("host", "192.168.1.5:4593");
    let image = server.admin("GET", path, "", &[lan, BROWSER]).await;
    image.refused(
        403,
        "AccessDenied",
        "Requests that a browser may make for pages of other origins are refused while there are development credentials.",
    );
    let referred = [lan, BROWSER, ("sec-fetch-site", "none"), ("referer", "http://evil.example/")];
    let message = "Requests that a browser makes for pages of other origins are refused.";
    server.admin("GET", path, "", &referred).await.refused(403, "AccessDenied", message);
    for headers in [[lan, BROWSER, ("sec-fetch-site", "none")], [lan, ("user-agent", "aws-cli/2.31"), ("x", "")]] {
        let answer = server.admin("GET", path, "", &headers).await;
        assert_eq!(answer.text("Code"), "MissingAuthenticationToken", "{headers:?}");
    }
}

#[tokio::test]
async fn two_hosts_are_none() {
    let server = Server::start().await;
    for headers in [[("host", "127.0.0.1:4593"), ("host", "127.0.0.1:4593")], [("host", "a"), ("host", "b")]] {
        let answer = server.admin("POST", "/", "Action=GetCallerIdentity&Version=2011-06-15", &headers).await;
        answer.refused(400, "MalformedInput", "The request must have one Host header.");
        for path in ["/_iamd/clock", "/latest/meta-data/"] {
            assert_eq!(server.admin("GET", path, "", &headers).await.status, 400, "{path}");
        }
    }
}
