//! The parameters of identity providers.

use serde::{Deserialize, Serialize};

use super::{Pattern, Text, enums, lists, texts};

static SAML_NAME: Pattern = Pattern::new(r"[\w._-]+");
static KEY_ID: Pattern = Pattern::new(r"[A-Z0-9]+");

texts! {
    /// The URL of an OpenID Connect provider (`OpenIDConnectProviderUrlType`).
    OpenIdConnectProviderUrl = Text::length(1, 255);
    /// The id of an application at an OpenID Connect provider (`clientIDType`).
    ClientId = Text::length(1, 255);
    /// The SHA-1 hash of a certificate in hexadecimal digits (`thumbprintType`).
    Thumbprint = Text::length(40, 40);
    /// The metadata that a SAML identity provider publishes (`SAMLMetadataDocumentType`).
    SamlMetadataDocument = Text::length(1000, 10_000_000);
    /// The name of a SAML provider (`SAMLProviderNameType`).
    SamlProviderName = Text::length(1, 128).matching(&SAML_NAME);
    /// A claim or attribute of an identity provider (`contextProviderSourceKeyType`).
    ContextSourceKey = Text::length(1, 128);
    /// The end of a condition key that a claim or attribute becomes (`contextProviderTargetKeyType`).
    ContextTargetKey = Text::length(1, 128);
    /// What the subject of a token or assertion is (`subjectTypeValueType`).
    SubjectTypeValue = Text::length(0, 128);
    /// The ARN of an IAM Identity Center instance (`identityCenterInstanceArnType`).
    IdentityCenterInstanceArn = Text::length(1, 1224);
    /// The id of a private key of a SAML provider (`privateKeyIdType`).
    PrivateKeyId = Text::length(22, 64).matching(&KEY_ID);
}

lists! {
    /// The applications that an OpenID Connect provider's tokens may be for (`clientIDListType`).
    ClientIds = [ClientId; 0..=4_294_967_295];
    /// The certificates of an OpenID Connect provider (`thumbprintListType`).
    Thumbprints = [Thumbprint; 0..=4_294_967_295];
    /// The claims or attributes that become condition keys (`keyDefinitionListType`).
    ContextKeyDefinitions = [ContextKeyDefinition; 0..=10];
}

/// How a provider's claims or attributes become condition keys of sessions (`ContextProvider`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ContextProvider {
    /// Further condition keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_definition_list: Option<ContextKeyDefinitions>,
    /// The claim that names the subject.
    pub subject_source_key: ContextSourceKey,
    /// What all subjects are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_type_value: Option<SubjectTypeValue>,
    /// The claim that says what the subject is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_type_source_key: Option<ContextSourceKey>,
}

/// A claim or attribute and the end of the condition key that it becomes (`ContextProviderKeyDefinition`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ContextKeyDefinition {
    /// The claim or attribute.
    pub source_key: ContextSourceKey,
    /// The end of the condition key; the source key if it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_key: Option<ContextTargetKey>,
}

enums! {
    /// Whether SAML assertions must be encrypted (`assertionEncryptionModeType`).
    AssertionEncryptionMode { Required, Allowed }
}
