//! The account's credential report.

use serde::{Deserialize, Serialize};

use crate::account::Entity;
use crate::shapes::Timestamp;

/// A report as it was when it was generated: one row at most.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CredentialReport {
    /// When it was generated.
    pub generated: Timestamp,
    /// The report: comma-separated values with a header.
    pub content: String,
}

impl Entity for CredentialReport {
    fn key(&self) -> String {
        String::new()
    }
}
