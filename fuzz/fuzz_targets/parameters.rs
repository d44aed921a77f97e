//! Any form is read as the parameters of every operation, or refused with one of the errors for that.

#![no_main]

use std::sync::LazyLock;

use iamd::call::Entry;
use iamd::error::Code;
use iamd::services;
use iamd::wire::{Input, Params};
use libfuzzer_sys::fuzz_target;

static ENTRIES: LazyLock<Vec<&Entry>> = LazyLock::new(|| services::all().collect());

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    let entry = ENTRIES[usize::from(*first) % ENTRIES.len()];
    let input = match entry.service.target() {
        None => Params::read("", rest).map(Input::Query),
        Some(_) => match serde_json::from_slice(rest) {
            Ok(value) => Ok(Input::Json(value)),
            Err(_) => return,
        },
    };
    let refusals = [Code::InvalidInputException, Code::MalformedInput, Code::ValidationError, Code::ValidationException];
    if let Err(error) = input.and_then(|input| entry.decode(&input)) {
        assert!(refusals.contains(&error.code()), "{error}");
    }
});
