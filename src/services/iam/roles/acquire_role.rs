//! Roles from templates: `AcquireRole` makes the role that a template describes, or finds it made already.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::account::{Account, Permissions, Quota, Role, SourceRoleTemplate};
use crate::call::{Access, AccountRef, Command, Context, Operation, Target, Transaction, View, operations};
use crate::error::{Code, Error, Result};
use crate::services::iam::policies::attachments::attach;
use crate::services::iam::policies::inline_policies::put;
use crate::services::iam::roles::role::{DEFAULT_SESSION_DURATION, RoleResult, customer_path};
use crate::services::iam::roles::role_shape::RoleShape;
use crate::shapes::{
    AccountId, Arn, ArnParts, Constraint, IdPrefix, Kind, Path, PolicyDocument, PolicyName, ReplacementValues,
    RoleParameterType, Tag, TagKey, TagSet, TagValue, Tags, constraint_of,
};
use crate::templates::{ParameterDefinition, RoleTemplateVersion};
use crate::templates::{Replacement, Replacements, invalid};

/// Makes the role that a template describes, or finds it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AcquireRole {
    template_arn: Arn,
    template_minor_version: Option<i32>,
    replacement_values: Option<ReplacementValues>,
}

/// A role as a template and its values describe it.
struct Wanted {
    name: String,
    path: String,
    description: Option<String>,
    trust_policy: String,
    inline: BTreeMap<String, String>,
    attached: Vec<String>,
    boundary: Option<String>,
    tags: TagSet,
    max_session_duration: i32,
    source: SourceRoleTemplate,
    values: BTreeMap<String, Vec<String>>,
}

impl Operation for AcquireRole {
    type Output = RoleResult;

    const ERRORS: &'static [Code] = &[
        Code::ConcurrentModification,
        Code::EntityAlreadyExists,
        Code::InvalidInput,
        Code::LimitExceeded,
        Code::MalformedPolicyDocument,
        Code::NameConflict,
        Code::NoSuchEntity,
        Code::RoleModified,
        Code::RoleTemplateDisabled,
        Code::ServiceFailure,
    ];
    /// For a template that attaches a policy which only services give to their roles.
    const UNDECLARED_ERRORS: &'static [Code] = &[Code::PolicyNotAttachable];

    fn access(&self) -> Access<'_> {
        Access::free()
    }

    /// There is no action of this name: a caller that acquires a role must be able to see it, and to make it if it is
    /// not there (Service Authorization Reference: what has the key `iam:RoleTemplateARN`).
    fn further_access<'a>(&'a self, cx: &'a View<'_>) -> Access<'a> {
        let template = Some(self.template_arn.as_str());
        let get = |target| Access::free().also("iam:GetRole", target).key("iam:RoleTemplateARN", template);
        let Ok(wanted) = self.wanted(cx) else { return get(Target::Under(Kind::Role, None)) };
        if let Some(role) = cx.account.get::<Role>(&wanted.name) {
            return get(Target::Existing(Kind::Role, &role.name)).current_boundary();
        }
        let target = || Target::New(Kind::Role, wanted.path.clone().into(), wanted.name.clone().into());
        let mut access = get(target());
        let mut needs = |action: &'static str, policy: Option<&String>| {
            let next = std::mem::take(&mut access).also(action, target()).key("iam:RoleTemplateARN", template);
            let next = next.key("iam:PermissionsBoundary", wanted.boundary.clone());
            access = next.key("iam:PolicyARN", policy.cloned());
        };
        needs("iam:CreateRole", None);
        if !wanted.inline.is_empty() {
            needs("iam:PutRolePolicy", None);
        }
        wanted.attached.iter().for_each(|policy| needs("iam:AttachRolePolicy", Some(policy)));
        if !wanted.tags.is_empty() {
            needs("iam:TagRole", None);
        }
        wanted.show_tags(access)
    }

    fn other_accounts(&self, _: &Account) -> Vec<AccountId> {
        let values = self.replacement_values.iter().flat_map(|values| values.0.values());
        let arns = values.flat_map(|value| value.values.iter()).filter_map(|value| ArnParts::parse(value));
        arns.filter_map(|arn| arn.account_id()).collect()
    }
}

impl Command for AcquireRole {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<RoleResult> {
        let wanted = self.wanted(cx)?;
        if let Some(role) = cx.account.get::<Role>(&wanted.name) {
            wanted.must_be(role)?;
            return Ok(RoleResult { role: RoleShape::whole(role, cx) });
        }
        let template = cx.environment.role_templates.find(&self.template_arn)?;
        if !template.enabled || !template.version(&self.template_arn, self.template_minor_version)?.enabled {
            let message = format!("The role template {} is disabled.", self.template_arn);
            return Err(Error::new(Code::RoleTemplateDisabled, message));
        }
        let name = wanted.name.clone();
        wanted.make(cx)?;
        let role = cx.account.find::<Role>(&name)?;
        Ok(RoleResult { role: RoleShape::whole(role, cx) })
    }
}

impl AcquireRole {
    /// The role that the template and the values describe.
    fn wanted(&self, cx: &Context<'_, impl AccountRef>) -> Result<Wanted> {
        let template = cx.environment.role_templates.find(&self.template_arn)?;
        let version = template.version(&self.template_arn, self.template_minor_version)?;
        let values = self.values(version)?;
        let mut replacements = Replacements::default();
        for parameter in &version.parameters {
            if let Some(values) = values.get(&parameter.name) {
                replacements.add(&parameter.name, read(parameter, values.clone())?)?;
            }
        }
        let path = replacements.fill(&version.role_path_pattern)?;
        let fill = |text: &Option<String>| text.as_deref().map(|text| replacements.fill(text)).transpose();
        let mut inline = BTreeMap::new();
        for (name, document) in &version.inline_policies {
            inline.insert(replacements.fill(name)?, document.fill(&replacements)?);
        }
        let wanted = Wanted {
            name: replacements.fill(&version.role_name_pattern)?,
            path: customer_path(Some(Path::new(path)))?.into(),
            description: fill(&version.role_description_pattern)?.filter(|text| !text.is_empty()),
            trust_policy: version.assume_role_policy_document.fill(&replacements)?,
            inline,
            attached: version.managed_policy_arns.clone(),
            boundary: version.permission_boundary_arn.clone(),
            tags: tags(&version.tags, &replacements)?,
            max_session_duration: version.max_session_duration.unwrap_or(DEFAULT_SESSION_DURATION),
            source: SourceRoleTemplate {
                template_arn: self.template_arn.to_string(),
                template_minor_version: version.minor_version,
            },
            values,
        };
        must_fit("RoleName", &wanted.name)?;
        must_fit("Path", &wanted.path)?;
        must_fit("RoleDescription", wanted.description.as_deref().unwrap_or_default())?;
        wanted.inline.keys().try_for_each(|name| must_fit("PolicyName", name))?;
        Ok(wanted)
    }

    /// The values of the template's parameters: the request's, or the defaults.
    fn values(&self, version: &RoleTemplateVersion) -> Result<BTreeMap<String, Vec<String>>> {
        let given = self.replacement_values.as_ref().map(|values| &values.0);
        let is_known = |name: &String| version.parameters.iter().any(|parameter| parameter.name == *name);
        if let Some(unknown) = given.into_iter().flat_map(BTreeMap::keys).find(|name| !is_known(name)) {
            return Err(invalid(format!("Failed to render template: Unrecognized parameter: {unknown}")));
        }
        let mut all = BTreeMap::new();
        for parameter in &version.parameters {
            let values = given.and_then(|given| given.get(&parameter.name)).map(|value| value.values.to_vec());
            let values = match (values, &parameter.default_value) {
                (Some(values), _) => values,
                (None, _) if parameter.is_required => {
                    let name = &parameter.name;
                    return Err(invalid(format!("Failed to render template: Parameter '{name}' not found.")));
                }
                (None, Some(default)) if is_list(parameter.kind) => default.split(',').map(str::to_owned).collect(),
                (None, Some(default)) => vec![default.clone()],
                (None, None) => continue,
            };
            all.insert(parameter.name.clone(), values);
        }
        Ok(all)
    }
}

fn is_list(kind: RoleParameterType) -> bool {
    matches!(kind, RoleParameterType::StringList | RoleParameterType::NumberList | RoleParameterType::ArnList)
}

fn read(parameter: &ParameterDefinition, values: Vec<String>) -> Result<Replacement> {
    let name = &parameter.name;
    let is_right = |value: &String| match parameter.kind {
        RoleParameterType::String | RoleParameterType::StringList => true,
        RoleParameterType::Number | RoleParameterType::NumberList => value.parse::<f64>().is_ok_and(f64::is_finite),
        RoleParameterType::Arn | RoleParameterType::ArnList => ArnParts::parse(value).is_some(),
    };
    if let Some(wrong) = values.iter().find(|value| !is_right(value)) {
        return Err(invalid(format!("The value {wrong} of parameter {name} is not of type {:?}.", parameter.kind)));
    }
    match <[String; 1]>::try_from(values) {
        Err(values) if is_list(parameter.kind) => Ok(Replacement::Many(values)),
        Ok(one) if is_list(parameter.kind) => Ok(Replacement::Many(one.into())),
        Ok([one]) => Ok(Replacement::One(one)),
        Err(values) => {
            let message = format!("{name} replacement value must contain exactly one value, got {}", values.len());
            Err(Error::new(Code::ValidationError, message))
        }
    }
}

fn tags(templates: &BTreeMap<String, String>, replacements: &Replacements) -> Result<TagSet> {
    let mut tags = Vec::new();
    for (key, value) in templates {
        let (key, value) = (replacements.fill(key)?, replacements.fill(value)?);
        must_fit("TagKey", &key)?;
        must_fit("TagValue", &value)?;
        tags.push(Tag { key: TagKey::new(key), value: TagValue::new(value) });
    }
    TagSet::from_request(Kind::Role, Some(Tags::from(tags)))
}

/// What is made from a template meets the constraints that parameters have.
fn must_fit(shape: &str, value: &str) -> Result<()> {
    let Some(Constraint::Text(text)) = constraint_of(shape) else { return Ok(()) };
    let fits = text.broken_by(value).is_empty() && text.pattern.is_none_or(|pattern| pattern.matches(value));
    if fits { Ok(()) } else { Err(invalid(format!("{value} is not a valid {shape}."))) }
}

impl Wanted {
    /// The tags of the request as the condition keys that creating and tagging have.
    fn show_tags<'a>(&self, access: Access<'a>) -> Access<'a> {
        if self.tags.is_empty() {
            return access;
        }
        let mut access = access;
        let keys: Vec<String> = self.tags.iter().map(|tag| tag.key.to_string()).collect();
        for check in &mut access.checks {
            if matches!(check.action.as_deref(), Some("iam:CreateRole" | "iam:TagRole")) {
                check.keys.push(("aws:TagKeys".into(), keys.clone().into()));
                for tag in self.tags.iter() {
                    check.keys.push((format!("aws:RequestTag/{}", tag.key).into(), tag.value.to_string().into()));
                }
            }
        }
        access
    }

    /// Refuses a role that is there under this name but is not this one.
    fn must_be(&self, role: &Role) -> Result<()> {
        let source = role.source_template.as_ref();
        if source.is_none_or(|source| source.template_arn != self.source.template_arn) {
            let message = "A role with this name already exists in the account but was not created from this \
                           template. Choose a different role name, or remove the existing role if it is no longer \
                           needed.";
            return Err(Error::new(Code::NameConflict, message));
        }
        if role.template_values.as_ref().is_some_and(|values| *values != self.values) {
            let message = "A role with this name exists but was created with different parameters. Pass a unique \
                           roleName to create a new role.";
            return Err(Error::new(Code::NameConflict, message));
        }
        if self.is(role) {
            return Ok(());
        }
        let message = format!("Role {} has been modified since it was created and is no longer managed.", role.name);
        Err(Error::new(Code::RoleModified, message))
    }

    fn is(&self, role: &Role) -> bool {
        let inline = role.permissions.inline.iter().map(|(name, policy)| (name.as_str(), policy.text()));
        let attached = &role.permissions.attached;
        role.name == self.name
            && *role.path == *self.path
            && role.description == self.description
            && role.trust_policy.text() == self.trust_policy
            && inline.eq(self.inline.iter().map(|(name, text)| (name.as_str(), text.as_str())))
            && attached.len() == self.attached.len()
            && self.attached.iter().all(|arn| attached.contains(arn))
            && role.permissions.boundary == self.boundary
            && role.tags == self.tags
            && role.max_session_duration == self.max_session_duration
    }

    /// Makes the role, as `CreateRole`, `PutRolePolicy` and `AttachRolePolicy` would.
    fn make(self, cx: &mut Transaction<'_>) -> Result<()> {
        let boundary = cx.boundary(self.boundary.map(Arn::new), Kind::Role, Code::InvalidInput)?;
        let role = Role {
            name: self.name.clone(),
            path: Path::new(self.path),
            id: cx.ids.unique(IdPrefix::Aroa),
            created: cx.now,
            trust_policy: cx.trust_policy(&self.trust_policy)?,
            description: self.description,
            max_session_duration: self.max_session_duration,
            max_signin_session_duration: None,
            tags: self.tags,
            permissions: Permissions { boundary, ..Permissions::default() },
            source_template: Some(self.source),
            template_values: Some(self.values),
        };
        cx.create(role, Quota::RolesPerAccount)?;
        for (name, document) in self.inline {
            put::<Role>(cx, &self.name, PolicyName::new(name), &PolicyDocument::new(document))?;
        }
        for arn in self.attached {
            attach::<Role>(cx, &self.name, Arn::new(arn))?;
        }
        Ok(())
    }
}

operations!(IAM: command AcquireRole);
