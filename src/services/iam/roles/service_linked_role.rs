//! Service-linked roles: roles that belong to an AWS service, which alone may use them.

use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::account::{DeletionTask, Permissions, Role, TrustPolicy, name_key};
use crate::call::{Access, Command, Operation, Query, Target, Transaction, View, operations};
use crate::catalogue::service_linked_roles::{self, ServiceLinkedRole};
use crate::error::{Code, Error, Result};
use crate::services::iam::roles::role::{DEFAULT_SESSION_DURATION, RoleResult, kept};
use crate::services::iam::roles::role_shape::RoleShape;
use crate::shapes::{
    AccountId, AwsServiceName, CustomSuffix, DeletionTaskId, DeletionTaskStatus, IdPrefix, Ids, Kind, Partition, Path,
    RoleDescription, RoleName, TagSet, Timestamp,
};

/// The longest name of a role.
const NAME_LENGTH: usize = 64;

/// Creates the role that a service defines for itself.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateServiceLinkedRole {
    #[serde(rename = "AWSServiceName")]
    aws_service_name: AwsServiceName,
    description: Option<RoleDescription>,
    custom_suffix: Option<CustomSuffix>,
}

impl CreateServiceLinkedRole {
    /// The name of the role; `None` for services without one.
    fn role_name(&self) -> Option<String> {
        let name = service_linked_roles::get(&self.aws_service_name)?.role_name;
        Some(match &self.custom_suffix {
            Some(suffix) => format!("{name}_{suffix}"),
            None => name.to_owned(),
        })
    }
}

impl Operation for CreateServiceLinkedRole {
    type Output = RoleResult;

    const ERRORS: &'static [Code] =
        &[Code::InvalidInput, Code::LimitExceeded, Code::NoSuchEntity, Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        let path = format!("/aws-service-role/{}/", self.aws_service_name);
        let name = self.role_name().unwrap_or_else(|| "*".to_owned());
        Access::to(Target::New(Kind::Role, path.into(), name.into()))
            .key("iam:AWSServiceName", Some(self.aws_service_name.as_str()))
    }
}

impl Command for CreateServiceLinkedRole {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<RoleResult> {
        let service = &self.aws_service_name;
        let invalid = |message: String| Error::new(Code::InvalidInput, message);
        let (Some(linked), Some(name)) = (service_linked_roles::get(service), self.role_name()) else {
            return Err(invalid(format!("Service name {service} is not valid")));
        };
        if self.custom_suffix.is_some() && !linked.takes_suffix {
            return Err(invalid(format!("Custom suffix is not allowed for {service}")));
        }
        if name.len() > NAME_LENGTH {
            return Err(invalid(format!("Service role name {name} must not have more than {NAME_LENGTH} characters")));
        }
        if cx.account.get::<Role>(&name).is_some() {
            let message =
                format!("Service role name {name} has been taken in this account, please try a different suffix.");
            return Err(invalid(message));
        }
        let role = Role { description: kept(self.description), ..linked_role(cx, linked, name)? };
        let shape = RoleShape::created(&role, role.trust_policy.text(), None, cx.account.id);
        // Service-linked roles count as roles, but they alone may exceed the quota (IAM User Guide, "Create a
        // service-linked role").
        cx.account.add(role)?;
        Ok(RoleResult { role: shape })
    }
}

/// A new role as the service defines it.
///
/// # Errors
/// Only if the table of services is wrong.
pub(crate) fn linked_role(cx: &mut Transaction<'_>, linked: ServiceLinkedRole, name: String) -> Result<Role> {
    Ok(Role { name, ..service_linked_role(linked, cx.account.id.partition(), &cx.ids, cx.now)? })
}

/// The same with the service's own name, in an account of this partition.
///
/// # Errors
/// Only if the table of services is wrong.
pub(crate) fn service_linked_role(
    linked: ServiceLinkedRole,
    partition: Partition,
    ids: &Ids<'_>,
    created: Timestamp,
) -> Result<Role> {
    let trust_policy = TrustPolicy::new(&linked.trust_policy(), |_| None).map_err(Error::internal)?;
    let attached = vec![linked.policy_arn(partition)];
    Ok(Role { path: Path::new(linked.path()), ..plain_role(linked.role_name, trust_policy, attached, ids, created) })
}

/// The role through which the management account of an organization administers an account that it has created.
///
/// # Errors
/// Only if its trust policy is wrong.
pub(crate) fn account_access_role(
    name: &str,
    management: AccountId,
    ids: &Ids<'_>,
    created: Timestamp,
) -> Result<Role> {
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": management.root_arn()}, "Action": "sts:AssumeRole"}
    ]});
    let trust_policy = TrustPolicy::new(&trust.to_string(), |_| Some(None)).map_err(Error::internal)?;
    let administrator = format!("arn:{}:iam::aws:policy/AdministratorAccess", management.partition());
    Ok(plain_role(name, trust_policy, vec![administrator], ids, created))
}

fn plain_role(name: &str, trust_policy: TrustPolicy, attached: Vec<String>, ids: &Ids<'_>, created: Timestamp) -> Role {
    Role {
        name: name.to_owned(),
        path: Path::root(),
        id: ids.unique(IdPrefix::Aroa),
        created,
        trust_policy,
        description: None,
        max_session_duration: DEFAULT_SESSION_DURATION,
        max_signin_session_duration: None,
        tags: TagSet::default(),
        permissions: Permissions { attached, ..Permissions::default() },
        source_template: None,
        template_values: None,
    }
}

/// Deletes a service-linked role. No service uses it here, so the deletion has succeeded when it is answered.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteServiceLinkedRole {
    role_name: RoleName,
}

/// What `DeleteServiceLinkedRole` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteServiceLinkedRoleResult {
    deletion_task_id: String,
}

impl Operation for DeleteServiceLinkedRole {
    type Output = DeleteServiceLinkedRoleResult;

    const ERRORS: &'static [Code] = &[Code::LimitExceeded, Code::NoSuchEntity, Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        Access::existing(Kind::Role, &self.role_name)
    }
}

impl Command for DeleteServiceLinkedRole {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<DeleteServiceLinkedRoleResult> {
        let role = cx.account.find::<Role>(&self.role_name)?;
        if !role.is_service_linked() {
            let message = format!("{} exists but is not a service role.", role.name);
            return Err(Error::new(Code::NoSuchEntity, message));
        }
        let key = name_key(&role.name);
        let id = format!("task{}{}/{}", role.path, role.name, cx.ids.uuid());
        cx.account.remove::<Role>(&key);
        cx.account.forget_deletion_tasks(cx.now);
        cx.account.put(DeletionTask { id: id.clone(), created: cx.now, status: DeletionTaskStatus::Succeeded })?;
        Ok(DeleteServiceLinkedRoleResult { deletion_task_id: id })
    }
}

/// Reports how the deletion of a service-linked role is going.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetServiceLinkedRoleDeletionStatus {
    deletion_task_id: DeletionTaskId,
}

/// What `GetServiceLinkedRoleDeletionStatus` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetServiceLinkedRoleDeletionStatusResult {
    status: DeletionTaskStatus,
}

impl Operation for GetServiceLinkedRoleDeletionStatus {
    type Output = GetServiceLinkedRoleDeletionStatusResult;

    const ERRORS: &'static [Code] = &[Code::InvalidInput, Code::NoSuchEntity, Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        match path_and_name(&self.deletion_task_id) {
            Some((path, name)) => Access::new(Kind::Role, Some(path), name),
            None => Access::under(Kind::Role, Some("/aws-service-role/")),
        }
    }
}

impl Query for GetServiceLinkedRoleDeletionStatus {
    fn answer(self, cx: &View<'_>) -> Result<GetServiceLinkedRoleDeletionStatusResult> {
        if path_and_name(&self.deletion_task_id).is_none() {
            return Err(Error::new(Code::InvalidInput, "Invalid task id"));
        }
        let task = cx.account.deletion_tasks.get(&self.deletion_task_id);
        let unknown = || Error::new(Code::NoSuchEntity, "Cannot find deletion status for given id.");
        Ok(GetServiceLinkedRoleDeletionStatusResult { status: task.ok_or_else(unknown)?.status })
    }
}

/// The path and name of the role in a task's id: `task/aws-service-role/{service}/{role}/{uuid}`.
fn path_and_name(task_id: &str) -> Option<(&str, &str)> {
    let (role, uuid) = task_id.strip_prefix("task")?.rsplit_once('/')?;
    Uuid::try_parse(uuid).ok()?;
    let (path, name) = role.split_at_checked(role.rfind('/')? + 1)?;
    let service = path.strip_prefix("/aws-service-role/")?.strip_suffix('/')?;
    (!service.is_empty() && !name.is_empty()).then_some((path, name))
}

operations!(IAM: query GetServiceLinkedRoleDeletionStatus; command CreateServiceLinkedRole, DeleteServiceLinkedRole);
