//! Deletions of service-linked roles, which AWS does as tasks.

use serde::{Deserialize, Serialize};

use super::Entity;
use crate::shapes::{DeletionTaskStatus, Timestamp};

/// The deletion of one service-linked role.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeletionTask {
    /// `task/aws-service-role/{service}/{role}/{uuid}`.
    pub id: String,
    /// When the deletion was asked for.
    pub created: Timestamp,
    /// What became of it.
    pub status: DeletionTaskStatus,
}

impl Entity for DeletionTask {
    fn key(&self) -> String {
        self.id.clone()
    }
}
