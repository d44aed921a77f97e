//! What belongs to the account itself.

use serde_json::json;

use super::session::{Done, Session};
use crate::account::PasswordPolicy;
use crate::description::{AccountDescription, PasswordPolicyDescription};

impl Session<'_> {
    pub(super) fn settings(&mut self, description: &AccountDescription) -> Done {
        let before = self.account.settings();
        if let Some(alias) = &description.alias
            && before.alias.as_deref() != Some(alias.as_str())
        {
            self.call(alias.place, "CreateAccountAlias", json!({"AccountAlias": alias.value}))?;
            self.changed(format!("alias {}", alias.value));
        }
        if let Some(policy) = &description.password_policy
            && !before.password_policy.as_ref().is_some_and(|before| is_same(before, policy))
        {
            let PasswordPolicyDescription { minimum_length, max_age, reuse_prevention, hard_expiry, .. } = policy.value;
            let parameters = json!({
                "MinimumPasswordLength": minimum_length,
                "RequireSymbols": policy.require_symbols,
                "RequireNumbers": policy.require_numbers,
                "RequireUppercaseCharacters": policy.require_uppercase,
                "RequireLowercaseCharacters": policy.require_lowercase,
                "AllowUsersToChangePassword": policy.allow_users_to_change_password,
                "MaxPasswordAge": max_age,
                "PasswordReusePrevention": reuse_prevention,
                "HardExpiry": hard_expiry,
            });
            self.call(policy.place, "UpdateAccountPasswordPolicy", parameters)?;
            self.changed("password policy");
        }
        if description.alias.is_some() || description.password_policy.is_some() {
            self.end("account", "settings", false);
        }
        Ok(())
    }
}

fn is_same(before: &PasswordPolicy, policy: &PasswordPolicyDescription) -> bool {
    let rules = [
        (before.require_symbols, policy.require_symbols),
        (before.require_numbers, policy.require_numbers),
        (before.require_uppercase, policy.require_uppercase),
        (before.require_lowercase, policy.require_lowercase),
        (before.allow_users_to_change_password, policy.allow_users_to_change_password),
    ];
    // AWS's default is six characters (IAM API Reference, `UpdateAccountPasswordPolicy`).
    i64::from(before.minimum_length) == policy.minimum_length.unwrap_or(6)
        && rules.iter().all(|(before, wanted)| before == wanted)
        && before.max_age.map(i64::from) == policy.max_age
        && before.reuse_prevention.map(i64::from) == policy.reuse_prevention
        && before.hard_expiry == policy.hard_expiry
}
