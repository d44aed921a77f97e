use super::*;
use crate::audit::{Attribute, example_event};

async fn plan(open: &mut Open, sql: &str, parameters: usize) -> Vec<String> {
    let mut query = sqlx::query(AssertSqlSafe(format!("explain query plan {sql}")));
    for _ in 0..parameters {
        query = query.bind(0);
    }
    let plan = query.fetch_all(&mut open.connection).await.unwrap();
    plan.iter().map(|step| step.try_get(3).unwrap()).collect()
}

#[tokio::test]
async fn a_look_up_reads_no_block_before_its_turn() {
    let mut open = Open::new(None).await.unwrap();
    let steps = plan(&mut open, FIND, 7).await;
    assert!(steps[0].contains("SEARCH terms USING PRIMARY KEY (term=? AND block>? AND block<?)"), "{steps:?}");
    assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{steps:?}");
    let steps = plan(&mut open, BOUNDS, 4).await;
    let looks: Vec<_> = steps.iter().filter(|step| step.contains("blocks")).collect();
    let is_direct = |step: &&&String| step.contains("COVERING INDEX") || step.contains("INTEGER PRIMARY KEY");
    assert!(looks.len() == 5 && looks.iter().all(|step| is_direct(&step)), "{steps:?}");
}

#[tokio::test]
async fn only_blocks_of_the_time_and_the_place_are_looked_at() {
    let archive = Archive::new(None, Packer(None), u64::MAX);
    // The clock was turned back before the third block.
    for (block, time) in [(1, 100), (2, 200), (3, 150), (4, 300)] {
        let time = Timestamp::from_seconds(time);
        let event = Event { time, ..example_event(block * 1_000_000, "GetUser") };
        archive.append(&[Arc::new(event)]).await.unwrap();
    }
    let account = example_event(1, "GetUser").account;
    let id = example_event(3_000_000, "GetUser").id().to_string();
    let (all, none) = ((0, i64::MAX), None);
    let named = |id: &str| Some((Attribute::EventId, id.to_owned()));
    let of = 3_000_000;
    for (attribute, start, end, expected, found) in [
        (None, 0, i64::MAX, Some(all), 4),
        (None, 150, i64::MAX, Some((2_000_000, i64::MAX)), 3),
        (None, 201, i64::MAX, Some((4_000_000, i64::MAX)), 1),
        (None, 301, i64::MAX, none, 0),
        (None, 0, 199, Some((0, of)), 2),
        (None, 0, 99, none, 0),
        (None, 160, 190, Some((2_000_000, of)), 0),
        (named(&id), 0, i64::MAX, Some((of, of + 999)), 1),
        (named(&id), 201, i64::MAX, none, 0),
    ] {
        let (start, end) = (Timestamp::from_seconds(start), Timestamp::from_seconds(end));
        let query = EventQuery { attribute, start, end, ..EventQuery::all_of(account) };
        let mut guard = archive.open().await.unwrap();
        let bounds = guard.as_mut().unwrap().bounds(&query, named_by(&query).unwrap()).await.unwrap();
        drop(guard);
        assert_eq!(bounds, expected, "{query:?}");
        assert_eq!(archive.find(&query).await.unwrap().len(), found, "{query:?}");
    }
}
