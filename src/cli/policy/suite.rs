//! Test suites for policies: files of requests and the decisions they should get.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::fields::{self, Fields};
use super::{Failure, files_beside, read_text, toml};
use crate::cli::files::Rehearsal;
use iam_policy::Unreadable;
use iam_policy::evaluate::{Evaluation, LayerName, Verdict, with_explanation};

/// A suite file. A request is what `iamd policy evaluate` takes; those of the cases complete the defaults.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Suite<'a> {
    #[serde(borrow, default)]
    defaults: Fields<'a>,
    #[serde(borrow)]
    cases: Vec<Case<'a>>,
}

/// One case: each of its actions on each of its resources must get the decision.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Case<'a> {
    name: String,
    #[serde(borrow, default)]
    request: Fields<'a>,
    /// Actions in place of the request's.
    #[serde(default)]
    actions: Vec<String>,
    /// Resources in place of the request's.
    #[serde(default)]
    resources: Vec<String>,
    expect: Verdict,
    /// The layers that deny it, in any order; not looked at if left out.
    denied_by: Option<Vec<LayerName>>,
}

/// A case that was run.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tested {
    pub name: String,
    /// Why it failed, a line or more.
    pub failure: Option<String>,
}

/// The value at a path.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The suite files, in order.
    pub files: Vec<PathBuf>,
    /// The directories that cannot be read, and why.
    pub unreadable: Vec<(PathBuf, String)>,
}

/// The suite files among some paths and under them, each once. There must be some in every place that is named.
pub(super) fn find(paths: &[PathBuf]) -> Result<Found, Failure> {
    let mut found = Found::default();
    for path in paths {
        let before = (found.files.len(), found.unreadable.len());
        match std::fs::metadata(path).map_err(|error| Failure::in_file(path, &error))?.is_dir() {
            true => look_under(path, &mut found),
            false => found.files.push(path.clone()),
        }
        if (found.files.len(), found.unreadable.len()) == before {
            return Err(Failure::in_file(path, &"no *.test.json or *.test.toml here"));
        }
    }
    found.files.sort();
    found.files.dedup();
    found.unreadable.sort();
    found.unreadable.dedup();
    Ok(found)
}

fn look_under(path: &Path, found: &mut Found) {
    let mut directories = vec![path.to_owned()];
    while let Some(directory) = directories.pop() {
        if let Err(error) = look_into(&directory, &mut directories, &mut found.files) {
            found.unreadable.push((directory, error.to_string()));
        }
    }
}

fn look_into(directory: &Path, directories: &mut Vec<PathBuf>, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // A link may lead back up; only real directories are entered.
        if entry.file_type()?.is_dir() {
            directories.push(entry.path());
        } else if name.ends_with(".test.json") || name.ends_with(".test.toml") {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// Runs a suite file; the reason if it cannot be run.
pub(super) fn run(path: &Path, account: Option<&Rehearsal>) -> Result<Vec<Tested>, String> {
    let text = read_text(path).map_err(|error| error.to_string())?;
    let text = match path.extension().is_some_and(|extension| extension == "toml") {
        true => toml::as_json(&text).map_err(|error| error.to_string().trim_end().to_owned())?,
        false => text,
    };
    let suite = Suite::read(&text)?;
    Ok(suite.cases.iter().flat_map(|case| case.run(&suite.defaults, path, account)).collect())
}

impl<'a> Suite<'a> {
    fn read(text: &'a str) -> Result<Self, String> {
        let mut suite: Self =
            serde_json::from_str(text).map_err(|error| Unreadable::new(text, &error).explain(text))?;
        if suite.cases.is_empty() {
            return Err("there are no cases, so nothing is tested".to_owned());
        }
        let requests = suite.cases.iter_mut().map(|case| &mut case.request);
        fields::locate(text, requests.chain([&mut suite.defaults]));
        Ok(suite)
    }
}

impl Case<'_> {
    fn run(&self, defaults: &Fields<'_>, path: &Path, account: Option<&Rehearsal>) -> Vec<Tested> {
        let mut tested = Vec::new();
        for action in variants(&self.actions) {
            for resource in variants(&self.resources) {
                let given = [("action", action), ("resource", resource)];
                let given: Vec<_> = given.into_iter().filter_map(|(field, value)| Some((field, value?))).collect();
                let name = given.iter().fold(self.name.clone(), |name, (_, value)| format!("{name} [{value}]"));
                let body = self.request.completed(defaults, &given);
                // What an account adds moves what is written, so places are kept only without one.
                let body = match (account, serde_json::from_str(&body)) {
                    (Some(account), Ok(request)) => account.completed(&request).to_string(),
                    _ => body,
                };
                tested.push(Tested { name, failure: self.check(&body, path).err() });
            }
        }
        tested
    }

    fn check(&self, body: &str, path: &Path) -> Result<(), String> {
        let evaluation = with_explanation(body.as_bytes(), &files_beside(path), Evaluation::new);
        let evaluation = evaluation.map_err(|error| error.to_string())?;
        let differs = |what: &str, expected: Value, found: Value| {
            Err(format!("{what} is {found}, not {expected} as expected\n{}", evaluation.explanation))
        };
        let json = |value| serde_json::to_value(value).unwrap_or_default();
        if evaluation.decision != self.expect {
            return differs("the decision", json(self.expect), json(evaluation.decision));
        }
        let Some(mut expected) = self.denied_by.clone() else { return Ok(()) };
        expected.sort_unstable();
        if evaluation.denied_by != expected {
            let layers = |layers| serde_json::to_value(layers).unwrap_or_default();
            return differs("deniedBy", layers(&expected), layers(&evaluation.denied_by));
        }
        Ok(())
    }
}

/// Each of some values; or once none, which leaves the request's own.
fn variants(values: &[String]) -> Vec<Option<&str>> {
    if values.is_empty() { vec![None] } else { values.iter().map(|value| Some(value.as_str())).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUITE: &str = r#"{
        "defaults": {
            "principal": "arn:aws:iam::111122223333:user/ann", "resource": "arn:aws:s3:::b/k",
            "identityPolicies": [{"name": "p", "document": {"Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}}}]
        },
        "cases": [
            {"name": "reads", "actions": ["s3:GetObject", "s3:PutObject"], "expect": "allowed"},
            {"name": "writes", "request": {"action": "s3:PutObject"}, "expect": "implicitDeny", "deniedBy": ["scp"]},
            {"name": "nonsense", "request": {"action": "Get"}, "expect": "allowed"}
        ]
    }"#;

    #[test]
    fn failures_show_what_was_found_and_why() {
        let suite = Suite::read(SUITE).unwrap();
        let path = Path::new("x.test.json");
        let tested: Vec<_> = suite.cases.iter().flat_map(|case| case.run(&suite.defaults, path, None)).collect();
        let names: Vec<_> = tested.iter().map(|tested| tested.name.as_str()).collect();
        assert_eq!(names, ["reads [s3:GetObject]", "reads [s3:PutObject]", "writes", "nonsense"]);
        let failures: Vec<_> = tested.into_iter().map(|tested| tested.failure.unwrap_or_default()).collect();
        assert_eq!(failures[0], "");
        let denied =
            "the decision is \"implicitDeny\", not \"allowed\" as expected\nDenied: no identity-based policy allows";
        assert!(failures[1].starts_with(denied), "{}", failures[1]);
        assert!(failures[2].starts_with("deniedBy is [\"identity\"], not [\"scp\"] as expected"), "{}", failures[2]);
        assert!(failures[3].contains("not of the form service:Action"));
    }

    #[test]
    fn suites_are_read_strictly() {
        let refused = |text: &str| Suite::read(text).unwrap_err();
        let expects = refused("{\"cases\":\n [{\"name\": \"é\", \"expect\": \"allowed\", \"expects\": 1}]}");
        assert!(expects.starts_with("line 2, column 46: unknown field `expects`"), "{expects}");
        assert!(refused(r#"{"cases": [{"name": "a", "expect": "denied"}]}"#).contains("unknown variant `denied`"));
        assert!(refused(r#"{"case": []}"#).contains("unknown field `case`"));
        assert!(refused(r#"{"cases": []}"#).contains("no cases"));
        let twice = r#"{"cases": [{"name": "a", "request": {"action": "a:B", "action": "c:D"}, "expect": "allowed"}]}"#;
        assert!(refused(twice).contains("duplicate field `action`"));
    }

    #[test]
    fn a_document_is_judged_as_it_is_written() {
        let text = r#"{
            "cases": [{"name": "a", "expect": "allowed", "request": {
                "identityPolicies": [{"document":
                    {"Statement": {"Effect": "Deny", "Effect": "Allow", "Action": "*", "Resource": "*"}}}]}}],
            "defaults": {"principal": "arn:aws:iam::111122223333:user/ann", "action": "s3:GetObject"}}"#;
        let suite = Suite::read(text).unwrap();
        let tested = suite.cases[0].run(&suite.defaults, Path::new("x.test.json"), None);
        let failure = tested[0].failure.as_deref().unwrap();
        assert_eq!(failure, "identityPolicies[0]: line 4, column 54: \"Effect\" appears twice");
    }
}
