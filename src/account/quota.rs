//! The quotas of an account: AWS's defaults, adjustable by configuration.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::error::{Code, Error, Result};

/// Declares the quotas: name, the name in AWS's message, default.
macro_rules! quotas {
    ($($(#[$doc:meta])* $name:ident = $default:literal;)+) => {
        /// A limit on what an account can hold. The name is the one in AWS's messages.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
        pub enum Quota { $($(#[$doc])* $name),+ }

        impl Quota {
            /// Every quota.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The name in AWS's messages and in the configuration.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),+ }
            }

            /// AWS's default.
            pub fn default_limit(self) -> u32 {
                match self { $(Self::$name => $default),+ }
            }
        }
    };
}

quotas! {
    /// Users in the account.
    UsersPerAccount = 5000;
    /// Groups in the account.
    GroupsPerAccount = 300;
    /// Roles in the account.
    RolesPerAccount = 1000;
    /// Instance profiles in the account.
    InstanceProfilesPerAccount = 1000;
    /// Customer-managed policies in the account.
    PoliciesPerAccount = 1500;
    /// Groups that one user can be in.
    GroupsPerUser = 10;
    /// Managed policies attached to a user.
    PoliciesPerUser = 10;
    /// Managed policies attached to a group.
    PoliciesPerGroup = 10;
    /// Managed policies attached to a role.
    PoliciesPerRole = 20;
    /// Access keys of a user or of the root user.
    AccessKeysPerUser = 2;
    /// Versions of a managed policy.
    VersionsPerPolicy = 5;
    /// Characters of a managed policy, white space left out.
    PolicySize = 6144;
    /// Characters of all inline policies of a user.
    UserPolicySize = 2048;
    /// Characters of all inline policies of a group.
    GroupPolicySize = 5120;
    /// Characters of all inline policies of a role.
    RolePolicySize = 10240;
    /// Characters of a trust policy.
    ACLSizePerRole = 2048;
    /// Roles of an instance profile.
    InstanceSessionsPerInstanceProfile = 1;
    /// MFA devices of a user.
    MFADevicesPerUser = 8;
    /// Signing certificates of a user.
    CertificatesPerUser = 2;
    /// SSH public keys of a user.
    SSHPublicKeysPerUser = 5;
    /// Service-specific credentials of a user for one service.
    ServiceSpecificCredentialsPerUser = 2;
    /// Server certificates in the account.
    ServerCertificatesPerAccount = 20;
    /// OpenID Connect providers in the account.
    OpenIDConnectProvidersPerAccount = 100;
    /// Client ids of an OpenID Connect provider.
    ClientIdsPerOpenIdConnectProvider = 100;
    /// SAML providers in the account.
    SAMLProvidersPerAccount = 100;
    /// Delegation requests that the account has made and that have not expired.
    DelegationRequestsPerAccount = 1000;
    /// Reports of the organization's service access in a day.
    OrganizationsAccessReportsPerDay = 100;
    /// Accounts of an organization, closed ones and invitations included.
    AccountsPerOrganization = 10;
    /// Accounts of an organization that are being closed at the same time.
    AccountsBeingClosed = 3;
    /// Accounts of an organization that are closed in thirty days, a tenth of them or ten at most.
    AccountsClosedInThirtyDays = 200;
    /// Units of an organization.
    UnitsPerOrganization = 2000;
    /// Service control policies of an organization.
    ServiceControlPoliciesPerOrganization = 10000;
    /// Policies of each other type.
    PoliciesOfTypePerOrganization = 1000;
    /// Service control policies attached to a root, unit or account.
    ServiceControlPoliciesPerTarget = 10;
    /// Resource control policies attached to a root, unit or account.
    ResourceControlPoliciesPerTarget = 5;
    /// Policies of each other type attached to a root, unit or account.
    PoliciesOfTypePerTarget = 10;
}

/// The limits in force: AWS's defaults, or what the configuration says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Quotas(BTreeMap<Quota, u32>);

impl Quotas {
    /// The limit in force.
    pub fn limit(&self, quota: Quota) -> u32 {
        self.0.get(&quota).copied().unwrap_or_else(|| quota.default_limit())
    }

    /// Sets a limit by the quota's name.
    ///
    /// # Errors
    /// The name, when there is no such quota.
    pub fn set(&mut self, name: &str, limit: u32) -> std::result::Result<(), String> {
        let quota = Quota::ALL.iter().find(|quota| quota.name() == name).ok_or_else(|| name.to_owned())?;
        self.0.insert(*quota, limit);
        Ok(())
    }

    /// Refuses one more where `count` are there already.
    ///
    /// # Errors
    /// `LimitExceeded` with AWS's sentence.
    pub fn check(&self, quota: Quota, count: usize) -> Result<()> {
        let limit = self.limit(quota);
        if u32::try_from(count).is_ok_and(|count| count < limit) {
            return Ok(());
        }
        Err(self.exceeded(quota))
    }

    /// Refuses what is larger than the quota.
    ///
    /// # Errors
    /// `LimitExceeded` with AWS's sentence.
    pub fn check_size(&self, quota: Quota, size: usize) -> Result<()> {
        let fits = u32::try_from(size).is_ok_and(|size| size <= self.limit(quota));
        if fits { Ok(()) } else { Err(self.exceeded(quota)) }
    }

    /// AWS's refusal: `Cannot exceed quota for UsersPerAccount: 5000`.
    pub fn exceeded(&self, quota: Quota) -> Error {
        Error::new(Code::LimitExceeded, format!("Cannot exceed quota for {}: {}", quota.name(), self.limit(quota)))
    }
}
