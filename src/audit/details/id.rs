//! The ids of denials.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The most characters of an id.
const MAX_LENGTH: usize = 25;

/// The digits of base 36.
const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// The id of a denial: 128 random bits, written in base 36 as AWS writes them: `9fwl8rk7s35sljltb3mkkdi7f`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AuthorizationId(u128);

/// A text that is no id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an authorization id has 25 small letters and digits at most, and does not begin with 0")]
pub struct InvalidId;

impl AuthorizationId {
    /// The id with these bits.
    pub fn new(bits: u128) -> Self {
        Self(bits)
    }

    /// Reads an id as it is written.
    ///
    /// # Errors
    /// For any other text.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_lowercase();
        let is_written_so = text.len() <= MAX_LENGTH && text.bytes().all(is_digit) && !text.starts_with('0');
        let bits = u128::from_str_radix(text, 36).ok().filter(|_| is_written_so);
        bits.map(Self).ok_or(InvalidId)
    }

    /// The id at the end of the message of a denial.
    pub fn at_end_of(message: &str) -> Option<Self> {
        let (_, id) = message.rsplit_once("authorization id: ")?;
        Self::parse(id).ok()
    }

    /// The bits.
    pub fn bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }
}

impl fmt::Display for AuthorizationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut rest, mut digits) = (self.0, Vec::with_capacity(MAX_LENGTH));
        loop {
            digits.push(DIGITS.get((rest % 36) as usize).copied().map_or('0', char::from));
            rest /= 36;
            if rest == 0 {
                break;
            }
        }
        f.write_str(&digits.into_iter().rev().collect::<String>())
    }
}

impl fmt::Debug for AuthorizationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<AuthorizationId> for String {
    fn from(id: AuthorizationId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for AuthorizationId {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_written_in_base_36() {
        for (bits, text) in [(1, "1"), (35, "z"), (36, "10"), (u128::MAX, "f5lxx1zz5pnorynqglhzmsp33")] {
            assert_eq!(AuthorizationId::new(bits).to_string(), text);
            assert_eq!(AuthorizationId::parse(text), Ok(AuthorizationId::new(bits)));
        }
    }

    #[test]
    fn messages_end_with_ids() {
        let message = "… because no policy allows it. Go to … with the following authorization id: ";
        assert_eq!(AuthorizationId::at_end_of(&format!("{message}10")), Some(AuthorizationId::new(36)));
        for text in [message.to_owned(), format!("{message}10."), "10".to_owned()] {
            assert_eq!(AuthorizationId::at_end_of(&text), None, "{text}");
        }
    }

    #[test]
    fn nothing_else_is_an_id() {
        for text in [
            "",
            "0",
            "01",
            "+1",
            "A",
            "9FWL8RK7S35SLJLTB3MKKDI7F",
            "f5lxx1zz5pnorynqglhzmsp34",
            "zzzzzzzzzzzzzzzzzzzzzzzzz",
            "10000000000000000000000000",
            " 1",
            "é",
        ] {
            assert_eq!(AuthorizationId::parse(text), Err(InvalidId), "{text}");
        }
    }
}
