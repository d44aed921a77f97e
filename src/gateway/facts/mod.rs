//! What decides about a call besides the request and the caller: who owns a resource, its policy, its tags.

mod absence;
mod buckets;
mod cache;
mod grants;
mod inquiry;
mod needs;
mod owners;
mod policies;
mod tokens;
mod xml;

pub(super) use buckets::{BucketOf, Document};
pub(super) use cache::Cache;
pub(super) use inquiry::{Inquiry, Said, Silence};
pub(super) use needs::{MAX_ROUNDS, any_key};
pub(super) use owners::Owners;
pub(super) use policies::ResourcePolicy;
pub(super) use tokens::{Tokens, token_key};
