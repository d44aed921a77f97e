//! Rules about the account's password policy.

use super::{Examination, Offender, Verdict};
use crate::account::PasswordPolicy;
use crate::shapes::ArnParts;

/// Where an account has no policy of its own, what mends it asks for no less than AWS's own rules.
const STARTING_POINT: PasswordPolicy = PasswordPolicy {
    minimum_length: 8,
    require_symbols: false,
    require_numbers: true,
    require_uppercase: true,
    require_lowercase: true,
    allow_users_to_change_password: true,
    max_age: None,
    reuse_prevention: None,
    hard_expiry: None,
};

/// A demand that a policy does not meet.
type Demand = (bool, String, fn(&mut PasswordPolicy, i32), i64);

pub(super) fn are_long(x: &Examination<'_>) -> Verdict {
    judge(x, |policy| vec![length(policy, 14)])
}

pub(super) fn are_new(x: &Examination<'_>) -> Verdict {
    judge(x, |policy| vec![reuse(policy, 24)])
}

pub(super) fn are_strong(x: &Examination<'_>) -> Verdict {
    let class = |name: &str, is_required: bool, what: &str, require: fn(&mut PasswordPolicy, i32)| -> Demand {
        (x.values.flag(name) && !is_required, format!("it asks for no {what}"), require, 0)
    };
    judge(x, |policy| {
        let age = x.values.number("MaxPasswordAge");
        let is_too_old = age > 0 && policy.max_age.is_none_or(|days| i64::from(days) > age);
        vec![
            class("RequireUppercaseCharacters", policy.require_uppercase, "uppercase letter", |policy, _| {
                policy.require_uppercase = true;
            }),
            class("RequireLowercaseCharacters", policy.require_lowercase, "lowercase letter", |policy, _| {
                policy.require_lowercase = true;
            }),
            class("RequireSymbols", policy.require_symbols, "symbol", |policy, _| policy.require_symbols = true),
            class("RequireNumbers", policy.require_numbers, "number", |policy, _| policy.require_numbers = true),
            length(policy, x.values.number("MinimumPasswordLength")),
            reuse(policy, x.values.number("PasswordReusePrevention")),
            (
                is_too_old,
                format!("passwords do not expire within {age} days"),
                |policy, days| policy.max_age = Some(days),
                age,
            ),
        ]
    })
}

fn length(policy: &PasswordPolicy, least: i64) -> Demand {
    let is_short = i64::from(policy.minimum_length) < least;
    let reason = format!("it asks for {} characters, not {least}", policy.minimum_length);
    (is_short, reason, |policy, length| policy.minimum_length = length, least)
}

fn reuse(policy: &PasswordPolicy, least: i64) -> Demand {
    let is_low = policy.reuse_prevention.map_or(0, i64::from) < least;
    let reason = format!("the last {least} passwords can be used again");
    (is_low, reason, |policy, count| policy.reuse_prevention = Some(count), least)
}

/// Holds the account's policy against demands. One command meets all of them.
fn judge(x: &Examination<'_>, demands: impl Fn(&PasswordPolicy) -> Vec<Demand>) -> Verdict {
    let own = x.account().settings().password_policy;
    let mut policy = own.clone().unwrap_or(STARTING_POINT);
    let unmet: Vec<Demand> = demands(&policy).into_iter().filter(|(is_unmet, ..)| *is_unmet).collect();
    if unmet.is_empty() && own.is_some() {
        return Vec::new().into();
    }
    for (_, _, meet, value) in &unmet {
        meet(&mut policy, i32::try_from(*value).unwrap_or(i32::MAX));
    }
    let reasons: Vec<&str> = unmet.iter().map(|(_, reason, ..)| reason.as_str()).collect();
    let reason = match own {
        None => "the account has no password policy".to_owned(),
        Some(_) => format!("the password policy: {}", reasons.join(", ")),
    };
    let root = x.id().root_arn();
    let resource = ArnParts::parse(&root).map_or(root.clone(), |arn| format!("arn:{}:iam::{}", arn.partition, x.id()));
    Some(Offender::new(resource, reason, update(&policy))).into()
}

/// The command sets the whole policy: what it leaves out would be reset.
fn update(policy: &PasswordPolicy) -> String {
    let flag = |is_set: bool, name: &str| format!("--{}{name}", if is_set { "" } else { "no-" });
    let mut words = vec![
        "aws iam update-account-password-policy".to_owned(),
        format!("--minimum-password-length {}", policy.minimum_length),
        flag(policy.require_uppercase, "require-uppercase-characters"),
        flag(policy.require_lowercase, "require-lowercase-characters"),
        flag(policy.require_numbers, "require-numbers"),
        flag(policy.require_symbols, "require-symbols"),
        flag(policy.allow_users_to_change_password, "allow-users-to-change-password"),
    ];
    words.extend(policy.max_age.map(|days| format!("--max-password-age {days}")));
    words.extend(policy.reuse_prevention.map(|count| format!("--password-reuse-prevention {count}")));
    words.extend(policy.hard_expiry.map(|hard| flag(hard, "hard-expiry")));
    words.join(" ")
}
