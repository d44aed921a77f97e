//! How servers on one database hear of each other's work: by PostgreSQL's notifications. One that is missed is made up
//! for by comparing revisions every second.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use sqlx::Row;
use sqlx::postgres::{PgConnection, PgListener, PgPool};
use tokio::sync::mpsc;

use super::link::Link;
use super::prepare::note_hearing;
use crate::shapes::AccountId;
use crate::store::fault::Fault;
use crate::store::records::News;

/// The name under which servers hear each other.
const CHANNEL: &str = "iamd";

/// The most bytes of a notification; PostgreSQL takes 7,999.
const MAX_SIZE: usize = 7000;

/// How long it takes until a lost connection for notifications is made anew.
const PAUSE: Duration = Duration::from_millis(100);

/// Sends what this server has done to the others, after it was committed: a notification in the commit would let the
/// commits of all servers wait for each other.
#[derive(Clone)]
pub(in crate::store) struct Announcer {
    /// Distinguishes this server's notifications from those of others.
    server: u64,
    sender: mpsc::UnboundedSender<Word>,
}

/// What there is to announce.
enum Word {
    Account(AccountId, u64),
    Other(String),
}

impl Announcer {
    pub fn start(link: Arc<Link>) -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        let server = rand::random();
        tokio::spawn(announce(link, server, receiver));
        Self { server, sender }
    }

    /// This server's number.
    pub fn server(&self) -> u64 {
        self.server
    }

    /// An account has a new revision.
    pub fn account(&self, id: AccountId, revision: u64) {
        let _ = self.sender.send(Word::Account(id, revision));
    }

    /// An account has an organization now, another one, or none any more.
    pub fn organization(&self, id: AccountId) {
        let _ = self.sender.send(Word::Other(format!("organization {}", id.qualified())));
    }

    /// An account, or all of them, are empty.
    pub fn reset(&self, account: Option<AccountId>) {
        let account = account.map_or_else(|| "*".to_owned(), AccountId::qualified);
        let _ = self.sender.send(Word::Other(format!("reset {account}")));
    }

    /// A value of the servers' own has changed.
    pub fn value(&self, key: &str) {
        let _ = self.sender.send(Word::Other(format!("value {key}")));
    }

    /// Upstreams have other policies, tags or grants.
    pub fn documents(&self) {
        let _ = self.sender.send(Word::Other("documents".to_owned()));
    }

    /// Asks the others to take note of all that was announced, and to write what they have recorded.
    pub fn ask(&self, question: u64) {
        let _ = self.sender.send(Word::Other(format!("question {question:x}")));
    }

    /// Answers that this is done, with the sequence number up to which all events are written.
    pub fn answer(&self, question: u64, written: u64) {
        let _ = self.sender.send(Word::Other(format!("answer {question:x}={written}")));
    }

    /// What is known of a bucket has changed.
    pub fn bucket(&self, name: &str) {
        let _ = self.sender.send(Word::Other(format!("bucket {name}")));
    }

    /// This server has seen something that others need to know to detect what it would.
    pub fn sighting(&self, text: &str) {
        self.say("sighting", text);
    }

    /// This server has delivered events to a trail, or could not.
    pub fn delivery(&self, text: &str) {
        self.say("delivery", text);
    }

    fn say(&self, what: &str, text: &str) {
        if text.len() > MAX_SIZE {
            tracing::debug!(what, size = text.len(), "too long to be announced to other servers");
            return;
        }
        let _ = self.sender.send(Word::Other(format!("{what} {text}")));
    }
}

async fn announce(link: Arc<Link>, server: u64, mut receiver: mpsc::UnboundedReceiver<Word>) {
    let mut words = Vec::new();
    while receiver.recv_many(&mut words, 4096).await > 0 {
        for text in notifications(server, words.drain(..)) {
            let Ok(mut connection) = link.lease().await else { break };
            let sent = sqlx::query("select pg_notify($1, $2)").bind(CHANNEL).bind(text).execute(&mut *connection).await;
            if link.settle(connection, sent.map_err(Fault::from)).is_err() {
                break;
            }
        }
    }
}

/// The notifications for some words: each begins with the server's number. Of an account, its last revision counts. Accounts
/// come first: who is asked whether it knows all that was announced must have heard of them.
fn notifications(server: u64, words: impl Iterator<Item = Word>) -> Vec<String> {
    let mut accounts = BTreeMap::new();
    let (mut texts, mut others) = (Vec::new(), Vec::new());
    for word in words {
        match word {
            Word::Account(id, revision) => drop(accounts.insert(id, revision)),
            Word::Other(text) => others.push(format!("{server:x} {text}")),
        }
    }
    let mut text = String::new();
    for (id, revision) in accounts {
        if text.len() > MAX_SIZE {
            texts.push(std::mem::take(&mut text));
        }
        if text.is_empty() {
            text = format!("{server:x} accounts");
        }
        let _ = write!(text, " {}={revision}", id.qualified());
    }
    texts.extend(Some(text).filter(|text| !text.is_empty()).into_iter().chain(others));
    texts
}

/// What a notification says; nothing if it is this server's own.
fn news(server: u64, text: &str) -> Vec<News> {
    let number = |word: &str| u64::from_str_radix(word, 16).ok();
    let (sender, text) = text.split_once(' ').unwrap_or((text, ""));
    let Some(sender) = number(sender).filter(|sender| *sender != server) else { return Vec::new() };
    match text.split_once(' ') {
        Some(("sighting", text)) => return vec![News::Sighting(text.to_owned())],
        Some(("delivery", text)) => return vec![News::Delivery(sender, text.to_owned())],
        _ => {}
    }
    let mut words = text.split(' ');
    let account = |word: &str| {
        let (id, revision) = word.split_once('=')?;
        Some(News::Account(AccountId::parse_qualified(id)?, revision.parse().ok()?))
    };
    match (words.next(), words.next()) {
        (Some("accounts"), first) => first.into_iter().chain(words).filter_map(account).collect(),
        (Some("reset"), Some("*")) => vec![News::Reset(None)],
        (Some("reset"), Some(id)) => {
            AccountId::parse_qualified(id).map(|id| News::Reset(Some(id))).into_iter().collect()
        }
        (Some("organization"), Some(id)) => {
            AccountId::parse_qualified(id).map(News::Organization).into_iter().collect()
        }
        (Some("value"), Some(key)) => vec![News::Value(key.to_owned())],
        (Some("documents"), None) => vec![News::Documents],
        (Some("bucket"), Some(name)) => vec![News::Bucket(name.to_owned())],
        (Some("question"), Some(question)) => number(question).map(News::Question).into_iter().collect(),
        (Some("answer"), Some(answer)) => {
            let answer = answer.split_once('=').and_then(|(question, to)| Some((number(question)?, to.parse().ok()?)));
            answer.map(|(question, to)| News::Answer(question, to)).into_iter().collect()
        }
        // A newer server has more to say.
        _ => Vec::new(),
    }
}

/// Hears what other servers do, for as long as anybody wants to know.
pub(super) async fn follow(link: Arc<Link>, server: u64, sender: mpsc::UnboundedSender<News>) {
    while !sender.is_closed() {
        // A connection that ends is no fault of the database's: others may be well.
        let _ = hear(&link.pool(), server, &sender).await;
        tokio::time::sleep(PAUSE).await;
    }
}

async fn hear(pool: &PgPool, server: u64, sender: &mpsc::UnboundedSender<News>) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    note_hearing(&mut listener).await?;
    // Nobody knows what was said before.
    let _ = sender.send(News::Missed);
    loop {
        tokio::select! {
            heard = listener.try_recv() => match heard? {
                Some(notification) => {
                    news(server, notification.payload()).into_iter().for_each(|news| drop(sender.send(news)));
                }
                None => return Ok(()),
            },
            () = sender.closed() => return Ok(()),
        }
    }
}

/// Those accounts of which the database has another revision than this server, and that revision.
pub(super) async fn revisions(
    connection: &mut PgConnection,
    known: &[(AccountId, u64)],
) -> Result<Vec<(AccountId, u64)>, Fault> {
    let sql = "select accounts.id, accounts.revision from unnest($1::text[], $2::bigint[]) as known (id, revision) \
               join accounts on accounts.id = known.id where accounts.revision <> known.revision";
    let ids: Vec<_> = known.iter().map(|(id, _)| id.qualified()).collect();
    let revisions: Vec<_> = known.iter().map(|(_, revision)| revision.cast_signed()).collect();
    let rows = sqlx::query(sql).bind(ids).bind(revisions).fetch_all(connection).await?;
    let mut newer = Vec::with_capacity(rows.len());
    for row in &rows {
        if let Some(id) = AccountId::parse_qualified(row.try_get(0)?) {
            newer.push((id, row.try_get::<i64, _>(1)?.cast_unsigned()));
        }
    }
    Ok(newer)
}

/// Removes what no server needs any more.
pub(super) async fn clean(connection: &mut PgConnection, now: i64) -> Result<(), Fault> {
    sqlx::query("delete from changes where made < now() - interval '2 minutes'").execute(&mut *connection).await?;
    sqlx::query("delete from used_assertions where expires <= $1").bind(now).execute(&mut *connection).await?;
    sqlx::query("delete from tokens where made < now() - interval '1 hour'").execute(&mut *connection).await?;
    sqlx::query("delete from attempts where last < now() - interval '2 minutes'").execute(connection).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_announced_is_understood_by_others() {
        let id = |number| AccountId::from_number(number).unwrap();
        let words = vec![
            Word::Account(id(1), 4),
            Word::Other("organization 000000000002".to_owned()),
            Word::Other("value clock".to_owned()),
            Word::Account(id(2), 9),
            Word::Account(id(1), 5),
            Word::Other("reset *".to_owned()),
            Word::Other("documents".to_owned()),
            Word::Other("question ff".to_owned()),
            Word::Other("answer ff=12".to_owned()),
            Word::Other("sighting {\"a\": 1}".to_owned()),
            Word::Other("delivery {\"b\": 2}".to_owned()),
        ];
        let texts = notifications(7, words.into_iter());
        let heard: Vec<_> = texts.iter().flat_map(|text| news(8, text)).collect();
        let value = News::Value("clock".to_owned());
        let asked = [News::Documents, News::Question(255), News::Answer(255, 12)];
        let accounts = [News::Account(id(1), 5), News::Account(id(2), 9)];
        let said = [News::Sighting("{\"a\": 1}".to_owned()), News::Delivery(7, "{\"b\": 2}".to_owned())];
        let changed = [News::Organization(id(2)), value, News::Reset(None)];
        assert_eq!(heard, [&accounts[..], &changed, &asked, &said].concat());
        assert!(texts.iter().all(|text| news(7, text).is_empty()), "a server does not listen to itself");
        assert!(news(8, "7 something new").is_empty() && news(8, "").is_empty());
    }

    #[test]
    fn a_notification_is_never_too_long() {
        let words = (1..5000).map(|number| Word::Account(AccountId::from_number(number).unwrap(), u64::MAX));
        let texts = notifications(u64::MAX, words);
        assert!(texts.len() > 1 && texts.iter().all(|text| text.len() < 7999));
        assert_eq!(texts.iter().flat_map(|text| news(0, text)).count(), 4999);
    }
}
