//! The account's rules for passwords.

use serde::{Deserialize, Serialize};

use crate::account::PasswordPolicy;
use crate::call::{Access, Command, Operation, Query, Transaction, View, operations};
use crate::error::{Code, Error, Result};
use crate::shapes::{MaxPasswordAge, MinimumPasswordLength, PasswordReusePrevention};

/// The least length of passwords when the caller does not say.
const DEFAULT_MINIMUM_LENGTH: i32 = 6;

/// The rules in an answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
#[allow(clippy::struct_excessive_bools, reason = "they are AWS's")]
pub struct PasswordPolicyShape {
    minimum_password_length: i32,
    require_symbols: bool,
    require_numbers: bool,
    require_uppercase_characters: bool,
    require_lowercase_characters: bool,
    allow_users_to_change_password: bool,
    expire_passwords: bool,
    max_password_age: Option<i32>,
    password_reuse_prevention: Option<i32>,
    hard_expiry: Option<bool>,
}

/// Returns the account's rules for passwords, if it has its own.
#[derive(Deserialize)]
pub struct GetAccountPasswordPolicy {}

/// What `GetAccountPasswordPolicy` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetAccountPasswordPolicyResult {
    password_policy: PasswordPolicyShape,
}

impl Operation for GetAccountPasswordPolicy {
    type Output = GetAccountPasswordPolicyResult;

    const ERRORS: &'static [Code] = &[Code::NoSuchEntity, Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        Access::any().or_by_password_policy()
    }
}

impl Query for GetAccountPasswordPolicy {
    fn answer(self, cx: &View<'_>) -> Result<GetAccountPasswordPolicyResult> {
        let policy = cx.account.settings().password_policy.ok_or_else(|| {
            let message = format!("The Password Policy with domain name {} cannot be found.", cx.account.id);
            Error::new(Code::NoSuchEntity, message)
        })?;
        let password_policy = PasswordPolicyShape {
            minimum_password_length: policy.minimum_length,
            require_symbols: policy.require_symbols,
            require_numbers: policy.require_numbers,
            require_uppercase_characters: policy.require_uppercase,
            require_lowercase_characters: policy.require_lowercase,
            allow_users_to_change_password: policy.allow_users_to_change_password,
            expire_passwords: policy.max_age.is_some(),
            max_password_age: policy.max_age,
            password_reuse_prevention: policy.reuse_prevention,
            hard_expiry: policy.hard_expiry,
        };
        Ok(GetAccountPasswordPolicyResult { password_policy })
    }
}

/// Sets the account's rules for passwords. What is left out goes back to its default.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateAccountPasswordPolicy {
    minimum_password_length: Option<MinimumPasswordLength>,
    require_symbols: Option<bool>,
    require_numbers: Option<bool>,
    require_uppercase_characters: Option<bool>,
    require_lowercase_characters: Option<bool>,
    allow_users_to_change_password: Option<bool>,
    max_password_age: Option<MaxPasswordAge>,
    password_reuse_prevention: Option<PasswordReusePrevention>,
    hard_expiry: Option<bool>,
}

impl Operation for UpdateAccountPasswordPolicy {
    type Output = ();

    const ERRORS: &'static [Code] =
        &[Code::LimitExceeded, Code::MalformedPolicyDocument, Code::NoSuchEntity, Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        Access::any()
    }
}

impl Command for UpdateAccountPasswordPolicy {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let policy = PasswordPolicy {
            minimum_length: self.minimum_password_length.map_or(DEFAULT_MINIMUM_LENGTH, MinimumPasswordLength::get),
            require_symbols: self.require_symbols.unwrap_or_default(),
            require_numbers: self.require_numbers.unwrap_or_default(),
            require_uppercase: self.require_uppercase_characters.unwrap_or_default(),
            require_lowercase: self.require_lowercase_characters.unwrap_or_default(),
            allow_users_to_change_password: self.allow_users_to_change_password.unwrap_or_default(),
            max_age: self.max_password_age.map(MaxPasswordAge::get),
            reuse_prevention: self.password_reuse_prevention.map(PasswordReusePrevention::get),
            hard_expiry: self.hard_expiry,
        };
        cx.account.update_settings(|settings| {
            settings.password_policy = Some(policy);
            Ok(())
        })
    }
}

/// Takes the account's rules away: AWS's own hold again.
#[derive(Deserialize)]
pub struct DeleteAccountPasswordPolicy {}

impl Operation for DeleteAccountPasswordPolicy {
    type Output = ();

    const ERRORS: &'static [Code] = &[Code::LimitExceeded, Code::NoSuchEntity, Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        Access::any()
    }
}

impl Command for DeleteAccountPasswordPolicy {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        cx.account.update_settings(|settings| match settings.password_policy.take() {
            Some(_) => Ok(()),
            None => {
                let message = "The account policy with name PasswordPolicy cannot be found.";
                Err(Error::new(Code::NoSuchEntity, message))
            }
        })
    }
}

operations!(IAM: query GetAccountPasswordPolicy; command DeleteAccountPasswordPolicy, UpdateAccountPasswordPolicy);
