//! The rules for the passwords of an account's users: its own, or AWS's while it has none.

use serde::{Deserialize, Serialize};

use crate::account::{Account, LoginProfile};
use crate::error::{Code, Error, Result};

/// The account's rules for passwords.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "they are AWS's")]
pub struct PasswordPolicy {
    /// 6 to 128.
    pub minimum_length: i32,
    /// One of `` ! @ # $ % ^ & * ( ) _ + - = [ ] { } | ' ``.
    pub require_symbols: bool,
    /// One digit.
    pub require_numbers: bool,
    /// One of A to Z.
    pub require_uppercase: bool,
    /// One of a to z.
    pub require_lowercase: bool,
    /// Users need no permission to change their own password, nor to read these rules.
    pub allow_users_to_change_password: bool,
    /// Days after which a password expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<i32>,
    /// How many passwords, the present one included, may not be used again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reuse_prevention: Option<i32>,
    /// A user whose password has expired cannot sign in to set a new one. `ChangePassword` with access keys still can
    /// (IAM User Guide, "Set an account password policy for IAM users").
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hard_expiry: Option<bool>,
}

/// AWS's own rules: eight characters, three of the four classes.
const DEFAULT_MINIMUM_LENGTH: i32 = 8;
const DEFAULT_CLASSES: usize = 3;

/// A class of characters that a password can be asked for.
#[derive(Clone, Copy, Debug)]
enum Class {
    Uppercase,
    Lowercase,
    Number,
    Symbol,
}

impl Class {
    /// In the order of AWS's sentences.
    const ALL: [Self; 4] = [Self::Uppercase, Self::Lowercase, Self::Number, Self::Symbol];

    fn is_in(self, password: &str) -> bool {
        password.chars().any(|c| match self {
            Self::Uppercase => c.is_ascii_uppercase(),
            Self::Lowercase => c.is_ascii_lowercase(),
            Self::Number => c.is_ascii_digit(),
            Self::Symbol => "!@#$%^&*()_+-=[]{}|'".contains(c),
        })
    }

    fn demand(self) -> &'static str {
        match self {
            Self::Uppercase => "Password should have at least one uppercase letter",
            Self::Lowercase => "Password should have at least one lowercase letter",
            Self::Number => "Password should have at least one number",
            Self::Symbol => "Password should have at least one symbol",
        }
    }
}

fn violation(sentences: &[String]) -> Result<()> {
    if sentences.is_empty() {
        return Ok(());
    }
    Err(Error::new(Code::PasswordPolicyViolation, sentences.join(", ")))
}

/// The sentence for a password that is too short.
fn too_short(password: &str, minimum: i32) -> Option<String> {
    let enough = usize::try_from(minimum).is_ok_and(|minimum| password.chars().count() >= minimum);
    (!enough).then(|| format!("Password should have a minimum length of {minimum}"))
}

/// The demands of the classes that a password lacks.
fn lacking(password: &str, classes: impl IntoIterator<Item = Class>) -> impl Iterator<Item = String> {
    classes.into_iter().filter(|class| !class.is_in(password)).map(|class| class.demand().to_owned())
}

impl PasswordPolicy {
    fn requires(&self, class: Class) -> bool {
        match class {
            Class::Uppercase => self.require_uppercase,
            Class::Lowercase => self.require_lowercase,
            Class::Number => self.require_numbers,
            Class::Symbol => self.require_symbols,
        }
    }

    fn check(&self, password: &str) -> Result<()> {
        let classes = Class::ALL.into_iter().filter(|class| self.requires(*class));
        let sentences: Vec<_> =
            too_short(password, self.minimum_length).into_iter().chain(lacking(password, classes)).collect();
        violation(&sentences)
    }
}

fn check_default(password: &str) -> Result<()> {
    let mut sentences: Vec<_> = too_short(password, DEFAULT_MINIMUM_LENGTH).into_iter().collect();
    let lacking: Vec<_> = lacking(password, Class::ALL).collect();
    let more = lacking.len().saturating_sub(Class::ALL.len() - DEFAULT_CLASSES);
    if more > 0 {
        let lacking = lacking.join(", ");
        sentences.push(format!("Password should meet {more} more of the following requirements: {lacking}"));
    }
    violation(&sentences)
}

impl Account {
    /// Refuses a new password that breaks the rules. `former` is the profile whose password it is to replace.
    ///
    /// # Errors
    /// `PasswordPolicyViolation` with every rule that it breaks; that it was used before is reported only if it breaks
    /// no other.
    pub fn check_password(&self, password: &str, former: Option<&LoginProfile>) -> Result<()> {
        let Some(policy) = self.settings().password_policy else { return check_default(password) };
        policy.check(password)?;
        let count = policy.reuse_prevention.and_then(|count| usize::try_from(count).ok()).unwrap_or(0);
        if former.is_some_and(|former| former.was_used(password, count)) {
            let message = "Policy constraint violation with password reuse prevention during password change.";
            return Err(Error::new(Code::PasswordPolicyViolation, message));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn awss_own_rules_ask_for_three_classes_of_four() {
        let more = |n, what: &str| Some(format!("Password should meet {n} more of the following requirements: {what}"));
        let (upper, lower) = (
            "Password should have at least one uppercase letter",
            "Password should have at least one lowercase letter",
        );
        let (number, symbol) = ("Password should have at least one number", "Password should have at least one symbol");
        let cases = [
            ("Passw0rd", None),
            ("pass-w0rd", None),
            ("PASSWORD1!", None),
            ("password1", more(1, &format!("{upper}, {symbol}"))),
            ("PASSWORD", more(2, &format!("{lower}, {number}, {symbol}"))),
            ("ÄÖÜÄÖÜÄÖÜ", more(3, &format!("{upper}, {lower}, {number}, {symbol}"))),
            ("Passw0r", Some("Password should have a minimum length of 8".to_owned())),
        ];
        for (password, expected) in cases {
            let message = check_default(password).err().and_then(|error| error.message().map(str::to_owned));
            assert_eq!(message, expected, "{password}");
        }
    }

    #[test]
    fn an_accounts_own_rules_are_reported_together() {
        let policy = PasswordPolicy {
            minimum_length: 10,
            require_symbols: true,
            require_numbers: false,
            require_uppercase: true,
            require_lowercase: false,
            allow_users_to_change_password: false,
            max_age: None,
            reuse_prevention: None,
            hard_expiry: None,
        };
        assert_eq!(
            policy.check("x").unwrap_err().message(),
            Some(
                "Password should have a minimum length of 10, Password should have at least one uppercase letter, \
                 Password should have at least one symbol"
            )
        );
        assert!(policy.check("ABCDEFGHI-").is_ok());
    }
}
