//! A pattern matches what a backtracking matcher says, however it is made of wildcards.

#![no_main]

use iam_policy::evaluate::{Verdict, evaluate};
use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(|input: (&str, &str)| {
    let (pattern, text) = input;
    // A variable's value would need a context of its own.
    if pattern.contains('$') || pattern.len() > 64 || text.len() > 256 {
        return;
    }
    let statement = json!({
        "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringLike": {"fuzz:key": pattern}},
    });
    let request = json!({
        "principal": "arn:aws:iam::111122223333:user/ann", "action": "s3:GetObject", "context": {"fuzz:key": text},
        "identityPolicies": [{"document": {"Version": "2012-10-17", "Statement": statement}}],
    });
    let evaluation = evaluate(request.to_string().as_bytes()).expect("a well-formed request");
    assert_eq!(evaluation.decision == Verdict::Allowed, matches(pattern, text), "{pattern:?} {text:?}");
});

/// The classic table: which prefixes of the text each prefix of the pattern matches.
fn matches(pattern: &str, text: &str) -> bool {
    let text: Vec<_> = text.chars().collect();
    let mut row = vec![false; text.len() + 1];
    row[0] = true;
    for wanted in pattern.chars() {
        let mut next = vec![false; text.len() + 1];
        next[0] = wanted == '*' && row[0];
        for (at, found) in text.iter().enumerate() {
            next[at + 1] = match wanted {
                '*' => row[at + 1] || next[at],
                '?' => row[at],
                character => row[at] && character == *found,
            };
        }
        row = next;
    }
    row[text.len()]
}
