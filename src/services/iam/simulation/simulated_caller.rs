//! The caller that the policy simulator puts before the policies.

use crate::account::{Subject, identity_name};
use crate::call::{AccountRef, Context};
use crate::error::Result;
use crate::shapes::{ArnParts, Kind, Tag};
use iam_policy::Principal;
use iam_policy::simulate::Keys;

/// A user, group or role that need not exist.
pub struct SimulatedCaller {
    kind: Kind,
    arn: String,
    account: String,
    /// Empty for one that does not exist.
    id: String,
    tags: Vec<Tag>,
}

impl SimulatedCaller {
    /// The caller with this ARN, with its id if it exists in the account. Its tags are there only if it is the policy
    /// source, on which the simulation needs permission: its conditions would reveal them.
    ///
    /// # Errors
    /// `InvalidInput` for ARNs of other things, such as sessions.
    pub fn named(arn: &str, policy_source: Option<&str>, cx: &Context<'_, impl AccountRef>) -> Result<Self> {
        let (kind, _) = identity_name(arn)?;
        let (id, tags) = match cx.account.identity(arn) {
            Ok(Subject::User(user)) => (user.id.as_str(), user.tags.to_vec()),
            Ok(Subject::Group(group)) => (group.id.as_str(), Vec::new()),
            Ok(Subject::Role(role)) => (role.id.as_str(), role.tags.to_vec()),
            Ok(Subject::Policy(_)) | Err(_) => ("", Vec::new()),
        };
        let tags = if policy_source == Some(arn) { tags } else { Vec::new() };
        let account = ArnParts::parse(arn).map(|parts| parts.account).unwrap_or_default();
        Ok(Self { kind, arn: arn.to_owned(), account: account.to_owned(), id: id.to_owned(), tags })
    }

    /// Whether it is a user, for whom alone AWS simulates resources' policies.
    pub fn is_user(&self) -> bool {
        self.kind == Kind::User
    }

    /// The principal: a role stands for a session of it, a group for its members.
    pub fn principal(&self) -> Principal<'_> {
        let Self { arn, account, id, .. } = self;
        match self.kind {
            Kind::Role => Principal::RoleSession {
                role_arn: arn,
                role_id: id,
                session_arn: "",
                account,
                service_linked: arn.contains(":role/aws-service-role/"),
            },
            _ => Principal::User { arn, id, account },
        }
    }

    /// The account.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The condition keys about the caller. A group is no caller.
    pub fn keys(&self) -> Keys<'_> {
        // Seen in AWS: the ARN stands for the id.
        let mut keys: Keys<'_> = vec![("aws:userid".into(), self.arn.as_str().into())];
        if !matches!(self.kind, Kind::User | Kind::Role) {
            keys.push(("aws:PrincipalAccount".into(), self.account.as_str().into()));
            return keys;
        }
        keys.extend(self.principal().context_keys().into_iter().map(|(key, values)| (key.into(), values)));
        keys.extend(
            self.tags.iter().map(|tag| (format!("aws:PrincipalTag/{}", tag.key).into(), tag.value.as_str().into())),
        );
        keys
    }
}

/// The condition keys of a simulation without a caller.
pub fn keys_of_nobody(account: &str) -> Keys<'_> {
    vec![
        ("aws:PrincipalAccount".into(), account.into()),
        ("aws:userid".into(), "STUB_PRINCIPAL_FOR_POLICY_SIMULATOR".into()),
    ]
}
