//! The table `[credentials]` of the configuration file: what runs in AWS's services as far as this server is concerned.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::shapes::Secret;

/// Who gets credentials from the endpoints that AWS's services have inside an instance, a task or a pod.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct CredentialSettings {
    /// The region that instances, tasks and pods are in; us-east-1 if left out.
    pub region: Option<String>,
    /// Whether instance metadata is given without a token, as version 1 of the service does.
    pub imdsv1: bool,
    /// The tasks of ECS, by the id in the path of their credentials.
    pub tasks: BTreeMap<String, TaskSettings>,
    /// The pods of EKS.
    pub pods: Vec<PodSettings>,
}

/// A task of ECS.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TaskSettings {
    /// The ARN of its role.
    pub role: String,
    /// What its requests must have as `Authorization`, if anything.
    pub token: Option<Secret>,
}

/// A pod of EKS, and the role that EKS Pod Identity associates with its service account.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PodSettings {
    /// The token of its service account.
    pub token: Secret,
    /// The ARN of its role.
    pub role: String,
    /// The cluster's name.
    pub cluster: String,
    /// The Kubernetes namespace.
    pub namespace: String,
    /// The Kubernetes service account.
    pub service_account: String,
    /// The pod's name; the service account's if left out.
    pub pod: Option<String>,
}
