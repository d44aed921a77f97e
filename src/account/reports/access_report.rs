//! Reports of when services were last accessed.

use serde::{Deserialize, Serialize};

use crate::account::{Account, Entity};
use crate::shapes::Timestamp;

/// A report as it was when it was generated.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccessReport {
    /// The job's id, a UUID.
    pub id: String,
    /// The unique id of the user or role that asked for it, or the account's number for the root user. No other caller may
    /// read it.
    pub requester: String,
    /// Whether actions are reported as well as services.
    pub action_level: bool,
    /// When it was generated.
    pub created: Timestamp,
    /// The services that the entity's policies allow, by namespace.
    pub services: Vec<ServiceAccess>,
}

/// One service in a report.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ServiceAccess {
    /// Such as `AWS Identity and Access Management`.
    pub name: String,
    /// Such as `iam`.
    pub namespace: String,
    /// The users and roles that the report is about, with their last access if there was one.
    pub entities: Vec<EntityAccess>,
    /// The last access for each action that was called.
    pub actions: Vec<ActionAccess>,
}

/// A user or role, and when it last accessed a service.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EntityAccess {
    /// The ARN.
    pub arn: String,
    /// The name.
    pub name: String,
    /// The unique id.
    pub id: String,
    /// The path.
    pub path: String,
    /// Whether it is a role; else it is a user.
    pub is_role: bool,
    /// When and where, if ever.
    pub last: Option<(Timestamp, String)>,
}

/// When an action was last called, where and by whom.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ActionAccess {
    /// Such as `GetUser`.
    pub name: String,
    /// When.
    pub used: Timestamp,
    /// Where.
    pub region: String,
    /// The ARN of the user or role.
    pub entity: String,
}

/// How long reports are kept, in seconds.
const RETENTION: i64 = 24 * 3600;

/// The most reports that are kept of an account, and of one who asks for them.
const MAX_REPORTS: usize = 200;
const MAX_REPORTS_PER_REQUESTER: usize = 20;

impl Account {
    /// Makes room for one more report: forgets those that are old, and the oldest beyond what is kept.
    pub fn forget_access_reports(&mut self, requester: &str, now: Timestamp) {
        let mut newest: Vec<_> = self.access_reports.iter().collect();
        newest.sort_by_key(|report| std::cmp::Reverse(report.created));
        let (mut kept, mut own) = (0, 0);
        let mut is_kept = |report: &AccessReport| {
            let is_own = report.requester == requester;
            let room = kept < MAX_REPORTS - 1 && (!is_own || own < MAX_REPORTS_PER_REQUESTER - 1);
            let keeps = room && now < report.created.plus(RETENTION);
            kept += usize::from(keeps);
            own += usize::from(keeps && is_own);
            keeps
        };
        let forgotten: Vec<_> =
            newest.into_iter().filter(|report| !is_kept(report)).map(|one| one.id.clone()).collect();
        forgotten.iter().for_each(|id| self.remove::<AccessReport>(id));
    }
}

impl Entity for AccessReport {
    fn key(&self) -> String {
        self.id.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shapes::AccountId;

    fn account() -> Account {
        Account::new(AccountId::from_number(1).unwrap(), Timestamp::default())
    }

    fn generate(account: &mut Account, requester: &str, number: usize, seconds: i64) {
        let created = Timestamp::from_seconds(seconds);
        account.forget_access_reports(requester, created);
        let (id, requester) = (format!("{requester}-{number}"), requester.to_owned());
        account.put(AccessReport { id, requester, action_level: false, created, services: Vec::new() }).unwrap();
    }

    #[test]
    fn the_oldest_reports_are_forgotten() {
        let mut account = account();
        generate(&mut account, "ann", 0, 0);
        for number in 0..50 {
            generate(&mut account, "bob", number, 10 + number as i64);
        }
        let own = |account: &Account, requester: &str| {
            account.access_reports.iter().filter(|report| report.requester == requester).count()
        };
        assert_eq!((own(&account, "ann"), own(&account, "bob")), (1, MAX_REPORTS_PER_REQUESTER));
        assert!(account.access_reports.get("bob-49").is_some() && account.access_reports.get("bob-29").is_none());
        generate(&mut account, "bob", 50, 24 * 3600);
        assert_eq!((own(&account, "ann"), own(&account, "bob")), (0, MAX_REPORTS_PER_REQUESTER), "a day is over");
    }

    #[test]
    fn an_account_has_so_many_reports() {
        let mut account = account();
        for number in 0..MAX_REPORTS + 5 {
            generate(&mut account, &format!("user-{number}"), number, number as i64);
        }
        assert_eq!(account.access_reports.len(), MAX_REPORTS);
    }
}
