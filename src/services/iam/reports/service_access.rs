//! Reports of when an entity last accessed the services that its policies allow, from the requests really seen.

use std::collections::BTreeMap;

use aws_reference::service_authorization;
use serde::ser::{SerializeStruct, Serializer};
use serde::{Deserialize, Serialize};

use crate::account::{AccessReport, Account, ActionAccess, EntityAccess, Resource, Role, ServiceAccess, Subject, User};
use crate::audit::LastUse;
use crate::call::{
    Access, AccountRef, Command, Context, Operation, Page, Paging, Query, Transaction, View, operations,
};
use crate::error::{Code, Error, Result};
use crate::services::iam::reports::service_grants::{allow, is_namespace, subject, subject_target};
use crate::shapes::{Arn, Granularity, JobId, Marker, MaxItems, ServiceNamespace, Timestamp};

/// IAM reports activity of at least the last 400 days.
pub(crate) const TRACKED_SECONDS: i64 = 400 * 24 * 3600;

/// The full name of a service, as reports show it.
pub(crate) fn service_name(name: &str) -> &str {
    name.strip_suffix(" (IAM)").unwrap_or(name)
}

/// Generates a report about a user, group, role or managed policy.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GenerateServiceLastAccessedDetails {
    arn: Arn,
    granularity: Option<Granularity>,
}

/// What the operations that generate reports answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct JobResult {
    /// The job's id.
    pub job_id: String,
}

impl Operation for GenerateServiceLastAccessedDetails {
    type Output = JobResult;

    const ERRORS: &'static [Code] = &[Code::InvalidInput, Code::NoSuchEntity];
    const SHOWS_USES: bool = true;
    const COMPUTES: bool = true;
    const REPORTS: bool = true;

    fn access(&self) -> Access<'_> {
        Access::to(subject_target(&self.arn))
    }
}

impl Command for GenerateServiceLastAccessedDetails {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<JobResult> {
        let id = cx.ids.uuid().to_string();
        let report = AccessReport {
            id: id.clone(),
            requester: requester(cx),
            action_level: self.granularity == Some(Granularity::ActionLevel),
            created: cx.now,
            services: services(cx, subject(cx, &self.arn)?),
        };
        cx.account.forget_access_reports(&report.requester, cx.now);
        cx.account.put(report)?;
        Ok(JobResult { job_id: id })
    }
}

/// Only the caller who asked for a report may read it.
fn requester(cx: &Context<'_, impl AccountRef>) -> String {
    cx.caller.unique_id().map_or_else(|| cx.caller.account.to_string(), str::to_owned)
}

/// What is known of each service that a subject's policies allow.
fn services(cx: &Context<'_, impl AccountRef>, subject: Subject<'_>) -> Vec<ServiceAccess> {
    let granting = cx.account.granting(subject);
    let entities = entities(cx, subject);
    let allowed = service_authorization::services().filter(|service| allow(&granting, service.prefix));
    allowed.map(|service| service_access(service.prefix, service_name(service.name), &entities)).collect()
}

/// A user or role of the report with the calls that are known of it.
struct Tracked {
    entity: EntityAccess,
    calls: Vec<LastUse>,
}

fn entities(cx: &Context<'_, impl AccountRef>, subject: Subject<'_>) -> Vec<Tracked> {
    let (users, roles) = cx.account.users_and_roles_of(subject);
    let oldest = cx.now.plus(-TRACKED_SECONDS);
    let tracked = |arn, name: &str, id: &str, path: &str, is_role| Tracked {
        entity: EntityAccess { arn, name: name.into(), id: id.into(), path: path.into(), is_role, last: None },
        calls: cx
            .environment
            .volatile
            .usage
            .actions(cx.account.id, id)
            .into_iter()
            .filter(|call| call.used >= oldest)
            .collect(),
    };
    let users = users.into_iter().map(|u| tracked(u.arn(cx.account.id), &u.name, &u.id, &u.path, false));
    let roles = roles.into_iter().map(|r| tracked(r.arn(cx.account.id), &r.name, &r.id, &r.path, true));
    users.chain(roles).collect()
}

fn service_access(namespace: &str, name: &str, tracked: &[Tracked]) -> ServiceAccess {
    let mut actions: BTreeMap<&str, ActionAccess> = BTreeMap::new();
    let mut entities = Vec::new();
    for Tracked { entity, calls } in tracked {
        let mut last: Option<&LastUse> = None;
        for call in calls.iter().filter(|call| call.service == namespace) {
            if last.is_none_or(|last| last.used < call.used) {
                last = Some(call);
            }
            let action = call.action.split_once(':').map_or("", |(_, action)| action);
            if actions.get(action).is_none_or(|known| known.used < call.used) {
                let (entity, region) = (entity.arn.clone(), call.region.clone());
                actions.insert(action, ActionAccess { name: action.to_owned(), used: call.used, region, entity });
            }
        }
        let last = last.map(|last| (last.used, last.region.clone()));
        entities.push(EntityAccess { last, ..entity.clone() });
    }
    let actions = actions.into_values().collect();
    ServiceAccess { name: name.to_owned(), namespace: namespace.to_owned(), entities, actions }
}

/// The report of a job, for the one who asked for it.
fn report<'a>(cx: &'a Context<'_, impl AccountRef>, job: &JobId) -> Result<&'a AccessReport> {
    let report = cx.account.access_reports.get(job).filter(|report| report.requester == requester(cx));
    report.map(|report| &**report).ok_or_else(|| Error::new(Code::NoSuchEntity, format!("Job {job} not found")))
}

/// The key behind which a page of a report begins. A marker is good for one list of one report, whose keys begin with
/// `list`; AWS refuses markers of other lists in other words than invalid ones.
fn after(paging: Paging<'_>, list: &str, cx: &Context<'_, impl AccountRef>) -> Result<Option<String>> {
    match paging.after(REPORT, cx)? {
        Some(key) if !key.starts_with(list) => {
            Err(Error::new(Code::InvalidInput, "The marker passed in the request was invalid."))
        }
        key => Ok(key),
    }
}

/// What the markers of reports are for.
const REPORT: &str = "ServiceLastAccessedDetails";

/// Reads a report, service by service.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetServiceLastAccessedDetails {
    job_id: JobId,
    max_items: Option<MaxItems>,
    marker: Option<Marker>,
}

/// A service in an answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ServiceShape {
    service_name: String,
    last_authenticated: Option<Timestamp>,
    service_namespace: String,
    last_authenticated_entity: Option<String>,
    last_authenticated_region: Option<String>,
    total_authenticated_entities: usize,
    tracked_actions_last_accessed: Option<Vec<ActionShape>>,
}

/// An action in an answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ActionShape {
    action_name: String,
    last_accessed_entity: Option<String>,
    last_accessed_time: Option<Timestamp>,
    last_accessed_region: Option<String>,
}

impl ServiceShape {
    fn of(service: &ServiceAccess, action_level: bool) -> Self {
        let used = service.entities.iter().filter_map(|entity| Some((entity.last.as_ref()?, &entity.arn)));
        let last = used.clone().max_by_key(|((used, _), _)| *used);
        Self {
            service_name: service.name.clone(),
            last_authenticated: last.map(|((used, _), _)| *used),
            service_namespace: service.namespace.clone(),
            last_authenticated_entity: last.map(|(_, arn)| arn.clone()),
            last_authenticated_region: last.map(|((_, region), _)| region.clone()),
            total_authenticated_entities: used.count(),
            tracked_actions_last_accessed: action_level.then(|| tracked_actions(service)),
        }
    }
}

/// Every action of the service, with its last use if there was one.
fn tracked_actions(service: &ServiceAccess) -> Vec<ActionShape> {
    let Some(known) = service_authorization::service(&service.namespace) else { return Vec::new() };
    let shape = |name: &str| {
        let used = service.actions.iter().find(|action| action.name == name);
        ActionShape {
            action_name: name.to_owned(),
            last_accessed_entity: used.map(|action| action.entity.clone()),
            last_accessed_time: used.map(|action| action.used),
            last_accessed_region: used.map(|action| action.region.clone()),
        }
    };
    known.actions.iter().map(|action| shape(&action.name)).collect()
}

/// A report's head and a page of it.
pub struct ReportPage<T> {
    job_type: Option<Granularity>,
    created: Timestamp,
    page: Page<T>,
}

impl<T: Serialize> Serialize for ReportPage<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut answer = serializer.serialize_struct("Report", 7)?;
        answer.serialize_field("JobStatus", "COMPLETED")?;
        answer.serialize_field("JobType", &self.job_type)?;
        answer.serialize_field("JobCreationDate", &self.created)?;
        answer.serialize_field("JobCompletionDate", &self.created)?;
        self.page.write_into(&mut answer)?;
        answer.end()
    }
}

impl Operation for GetServiceLastAccessedDetails {
    type Output = ReportPage<ServiceShape>;

    const ERRORS: &'static [Code] = &[Code::InvalidInput, Code::NoSuchEntity];

    fn access(&self) -> Access<'_> {
        Access::any()
    }
}

impl Query for GetServiceLastAccessedDetails {
    fn answer(self, cx: &View<'_>) -> Result<ReportPage<ServiceShape>> {
        let report = report(cx, &self.job_id)?;
        let paging = Paging(&self.marker, &self.max_items);
        let list = format!("{} services ", report.id);
        let after = after(paging, &list, cx)?;
        let services = report.services.iter().map(|service| (format!("{list}{}", service.namespace), service));
        let services = services.filter(|(key, _)| after.as_ref().is_none_or(|after| key > after));
        let services = services.map(|(key, service)| (key, ServiceShape::of(service, report.action_level)));
        let page = paging.page(REPORT, "ServicesLastAccessed", services, cx);
        let job_type = if report.action_level { Granularity::ActionLevel } else { Granularity::ServiceLevel };
        Ok(ReportPage { job_type: Some(job_type), created: report.created, page })
    }
}

/// Reads of a report which users and roles accessed one service.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetServiceLastAccessedDetailsWithEntities {
    job_id: JobId,
    service_namespace: ServiceNamespace,
    max_items: Option<MaxItems>,
    marker: Option<Marker>,
}

/// A user or role in an answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct EntityDetails {
    entity_info: EntityInfo,
    last_authenticated: Option<Timestamp>,
}

/// Who it is.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct EntityInfo {
    arn: String,
    name: String,
    #[serde(rename = "Type")]
    kind: &'static str,
    id: String,
    path: String,
}

impl EntityDetails {
    /// The entity with its present name and path; `None` if it is no more.
    fn of(entity: &EntityAccess, account: &Account) -> Option<Self> {
        let entity_info = if entity.is_role {
            let role: &Role = account.roles.iter().find(|role| role.id == entity.id)?;
            EntityInfo::of(role, "ROLE", entity, account)
        } else {
            let user: &User = account.users.iter().find(|user| user.id == entity.id)?;
            EntityInfo::of(user, "USER", entity, account)
        };
        Some(Self { entity_info, last_authenticated: entity.last.as_ref().map(|(used, _)| *used) })
    }
}

impl EntityInfo {
    fn of<R: Resource>(found: &R, kind: &'static str, entity: &EntityAccess, account: &Account) -> Self {
        Self {
            arn: found.arn(account.id),
            name: found.name().to_owned(),
            kind,
            id: entity.id.clone(),
            path: found.path().to_owned(),
        }
    }
}

impl Operation for GetServiceLastAccessedDetailsWithEntities {
    type Output = ReportPage<EntityDetails>;

    const ERRORS: &'static [Code] = &[Code::InvalidInput, Code::NoSuchEntity];

    fn access(&self) -> Access<'_> {
        Access::any()
    }
}

impl Query for GetServiceLastAccessedDetailsWithEntities {
    fn answer(self, cx: &View<'_>) -> Result<ReportPage<EntityDetails>> {
        let report = report(cx, &self.job_id)?;
        let paging = Paging(&self.marker, &self.max_items);
        let list = format!("{} entities ", report.id);
        let after = after(paging, &list, cx)?;
        if !is_namespace(&self.service_namespace) {
            // The misspelling is AWS's.
            let message = format!("Service namepace {} is either invalid or unsupported.", self.service_namespace);
            return Err(Error::new(Code::InvalidInput, message));
        }
        let service = report.services.iter().find(|service| service.namespace == *self.service_namespace);
        let entities = service.into_iter().flat_map(|service| &service.entities);
        let entities = entities.filter_map(|entity| EntityDetails::of(entity, cx.account));
        let mut entities: Vec<_> =
            entities.map(|details| (format!("{list}{}", details.entity_info.arn), details)).collect();
        entities.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        let entities = entities.into_iter().filter(|(key, _)| after.as_ref().is_none_or(|after| key > after));
        let page = paging.page(REPORT, "EntityDetailsList", entities, cx);
        Ok(ReportPage { job_type: None, created: report.created, page })
    }
}

operations!(
    IAM:
    query GetServiceLastAccessedDetails, GetServiceLastAccessedDetailsWithEntities;
    command GenerateServiceLastAccessedDetails
);
