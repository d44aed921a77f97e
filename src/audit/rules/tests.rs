//! What no client can bring about, and what the table must be. The rest is held end to end.

use std::collections::BTreeSet;

use super::*;
use crate::account::{AccessKey, Credentials, EnabledMfaDevice, Permissions, RootUser, StoredPolicy, User};
use crate::shapes::{Path, Secret, TagSet};

const NOW: Timestamp = Timestamp::from_seconds(1_000 * DAY);

fn account() -> Account {
    Account::new(AccountId::parse("123456789012").unwrap(), Timestamp::from_seconds(0))
}

fn user(credentials: Credentials) -> User {
    User {
        name: "ann".into(),
        path: Path::new("/"),
        id: "AIDAQ".into(),
        created: Timestamp::from_seconds(0),
        tags: TagSet::default(),
        permissions: Permissions::default(),
        groups: Vec::new(),
        credentials,
    }
}

fn key(id: &str, active: bool, age_in_days: i64) -> AccessKey {
    AccessKey { id: id.into(), secret: Secret::new("secret"), active, created: NOW.plus(-age_in_days * DAY) }
}

fn device(serial_number: &str) -> EnabledMfaDevice {
    EnabledMfaDevice { serial_number: serial_number.into(), enabled: NOW, drift: 0 }
}

/// What offends against a rule.
fn offenders(account: &Account, rule: &str, parameters: &[&str]) -> Vec<Offender> {
    let subject = Subject { account, usage: &Usage::default(), organization: None, now: NOW };
    let given = Given::read(parameters.iter().copied()).unwrap();
    let mut report = audit(subject, &[rule.to_owned()], &given).unwrap();
    report.rules.remove(0).offenders
}

#[test]
fn only_a_virtual_device_of_the_root_user_offends() {
    for (serial, expected) in [("GAHT12345678", 0), ("arn:aws:iam::123456789012:mfa/root", 1)] {
        let mut account = account();
        let credentials = Credentials { mfa_devices: vec![device(serial)], ..Credentials::default() };
        account.put(RootUser { credentials, ..RootUser::default() }).unwrap();
        assert_eq!(offenders(&account, "root-account-hardware-mfa-enabled", &[]).len(), expected, "{serial}");
        assert!(offenders(&account, "cis-1.5", &[]).is_empty());
    }
}

#[test]
fn an_age_is_in_full_days_and_inactive_keys_have_none() {
    for (active, days, rotated, used) in
        [(true, 90, 0, 0), (true, 91, 1, 1), (false, 400, 0, 0), (true, 46, 0, 0), (true, 0, 0, 0)]
    {
        let mut account = account();
        let credentials = Credentials { access_keys: vec![key("AKIAQ", active, days)], ..Credentials::default() };
        account.put(user(credentials)).unwrap();
        assert_eq!(offenders(&account, "access-keys-rotated", &[]).len(), rotated, "{active} {days}");
        assert_eq!(offenders(&account, "iam-user-unused-credentials-check", &[]).len(), used, "{active} {days}");
    }
}

#[test]
fn a_key_that_is_in_use_is_not_unused() {
    let mut account = account();
    let credentials = Credentials { access_keys: vec![key("AKIAQ", true, 400)], ..Credentials::default() };
    account.put(user(credentials)).unwrap();
    let usage = Usage::default();
    let used = super::super::Use { account: account.id, used: NOW.plus(-DAY), service: "iam", region: "us-east-1" };
    usage.note("AKIAQ", used);
    let subject = Subject { account: &account, usage: &usage, organization: None, now: NOW };
    let report = audit(subject, &["cis-1.12".to_owned()], &Given::default()).unwrap();
    assert!(!report.has_findings());
}

#[test]
fn what_policies_say_is_judged_whatever_their_conditions_are() {
    let inline = |statement: &str| {
        let mut account = account();
        let mut user = user(Credentials::default());
        let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#);
        user.permissions.inline.insert("p".into(), StoredPolicy::from(std::sync::Arc::<str>::from(text)));
        account.put(user).unwrap();
        let parameter = "iam-inline-policy-blocked-kms-actions.blockedActionsPatterns=kms:Decrypt";
        offenders(&account, "iam-inline-policy-blocked-kms-actions", &[parameter]).len()
    };
    for (statement, expected) in [
        (r#"{"Effect":"Allow","Action":"kms:Decrypt","Resource":"*"}"#, 1),
        (r#"{"Effect":"Allow","Action":"KMS:de*","Resource":"arn:aws:kms:*:*:key/*"}"#, 1),
        (r#"{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}"#, 1),
        (r#"{"Effect":"Allow","NotAction":"s3:*","NotResource":"arn:aws:s3:::a"}"#, 1),
        (r#"{"Effect":"Deny","Action":"kms:*","Resource":"*"}"#, 0),
        (r#"{"Effect":"Allow","Action":"kms:Encrypt","Resource":"*"}"#, 0),
        (r#"{"Effect":"Allow","Action":"kms:*","Resource":"arn:aws:kms:us-east-1:123456789012:key/1"}"#, 0),
    ] {
        assert_eq!(inline(statement), expected, "{statement}");
    }
}

#[test]
fn a_password_policy_is_mended_by_one_command_that_keeps_the_rest() {
    let mut account = account();
    let policy = crate::account::PasswordPolicy {
        minimum_length: 20,
        require_symbols: true,
        require_numbers: false,
        require_uppercase: true,
        require_lowercase: true,
        allow_users_to_change_password: false,
        max_age: Some(30),
        reuse_prevention: Some(5),
        hard_expiry: Some(true),
    };
    account
        .update_settings(|settings| {
            settings.password_policy = Some(policy);
            Ok(())
        })
        .unwrap();
    let [offender] = offenders(&account, "iam-password-policy", &[]).try_into().unwrap();
    assert_eq!(offender.resource, "arn:aws:iam::123456789012");
    assert_eq!(offender.reason, "the password policy: it asks for no number, the last 24 passwords can be used again");
    assert_eq!(
        offender.mend,
        "aws iam update-account-password-policy --minimum-password-length 20 --require-uppercase-characters \
         --require-lowercase-characters --require-numbers --require-symbols --no-allow-users-to-change-password \
         --max-password-age 30 --password-reuse-prevention 24 --hard-expiry"
    );
    assert!(offenders(&account, "cis-1.8", &[]).is_empty());
}

#[test]
fn words_are_quoted_for_the_shell() {
    assert_eq!(command("aws iam x --name {} --arn {}", ["a b'c", "arn:aws:iam::1:user/é"]), {
        r"aws iam x --name 'a b'\''c' --arn 'arn:aws:iam::1:user/é'"
    });
}

#[test]
fn ids_are_unique_and_those_of_cis_have_its_number() {
    let ids: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(ids.len(), RULES.len());
    for rule in RULES {
        let number = rule.id.strip_prefix("cis-");
        assert!(number.is_none() || number == rule.cis, "{}", rule.id);
    }
}

#[test]
fn parameters_that_mean_nothing_are_refused() {
    for (text, error) in [
        ("x", "write RULE.NAME=VALUE"),
        ("nonesuch.a=1", "there is no rule nonesuch"),
        ("access-keys-rotated.a=1", "has no parameter a; it has maxAccessKeyAge"),
        ("cis-1.4.a=1", "has no parameter a; it has none"),
        ("access-keys-rotated.maxAccessKeyAge=-1", "must be a whole number"),
        ("iam-policy-in-use.policyUsageType=X", "IAM_USER, IAM_GROUP, IAM_ROLE or ANY"),
        ("iam-password-policy.RequireSymbols=yes", "true or false"),
    ] {
        let given = Given::read([text]).map(drop).unwrap_err().to_string();
        assert!(given.contains(error), "{text}: {given}");
    }
}
