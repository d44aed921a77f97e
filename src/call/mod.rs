//! What every call has in common: the traits of operations, what they need permission for, and how it is decided.

mod access;
mod assumption;
mod authorize;
mod context;
mod deciding;
mod denial;
mod entry;
mod inquiry;
mod listing;
mod mfa_code;
mod operation;
mod outside;
mod resources;
mod volatile;
mod work;

pub use access::{Access, Check, Need, Target};
pub use assumption::{Assumed, Assumption};
pub use authorize::{Enforcement, QUICK, Question, Verdict, authorize};
pub use context::{AccountRef, Claim, Context, Environment, Transaction, View};
pub use deciding::Decisions;
pub use denial::{Denial, DenialIds, Evidence, details_of_asked, explanation_tree};
pub(crate) use entry::operations;
pub use entry::{DecodedCall, Entry};
pub use inquiry::{Fetched, Inquiry};
pub use listing::{
    Listing, Members, Page, Paging, TokenPage, oldest_first, token_page, token_page_from, token_page_while,
};
pub use mfa_code::{MfaCheck, MfaCode};
pub use operation::{Command, Named, Operation, Query};
pub use outside::{Asker, Outside, Words, decide};
pub use volatile::Volatile;
pub use work::{Call, CommandCall, QueryCall, Work};
