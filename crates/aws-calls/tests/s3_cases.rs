//! The cases in `tests/data/cases/s3`: a request, and exactly the questions that it asks.
//!
//! The caller is in account 111122223333, calls eu-central-1 and has not signed, unless a case says otherwise. A question
//! is written as `action on resource`, and what is not as usual: its keys, an owner other than the bucket's, a sentence
//! without the resource in quotes, the part of the request, how sure it is.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "a test stops at the first thing that is wrong"
)]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use aws_calls::Request;
use aws_calls::needs::{Fact, Facts, Need};
use aws_calls::questions::{Asked, Mapping, Owner, Question, Scene, Shown};
use aws_calls::s3::form::{Form, boundary};
use aws_calls::s3::{Body, Given, Hosts, Place, Refusal, Routed, SignatureVersion, Signing};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;

#[derive(Deserialize)]
struct Cases {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    request: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    body: Option<String>,
    /// The fields of an upload form, in order.
    fields: Option<Vec<(String, String)>>,
    /// `header`, `query`, `v2` or `form`.
    signing: Option<String>,
    /// The tags that the upstream has answered with, by the texts of needs.
    #[serde(default)]
    facts: BTreeMap<String, BTreeMap<String, String>>,
    /// The needs that are left; only looked at if the case has some.
    needs: Option<Vec<String>>,
    #[serde(default)]
    asks: Vec<String>,
    /// The code of the refusal.
    refused: Option<String>,
}

impl Case {
    fn ask(&self) -> Result<Asked, Refusal> {
        let (method, target) = self.request.split_once(' ').unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let header = |name: &str| HeaderName::from_bytes(name.as_bytes()).unwrap();
        let mut headers: HeaderMap = self
            .headers
            .iter()
            .map(|(name, value)| (header(name), HeaderValue::from_bytes(value.as_bytes()).unwrap()))
            .collect();
        let form = self.fields.as_ref().map(|fields| form(fields));
        if form.is_some() {
            headers.insert("content-type", HeaderValue::from_static("multipart/form-data; boundary=b"));
        }
        let request = Request { method, path, query, headers: &headers, body: None };
        let routed = Routed::of(&request, &Hosts::new(["localhost"]))?;
        let scene = Scene {
            partition: "aws".to_owned(),
            region: "eu-central-1".to_owned(),
            account: "111122223333".to_owned(),
        };
        let (place, version) = match self.signing.as_deref() {
            None => (None, SignatureVersion::V4),
            Some("header") => (Some(Place::Header), SignatureVersion::V4),
            Some("query") => (Some(Place::QueryString), SignatureVersion::V4),
            Some("v2") => (Some(Place::QueryString), SignatureVersion::V2),
            Some("form") => (Some(Place::Form), SignatureVersion::V4),
            Some(other) => panic!("{other}"),
        };
        let now = "2026-11-28T12:00:00Z".parse().unwrap();
        let age = (place.is_some() && version == SignatureVersion::V4).then_some(1500);
        let tls_version = place.is_some().then_some("1.3");
        let signing = Signing { place, version, age, tls_version, now };
        let mut facts = Facts::none();
        for (need, tags) in &self.facts {
            let tags = tags.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
            facts.insert(need_of(need), Fact::Tags(tags));
        }
        let given = Given { scene: &scene, signing: &signing, facts: &facts };
        match (routed.body(), form) {
            (Body::Fields, Some(body)) => {
                let content_type = headers.get("content-type").unwrap().to_str().unwrap();
                let form = Form::read(boundary(content_type)?, body.as_bytes())?.unwrap();
                routed.ask_form(&form.fields, given)
            }
            (Body::Whole(_), _) => routed.ask(self.body.as_deref().map(str::as_bytes), given),
            (Body::None, None) => {
                assert!(self.body.is_none(), "{}: the body is not read", self.name);
                routed.ask(None, given)
            }
            (body, _) => panic!("{}: {body:?}", self.name),
        }
    }

    fn check(&self) -> Option<String> {
        let wrong = |found: &str| Some(format!("{}: {}\n{found}", self.name, self.request));
        match (self.ask(), &self.refused) {
            (Err(refusal), Some(code)) if refusal.code == code => None,
            (Err(refusal), _) => wrong(&format!("refused = \"{}\" # {}", refusal.code, refusal.message)),
            (Ok(asked), refused) => {
                let asks: Vec<String> = asked.questions.iter().map(written).collect();
                let needs: Vec<String> = asked.needs.iter().map(need_text).collect();
                let needs_fit = self.needs.as_ref().is_none_or(|expected| *expected == needs);
                if asks == self.asks && needs_fit && refused.is_none() {
                    return None;
                }
                let lines: String = asks.iter().map(|text| format!("    '{text}',\n")).collect();
                wrong(&format!("asks = [\n{lines}]\nneeds = {needs:?}"))
            }
        }
    }
}

fn form(fields: &[(String, String)]) -> String {
    let part =
        |name: &str, value: &str| format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    let fields: String = fields.iter().map(|(name, value)| part(name, value)).collect();
    let file = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f.txt\"\r\n\r\nx\r\n--b--\r\n";
    fields + file
}

fn written(question: &Question) -> String {
    let mut text = format!("{} on {}", question.action, question.resource);
    for (key, values) in &question.keys {
        write!(text, " {key}={}", values.join(",")).unwrap();
    }
    match &question.owner {
        Owner::Bucket(bucket) if is_of(bucket, &question.resource) => {}
        Owner::Bucket(owner) | Owner::Account(owner) => write!(text, " owner={owner}").unwrap(),
        Owner::Caller => text.push_str(" owner=caller"),
    }
    match &question.sentence.resource {
        Shown::Text(shown) if *shown == format!("\"{}\"", question.resource) => {}
        Shown::Nothing => text.push_str(" shown-without-resource"),
        Shown::Resource => text.push_str(" shown-without-quotes"),
        other => write!(text, " shown={other:?}").unwrap(),
    }
    if let Some(part) = &question.part {
        write!(text, " part={part}").unwrap();
    }
    match question.mapping {
        Mapping::Exact => {}
        Mapping::Derived => text.push_str(" derived"),
        Mapping::Assumed => text.push_str(" assumed"),
    }
    text
}

fn is_of(bucket: &str, resource: &str) -> bool {
    let rest = resource.strip_prefix("arn:aws:s3:::").and_then(|rest| rest.strip_prefix(bucket));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn need_text(need: &Need) -> String {
    match need {
        Need::ObjectTags { bucket, key, version } => {
            format!(
                "object {bucket}/{key}{}",
                version.as_ref().map(|version| format!(" {version}")).unwrap_or_default()
            )
        }
        Need::BucketTags { bucket } => format!("bucket {bucket}"),
        other => format!("{other:?}"),
    }
}

fn need_of(text: &str) -> Need {
    let words: Vec<&str> = text.split(' ').collect();
    match words.as_slice() {
        ["bucket", bucket] => Need::BucketTags { bucket: (*bucket).to_owned() },
        ["object", path, version @ ..] => {
            let (bucket, key) = path.split_once('/').unwrap();
            let version = version.first().map(|version| (*version).to_owned());
            Need::ObjectTags { bucket: bucket.to_owned(), key: key.to_owned(), version }
        }
        _ => panic!("{text}"),
    }
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/cases/s3");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |path: &std::path::PathBuf| {
        let cases: Cases = toml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        cases.case
    };
    files.iter().flat_map(read).collect()
}

#[test]
fn every_request_asks_what_its_case_says() {
    let cases = cases();
    let wrong: Vec<String> = cases.iter().filter_map(Case::check).collect();
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    assert!(cases.len() >= 240, "{}", cases.len());
}

/// The action exists, may be about this kind of resource, and has the keys.
fn fits_the_reference(question: &Question) -> Result<(), String> {
    let (prefix, name) = question.action.split_once(':').unwrap();
    let service = aws_reference::service_authorization::service(prefix).ok_or("no such service")?;
    let action = service.action(name).ok_or("no such action")?;
    let types: Vec<_> =
        action.resources.iter().filter_map(|found| service.resource_type(&found.resource_type)).collect();
    let fits = |template: &str| fits(template, &question.resource);
    if question.resource != "*" && !types.is_empty() && !types.iter().any(|found| fits(&found.arn)) {
        return Err("the action has no such resource".to_owned());
    }
    let of_resources = action.resources.iter().flat_map(|resource| &resource.condition_keys);
    let of_types = types.iter().flat_map(|found| &found.condition_keys);
    let listed: Vec<&String> = action.condition_keys.iter().chain(of_resources).chain(of_types).collect();
    for (key, _) in &question.keys {
        let is_listed = listed.iter().any(|listed| {
            let stem = listed.split(['$', '<']).next().unwrap();
            key == *listed || (stem.ends_with('/') && key.starts_with(stem))
        });
        if !is_listed && prefix != "iam" {
            return Err(format!("the action has no key {key}"));
        }
    }
    Ok(())
}

/// Whether an ARN has the form of a template.
fn fits(template: &str, arn: &str) -> bool {
    let mut rest = arn;
    for (index, piece) in template.split("${").enumerate() {
        let literal = if index == 0 { piece } else { piece.split_once('}').unwrap().1 };
        match rest.find(literal) {
            Some(place) if index > 0 || place == 0 => rest = &rest[place + literal.len()..],
            _ => return false,
        }
    }
    true
}

#[test]
fn every_question_fits_the_reference() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for case in cases() {
        for question in case.ask().map(|asked| asked.questions).unwrap_or_default() {
            seen += 1;
            if let Err(reason) = fits_the_reference(&question) {
                wrong.push(format!("{} ({}): {reason}", question.action, case.request));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(seen > 200, "{seen}");
}

/// Keys that requests do not give.
const NOT_OF_REQUESTS: &[&str] = &[
    // Known to AWS's control plane alone: access grants, batch jobs, access points, and replication between regions.
    "s3:AccessGrantScope",
    "s3:AccessGrantsInstanceArn",
    "s3:AccessGrantsLocationScope",
    "s3:AccessPointNetworkOrigin",
    "s3:AccessPointTag/",
    "s3:ExistingJobOperation",
    "s3:ExistingJobPriority",
    "s3:JobSuspendedCause",
    "s3:deliverySourceArn",
    "s3:destinationRegion",
    "s3:isReplicationPauseRequest",
    "s3:logType",
    "s3:resourceArnBeingAuthorized",
    // Follows from the owner, which the question names.
    "s3:ResourceAccount",
];

#[test]
fn every_key_of_the_reference_is_in_a_case() {
    let mut seen = std::collections::BTreeSet::new();
    for case in cases() {
        for question in case.ask().map(|asked| asked.questions).unwrap_or_default() {
            seen.extend(question.keys.into_iter().map(|(key, _)| key));
        }
    }
    let service = aws_reference::service_authorization::service("s3").unwrap();
    let stems = service.condition_keys.iter().map(|key| key.name.split(['$', '<']).next().unwrap());
    let missing: Vec<&str> = stems
        .filter(|stem| !seen.iter().any(|key| key == stem || (stem.ends_with('/') && key.starts_with(stem))))
        .filter(|stem| !NOT_OF_REQUESTS.contains(stem))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    for key in NOT_OF_REQUESTS {
        assert!(!seen.contains(*key), "{key} is in a case");
    }
}
