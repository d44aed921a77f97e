//! What came of the delivery of trails' events, with this server and with the others on its database.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::shapes::{AccountId, Timestamp};

/// How long the failure of another server counts that is not heard of again: each tries again after seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// What came of the delivery of a trail's events since the server was started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryStatus {
    /// When files were delivered last.
    pub delivered: Option<Timestamp>,
    /// When it was tried last.
    pub attempted: Option<Timestamp>,
    /// Why the last attempt failed, if it did.
    pub error: Option<String>,
}

/// What a server announces of a trail.
#[derive(Serialize, Deserialize)]
struct Announced {
    account: String,
    trail: String,
    status: DeliveryStatus,
}

/// The statuses of all trails.
#[derive(Default)]
pub(super) struct Statuses {
    own: HashMap<(AccountId, String), DeliveryStatus>,
    others: HashMap<(AccountId, String), Others>,
}

/// What came of a trail with other servers.
#[derive(Default)]
struct Others {
    latest: DeliveryStatus,
    /// Why servers cannot deliver, and when that was heard.
    failing: HashMap<u64, (Instant, String)>,
}

impl Statuses {
    /// What came of a trail with this server.
    pub fn own(&mut self, account: AccountId, trail: &str) -> &mut DeliveryStatus {
        self.own.entry((account, trail.to_owned())).or_default()
    }

    /// What came of a trail with all servers: the latest times, and an error as long as one of them has it.
    pub fn of(&self, account: AccountId, trail: &str) -> DeliveryStatus {
        let key = (account, trail.to_owned());
        let mut status = self.own.get(&key).cloned().unwrap_or_default();
        if let Some(others) = self.others.get(&key) {
            status.delivered = status.delivered.max(others.latest.delivered);
            status.attempted = status.attempted.max(others.latest.attempted);
            let failing = others.failing.values().filter(|(heard, _)| heard.elapsed() < PATIENCE);
            status.error = status.error.or_else(|| failing.map(|(_, error)| error.clone()).next());
        }
        status
    }

    /// What to announce of a trail.
    pub fn announced(account: AccountId, trail: &str, status: &DeliveryStatus) -> String {
        let announced = Announced { account: account.qualified(), trail: trail.to_owned(), status: status.clone() };
        serde_json::to_string(&announced).unwrap_or_default()
    }

    /// Takes note of what another server has announced.
    pub fn hear(&mut self, server: u64, text: &str) {
        let Ok(Announced { account, trail, status }) = serde_json::from_str(text) else { return };
        let Some(account) = AccountId::parse_qualified(&account) else { return };
        let Others { latest, failing } = self.others.entry((account, trail)).or_default();
        latest.delivered = latest.delivered.max(status.delivered);
        latest.attempted = latest.attempted.max(status.attempted);
        failing.retain(|_, (heard, _)| heard.elapsed() < PATIENCE);
        match status.error {
            Some(error) => drop(failing.insert(server, (Instant::now(), error))),
            None => drop(failing.remove(&server)),
        }
    }

    /// Forgets what is not to be kept.
    pub fn retain(&mut self, is_kept: impl Fn(AccountId) -> bool) {
        self.own.retain(|(owner, _), _| is_kept(*owner));
        self.others.retain(|(owner, _), _| is_kept(*owner));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trail_has_one_status_for_all_servers() {
        let account = AccountId::from_number(1).unwrap();
        let at = |seconds| Some(Timestamp::from_seconds(seconds));
        let mut statuses = Statuses::default();
        *statuses.own(account, "all") = DeliveryStatus { delivered: at(5), attempted: at(5), error: None };
        let mut hear = |server, delivered, error: Option<&str>| {
            let status = DeliveryStatus { delivered, attempted: at(9), error: error.map(str::to_owned) };
            statuses.hear(server, &Statuses::announced(account, "all", &status));
            let found = statuses.of(account, "all");
            assert_eq!(found.attempted, at(9));
            (found.delivered, found.error)
        };
        assert_eq!(hear(1, None, Some("full")), (at(5), Some("full".to_owned())));
        assert_eq!(hear(2, at(8), None), (at(8), Some("full".to_owned())), "one of them still fails");
        assert_eq!(hear(1, at(7), None), (at(8), None));
        statuses.hear(1, "{}");
        statuses.retain(|_| false);
        assert_eq!(statuses.of(account, "all"), DeliveryStatus::default());
    }
}
