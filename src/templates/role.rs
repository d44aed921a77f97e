//! Role templates: from what roles are made by `AcquireRole`. AWS's services publish theirs to AWS alone; here they
//! come from the configuration.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::document::{DocumentTemplate, invalid};
use crate::error::{Code, Error, Result};
use crate::shapes::{ArnParts, RoleParameterType};

/// The templates, by ARN.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct RoleTemplates(BTreeMap<String, RoleTemplate>);

/// A major version of a template.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RoleTemplate {
    pub(crate) description: Option<String>,
    /// Whether roles can be made from it.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// The greatest, if it does not say.
    pub(crate) default_minor_version: Option<i32>,
    pub(crate) versions: Vec<RoleTemplateVersion>,
}

/// A minor version of a template.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RoleTemplateVersion {
    /// The number.
    pub minor_version: i32,
    pub(crate) id: Option<String>,
    /// Whether roles can be made from it.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// The name of the role.
    pub role_name_pattern: String,
    /// The role's path; `/` if it does not say.
    #[serde(default = "root_path")]
    pub role_path_pattern: String,
    /// The role's description.
    pub role_description_pattern: Option<String>,
    /// The role's trust policy.
    pub assume_role_policy_document: DocumentTemplate,
    /// The role's inline policies, by name.
    #[serde(default)]
    pub inline_policies: BTreeMap<String, DocumentTemplate>,
    /// The managed policies that are attached to the role.
    #[serde(default)]
    pub managed_policy_arns: Vec<String>,
    /// The role's permissions boundary.
    pub permission_boundary_arn: Option<String>,
    /// What the caller gives values for.
    #[serde(default)]
    pub parameters: Vec<ParameterDefinition>,
    /// The role's tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// The longest session of the role, in seconds.
    pub max_session_duration: Option<i32>,
}

/// A parameter of a template: so it is configured, and so it is shown.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "kebab-case", serialize = "PascalCase"), deny_unknown_fields)]
pub struct ParameterDefinition {
    /// The placeholder's name.
    pub name: String,
    /// What its values must be.
    #[serde(rename(deserialize = "type", serialize = "Type"))]
    pub kind: RoleParameterType,
    pub(crate) sub_type: Option<String>,
    pub(crate) description: Option<String>,
    /// Whether the caller must give a value.
    #[serde(default, rename(deserialize = "required"))]
    pub is_required: bool,
    /// What stands for it if the caller gives no value; the members of a list with commas between them.
    #[serde(rename(deserialize = "default"))]
    pub default_value: Option<String>,
    #[serde(default)]
    pub(crate) immutable: bool,
}

fn yes() -> bool {
    true
}

fn root_path() -> String {
    "/".to_owned()
}

impl RoleTemplates {
    /// The template with this ARN.
    ///
    /// # Errors
    /// `InvalidInput` for anything but a template's ARN, `NoSuchEntity`.
    pub fn find(&self, arn: &str) -> Result<&RoleTemplate> {
        TemplateName::parse(arn).ok_or_else(|| invalid(format!("ARN {arn} is not valid.")))?;
        self.0.get(arn).ok_or_else(|| missing(arn))
    }
}

impl RoleTemplate {
    /// The minor version that is used unless a request names one.
    pub(crate) fn default_minor_version(&self) -> Option<i32> {
        self.default_minor_version.or_else(|| self.versions.iter().map(|version| version.minor_version).max())
    }

    /// The minor version that a request names, or the default one, of the template with this ARN.
    ///
    /// # Errors
    /// `NoSuchEntity`.
    pub fn version(&self, arn: &str, minor: Option<i32>) -> Result<&RoleTemplateVersion> {
        let minor = minor.or_else(|| self.default_minor_version()).unwrap_or_default();
        let version = self.versions.iter().find(|version| version.minor_version == minor);
        version.ok_or_else(|| missing(arn))
    }
}

fn missing(arn: &str) -> Error {
    Error::new(Code::NoSuchEntity, format!("Role template not found in repository: {arn}"))
}

/// The parts of a template's ARN: `arn:aws:iam::aws:role-template/{service}/{name}:{major version}`.
pub struct TemplateName<'a> {
    /// The ARN itself.
    pub arn: &'a str,
    /// The service.
    pub service: &'a str,
    /// The name.
    pub name: &'a str,
    /// The major version.
    pub major_version: i32,
}

impl<'a> TemplateName<'a> {
    /// Reads the ARN of a template.
    pub fn parse(arn: &'a str) -> Option<Self> {
        let parts = ArnParts::parse(arn).filter(|parts| parts.service == "iam" && parts.account == "aws")?;
        let (service, name) = parts.resource.strip_prefix("role-template/")?.split_once('/')?;
        let (name, major_version) = name.rsplit_once(':')?;
        Some(Self { arn, service, name, major_version: major_version.parse().ok()? })
    }
}
