//! What a decision can cost at most.
//!
//! A document takes time linear in its length, and so does the text that a pattern is held against; together they cost
//! the product. Requests may bring both, so the product has a limit.

use super::Context;

/// The most that one decision may cost: some tenths of a second.
pub const MOST_WORK: u64 = 1 << 32;

/// What it costs to begin a comparison, in bytes compared.
const BEGINNING: u64 = 64;

/// The bytes of the documents, variables replaced, times the bytes of whatever they may be compared with.
pub fn work<'t>(documents: impl Iterator<Item = &'t str>, resource: &str, context: &Context<'_>) -> u64 {
    let size = |text: &str| u64::try_from(text.len()).unwrap_or(u64::MAX);
    let values = || context.iter().map(|(_, values)| values.as_slice());
    let longest = values().flatten().map(|value| size(value)).max().unwrap_or_default();
    let widest = values().map(|values| values.iter().map(|value| size(value) + BEGINNING).sum::<u64>()).max();
    let documents = documents.map(|text| {
        let variables = u64::try_from(text.matches("${").count()).unwrap_or(u64::MAX);
        size(text).saturating_add(variables.saturating_mul(longest))
    });
    documents.fold(0, u64::saturating_add).saturating_mul(widest.unwrap_or_default().max(size(resource) + BEGINNING))
}
