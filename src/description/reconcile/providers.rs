//! Identity providers.

use serde_json::json;

use super::session::{Done, Session};
use super::tags::TagFamily;
use crate::account::{OidcProvider, Resource, SamlProvider, without_scheme};
use crate::description::{OidcProviderDescription, SamlProviderDescription};
use crate::markup::{Named, Place};

const OIDC_TAGS: TagFamily = TagFamily {
    tag: "TagOpenIDConnectProvider",
    untag: "UntagOpenIDConnectProvider",
    parameter: "OpenIDConnectProviderArn",
};
const SAML_TAGS: TagFamily =
    TagFamily { tag: "TagSAMLProvider", untag: "UntagSAMLProvider", parameter: "SAMLProviderArn" };

impl Session<'_> {
    pub(super) fn oidc_providers(&mut self, providers: &Named<OidcProviderDescription>) -> Done {
        for (url, provider) in &providers.0 {
            // A copy may have no scheme, as `GetOpenIDConnectProvider` shows none.
            let written = if url.contains("://") { url.value.clone() } else { format!("https://{}", url.value) };
            let name = without_scheme(&written);
            let before = self.account.get::<OidcProvider>(name).cloned();
            match &before {
                None => {
                    let parameters = json!({
                        "Url": written,
                        "ClientIDList": provider.client_ids,
                        "ThumbprintList": provider.thumbprints,
                    });
                    self.call(url.place, "CreateOpenIDConnectProvider", parameters)?;
                }
                Some(before) => self.update_oidc_provider(url.place, before, provider)?,
            }
            self.date::<OidcProvider>(url.place, name, provider.created)?;
            let arn = self.account.get::<OidcProvider>(name).map(|provider| provider.arn(self.account.id));
            let (arn, from_aws) = (arn.unwrap_or_default(), provider.created.is_some());
            self.tags::<OidcProvider>(&OIDC_TAGS, url.place, (name, &arn), provider.tags.as_ref(), from_aws)?;
            self.end("oidc-provider", name, before.is_none());
        }
        Ok(())
    }

    fn update_oidc_provider(&mut self, place: Place, before: &OidcProvider, wanted: &OidcProviderDescription) -> Done {
        let arn = before.arn(self.account.id);
        let client = |id: &String| json!({"OpenIDConnectProviderArn": arn, "ClientID": id});
        if let Some(wanted) = &wanted.client_ids {
            for gone in before.client_ids.iter().filter(|id| !wanted.contains(id)) {
                self.call(place, "RemoveClientIDFromOpenIDConnectProvider", client(gone))?;
                self.changed(format!("without client id {gone}"));
            }
            for new in wanted.iter().filter(|id| !before.client_ids.contains(id)) {
                self.call(place, "AddClientIDToOpenIDConnectProvider", client(new))?;
                self.changed(format!("client id {new}"));
            }
        }
        if let Some(wanted) = &wanted.thumbprints {
            let wanted: Vec<_> = wanted.iter().map(|thumbprint| thumbprint.to_ascii_lowercase()).collect();
            if wanted != before.thumbprints {
                let parameters = json!({"OpenIDConnectProviderArn": arn, "ThumbprintList": wanted});
                self.call(place, "UpdateOpenIDConnectProviderThumbprint", parameters)?;
                self.changed("thumbprints");
            }
        }
        Ok(())
    }

    pub(super) fn saml_providers(&mut self, providers: &Named<SamlProviderDescription>) -> Done {
        for (name, provider) in &providers.0 {
            let before = self.account.get::<SamlProvider>(name).cloned();
            let metadata = provider.metadata.as_ref();
            match (&before, metadata) {
                (None, None) => {
                    return Err(self.error(name.place, format!("the SAML provider {:?} needs metadata", name.value)));
                }
                (None, Some(metadata)) => {
                    let parameters = json!({"Name": name.value, "SAMLMetadataDocument": metadata.value});
                    self.call(metadata.place, "CreateSAMLProvider", parameters)?;
                }
                (Some(before), Some(metadata)) if before.metadata != metadata.value => {
                    let arn = before.arn(self.account.id);
                    let parameters = json!({"SAMLProviderArn": arn, "SAMLMetadataDocument": metadata.value});
                    self.call(metadata.place, "UpdateSAMLProvider", parameters)?;
                    self.changed("metadata");
                }
                _ => {}
            }
            self.date::<SamlProvider>(name.place, name, provider.created)?;
            let arn = self.account.get::<SamlProvider>(name).map(|provider| provider.arn(self.account.id));
            let (arn, from_aws) = (arn.unwrap_or_default(), provider.created.is_some());
            self.tags::<SamlProvider>(&SAML_TAGS, name.place, (name, &arn), provider.tags.as_ref(), from_aws)?;
            self.end("saml-provider", name, before.is_none());
        }
        Ok(())
    }
}
