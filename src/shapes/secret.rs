//! Values that are never logged, never shown by `Debug`, and compared in constant time.

use std::fmt;

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

use super::{Pattern, Text};

static PASSWORD: Pattern = Pattern::new(r"[\u0009\u000A\u000D\u0020-\u00FF]+");

/// A secret text. It is wiped when dropped.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Keeps `value` secret.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The text itself, for computing with it or for the one answer that shows it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for Secret {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self::new(text))
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Declares parameters that are secrets: read like any string shape, shown by nothing.
macro_rules! secrets {
    ($($(#[$doc:meta])* $name:ident = $text:expr;)+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Deserialize)]
            pub struct $name(Secret);

            impl $name {
                /// The text itself.
                pub fn reveal(&self) -> &str {
                    self.0.reveal()
                }
            }
        )+

        /// The constraints of the secrets.
        pub(super) static TEXTS: &[(&str, $crate::shapes::Constraint)] =
            &[$((stringify!($name), $crate::shapes::Constraint::Text($text.secret()))),+];
    };
}

secrets! {
    /// A user's password (`passwordType`).
    Password = Text::length(1, 128).matching(&PASSWORD);
    /// A private key (`privateKeyType`).
    PrivateKey = Text::length(1, 16384).matching(&PASSWORD);
    /// A JSON Web Token (`clientTokenType`).
    ClientToken = Text::length(4, 20000);
    /// A SAML response (`SAMLAssertionType`).
    SamlAssertion = Text::length(4, 100_000);
    /// What a product provider trades for credentials (`tradeInTokenType`).
    TradeInToken = Text::length(0, usize::MAX);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret:?}"), "[redacted]");
        assert_eq!(secret, Secret::new("hunter2"));
        assert_ne!(secret, Secret::new("hunter3"));
    }
}
