//! Deletions of service-linked roles, which AWS does as tasks.

use serde::{Deserialize, Serialize};

use super::{Account, Entity};
use crate::shapes::{DeletionTaskStatus, Timestamp};

/// The deletion of one service-linked role.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeletionTask {
    /// `task/aws-service-role/{service}/{role}/{uuid}`.
    pub id: String,
    /// When the deletion was asked for.
    pub created: Timestamp,
    /// What became of it.
    pub status: DeletionTaskStatus,
}

/// How long tasks are kept, in seconds.
const RETENTION: i64 = 24 * 3600;

/// The most tasks that are kept.
const MAX_TASKS: usize = 1000;

impl Account {
    /// Makes room for one more task: forgets those that are old, and the oldest beyond what is kept.
    pub fn forget_deletion_tasks(&mut self, now: Timestamp) {
        let mut newest: Vec<_> = self.deletion_tasks.iter().map(|task| (task.created, task.id.clone())).collect();
        newest.sort_unstable_by(|one, other| other.cmp(one));
        let old = newest.into_iter().enumerate();
        let old = old.filter(|(place, (created, _))| *place >= MAX_TASKS - 1 || now >= created.plus(RETENTION));
        old.for_each(|(_, (_, id))| self.remove::<DeletionTask>(&id));
    }
}

impl Entity for DeletionTask {
    fn key(&self) -> String {
        self.id.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shapes::AccountId;

    #[test]
    fn old_tasks_are_forgotten() {
        let mut account = Account::new(AccountId::from_number(1).unwrap(), Timestamp::default());
        let mut delete = |number: usize, seconds: i64| {
            let (id, created) = (format!("task/{number}"), Timestamp::from_seconds(seconds));
            account.forget_deletion_tasks(created);
            account.put(DeletionTask { id, created, status: DeletionTaskStatus::Succeeded }).unwrap();
            account.deletion_tasks.len()
        };
        let most = (0..MAX_TASKS + 10).map(|number| delete(number, number as i64)).max();
        assert_eq!(most, Some(MAX_TASKS));
        assert_eq!(delete(9999, RETENTION + 2000), 1);
    }
}
