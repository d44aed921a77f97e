//! How long a decision takes, and the compilation of a document.
//!
//! Run with `cargo bench -p iam-policy`.

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

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use iam_policy::{Action, Context, Grammar, Layers, Policy, PolicySet, Principal, Request, Source, SourceKind, decide};

const USER: Principal<'_> =
    Principal::User { arn: "arn:aws:iam::111122223333:user/ann", id: "AIDAEXAMPLE", account: "111122223333" };

/// A team's policy as teams write them: two actions on their own bucket, one pattern on their own table, one guardrail.
/// All name the same actions, so only the resource distinguishes them.
fn team_policy(team: usize) -> String {
    format!(
        r#"{{"Version": "2012-10-17", "Statement": [
            {{"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::team-{team}/*"}},
            {{"Effect": "Allow", "Action": "dynamodb:*Item",
              "Resource": "arn:aws:dynamodb:*:111122223333:table/team-{team}"}},
            {{"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::team-{team}/private/*",
              "Condition": {{"Bool": {{"aws:SecureTransport": "false"}}}}}}]}}"#
    )
}

fn condition_heavy(team: usize) -> String {
    format!(
        r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::shared/*", "Condition": {{
                "StringEquals": {{"aws:PrincipalTag/team": "team-{team}", "aws:RequestedRegion": ["eu-west-1", "us-east-1"]}},
                "StringLike": {{"aws:PrincipalArn": "arn:aws:iam::*:user/*", "aws:UserAgent": "*aws-sdk*"}},
                "IpAddress": {{"aws:SourceIp": ["10.0.0.0/8", "192.0.2.0/24"]}},
                "DateGreaterThan": {{"aws:CurrentTime": "2020-01-01T00:00:00Z"}},
                "NumericLessThan": {{"aws:MultiFactorAuthAge": "3600"}},
                "Bool": {{"aws:SecureTransport": "true"}},
                "ForAllValues:StringEquals": {{"aws:TagKeys": ["cost", "owner"]}}}}}}}}"#
    )
}

/// What a principal in three groups has: the policies of all of them are one set.
fn set(count: usize, document: fn(usize) -> String) -> PolicySet {
    PolicySet::new((0..count).map(|team| {
        let source = Source { id: format!("team-{team}").into(), kind: SourceKind::Group, arn: None };
        (source, Ok(Arc::new(Policy::parse(&document(team), Grammar::Managed).expect("a valid policy"))))
    }))
}

fn context() -> Context<'static> {
    [
        ("aws:CurrentTime", "2026-10-01T12:00:00Z"),
        ("aws:EpochTime", "1790856000"),
        ("aws:SecureTransport", "true"),
        ("aws:SourceIp", "192.0.2.17"),
        ("aws:UserAgent", "aws-cli/2.31 aws-sdk-python/1.40"),
        ("aws:RequestedRegion", "eu-west-1"),
        ("aws:PrincipalArn", "arn:aws:iam::111122223333:user/ann"),
        ("aws:PrincipalAccount", "111122223333"),
        ("aws:PrincipalType", "User"),
        ("aws:userid", "AIDAEXAMPLE"),
        ("aws:username", "ann"),
        ("aws:PrincipalIsAWSService", "false"),
        ("aws:ViaAWSService", "false"),
        ("aws:ResourceAccount", "111122223333"),
        ("aws:MultiFactorAuthAge", "120"),
        ("aws:PrincipalTag/team", "team-99"),
        ("aws:PrincipalTag/cost", "42"),
        ("aws:PrincipalOrgID", "o-example"),
    ]
    .into_iter()
    .map(|(key, value)| (key.into(), value.into()))
    .collect()
}

fn decisions(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decide");
    let (action, context) = (Action::parse("s3:GetObject").expect("an action"), context());
    for count in [10, 100, 1_000] {
        let set = set(count, team_policy);
        let layers = Layers { identity: Some(&set), ..Layers::default() };
        let last = format!("arn:aws:s3:::team-{}/private/report.csv", count - 1);
        let mut bench = |name: &str, resource: &str| {
            let request = Request::new(USER, &action, resource, &context);
            group.bench_with_input(BenchmarkId::new(name, count), &request, |bencher, request| {
                bencher.iter(|| black_box(decide(black_box(request), black_box(&layers)).is_allowed()));
            });
        };
        bench("allowed by the last", &last);
        bench("implicit deny", "arn:aws:s3:::nobody/report.csv");
    }
    group.finish();
}

fn conditions(criterion: &mut Criterion) {
    let (action, context) = (Action::parse("s3:GetObject").expect("an action"), context());
    let set = set(100, condition_heavy);
    let layers = Layers { identity: Some(&set), ..Layers::default() };
    let request = Request::new(USER, &action, "arn:aws:s3:::shared/report.csv", &context);
    criterion.bench_function("conditions of 100 policies on one resource", |bencher| {
        bencher.iter(|| black_box(decide(black_box(&request), black_box(&layers)).is_allowed()));
    });
    let one = PolicySet::new([(
        Source { id: "one".into(), kind: SourceKind::User, arn: None },
        Ok(Arc::new(Policy::parse(&condition_heavy(99), Grammar::Managed).expect("a valid policy"))),
    )]);
    let layers = Layers { identity: Some(&one), ..Layers::default() };
    criterion.bench_function("nine conditions", |bencher| {
        bencher.iter(|| black_box(decide(black_box(&request), black_box(&layers)).is_allowed()));
    });
}

fn preparation(criterion: &mut Criterion) {
    let text = team_policy(1);
    criterion.bench_function(&format!("compile a document of {} bytes", text.len()), |bencher| {
        bencher.iter(|| Policy::parse(black_box(&text), Grammar::Managed));
    });
    for count in [10, 50, 1_000] {
        let policies: Vec<_> = (0..count)
            .map(|team| Arc::new(Policy::parse(&team_policy(team), Grammar::Managed).expect("a valid policy")))
            .collect();
        let source = Source { id: "team".into(), kind: SourceKind::Group, arn: None };
        criterion.bench_function(&format!("make a set of {count} policies"), |bencher| {
            bencher.iter(|| PolicySet::new(policies.iter().map(|policy| (source.clone(), Ok(Arc::clone(policy))))));
        });
    }
    criterion.bench_function("make a context of 18 keys", |bencher| bencher.iter(context));
}

criterion_group!(benches, decisions, conditions, preparation);
criterion_main!(benches);
