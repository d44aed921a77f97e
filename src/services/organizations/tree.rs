//! Where accounts and units are.

use crate::account::{Account, Quota};
use crate::call::{AccountRef, Context};
use crate::error::{Code, Result};

use super::refusal;

/// Refuses anything but the root or a unit.
pub(super) fn must_be_parent(account: &Account, id: &str, code: Code) -> Result<()> {
    if account.has_organization_parent(id) { Ok(()) } else { Err(refusal::missing(code)) }
}

/// Whether a quota leaves no room for one more.
pub(super) fn is_full(cx: &Context<'_, impl AccountRef>, quota: Quota, count: usize) -> bool {
    cx.check_quota(quota, count).is_err()
}
