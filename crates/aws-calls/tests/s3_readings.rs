//! What S3's requests name, against plain readings of them: paths, copy sources, deletions and forms.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "a test stops at the first thing that is wrong"
)]

use aws_calls::Request;
use aws_calls::needs::Facts;
use aws_calls::questions::{Asked, Scene};
use aws_calls::s3::access::{Acl, Ownership, PublicAccessBlock, is_public};
use aws_calls::s3::form::{Form, FormEnd, FormPolicy, boundary};
use aws_calls::s3::{Deletions, Denied, Given, Hosts, Refusal, Routed, SignatureVersion, Signing, Target};
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use proptest::prelude::*;

const HOSTS: &[&str] = &["localhost"];

fn ask(method: &str, path: &str, query: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Result<Asked, Refusal> {
    let header = |(name, value): &(&str, &str)| {
        (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap())
    };
    let headers: HeaderMap = headers.iter().map(header).collect();
    let request = Request { method, path, query, headers: &headers, body };
    let routed = Routed::of(&request, &Hosts::new(HOSTS))?;
    let text = |text: &str| text.to_owned();
    let scene = Scene { partition: text("aws"), region: text("eu-central-1"), account: text("111122223333") };
    let now = "2026-11-28T12:00:00Z".parse().unwrap();
    let signing = Signing { place: None, version: SignatureVersion::V4, age: None, tls_version: None, now };
    routed.ask(body, Given { scene: &scene, signing: &signing, facts: &Facts::none() })
}

/// Bucket and key of a path, as a server sees them that decodes the path before it splits it.
fn decoded_first(path: &str) -> Option<(String, String)> {
    let decoded = percent_decode_str(path).decode_utf8().ok()?;
    let rest = decoded.strip_prefix('/')?;
    let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
    Some((bucket.to_owned(), key.to_owned()))
}

/// The path that is left once dots are taken out, as servers of files do.
fn without_dots(path: &str) -> Vec<&str> {
    let mut left: Vec<&str> = Vec::new();
    for segment in path.split('/').filter(|segment| !segment.is_empty() && *segment != ".") {
        if segment == ".." {
            left.pop();
        } else {
            left.push(segment);
        }
    }
    left
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn bucket() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9-]{1,8}[a-z0-9]"
}

/// Pieces of which keys are made that lead somewhere else in some reading.
fn key() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a", "..", ".", "/", "//", "%2F", "%", "+", " ", "?", "&", ";", "#", "ä", "\"", "<", "\n",
    ]);
    prop::collection::vec(piece, 1..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_path_names_what_every_server_takes_it_for(path in "(/|[a-c]|\\.|%2F|%2f|%2E|%5C|%00|%61|\\+|;){0,16}") {
        let headers = HeaderMap::new();
        let request = Request { method: "GET", path: &path, query: "", headers: &headers, body: None };
        let Ok(routed) = Routed::of(&request, &Hosts::new(HOSTS)) else { return Ok(()) };
        let found = match &routed.target {
            Target::Service => (String::new(), String::new()),
            Target::Bucket { bucket } => (bucket.name().unwrap().to_owned(), String::new()),
            Target::Object { bucket, key } => (bucket.name().unwrap().to_owned(), key.to_string()),
        };
        let decoded = decoded_first(&path).unwrap();
        prop_assert_eq!(&found, &decoded);
        let whole = percent_decode_str(&path).decode_utf8().unwrap().into_owned();
        prop_assert_eq!(without_dots(&whole).first().copied().unwrap_or_default(), found.0);
    }

    #[test]
    fn a_key_that_is_encoded_comes_back(bucket in bucket(), key in key()) {
        let path = format!("/{bucket}/{}", encode(&key));
        if let Ok(asked) = ask("GET", &path, "", &[], None) {
            prop_assert_eq!(&asked.questions[0].resource, &format!("arn:aws:s3:::{bucket}/{key}"));
        } else {
            prop_assert!(key.contains(".."), "{key:?} is refused");
        }
    }

    #[test]
    fn a_copy_source_names_what_every_server_takes_it_for(source in "(/|[a-c]|\\.|%2F|%3F|%61|\\?versionId=|\\?|\\+|&|;|#|%){1,12}") {
        let Ok(asked) = ask("PUT", "/app/k", "", &[("x-amz-copy-source", &source)], None) else { return Ok(()) };
        let question = asked.questions.iter().find(|question| question.action.starts_with("s3:GetObject")).unwrap();
        // A server that decodes all of it before it looks for the version.
        let decoded = percent_decode_str(&source).decode_utf8().unwrap().into_owned();
        let (path, version) = match decoded.split_once("?versionId=") {
            Some((path, version)) => (path.to_owned(), Some(version.to_owned())),
            None => (decoded, None),
        };
        prop_assert_eq!(&question.resource, &format!("arn:aws:s3:::{}", path.strip_prefix('/').unwrap_or(&path)));
        let asked_version = question.keys.iter().find(|(key, _)| key == "s3:versionid").map(|(_, values)| values[0].clone());
        prop_assert_eq!(asked_version, version);
    }

    #[test]
    fn what_is_left_of_a_deletion_is_what_was_allowed(keys in prop::collection::vec("[a-c<&\"' \\n]{1,4}", 1..6), denied in prop::collection::vec(0usize..6, 0..6)) {
        let escape = |key: &str| key.chars().map(|character| format!("&#{};", u32::from(character))).collect::<String>();
        let objects: String = keys.iter().map(|key| format!("<Object><Key>{}</Key></Object>", escape(key))).collect();
        let Ok(deletions) = Deletions::parse(format!("<Delete>{objects}</Delete>").as_bytes()) else {
            prop_assert!(keys.iter().any(|key| key.trim().is_empty()));
            return Ok(());
        };
        let denied: Vec<Denied> = denied.iter().map(|index| Denied { index: *index, message: "no".to_owned() }).collect();
        let allowed: Vec<&String> = keys.iter().enumerate().filter(|(index, _)| !denied.iter().any(|denied| denied.index == *index)).map(|(_, key)| key).collect();
        match deletions.without(&denied) {
            None => prop_assert!(allowed.is_empty()),
            Some(body) => {
                let left = Deletions::parse(body.as_bytes()).unwrap();
                let left: Vec<&String> = left.iter().map(|object| &object.key).collect();
                prop_assert_eq!(&left, &allowed);
            }
        }
        let alone = deletions.answer(None, &denied);
        prop_assert_eq!(alone.matches("<Error>").count(), keys.len() - allowed.len());
    }

    #[test]
    fn nothing_that_is_sent_makes_the_rules_panic(
        method in prop::sample::select(vec!["GET", "HEAD", "PUT", "POST", "DELETE"]),
        path in prop::sample::select(vec!["/", "/app", "/app/k", "/app--use1-az4--x-s3/k", "/v20180820/jobs", "/v20180820/tags/arn:aws:s3:::app"]),
        query in "(acl|tagging|delete|retention|legal-hold|policy|replication|inventory|encryption|metadataTable|uploads)?",
        tagging in "[ -~]{0,20}",
        date in "[0-9TZ:+-]{0,24}",
        body in "(<[a-zA-Z]{1,9}>|</[a-zA-Z]{1,9}>|[ -~]){0,20}",
    ) {
        let headers = [("x-amz-tagging", tagging.as_str()), ("x-amz-object-lock-retain-until-date", date.as_str()), ("x-amz-account-id", "111122223333")];
        let _ = ask(method, path, &query, &headers, Some(body.as_bytes()));
        let _ = (Acl::parse(body.as_bytes()), Ownership::parse(body.as_bytes()), PublicAccessBlock::parse(body.as_bytes()));
        let _ = (is_public(&body), FormPolicy::parse(&body), boundary(&body), Form::read("b", body.as_bytes()));
    }

    #[test]
    fn a_file_passes_whole_or_not_at_all(file in prop::collection::vec(any::<u8>(), 0..200), size in 1usize..40) {
        let body = [&file[..], b"\r\n--b--\r\n"].concat();
        let mut end = FormEnd::new("b", None);
        let mut passed = Vec::new();
        let mut stream = || {
            for piece in body.chunks(size) {
                passed.extend(end.push(piece)?);
            }
            end.finish()
        };
        let last = stream();
        let has_delimiter = file.windows(5).any(|window| window == b"\r\n--b");
        prop_assert_eq!(last.is_ok(), !has_delimiter);
        if let Ok(last) = last {
            passed.extend(last);
            prop_assert_eq!(passed, body);
        }
    }
}
