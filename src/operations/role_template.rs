//! Role templates: from what roles are made by `AcquireRole`. AWS's services publish theirs to AWS alone; here they come
//! from the configuration.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::template::{DocumentTemplate, invalid};
use super::{Access, Context, Operation, operations};
use crate::error::{Code, Error, Result};
use crate::shapes::{Arn, ArnParts, EncodedDocument, RoleParameterType};

/// The templates, by ARN.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct RoleTemplates(BTreeMap<String, RoleTemplate>);

/// A major version of a template.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RoleTemplate {
    description: Option<String>,
    /// Whether roles can be made from it.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// The greatest, if it does not say.
    default_minor_version: Option<i32>,
    versions: Vec<RoleTemplateVersion>,
}

/// A minor version of a template.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RoleTemplateVersion {
    /// The number.
    pub minor_version: i32,
    id: Option<String>,
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
    sub_type: Option<String>,
    description: Option<String>,
    /// Whether the caller must give a value.
    #[serde(default, rename(deserialize = "required"))]
    pub is_required: bool,
    /// What stands for it if the caller gives no value; the members of a list with commas between them.
    #[serde(rename(deserialize = "default"))]
    pub default_value: Option<String>,
    #[serde(default)]
    immutable: bool,
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
    /// `InvalidInput` for what is no template's ARN, `NoSuchEntity`.
    pub fn find(&self, arn: &str) -> Result<&RoleTemplate> {
        Name::parse(arn).ok_or_else(|| invalid(format!("ARN {arn} is not valid.")))?;
        self.0.get(arn).ok_or_else(|| missing(arn))
    }
}

impl RoleTemplate {
    /// The minor version that is used unless a request names one.
    fn default_minor_version(&self) -> Option<i32> {
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

/// What a template's ARN tells: `arn:aws:iam::aws:role-template/{service}/{name}:{major version}`.
struct Name<'a> {
    arn: &'a str,
    service: &'a str,
    name: &'a str,
    major_version: i32,
}

impl<'a> Name<'a> {
    fn parse(arn: &'a str) -> Option<Self> {
        let parts = ArnParts::parse(arn).filter(|parts| parts.service == "iam" && parts.account == "aws")?;
        let (service, name) = parts.resource.strip_prefix("role-template/")?.split_once('/')?;
        let (name, major_version) = name.rsplit_once(':')?;
        Some(Self { arn, service, name, major_version: major_version.parse().ok()? })
    }
}

/// Shows a version of a role template.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetRoleTemplateVersion {
    template_arn: Arn,
    minor_version: Option<i32>,
}

/// What `GetRoleTemplateVersion` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetRoleTemplateVersionResult {
    role_template_version: RoleTemplateVersionShape,
}

/// A version of a role template in an answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RoleTemplateVersionShape {
    template_arn: String,
    template_name: String,
    template_version_id: Option<String>,
    description: Option<String>,
    major_version: i32,
    default_minor_version: Option<i32>,
    managed_by_type: &'static str,
    managed_by_value: String,
    enabled: bool,
    minor_version: i32,
    role_name_pattern: String,
    role_path_pattern: String,
    role_description_pattern: Option<String>,
    assume_role_policy_document_template: EncodedDocument,
    inline_policy_templates: Vec<InlinePolicyShape>,
    managed_policy_arns: Vec<String>,
    permission_boundary_arn: Option<String>,
    parameters_definition: Vec<ParameterDefinition>,
    role_tags_template: Vec<TagTemplate>,
    max_session_duration: Option<i32>,
    version_enabled: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct InlinePolicyShape {
    policy_name: String,
    policy_document: EncodedDocument,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct TagTemplate {
    key: String,
    value: String,
}

impl Operation for GetRoleTemplateVersion {
    type Output = GetRoleTemplateVersionResult;

    const ERRORS: &'static [Code] = &[Code::InvalidInput, Code::NoSuchEntity, Code::ServiceFailure];
    const READ_ONLY: bool = true;

    fn access(&self) -> Access<'_> {
        Access::arn(&self.template_arn)
    }

    fn execute(self, cx: &mut Context<'_>) -> Result<GetRoleTemplateVersionResult> {
        let template = cx.environment.role_templates.find(&self.template_arn)?;
        let version = template.version(&self.template_arn, self.minor_version)?;
        let name = Name::parse(&self.template_arn).ok_or_else(|| Error::internal("the ARN was read before"))?;
        Ok(GetRoleTemplateVersionResult {
            role_template_version: RoleTemplateVersionShape::of(template, version, &name),
        })
    }
}

impl RoleTemplateVersionShape {
    fn of(template: &RoleTemplate, version: &RoleTemplateVersion, name: &Name<'_>) -> Self {
        let encoded = |document: &DocumentTemplate| EncodedDocument(document.to_string().into());
        let inline = version.inline_policies.iter();
        let tags = version.tags.iter();
        Self {
            template_arn: name.arn.to_owned(),
            template_name: name.name.to_owned(),
            template_version_id: version.id.clone(),
            description: template.description.clone(),
            major_version: name.major_version,
            default_minor_version: template.default_minor_version(),
            managed_by_type: "Service",
            managed_by_value: name.service.to_owned(),
            enabled: template.enabled,
            minor_version: version.minor_version,
            role_name_pattern: version.role_name_pattern.clone(),
            role_path_pattern: version.role_path_pattern.clone(),
            role_description_pattern: version.role_description_pattern.clone(),
            assume_role_policy_document_template: encoded(&version.assume_role_policy_document),
            inline_policy_templates: inline
                .map(|(name, document)| InlinePolicyShape {
                    policy_name: name.clone(),
                    policy_document: encoded(document),
                })
                .collect(),
            managed_policy_arns: version.managed_policy_arns.clone(),
            permission_boundary_arn: version.permission_boundary_arn.clone(),
            parameters_definition: version.parameters.clone(),
            role_tags_template: tags
                .map(|(key, value)| TagTemplate { key: key.clone(), value: value.clone() })
                .collect(),
            max_session_duration: version.max_session_duration,
            version_enabled: version.enabled,
        }
    }
}

operations!(Iam: GetRoleTemplateVersion);
