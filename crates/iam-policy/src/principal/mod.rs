//! Principals: who calls, and whom a policy names.

mod caller;
mod named;
mod text;

pub use caller::Principal;
pub(crate) use named::{Name, PrincipalElement, Reach};
pub use named::{PrincipalKind, PrincipalName};
pub use text::PrincipalText;
pub(crate) use text::{BUILT_IN_PROVIDERS, is_account};
