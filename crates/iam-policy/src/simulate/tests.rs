use std::sync::Arc;

use super::*;
use crate::{Grammar, Policy, Position, Source, SourceKind};

const DOCUMENT: &str = r#"{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "s3:Get*",
            "Resource": "arn:aws:s3:::a/*",
            "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}
        },
        {
            "Effect": "Deny",
            "Action": "s3:*",
            "Resource": "arn:aws:s3:::a/private"
        }
    ]
}"#;

fn set(texts: &[&str], grammar: Grammar) -> PolicySet {
    PolicySet::new(texts.iter().enumerate().map(|(index, text)| {
        let id = format!("PolicyInputList.{}", index + 1).into();
        (Source { id, kind: SourceKind::None, arn: None }, Ok(Arc::new(Policy::parse(text, grammar).unwrap())))
    }))
}

fn anything(_: &str) -> bool {
    true
}

fn scenario<'a>(identity: &'a PolicySet, context: &'a Context<'a>) -> Scenario<'a> {
    Scenario {
        caller: Some(Principal::User { arn: "arn:aws:iam::111122223333:user/a", id: "", account: "111122223333" }),
        identity,
        boundary: None,
        resource_policy: None,
        service_control: None,
        resource_owner: None,
        context,
        entries: context,
        owner_keys: &|_| Keys::new(),
    }
}

#[test]
fn one_result_covers_all_resources() {
    let (identity, context) = (set(&[DOCUMENT], Grammar::Managed), Context::new().with("aws:SourceVpc", "vpc-1"));
    let get = Action::parse("s3:GetObject").unwrap();
    let both = scenario(&identity, &context).simulate(&get, &["arn:aws:s3:::a/x", "arn:aws:s3:::a/private"], &anything);
    assert_eq!(both.decision, Verdict::ExplicitDeny);
    assert_eq!(both.resources[1].matched.len(), 1, "on a deny only the deny is shown");
    assert_eq!(both.matched.len(), 2, "of the action, those of all resources");
    let decisions: Vec<_> = both.resources.iter().map(|one| one.decision).collect();
    assert_eq!(decisions, [Verdict::Allowed, Verdict::ExplicitDeny]);
    assert_eq!(both.details, Some(Sides::new()), "in one account the details are there, and empty");
}

#[test]
fn positions_are_as_aws_counts_them() {
    let places = |text: &str| -> Vec<[Position; 2]> {
        let policy = Policy::parse(text, Grammar::Identity).unwrap();
        policy.statements().iter().map(|statement| [statement.start, statement.end]).collect()
    };
    let at = |line, column| Position { line, column };
    assert_eq!(places(DOCUMENT), [[at(3, 19), at(9, 10)], [at(9, 10), at(14, 10)]]);
    let statement = r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#;
    let list = format!(r#"{{"Version":"2012-10-17","Statement":[{statement}, {statement}]}}"#);
    assert_eq!(places(&list), [[at(1, 38), at(1, 87)], [at(1, 87), at(1, 138)]]);
    let lone = format!(r#"{{"Version":"2012-10-17","Statement":{statement}}}"#);
    assert_eq!(places(&lone), [[at(1, 38), at(1, 86)]]);
}

#[test]
fn missing_keys_are_reported_without_a_resource_too() {
    let text = r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*",
            "Condition": {"StringEquals": {"aws:SourceVpc": "${aws:username}"}}}}"#;
    let text = text.replace("{\"Statement\"", "{\"Version\": \"2012-10-17\", \"Statement\"");
    let (identity, context) = (set(&[&text], Grammar::Identity), Context::new());
    let list = Action::parse("s3:ListAllMyBuckets").unwrap();
    let result = scenario(&identity, &context).simulate(&list, &[], &anything);
    assert_eq!(result.decision, Verdict::ImplicitDeny);
    assert_eq!(result.missing_keys, ["aws:SourceVpc", "aws:username"]);
    assert!(result.matched.is_empty() && result.resources.is_empty() && result.details.is_none());
}

#[test]
fn boundary_organization_and_the_other_account_have_their_details() {
    let open = r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
    let other = r#"{"Statement": {"Effect": "Allow", "Action": "iam:*", "Resource": "*"}}"#;
    let (identity, closed, context) =
        (set(&[open], Grammar::Identity), set(&[other], Grammar::Identity), Context::new());
    let levels = [set(&[other], Grammar::ServiceControl)];
    let get = Action::parse("s3:GetObject").unwrap();
    let base = scenario(&identity, &context);
    let bounded = Scenario { boundary: Some(&closed), ..base }.simulate(&get, &["arn:aws:s3:::b/k"], &anything);
    assert_eq!((bounded.decision, bounded.allowed_by_boundary), (Verdict::ImplicitDeny, Some(false)));
    assert_eq!(bounded.allowed_by_organizations, None);
    let organized =
        Scenario { service_control: Some(&levels), ..base }.simulate(&get, &["arn:aws:s3:::b/k"], &anything);
    assert_eq!((organized.decision, organized.allowed_by_organizations), (Verdict::ImplicitDeny, Some(false)));
    assert_eq!(organized.details, None);
    let across =
        Scenario { resource_owner: Some("444455556666"), ..base }.simulate(&get, &["arn:aws:s3:::b/k"], &anything);
    let sides = Sides::from([("IAM Policy", Verdict::Allowed), ("Resource Policy", Verdict::ImplicitDeny)]);
    assert_eq!((across.decision, across.details), (Verdict::ImplicitDeny, Some(sides)));
}

#[test]
fn an_arn_shows_its_owner_before_the_parameter_does() {
    let (identity, context) = (
        set(&[r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#], Grammar::Identity),
        Context::new(),
    );
    let base = Scenario { resource_owner: Some("444455556666"), ..scenario(&identity, &context) };
    let get = Action::parse("sqs:GetQueueUrl").unwrap();
    let decision = |scenario: Scenario<'_>, resource| scenario.simulate(&get, &[resource], &anything).decision;
    assert_eq!(decision(base, "arn:aws:sqs:us-east-1:111122223333:q"), Verdict::Allowed);
    assert_eq!(decision(base, "arn:aws:s3:::b"), Verdict::ImplicitDeny);
    assert_eq!(decision(base, "arn:aws:sqs:us-east-1:777788889999:q"), Verdict::ImplicitDeny);
    assert_eq!(decision(Scenario { caller: None, ..base }, "arn:aws:sqs:us-east-1:777788889999:q"), Verdict::Allowed);
}
