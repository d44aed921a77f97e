//! The source keeps its own rules: who may use whom, how long a file is, and that every operation is in the registry.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "a test stops at the first thing that is wrong"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use iamd::services;
use regex::Regex;

/// The modules from the top down. A module uses those of its own line and below.
const LAYERS: &[&[&str]] = &[
    &["main"],
    &["cli", "idp"],
    &["console", "http"],
    &["gateway"],
    &["start"],
    &["app"],
    &["description"],
    &["services"],
    &["call"],
    &["log"],
    &["config"],
    &["webhook"],
    &["federation"],
    &["identity", "store"],
    &["audit", "metrics"],
    &["account", "organization"],
    &["catalogue", "keys", "markup", "templates", "wire", "sigv4"],
    &["shapes", "error"],
];

/// The settings say how the layer above them behaves, in its own words.
const EXCEPTIONS: &[(&str, &str)] = &[("config", "call")];

/// The libraries, and those of them that each may use.
const CRATES: &[(&str, &[&str])] = &[("iam-policy", &[]), ("aws-reference", &[]), ("aws-calls", &["aws-reference"])];

/// Where the project's Rust code is.
const FOLDERS: &[&str] = &["src", "crates", "tests", "benches", "examples"];

/// The longest that a file may be, and from where on it needs a reason.
const MAX_LINES: usize = 500;
const MANY_LINES: usize = 400;

/// Files beyond [`MANY_LINES`] lines, and why they are better whole.
const LONG_FILES: &[(&str, &str)] = &[];

/// How many files of code a folder may have. Data may lie in larger folders, a file for each service or case.
const MAX_FILES: usize = 15;

/// Words that plain English has better ones for: return or show, a caller who, an unknown key, no longer, anything but.
/// They must not come back.
const ODD_WORDS: &[&str] = &[
    r"(?i-u)\b(?:told|tells|whoever|whomever)\b",
    r"(?-u)\bwhat is no\b",
    r"(?-u)\bin whatever (?:case|form|way)\b",
    r"(?-u)\bstands? (?:twice|before|behind)\b",
    r"(?-u)\b(?:MOST|LEAST|LONGEST|SHORTEST|GREATEST)_[A-Z]",
];

struct Source {
    path: PathBuf,
    text: String,
}

impl Source {
    /// The module that the file belongs to, such as `store`.
    fn module(&self) -> &str {
        let below = self.path.strip_prefix("src").unwrap().components().next().unwrap();
        below.as_os_str().to_str().unwrap().trim_end_matches(".rs")
    }

    /// The numbered lines outside unit tests and comments.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let code = self.text.split("#[cfg(test)]").next().unwrap_or_default();
        let lines = code.lines().enumerate().map(|(index, line)| (index + 1, line));
        lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    fn at(&self, line: usize, what: &str) -> String {
        format!("{}:{line}: {what}", self.path.display())
    }
}

fn files(folder: &str, extension: &str) -> Vec<Source> {
    files_of(folder, &[extension])
}

fn files_of(folder: &str, extensions: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("target") && !path.ends_with("node_modules") {
                folders.push(path);
            } else if path.extension().is_some_and(|found| extensions.iter().any(|extension| found == *extension)) {
                found.push(Source { text: fs::read_to_string(&path).unwrap(), path });
            }
        }
    }
    assert!(!found.is_empty(), "no files in {folder}");
    found
}

fn assert_none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

#[test]
fn modules_use_only_what_is_below_them() {
    let mut wrong = Vec::new();
    for source in files("src", "rs") {
        let module = source.module();
        if module == "lib" {
            continue;
        }
        let own = layer(module).unwrap_or_else(|| panic!("{module} has no place in LAYERS"));
        for (line, text) in source.code() {
            for used in text.split("crate::").skip(1).filter(|_| !text.contains("$crate::")) {
                let used = used.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
                let Some(place) = layer(used).filter(|_| used != module) else { continue };
                if place < own && !EXCEPTIONS.contains(&(module, used)) {
                    wrong.push(source.at(line, &format!("{module} is below {used}")));
                }
            }
        }
    }
    assert_none(&wrong);
}

#[test]
fn libraries_stay_where_they_belong() {
    let homes: &[(&str, &[&str])] = &[
        ("sqlx", &["store"]),
        ("axum", &["console", "http", "idp"]),
        ("hyper", &["federation", "gateway", "http"]),
        ("clap", &["cli", "config", "federation", "idp", "main", "call", "shapes"]),
        ("quick_xml", &["cli", "gateway", "http", "idp", "wire"]),
        // In `app` only for what computes long, which gives its thread's other work away.
        ("tokio", &["app", "cli", "federation", "gateway", "http", "idp", "main", "start", "store", "webhook"]),
    ];
    let mut wrong = Vec::new();
    for source in files("src", "rs") {
        for (line, text) in source.code() {
            for (library, homes) in homes {
                if text.contains(&format!("{library}::")) && !homes.contains(&source.module()) {
                    wrong.push(source.at(line, &format!("{library} belongs into {homes:?}")));
                }
            }
        }
    }
    assert_none(&wrong);
}

#[test]
fn the_libraries_compute_and_do_nothing_else() {
    let mut wrong = Vec::new();
    for source in CRATES.iter().flat_map(|(name, _)| files(&format!("crates/{name}/src"), "rs")) {
        for (line, text) in source.code() {
            if text.contains("async ") || text.contains("::now()") || text.contains("std::fs") {
                wrong.push(source.at(line, "the libraries know no I/O and no clock"));
            }
        }
    }
    assert_none(&wrong);
}

#[test]
fn the_libraries_know_nothing_of_the_server_and_only_those_below_them() {
    let members = fs::read_dir("crates").unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    for member in members {
        assert!(CRATES.iter().any(|(name, _)| *name == member), "{member} has no place in CRATES");
        let manifest = fs::read_to_string(format!("crates/{member}/Cargo.toml")).unwrap();
        let uses = |other: &str| manifest.lines().any(|line| line.starts_with(&format!("{other} =")));
        assert!(!uses("iamd"), "{member} uses the server");
        for (other, _) in CRATES {
            let allowed = CRATES.iter().any(|(name, below)| *name == member && below.contains(other));
            assert!(!uses(other) || allowed, "{member} uses {other}");
        }
    }
}

#[test]
fn files_are_short() {
    let mut wrong = Vec::new();
    let sources = FOLDERS.iter().flat_map(|folder| files(folder, "rs"));
    for source in sources {
        let length = source.text.lines().count();
        let explained = LONG_FILES.iter().any(|(path, _)| Path::new(path) == source.path);
        if length > MAX_LINES || (length > MANY_LINES && !explained) {
            wrong.push(source.at(length, "too long; split it by what its parts are about"));
        }
        if length <= MANY_LINES && explained {
            wrong.push(source.at(length, "no longer long; take it off LONG_FILES"));
        }
    }
    assert_none(&wrong);
}

#[test]
fn folders_are_small() {
    let mut folders: BTreeMap<PathBuf, usize> = BTreeMap::new();
    for source in FOLDERS.iter().flat_map(|folder| files_of(folder, &["rs", "py"])) {
        *folders.entry(source.path.parent().unwrap().to_owned()).or_default() += 1;
    }
    let large = folders.iter().filter(|(_, files)| **files > MAX_FILES);
    let wrong: Vec<_> =
        large.map(|(folder, files)| format!("{}: {files} files; sort them by subject", folder.display())).collect();
    assert_none(&wrong);
}

#[test]
fn nothing_is_left_for_later() {
    let words = ["TO".to_owned() + "DO", "FIX".to_owned() + "ME", "HA".to_owned() + "CK"];
    let mut wrong = Vec::new();
    for source in FOLDERS.iter().flat_map(|folder| files(folder, "rs")) {
        for (index, line) in source.text.lines().enumerate() {
            if let Some(word) = words.iter().find(|word| line.contains(*word)) {
                wrong.push(source.at(index + 1, word));
            }
        }
    }
    assert_none(&wrong);
}

#[test]
fn words_are_plain() {
    let odd: Vec<_> = ODD_WORDS.iter().map(|words| Regex::new(words).unwrap()).collect();
    let mut wrong = Vec::new();
    let sources =
        FOLDERS.iter().chain(&["docs", "fuzz"]).flat_map(|folder| files_of(folder, &["rs", "py", "md", "toml"]));
    for source in sources.filter(|source| !source.path.ends_with("tidy.rs")) {
        for (index, line) in source.text.lines().enumerate() {
            for found in odd.iter().filter_map(|words| words.find(line)) {
                wrong.push(source.at(index + 1, &format!("say {:?} in plainer words", found.as_str())));
            }
        }
    }
    assert_none(&wrong);
}

#[test]
fn every_list_of_operations_is_in_the_registry() {
    let mut wrong = Vec::new();
    for source in files("src/services", "rs").iter().filter(|source| !source.path.ends_with("mod.rs")) {
        // The lists of a folder are joined in its mod.rs.
        let joined = fs::read_to_string(source.path.with_file_name("mod.rs")).unwrap();
        let list = format!("{}::OPERATIONS", source.path.file_stem().unwrap().to_str().unwrap());
        let has_list = source.code().any(|(_, line)| line.starts_with("operations!") || line.contains("OPERATIONS:"));
        if has_list && !joined.contains(&list) {
            wrong.push(source.at(1, &format!("{list} is not in the registry")));
        }
    }
    assert_none(&wrong);
}

#[test]
fn the_registry_is_sorted_out() {
    let mut names: Vec<_> = services::all().map(|entry| (entry.service.signing_name(), entry.name)).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "an operation is registered twice");
    for entry in services::all() {
        let reads = entry.name.starts_with("List") || entry.name.starts_with("Get");
        assert!(!entry.name.starts_with("Create") || !entry.read_only, "{} only reads", entry.name);
        assert!(
            !reads || entry.read_only || entry.name.ends_with("Token"),
            "{} does not say that it only reads",
            entry.name
        );
    }
}
