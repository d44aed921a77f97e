//! Trusted identity propagation: what a provider's tokens or assertions say of their subject, carried on by sessions.

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use crate::error::{Code, Error, Result};
use crate::shapes::{AccountId, ContextProvider, ContextTargetKey, IdentityCenterInstanceArn};

/// What a provider is configured to propagate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityPropagation {
    /// How claims or attributes become condition keys of sessions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_provider: Option<ContextProvider>,
    /// The ARN of the associated IAM Identity Center instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_center_instance: Option<String>,
}

/// What a request changes of it.
#[derive(Debug, Default)]
pub struct PropagationChange {
    /// A new context provider.
    pub context_provider: Option<ContextProvider>,
    /// Another Identity Center instance.
    pub identity_center_instance: Option<IdentityCenterInstanceArn>,
    /// Whether the context provider is removed.
    pub remove_context_provider: bool,
    /// Whether the association is removed.
    pub remove_identity_center_instance: bool,
}

impl PropagationChange {
    /// Whether the request is about the context provider.
    pub fn is_of_context_provider(&self) -> bool {
        self.context_provider.is_some() || self.remove_context_provider
    }

    /// Whether the request is about the Identity Center instance.
    pub fn is_of_instance(&self) -> bool {
        self.identity_center_instance.is_some() || self.remove_identity_center_instance
    }
}

impl IdentityPropagation {
    /// Changes what is configured. Removing what is not there has no effect.
    ///
    /// # Errors
    /// `InvalidInput` for a value together with its removal, for an association without a context provider, for the
    /// removal of a context provider that an association needs, and for malformed values.
    pub fn change(&mut self, change: PropagationChange) -> Result<()> {
        let PropagationChange { context_provider, identity_center_instance, .. } = change;
        if context_provider.is_some() && change.remove_context_provider {
            return Err(invalid("ContextProvider and RemoveContextProvider cannot be specified together."));
        }
        if identity_center_instance.is_some() && change.remove_identity_center_instance {
            let message = "IdentityCenterInstanceArn and RemoveIdentityCenterInstance cannot be specified together.";
            return Err(invalid(message));
        }
        if change.remove_context_provider && self.identity_center_instance.is_some() {
            let message = "The context provider cannot be removed while an IAM Identity Center instance is associated.";
            return Err(invalid(message));
        }
        if change.remove_context_provider {
            self.context_provider = None;
        }
        if change.remove_identity_center_instance {
            self.identity_center_instance = None;
        }
        if let Some(provider) = context_provider {
            self.context_provider = Some(checked(provider)?);
        }
        if let Some(instance) = identity_center_instance {
            if self.context_provider.is_none() {
                return Err(invalid("An IAM Identity Center instance can be associated with a context provider only."));
            }
            if !is_instance(&instance) {
                return Err(invalid(format!("The IAM Identity Center instance ARN {instance} is not valid.")));
            }
            self.identity_center_instance = Some(instance.into());
        }
        Ok(())
    }

    /// The ARN of the identity store of the associated instance. There is no Identity Center here, so the id follows
    /// from the instance's ARN.
    pub fn identity_store(&self, account: AccountId) -> Option<String> {
        let hash = digest(&SHA256, self.identity_center_instance.as_ref()?.as_bytes());
        let id = HEXLOWER.encode(hash.as_ref());
        Some(format!("arn:aws:identitystore::{account}:identitystore/d-{}", id.get(..10)?))
    }
}

/// A context provider as it is kept: target keys that were left out are their source keys.
fn checked(mut provider: ContextProvider) -> Result<ContextProvider> {
    let is_key = |key: &str| {
        let is_known = |c: char| c.is_ascii_alphanumeric() || "_.:/=+-@# ".contains(c);
        key.chars().all(is_known) && key.trim_matches(' ') == key && !key.contains("  ")
    };
    if provider.subject_type_value.as_deref() == Some("") {
        provider.subject_type_value = None;
    }
    if provider.subject_type_value.is_some() && provider.subject_type_source_key.is_some() {
        return Err(invalid("SubjectTypeValue and SubjectTypeSourceKey cannot be specified together."));
    }
    let mut definitions = provider.key_definition_list.take().unwrap_or_default().into_inner();
    for definition in &mut definitions {
        definition.target_key.get_or_insert_with(|| ContextTargetKey::new(definition.source_key.as_str()));
    }
    let targets: Vec<&str> = definitions.iter().filter_map(|definition| definition.target_key.as_deref()).collect();
    // Condition keys are compared without regard to case.
    let doubled = |(at, key): (usize, &&str)| targets.iter().skip(at + 1).any(|other| other.eq_ignore_ascii_case(key));
    if targets.iter().enumerate().any(doubled) {
        return Err(invalid("The target keys of KeyDefinitionList must be unique."));
    }
    let sources = definitions.iter().map(|definition| definition.source_key.as_str());
    let own = provider.subject_type_source_key.as_deref().into_iter().chain([provider.subject_source_key.as_str()]);
    if let Some(key) = sources.chain(own).chain(targets.iter().copied()).find(|key| !is_key(key)) {
        return Err(invalid(format!("The context provider key {key} is not valid.")));
    }
    if !definitions.is_empty() {
        provider.key_definition_list = Some(definitions.into());
    }
    Ok(provider)
}

/// Whether this is the ARN of an instance (IAM Identity Center API Reference, `InstanceMetadata`).
fn is_instance(arn: &str) -> bool {
    let id = arn.strip_prefix("arn:aws").and_then(|rest| rest.split_once(":sso:::instance/"));
    let id = id.and_then(|(_, id)| id.strip_prefix("ssoins-").or_else(|| id.strip_prefix("ins-")));
    id.is_some_and(|id| id.len() == 16 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.'))
}

fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Code::InvalidInput, message)
}
