//! The cases in `tests/data/cases`: a request, and exactly the questions that it asks.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, missing_docs)]

mod case;
mod encode;
mod tables;

use std::fs;
use std::path::Path;

use case::{Case, Cases};

/// The files of cases by the name of their service.
fn files() -> Vec<(String, Vec<Case>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/cases");
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|extension| extension == "toml")).collect();
    files.sort();
    let read = |path: &Path| {
        let text = fs::read_to_string(path).unwrap();
        let cases: Cases = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        (path.file_stem().unwrap().to_str().unwrap().to_owned(), cases.case)
    };
    files.iter().map(|path| read(path)).collect()
}

#[test]
fn every_request_asks_what_its_case_says() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for (service, cases) in files() {
        for case in cases {
            count += 1;
            wrong.extend(case.check(&service));
        }
    }
    assert!(wrong.is_empty(), "{} of {count} cases:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count >= 1, "{count}");
}
