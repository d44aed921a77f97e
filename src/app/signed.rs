//! What a signature had to cover, for those who debug a signer.

use tracing::Level;

use super::WireRequest;
use crate::sigv4::Signature;

/// Says what a signature that does not fit had to cover, for those who debug a signer.
pub(super) fn show_what_is_signed(signature: &Signature<'_>, request: &WireRequest<'_>) {
    if !tracing::enabled!(Level::DEBUG) {
        return;
    }
    let Some(canonical) = signature.canonical_request(&request.incoming) else { return };
    tracing::debug!(
        id = request.facts.request_id,
        canonical_request = signature.shown_canonical_request(&request.incoming),
        string_to_sign = signature.string_to_sign(&canonical),
        "the signature does not fit"
    );
}
