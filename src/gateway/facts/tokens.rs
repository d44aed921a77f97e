//! What opaque tokens of answers stand for: shard iterators, tokens of pages and of grants.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use aws_calls::needs::Need;
use sha2::{Digest, Sha256};

use crate::shapes::AccountId;

/// The most tokens that are kept. Shard iterators are good for five minutes.
const MAX_TOKENS: usize = 20_000;

/// A token that an account was given in a region, by its hash: some are thousands of characters long.
pub(in crate::gateway) type Key = [u8; 32];

/// The resources that the newest tokens belong to. A call with an unknown token is about all resources.
#[derive(Default)]
pub(in crate::gateway) struct Tokens(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    resources: HashMap<Key, Arc<str>>,
    /// The keys, oldest first.
    order: VecDeque<Key>,
}

impl Tokens {
    /// The resource that a token belongs to.
    pub fn resource(&self, key: &Key) -> Option<Arc<str>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.resources.get(key).map(Arc::clone)
    }

    /// Keeps the resource that a token belongs to.
    pub fn keep(&self, key: Key, resource: &str) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.resources.insert(key, resource.into()).is_none() {
            kept.order.push_back(key);
        }
        if kept.order.len() > MAX_TOKENS
            && let Some(oldest) = kept.order.pop_front()
        {
            kept.resources.remove(&oldest);
        }
    }

    /// Forgets all.
    pub fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Kept::default();
    }
}

/// What a token of a caller in this account and region is known by; `None` if it is no token.
pub(in crate::gateway) fn token_key(account: AccountId, region: &str, token: &Need) -> Option<Key> {
    let Need::ResourceOfToken { operation, token } = token else { return None };
    let mut hash = Sha256::new();
    for part in [account.partition().name(), &account.to_string(), region, operation, token] {
        hash.update(part);
        hash.update([0]);
    }
    Some(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(operation: &str, text: &str) -> Need {
        Need::ResourceOfToken { operation: operation.to_owned(), token: text.to_owned() }
    }

    #[test]
    fn a_token_is_of_one_account_region_and_operation() {
        let (account, other) = (AccountId::from_number(1).unwrap(), AccountId::from_number(2).unwrap());
        let tokens = Tokens::default();
        let key = |account, region: &str, token: &Need| token_key(account, region, token).unwrap();
        let known = key(account, "eu-west-1", &token("GetRecords", "t"));
        tokens.keep(known, "arn:a");
        assert_eq!(tokens.resource(&known).as_deref(), Some("arn:a"));
        for (account, region, token) in [
            (other, "eu-west-1", token("GetRecords", "t")),
            (account, "eu-west-2", token("GetRecords", "t")),
            (account, "eu-west-1", token("ListShards", "t")),
            (account, "eu-west-1", token("GetRecords", "u")),
        ] {
            assert_eq!(tokens.resource(&key(account, region, &token)), None, "{region} {token:?}");
        }
        tokens.keep(known, "arn:b");
        assert_eq!(tokens.resource(&known).as_deref(), Some("arn:b"));
        tokens.forget();
        assert_eq!(tokens.resource(&known), None);
    }

    #[test]
    fn the_oldest_go_first() {
        let account = AccountId::from_number(1).unwrap();
        let tokens = Tokens::default();
        let key = |number: usize| token_key(account, "r", &token("GetRecords", &number.to_string())).unwrap();
        for number in 0..=MAX_TOKENS {
            tokens.keep(key(number), "arn:a");
        }
        let is_kept = |number| tokens.resource(&key(number)).is_some();
        assert_eq!((is_kept(0), is_kept(1), is_kept(MAX_TOKENS)), (false, true, true));
    }
}
