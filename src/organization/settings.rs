//! The table `[organization]` of the configuration file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::Deserialize;

use crate::account::OrganizationPolicy;
use crate::shapes::OrganizationPolicyType;
use iam_policy::Grammar;

/// An organization: its accounts, the units that they are in, and its policies.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct OrganizationSettings {
    /// `o-…`.
    pub id: String,
    /// The id of the root, `r-…`.
    #[serde(default = "default_root")]
    pub root: String,
    /// The account that the organization was made from.
    pub management_account: String,
    /// All other accounts.
    #[serde(default)]
    pub member_accounts: BTreeSet<String>,
    /// Those of them that centralise root access for the management account.
    #[serde(default)]
    pub delegated_administrators: BTreeSet<String>,
    /// The organizational units by name.
    #[serde(default)]
    pub units: BTreeMap<String, UnitSettings>,
    /// The policies.
    #[serde(default)]
    pub policies: Vec<PolicySettings>,
    /// The targets that the service control policy `FullAWSAccess` is detached from.
    #[serde(default)]
    pub without_full_access: BTreeSet<String>,
}

/// An organizational unit.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct UnitSettings {
    /// `ou-…`; made from the name if left out.
    pub id: Option<String>,
    /// The name of the unit that it is in; the root if left out.
    pub parent: Option<String>,
    /// The accounts that are in it, and in no unit below it.
    #[serde(default)]
    pub accounts: BTreeSet<String>,
}

/// A policy of the organization.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PolicySettings {
    /// Its name.
    pub name: String,
    /// `p-…`; made from the name if left out.
    pub id: Option<String>,
    /// What it controls.
    #[serde(rename = "type")]
    pub kind: ControlPolicyType,
    /// What it is attached to: `root`, units by name, accounts.
    pub targets: BTreeSet<String>,
    /// The file with its document; either this or the document itself is given.
    pub file: Option<PathBuf>,
    /// Its document.
    pub document: Option<String>,
}

/// The types of policies that decide about requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ControlPolicyType {
    /// What principals may do at most.
    ServiceControl,
    /// What may be done with resources at most.
    ResourceControl,
}

impl ControlPolicyType {
    /// The type among all types of policies.
    pub fn kind(self) -> OrganizationPolicyType {
        match self {
            Self::ServiceControl => OrganizationPolicyType::ServiceControl,
            Self::ResourceControl => OrganizationPolicyType::ResourceControl,
        }
    }

    pub(super) fn grammar(self) -> Grammar {
        OrganizationPolicy::grammar(self.kind()).unwrap_or(Grammar::ServiceControl)
    }
}

fn default_root() -> String {
    "r-0000".to_owned()
}
