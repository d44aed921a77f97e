//! Organizations as data. An organization belongs to its management account.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::Document;
use crate::account::AccountState;
use crate::markup::{Named, Placed, given};
use crate::shapes::{FeatureSet, OrganizationPolicyType, Timestamp};

/// The organization that an account manages. What is left out is not touched; what is given is exact.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct OrganizationDescription {
    /// `o-…`; made if it is not given. It never changes.
    pub id: Option<Placed<String>>,
    /// The id of the root, `r-…`; made if it is not given. It never changes.
    pub root: Option<Placed<String>>,
    /// Tags of the root.
    pub root_tags: Option<Named<String>>,
    /// What the organization is for; for everything if it is not given.
    pub feature_set: Option<FeatureSet>,
    /// The types of policies that are enabled in the root.
    pub policy_types: Option<BTreeSet<OrganizationPolicyType>>,
    /// Units, by name.
    pub units: Option<Named<UnitDescription>>,
    /// The accounts, by their numbers; the management account is always one.
    pub accounts: Option<Named<Option<MemberDescription>>>,
    /// Policies, by name.
    pub policies: Option<Named<OrganizationPolicyDescription>>,
    /// What the service control policy `FullAWSAccess` is not attached to.
    pub without_full_access: Option<Vec<Placed<String>>>,
    /// The services with trusted access, by their principals.
    pub trusted_services: Option<Vec<TrustedService>>,
    /// The policy that lets members act for the management account; null for none.
    #[serde(deserialize_with = "given")]
    pub delegation_policy: Option<Option<DelegationPolicyDescription>>,
}

/// A service that an organization trusts, or that a member administers.
#[derive(Debug)]
pub struct TrustedService {
    /// Its principal, such as `sso.amazonaws.com`.
    pub principal: Placed<String>,
    /// Since when, on AWS.
    pub since: Option<Timestamp>,
}

impl<'de> Deserialize<'de> for TrustedService {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self { principal: Placed::deserialize(deserializer)?, since: None })
    }
}

/// The resource policy of an organization.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DelegationPolicyDescription {
    /// Its document.
    pub document: Document,
    /// Tags.
    pub tags: Option<Named<String>>,
    /// `rp-…`, the id on AWS.
    #[serde(skip)]
    pub id: Option<String>,
}

/// An organizational unit.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct UnitDescription {
    /// `ou-…`; made if it is not given.
    pub id: Option<Placed<String>>,
    /// The unit that it is in, by name or id; the root if it is not given.
    pub parent: Option<Placed<String>>,
    /// Tags.
    pub tags: Option<Named<String>>,
}

/// An account of the organization.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct MemberDescription {
    /// The name of the account.
    pub name: Option<String>,
    /// The e-mail address of its root user.
    pub email: Option<String>,
    /// The unit that it is in, by name or id; the root if it is not given.
    pub unit: Option<Placed<String>>,
    /// Tags.
    pub tags: Option<Named<String>>,
    /// The services that it administers for the organization, by their principals.
    pub administers: Option<Vec<TrustedService>>,
    /// How an account of AWS has joined.
    #[serde(skip)]
    pub joined: Option<Joined>,
    /// The state of an account of AWS.
    #[serde(skip)]
    pub state: Option<AccountState>,
}

/// How an account came into its organization.
#[derive(Clone, Copy, Debug)]
pub struct Joined {
    /// When it joined.
    pub time: Timestamp,
    /// Whether it was invited.
    pub invited: bool,
}

/// A policy of the organization.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct OrganizationPolicyDescription {
    /// `p-…`; made if it is not given.
    pub id: Option<Placed<String>>,
    /// Its type, in AWS's words: `SERVICE_CONTROL_POLICY`, …
    #[serde(rename = "type")]
    pub kind: OrganizationPolicyType,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Its document.
    pub document: Document,
    /// What it is attached to: `root`, units by name or id, accounts.
    pub targets: Option<Vec<Placed<String>>>,
    /// Its place among the policies of targets, by their ids, where that is known.
    #[serde(skip)]
    pub order: BTreeMap<String, usize>,
    /// Tags.
    pub tags: Option<Named<String>>,
}
