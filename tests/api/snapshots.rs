//! The whole answer of every operation, compared with one that was reviewed.
//!
//! `data/life.jsonl` is the life of an account, a call a line. `{CreateAccessKey.AccessKeyId}` in a parameter is what the
//! latest call of that operation answered, `{code:1}` the MFA code of the next time step; `as` is `root`, an account, or
//! the operation whose credentials sign. After a change, `INSTA_UPDATE=always cargo test --test api snapshots` writes the
//! answers anew, and the difference is to be reviewed like code.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use data_encoding::{BASE32_NOPAD, BASE64};
use iamd::config::Settings;
use iamd::services;
use iamd::wire::Service;
use regex::{Captures, Regex};
use serde::Deserialize;
use serde_json::{Value, json};
use totp_rs::Builder;

use crate::client::{Answer, Client, Server};

const LIFE: &str = include_str!("data/life.jsonl");
/// The templates that delegation requests and acquired roles name.
const TEMPLATES: &str = include_str!("../e2e/data/templates.toml");
const FOLDER: &str = "tests/api/snapshots";

/// What is different every time, and what is shown in its place.
const RANDOM: [(&str, &str); 8] = [
    (r"<RequestId>[^<]*</RequestId>", "<RequestId>[request id]</RequestId>"),
    (r"(AKIA|ASIA|AIDA|AROA|AGPA|AIPA|ANPA|ASCA|APKA|ACCA|SAMLSP)[A-Z0-9]{16,17}", "$1…"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "[uuid]"),
    (r"<(SecretAccessKey|ServicePassword|SessionToken|WebIdentityToken)>[^<]*<", "<$1>[secret]<"),
    (r"<(Base32StringSeed|QRCodePNG)>[^<]*<", "<$1>[secret]<"),
    (r"<(SessionTokenSize|SessionTokenUtilization|PackedPolicySize)>[0-9]+<", "<$1>[size]<"),
    (r"<(Content|Marker)>[^<]*<", "<$1>[sealed]<"),
    (r"<ServiceSpecificCredentialId>[^<]*<", "<ServiceSpecificCredentialId>[id]<"),
];

/// The moment at which the clock is frozen: the beginning of 2027, in seconds since 1970.
const NOW: i64 = 1_798_761_600;

/// Operations whose parameters others must sign or send, with the tests of their answers.
const ELSEWHERE: [(&str, &str); 3] = [
    ("AssumeRoleWithSAML", "saml"),
    ("AssumeRoleWithWebIdentity", "web_identity"),
    ("GetDelegatedAccessToken", "delegated_access"),
];

#[derive(Deserialize)]
struct Call {
    call: String,
    r#as: String,
    with: BTreeMap<String, String>,
}

/// An account, and the latest answer of each operation.
struct Life {
    server: Server,
    answers: BTreeMap<String, Answer>,
}

impl Life {
    fn client(&self, by: &str) -> Client {
        match by {
            "root" => self.server.root(),
            account if account.bytes().all(|byte| byte.is_ascii_digit()) => self.server.root_of(account),
            operation => {
                let made = &self.answers[operation];
                let token = Some(made.text("SessionToken")).filter(|token| !token.is_empty());
                self.server.client(&made.text("AccessKeyId"), &made.text("SecretAccessKey"), token.as_deref())
            }
        }
    }

    /// A parameter with its references resolved.
    fn value(&self, text: &str) -> String {
        let reference = Regex::new(r"\{(?:([A-Za-z0-9]+)\.([A-Za-z0-9]+)|code:(-?[0-9]+))\}").unwrap();
        let resolved = reference.replace_all(text, |found: &Captures<'_>| match found.get(3) {
            None => self.answers[&found[1]].text(&found[2]),
            Some(steps) => {
                let seed = self.answers["CreateVirtualMFADevice"].text("Base32StringSeed");
                let seed = BASE32_NOPAD.decode(&BASE64.decode(seed.as_bytes()).unwrap()).unwrap();
                let totp = Builder::new().with_secret(seed).build().unwrap();
                let moment = NOW + 30 * steps.as_str().parse::<i64>().unwrap();
                totp.generate(u64::try_from(moment).unwrap()).to_string()
            }
        });
        resolved.into_owned()
    }

    async fn call(&mut self, call: &Call) -> String {
        let parameters: Vec<(String, String)> =
            call.with.iter().map(|(name, value)| (name.clone(), self.value(value))).collect();
        let parameters: Vec<(&str, &str)> =
            parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let client = self.client(&call.r#as);
        let is_sts = services::find(Service::STS, &call.call).is_some();
        let answer = match is_sts {
            true => client.sts(&call.call, &parameters).await,
            false => client.iam(&call.call, &parameters).await,
        };
        let mut shown = format!("{}\n{}", answer.status, answer.body);
        for (pattern, place) in RANDOM {
            shown = Regex::new(pattern).unwrap().replace_all(&shown, place).into_owned();
        }
        self.answers.insert(call.call.clone(), answer);
        shown
    }
}

#[tokio::test]
async fn every_operation_answers_as_reviewed() {
    let settings: Settings = toml::from_str(TEMPLATES).unwrap();
    let server = Server::with(settings).await;
    server.admin("POST", "/_iamd/clock", r#"{"now": "2027-01-01T00:00:00Z"}"#, &[]).await.ok();
    server.admin("POST", "/_iamd/clock", r#"{"freeze": true}"#, &[]).await.ok();
    let mut life = Life { server, answers: BTreeMap::new() };
    let mut answers: BTreeMap<String, String> = BTreeMap::new();
    for line in LIFE.lines() {
        let call: Call = serde_json::from_str(line).unwrap();
        let shown = life.call(&call).await;
        let all = answers.entry(call.call.clone()).or_default();
        if all.is_empty() {
            let _ = write!(all, "{shown}");
        }
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
        .bind(|| answers.iter().for_each(|(operation, answer)| insta::assert_snapshot!(operation.as_str(), answer)));
}

/// Members of answers, and parameters, whose values no event may have.
const SECRETS: [&str; 12] = [
    "AddPrivateKey",
    "Base32StringSeed",
    "NewPassword",
    "OldPassword",
    "Password",
    "PrivateKey",
    "QRCodePNG",
    "SecretAccessKey",
    "ServiceCredentialSecret",
    "ServicePassword",
    "SubjectToken",
    "WebIdentityToken",
];

#[tokio::test]
async fn no_event_has_a_secret() {
    let settings: Settings = toml::from_str(TEMPLATES).unwrap();
    let server = Server::with(settings).await;
    server.admin("POST", "/_iamd/clock", r#"{"now": "2027-01-01T00:00:00Z"}"#, &[]).await.ok();
    server.admin("POST", "/_iamd/clock", r#"{"freeze": true}"#, &[]).await.ok();
    let mut life = Life { server, answers: BTreeMap::new() };
    let (mut secrets, mut calls) = (BTreeSet::new(), BTreeMap::<String, usize>::new());
    for line in LIFE.lines() {
        let call: Call = serde_json::from_str(line).unwrap();
        let status = life.call(&call).await;
        if call.r#as == "root" && !status.starts_with("403") {
            *calls.entry(call.call.clone()).or_default() += 1;
        }
        let given = call.with.iter().filter(|(name, _)| SECRETS.contains(&name.as_str()));
        secrets.extend(given.map(|(_, value)| life.value(value)));
        let answer = &life.answers[&call.call];
        secrets.extend(SECRETS.iter().flat_map(|member| answer.texts(member)));
    }
    secrets.retain(|secret| secret.len() > 7);
    assert!(secrets.len() > 12, "{secrets:?}");
    let (root, mut events, mut token) = (life.server.root(), Vec::new(), None);
    loop {
        let target = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents";
        let body = token.map_or_else(|| json!({}), |token| json!({"NextToken": token}));
        let answer = root.json("cloudtrail", target, &body.to_string()).await.ok();
        let page: Value = serde_json::from_str(&answer.body).unwrap();
        events.extend(page["Events"].as_array().unwrap().iter().cloned());
        token = page["NextToken"].as_str().map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    for event in &events {
        let event = event.to_string();
        for secret in &secrets {
            assert!(!event.contains(secret.as_str()), "{secret} is in {event}");
        }
    }
    for (operation, count) in calls {
        let of_it = events.iter().filter(|event| event["EventName"] == operation.as_str()).count();
        // Those of STS are in the region of the call.
        assert!(
            of_it >= count || services::find(Service::STS, &operation).is_some(),
            "{operation}: {of_it} of {count}"
        );
    }
}

#[test]
fn every_operation_has_a_snapshot_and_every_snapshot_an_operation() {
    let written: BTreeSet<String> = std::fs::read_dir(FOLDER)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .map(|name| name.strip_suffix(".snap").expect("only snapshots that were accepted").to_owned())
        .collect();
    let elsewhere: BTreeSet<&str> = ELSEWHERE.iter().map(|(name, _)| *name).collect();
    let queried = services::all().filter(|entry| [Service::IAM, Service::STS].contains(&entry.service));
    let expected: BTreeSet<String> =
        queried.map(|entry| entry.name.to_owned()).filter(|name| !elsewhere.contains(name.as_str())).collect();
    assert_eq!(written, expected);
}
