//! Deciding takes no memory: everything is compiled before, and evidence is borrowed.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "a test stops at the first thing that is wrong"
)]

use std::sync::Arc;

use iam_policy::{Action, Context, Grammar, Layers, Policy, PolicySet, Principal, Request, Source, SourceKind, decide};

fn set(grammar: Grammar, documents: impl Iterator<Item = String>) -> PolicySet {
    let source = Source { id: "policy".into(), kind: SourceKind::None, arn: None };
    PolicySet::new(documents.map(|text| (source.clone(), Ok(Arc::new(Policy::parse(&text, grammar).unwrap())))))
}

fn statement(effect: &str, bucket: usize) -> String {
    format!(
        r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "{effect}", "Action": ["s3:Get*", "s3:PutObject"],
            "Resource": ["arn:aws:s3:::b-{bucket}/${{aws:username}}/*", "arn:aws:sqs:*:111122223333:*-{bucket}-?"],
            "Condition": {{
                "StringLike": {{"aws:UserAgent": "*sdk?*", "aws:PrincipalTag/team": "${{aws:username}}*"}},
                "StringEqualsIgnoreCase": {{"aws:username": "ANN"}},
                "ArnLike": {{"aws:PrincipalArn": "arn:aws:iam::*:user/${{aws:username}}"}},
                "IpAddress": {{"aws:SourceIp": ["10.0.0.0/8", "2001:db8::/32"]}},
                "DateGreaterThan": {{"aws:CurrentTime": "2020-01-01T00:00:00Z"}},
                "NumericLessThan": {{"aws:MultiFactorAuthAge": "3600"}},
                "Bool": {{"aws:SecureTransport": "true"}},
                "Null": {{"aws:TokenIssueTime": "true"}},
                "ForAllValues:StringEquals": {{"aws:TagKeys": ["a", "b"]}}}}}}}}"#
    )
}

#[test]
fn a_decision_allocates_nothing() {
    let identity = set(Grammar::Managed, (0..100).map(|bucket| statement("Allow", bucket)));
    let few = set(Grammar::Managed, (98..100).map(|bucket| statement("Allow", bucket)));
    let denying = set(Grammar::Managed, (0..3).map(|bucket| statement("Deny", bucket)));
    let levels = [set(Grammar::ServiceControl, (99..100).map(|bucket| statement("Allow", bucket)))];
    let open =
        r#"{"Statement": {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "*", "Resource": "*"}}"#;
    let resource = set(Grammar::Resource, std::iter::once(open.to_owned()));
    let context: Context<'_> = [
        ("aws:username", "ann"),
        ("aws:UserAgent", "an sdk: of some kind"),
        ("aws:PrincipalTag/team", "annexed"),
        ("aws:PrincipalArn", "arn:aws:iam::111122223333:user/ann"),
        ("aws:SourceIp", "10.1.2.3"),
        ("aws:CurrentTime", "2026-10-01T12:00:00Z"),
        ("aws:MultiFactorAuthAge", "120"),
        ("aws:SecureTransport", "true"),
    ]
    .into_iter()
    .map(|(key, value)| (key.into(), value.into()))
    .collect();
    let user =
        Principal::User { arn: "arn:aws:iam::111122223333:user/ann", id: "AIDAEXAMPLE", account: "111122223333" };
    let action = Action::parse("s3:GetObject").unwrap();
    let layers = [
        Layers { identity: Some(&identity), ..Layers::default() },
        Layers { identity: Some(&few), boundary: Some(&identity), resource: Some(&resource), ..Layers::default() },
        Layers { identity: Some(&few), session: Some(&denying), ..Layers::default() },
        Layers { identity: Some(&few), service_control: Some(&levels), ..Layers::default() },
        Layers::default(),
    ];
    let mut allowed = 0;
    let resources = [
        "arn:aws:s3:::b-99/ann/x",
        "arn:aws:sqs:eu-west-1:111122223333:q-99-x",
        "arn:aws:sqs:eu-west-1:111122223333:q-99-x:y",
        "arn:aws:s3:::b-1/bob/x",
        "*",
    ];
    for resource in resources {
        for layers in &layers {
            let request = Request::new(user, &action, resource, &context);
            let used = allocation_counter::measure(|| allowed += u32::from(decide(&request, layers).is_allowed()));
            assert_eq!(used.count_total, 0, "{resource} {layers:?}");
        }
    }
    assert_eq!(allowed, 6, "the measured decisions are not the trivial ones only");
}
