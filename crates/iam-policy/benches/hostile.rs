//! What policies take that are made to be slow, beside the estimate by which the server recognises them: 110 managed
//! policies of 6 kB on one principal, the most that ten groups allow, and a request with fifty tags.
//!
//!     cargo bench -p iam-policy --bench hostile

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark may stop at the first thing that goes wrong"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use iam_policy::{
    Action, Context, Grammar, Layers, Policy, PolicySet, Principal, Request, Source, SourceKind, decide, work,
};

const POLICIES: usize = 110;
const SIZE: usize = 6_000;

/// The processor time that this thread has taken: other processes do not matter.
fn processor_time() -> Duration {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux counts it");
    Duration::from_nanos(statistics.split(' ').next().unwrap().parse().unwrap())
}

/// What a piece of work gives, and the milliseconds that it took.
fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let start = processor_time();
    let result = black_box(work());
    (result, milliseconds(processor_time() - start))
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// As many values as a policy of that size has room for.
fn document(operator: &str, key: &str, value: &str) -> String {
    let values = vec![format!(r#""{value}""#); SIZE / (value.len() + 3)].join(",");
    format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Deny","Action":"*","Resource":"*",
            "Condition":{{"{operator}":{{"{key}":[{values}]}}}}}}}}"#
    )
}

fn on_resources(resource: &str) -> String {
    let resources = vec![format!(r#""{resource}""#); SIZE / (resource.len() + 3)].join(",");
    format!(r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Deny","Action":"*","Resource":[{resources}]}}}}"#)
}

fn measure(name: &str, document: &str) {
    let source = Source { id: "hostile".into(), kind: SourceKind::UserManaged, arn: None };
    let (policies, compile): (Vec<_>, _) = timed(|| {
        (0..POLICIES).map(|_| Arc::new(Policy::parse(document, Grammar::Managed).expect("a valid policy"))).collect()
    });
    let members = policies.iter().map(|policy| (source.clone(), Ok(Arc::clone(policy))));
    let (set, gather) = timed(|| PolicySet::new(members));
    let keys: Vec<String> = (0..50).map(|key| format!("{}{key:02}", "a".repeat(126))).collect();
    let context = Context::new()
        .with("aws:TagKeys", keys)
        .with("aws:username", "a".repeat(64))
        .with("aws:UserAgent", "a".repeat(8_000))
        .with("aws:CurrentTime", "2026-11-28T00:00:00Z");
    let action = Action::parse("sts:AssumeRole").unwrap();
    let arn = "arn:aws:iam::111122223333:user/ann";
    let user = Principal::User { arn, id: "AIDAEXAMPLE", account: "111122223333" };
    let role = format!("arn:aws:iam::111122223333:role/{}", "a".repeat(500));
    let request = Request::new(user, &action, &role, &context);
    let layers = Layers { identity: Some(&set), ..Layers::default() };
    let (estimate, estimating) = timed(|| work(black_box(&request), &layers));
    let estimate = milliseconds(Duration::from_nanos(estimate));
    let (_, took) = timed(|| decide(black_box(&request), &layers).is_allowed());
    let ratio = estimate / took;
    println!("{name:<44} {estimate:>9.1} {took:>9.1} {ratio:>6.1} {compile:>9.1} {gather:>9.1} {estimating:>9.2}");
}

fn main() {
    println!(
        "{:<44} {:>9} {:>9} {:>6} {:>9} {:>9} {:>9}   milliseconds",
        "", "estimate", "decision", "ratio", "compile", "gather", "estimate in"
    );
    let tags = |value: &str| document("ForAnyValue:StringLike", "aws:TagKeys", value);
    measure("stars and question marks", &tags("*?*?*?*b"));
    measure("text with question marks", &tags("*a?b*"));
    measure("long text with question marks", &tags(&format!("*{}?b*", "a".repeat(100))));
    measure("text between stars", &tags("*a*a*a*b*"));
    measure("one short text", &tags("*b*"));
    measure("variables behind question marks", &tags("*a?${aws:username}b*"));
    measure("variables", &tags("${aws:username}*b"));
    measure("long values", &document("StringLike", "aws:UserAgent", "*a?b*"));
    measure("without regard to case", &document("ForAnyValue:StringEqualsIgnoreCase", "aws:TagKeys", &"A".repeat(126)));
    measure("exact values", &document("ForAnyValue:StringEquals", "aws:TagKeys", "ab"));
    measure("dates", &document("ForAnyValue:DateEquals", "aws:TagKeys", "2026-11-28"));
    measure("ARNs", &document("ForAnyValue:ArnLike", "aws:TagKeys", "arn:*:*:*:*:*a?b*"));
    measure("resources whose stars reach", &on_resources("arn:*:*:*:*:role/*a?b"));
    measure("resources with variables", &on_resources("arn:*:iam::*:role/*a?${aws:username}b"));
    let actions = vec![r#""sts:*a?b*""#; SIZE / 13].join(",");
    measure(
        "actions",
        &format!(r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Deny","Action":[{actions}],"Resource":"*"}}}}"#),
    );
    let actions: Vec<String> = (0..SIZE / 10).map(|number| format!(r#""sts:A{number}""#)).collect();
    let actions = actions.join(",");
    measure(
        "many exact actions",
        &format!(r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Deny","Action":[{actions}],"Resource":"*"}}}}"#),
    );
}
