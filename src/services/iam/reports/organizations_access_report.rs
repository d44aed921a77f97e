//! Reports of when the services that service control policies allow were last accessed in the organization, from the
//! requests really seen.

use std::collections::BTreeMap;

use aws_reference::service_authorization;
use serde::{Deserialize, Serialize};

use crate::account::{OrganizationsAccess, OrganizationsAccessReport, Quota, ReportOutcome};
use crate::audit::LastUse;
use crate::call::{
    Access, AccountRef, Command, Context, Operation, Paging, Query, Target, Transaction, View, operations,
};
use crate::error::{Code, Error, Result};
use crate::organization::{Entity, Organization};
use crate::services::iam::reports::service_access::{JobResult, TRACKED_SECONDS, service_name};
use crate::shapes::{JobId, Marker, MaxItems, OrganizationsEntityPath, OrganizationsPolicyId, SortKey, Timestamp};

/// How long reports are kept, in seconds.
const RETENTION: i64 = 24 * 3600;

/// Generates a report about a root, unit or account of the organization.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GenerateOrganizationsAccessReport {
    entity_path: OrganizationsEntityPath,
    organizations_policy_id: Option<OrganizationsPolicyId>,
}

impl Operation for GenerateOrganizationsAccessReport {
    type Output = JobResult;

    const ERRORS: &'static [Code] = &[Code::ReportGenerationLimitExceeded];
    const SHOWS_USES: bool = true;
    const COMPUTES: bool = true;
    const REPORTS: bool = true;

    fn access(&self) -> Access<'_> {
        Access::to(Target::Iam(format!("access-report/{}", self.entity_path)))
            .key("iam:OrganizationsPolicyId", self.organizations_policy_id.as_deref())
    }
}

impl Command for GenerateOrganizationsAccessReport {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<JobResult> {
        let organization = managed(cx)?;
        forget_old_reports(cx);
        let limit = cx.environment.quotas.limit(Quota::OrganizationsAccessReportsPerDay);
        if cx.account.organizations_access_reports.len() >= limit as usize {
            let message = "The request failed because the maximum number of concurrent requests for this account are \
                           already running.";
            return Err(Error::new(Code::ReportGenerationLimitExceeded, message));
        }
        let id = cx.ids.uuid().to_string();
        let outcome = match self.subject(organization) {
            Ok(entity) => found(cx, organization, &entity),
            Err(reason) => ReportOutcome::Failed(reason),
        };
        cx.account.put(OrganizationsAccessReport { id: id.clone(), created: cx.now, outcome })?;
        Ok(JobResult { job_id: id })
    }
}

impl GenerateOrganizationsAccessReport {
    /// What the report is about, or why there is nothing.
    fn subject(&self, organization: &Organization) -> Result<Entity, String> {
        let path = &self.entity_path;
        let entity = organization.entity_at(path).ok_or_else(|| format!("There is no entity at the path {path}."))?;
        match &self.organizations_policy_id {
            // No policy limits the management account, and one that is named for it is ignored.
            Some(id) if entity.accounts != [organization.management_account] => {
                let policy = organization.service_control_policy(id);
                Ok(entity.under(&policy.ok_or_else(|| format!("The policy {id} does not exist."))?))
            }
            _ => Ok(entity),
        }
    }
}

/// The organization, if its management account calls.
fn managed<'a>(cx: &Context<'a, impl AccountRef>) -> Result<&'a Organization> {
    let organization = cx.organization().map(|organization| &**organization);
    organization.filter(|organization| organization.management_account == cx.account.id).ok_or_else(|| {
        let message = "You must be signed in to the management account of an organization to perform this operation.";
        Error::new(Code::AccessDenied, message)
    })
}

fn forget_old_reports(cx: &mut Transaction<'_>) {
    let reports = cx.account.organizations_access_reports.iter();
    let old: Vec<_> = reports.filter(|report| is_old(report, cx.now)).map(|report| report.id.clone()).collect();
    old.iter().for_each(|id| cx.account.remove::<OrganizationsAccessReport>(id));
}

fn is_old(report: &OrganizationsAccessReport, now: Timestamp) -> bool {
    now >= report.created.plus(RETENTION)
}

/// The services that the entity may access, and when its accounts called them within the tracking period.
fn found(cx: &Context<'_, impl AccountRef>, organization: &Organization, entity: &Entity) -> ReportOutcome {
    let oldest = cx.now.plus(-TRACKED_SECONDS);
    let mut services: BTreeMap<String, (usize, LastUse)> = BTreeMap::new();
    for account in &entity.accounts {
        for (service, last) in cx.environment.volatile.usage.services(*account) {
            if last.used < oldest || !entity.may_access(&service) {
                continue;
            }
            let (accounts, latest) = services.entry(service).or_insert_with(|| (0, last.clone()));
            *accounts += 1;
            if latest.used < last.used {
                *latest = last;
            }
        }
    }
    let accessed = services.into_iter().filter_map(|(namespace, (accounts, last))| {
        let entity_path = organization.path_of(last.account)?;
        Some(OrganizationsAccess { namespace, used: last.used, region: last.region, entity_path, accounts })
    });
    let accessible = service_authorization::services().filter(|service| entity.may_access(service.prefix));
    ReportOutcome::Accessed {
        accessible: accessible.map(|service| service.prefix.to_owned()).collect(),
        accessed: accessed.collect(),
    }
}

/// Reads a report.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetOrganizationsAccessReport {
    job_id: JobId,
    max_items: Option<MaxItems>,
    marker: Option<Marker>,
    sort_key: Option<SortKey>,
}

/// What `GetOrganizationsAccessReport` answers.
#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetOrganizationsAccessReportResult {
    job_status: &'static str,
    job_creation_date: Timestamp,
    job_completion_date: Timestamp,
    number_of_services_accessible: Option<usize>,
    number_of_services_not_accessed: Option<usize>,
    access_details: Option<Vec<AccessDetail>>,
    is_truncated: bool,
    marker: Option<String>,
    error_details: Option<ErrorDetails>,
}

/// A service in an answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AccessDetail {
    service_name: String,
    service_namespace: &'static str,
    region: Option<String>,
    entity_path: Option<String>,
    last_authenticated_time: Option<Timestamp>,
    total_authenticated_entities: usize,
}

/// Why there is no report.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ErrorDetails {
    message: String,
    code: &'static str,
}

impl Operation for GetOrganizationsAccessReport {
    type Output = GetOrganizationsAccessReportResult;

    const ERRORS: &'static [Code] = &[Code::NoSuchEntity];

    fn access(&self) -> Access<'_> {
        Access::any()
    }
}

impl Query for GetOrganizationsAccessReport {
    fn answer(self, cx: &View<'_>) -> Result<GetOrganizationsAccessReportResult> {
        managed(cx)?;
        let report = cx.account.organizations_access_reports.get(&self.job_id);
        let report = report.filter(|report| !is_old(report, cx.now));
        let report = report.ok_or_else(|| Error::new(Code::NoSuchEntity, format!("Job {} not found", self.job_id)))?;
        let (job_creation_date, job_completion_date) = (report.created, report.created);
        let head = GetOrganizationsAccessReportResult { job_creation_date, job_completion_date, ..Default::default() };
        match &report.outcome {
            ReportOutcome::Failed(reason) => {
                let error_details = Some(ErrorDetails { message: reason.clone(), code: "InvalidInput" });
                Ok(GetOrganizationsAccessReportResult { job_status: "FAILED", error_details, ..head })
            }
            ReportOutcome::Accessed { accessible, accessed } => self.page(cx, self.sorted(accessible, accessed), head),
        }
    }
}

impl GetOrganizationsAccessReport {
    fn page(
        &self,
        cx: &Context<'_, impl AccountRef>,
        details: Vec<AccessDetail>,
        head: GetOrganizationsAccessReportResult,
    ) -> Result<GetOrganizationsAccessReportResult> {
        let accessible = details.len();
        let used = details.iter().filter(|detail| detail.last_authenticated_time.is_some()).count();
        let (listing, paging) = ("GetOrganizationsAccessReport", Paging(&self.marker, &self.max_items));
        let after = paging.after(listing, cx)?;
        let place = after.and_then(|after| details.iter().position(|detail| detail.service_namespace == after));
        let rest = details.into_iter().skip(place.map_or(0, |place| place + 1));
        let rest = rest.map(|detail| (detail.service_namespace.to_owned(), detail));
        let page = paging.page(listing, "AccessDetails", rest, cx);
        Ok(GetOrganizationsAccessReportResult {
            job_status: "COMPLETED",
            number_of_services_accessible: Some(accessible),
            number_of_services_not_accessed: Some(accessible - used),
            access_details: Some(page.members),
            is_truncated: page.marker.is_some(),
            marker: page.marker,
            ..head
        })
    }

    /// The accessible services in the wanted order. What was never accessed counts as the earliest.
    fn sorted(&self, accessible: &[String], accessed: &[OrganizationsAccess]) -> Vec<AccessDetail> {
        let detail = |service: service_authorization::Summary| {
            let access = accessed.iter().find(|access| access.namespace == service.prefix);
            AccessDetail {
                service_name: service_name(service.name).to_owned(),
                service_namespace: service.prefix,
                region: access.map(|access| access.region.clone()),
                entity_path: access.map(|access| access.entity_path.clone()),
                last_authenticated_time: access.map(|access| access.used),
                total_authenticated_entities: access.map_or(0, |access| access.accounts),
            }
        };
        // Services come by namespace, and the sorting by time keeps that order within one moment.
        let services = service_authorization::services();
        let accessible = services.filter(|service| accessible.iter().any(|namespace| namespace == service.prefix));
        let mut details: Vec<_> = accessible.map(detail).collect();
        match self.sort_key.unwrap_or(SortKey::NamespaceAscending) {
            SortKey::NamespaceAscending => {}
            SortKey::NamespaceDescending => details.reverse(),
            SortKey::TimeAscending => details.sort_by_key(|detail| detail.last_authenticated_time),
            SortKey::TimeDescending => {
                details.sort_by_key(|detail| std::cmp::Reverse(detail.last_authenticated_time));
            }
        }
        details
    }
}

operations!(IAM: query GetOrganizationsAccessReport; command GenerateOrganizationsAccessReport);
