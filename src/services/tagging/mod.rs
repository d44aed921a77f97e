//! The operations of the Resource Groups Tagging API on IAM's own resources.

mod changes;
mod resource;
mod resources;
mod vocabulary;

use crate::call::{AccountRef, Context, Entry};
use crate::error::{Code, Error};

/// The operations of the Resource Groups Tagging API.
pub(crate) const OPERATIONS: [&[&Entry]; 3] = [changes::OPERATIONS, resources::OPERATIONS, vocabulary::OPERATIONS];

impl<A: AccountRef> Context<'_, A> {
    /// Whether the request is for the region that IAM's resources belong to. The API knows the resources of one region
    /// (Resource Groups Tagging API reference, "GetResources").
    fn is_in_region_of_iam(&self) -> bool {
        self.facts.region == self.account.id.partition().signing_region()
    }
}

fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Code::InvalidParameterException, message)
}
