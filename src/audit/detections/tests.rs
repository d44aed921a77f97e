use std::sync::Arc;

use super::*;
use crate::account::{Account, PasswordPolicy, Selectors, Trail};
use crate::audit::{
    Asked, Event, EventDenial, IdentityKind, IssuerKind, SessionContext, SessionIssuer, UserIdentity, example_event,
};

fn account() -> AccountId {
    AccountId::parse("123456789012").unwrap()
}

fn at(event: Event, seconds: i64) -> Event {
    Event { time: Timestamp::from_seconds(seconds), ..event }
}

fn seen(event: &Event) -> Seen<'_> {
    Seen { event, address: "127.0.0.1".parse().unwrap(), before: None, after: None, key_used: None }
}

fn kinds(found: &[Detection]) -> Vec<DetectionKind> {
    found.iter().map(|detection| detection.kind).collect()
}

fn root() -> Event {
    let identity = UserIdentity { kind: IdentityKind::Root, ..UserIdentity::default() };
    Event { identity: Arc::new(identity), ..example_event(1, "ListUsers") }
}

#[test]
fn a_call_of_a_user_is_nothing() {
    assert_eq!(Detector::default().see(&seen(&example_event(1, "GetUser"))), []);
}

#[test]
fn the_root_user_is_reported_once_an_hour_and_counted() {
    let detector = Detector::default();
    let counts: Vec<_> = [0, 1, 3599, 3600, 3601, 10_000]
        .into_iter()
        .map(|time| detector.see(&seen(&at(root(), time))).first().map(|found| (found.kind, found.count)))
        .collect();
    let reported = |count| Some((DetectionKind::RootUse, count));
    assert_eq!(counts, [reported(1), None, None, reported(3), None, reported(2)]);
    detector.forget(Some(account()));
    assert_eq!(kinds(&detector.see(&seen(&at(root(), 10_001)))), [DetectionKind::RootUse]);
    let mut assumed = root();
    Arc::make_mut(&mut assumed.identity).session = Some(SessionContext { assumed_root: true, ..session(None) });
    assert_eq!(kinds(&detector.see(&seen(&assumed))), [DetectionKind::AssumedRootUse]);
}

fn with_policy(policy: Option<PasswordPolicy>) -> Account {
    let mut account = Account::new(account(), Timestamp::default());
    account
        .update_settings(|settings| {
            settings.password_policy = policy;
            Ok(())
        })
        .unwrap();
    account
}

#[test]
fn weaker_rules_for_passwords_are_seen() {
    let strong = PasswordPolicy {
        minimum_length: 14,
        require_symbols: true,
        require_numbers: true,
        require_uppercase: true,
        require_lowercase: true,
        allow_users_to_change_password: false,
        max_age: Some(90),
        reuse_prevention: Some(24),
        hard_expiry: None,
    };
    let of = |change: fn(&mut PasswordPolicy)| {
        let mut policy = strong.clone();
        change(&mut policy);
        Some(policy)
    };
    let same = of(|_| {});
    for (before, after, weaker) in [
        (same.clone(), same.clone(), false),
        (same.clone(), of(|policy| policy.minimum_length = 13), true),
        (same.clone(), of(|policy| policy.minimum_length = 20), false),
        (same.clone(), of(|policy| policy.require_symbols = false), true),
        (same.clone(), of(|policy| policy.max_age = None), true),
        (same.clone(), of(|policy| policy.max_age = Some(91)), true),
        (same.clone(), of(|policy| policy.max_age = Some(30)), false),
        (same.clone(), of(|policy| policy.reuse_prevention = Some(23)), true),
        (same.clone(), of(|policy| policy.allow_users_to_change_password = true), false),
        (same.clone(), None, true),
        (None, None, false),
        (None, same, false),
        (None, of(|policy| policy.minimum_length = 7), true),
        (None, of(|policy| (policy.require_symbols, policy.require_numbers) = (false, false)), true),
    ] {
        let (before_, after_) = (with_policy(before.clone()), with_policy(after.clone()));
        let name = if after.is_none() { "DeleteAccountPasswordPolicy" } else { "UpdateAccountPasswordPolicy" };
        let event = example_event(1, name);
        let seen = Seen { before: Some(&before_), after: Some(&after_), ..seen(&event) };
        let found = kinds(&Detector::default().see(&seen));
        assert_eq!(found == [DetectionKind::PasswordPolicyWeakened], weaker, "{before:?} {after:?}");
    }
}

fn trail() -> Trail {
    Trail { multi_region: true, logging: true, ..Trail::new("all", "us-east-1", Timestamp::default(), "logs") }
}

#[test]
fn trails_that_deliver_less_are_seen() {
    let basic = |json: &str| Selectors::Basic(serde_json::from_str(json).unwrap());
    let advanced = |condition: &str| {
        let category = r#"{"Field":"eventCategory","Equals":["Management"]}"#;
        let json = format!(r#"[{{"FieldSelectors":[{category}{condition}]}}]"#);
        Selectors::Advanced(serde_json::from_str(&json).unwrap())
    };
    let with = |selectors: Selectors| Some(Trail { selectors, ..trail() });
    for (after, lesser) in [
        (Some(trail()), false),
        (None, true),
        (Some(Trail { logging: false, ..trail() }), true),
        (Some(Trail { multi_region: false, ..trail() }), true),
        (Some(Trail { bucket: "other".to_owned(), ..trail() }), false),
        (with(basic(r#"[{"ReadWriteType":"WriteOnly"}]"#)), true),
        (with(basic(r#"[{"ReadWriteType":"WriteOnly"},{"ReadWriteType":"ReadOnly"}]"#)), false),
        (with(basic(r#"[{"IncludeManagementEvents":false}]"#)), true),
        (with(advanced("")), false),
        (with(advanced(r#",{"Field":"readOnly","Equals":["false"]}"#)), true),
        (with(advanced(r#",{"Field":"eventName","NotEquals":["CreateUser"]}"#)), true),
    ] {
        let of = |trail: Option<Trail>| {
            let mut account = Account::new(account(), Timestamp::default());
            trail.into_iter().for_each(|trail| account.put(trail).unwrap());
            account
        };
        let event = Event { service: "cloudtrail".into(), ..example_event(1, "UpdateTrail") };
        let (before, now) = (of(Some(trail())), of(after.clone()));
        let found = kinds(&Detector::default().see(&Seen { before: Some(&before), after: Some(&now), ..seen(&event) }));
        assert_eq!(found == [DetectionKind::TrailStopped], lesser, "{after:?}");
        let stopped = of(Some(Trail { logging: false, ..trail() }));
        assert_eq!(
            Detector::default().see(&Seen { before: Some(&stopped), after: Some(&now), ..seen(&event) }),
            [],
            "a trail that did not log is nothing"
        );
    }
}

fn session(issuer: Option<&str>) -> SessionContext {
    SessionContext {
        issuer: issuer.map(|name| SessionIssuer {
            kind: IssuerKind::Role,
            principal_id: "AROA".to_owned(),
            arn: format!("arn:aws:iam::123456789012:role/{name}"),
            account: account(),
            user_name: Some(name.to_owned()),
        }),
        created: Timestamp::default(),
        mfa: false,
        source_identity: None,
        ec2_role_delivery: None,
        assumed_root: false,
    }
}

#[test]
fn credentials_of_an_instance_belong_where_they_were_fetched() {
    let detector = Detector::default();
    let mut event = at(example_event(1, "GetUser"), 100);
    let identity = Arc::make_mut(&mut event.identity);
    identity.access_key_id = Some("ASIA1".to_owned());
    identity.session = Some(SessionContext { ec2_role_delivery: Some("2.0".to_owned()), ..session(Some("web")) });
    let from = |address: &str| Seen { address: address.parse().unwrap(), ..seen(&event) };
    assert_eq!(detector.see(&from("10.0.0.2")), [], "nothing is known of who fetched them");
    detector.note_fetched("ASIA1", "10.0.0.1".parse().unwrap(), Timestamp::from_seconds(50));
    assert_eq!(detector.see(&from("10.0.0.1")), []);
    assert_eq!(kinds(&detector.see(&from("10.0.0.2"))), [DetectionKind::InstanceCredentialsElsewhere]);
    assert_eq!(detector.see(&from("10.0.0.2")), [], "it is reported once an hour");
}

#[test]
fn repeated_failures_of_an_address_are_seen() {
    let detector = Detector::default();
    let fail = |address: &str, seconds| {
        let now = Timestamp::from_seconds(seconds);
        detector.see_failure(&Failed {
            key: Some("AKIA1"),
            address: address.parse().unwrap(),
            region: "us-east-1",
            now,
        })
    };
    let found: Vec<_> = (0..12).map(|second| fail("10.0.0.1", second).map(|found| found.count)).collect();
    assert_eq!(found.iter().flatten().collect::<Vec<_>>(), [&10], "{found:?}");
    assert_eq!(found[9], Some(10));
    assert!((0..9).all(|second| fail("10.0.0.2", second).is_none()));
    assert!(fail("10.0.0.2", 400).is_none(), "they were too far apart");
}

fn denied(action: &str) -> Event {
    let denial = EventDenial {
        asked: Asked { action: action.to_owned(), resource: "*".to_owned() },
        layer: None,
        reason: String::new(),
        let_through: false,
        authorization_id: None,
    };
    Event { denial: Some(denial), ..example_event(1, "X") }
}

#[test]
fn a_principal_that_tries_paths_of_escalation_is_seen() {
    let detector = Detector::default();
    let see = |action: &str, seconds| kinds(&detector.see(&seen(&at(denied(action), seconds))));
    for action in ["iam:GetUser", "iam:PutUserPolicy", "iam:PutUserPolicy", "iam:CreateAccessKey", "s3:GetObject"] {
        assert_eq!(see(action, 100), [], "{action}");
    }
    assert_eq!(see("iam:PassRole", 101), [DetectionKind::EscalationAttempt]);
    assert_eq!(see("iam:AttachUserPolicy", 102), [], "it is reported once an hour");
    assert_eq!(see("iam:PassRole", 5000), [], "they were too far apart");
}

#[test]
fn a_principal_that_gives_itself_permissions_is_seen() {
    let of_alice = |name: &str, parameters: &str| Event {
        read_only: false,
        parameters: Some(parameters.to_owned()),
        ..example_event(1, name)
    };
    let of_role = |name: &str, parameters: &str| {
        let identity = UserIdentity {
            kind: IdentityKind::AssumedRole,
            session: Some(session(Some("deploy"))),
            ..UserIdentity::default()
        };
        Event { identity: Arc::new(identity), ..of_alice(name, parameters) }
    };
    for (event, expected) in [
        (of_alice("PutUserPolicy", r#"{"userName":"Alice"}"#), true),
        (of_alice("PutUserPolicy", r#"{"userName":"bob"}"#), false),
        (of_alice("AddUserToGroup", r#"{"userName":"alice","groupName":"admins"}"#), true),
        (of_alice("AttachRolePolicy", r#"{"roleName":"alice"}"#), false),
        (of_alice("CreateAccessKey", r#"{"userName":"alice"}"#), false),
        (of_role("AttachRolePolicy", r#"{"roleName":"deploy"}"#), true),
        (of_role("AttachRolePolicy", r#"{"roleName":"other"}"#), false),
        (of_role("PutUserPolicy", r#"{"userName":"deploy"}"#), false),
    ] {
        let found = kinds(&Detector::default().see(&seen(&event)));
        assert_eq!(found == [DetectionKind::EscalationAttempt], expected, "{} {:?}", event.name, event.parameters);
    }
}

#[test]
fn a_key_that_was_not_used_for_long_is_seen() {
    let event = at(example_event(1, "GetUser"), 100 * 24 * 3600);
    for (days, expected) in [(9, true), (10, true), (11, false), (200, false)] {
        let used = Some(Timestamp::from_seconds(days * 24 * 3600));
        let found = kinds(&Detector::default().see(&Seen { key_used: used, ..seen(&event) }));
        assert_eq!(found == [DetectionKind::UnusedKeyUsed], expected, "{days}");
    }
}

#[test]
fn a_detection_is_json() {
    let found = Detector::default().see(&seen(&at(root(), 0)));
    let mut json = serde_json::to_value(&found[0]).unwrap();
    let id = json.as_object_mut().unwrap().remove("id").unwrap();
    assert_eq!(id.as_str().unwrap().len(), 36);
    let expected = serde_json::json!({
        "type": "root-use",
        "guardDutyType": "Policy:IAMUser/RootCredentialUsage",
        "severity": "low",
        "time": "1970-01-01T00:00:00Z",
        "account": "123456789012",
        "principal": null,
        "accessKeyId": null,
        "source": "127.0.0.1",
        "region": "us-east-1",
        "action": "iam:ListUsers",
        "eventId": root().id().to_string(),
        "count": 1,
        "message": "The root user of the account 123456789012 called iam:ListUsers.",
    });
    assert_eq!(json, expected);
    for kind in DetectionKind::ALL {
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
    }
}

#[test]
fn what_another_server_has_seen_counts() {
    let (sender, sightings) = std::sync::mpsc::channel();
    let share = move |sighting: &Sighting| sender.send(serde_json::to_string(sighting).unwrap()).unwrap();
    let (first, second) = (Detector::new(Some(Box::new(share))), Detector::default());
    let pass_on = || {
        let heard = sightings.try_iter().filter_map(|text| second.hear(serde_json::from_str(&text).unwrap()));
        heard.collect::<Vec<_>>()
    };
    let failed = |detector: &Detector, seconds| {
        let (address, now) = ("10.0.0.1".parse().unwrap(), Timestamp::from_seconds(seconds));
        detector.see_failure(&Failed { key: None, address, region: "us-east-1", now })
    };
    assert!((0..9).all(|seconds| failed(&first, seconds).is_none()));
    assert_eq!(pass_on(), []);
    assert_eq!(failed(&second, 9).unwrap().kind, DetectionKind::RepeatedAuthenticationFailures, "the tenth of both");

    let reported = first.see(&seen(&at(root(), 20)));
    assert_eq!(pass_on(), reported, "what was detected is known");
    assert_eq!(second.see(&seen(&at(root(), 21))), [], "and not reported again");

    for (detector, action, found) in
        [(&first, "iam:PutUserPolicy", false), (&first, "iam:CreateAccessKey", false), (&second, "iam:PassRole", true)]
    {
        assert_eq!(!detector.see(&seen(&at(denied(action), 30))).is_empty(), found, "{action}");
        pass_on();
    }
}
