//! The trust policies of roles: whom they name, and how they are shown.

use crate::account::{Account, Quota, Role, TrustPolicy};
use crate::call::{AccountRef, Context};
use crate::error::Result;
use crate::shapes::{AccountId, ArnParts, EncodedDocument};
use iam_policy::document_size;

impl<A: AccountRef> Context<'_, A> {
    /// The trust policy that a parameter gives: its principals must exist, and it must not be too long.
    ///
    /// # Errors
    /// `MalformedPolicyDocument`, `LimitExceeded`.
    pub fn trust_policy(&self, text: &str) -> Result<TrustPolicy> {
        let policy = TrustPolicy::new(text, |written| self.principal_id(written))?;
        self.environment.quotas.check_size(Quota::ACLSizePerRole, document_size(text))?;
        Ok(policy)
    }

    /// A role's trust policy as answers show it.
    pub fn shown_trust_policy(&self, role: &Role) -> EncodedDocument {
        role.trust_policy.encoded(self.account.id.partition(), |written, id| self.present_arn(written, id))
    }

    /// The unique id of a principal, `Some(None)` for those without, `None` for those that do not exist. The validator
    /// has seen to the form.
    fn principal_id(&self, written: &str) -> Option<Option<String>> {
        let Some(arn) = ArnParts::parse(written) else {
            let is_id = written.starts_with('A');
            // `*` and account numbers are always there; a user or role written by its id must be.
            return if is_id { self.arn_anywhere(written).map(|_| Some(written.to_owned())) } else { Some(None) };
        };
        if arn.partition != self.account.id.partition().name() {
            return None;
        }
        match (arn.service, arn.resource.split_once('/')) {
            (_, None) | ("sts", Some(("federated-user", _))) => Some(None),
            ("sts", Some((_, session))) => {
                // The ARN of a session leaves out the role's path.
                let (name, _) = session.split_once('/')?;
                let account = self.account_of(arn.account_id()?)?;
                let exists = account.get::<Role>(name).is_some_and(|role| role.name == name);
                (exists || self.is_taken_on_trust(account)).then_some(None)
            }
            _ => {
                let account = self.account_of(arn.account_id()?)?;
                match account.unique_id_of(written) {
                    Some(id) => Some(Some(id.to_owned())),
                    None => self.is_taken_on_trust(account).then_some(None),
                }
            }
        }
    }

    /// Whether principals of an account need not exist: those of a vendor's, of which this server knows nothing. They
    /// are kept by their ARNs.
    fn is_taken_on_trust(&self, account: &Account) -> bool {
        account.id != self.account.id && account.is_unused()
    }

    /// The ARN that a principal has now, or its id if it is gone; `None` where that is not known.
    fn present_arn(&self, written: &str, id: &str) -> Option<String> {
        let account = ArnParts::parse(written).and_then(|arn| arn.account_id());
        match account {
            Some(account) => Some(self.account_of(account)?.arn_of(id).unwrap_or_else(|| id.to_owned())),
            None => self.arn_anywhere(id),
        }
    }

    /// The ARN of an id in whichever account the call looks into.
    fn arn_anywhere(&self, id: &str) -> Option<String> {
        let others = self.others.iter().map(|other| &**other);
        std::iter::once(&*self.account).chain(others).find_map(|account| account.arn_of(id))
    }
}

/// The accounts that showing the trust policy of this role looks into.
pub fn accounts_trusted_by(name: &str, account: &Account) -> Vec<AccountId> {
    account.get::<Role>(name).map(|role| role.trust_policy.accounts().collect()).unwrap_or_default()
}

/// The accounts that showing the trust policies of these roles looks into.
pub fn accounts_trusted<'r>(roles: impl Iterator<Item = &'r Role>) -> Vec<AccountId> {
    roles.flat_map(|role| role.trust_policy.accounts()).collect()
}
