//! Tests of the audit trail.

use std::time::Duration;

use super::*;
use crate::audit::{Additions, Attribute, IdentityKind, UserIdentity};
use crate::shapes::Timestamp;

fn account(digits: &str) -> AccountId {
    AccountId::parse(digits).unwrap()
}

fn event(owner: &str, name: &str, seconds: i64) -> Event {
    Event {
        sequence: 0,
        random: 7,
        time: Timestamp::from_seconds(seconds),
        account: account(owner),
        shared_id: None,
        service: "iam".into(),
        name: name.to_owned().into(),
        region: "us-east-1".to_owned(),
        source: "127.0.0.1".to_owned(),
        user_agent: "test".to_owned(),
        request_id: name.to_owned(),
        identity: Arc::new(UserIdentity { kind: IdentityKind::Root, ..UserIdentity::default() }),
        read_only: true,
        management: true,
        failure: None,
        parameters: None,
        result: None,
        asked: Vec::new(),
        denial: None,
        micros: 1,
        additions: Additions::default(),
    }
}

fn query(owner: &str, attribute: Option<(Attribute, &str)>, limit: usize) -> EventQuery {
    EventQuery {
        account: account(owner),
        region: Some("us-east-1".to_owned()),
        attribute: attribute.map(|(attribute, value)| (attribute, value.to_owned())),
        start: Timestamp::from_seconds(0),
        end: Timestamp::from_seconds(i64::MAX),
        before: None,
        limit,
        management: true,
    }
}

async fn names(trail: &Trail, query: &EventQuery) -> Vec<String> {
    trail.find(query).await.unwrap().events.iter().map(|event| event.name.to_string()).collect()
}

/// All that waits is written.
async fn written(trail: &Trail) {
    for _ in 0..200 {
        if trail.waiting() == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("nothing was written");
}

/// A text that does not become shorter when it is packed.
fn incompressible(length: usize) -> String {
    (0..length).map(|_| char::from(rand::random_range(b' '..=b'~'))).collect()
}

fn sealing_key() -> Option<SealingKey> {
    SealingKey::parse(&"ab".repeat(32))
}

const A: &str = "111111111111";
const B: &str = "222222222222";

#[tokio::test]
async fn events_are_found_in_memory_and_on_disk_the_newest_first() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.db");
    let trail = Trail::start(Some(path.clone()), None, 1 << 20);
    assert_eq!(names(&trail, &query(A, None, 10)).await, [""; 0]);
    assert!(!path.exists(), "the file is made with the first event");
    trail.add(event(A, "GetUser", 10));
    trail.add(event(B, "ListUsers", 11));
    trail.add(event(A, "ListUsers", 12));
    assert_eq!(names(&trail, &query(A, None, 10)).await, ["ListUsers", "GetUser"]);
    written(&trail).await;
    trail.add(event(A, "GetRole", 13));
    assert_eq!(names(&trail, &query(A, None, 10)).await, ["GetRole", "ListUsers", "GetUser"]);
    let page = trail.find(&query(A, None, 2)).await.unwrap();
    assert!(page.has_more);
    let before = page.events.last().map(|event| event.sequence);
    let rest = trail.find(&EventQuery { before, ..query(A, None, 2) }).await.unwrap();
    assert_eq!((rest.events.len(), rest.has_more), (1, false));
    let id = rest.events[0].id().to_string();
    assert_eq!(names(&trail, &query(A, Some((Attribute::EventId, &id)), 10)).await, ["GetUser"]);
    assert_eq!(names(&trail, &query(B, Some((Attribute::EventId, &id)), 10)).await, [""; 0]);
    assert_eq!(names(&trail, &query(A, Some((Attribute::EventName, "ListUsers")), 10)).await, ["ListUsers"]);
    assert_eq!(names(&trail, &query(A, Some((Attribute::EventName, "listusers")), 10)).await, [""; 0]);
    let early = EventQuery { end: Timestamp::from_seconds(11), ..query(A, None, 10) };
    assert_eq!(names(&trail, &early).await, ["GetUser"]);
    trail.close().await;
    let again = Trail::start(Some(path), None, 1 << 20);
    assert_eq!(names(&again, &query(A, None, 10)).await, ["GetRole", "ListUsers", "GetUser"]);
}

#[tokio::test]
async fn an_account_is_forgotten_alone_and_old_events_by_their_time() {
    let trail = Trail::start(None, None, 1 << 20);
    trail.add(event(A, "GetUser", 10));
    trail.add(event(B, "ListUsers", 11));
    written(&trail).await;
    trail.add(event(A, "GetRole", 12));
    trail.forget(Some(account(A))).await.unwrap();
    assert_eq!(names(&trail, &query(A, None, 10)).await, [""; 0]);
    assert_eq!(names(&trail, &query(B, None, 10)).await, ["ListUsers"]);
    for number in 0..65 {
        trail.add(event(A, &number.to_string(), 12 + RETENTION_SECONDS));
        written(&trail).await;
    }
    assert_eq!(names(&trail, &query(B, None, 10)).await, [""; 0]);
}

#[tokio::test]
async fn the_oldest_events_make_room() {
    let trail = Trail::start(None, None, 20_000);
    for number in 0..20 {
        trail.add(Event { user_agent: incompressible(2000), ..event(A, &number.to_string(), number) });
        written(&trail).await;
    }
    let left = names(&trail, &query(A, None, 50)).await;
    assert!((8..=10).contains(&left.len()), "{left:?}");
    assert_eq!(left.first().map(String::as_str), Some("19"));
}

#[tokio::test]
async fn what_is_sealed_cannot_be_read_without_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.db");
    let trail = Trail::start(Some(path.clone()), sealing_key(), 1 << 20);
    trail.add(event(A, "CanaryOperation", 10));
    trail.close().await;
    let bytes = std::fs::read(&path).unwrap();
    assert!(!bytes.windows(6).any(|window| window == b"Canary"));
    let again = Trail::start(Some(path.clone()), None, 1 << 20);
    assert!(again.find(&query(A, None, 10)).await.is_err());
    let again = Trail::start(Some(path), sealing_key(), 1 << 20);
    assert_eq!(names(&again, &query(A, None, 10)).await, ["CanaryOperation"]);
}

/// The names of all events after one, read as a follower does.
async fn names_after(trail: &Trail, mut after: u64, start: i64) -> Vec<String> {
    let mut names = Vec::new();
    loop {
        let events = trail.after(after, Timestamp::from_seconds(start)).await.unwrap();
        let Some(last) = events.last() else { return names };
        after = last.sequence;
        names.extend(events.iter().map(|event| event.name.to_string()));
    }
}

#[tokio::test]
async fn a_follower_sees_each_event_once_whether_it_is_written_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let trail = Trail::start(Some(folder.path().join("audit")), None, 1 << 20);
    assert_eq!(names_after(&trail, 0, 0).await, [""; 0]);
    for (name, seconds) in [("A", 1), ("B", 2)] {
        trail.add(event("111111111111", name, seconds));
    }
    written(&trail).await;
    let middle = trail.last();
    trail.add(event("222222222222", "C", 3));
    written(&trail).await;
    let mut newest = trail.newest();
    trail.add(event("111111111111", "D", 4));
    assert!(newest.has_changed().unwrap());
    assert_eq!(names_after(&trail, 0, 0).await, ["A", "B", "C", "D"]);
    assert_eq!(names_after(&trail, middle, 0).await, ["C", "D"]);
    // What is older is in blocks that are passed over, unless newer events are there too.
    assert_eq!(names_after(&trail, 0, 3).await, ["C", "D"]);
    assert_eq!(names_after(&trail, trail.last(), 0).await, [""; 0]);
    newest.mark_unchanged();
    trail.close().await;
}

#[tokio::test]
async fn what_is_forgotten_is_not_written_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let trail = Trail::start(Some(folder.path().join("audit")), None, 1 << 20);
    for round in 0..20 {
        for number in 0..200 {
            trail.add(event("111111111111", &format!("{round}-{number}"), number));
        }
        trail.add(event("222222222222", "kept", round));
        // At a different moment of the writer's each time.
        tokio::time::sleep(Duration::from_millis(u64::try_from(round).unwrap() * 40)).await;
        trail.forget(Some(account("111111111111"))).await.unwrap();
        assert_eq!(names(&trail, &query("111111111111", None, 10)).await, [""; 0], "{round}");
    }
    written(&trail).await;
    assert_eq!(names(&trail, &query("111111111111", None, 10)).await, [""; 0]);
    assert_eq!(names(&trail, &query("222222222222", None, 50)).await.len(), 20);
    trail.close().await;
}
