//! AWS's published service models are the judge of every operation: its parameters, their constraints and its errors.
//!
//! `extract.py` takes the facts from botocore. Each constraint is broken once, and the refusal compared with the words
//! that AWS has for it.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "a test stops at the first thing that is wrong"
)]

mod probes;
mod published;

use std::collections::{BTreeSet, HashMap};

use iamd::call::Entry;
use iamd::services;
use iamd::wire::Service;
use probes::{Probes, decode, member_name, null};
use published::{Declared, Model, Request};

/// Runs `check` for every operation that iamd has, and reports all differences at once.
fn for_each_operation(check: impl Fn(&Entry, &Model, &Declared) -> Vec<String>) {
    let models = HashMap::from([Service::IAM, Service::STS].map(|service| (service, Model::of(service))));
    let mut wrong = Vec::new();
    for entry in services::all().filter(|entry| models.contains_key(&entry.service)) {
        let model = &models[&entry.service];
        match model.operations.get(entry.name) {
            None => wrong.push(format!("{}: AWS has no such operation", entry.name)),
            Some(declared) => {
                wrong.extend(check(entry, model, declared).into_iter().map(|what| format!("{}: {what}", entry.name)));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_operation_of_the_models_exists() {
    for service in [Service::IAM, Service::STS] {
        let missing: Vec<_> =
            Model::of(service).operations.into_keys().filter(|name| services::find(service, name).is_none()).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}

#[test]
fn parameters_are_the_models() {
    for_each_operation(|entry, model, declared| {
        let expected: BTreeSet<&str> = match &declared.input {
            Some(input) => model.shape(input).members.keys().map(String::as_str).collect(),
            None => BTreeSet::new(),
        };
        let found: BTreeSet<&str> = (entry.parameters)().iter().copied().collect();
        let unknown = found.difference(&expected).map(|name| format!("reads {name}, which AWS does not know"));
        let unread = expected.difference(&found).map(|name| format!("does not read {name}"));
        unknown.chain(unread).collect()
    });
}

#[test]
fn errors_are_the_models() {
    for_each_operation(|entry, _, declared| {
        let found: BTreeSet<&str> = entry.errors.iter().map(|code| code.as_str()).collect();
        let expected: BTreeSet<&str> = declared.errors.iter().map(String::as_str).collect();
        let unknown = found.difference(&expected).map(|code| format!("declares {code}, which AWS does not"));
        let missing = expected.difference(&found).map(|code| format!("does not declare {code}"));
        unknown.chain(missing).collect()
    });
}

#[test]
fn what_is_required_is_missed() {
    for_each_operation(|entry, model, declared| {
        let Some(input) = &declared.input else { return Vec::new() };
        let required = &model.shape(input).required;
        let nulls = required.iter().map(|name| format!("{} {}", null(entry.service, &member_name(name)), NOT_NULL));
        let expected: BTreeSet<String> = nulls.collect();
        match decode(entry, &Request::new()) {
            Ok(_) if expected.is_empty() => Vec::new(),
            Ok(_) => vec![format!("accepts nothing at all, but needs {required:?}")],
            Err(error) => {
                let message = error.message().unwrap_or_default();
                let found = message.split_once(" detected: ").map_or("", |(_, items)| items);
                let found: BTreeSet<String> = found.split("; ").map(str::to_owned).collect();
                if found == expected { Vec::new() } else { vec![format!("{found:?} instead of {expected:?}")] }
            }
        }
    });
}

#[test]
fn valid_requests_are_read() {
    for_each_operation(|entry, model, declared| {
        let Some(input) = &declared.input else { return Vec::new() };
        let shape = model.shape(input);
        let mut requests = vec![model.example(shape, "", &shape.required)];
        requests.extend(shape.members.keys().map(|name| {
            let mut names = shape.required.clone();
            names.push(name.clone());
            model.example(shape, "", &names)
        }));
        let refused = requests.iter().filter_map(|request| match decode(entry, request) {
            Ok(None) => None,
            Ok(Some(error)) | Err(error) => Some(format!("refuses {request:?}: {error}")),
        });
        refused.collect()
    });
}

#[test]
fn every_constraint_is_enforced_in_awss_words() {
    for_each_operation(|entry, model, declared| {
        let Some(input) = &declared.input else { return Vec::new() };
        let shape = model.shape(input);
        let mut wrong = Vec::new();
        for (name, member) in &shape.members {
            let others: Vec<String> = shape.required.iter().filter(|required| *required != name).cloned().collect();
            let probes = Probes { entry, model, others: model.example(shape, "", &others) };
            probes.parameter(name, &member_name(name), model.shape(member), &mut wrong);
        }
        wrong
    });
}

const NOT_NULL: &str = "failed to satisfy constraint: Member must not be null";
