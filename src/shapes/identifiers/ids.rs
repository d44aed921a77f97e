//! Unique ids, access key ids and secrets: AWS's forms, from a random source that the caller gives.

use std::cell::RefCell;

use data_encoding::BASE32_NOPAD;
use rand::{Rng, RngExt};

use crate::shapes::{AccountId, Secret};

/// What a unique id stands for, by its prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdPrefix {
    /// A user.
    Aida,
    /// A role.
    Aroa,
    /// A group.
    Agpa,
    /// An instance profile.
    Aipa,
    /// A managed policy.
    Anpa,
    /// A server certificate.
    Asca,
    /// An SSH public key.
    Apka,
    /// A service-specific credential.
    Acca,
}

impl IdPrefix {
    fn as_str(self) -> &'static str {
        match self {
            Self::Aida => "AIDA",
            Self::Aroa => "AROA",
            Self::Agpa => "AGPA",
            Self::Aipa => "AIPA",
            Self::Anpa => "ANPA",
            Self::Asca => "ASCA",
            Self::Apka => "APKA",
            Self::Acca => "ACCA",
        }
    }
}

/// Makes ids and secrets.
pub struct Ids<'r> {
    random: RefCell<&'r mut dyn Rng>,
}

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const SECRET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

impl<'r> Ids<'r> {
    /// Ids from this random source.
    pub fn new(random: &'r mut dyn Rng) -> Self {
        Self { random: RefCell::new(random) }
    }

    /// A unique id of 21 characters, such as `AIDA…` (20 for SSH keys).
    pub fn unique(&self, prefix: IdPrefix) -> String {
        let length = if prefix == IdPrefix::Apka { 16 } else { 17 };
        format!("{}{}", prefix.as_str(), self.text(BASE32, length))
    }

    /// `AKIA` (long-term) or `ASIA` (temporary) and sixteen characters that carry the account.
    pub fn access_key(&self, prefix: &str, account: AccountId) -> String {
        let random = self.random.borrow_mut().random();
        format!("{prefix}{}{}", encode_account(account, random), self.text(BASE32, 7))
    }

    /// A secret access key of 40 characters.
    pub fn secret_access_key(&self) -> Secret {
        Secret::new(self.text(SECRET, 40))
    }

    /// The password of a service-specific credential: 44 characters, the last an equals sign.
    pub fn service_password(&self) -> Secret {
        Secret::new(format!("{}=", self.text(SECRET, 43)))
    }

    /// Random characters out of an alphabet.
    pub fn text(&self, alphabet: &[u8], length: usize) -> String {
        let mut random = self.random.borrow_mut();
        (0..length).filter_map(|_| alphabet.get(random.random_range(0..alphabet.len()))).map(|&b| b as char).collect()
    }

    /// Random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.random.borrow_mut().fill_bytes(&mut bytes);
        bytes
    }

    /// A random UUID (version 4).
    pub fn uuid(&self) -> uuid::Uuid {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid()
    }
}

/// The first nine characters behind the prefix of an access key id. Eight carry half the account's number with the top
/// bit set, the ninth is of the alphabet's upper half for odd accounts.
fn encode_account(account: AccountId, random: u8) -> String {
    let number = account.number() / 2 + (1 << 39);
    let bytes = number.to_be_bytes();
    let mut text = BASE32_NOPAD.encode(bytes.get(3..).unwrap_or_default());
    let ninth = (random & 0x0f) | if account.number() % 2 == 1 { 0x10 } else { 0 };
    text.extend(BASE32.get(usize::from(ninth)).map(|&b| b as char));
    text
}

/// The account that an access key id carries; `None` for old keys and for anything else.
pub fn account_of_access_key(id: &str) -> Option<AccountId> {
    let body = id.get(4..14)?;
    let bytes = BASE32_NOPAD.decode(format!("{body}AAAAAA").get(..16)?.as_bytes()).ok()?;
    let number = bytes.iter().take(6).fold(0_u64, |number, &byte| number << 8 | u64::from(byte));
    let top_bit_set = number >> 47 == 1;
    top_bit_set.then(|| AccountId::from_number((number & 0x7fff_ffff_ff80) >> 7)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn access_keys_carry_the_account() {
        let known = [("029608264753", "QNZGKIQY"), ("123456789012", "RZPUZDIK"), ("000000000000", "QAAAAAAA")];
        let mut random = rand::rngs::StdRng::seed_from_u64(1);
        for (account, expected) in known {
            let account = AccountId::parse(account).unwrap();
            let key = Ids::new(&mut random).access_key("AKIA", account);
            assert_eq!(key.len(), 20);
            assert_eq!(&key[4..12], expected);
            assert_eq!(account_of_access_key(&key), Some(account));
        }
        let real = account_of_access_key("ASIAQNZGKIQY56JQ7WML").unwrap();
        assert_eq!(real.to_string(), "029608264753");
        assert_eq!(account_of_access_key("AKIAIOSFODNN7EXAMPLE"), None, "older keys carry no account");
        assert_eq!(account_of_access_key("test"), None);
        assert_eq!(account_of_access_key("AKIAäöüäöüäöü"), None);
    }

    #[test]
    fn ids_have_the_length_aws_gives_them() {
        let mut random = rand::rngs::StdRng::seed_from_u64(2);
        let ids = Ids::new(&mut random);
        assert_eq!(ids.unique(IdPrefix::Aida).len(), 21);
        assert_eq!(ids.unique(IdPrefix::Apka).len(), 20);
        assert_eq!(ids.secret_access_key().reveal().len(), 40);
    }
}
