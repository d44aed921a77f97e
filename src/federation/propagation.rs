//! The condition keys of trusted identity propagation (IAM User Guide, "AWS global condition context keys"). They stay
//! for the whole session, and only a provider sets them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::vouched::{Vouched, invalid};
use crate::account::IdentityPropagation;
use crate::error::Result;
use crate::identity::ProviderValue;
use crate::shapes::AccountId;

/// The subject of the token or assertion.
pub const SUBJECT: &str = "aws:OriginIdentity/Subject";
/// What the subject is: `user` or `workload`.
pub const SUBJECT_TYPE: &str = "aws:OriginIdentity/SubjectType";
/// Who issued the token, or the hash of the key that signed the assertion.
pub const ISSUER: &str = "aws:OriginIdentity/Issuer";
/// The provider.
pub const PROVIDER: &str = "aws:OriginIdentity/FederatedProviderArn";
const TRANSACTION: &str = "aws:TransactionContext/IdentityProvider/";
const INSTANCE: &str = "aws:IdentityCenterInstanceArn";
const STORE: &str = "aws:IdentityStoreArn";
/// The greatest length of a mapped value; longer ones are left out.
const MAX_VALUE: usize = 128;

/// Whether a condition key is one of these.
pub fn is_propagated(key: &str) -> bool {
    key.starts_with("aws:OriginIdentity/") || key.starts_with(TRANSACTION) || [INSTANCE, STORE].contains(&key)
}

/// Adds the keys that a provider propagates. `value_of` gives the value of a claim or attribute.
///
/// # Errors
/// `InvalidIdentityToken` when there is no subject.
pub fn propagate(
    configured: &IdentityPropagation,
    account: AccountId,
    issuer: &str,
    vouched: &mut Vouched,
    value_of: impl Fn(&str) -> Option<String>,
) -> Result<()> {
    let Some(context) = &configured.context_provider else { return Ok(()) };
    let source = &context.subject_source_key;
    let subject = value_of(source).filter(|subject| !subject.is_empty());
    vouched.key(SUBJECT, subject.ok_or_else(|| invalid(format!("Missing a required claim: {source}.")))?);
    let from_claim = || value_of(context.subject_type_source_key.as_deref()?);
    if let Some(kind) = context.subject_type_value.as_deref().map(str::to_owned).or_else(from_claim) {
        vouched.key(SUBJECT_TYPE, kind);
    }
    if !issuer.is_empty() {
        vouched.key(ISSUER, issuer);
    }
    vouched.key(PROVIDER, vouched.provider.clone());
    for definition in context.key_definition_list.iter().flat_map(|list| list.iter()) {
        let target = definition.target_key.as_deref().unwrap_or(&definition.source_key);
        let value = value_of(&definition.source_key).filter(|value| value.chars().count() <= MAX_VALUE);
        if let Some(value) = value {
            vouched.key(format!("{TRANSACTION}{target}"), value);
        }
    }
    if let (Some(instance), Some(store)) = (&configured.identity_center_instance, configured.identity_store(account)) {
        vouched.key(INSTANCE, instance);
        vouched.key(STORE, store);
    }
    Ok(())
}

/// What an answer shows of these keys.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TrustedIdentityPropagationContext {
    origin_identity: OriginIdentity,
    transaction_context: Option<TransactionContext>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct OriginIdentity {
    subject: Option<String>,
    subject_type: Option<String>,
    issuer: Option<String>,
    federated_provider_arn: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct TransactionContext {
    identity_provider: BTreeMap<String, String>,
}

impl TrustedIdentityPropagationContext {
    /// The context among the keys of a session; `None` for a session that has none.
    pub fn of(keys: &[(String, ProviderValue)]) -> Option<Self> {
        let origin = |name: &str| {
            keys.iter().find_map(|(key, value)| match value {
                ProviderValue::One(value) if key == name => Some(value.clone()),
                _ => None,
            })
        };
        let identity_provider: BTreeMap<_, _> = keys
            .iter()
            .filter_map(|(key, value)| match value {
                ProviderValue::One(value) => Some((key.strip_prefix(TRANSACTION)?.to_owned(), value.clone())),
                ProviderValue::Many(_) => None,
            })
            .collect();
        origin(SUBJECT)?;
        Some(Self {
            origin_identity: OriginIdentity {
                subject: origin(SUBJECT),
                subject_type: origin(SUBJECT_TYPE),
                issuer: origin(ISSUER),
                federated_provider_arn: origin(PROVIDER),
            },
            transaction_context: (!identity_provider.is_empty()).then_some(TransactionContext { identity_provider }),
        })
    }
}
