//! Tests of the audit trail.

use super::*;
use crate::audit::{Attribute, IdentityKind, UserIdentity};
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
        service: "iam".to_owned(),
        name: name.to_owned(),
        region: "us-east-1".to_owned(),
        source: "127.0.0.1".to_owned(),
        user_agent: "test".to_owned(),
        request_id: name.to_owned(),
        identity: UserIdentity { kind: IdentityKind::Root, ..UserIdentity::default() },
        read_only: true,
        management: true,
        failure: None,
        parameters: None,
        result: None,
        asked: Vec::new(),
        denial: None,
        micros: 1,
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
    trail.find(query).await.unwrap().events.iter().map(|event| event.name.clone()).collect()
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
        trail.add(Event { user_agent: "x".repeat(2000), ..event(A, &number.to_string(), number) });
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

#[tokio::test]
async fn events_can_be_followed() {
    let trail = Trail::start(None, None, 1 << 20);
    let mut live = trail.follow();
    trail.add(event(A, "GetUser", 10));
    assert_eq!(live.recv().await.unwrap().name, "GetUser");
}
