//! SAML providers.

use chrono::Months;
use serde::{Deserialize, Serialize};

use crate::account::{
    DecryptionKey, IdentityPropagation, PropagationChange, Quota, Resource, SamlProvider, SamlSigner,
};
use crate::call::{Access, Command, Operation, Query, Transaction, View, operations};
use crate::error::{Code, Error, Result};
use crate::federation::saml::{Metadata, Signer, is_decryption_key};
use crate::shapes::{
    Arn, AssertionEncryptionMode, ContextProvider, IdentityCenterInstanceArn, Ids, Kind, PrivateKey, PrivateKeyId,
    SamlMetadataDocument, SamlProviderName, Secret, Tag, TagSet, Tags, Timestamp,
};

/// The most private keys of one provider.
const MAX_PRIVATE_KEYS: usize = 2;
/// Metadata without an end are valid for a hundred years.
const UNLIMITED: Months = Months::new(100 * 12);
const CAPITALS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// Creates a provider from the metadata that the identity provider publishes.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateSAMLProvider {
    #[serde(rename = "SAMLMetadataDocument")]
    metadata: SamlMetadataDocument,
    name: SamlProviderName,
    tags: Option<Tags>,
    assertion_encryption_mode: Option<AssertionEncryptionMode>,
    add_private_key: Option<PrivateKey>,
    context_provider: Option<ContextProvider>,
    identity_center_instance_arn: Option<IdentityCenterInstanceArn>,
}

/// What `CreateSAMLProvider` answers, with the tags in the order of the request.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateSAMLProviderResult {
    #[serde(rename = "SAMLProviderArn")]
    arn: String,
    tags: Option<Vec<Tag>>,
}

impl Operation for CreateSAMLProvider {
    type Output = CreateSAMLProviderResult;

    const ERRORS: &'static [Code] = &[
        Code::ConcurrentModification,
        Code::EntityAlreadyExists,
        Code::InvalidInput,
        Code::LimitExceeded,
        Code::ServiceFailure,
    ];
    const COMPUTES: bool = true;

    fn access(&self) -> Access<'_> {
        Access::new(Kind::SamlProvider, None, &self.name)
            .key("iam:RequestIdentityProviderIssuers", issuer(&self.metadata).map(|issuer| vec![issuer]))
            .identity_propagation(self.context_provider.as_ref(), self.identity_center_instance_arn.as_ref())
            .tagged(Kind::SamlProvider, self.tags.as_deref())
    }
}

impl Command for CreateSAMLProvider {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<CreateSAMLProviderResult> {
        let tags = Tags::shape(self.tags.as_ref());
        let mut propagation = IdentityPropagation::default();
        propagation.change(PropagationChange {
            context_provider: self.context_provider,
            identity_center_instance: self.identity_center_instance_arn,
            ..PropagationChange::default()
        })?;
        let (signer, valid_until) = read_metadata(&self.metadata, cx.now)?;
        let mut provider = SamlProvider {
            name: self.name.into(),
            uuid: format!("SAMLSP{}", cx.ids.text(CAPITALS, 16)),
            created: cx.now,
            issuer: signer.entity_id.clone(),
            signer: Some(signer),
            propagation,
            valid_until,
            metadata: self.metadata.into(),
            encryption: self.assertion_encryption_mode,
            private_keys: Vec::new(),
            tags: TagSet::from_request(Kind::SamlProvider, self.tags)?,
        };
        if let Some(key) = self.add_private_key {
            add_key(&mut provider, &key, cx.now, &cx.ids)?;
        }
        check_encryption(&provider)?;
        let result = CreateSAMLProviderResult { arn: provider.arn(cx.account.id), tags };
        cx.create(provider, Quota::SAMLProvidersPerAccount)?;
        Ok(result)
    }
}

/// The issuer of assertions that metadata name.
fn issuer(metadata: &str) -> Option<String> {
    Metadata::read(metadata).map(|metadata| metadata.signer.entity_id)
}

/// Who signs by the metadata, and when they lose their validity.
fn read_metadata(metadata: &str, created: Timestamp) -> Result<(SamlSigner, Timestamp)> {
    let metadata = Metadata::read(metadata);
    let metadata = metadata.ok_or_else(|| Error::new(Code::InvalidInput, "Could not parse metadata"))?;
    Ok((metadata.signer, metadata.valid_until.unwrap_or_else(|| (created.date_time() + UNLIMITED).into())))
}

fn add_key(provider: &mut SamlProvider, key: &PrivateKey, now: Timestamp, ids: &Ids<'_>) -> Result<()> {
    if !is_decryption_key(key.reveal()) {
        return Err(Error::new(Code::InvalidInput, "Could not parse private key"));
    }
    if provider.private_keys.len() >= MAX_PRIVATE_KEYS {
        let message = format!("Private key limit of {MAX_PRIVATE_KEYS} is reached.");
        return Err(Error::new(Code::LimitExceeded, message));
    }
    let pem = Secret::new(key.reveal());
    provider.private_keys.push(DecryptionKey { id: format!("SAMLPK{}", ids.text(CAPITALS, 16)), added: now, pem });
    Ok(())
}

/// Who demands encryption must be able to decrypt.
fn check_encryption(provider: &SamlProvider) -> Result<()> {
    if provider.encryption == Some(AssertionEncryptionMode::Required) && provider.private_keys.is_empty() {
        let message = "Failed to set assertion encryption mode to Required because no private key is present.";
        return Err(Error::new(Code::InvalidInput, message));
    }
    Ok(())
}

/// Describes a provider.
#[derive(Deserialize)]
pub struct GetSAMLProvider {
    #[serde(rename = "SAMLProviderArn")]
    arn: Arn,
}

/// What `GetSAMLProvider` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetSAMLProviderResult {
    #[serde(rename = "SAMLProviderUUID")]
    uuid: String,
    #[serde(rename = "SAMLMetadataDocument")]
    metadata: String,
    context_provider: Option<ContextProvider>,
    #[serde(rename = "SAMLKeyHashes")]
    key_hashes: Vec<KeyHashEntry>,
    create_date: Timestamp,
    valid_until: Timestamp,
    tags: Vec<Tag>,
    assertion_encryption_mode: AssertionEncryptionMode,
    private_key_list: Vec<PrivateKeyShape>,
    identity_center_instance_arn: Option<String>,
    identity_store_arn: Option<String>,
}

/// The hashes of an issuer's signing keys.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct KeyHashEntry {
    #[serde(rename = "IssuerURL")]
    issuer_url: String,
    key_hashes: Vec<String>,
}

impl KeyHashEntry {
    fn of(provider: &SamlProvider) -> Option<Self> {
        let signer = Signer::of(provider)?;
        Some(Self { key_hashes: signer.key_hashes(), issuer_url: signer.entity_id })
    }
}

/// A private key in an answer: not the key itself.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PrivateKeyShape {
    key_id: String,
    timestamp: Timestamp,
}

impl Operation for GetSAMLProvider {
    type Output = GetSAMLProviderResult;

    const ERRORS: &'static [Code] = &[Code::InvalidInput, Code::NoSuchEntity, Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        Access::arn(&self.arn)
    }
}

impl Query for GetSAMLProvider {
    fn answer(self, cx: &View<'_>) -> Result<GetSAMLProviderResult> {
        let provider = cx.account.find_by_arn::<SamlProvider>(&self.arn)?;
        let keys = provider.private_keys.iter();
        let keys = keys.map(|key| PrivateKeyShape { key_id: key.id.clone(), timestamp: key.added });
        Ok(GetSAMLProviderResult {
            uuid: provider.uuid.clone(),
            metadata: provider.metadata.clone(),
            context_provider: provider.propagation.context_provider.clone(),
            key_hashes: KeyHashEntry::of(provider).into_iter().collect(),
            create_date: provider.created,
            valid_until: provider.valid_until,
            tags: provider.tags.to_vec(),
            assertion_encryption_mode: provider.encryption.unwrap_or(AssertionEncryptionMode::Allowed),
            private_key_list: keys.collect(),
            identity_center_instance_arn: provider.propagation.identity_center_instance.clone(),
            identity_store_arn: provider.propagation.identity_store(cx.account.id),
        })
    }
}

/// Lists the providers, all of them at once.
#[derive(Deserialize)]
pub struct ListSAMLProviders {}

/// What `ListSAMLProviders` answers.
#[derive(Serialize)]
pub struct ListSAMLProvidersResult {
    #[serde(rename = "SAMLProviderList")]
    providers: Vec<SamlProviderEntry>,
}

/// A provider in a list.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SamlProviderEntry {
    arn: String,
    valid_until: Timestamp,
    create_date: Timestamp,
    is_trusted_identity_propagation_enabled: bool,
}

impl Operation for ListSAMLProviders {
    type Output = ListSAMLProvidersResult;

    const ERRORS: &'static [Code] = &[Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        Access::any()
    }
}

impl Query for ListSAMLProviders {
    fn answer(self, cx: &View<'_>) -> Result<ListSAMLProvidersResult> {
        let account = &cx.account;
        let entry = |provider: &std::sync::Arc<SamlProvider>| SamlProviderEntry {
            arn: provider.arn(account.id),
            valid_until: provider.valid_until,
            create_date: provider.created,
            is_trusted_identity_propagation_enabled: provider.propagation.identity_center_instance.is_some(),
        };
        Ok(ListSAMLProvidersResult { providers: account.saml_providers.iter().map(entry).collect() })
    }
}

/// Changes a provider's metadata, encryption mode, private keys, or what sessions carry on of its assertions. What is
/// not given stays.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateSAMLProvider {
    #[serde(rename = "SAMLMetadataDocument")]
    metadata: Option<SamlMetadataDocument>,
    #[serde(rename = "SAMLProviderArn")]
    arn: Arn,
    assertion_encryption_mode: Option<AssertionEncryptionMode>,
    add_private_key: Option<PrivateKey>,
    remove_private_key: Option<PrivateKeyId>,
    context_provider: Option<ContextProvider>,
    identity_center_instance_arn: Option<IdentityCenterInstanceArn>,
    remove_context_provider: Option<bool>,
    remove_identity_center_instance: Option<bool>,
}

/// What `UpdateSAMLProvider` answers.
#[derive(Serialize)]
pub struct UpdateSAMLProviderResult {
    #[serde(rename = "SAMLProviderArn")]
    arn: String,
}

impl Operation for UpdateSAMLProvider {
    type Output = UpdateSAMLProviderResult;

    const ERRORS: &'static [Code] = &[
        Code::ConcurrentModification,
        Code::InvalidInput,
        Code::LimitExceeded,
        Code::NoSuchEntity,
        Code::ServiceFailure,
    ];
    const COMPUTES: bool = true;

    fn access(&self) -> Access<'_> {
        let issuer = self.metadata.as_deref().and_then(issuer);
        Access::arn(&self.arn)
            .key("iam:RequestIdentityProviderIssuers", issuer.map(|issuer| vec![issuer]))
            .identity_propagation(self.context_provider.as_ref(), self.identity_center_instance_arn.as_ref())
    }
}

impl Command for UpdateSAMLProvider {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<UpdateSAMLProviderResult> {
        let (now, ids) = (cx.now, &cx.ids);
        let change = PropagationChange {
            context_provider: self.context_provider,
            identity_center_instance: self.identity_center_instance_arn,
            remove_context_provider: self.remove_context_provider.unwrap_or_default(),
            remove_identity_center_instance: self.remove_identity_center_instance.unwrap_or_default(),
        };
        cx.account.update_by_arn(&self.arn, |provider: &mut SamlProvider| {
            let keys = (&self.add_private_key, &self.remove_private_key);
            match (&self.metadata, self.assertion_encryption_mode, keys) {
                (None, None, (None, None)) if !change.is_of_context_provider() && !change.is_of_instance() => {
                    let message = "Unable to update identity provider. No updates are defined for metadata or \
                                   encryption assertion.";
                    return Err(Error::new(Code::ValidationError, message));
                }
                (_, _, (Some(_), Some(_))) => {
                    let message = "Unable to add and remove private keys in the same request. Set a value for only \
                                   one of the two parameters.";
                    return Err(Error::new(Code::ValidationError, message));
                }
                (None, None, (None, None)) if !change.is_of_instance() => {}
                _ if change.is_of_context_provider() => {
                    let message = "A request can change the context provider or the provider metadata, not both.";
                    return Err(Error::new(Code::InvalidInput, message));
                }
                _ => {}
            }
            provider.propagation.change(change)?;
            if let Some(metadata) = self.metadata {
                let (signer, valid_until) = read_metadata(&metadata, now)?;
                provider.issuer = signer.entity_id.clone();
                (provider.signer, provider.valid_until) = (Some(signer), valid_until);
                provider.metadata = metadata.into();
            }
            if let Some(id) = self.remove_private_key {
                let kept = provider.private_keys.len();
                provider.private_keys.retain(|key| key.id != *id);
                if provider.private_keys.len() == kept {
                    return Err(Error::new(Code::NoSuchEntity, format!("Private key {id} cannot be found.")));
                }
                if check_encryption(provider).is_err() {
                    return Err(Error::new(Code::InvalidInput, "Failed to remove private key."));
                }
            }
            if let Some(key) = self.add_private_key {
                add_key(provider, &key, now, ids)?;
            }
            provider.encryption = self.assertion_encryption_mode.or(provider.encryption);
            check_encryption(provider)
        })?;
        Ok(UpdateSAMLProviderResult { arn: self.arn.into() })
    }
}

/// Deletes a provider. Roles that trust it stay, and can no longer be assumed through it.
#[derive(Deserialize)]
pub struct DeleteSAMLProvider {
    #[serde(rename = "SAMLProviderArn")]
    arn: Arn,
}

impl Operation for DeleteSAMLProvider {
    type Output = ();

    const ERRORS: &'static [Code] = &[
        Code::ConcurrentModification,
        Code::InvalidInput,
        Code::LimitExceeded,
        Code::NoSuchEntity,
        Code::ServiceFailure,
    ];

    fn access(&self) -> Access<'_> {
        Access::arn(&self.arn)
    }
}

impl Command for DeleteSAMLProvider {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let name = cx.account.find_by_arn::<SamlProvider>(&self.arn)?.name().to_owned();
        cx.account.remove::<SamlProvider>(&SamlProvider::key_of(&name));
        Ok(())
    }
}

operations!(
    IAM:
    query GetSAMLProvider, ListSAMLProviders;
    command CreateSAMLProvider, DeleteSAMLProvider, UpdateSAMLProvider
);
