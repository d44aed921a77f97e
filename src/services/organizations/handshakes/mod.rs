//! Handshakes: invitations, and the way to all features.

mod all_features;
mod handshake;
mod handshake_listing;

pub(super) use self::all_features::forget_member;
use crate::call::Entry;

/// The operations of this folder.
pub(super) const OPERATIONS: [&[&Entry]; 3] =
    [all_features::OPERATIONS, handshake::OPERATIONS, handshake_listing::OPERATIONS];
