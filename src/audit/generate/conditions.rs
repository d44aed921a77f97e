//! The condition keys that a generated policy can ask for: those of the action's own service. The others say who called,
//! when and from where, and are the same for reasons that have nothing to do with what the principal is for.

use std::collections::BTreeMap;

use aws_reference::service_authorization::{self, ValueType};
use iam_policy::Values;

/// The keys and values of a call that a condition can be about.
pub(super) fn of(action: &str, keys: &[(String, Values<'static>)]) -> BTreeMap<String, Values<'static>> {
    let asked = keys.iter().filter(|(key, values)| operator(action, key, values).is_some());
    asked.map(|(key, values)| (key.clone(), values.clone())).collect()
}

/// The operator by which a condition holds for exactly these values of a key that belongs to the action's service.
pub(super) fn operator(action: &str, key: &str, values: &Values<'_>) -> Option<&'static str> {
    let (service, _) = action.split_once(':')?;
    let is_own = key.split_once(':').is_some_and(|(prefix, _)| prefix.eq_ignore_ascii_case(service));
    let known = service_authorization::service(service).filter(|_| is_own)?;
    let kind = known.condition_key(key)?.value_type;
    match (kind, values) {
        (ValueType::String, Values::One(_)) => Some("StringEquals"),
        (ValueType::Arn, Values::One(_)) => Some("ArnEquals"),
        (ValueType::Bool, Values::One(_)) => Some("Bool"),
        _ => None,
    }
}
