//! Handshakes: invitations, and the way to all features.

mod handshake;
mod handshake_listing;

use crate::call::Entry;

/// The operations of this folder.
pub(super) const OPERATIONS: [&[&Entry]; 2] = [handshake::OPERATIONS, handshake_listing::OPERATIONS];
