//! Reports that AWS generates in the background.

mod access_report;
mod credential_report;
mod organizations_access_report;

pub use access_report::*;
pub use credential_report::*;
pub use organizations_access_report::*;
