//! OpenID Connect providers.

use serde::{Deserialize, Serialize};
use url::Url;

use crate::account::{IdentityPropagation, OidcProvider, PropagationChange, Quota, Resource, without_scheme};
use crate::call::{Access, Command, Inquiry, Operation, Query, Transaction, View, operations};
use crate::error::{Code, Error, Result};
use crate::federation::{self, Fetched};
use crate::shapes::{
    Arn, ClientId, ClientIds, ContextProvider, IdentityCenterInstanceArn, Kind, OpenIdConnectProviderUrl, Tag, TagSet,
    Tags, Thumbprints, Timestamp,
};

/// The most certificates of one provider.
const MAX_THUMBPRINTS: usize = 5;

/// Creates a provider. Without thumbprints, the one of the host's highest certificate is fetched.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateOpenIDConnectProvider {
    url: OpenIdConnectProviderUrl,
    #[serde(rename = "ClientIDList")]
    client_id_list: Option<ClientIds>,
    thumbprint_list: Option<Thumbprints>,
    tags: Option<Tags>,
    context_provider: Option<ContextProvider>,
    identity_center_instance_arn: Option<IdentityCenterInstanceArn>,
}

/// What `CreateOpenIDConnectProvider` answers, with the tags in the order of the request.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateOpenIDConnectProviderResult {
    #[serde(rename = "OpenIDConnectProviderArn")]
    arn: String,
    tags: Option<Vec<Tag>>,
}

impl Operation for CreateOpenIDConnectProvider {
    type Output = CreateOpenIDConnectProviderResult;

    const ERRORS: &'static [Code] = &[
        Code::ConcurrentModification,
        Code::EntityAlreadyExists,
        Code::InvalidInput,
        Code::LimitExceeded,
        Code::OpenIdIdpCommunicationError,
        Code::ServiceFailure,
    ];
    const FETCHES: bool = true;

    fn access(&self) -> Access<'_> {
        Access::new(Kind::OidcProvider, None, without_scheme(&self.url))
            .key("iam:RequestIdentityProviderIssuers", Some(vec![without_scheme(&self.url)]))
            .identity_propagation(self.context_provider.as_ref(), self.identity_center_instance_arn.as_ref())
            .tagged(Kind::OidcProvider, self.tags.as_deref())
    }

    fn inquiry(&self, cx: &View<'_>) -> Result<Option<Inquiry>> {
        check_url(&self.url, cx.environment.issuers.accepts_local())?;
        let given = self.thumbprint_list.as_ref().is_some_and(|list| !list.is_empty());
        let exists = cx.account.get::<OidcProvider>(without_scheme(&self.url)).is_some();
        Ok((!given && !exists)
            .then(|| Inquiry::Issuer(federation::Inquiry::Thumbprint { issuer: self.url.to_string() })))
    }
}

impl Command for CreateOpenIDConnectProvider {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<CreateOpenIDConnectProviderResult> {
        check_url(&self.url, cx.environment.issuers.accepts_local())?;
        let mut thumbprints = thumbprints(self.thumbprint_list.unwrap_or_default())?;
        if let Some(Fetched::Thumbprint(fetched)) = cx.fetched.and_then(|fetched| fetched.issuer()) {
            thumbprints.extend(fetched.clone());
        }
        let mut client_ids: Vec<String> = Vec::new();
        for id in self.client_id_list.unwrap_or_default().into_inner() {
            if !client_ids.contains(&id.to_string()) {
                cx.check_quota(Quota::ClientIdsPerOpenIdConnectProvider, client_ids.len())?;
                client_ids.push(id.into());
            }
        }
        let shown = Tags::shape(self.tags.as_ref());
        let tags = TagSet::from_request(Kind::OidcProvider, self.tags)?;
        let mut propagation = IdentityPropagation::default();
        propagation.change(PropagationChange {
            context_provider: self.context_provider,
            identity_center_instance: self.identity_center_instance_arn,
            ..PropagationChange::default()
        })?;
        let provider =
            OidcProvider { url: self.url.into(), created: cx.now, client_ids, thumbprints, propagation, tags };
        if cx.account.get::<OidcProvider>(provider.name()).is_some() {
            return Err(Error::exists(Kind::OidcProvider, &provider.url));
        }
        let result = CreateOpenIDConnectProviderResult { arn: provider.arn(cx.account.id), tags: shown };
        cx.create(provider, Quota::OpenIDConnectProvidersPerAccount)?;
        Ok(result)
    }
}

/// Accepts the URL of an issuer: https, a host and a path. `local` also accepts http and ports, which AWS refuses but
/// the identity providers of a development machine have.
fn check_url(text: &str, local: bool) -> Result<()> {
    const INVALID: &str = "Invalid Open ID Connect Provider URL";
    if !text.contains("://") {
        return Err(Error::new(Code::ValidationError, INVALID));
    }
    let invalid = |rest: &str| Err(Error::new(Code::InvalidInput, format!("{INVALID}.{rest}")));
    let Ok(url) = Url::parse(text) else { return invalid("") };
    let has_scheme = text.starts_with("https://") || (local && text.starts_with("http://"));
    let host = without_scheme(text).split(['/', '?', '#']).next().unwrap_or_default();
    let plain = !text.contains(['?', '#', '@']) && url.has_host();
    match (has_scheme, plain) {
        (false, _) => invalid(" The URL must begin with https://."),
        (true, true) if local || !host.contains(':') => Ok(()),
        (true, _) => invalid(""),
    }
}

/// Thumbprints in lower case.
fn thumbprints(given: Thumbprints) -> Result<Vec<String>> {
    if given.len() > MAX_THUMBPRINTS {
        return Err(Error::new(Code::InvalidInput, "Thumbprint list must contain fewer than 5 entries."));
    }
    if given.iter().any(|thumbprint| !thumbprint.bytes().all(|byte| byte.is_ascii_hexdigit())) {
        return Err(Error::new(Code::InvalidInput, "Thumbprint must be a valid hexadecimal string."));
    }
    Ok(given.iter().map(|thumbprint| thumbprint.to_ascii_lowercase()).collect())
}

/// Describes a provider.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetOpenIDConnectProvider {
    #[serde(rename = "OpenIDConnectProviderArn")]
    arn: Arn,
}

/// What `GetOpenIDConnectProvider` answers. The URL is there without its scheme.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetOpenIDConnectProviderResult {
    url: String,
    #[serde(rename = "ClientIDList")]
    client_id_list: Vec<String>,
    thumbprint_list: Vec<String>,
    create_date: Timestamp,
    tags: Vec<Tag>,
    context_provider: Option<ContextProvider>,
    identity_center_instance_arn: Option<String>,
    identity_store_arn: Option<String>,
}

impl Operation for GetOpenIDConnectProvider {
    type Output = GetOpenIDConnectProviderResult;

    const ERRORS: &'static [Code] = &[Code::InvalidInput, Code::NoSuchEntity, Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        Access::arn(&self.arn)
    }
}

impl Query for GetOpenIDConnectProvider {
    fn answer(self, cx: &View<'_>) -> Result<GetOpenIDConnectProviderResult> {
        let provider = cx.account.find_by_arn::<OidcProvider>(&self.arn)?;
        Ok(GetOpenIDConnectProviderResult {
            url: provider.name().to_owned(),
            client_id_list: provider.client_ids.clone(),
            thumbprint_list: provider.thumbprints.clone(),
            create_date: provider.created,
            tags: provider.tags.to_vec(),
            context_provider: provider.propagation.context_provider.clone(),
            identity_center_instance_arn: provider.propagation.identity_center_instance.clone(),
            identity_store_arn: provider.propagation.identity_store(cx.account.id),
        })
    }
}

/// Lists the providers, all of them at once.
#[derive(Deserialize)]
pub struct ListOpenIDConnectProviders {}

/// What `ListOpenIDConnectProviders` answers.
#[derive(Serialize)]
pub struct ListOpenIDConnectProvidersResult {
    #[serde(rename = "OpenIDConnectProviderList")]
    providers: Vec<ProviderEntry>,
}

/// A provider in a list.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ProviderEntry {
    arn: String,
    is_trusted_identity_propagation_enabled: bool,
}

impl Operation for ListOpenIDConnectProviders {
    type Output = ListOpenIDConnectProvidersResult;

    const ERRORS: &'static [Code] = &[Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        Access::any()
    }
}

impl Query for ListOpenIDConnectProviders {
    fn answer(self, cx: &View<'_>) -> Result<ListOpenIDConnectProvidersResult> {
        let account = &cx.account;
        let entry = |provider: &std::sync::Arc<OidcProvider>| ProviderEntry {
            arn: provider.arn(account.id),
            is_trusted_identity_propagation_enabled: provider.propagation.identity_center_instance.is_some(),
        };
        Ok(ListOpenIDConnectProvidersResult { providers: account.oidc_providers.iter().map(entry).collect() })
    }
}

/// Deletes a provider. Roles that trust it stay, and can no longer be assumed through it.
#[derive(Deserialize)]
pub struct DeleteOpenIDConnectProvider {
    #[serde(rename = "OpenIDConnectProviderArn")]
    arn: Arn,
}

impl Operation for DeleteOpenIDConnectProvider {
    type Output = ();

    const ERRORS: &'static [Code] =
        &[Code::ConcurrentModification, Code::InvalidInput, Code::NoSuchEntity, Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        Access::arn(&self.arn)
    }
}

impl Command for DeleteOpenIDConnectProvider {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let found = cx.account.find_by_arn::<OidcProvider>(&self.arn).map(|provider| provider.name().to_owned());
        let key = found.map_err(|error| match error.code() {
            // Deletion alone has words of its own.
            Code::NoSuchEntity => {
                Error::new(Code::NoSuchEntity, format!("OpenId connect Provider {} cannot be found.", self.arn))
            }
            _ => error,
        })?;
        cx.account.remove::<OidcProvider>(&key);
        Ok(())
    }
}

/// Lets a provider's tokens be for one more application; nothing happens if they may be already.
#[derive(Deserialize)]
pub struct AddClientIDToOpenIDConnectProvider {
    #[serde(rename = "OpenIDConnectProviderArn")]
    arn: Arn,
    #[serde(rename = "ClientID")]
    client_id: ClientId,
}

impl Operation for AddClientIDToOpenIDConnectProvider {
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

impl Command for AddClientIDToOpenIDConnectProvider {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let quotas = &cx.environment.quotas;
        cx.account.update_by_arn(&self.arn, |provider: &mut OidcProvider| {
            let id = String::from(self.client_id);
            if !provider.client_ids.contains(&id) {
                quotas.check(Quota::ClientIdsPerOpenIdConnectProvider, provider.client_ids.len())?;
                provider.client_ids.push(id);
            }
            Ok(())
        })
    }
}

/// Ends that a provider's tokens may be for an application; nothing happens if they may not be.
#[derive(Deserialize)]
pub struct RemoveClientIDFromOpenIDConnectProvider {
    #[serde(rename = "OpenIDConnectProviderArn")]
    arn: Arn,
    #[serde(rename = "ClientID")]
    client_id: ClientId,
}

impl Operation for RemoveClientIDFromOpenIDConnectProvider {
    type Output = ();

    const ERRORS: &'static [Code] =
        &[Code::ConcurrentModification, Code::InvalidInput, Code::NoSuchEntity, Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        Access::arn(&self.arn)
    }
}

impl Command for RemoveClientIDFromOpenIDConnectProvider {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        cx.account.update_by_arn(&self.arn, |provider: &mut OidcProvider| {
            provider.client_ids.retain(|id| *id != *self.client_id);
            Ok(())
        })
    }
}

/// Replaces a provider's thumbprints.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateOpenIDConnectProviderThumbprint {
    #[serde(rename = "OpenIDConnectProviderArn")]
    arn: Arn,
    thumbprint_list: Thumbprints,
}

impl Operation for UpdateOpenIDConnectProviderThumbprint {
    type Output = ();

    const ERRORS: &'static [Code] =
        &[Code::ConcurrentModification, Code::InvalidInput, Code::NoSuchEntity, Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        Access::arn(&self.arn)
    }
}

impl Command for UpdateOpenIDConnectProviderThumbprint {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        cx.account.update_by_arn(&self.arn, |provider: &mut OidcProvider| {
            if self.thumbprint_list.is_empty() {
                return Err(Error::new(Code::InvalidInput, "Thumbprint list must contain at least one entry."));
            }
            provider.thumbprints = thumbprints(self.thumbprint_list)?;
            Ok(())
        })
    }
}

operations!(
    IAM:
    query GetOpenIDConnectProvider, ListOpenIDConnectProviders;
    command AddClientIDToOpenIDConnectProvider, CreateOpenIDConnectProvider, DeleteOpenIDConnectProvider,
        RemoveClientIDFromOpenIDConnectProvider, UpdateOpenIDConnectProviderThumbprint
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_https_hosts_with_paths() {
        for url in ["https://idp.example.com", "https://Idp.example.com/a/B/", "https://a.b/c"] {
            assert!(check_url(url, false).is_ok(), "{url}");
        }
        let refused = |url: &str, local| check_url(url, local).unwrap_err().to_string();
        let invalid = "InvalidInput: Invalid Open ID Connect Provider URL.";
        assert_eq!(refused("idp.example.com", false), "ValidationError: Invalid Open ID Connect Provider URL");
        assert_eq!(refused("http://idp.example.com", false), format!("{invalid} The URL must begin with https://."));
        for url in ["https://a.b:8443", "https://a.b?c=d", "https://a.b/#c", "https://u@a.b", "https://"] {
            assert_eq!(refused(url, false), invalid, "{url}");
        }
        assert!(check_url("http://localhost:8080/realms/dev", true).is_ok());
        assert_eq!(refused("http://localhost:8080/?x", true), invalid);
    }
}
