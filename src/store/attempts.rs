//! Attempts that failed in the last minute: who guesses has to wait. A server that is alone counts them in memory; servers
//! on one database count them there, together.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use super::engine::Store;
use super::fault::Fault;
use super::postgres::in_time;
use crate::error::Result;

/// How long a failure counts.
const PERIOD: Duration = Duration::from_secs(60);

/// Subjects beyond this number are looked through for those whose time is over.
const MAX_KEPT: usize = 4096;

/// Whose attempts are counted together, and how many may fail in a minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptLimit {
    /// The subject. It is stored as it is: what may be a secret must be hashed with a key.
    pub subject: String,
    /// After so many failures the next attempt is not looked at.
    pub max: usize,
}

/// Failed attempts in memory.
#[derive(Default)]
pub(super) struct Attempts(Mutex<HashMap<String, Vec<Instant>>>);

impl Attempts {
    fn begin(&self, limits: &[AttemptLimit], now: Instant) -> bool {
        let is_recent = |time: &Instant| now.duration_since(*time) < PERIOD;
        let mut kept = self.lock();
        if kept.len() > MAX_KEPT {
            kept.retain(|_, times| times.last().is_some_and(is_recent));
        }
        let recent = |times: &Vec<Instant>| times.iter().filter(|time| is_recent(time)).count();
        if limits.iter().any(|limit| kept.get(&limit.subject).map_or(0, recent) >= limit.max) {
            return false;
        }
        for limit in limits {
            let times = kept.entry(limit.subject.clone()).or_default();
            times.retain(is_recent);
            times.push(now);
        }
        true
    }

    fn take_back(&self, limits: &[AttemptLimit]) {
        let mut kept = self.lock();
        for limit in limits {
            if let Some(times) = kept.get_mut(&limit.subject) {
                times.pop();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Vec<Instant>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    /// Begins an attempt, which counts as failed until it is taken back: who tries many at a time, or on many servers,
    /// gets no further. Whether it may be looked at: no limit is reached.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin_attempt(&self, limits: &[AttemptLimit]) -> Result<bool> {
        let Some(link) = self.link() else { return Ok(self.attempts.begin(limits, Instant::now())) };
        let mut connection = link.lease().await.map_err(Fault::into_error)?;
        let begun = in_time(begin(&mut connection, limits)).await;
        link.settle(connection, begun).map_err(Fault::into_error)
    }

    /// Takes an attempt back that did not fail.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_back_attempt(&self, limits: &[AttemptLimit]) -> Result<()> {
        let Some(link) = self.link() else {
            self.attempts.take_back(limits);
            return Ok(());
        };
        let mut connection = link.lease().await.map_err(Fault::into_error)?;
        let taken_back = in_time(take_back(&mut connection, limits)).await;
        link.settle(connection, taken_back).map_err(Fault::into_error)
    }
}

/// The limits in the order in which all servers lock their rows.
fn sorted(limits: &[AttemptLimit]) -> Vec<&AttemptLimit> {
    let mut limits: Vec<_> = limits.iter().collect();
    limits.sort_by(|a, b| a.subject.cmp(&b.subject));
    limits
}

async fn begin(connection: &mut PgConnection, limits: &[AttemptLimit]) -> Result<bool, Fault> {
    let sql = "insert into attempts as known (subject, times, last) values ($1, array[now()], now()) \
               on conflict (subject) do update set last = now(), \
               times = array(select time from unnest(known.times) as time where time > now() - $3) || now() \
               where (select count(*) from unnest(known.times) as time where time > now() - $3) < $2";
    let mut transaction = connection.begin().await?;
    for limit in sorted(limits) {
        let max = i64::try_from(limit.max).unwrap_or(i64::MAX);
        let query = sqlx::query(sql).bind(&limit.subject).bind(max).bind(PERIOD);
        if query.execute(&mut *transaction).await?.rows_affected() == 0 {
            transaction.rollback().await?;
            return Ok(false);
        }
    }
    transaction.commit().await?;
    Ok(true)
}

async fn take_back(connection: &mut PgConnection, limits: &[AttemptLimit]) -> Result<(), Fault> {
    let sql = "update attempts set times = times[:cardinality(times) - 1] where subject = $1";
    let mut transaction = connection.begin().await?;
    for limit in sorted(limits) {
        sqlx::query(sql).bind(&limit.subject).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(subjects: &[(&str, usize)]) -> Vec<AttemptLimit> {
        subjects.iter().map(|(subject, max)| AttemptLimit { subject: (*subject).to_owned(), max: *max }).collect()
    }

    #[test]
    fn attempts_fail_until_they_are_taken_back() {
        let attempts = Attempts::default();
        let (own, other) = (limits(&[("a", 5), ("all", 60)]), limits(&[("b", 5), ("all", 60)]));
        let start = Instant::now();
        for _ in 0..100 {
            assert!(attempts.begin(&own, start));
            attempts.take_back(&own);
        }
        for _ in 0..5 {
            assert!(attempts.begin(&own, start));
        }
        assert!(!attempts.begin(&own, start));
        assert!(attempts.begin(&other, start) && attempts.begin(&own, start + PERIOD));
    }

    #[test]
    fn an_attempt_that_is_refused_counts_nowhere() {
        let attempts = Attempts::default();
        let (one, both) = (limits(&[("a", 1)]), limits(&[("a", 1), ("b", 1)]));
        let start = Instant::now();
        assert!(attempts.begin(&one, start) && !attempts.begin(&both, start));
        assert!(attempts.begin(&limits(&[("b", 1)]), start));
    }
}
