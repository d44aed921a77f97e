//! Role templates, shown.

use serde::{Deserialize, Serialize};

use crate::call::{Access, Operation, Query, View, operations};
use crate::error::{Code, Error, Result};
use crate::shapes::{Arn, EncodedDocument};
use crate::templates::{DocumentTemplate, ParameterDefinition, RoleTemplate, RoleTemplateVersion, TemplateName};

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

    fn access(&self) -> Access<'_> {
        Access::arn(&self.template_arn)
    }
}

impl Query for GetRoleTemplateVersion {
    fn answer(self, cx: &View<'_>) -> Result<GetRoleTemplateVersionResult> {
        let template = cx.environment.role_templates.find(&self.template_arn)?;
        let version = template.version(&self.template_arn, self.minor_version)?;
        let name = TemplateName::parse(&self.template_arn).ok_or_else(|| Error::internal("the ARN was read before"))?;
        Ok(GetRoleTemplateVersionResult {
            role_template_version: RoleTemplateVersionShape::of(template, version, &name),
        })
    }
}

impl RoleTemplateVersionShape {
    fn of(template: &RoleTemplate, version: &RoleTemplateVersion, name: &TemplateName<'_>) -> Self {
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

operations!(IAM: query GetRoleTemplateVersion);
