//! Changes of an account that weaken its guard.

use crate::account::{Account, PasswordPolicy, Selectors, Trail};
use crate::shapes::{AdvancedEventSelector, ReadWriteType};

/// AWS's own rules ask for eight characters and three of the four classes, whichever they are (IAM User Guide, "Set an
/// account password policy for IAM users").
const DEFAULT_LENGTH: i32 = 8;
const DEFAULT_CLASSES: usize = 3;

/// How the rules for passwords are weaker than they were; `None` if they are not. An account without rules has AWS's.
pub(super) fn weaker_passwords(before: &Account, after: &Account) -> Option<String> {
    let rules = |account: &Account| account.settings().password_policy;
    let (before, after) = match (rules(before), rules(after)) {
        (None, None) => return None,
        (Some(_), None) => return Some("The account's password policy was deleted.".to_owned()),
        (before, Some(after)) => (before, after),
    };
    let length = before.as_ref().map_or(DEFAULT_LENGTH, |before| before.minimum_length);
    let loses_a_class = match &before {
        Some(before) => classes(before).into_iter().zip(classes(&after)).any(|(before, after)| before && !after),
        None => classes(&after).into_iter().filter(|needed| *needed).count() < DEFAULT_CLASSES,
    };
    let max_age = before.as_ref().and_then(|before| before.max_age);
    let remembered = before.as_ref().and_then(|before| before.reuse_prevention).unwrap_or(0);
    let weaker: Vec<&str> = [
        (after.minimum_length < length, "they may be shorter"),
        (loses_a_class, "they need fewer classes of characters"),
        (max_age.is_some_and(|days| after.max_age.is_none_or(|after| after > days)), "they may be older"),
        (after.reuse_prevention.unwrap_or(0) < remembered, "earlier ones may be used again sooner"),
    ]
    .into_iter()
    .filter_map(|(is_weaker, how)| is_weaker.then_some(how))
    .collect();
    (!weaker.is_empty()).then(|| format!("The account's rules for passwords became weaker: {}.", weaker.join(", ")))
}

/// Which classes of characters passwords need.
fn classes(policy: &PasswordPolicy) -> [bool; 4] {
    [policy.require_symbols, policy.require_numbers, policy.require_uppercase, policy.require_lowercase]
}

/// How a trail that logged delivers less than it did; `None` if none does.
pub(super) fn lesser_trail(before: &Account, after: &Account) -> Option<String> {
    before.trails.iter().filter(|trail| trail.logging).find_map(|trail| {
        let now = after.trails.after(None).find(|(_, now)| now.name == trail.name && now.region == trail.region);
        let what = match now {
            None => "was deleted",
            Some((_, now)) if !now.logging => "was stopped",
            Some((_, now)) if trail.multi_region && !now.multi_region => "delivers the events of one region only",
            Some((_, now)) if trail.global_events && !now.global_events => "delivers no events of global services",
            Some((_, now)) if loses_management_events(trail, now) => "delivers fewer management events",
            Some(_) => return None,
        };
        Some(format!("The trail {} {what}.", trail.arn(before.id)))
    })
}

fn loses_management_events(before: &Trail, after: &Trail) -> bool {
    let (before, after) = (management_events(&before.selectors), management_events(&after.selectors));
    before.into_iter().zip(after).any(|(before, after)| before && !after)
}

/// Whether all management events that read are delivered, and all that write.
fn management_events(selectors: &Selectors) -> [bool; 2] {
    let kinds: Vec<[bool; 2]> = match selectors {
        Selectors::Basic(selectors) => selectors
            .iter()
            .filter(|selector| selector.include_management_events != Some(false))
            .map(|selector| match selector.read_write_type {
                Some(ReadWriteType::ReadOnly) => [true, false],
                Some(ReadWriteType::WriteOnly) => [false, true],
                Some(ReadWriteType::All) | None => [true, true],
            })
            .collect(),
        Selectors::Advanced(selectors) => selectors.iter().map(advanced_management_events).collect(),
    };
    [0, 1].map(|kind| kinds.iter().any(|all| all.get(kind) == Some(&true)))
}

/// The same of one advanced event selector. One that chooses by anything else does not deliver all.
fn advanced_management_events(selector: &AdvancedEventSelector) -> [bool; 2] {
    let (mut reads, mut writes) = (true, true);
    for condition in selector.field_selectors.iter() {
        let equals = condition.equals.as_deref().unwrap_or_default().first().map(|value| value.as_str());
        match (condition.field.as_str(), equals) {
            ("eventCategory", Some("Management")) => {}
            ("readOnly", Some("true")) => writes = false,
            ("readOnly", Some("false")) => reads = false,
            _ => return [false, false],
        }
    }
    [reads, writes]
}
