//! `iamd policy`: the real binary on the examples and on what is broken.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "a test stops at the first thing that is wrong"
)]

mod suites;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/policies");

/// What a command answered: exit code, standard output, standard error.
type Answer = (i32, String, String);

/// Runs `iamd policy` in a folder, with something on standard input.
fn policy_with(folder: &Path, input: &str, arguments: &[&str]) -> Answer {
    let mut command = Command::new(env!("CARGO_BIN_EXE_iamd"));
    command.arg("policy").args(arguments).current_dir(folder);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn policy(arguments: &[&str]) -> Answer {
    policy_with(Path::new(EXAMPLES), "", arguments)
}

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

#[test]
fn evaluate_prints_the_decision_as_json() {
    let (code, out, err) = policy(&["evaluate", "request.json"]);
    assert_eq!((code, err.as_str()), (0, ""));
    let evaluation: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&evaluation["decision"], &evaluation["deniedBy"]), (&json!("implicitDeny"), &json!(["identity"])));
    assert_eq!(evaluation["matchedStatements"][0]["sid"], "Everything");
    let why = "Denied: no identity-based policy allows s3:PutObject on arn:aws:s3:::reports/red/q1.csv. Statement \
               WriteFromOffice (line 10) of reports.json does not match: IpAddress wants aws:SourceIp to be \
               \"203.0.113.0/24\", and the request has \"192.0.2.1\".";
    assert_eq!(evaluation["explanation"], why);
}

#[test]
fn the_exit_code_shows_the_decision_when_asked_to() {
    for command in ["evaluate", "explain"] {
        assert_eq!(policy(&[command, "request.json"]).0, 0);
        assert_eq!(policy(&[command, "--exit-code", "request.json"]).0, 1);
        let request = std::fs::read_to_string(Path::new(EXAMPLES).join("request.json")).unwrap();
        let office = request.replace("192.0.2.1", "203.0.113.7");
        let (code, out, err) = policy_with(Path::new(EXAMPLES), &office, &[command, "--exit-code", "-"]);
        assert_eq!((code, err.as_str()), (0, ""), "{out}");
    }
}

#[test]
fn explain_draws_every_layer() {
    let (code, out, _) = policy(&["explain", "request.json"]);
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(code, 0);
    assert_eq!(
        lines[0],
        "DENIED: s3:PutObject on arn:aws:s3:::reports/red/q1.csv by arn:aws:iam::111122223333:user/ann"
    );
    let expected = "\
├── ✓ service control policy, level 1 (root): allows
│   ├── statement Everything (line 4) of guardrails.json allows
│   └── statement OnlyEncrypted (line 5) of guardrails.json denies, but not here:
│       └── Bool aws:SecureTransport does not hold
│           ├── policy:  false
│           └── request: true
└── ✗ identity-based policy: allows nothing here, and must
    ├── statement ReadOwnTeam (line 4) of reports.json allows, but not here:
    │   └── Action is \"s3:GetObject\" or \"s3:ListBucket\", not s3:PutObject
    └── statement WriteFromOffice (line 10) of reports.json allows, but not here:
        └── IpAddress aws:SourceIp does not hold
            ├── policy:  203.0.113.0/24
            └── request: 192.0.2.1";
    assert_eq!(lines[2..].join("\n"), expected);
}

#[test]
fn what_cannot_be_decided_is_reported_with_its_place() {
    let user = r#""principal": "arn:aws:iam::111122223333:user/ann", "action": "s3:GetObject""#;
    let requests = [
        (
            "principal",
            r#"{"principal": "bob", "action": "s3:GetObject"}"#.to_owned(),
            "principal \"bob\" is not an ARN of a user",
        ),
        (
            "action",
            r#"{"principal": "*", "action": "GetObject"}"#.to_owned(),
            "action \"GetObject\" is not of the form service:Action",
        ),
        (
            "field",
            format!("{{{user},\n \"polices\": []}}"),
            "polices is an unknown field, expected one of principal, action, ",
        ),
        ("field", format!("{{{user},\n \"polices\": []}}"), "line 2, column 13: polices"),
        ("json", "{".to_owned(), "the request cannot be read: line 1, column 1: EOF while parsing an object"),
        (
            "effect",
            format!(
                "{{{user}, \"identityPolicies\": [\n {{\"document\": {{\"Statement\": {{\"Effect\": \"Alow\"}}}}}}]}}"
            ),
            "identityPolicies[0]: line 2, column 40: Effect is Allow or Deny, not \"Alow\"",
        ),
        (
            "file",
            format!("{{{user}, \"identityPolicies\": [{{\"file\": \"none.json\"}}]}}"),
            "none.json: No such file or directory",
        ),
        (
            "comma",
            format!("{{{user}, \"identityPolicies\": [{{\"file\": \"comma.json\"}}]}}"),
            "identityPolicies[0] (comma.json): line 2, column 18: expected `,` or `}`",
        ),
    ];
    for (name, request, message) in requests {
        let folder = folder(&[
            ("request.json", &request),
            ("comma.json", "{\"Version\": \"2012-10-17\",\n \"Statement\": [] \"Id\": \"x\"}"),
        ]);
        for command in ["evaluate", "explain"] {
            let (code, out, err) = policy_with(folder.path(), "", &[command, "request.json"]);
            assert_eq!((code, out.as_str()), (2, ""), "{name}");
            assert!(err.starts_with("iamd: request.json: ") && err.contains(message), "{name}: {err}");
        }
    }
    let (code, _, err) = policy(&["evaluate", "none.json"]);
    assert_eq!((code, err.as_str()), (2, "iamd: none.json: No such file or directory (os error 2)\n"));
}

#[test]
fn validate_finds_nothing_in_the_examples() {
    let files = ["validate", "--fail-on", "suggestion", "reports.json", "deploy-trust.json"];
    assert_eq!(policy(&files), (0, "no findings in 2 files\n".into(), String::new()));
    let scp = ["validate", "--kind", "scp", "--fail-on", "suggestion", "guardrails.json"];
    assert_eq!(policy(&scp), (0, "no findings in 1 file\n".into(), String::new()));
}

const TYPOS: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [{"Effect": "Allow", "Action": "s3:GetObjekt", "Ressource": "*"}]
}"#;

#[test]
fn validate_shows_findings_with_line_and_column() {
    let folder = folder(&[("typos.json", TYPOS)]);
    let expected = "\
typos.json:3:17: error MISSING_RESOURCE
    the statement has neither Resource nor NotResource
typos.json:3:47: error INVALID_ACTION
    s3 has no action \"GetObjekt\"; did you mean GetObject?
typos.json:3:63: error INVALID_POLICY_ELEMENT
    \"Ressource\" is not an element of a statement; did you mean Resource?
3 errors in 1 file
";
    assert_eq!(policy_with(folder.path(), "", &["validate", "typos.json"]), (1, expected.into(), String::new()));
    let (code, out, _) = policy_with(folder.path(), "", &["validate", "--json", "typos.json"]);
    let findings: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, findings.as_array().unwrap().len()), (1, 3));
    let second = json!({"file": "typos.json", "line": 3, "column": 47, "findingType": "ERROR", "issueCode": "INVALID_ACTION",
        "findingDetails": "s3 has no action \"GetObjekt\"; did you mean GetObject?"});
    assert_eq!(findings[1], second);
}

#[test]
fn validate_fails_from_the_severity_that_is_asked_for() {
    let old = r#"{"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}"#;
    let pass = old.replace("s3:GetObject", "iam:PassRole");
    let fails =
        |document: &str, level: &str| policy_with(Path::new("."), document, &["validate", "--fail-on", level, "-"]).0;
    let levels = ["error", "security-warning", "warning", "suggestion"];
    assert_eq!(levels.map(|level| fails(old, level)), [0, 0, 1, 1], "no Version is a warning");
    assert_eq!(levels.map(|level| fails(&pass, level)), [0, 1, 1, 1], "any role is a security warning");
    assert_eq!(levels.map(|level| fails("{", level)), [1, 1, 1, 1]);
    assert_eq!(policy_with(Path::new("."), old, &["validate", "-"]).0, 0, "warnings do not fail unless asked for");
    let (code, _, err) = policy(&["validate", "none.json"]);
    assert_eq!((code, err.as_str()), (2, "iamd: none.json: No such file or directory (os error 2)\n"));
}

/// A reader of only the first line closes the pipe, which is no error of the command.
#[test]
fn a_closed_pipe_is_no_error() {
    let commands = [&["explain", "--exit-code", "request.json"][..], &["evaluate", "request.json"], &["test", "."]];
    for (arguments, code) in commands.into_iter().zip([1, 0, 0]) {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = Command::new(env!("CARGO_BIN_EXE_iamd"));
        command.arg("policy").args(arguments).current_dir(EXAMPLES).stdout(writer).stderr(Stdio::piped());
        let output = command.spawn().unwrap().wait_with_output().unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{arguments:?}");
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
    }
}

#[test]
fn validate_shows_of_every_file() {
    let folder = folder(&[("a.json", "{\"Version\":\"éééé\",}"), ("b.json", "\u{feff}{}")]);
    let (code, out, err) = policy_with(folder.path(), "", &["validate", "a.json", "none.json", "b.json"]);
    let missing = "iamd: none.json: No such file or directory (os error 2)\n";
    assert_eq!((code, err.as_str()), (2, missing));
    assert!(
        out.starts_with("a.json:1:19: error JSON_SYNTAX_ERROR\n    key must be a string\nb.json:1:1: error "),
        "{out}"
    );
    assert!(out.contains("byte order mark") && out.ends_with("2 errors in 2 files\n"), "{out}");
}

#[test]
fn help_is_about_policies_alone() {
    for command in [&["--help"][..], &["validate", "--help"], &["test", "-h"]] {
        let (code, out, _) = policy(command);
        assert_eq!(code, 0);
        assert!(!out.contains("--database") && !out.contains("IAMD_"), "{out}");
    }
    let (code, _, err) = policy(&["frobnicate"]);
    assert_eq!(code, 2);
    assert!(err.contains("unrecognized subcommand 'frobnicate'"), "{err}");
}

#[test]
fn validate_looks_for_documents_in_folders() {
    let document =
        r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:Fly", "Resource": "*"}}"#;
    let folder = folder(&[("p.json", document), ("request.json", r#"{"principal": "*"}"#), ("notes.txt", "{}")]);
    let (code, out, err) = policy_with(folder.path(), "", &["validate", "."]);
    assert_eq!((code, err.as_str()), (1, ""));
    assert!(out.starts_with("./p.json:1:") && out.ends_with("1 error in 1 file\n"), "{out}");
    std::fs::remove_file(folder.path().join("p.json")).unwrap();
    let (code, _, err) = policy_with(folder.path(), "", &["validate", "."]);
    assert_eq!((code, err.as_str()), (2, "iamd: .: no policy documents (*.json with a Statement) here\n"));
}

#[test]
fn a_misspelled_field_is_named_before_the_missing_one() {
    let request = r#"{"principle": "*", "action": "a:B", "permissionsBoundary": []}"#;
    let (code, _, err) = policy_with(Path::new(EXAMPLES), request, &["evaluate", "-"]);
    assert_eq!(code, 2);
    assert_eq!(err, "iamd: -: line 1, column 15: principle is an unknown field; did you mean principal?\n");
}
