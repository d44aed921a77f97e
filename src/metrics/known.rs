//! What is counted by a label with many values: known ones, found without a lock.

use std::collections::HashMap;
use std::sync::OnceLock;
use std::time::Duration;

use prometheus::{Histogram, IntCounter, IntCounterVec};

use super::Outcome;

/// The counters of one operation or service. Each is made at its first use, so that what never happens is not exported.
pub(super) struct Counted {
    counters: IntCounterVec,
    /// The labels before the outcome.
    labels: Vec<&'static str>,
    outcomes: [OnceLock<IntCounter>; Outcome::ALL.len()],
    seconds: Histogram,
}

impl Counted {
    pub fn new(counters: IntCounterVec, labels: Vec<&'static str>, seconds: Histogram) -> Self {
        Self { counters, labels, outcomes: Default::default(), seconds }
    }

    /// The first label.
    pub fn service(&self) -> &'static str {
        self.labels.first().copied().unwrap_or_default()
    }

    fn count(&self, outcome: Outcome, took: Duration) {
        let Some(counter) = self.outcomes.get(outcome as usize) else { return };
        let make = || {
            let labels = self.labels.iter().copied().chain([outcome.as_str()]);
            self.counters.with_label_values(&labels.collect::<Vec<_>>())
        };
        counter.get_or_init(make).inc();
        self.seconds.observe(took.as_secs_f64());
    }
}

/// Counters by name.
pub(super) struct Known(pub HashMap<String, Counted>);

impl Known {
    /// Counts for a name, or else for what stands for all names that are not known.
    pub fn count(&self, name: &str, otherwise: &str, outcome: Outcome, took: Duration) {
        if let Some(counted) = self.0.get(name).or_else(|| self.0.get(otherwise)) {
            counted.count(outcome, took);
        }
    }
}
