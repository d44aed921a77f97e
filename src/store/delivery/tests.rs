use std::fs;
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;
use serde_json::Value;

use super::*;
use crate::audit::example_event;
use crate::shapes::Timestamp;

const SOON: Duration = Duration::from_millis(10);

fn trail(name: &str, bucket: &str) -> Arc<Trail> {
    let trail = Trail::new(name, "us-east-1", Timestamp::default(), bucket);
    Arc::new(Trail { prefix: Some("a/b".to_owned()), multi_region: true, logging: true, ..trail })
}

fn files(folder: &Path) -> Vec<(String, Vec<String>)> {
    let (mut folders, mut found) = (vec![folder.to_owned()], Vec::new());
    while let Some(below) = folders.pop() {
        for entry in fs::read_dir(&below).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let mut text = String::new();
            GzDecoder::new(fs::File::open(&path).unwrap()).read_to_string(&mut text).unwrap();
            let records: Value = serde_json::from_str(&text).unwrap();
            let names = records["Records"].as_array().unwrap().iter();
            let names = names.map(|record| record["eventName"].as_str().unwrap().to_owned()).collect();
            found.push((path.strip_prefix(folder).unwrap().display().to_string(), names));
        }
    }
    found.sort();
    found
}

fn delivery(path: &Path, interval: Duration) -> Arc<Delivery> {
    let metrics = Metrics::new(std::iter::empty(), std::iter::empty()).unwrap();
    Delivery::start(path.to_owned(), interval, Arc::new(metrics), None).unwrap()
}

#[tokio::test]
async fn what_waits_is_delivered_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let delivery = delivery(folder.path(), DEFAULT_INTERVAL);
    let trails = [trail("one", "bucket-1"), trail("two", "bucket-2")];
    for (name, region) in [("GetUser", "us-east-1"), ("GetRole", "us-east-1"), ("AssumeRole", "eu-west-1")] {
        let event = Event { region: region.to_owned(), ..example_event(1, name) };
        delivery.add(trails.iter(), &Arc::new(event));
    }
    delivery.close().await;
    let found = files(folder.path());
    assert_eq!(found.len(), 4, "{found:?}");
    let (path, names) = &found[1];
    assert_eq!(*names, ["GetUser", "GetRole"]);
    let begin = "bucket-1/a/b/AWSLogs/123456789012/CloudTrail/us-east-1/2026/01/31/\
                 123456789012_CloudTrail_us-east-1_20260131T1234Z_";
    let unique = path.strip_prefix(begin).unwrap().strip_suffix(".json.gz").unwrap();
    assert!(unique.len() == 16 && unique.chars().all(|c| c.is_ascii_alphanumeric()), "{unique}");
    let status = delivery.status(example_event(1, "").account, "us-east-1/one");
    assert_eq!((status.delivered, status.error), (Some(example_event(1, "").time), None));
}

#[tokio::test]
async fn what_cannot_be_delivered_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let delivery = delivery(folder.path(), SOON);
    fs::write(folder.path().join("bucket-1"), "in the way").unwrap();
    delivery.add([trail("one", "bucket-1")].iter(), &Arc::new(example_event(1, "GetUser")));
    let account = example_event(1, "").account;
    while delivery.status(account, "us-east-1/one").error.is_none() {
        tokio::time::sleep(SOON).await;
    }
    fs::remove_file(folder.path().join("bucket-1")).unwrap();
    while delivery.status(account, "us-east-1/one").delivered.is_none() {
        tokio::time::sleep(SOON).await;
    }
    assert_eq!(delivery.status(account, "us-east-1/one").error, None);
    delivery.close().await;
    assert_eq!(files(folder.path()).len(), 1);
}

#[tokio::test]
async fn memory_is_bounded_and_accounts_are_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let delivery = delivery(folder.path(), DEFAULT_INTERVAL);
    fs::write(folder.path().join("bucket-1"), "in the way").unwrap();
    let trails = [trail("one", "bucket-1")];
    let large = Event { parameters: Some("x".repeat(1 << 20)), ..example_event(1, "GetUser") };
    for _ in 0..40 {
        delivery.add(trails.iter(), &Arc::new(large.clone()));
    }
    let waiting = || {
        let state = delivery.lock();
        (state.size, state.waiting.len(), state.dropped)
    };
    let (size, count, dropped) = waiting();
    assert!(size <= MAX_SIZE && count < 40 && count as u64 + dropped == 40, "{size} {count} {dropped}");
    delivery.forget(Some(large.account));
    assert_eq!(waiting(), (0, 0, dropped));
    delivery.close().await;
}
