//! SAML providers.

use chrono::Months;
use serde::{Deserialize, Serialize};

use super::{Access, Context, Operation, operations};
use crate::account::{DecryptionKey, Quota, Resource, SamlProvider};
use crate::error::{Code, Error, Result};
use crate::federation::saml::{Metadata, is_decryption_key};
use crate::shapes::{
    Arn, AssertionEncryptionMode, Ids, Kind, PrivateKey, PrivateKeyId, SamlMetadataDocument, SamlProviderName, Secret,
    Tag, TagSet, Tags, Timestamp,
};

/// The most private keys of one provider.
const MOST_PRIVATE_KEYS: usize = 2;
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

    fn access(&self) -> Access<'_> {
        Access::new(Kind::SamlProvider, None, &self.name).tagged(Kind::SamlProvider, self.tags.as_deref())
    }

    fn execute(self, cx: &mut Context<'_>) -> Result<CreateSAMLProviderResult> {
        let tags = Tags::shape(self.tags.as_ref());
        let mut provider = SamlProvider {
            name: self.name.into(),
            uuid: format!("SAMLSP{}", cx.ids.text(CAPITALS, 16)),
            created: cx.now,
            valid_until: valid_until(&self.metadata, cx.now)?,
            metadata: self.metadata.into(),
            encryption: self.assertion_encryption_mode,
            private_keys: Vec::new(),
            tags: TagSet::from_request(Kind::SamlProvider, self.tags)?,
        };
        if let Some(key) = self.add_private_key {
            add_key(&mut provider, &key, cx.now, &mut cx.ids)?;
        }
        check_encryption(&provider)?;
        let result = CreateSAMLProviderResult { arn: provider.arn(cx.account.id), tags };
        cx.create(provider, Quota::SAMLProvidersPerAccount)?;
        Ok(result)
    }
}

/// When metadata lose their validity.
fn valid_until(metadata: &str, created: Timestamp) -> Result<Timestamp> {
    let metadata = Metadata::read(metadata);
    let metadata = metadata.ok_or_else(|| Error::new(Code::InvalidInput, "Could not parse metadata"))?;
    Ok(metadata.valid_until.unwrap_or_else(|| (created.date_time() + UNLIMITED).into()))
}

fn add_key(provider: &mut SamlProvider, key: &PrivateKey, now: Timestamp, ids: &mut Ids<'_>) -> Result<()> {
    if !is_decryption_key(key.reveal()) {
        return Err(Error::new(Code::InvalidInput, "Could not parse private key"));
    }
    if provider.private_keys.len() >= MOST_PRIVATE_KEYS {
        let message = format!("Private key limit of {MOST_PRIVATE_KEYS} is reached.");
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

/// Tells about a provider.
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
    create_date: Timestamp,
    valid_until: Timestamp,
    tags: Vec<Tag>,
    assertion_encryption_mode: AssertionEncryptionMode,
    private_key_list: Vec<PrivateKeyShape>,
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
    const READ_ONLY: bool = true;

    fn access(&self) -> Access<'_> {
        Access::arn(&self.arn)
    }

    fn execute(self, cx: &mut Context<'_>) -> Result<GetSAMLProviderResult> {
        let provider = cx.account.find_by_arn::<SamlProvider>(&self.arn)?;
        let keys = provider.private_keys.iter();
        let keys = keys.map(|key| PrivateKeyShape { key_id: key.id.clone(), timestamp: key.added });
        Ok(GetSAMLProviderResult {
            uuid: provider.uuid.clone(),
            metadata: provider.metadata.clone(),
            create_date: provider.created,
            valid_until: provider.valid_until,
            tags: provider.tags.to_vec(),
            assertion_encryption_mode: provider.encryption.unwrap_or(AssertionEncryptionMode::Allowed),
            private_key_list: keys.collect(),
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
}

impl Operation for ListSAMLProviders {
    type Output = ListSAMLProvidersResult;

    const ERRORS: &'static [Code] = &[Code::ServiceFailure];
    const READ_ONLY: bool = true;

    fn access(&self) -> Access<'_> {
        Access::any()
    }

    fn execute(self, cx: &mut Context<'_>) -> Result<ListSAMLProvidersResult> {
        let account = &cx.account;
        let entry = |provider: &std::sync::Arc<SamlProvider>| SamlProviderEntry {
            arn: provider.arn(account.id),
            valid_until: provider.valid_until,
            create_date: provider.created,
        };
        Ok(ListSAMLProvidersResult { providers: account.saml_providers.iter().map(entry).collect() })
    }
}

/// Changes a provider's metadata, encryption mode or private keys. What is not given stays.
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

    fn access(&self) -> Access<'_> {
        Access::arn(&self.arn)
    }

    fn execute(self, cx: &mut Context<'_>) -> Result<UpdateSAMLProviderResult> {
        let (now, ids) = (cx.now, &mut cx.ids);
        cx.account.update_by_arn(&self.arn, |provider: &mut SamlProvider| {
            let keys = (&self.add_private_key, &self.remove_private_key);
            match (&self.metadata, self.assertion_encryption_mode, keys) {
                (None, None, (None, None)) => {
                    let message = "Unable to update identity provider. No updates are defined for metadata or \
                                   encryption assertion.";
                    return Err(Error::new(Code::ValidationError, message));
                }
                (_, _, (Some(_), Some(_))) => {
                    let message = "Unable to add and remove private keys in the same request. Set a value for only \
                                   one of the two parameters.";
                    return Err(Error::new(Code::ValidationError, message));
                }
                _ => {}
            }
            if let Some(metadata) = self.metadata {
                provider.valid_until = valid_until(&metadata, now)?;
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

/// Deletes a provider. Roles that trust it stay, and nobody can assume them by it any more.
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

    fn execute(self, cx: &mut Context<'_>) -> Result<()> {
        let name = cx.account.find_by_arn::<SamlProvider>(&self.arn)?.name().to_owned();
        cx.account.remove::<SamlProvider>(&SamlProvider::key_of(&name));
        Ok(())
    }
}

operations!(
    Iam: CreateSAMLProvider, DeleteSAMLProvider, GetSAMLProvider, ListSAMLProviders, UpdateSAMLProvider
);
