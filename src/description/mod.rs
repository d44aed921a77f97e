//! Accounts as data: what users, roles, policies and settings an account is to have. A description comes from a file of
//! our own format, from AWS's account authorization details, or from a template; [`reconcile`] makes an account what it
//! says, by the operations that clients would call.

mod aws;
pub mod export;
mod file;
mod organization;
pub mod reconcile;
mod secrets;
mod template;

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::account::{accounts_named, accounts_named_in};
use crate::markup::{self, JsonText, Named, Node, Place, Placed, Syntax, given};
use crate::shapes::{AccountId, Secret, Timestamp};
use iam_policy::Grammar;

pub use file::{Described, DescriptionError, Descriptions, Reading, SCHEMA, SourceFile, read};
pub use organization::{
    DelegationPolicyDescription, Joined, MemberDescription, OrganizationDescription, OrganizationPolicyDescription,
    TrustedService, UnitDescription,
};
pub use reconcile::{Outcome, Report, ReportEntry};
pub use secrets::{GeneratedSecrets, UserSecrets};

/// Accounts as one file describes them.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Description {
    /// The schema, for editors.
    #[serde(rename = "$schema")]
    pub schema: Option<String>,
    /// The name under which the accounts remember what the file made; the file's own name if it is not given.
    pub name: Option<String>,
    /// The accounts, by their numbers.
    pub accounts: Named<Option<AccountDescription>>,
}

/// What an account is to have. What is left out is not touched; what is given is exact.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct AccountDescription {
    /// The alias.
    pub alias: Option<Placed<String>>,
    /// The rules for passwords.
    pub password_policy: Option<Placed<PasswordPolicyDescription>>,
    /// Managed policies, by name.
    pub policies: Named<PolicyDescription>,
    /// Groups, by name.
    pub groups: Named<GroupDescription>,
    /// Users, by name.
    pub users: Named<UserDescription>,
    /// Roles, by name.
    pub roles: Named<RoleDescription>,
    /// Instance profiles, by name.
    pub instance_profiles: Named<InstanceProfileDescription>,
    /// OpenID Connect providers, by URL.
    pub oidc_providers: Named<OidcProviderDescription>,
    /// SAML providers, by name.
    pub saml_providers: Named<SamlProviderDescription>,
    /// The organization that the account manages.
    pub organization: Option<Placed<OrganizationDescription>>,
}

/// The rules for passwords; those that are left out are AWS's defaults.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct PasswordPolicyDescription {
    /// 6 to 128 characters.
    pub minimum_length: Option<i64>,
    /// Whether a symbol is needed.
    pub require_symbols: bool,
    /// Whether a digit is needed.
    pub require_numbers: bool,
    /// Whether an upper-case letter is needed.
    pub require_uppercase: bool,
    /// Whether a lower-case letter is needed.
    pub require_lowercase: bool,
    /// Whether users may change their own passwords.
    pub allow_users_to_change_password: bool,
    /// Days after which a password expires.
    pub max_age: Option<i64>,
    /// How many passwords may not be used again.
    pub reuse_prevention: Option<i64>,
    /// Whether a user with an expired password cannot set a new one.
    pub hard_expiry: Option<bool>,
}

/// What AWS has given an entity: its unique id, and when it was created.
#[derive(Clone, Debug)]
pub struct Identity {
    /// `AIDA…`, `AROA…`, …
    pub id: String,
    /// When it was created.
    pub created: Timestamp,
}

/// A managed policy.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct PolicyDescription {
    /// The path; never changes.
    pub path: Option<Placed<String>>,
    /// The description; never changes.
    pub description: Option<Placed<String>>,
    /// The document that is in force.
    pub document: Option<Document>,
    /// Tags.
    pub tags: Option<Named<String>>,
    /// Unique id and time of creation.
    #[serde(skip)]
    pub identity: Option<Identity>,
    /// All versions, where they are known.
    #[serde(skip)]
    pub versions: Option<Versions>,
}

/// The versions of a managed policy as an account has them.
#[derive(Debug)]
pub struct Versions {
    /// Numbers, times and documents, the oldest first.
    pub versions: Vec<(u32, Timestamp, Document)>,
    /// The number of the version in force.
    pub default: u32,
    /// When the policy was changed last.
    pub updated: Timestamp,
}

/// A group.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct GroupDescription {
    /// The path.
    pub path: Option<Placed<String>>,
    /// Attached managed policies: ARNs, or names of policies of the account or of AWS.
    pub policies: Option<Vec<Placed<String>>>,
    /// Inline policies, by name.
    pub inline_policies: Option<Named<Document>>,
    /// Unique id and time of creation.
    #[serde(skip)]
    pub identity: Option<Identity>,
}

/// A user.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct UserDescription {
    /// The path.
    pub path: Option<Placed<String>>,
    /// The groups that the user is a member of.
    pub groups: Option<Vec<Placed<String>>>,
    /// Attached managed policies: ARNs, or names of policies of the account or of AWS.
    pub policies: Option<Vec<Placed<String>>>,
    /// Inline policies, by name.
    pub inline_policies: Option<Named<Document>>,
    /// The permissions boundary, an ARN or a name; null for none.
    #[serde(deserialize_with = "given")]
    pub boundary: Option<Option<Placed<String>>>,
    /// Tags.
    pub tags: Option<Named<String>>,
    /// The password.
    pub password: Option<Placed<PasswordDescription>>,
    /// Access keys.
    pub access_keys: Option<Vec<Placed<AccessKeyDescription>>>,
    /// Virtual MFA devices, by name.
    pub mfa_devices: Option<Named<MfaDeviceDescription>>,
    /// Unique id and time of creation.
    #[serde(skip)]
    pub identity: Option<Identity>,
}

/// A secret that is given, or one that is to be made.
#[derive(Clone, Debug)]
pub enum Given {
    /// It is made if there is none yet, and written to the file of secrets.
    Generated,
    /// It is this.
    Secret(Secret),
}

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Secret::deserialize(deserializer)?;
        Ok(if text.reveal() == "generated" { Self::Generated } else { Self::Secret(text) })
    }
}

/// A password.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PasswordDescription {
    /// The password, or `generated`.
    pub secret: Given,
    /// Whether the user must choose another one at the next sign-in.
    #[serde(default)]
    pub reset_required: bool,
}

/// An access key.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AccessKeyDescription {
    /// The id, which carries the account; made if it is not given.
    pub id: Option<Placed<String>>,
    /// The secret, or `generated`.
    pub secret: Given,
    /// Whether it can be used.
    #[serde(default = "yes")]
    pub active: bool,
}

fn yes() -> bool {
    true
}

/// A virtual MFA device.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct MfaDeviceDescription {
    /// The seed in base32, or `generated`.
    pub seed: Placed<Given>,
}

/// A role.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct RoleDescription {
    /// The path; never changes.
    pub path: Option<Placed<String>>,
    /// The trust policy.
    pub trust: Option<Document>,
    /// The description.
    pub description: Option<Placed<String>>,
    /// The longest session in seconds.
    pub max_session_duration: Option<Placed<i64>>,
    /// Attached managed policies: ARNs, or names of policies of the account or of AWS.
    pub policies: Option<Vec<Placed<String>>>,
    /// Inline policies, by name.
    pub inline_policies: Option<Named<Document>>,
    /// The permissions boundary, an ARN or a name; null for none.
    #[serde(deserialize_with = "given")]
    pub boundary: Option<Option<Placed<String>>>,
    /// Tags.
    pub tags: Option<Named<String>>,
    /// Unique id and time of creation.
    #[serde(skip)]
    pub identity: Option<Identity>,
}

/// An instance profile.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct InstanceProfileDescription {
    /// The path; never changes.
    pub path: Option<Placed<String>>,
    /// The role, by name; null for none.
    #[serde(deserialize_with = "given")]
    pub role: Option<Option<Placed<String>>>,
    /// Tags.
    pub tags: Option<Named<String>>,
    /// Unique id and time of creation.
    #[serde(skip)]
    pub identity: Option<Identity>,
}

/// An OpenID Connect provider.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct OidcProviderDescription {
    /// The applications that tokens may be for.
    pub client_ids: Option<Vec<String>>,
    /// SHA-1 hashes of certificates, in hexadecimal digits.
    pub thumbprints: Option<Vec<String>>,
    /// Tags.
    pub tags: Option<Named<String>>,
    /// When it was created.
    #[serde(skip)]
    pub created: Option<Timestamp>,
}

/// A SAML provider.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct SamlProviderDescription {
    /// The metadata of the identity provider, XML.
    pub metadata: Option<Placed<String>>,
    /// Tags.
    pub tags: Option<Named<String>>,
    /// When it was created.
    #[serde(skip)]
    pub created: Option<Timestamp>,
}

/// A policy document: a map, or the text of one in JSON.
#[derive(Clone, Debug)]
pub struct Document {
    /// Where it is.
    pub place: Place,
    /// Its text, JSON.
    pub text: String,
}

impl Document {
    /// The document of a value.
    pub fn of(node: &Node) -> Self {
        let text = node.text().map_or_else(|| node.to_json_text(), str::to_owned);
        Self { place: node.place, text }
    }

    /// Whether a text says the same, whatever its blanks and the order of its members.
    pub fn says(&self, text: &str) -> bool {
        let value = |text: &str| markup::parse(text, Syntax::Json).ok();
        self.text == text || value(&self.text).zip(value(text)).is_some_and(|(own, other)| own.says(&other))
    }
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Placed { place, value: JsonText(text) } = Placed::deserialize(deserializer)?;
        Ok(Self { place, text })
    }
}

impl AccountDescription {
    /// The accounts whose users and roles the trust policies and the organization's delegation policy name.
    pub fn accounts_trusted(&self) -> BTreeSet<AccountId> {
        let trusts = self.roles.0.iter().filter_map(|(_, role)| role.trust.as_ref());
        let trusts = trusts.flat_map(|document| accounts_named(&document.text));
        let delegation = self.delegation_policy().into_iter().flatten();
        let delegation = delegation.flat_map(|policy| accounts_named_in(&policy.document.text, Grammar::Resource));
        trusts.chain(delegation).collect()
    }

    /// The organization's delegation policy, if something is said of it.
    pub fn delegation_policy(&self) -> Option<Option<&DelegationPolicyDescription>> {
        Some(self.organization.as_ref()?.delegation_policy.as_ref()?.as_ref())
    }
}
