//! `docs/operations.md` is made from the registry, the tests and `docs/differences.toml`, and is up to date:
//! `WRITE=1 cargo test --test operations_document` writes it.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "a test stops at the first thing that is wrong"
)]

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

use iamd::services;
use iamd::wire::Service;
use regex::Regex;

const DOCUMENT: &str = "docs/operations.md";
const DIFFERENCES: &str = "docs/differences.toml";

/// Tests that call every operation, or help the others to, which the table need not say again and again.
const OF_ALL: &[&str] = &["client", "permissions", "principals"];

/// The most tests that the table names for an operation: those that call it most often.
const MAX_TESTS: usize = 3;

/// The kinds whose operations are families.
const KINDS: &str =
    "User|Group|Role|Policy|InstanceProfile|MFADevice|OpenIDConnectProvider|SAMLProvider|ServerCertificate";

fn rust_files(folder: &str) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![PathBuf::from(folder)]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => found.push(path),
            }
        }
    }
    found.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    found.sort();
    found
}

/// The file that lists each operation. Services have operations of the same name.
fn sources() -> BTreeMap<(String, String), PathBuf> {
    let list = Regex::new(r"operations!\(\s*(\w+):([^)]*)\)").unwrap();
    let mut sources = BTreeMap::new();
    for path in rust_files("src/services") {
        let text = fs::read_to_string(&path).unwrap();
        for names in list.captures_iter(&text) {
            let service = names[1].replace('_', "").to_lowercase();
            let names = names[2].split([',', ';']).filter_map(|name| name.split_whitespace().last());
            sources.extend(names.map(|name| ((service.clone(), name.to_owned()), path.clone())));
        }
    }
    sources
}

/// A test file, and the operations that it names, by themselves or as a family (`"Tag{kind}"`).
struct Tests {
    path: PathBuf,
    named: BTreeMap<String, usize>,
    families: Vec<Regex>,
}

impl Tests {
    fn read(path: PathBuf) -> Self {
        let text = fs::read_to_string(&path).unwrap();
        let name = Regex::new(r#""([A-Z]\w+)""#).unwrap();
        let family = Regex::new(r#""([A-Z]\w*)\{[\w.]*\}(\w*)""#).unwrap();
        Self {
            named: name.captures_iter(&text).fold(BTreeMap::new(), |mut named, name| {
                *named.entry(name[1].to_owned()).or_default() += 1;
                named
            }),
            families: family
                .captures_iter(&text)
                .map(|parts| Regex::new(&format!("^{}({KINDS}){}$", &parts[1], &parts[2])).unwrap())
                .collect(),
            path,
        }
    }

    /// How often they call an operation. Families are called by loops.
    fn calls(&self, name: &str) -> usize {
        let family = self.families.iter().filter(|family| family.is_match(name)).count();
        self.named.get(name).copied().unwrap_or_default() + 3 * family
    }

    /// The path below `tests/api`, without extension.
    fn title(&self) -> String {
        self.path.strip_prefix("tests/api").unwrap().with_extension("").display().to_string().replace("/mod", "")
    }
}

fn link(tests: &[Tests], title: String) -> String {
    let path = &tests.iter().find(|tests| tests.title() == title).unwrap().path;
    format!("[{title}](../{})", path.display())
}

fn document() -> String {
    let sources = sources();
    let tests: Vec<Tests> = rust_files("tests/api").into_iter().map(Tests::read).collect();
    let text = fs::read_to_string(DIFFERENCES).unwrap();
    let mut differences: BTreeMap<String, Vec<String>> = toml::from_str(&text).unwrap();
    let mut document = String::from(
        "# Operations\n\n\
         Every operation that exists, where it is, the tests that call it most, and how it is known to differ from AWS. What differs\n\
         for all of them alike is in [fidelity.md](fidelity.md).\n\n\
         Besides the tests named here, each operation of IAM and STS is called by `tests/e2e/support/everything.py` through boto3 and aws-cli, held against\n\
         AWS's service model by `tests/model`, and proved to need its documented permission by `tests/api/permissions.rs`.\n\n\
         <!-- Written by `WRITE=1 cargo test --test operations_document`. -->\n",
    );
    let titles = [
        (Service::IAM, "IAM"),
        (Service::STS, "STS"),
        (Service::ORGANIZATIONS, "Organizations"),
        (Service::ACCESS_ANALYZER, "Access Analyzer"),
        (Service::IAM_TOOLBOX, "Access Troubleshooter (iam-toolbox)"),
        (Service::CLOUDTRAIL, "CloudTrail"),
        (Service::TAGGING, "Resource Groups Tagging API"),
        (Service::SERVICE_QUOTAS, "Service Quotas"),
        (Service::EC2, "Amazon EC2"),
    ];
    for (service, title) in titles {
        let mut entries: Vec<_> = services::all().filter(|entry| entry.service == service).collect();
        entries.sort_by_key(|entry| entry.name);
        writeln!(document, "\n## {title}: {} operations", entries.len()).unwrap();
        writeln!(document, "| Operation | Tests | Known differences |\n|---|---|---|").unwrap();
        for entry in entries {
            // It signs as IAM does.
            let listed = if service == Service::IAM_TOOLBOX { "iamtoolbox" } else { service.signing_name() };
            let key = (listed.replace('-', ""), entry.name.to_owned());
            let source = sources.get(&key).unwrap_or_else(|| panic!("{} is in no list", entry.name));
            let mut tested: Vec<_> =
                tests.iter().map(|tests| (Reverse(tests.calls(entry.name)), tests.title())).collect();
            tested.retain(|(calls, title)| calls.0 > 0 && !OF_ALL.contains(&title.as_str()));
            tested.sort();
            let tested: Vec<String> =
                tested.into_iter().take(MAX_TESTS).map(|(_, title)| link(&tests, title)).collect();
            assert!(!tested.is_empty(), "{} has no test of its own in tests/api", entry.name);
            let different = differences.remove(entry.name).unwrap_or_default().join(" ");
            let (name, source) = (entry.name, source.display());
            writeln!(document, "| [{name}](../{source}) | {} | {different} |", tested.join(", ")).unwrap();
        }
    }
    assert!(differences.is_empty(), "{DIFFERENCES} names unknown operations: {:?}", differences.keys());
    document
}

#[test]
fn the_document_is_up_to_date() {
    let made = document();
    if env::var_os("WRITE").is_some() {
        fs::write(DOCUMENT, &made).unwrap();
    }
    let written = fs::read_to_string(Path::new(DOCUMENT)).unwrap_or_default();
    assert!(written == made, "{DOCUMENT} is out of date: WRITE=1 cargo test --test operations_document");
}
