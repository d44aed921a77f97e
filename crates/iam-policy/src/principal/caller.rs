//! Who calls.

use std::borrow::Cow;
use std::fmt;

use crate::Values;

/// The principal that makes a request. Unique ids (`AIDA…`, `AROA…`) may be empty where they are not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Principal<'a> {
    /// An anonymous caller: an unsigned request.
    Anonymous,
    /// The root user of an account.
    Root {
        /// Its account.
        account: &'a str,
    },
    /// An IAM user, with long-term keys or those of GetSessionToken.
    User {
        /// Its ARN.
        arn: &'a str,
        /// Its unique id.
        id: &'a str,
        /// Its account.
        account: &'a str,
    },
    /// A session of a role, however it was assumed.
    RoleSession {
        /// The role's ARN, with its path.
        role_arn: &'a str,
        /// The role's unique id.
        role_id: &'a str,
        /// `arn:aws:sts::…:assumed-role/{role}/{session}`.
        session_arn: &'a str,
        /// The role's account.
        account: &'a str,
        /// A service-linked role, which organization policies do not bind.
        service_linked: bool,
    },
    /// A session of GetFederationToken.
    FederatedUser {
        /// `arn:aws:sts::…:federated-user/{name}`.
        arn: &'a str,
        /// The user who asked for it: ARN and unique id; `None` if that was the root user.
        user: Option<(&'a str, &'a str)>,
        /// The account.
        account: &'a str,
    },
    /// An AWS service on its own behalf.
    Service {
        /// Its name: `x.amazonaws.com`.
        name: &'a str,
        /// Its other names, such as regional ones.
        aliases: &'a [&'a str],
    },
    /// Someone with no more than an identity provider's word: the caller of AssumeRoleWithSAML or
    /// AssumeRoleWithWebIdentity.
    Federated {
        /// The provider's ARN, or one of the built-in names (`accounts.google.com`, …).
        provider: &'a str,
    },
}

impl<'a> Principal<'a> {
    /// The account it belongs to; services and strangers have none.
    pub fn account(&self) -> Option<&'a str> {
        match *self {
            Self::Root { account }
            | Self::User { account, .. }
            | Self::RoleSession { account, .. }
            | Self::FederatedUser { account, .. } => Some(account),
            Self::Anonymous | Self::Service { .. } | Self::Federated { .. } => None,
        }
    }

    /// The condition keys about it, as far as they follow from it.
    pub fn context_keys(&self) -> Vec<(&'static str, Values<'a>)> {
        let (kind, arn): (_, Cow<'a, str>) = match *self {
            Self::Anonymous => ("Anonymous", "".into()),
            Self::Root { account } => ("Account", format!("arn:aws:iam::{account}:root").into()),
            Self::User { arn, .. } => ("User", arn.into()),
            Self::RoleSession { role_arn, .. } => ("AssumedRole", role_arn.into()),
            Self::FederatedUser { arn, .. } => ("FederatedUser", arn.into()),
            Self::Service { name, aliases } => {
                let names: Vec<&str> = std::iter::once(name).chain(aliases.iter().copied()).collect();
                return vec![
                    ("aws:PrincipalIsAWSService", true.into()),
                    ("aws:PrincipalServiceName", name.into()),
                    ("aws:PrincipalServiceNamesList", names.into()),
                ];
            }
            Self::Federated { .. } => return Vec::new(),
        };
        let account = self.account().unwrap_or("anonymous");
        let mut keys = vec![("aws:PrincipalType", kind.into()), ("aws:PrincipalAccount", account.into())];
        if !arn.is_empty() {
            keys.extend([("aws:PrincipalArn", arn.into()), ("aws:PrincipalIsAWSService", false.into())]);
        }
        if let Self::User { arn, .. } = *self {
            keys.push(("aws:username", arn.rsplit('/').next().unwrap_or_default().into()));
        }
        if let Some(id) = self.user_id() {
            keys.push(("aws:userid", id.into()));
        }
        keys
    }

    /// `aws:userid`, as far as it is known.
    fn user_id(&self) -> Option<Cow<'a, str>> {
        let known = |id: &'a str| (!id.is_empty()).then_some(id);
        match *self {
            Self::Anonymous => Some("anonymous".into()),
            Self::Root { account } => Some(account.into()),
            Self::User { id, .. } => known(id).map(Cow::Borrowed),
            Self::RoleSession { role_id, session_arn, .. } => {
                let session = session_arn.rsplit('/').next().and_then(known)?;
                Some(format!("{}:{session}", known(role_id)?).into())
            }
            Self::FederatedUser { arn, account, .. } => {
                let name = arn.rsplit('/').next().and_then(known)?;
                Some(format!("{account}:{name}").into())
            }
            Self::Service { .. } | Self::Federated { .. } => None,
        }
    }

    pub(crate) fn is_service_linked(&self) -> bool {
        matches!(self, Self::RoleSession { service_linked: true, .. })
    }

    /// Whether its account's root user is behind it, to whom everything is allowed.
    pub(crate) fn is_root(&self) -> bool {
        matches!(self, Self::Root { .. } | Self::FederatedUser { user: None, .. })
    }
}

impl fmt::Display for Principal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("an anonymous caller"),
            Self::Root { account } => write!(f, "the root user of {account}"),
            Self::User { arn, .. } | Self::FederatedUser { arn, .. } => f.write_str(arn),
            Self::RoleSession { session_arn, role_arn, .. } => {
                f.write_str(if session_arn.is_empty() { role_arn } else { session_arn })
            }
            Self::Service { name, .. } => f.write_str(name),
            Self::Federated { provider } => f.write_str(provider),
        }
    }
}
