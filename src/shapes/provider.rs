//! The parameters of identity providers.

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
    /// The id of a private key of a SAML provider (`privateKeyIdType`).
    PrivateKeyId = Text::length(22, 64).matching(&KEY_ID);
}

lists! {
    /// The applications that an OpenID Connect provider's tokens may be for (`clientIDListType`).
    ClientIds = [ClientId; 0..=4_294_967_295];
    /// The certificates of an OpenID Connect provider (`thumbprintListType`).
    Thumbprints = [Thumbprint; 0..=4_294_967_295];
}

enums! {
    /// Whether SAML assertions must be encrypted (`assertionEncryptionModeType`).
    AssertionEncryptionMode { Required, Allowed }
}
