//! Answers of AWS that say what the authorization details leave out.

use serde::Deserialize;

use super::details::InstanceProfileDetail;
use super::{AwsTag, moment};
use crate::markup::Placed;
use crate::shapes::Timestamp;

/// Of several operations, any of their members.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Others {
    /// `list-account-aliases`.
    pub account_aliases: Vec<Placed<String>>,
    /// `get-account-password-policy`.
    pub password_policy: Option<Placed<PasswordPolicyShape>>,
    /// `list-instance-profiles`.
    pub instance_profiles: Vec<InstanceProfileDetail>,
    /// `list-roles`: what the authorization details leave out of roles.
    pub roles: Vec<RoleShape>,
    /// `list-saml-providers`; `iamd export` adds the metadata.
    #[serde(rename = "SAMLProviderList")]
    pub saml_providers: Vec<SamlProviderShape>,
    /// What `iamd export` writes: the answers to `get-open-id-connect-provider`.
    #[serde(rename = "OpenIDConnectProviders")]
    pub oidc_providers: Vec<OidcProviderShape>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct PasswordPolicyShape {
    pub minimum_password_length: Option<i64>,
    pub require_symbols: bool,
    pub require_numbers: bool,
    pub require_uppercase_characters: bool,
    pub require_lowercase_characters: bool,
    pub allow_users_to_change_password: bool,
    pub max_password_age: Option<i64>,
    pub password_reuse_prevention: Option<i64>,
    pub hard_expiry: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RoleShape {
    pub role_name: Placed<String>,
    pub description: Option<Placed<String>>,
    pub max_session_duration: Option<Placed<i64>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SamlProviderShape {
    pub arn: Placed<String>,
    #[serde(deserialize_with = "moment")]
    pub create_date: Timestamp,
    #[serde(rename = "SAMLMetadataDocument")]
    pub metadata: Option<Placed<String>>,
    pub tags: Option<Vec<AwsTag>>,
}

/// The answer to `get-saml-provider`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct OneSamlProvider {
    #[serde(deserialize_with = "moment")]
    pub create_date: Timestamp,
    #[serde(rename = "SAMLMetadataDocument")]
    pub metadata: Placed<String>,
    pub tags: Option<Vec<AwsTag>>,
}

/// The answer to `get-open-id-connect-provider`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct OidcProviderShape {
    pub url: Placed<String>,
    #[serde(rename = "ClientIDList", default)]
    pub client_ids: Vec<String>,
    #[serde(rename = "ThumbprintList", default)]
    pub thumbprints: Vec<String>,
    #[serde(deserialize_with = "moment")]
    pub create_date: Timestamp,
    pub tags: Option<Vec<AwsTag>>,
}
