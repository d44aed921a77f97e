//! Any text is either refused or a policy, in every grammar, and its size is counted.

#![no_main]

use iam_policy::{Grammar, Policy, document_size};
use libfuzzer_sys::fuzz_target;

const GRAMMARS: [Grammar; 8] = [
    Grammar::Managed,
    Grammar::Identity,
    Grammar::Session,
    Grammar::Trust,
    Grammar::Resource,
    Grammar::ServiceControl,
    Grammar::ResourceControl,
    Grammar::Endpoint,
];

fuzz_target!(|text: &str| {
    assert!(document_size(text) <= text.chars().count());
    for grammar in GRAMMARS {
        match Policy::parse(text, grammar) {
            Ok(policy) => {
                assert_eq!(policy.text(), text);
                assert_eq!(policy.written().len(), policy.statements().len());
                assert_eq!(policy.text_with_principals(|_| None), text);
            }
            Err(invalid) => assert!(!invalid.message.is_empty() && !invalid.detail.is_empty()),
        }
    }
});
