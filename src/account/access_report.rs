//! Reports of when services were last accessed.

use serde::{Deserialize, Serialize};

use super::Entity;
use crate::shapes::Timestamp;

/// A report as it was when it was generated.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccessReport {
    /// The job's id, a UUID.
    pub id: String,
    /// The unique id of the user or role that asked for it, or the account's number for the root user. Nobody else may
    /// read it.
    pub requester: String,
    /// Whether actions are told as well as services.
    pub action_level: bool,
    /// When it was generated.
    pub created: Timestamp,
    /// The services that the entity's policies allow, by namespace.
    pub services: Vec<ServiceAccess>,
}

/// One service in a report.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ServiceAccess {
    /// Such as `AWS Identity and Access Management`.
    pub name: String,
    /// Such as `iam`.
    pub namespace: String,
    /// The users and roles that the report is about, with their last access if there was one.
    pub entities: Vec<EntityAccess>,
    /// The last access for each action that was called.
    pub actions: Vec<ActionAccess>,
}

/// A user or role, and when it last accessed a service.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EntityAccess {
    /// The ARN.
    pub arn: String,
    /// The name.
    pub name: String,
    /// The unique id.
    pub id: String,
    /// The path.
    pub path: String,
    /// Whether it is a role; else it is a user.
    pub is_role: bool,
    /// When and where, if ever.
    pub last: Option<(Timestamp, String)>,
}

/// When an action was last called, where and by whom.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ActionAccess {
    /// Such as `GetUser`.
    pub name: String,
    /// When.
    pub used: Timestamp,
    /// Where.
    pub region: String,
    /// The ARN of the user or role.
    pub entity: String,
}

impl Entity for AccessReport {
    fn key(&self) -> String {
        self.id.clone()
    }
}
