//! Rounds of questions to the other servers on the database. A server answers when it has taken note of all that was
//! announced before, and has written what it had recorded in the audit trail. So calls wait for nothing: who wants to know
//! what others have recorded waits, and who changes what all servers must know at once.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::follow::Announcer;
use super::link::{Link, in_time};
use super::prepare::count_servers;
use crate::store::fault::Fault;

/// How long the others are waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// How late a server that does not answer may still be with its events.
const MAX_DELAY: Duration = Duration::from_secs(3);

/// The questions of this server.
pub(in crate::store) struct Rounds {
    link: Arc<Link>,
    announcer: Announcer,
    /// The last round, of which all who came before it began have the benefit.
    last: tokio::sync::Mutex<Option<Round>>,
    /// Where the answers to a question go.
    asked: Mutex<Option<(u64, mpsc::UnboundedSender<u64>)>>,
}

/// A round of answers.
struct Round {
    began: Instant,
    written: u64,
}

impl Rounds {
    pub(super) fn new(link: Arc<Link>, announcer: Announcer) -> Arc<Self> {
        Arc::new(Self { link, announcer, last: tokio::sync::Mutex::default(), asked: Mutex::default() })
    }

    /// Asks the other servers; the lowest sequence number up to which they have written all events. Those that do not answer
    /// are not waited for long.
    pub async fn ask(&self) -> u64 {
        let came = Instant::now();
        let mut last = self.last.lock().await;
        if let Some(round) = last.as_ref().filter(|round| round.began >= came) {
            return round.written;
        }
        let began = Instant::now();
        let written = self.ask_others().await;
        *last = Some(Round { began, written });
        written
    }

    async fn ask_others(&self) -> u64 {
        let (sender, mut answers) = mpsc::unbounded_channel();
        let question = rand::random();
        self.expect(Some((question, sender)));
        let mut lowest = u64::MAX;
        let answered = tokio::time::timeout(PATIENCE, async {
            let others = self.count_others().await?;
            if others > 0 {
                self.announcer.ask(question);
            }
            for _ in 0..others {
                lowest = lowest.min(answers.recv().await.unwrap_or(u64::MAX));
            }
            Ok::<_, Fault>(())
        });
        let answered = answered.await;
        self.expect(None);
        match answered {
            Ok(Ok(())) => lowest,
            // They write by themselves before long, unless the database is gone.
            Ok(Err(_)) | Err(_) => lowest.min(long_ago()),
        }
    }

    /// How many other servers can be asked.
    async fn count_others(&self) -> Result<usize, Fault> {
        let mut connection = self.link.lease().await?;
        let count = in_time(count_servers(&mut connection)).await;
        Ok(self.link.settle(connection, count)?.saturating_sub(1))
    }

    fn expect(&self, question: Option<(u64, mpsc::UnboundedSender<u64>)>) {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = question;
    }

    /// Notes another server's answer, if the question is of this one.
    pub fn hear(&self, question: u64, written: u64) {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, sender)) = asked.as_ref().filter(|(asked, _)| *asked == question) {
            // Who asked may wait no longer.
            let _ = sender.send(written);
        }
    }
}

/// The sequence number of events, in microseconds of real time, that are surely written.
fn long_ago() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.saturating_sub(MAX_DELAY).as_micros()).unwrap_or_default()
}
