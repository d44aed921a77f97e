//! What was made, changed, left and removed.

use serde::{Deserialize, Serialize};

/// What happened to an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It was made.
    Made,
    /// It was there, and something about it was changed.
    Changed,
    /// It was as described.
    Left,
    /// It was removed.
    Removed,
}

/// One entity.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReportEntry {
    /// The account.
    pub account: String,
    /// What kind of entity it is: `user`, `role`, …
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What happened to it.
    pub outcome: Outcome,
    /// What was changed, each as a few words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<String>,
}

/// What was made, changed, left and removed, in the order in which it happened.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Report {
    /// The entities.
    pub entities: Vec<ReportEntry>,
    /// What a person should know: what could not be matched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

impl Report {
    /// How many entities had this outcome.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.entities.iter().filter(|entry| entry.outcome == outcome).count()
    }

    /// Notes an entity, or more of one that was noted before.
    pub(super) fn note(&mut self, account: &str, kind: &str, name: &str, outcome: Outcome, changes: Vec<String>) {
        let same = |entry: &&mut ReportEntry| entry.account == account && entry.kind == kind && entry.name == name;
        // It is among the last, if it is there.
        match self.entities.iter_mut().rev().find(same) {
            Some(entry) => {
                if entry.outcome == Outcome::Left {
                    entry.outcome = outcome;
                }
                entry.changes.extend(changes);
            }
            None => {
                let (account, kind, name) = (account.to_owned(), kind.to_owned(), name.to_owned());
                self.entities.push(ReportEntry { account, kind, name, outcome, changes });
            }
        }
    }
}
