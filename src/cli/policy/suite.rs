//! Test suites for policies: files of requests and the decisions they should get.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Failure, files_beside, read};
use crate::policy::evaluate::{Evaluation, LayerName, Verdict, with_explanation};

/// A suite file. A request is what `iamd policy evaluate` takes; those of the cases complete the defaults.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Suite {
    #[serde(default)]
    defaults: Map<String, Value>,
    cases: Vec<Case>,
}

/// One case: each of its actions on each of its resources must get the decision.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Case {
    name: String,
    #[serde(default)]
    request: Map<String, Value>,
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

/// The suite files under a path, in order; the path itself, if it is a file.
pub(super) fn find(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unreadable = |error: std::io::Error| Failure::in_file(path, &error);
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut directories = vec![path.to_owned()];
    let mut files = Vec::new();
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(&directory).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            // A link may lead back up; only real directories are entered.
            if entry.file_type().map_err(unreadable)?.is_dir() {
                directories.push(path);
            } else if name.ends_with(".test.json") || name.ends_with(".test.toml") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Runs a suite file.
pub(super) fn run(path: &Path) -> Result<Vec<Tested>, Failure> {
    let text = read(path)?;
    let is_toml = path.extension().is_some_and(|extension| extension == "toml");
    let suite: Result<Suite, String> = match is_toml {
        true => toml::from_str(&text).map_err(|error| error.to_string()),
        false => serde_json::from_str(&text).map_err(|error| error.to_string()),
    };
    let suite = suite.map_err(|error| Failure::in_file(path, &error.trim_end()))?;
    Ok(suite.cases.iter().flat_map(|case| case.run(&suite.defaults, path)).collect())
}

impl Case {
    fn run(&self, defaults: &Map<String, Value>, path: &Path) -> Vec<Tested> {
        let mut request = defaults.clone();
        request.extend(self.request.clone());
        let mut tested = Vec::new();
        for action in variants(&self.actions) {
            for resource in variants(&self.resources) {
                let mut request = request.clone();
                let mut name = self.name.clone();
                for (field, value) in [("action", action), ("resource", resource)] {
                    if let Some(value) = value {
                        request.insert(field.to_owned(), Value::from(value));
                        name = format!("{name} [{value}]");
                    }
                }
                tested.push(Tested { name, failure: self.check(&Value::Object(request), path).err() });
            }
        }
        tested
    }

    fn check(&self, request: &Value, path: &Path) -> Result<(), String> {
        let body = request.to_string();
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
    fn failures_tell_what_was_found_and_why() {
        let suite: Suite = serde_json::from_str(SUITE).unwrap();
        let path = Path::new("x.test.json");
        let tested: Vec<_> = suite.cases.iter().flat_map(|case| case.run(&suite.defaults, path)).collect();
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
        assert!(
            serde_json::from_str::<Suite>(r#"{"cases": [{"name": "a", "expect": "allowed", "expects": 1}]}"#).is_err()
        );
        assert!(serde_json::from_str::<Suite>(r#"{"cases": [{"name": "a", "expect": "denied"}]}"#).is_err());
        assert!(serde_json::from_str::<Suite>(r#"{"case": []}"#).is_err());
    }
}
