//! Any body is either answered or refused with a reason, and the answer is consistent.

#![no_main]

use iam_policy::evaluate::{Verdict, evaluate};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| match evaluate(body) {
    Ok(evaluation) => {
        assert_eq!(evaluation.decision == Verdict::Allowed, evaluation.denied_by.is_empty());
        assert!(!evaluation.explanation.is_empty());
    }
    Err(error) => assert!(!error.message.is_empty()),
});
