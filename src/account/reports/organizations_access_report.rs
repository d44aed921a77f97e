//! Reports of when services were last accessed in an organization.

use serde::{Deserialize, Serialize};

use crate::account::Entity;
use crate::shapes::Timestamp;

/// A report as it was when it was generated.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OrganizationsAccessReport {
    /// The job's id, a UUID.
    pub id: String,
    /// When it was generated.
    pub created: Timestamp,
    /// What was found, or why nothing could be.
    pub outcome: ReportOutcome,
}

/// What became of a report.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum ReportOutcome {
    /// What was found.
    Accessed {
        /// The namespaces of the services that are accessible.
        accessible: Vec<String>,
        /// Those of them that were accessed, by namespace.
        accessed: Vec<OrganizationsAccess>,
    },
    /// The sentence that says why there is no report.
    Failed(String),
}

/// When a service was last accessed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OrganizationsAccess {
    /// The service, such as `iam`.
    pub namespace: String,
    /// When.
    pub used: Timestamp,
    /// Where.
    pub region: String,
    /// The path of the account from which it was.
    pub entity_path: String,
    /// How many accounts accessed it.
    pub accounts: usize,
}

impl Entity for OrganizationsAccessReport {
    fn key(&self) -> String {
        self.id.clone()
    }
}
