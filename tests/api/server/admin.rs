//! The server's own endpoints.

use std::net::{Ipv4Addr, SocketAddr};

use iamd::config::Settings;
use iamd::shapes::Secret;

use crate::client::Server;

/// Moves the clock and reads the answer, which has exactly these members.
async fn turn(server: &Server, body: &str) -> (String, i64, bool) {
    let answer = server.admin("POST", "/_iamd/clock", body, &[("content-type", "text/plain")]).await.ok();
    let shown: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(shown.as_object().unwrap().keys().collect::<Vec<_>>(), ["now", "real", "ahead", "frozen"]);
    (shown["now"].as_str().unwrap().to_owned(), shown["ahead"].as_i64().unwrap(), shown["frozen"].as_bool().unwrap())
}

#[tokio::test]
async fn the_clock_moves_all_but_signatures() {
    let server = Server::start().await;
    assert!(turn(&server, r#"{"freeze": true}"#).await.2);
    assert_eq!(turn(&server, r#"{"now": "2030-01-01T00:00:00Z"}"#).await.0, "2030-01-01T00:00:00Z");
    assert_eq!(turn(&server, r#"{"advance": 3600}"#).await.0, "2030-01-01T01:00:00Z");
    let made = server.root().iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    assert_eq!(made.text("CreateDate"), "2030-01-01T01:00:00Z");
    assert_eq!(turn(&server, r#"{"now": "2030-01-01T02:00:00+02:00"}"#).await.0, "2030-01-01T00:00:00Z");
    let (_, ahead, frozen) = turn(&server, r#"{"reset": true}"#).await;
    assert_eq!((ahead, frozen), (0, false));
    for (body, ahead) in [(r#"{"advance": 86400}"#, 86_400), (r#"{"advance": -172800}"#, -86_400)] {
        assert_eq!(turn(&server, body).await.1, ahead);
        server.root().iam("ListUsers", &[]).await.ok();
    }
}

#[tokio::test]
async fn a_session_ends_by_the_moved_clock_and_a_new_one_can_be_had() {
    let server = Server::start().await;
    let session = server.session(&server.root().sts("GetSessionToken", &[]).await.ok());
    session.sts("GetCallerIdentity", &[]).await.ok();
    turn(&server, r#"{"advance": 3600}"#).await;
    session.sts("GetCallerIdentity", &[]).await.refused(
        403,
        "ExpiredToken",
        "The security token included in the request is expired",
    );
    let session = server.session(&server.root().sts("GetSessionToken", &[]).await.ok());
    session.sts("GetCallerIdentity", &[]).await.ok();
}

#[tokio::test]
async fn a_move_of_the_clock_that_is_not_understood_is_refused_with_the_forms() {
    const FORMS: &str = r#"send one of {"now": "2030-01-01T00:00:00Z"}, {"advance": 3600} (seconds, negative to go back), {"freeze": true}, {"freeze": false}, {"reset": true}"#;
    const RANGE: &str = "the clock can be set to times from 1970-01-01T00:00:00Z to 9999-12-31T23:59:59Z";
    let server = Server::start().await;
    for (body, fault) in [
        ("", "the body is not a JSON object"),
        ("[]", "the body is not a JSON object"),
        ("{}", "the body must have exactly one member"),
        (r#"{"advance": 1, "freeze": true}"#, "the body must have exactly one member"),
        (r#"{"advance": "x"}"#, r#""x" is not a value of "advance""#),
        (r#"{"advance": 1.5}"#, r#"1.5 is not a value of "advance""#),
        (r#"{"advance": 9223372036854775807}"#, r#"9223372036854775807 is not a value of "advance""#),
        (r#"{"now": "tomorrow"}"#, r#""tomorrow" is not a value of "now""#),
        (r#"{"reset": false}"#, r#"false is not a value of "reset""#),
        (r#"{"later": 1}"#, r#""later" is not known here"#),
    ] {
        let answer = server.admin("POST", "/_iamd/clock", body, &[]).await;
        let error = serde_json::json!({"error": format!("{fault}: {FORMS}")}).to_string();
        assert_eq!((answer.status, answer.body), (400, error), "{body}");
    }
    for body in [r#"{"now": "1969-12-31T23:59:59Z"}"#, r#"{"advance": 9000000000000}"#] {
        let answer = server.admin("POST", "/_iamd/clock", body, &[]).await;
        assert_eq!((answer.status, answer.body), (400, serde_json::json!({"error": RANGE}).to_string()), "{body}");
    }
}

#[tokio::test]
async fn reset_forgets_one_account_or_all() {
    let server = Server::start().await;
    for account in ["111111111111", "222222222222"] {
        server.root_of(account).iam("CreateUser", &[("UserName", "Bob")]).await.ok();
    }
    server.admin("POST", "/_iamd/reset?account=111111111111", "", &[]).await.ok();
    assert!(server.root_of("111111111111").iam("ListUsers", &[]).await.ok().texts("UserName").is_empty());
    assert_eq!(server.root_of("222222222222").iam("ListUsers", &[]).await.ok().texts("UserName"), ["Bob"]);
    server.admin("POST", "/_iamd/reset", "", &[]).await.ok();
    assert!(server.root_of("222222222222").iam("ListUsers", &[]).await.ok().texts("UserName").is_empty());
    for wrong in ["?account=1", "?acount=111111111111"] {
        assert_eq!(server.admin("POST", &format!("/_iamd/reset{wrong}"), "", &[]).await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn accounts_are_listed_with_what_they_hold() {
    let server = Server::start().await;
    let listed = async || {
        let answer = server.admin("GET", "/_iamd/accounts", "", &[]).await.ok();
        serde_json::from_str::<serde_json::Value>(&answer.body).unwrap()
    };
    assert_eq!(listed().await, serde_json::json!({"accounts": []}));
    for (account, user) in [("222222222222", "Ann"), ("222222222222", "Bob"), ("111111111111", "Ann")] {
        server.root_of(account).iam("CreateUser", &[("UserName", user)]).await.ok();
    }
    server.root_of("111111111111").iam("CreateGroup", &[("GroupName", "Team")]).await.ok();
    server.root_of("333333333333").iam("ListUsers", &[]).await.ok();
    let mut accounts = listed().await;
    for account in accounts["accounts"].as_array_mut().unwrap() {
        assert!(account.as_object_mut().unwrap().remove("created").unwrap().as_str().unwrap().ends_with('Z'));
    }
    let counts = |account, users, groups| {
        use serde_json::json;
        json!({"account": account, "users": users, "groups": groups, "roles": 0, "policies": 0})
    };
    assert_eq!(accounts, serde_json::json!({"accounts": [counts("111111111111", 1, 1), counts("222222222222", 2, 0)]}));
}

#[tokio::test]
async fn pages_of_other_origins_and_other_machines_are_refused() {
    let server = Server::start().await;
    let refused: &[(&[(&str, &str)], u16)] = &[
        (&[("origin", "http://evil.example")], 403),
        (&[("sec-fetch-site", "cross-site")], 403),
        (&[("host", "evil.example:4593")], 403),
        (&[("origin", "null")], 403),
        (&[("host", "127.0.0.1:4593"), ("host", "evil.example:4593")], 400),
    ];
    for (headers, status) in refused {
        assert_eq!(server.admin("GET", "/_iamd/clock", "", headers).await.status, *status, "{headers:?}");
    }
    for headers in [&[("origin", "http://127.0.0.1:4593")][..], &[("sec-fetch-site", "same-origin")], &[]] {
        assert_eq!(server.admin("GET", "/_iamd/clock", "", headers).await.status, 200, "{headers:?}");
    }
}

#[tokio::test]
async fn a_token_is_asked_for_when_there_is_one() {
    let settings = Settings { admin_token: Some(Secret::new("letmein")), ..Settings::default() };
    let server = Server::with(settings).await;
    assert_eq!(server.admin("GET", "/_iamd/clock", "", &[]).await.status, 401);
    assert_eq!(server.admin("GET", "/_iamd/clock", "", &[("authorization", "Bearer letmeout")]).await.status, 401);
    let headers = [("authorization", "Bearer letmein"), ("host", "iamd:4593")];
    assert_eq!(server.admin("GET", "/_iamd/clock", "", &headers).await.status, 200);
}

#[tokio::test]
async fn without_a_token_only_loopback_listeners_answer() {
    let listen = Some(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 4593)).into());
    let server = Server::with(Settings { listen, ..Settings::default() }).await;
    assert_eq!(server.admin("GET", "/_iamd/clock", "", &[]).await.status, 403);
}

#[tokio::test]
async fn everybody_learns_whether_the_server_is_well_and_the_holder_of_the_token_what_it_is() {
    let listen = Some(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 4593)).into());
    let admin_token = Some(Secret::new("letmein"));
    let server = Server::with(Settings { listen, admin_token, ..Settings::default() }).await;
    let well = r#"{"status":"ok"}"#;
    for headers in [
        &[("host", "iamd:4593")][..],
        &[("host", "probe.example.com")],
        &[("host", "192.0.2.2:4593"), ("authorization", "Bearer letmeout")],
        &[("origin", "http://evil.example")],
    ] {
        assert_eq!(server.admin("GET", "/_iamd/health", "", headers).await.ok().body, well, "{headers:?}");
    }
    let version = env!("CARGO_PKG_VERSION");
    let details = format!(r#"{{"status":"ok","version":"{version}","enforcement":"on","database":"memory","clock":"#);
    let headers = [("host", "iamd:4593"), ("authorization", "Bearer letmein")];
    let given = server.admin("GET", "/_iamd/health", "", &headers).await.ok().body;
    assert!(given.starts_with(&details), "{given}");
    let open = Server::start().await.admin("GET", "/_iamd/health", "", &[]).await.ok().body;
    assert!(open.starts_with(&details), "{open}");
}

#[tokio::test]
async fn a_request_for_nothing_is_answered_with_what_the_server_is() {
    let server = Server::start().await;
    let version = env!("CARGO_PKG_VERSION");
    let page = format!(
        "iamd {version} serves AWS IAM and STS.\n\n  export AWS_ENDPOINT_URL=http://127.0.0.1:4593\n  \
         export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test\n  \
         export AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1\n\n\
         Its console is at http://127.0.0.1:4593/console/. Its health is at /_iamd/health.\n"
    );
    for path in ["/", "/_iamd", "/_iamd/"] {
        assert_eq!(server.admin("GET", path, "", &[]).await.ok().body, page, "{path}");
    }
    let browser = ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0");
    assert_eq!(server.admin("GET", "/", "", &[browser]).await.ok().body, page);
    let nothing = r#"{"error":"there is no such endpoint"}"#;
    for path in ["/favicon.ico", "/_iamd/nonesuch", "/_iamd/health/x", "/web-identity"] {
        let answer = server.admin("GET", path, "", &[]).await;
        assert_eq!((answer.status, answer.body.as_str()), (404, nothing), "{path}");
    }
    let settings = Settings { no_dev_credentials: Some(true), ..Settings::default() };
    let page = Server::with(settings).await.admin("GET", "/", "", &[]).await.ok().body;
    assert!(!page.contains("AWS_ACCESS_KEY_ID"), "{page}");
}

#[tokio::test]
async fn a_request_with_its_policies_is_evaluated() {
    let server = Server::start().await;
    let policy =
        r#"{"Version":"2012-10-17","Statement":[{"Sid":"Read","Effect":"Allow","Action":"s3:Get*","Resource":"*"}]}"#;
    let body = |action: &str| {
        format!(
            r#"{{"principal": "arn:aws:iam::123456789012:user/bob", "action": "{action}", "resource": "arn:aws:s3:::b/k",
                "resourceAccount": "123456789012", "context": {{"aws:SourceIp": "1.2.3.4"}},
                "identityPolicies": [{{"name": "p", "document": {policy}}}]}}"#
        )
    };
    let answer = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    let allowed = answer(&server.admin("POST", "/_iamd/evaluate", &body("s3:GetObject"), &[]).await.ok().body);
    assert_eq!(allowed["decision"], "allowed", "{allowed}");
    assert_eq!(allowed["matchedStatements"][0]["sid"], "Read");
    let denied = answer(&server.admin("POST", "/_iamd/evaluate", &body("s3:PutObject"), &[]).await.ok().body);
    assert_eq!((&denied["decision"], &denied["deniedBy"]), (&"implicitDeny".into(), &serde_json::json!(["identity"])));
    assert!(denied["explanation"].as_str().unwrap().contains("s3:PutObject"), "{denied}");
    let broken = body("s3:GetObject").replace("\"Effect\":\"Allow\"", "\"Effect\":\"Perhaps\"");
    let refused = server.admin("POST", "/_iamd/evaluate", &broken, &[]).await;
    assert_eq!(refused.status, 400);
    assert!(answer(&refused.body)["error"]["position"]["line"].is_number(), "{}", refused.body);
}
