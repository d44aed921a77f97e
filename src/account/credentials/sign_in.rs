//! Who is signed in: sessions of the console, and command lines that act for a person (`aws login`).

use std::collections::BTreeMap;
use std::sync::Arc;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::account::{Account, Entity};
use crate::error::Result;
use crate::shapes::Timestamp;

/// The most sign-ins of one person; the oldest makes room for another.
const MAX_OF_PERSON: usize = 100;

/// The most sign-ins of an account; the principal with the most loses its oldest for another.
const MAX_OF_ACCOUNT: usize = 10_000;

/// The random secret of a sign-in. The browser or command line has it; the account keeps its hash.
pub type SignInSecret = [u8; 32];

/// Somebody who is signed in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignIn {
    /// The SHA-256 of the secret, in hexadecimal digits.
    pub key: String,
    /// Who signed in: the unique id of the principal as `GetCallerIdentity` shows it.
    pub person: String,
    /// When it began.
    pub began: Timestamp,
    /// When it ends, unless it is ended before.
    pub ends: Timestamp,
    /// What the server remembers of it, sealed under the server's key.
    pub content: String,
}

impl Entity for SignIn {
    fn key(&self) -> String {
        self.key.clone()
    }
}

impl SignIn {
    /// The key of the sign-in with a secret.
    pub fn key_of(secret: &SignInSecret) -> String {
        HEXLOWER.encode(&Sha256::digest(secret))
    }

    /// The principal whose sign-in it is. A role and its sessions are one, whatever names the sessions have; so are the
    /// federated users of an account.
    fn principal(&self) -> &str {
        self.person.split_inclusive(':').next().unwrap_or_default()
    }
}

impl Account {
    /// The sign-in with a secret, if it has not ended.
    pub fn sign_in(&self, secret: &SignInSecret, now: Timestamp) -> Option<&Arc<SignIn>> {
        self.sign_ins.get(&SignIn::key_of(secret)).filter(|one| now < one.ends)
    }

    /// Adds a sign-in, or puts it in the place of the one with its key, and forgets those that are over. A person with too
    /// many loses the oldest; in an account with too many it is the principal with the most, so that none can end the
    /// sessions of others by signing in often.
    ///
    /// # Errors
    /// Only for a fault of ours; see [`Account::put`].
    pub fn add_sign_in(&mut self, added: SignIn, now: Timestamp) -> Result<()> {
        let (mut gone, mut kept): (Vec<_>, Vec<_>) = self.sign_ins.iter().cloned().partition(|one| one.ends <= now);
        kept.retain(|one| one.key != added.key);
        kept.sort_by_key(|one| one.began);
        let mut of_person = kept.iter().filter(|one| one.person == added.person);
        if of_person.clone().count() >= MAX_OF_PERSON {
            gone.extend(of_person.next().cloned());
        } else if kept.len() >= MAX_OF_ACCOUNT {
            let mut counts = BTreeMap::<&str, usize>::new();
            kept.iter().for_each(|one| *counts.entry(one.principal()).or_default() += 1);
            let most = counts.into_iter().max_by_key(|(_, count)| *count).map(|(principal, _)| principal);
            gone.extend(kept.iter().find(|one| Some(one.principal()) == most).cloned());
        }
        gone.iter().for_each(|one| self.remove::<SignIn>(&one.key));
        self.put(added)
    }

    /// Ends all sign-ins of a person.
    pub fn end_sign_ins_of(&mut self, person: &str) {
        let keys: Vec<_> = self.sign_ins.iter().filter(|one| one.person == person).map(|one| one.key()).collect();
        keys.iter().for_each(|key| self.remove::<SignIn>(key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shapes::AccountId;

    fn added(account: &mut Account, number: u8, person: &str, began: i64) -> SignInSecret {
        let secret = [number; 32];
        let (began, ends) = (Timestamp::from_seconds(began), Timestamp::from_seconds(began + 1000));
        let (key, person) = (SignIn::key_of(&secret), person.to_owned());
        account.add_sign_in(SignIn { key, person, began, ends, content: String::new() }, began).unwrap();
        secret
    }

    #[test]
    fn a_sign_in_lasts_until_its_time_or_its_person_ends_it() {
        let mut account = Account::new(AccountId::from_number(1).unwrap(), Timestamp::default());
        let (first, second) = (added(&mut account, 1, "AIDA1", 0), added(&mut account, 2, "AIDA2", 500));
        let at = Timestamp::from_seconds;
        assert!(account.sign_in(&first, at(999)).is_some() && account.sign_in(&first, at(1000)).is_none());
        assert!(account.sign_in(&[3; 32], at(0)).is_none());
        assert!(!format!("{:?}", account.sign_in(&first, at(0))).contains("01010101"), "the secret is not kept");
        added(&mut account, 3, "AIDA2", 1000);
        assert!(account.sign_ins.get(&SignIn::key_of(&first)).is_none(), "it is over");
        account.end_sign_ins_of("AIDA2");
        assert!(account.sign_in(&second, at(1001)).is_none() && account.sign_ins.is_empty());
    }

    #[test]
    fn who_signs_in_most_makes_room_in_a_full_account() {
        let mut account = Account::new(AccountId::from_number(1).unwrap(), Timestamp::default());
        let (root, user) = (added(&mut account, 1, "000000000001", 0), added(&mut account, 2, "AIDA1", 0));
        let federated = added(&mut account, 3, "000000000001:ann", 0);
        for number in account.sign_ins.len()..MAX_OF_ACCOUNT {
            let (key, person) = (format!("{number:064}"), format!("AROA1:session-{}", number % 200));
            let (began, ends) = (Timestamp::from_seconds(1), Timestamp::from_seconds(1000));
            account.put(SignIn { key, person, began, ends, content: String::new() }).unwrap();
        }
        for number in 4..20 {
            added(&mut account, number, &format!("AROA1:another-{number}"), 2);
            assert_eq!(account.sign_ins.len(), MAX_OF_ACCOUNT);
        }
        let last = added(&mut account, 20, "AIDA2", 2);
        assert_eq!(account.sign_ins.len(), MAX_OF_ACCOUNT);
        let now = Timestamp::from_seconds(3);
        assert!([root, user, federated, last].iter().all(|secret| account.sign_in(secret, now).is_some()));
    }

    #[test]
    fn the_oldest_makes_room() {
        let mut account = Account::new(AccountId::from_number(1).unwrap(), Timestamp::default());
        let other = added(&mut account, 255, "AIDA2", 0);
        let first = added(&mut account, 0, "AIDA1", 0);
        for number in 1..=MAX_OF_PERSON {
            added(&mut account, u8::try_from(number).unwrap(), "AIDA1", i64::try_from(number).unwrap());
        }
        assert_eq!(account.sign_ins.len(), MAX_OF_PERSON + 1);
        let now = Timestamp::from_seconds(200);
        assert!(account.sign_in(&first, now).is_none() && account.sign_in(&other, now).is_some());
    }
}
