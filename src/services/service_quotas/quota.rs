//! Quotas: those in force, and AWS's defaults.

use serde::{Deserialize, Serialize};

use super::catalogue::{Known, QuotaShape, Value, missing};
use super::page;
use crate::call::{Access, Operation, Query, View, operations};
use crate::error::{Code, Result};
use crate::shapes::{AppliedLevel, QuotaCode, QuotasNextToken, QuotasPageSize, ServiceCode};

/// Lists the quotas in force.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListServiceQuotas {
    service_code: ServiceCode,
    next_token: Option<QuotasNextToken>,
    max_results: Option<QuotasPageSize>,
    quota_code: Option<QuotaCode>,
    quota_applied_at_level: Option<AppliedLevel>,
}

/// Lists AWS's defaults.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAWSDefaultServiceQuotas {
    service_code: ServiceCode,
    next_token: Option<QuotasNextToken>,
    max_results: Option<QuotasPageSize>,
}

/// A page of quotas.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Quotas {
    quotas: Vec<QuotaShape>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// Returns a quota in force.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetServiceQuota {
    service_code: ServiceCode,
    quota_code: QuotaCode,
    context_id: Option<String>,
}

/// Returns one of AWS's defaults.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetAWSDefaultServiceQuota {
    service_code: ServiceCode,
    quota_code: QuotaCode,
}

/// One quota.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct OneQuota {
    quota: QuotaShape,
}

impl Operation for ListServiceQuotas {
    type Output = Quotas;

    const ERRORS: &'static [Code] = &[Code::InvalidPaginationToken, Code::NoSuchResource];

    fn access(&self) -> Access<'_> {
        Access::any()
    }
}

impl Query for ListServiceQuotas {
    fn answer(self, cx: &View<'_>) -> Result<Quotas> {
        // No quota of IAM is applied to single resources.
        let has_level = self.quota_applied_at_level != Some(AppliedLevel::Resource);
        let is_wanted = |known: &&Known| has_level && self.quota_code.as_deref().is_none_or(|code| code == known.code);
        let known = cx.known_quotas(&self.service_code)?.filter(is_wanted);
        let shapes = known.map(|known| (known.code.to_owned(), cx.quota_shape(known, Value::Applied)));
        let page = page(cx, "ListServiceQuotas", self.next_token.as_ref(), self.max_results, shapes)?;
        Ok(Quotas { quotas: page.members, next_token: page.next_token })
    }
}

impl Operation for ListAWSDefaultServiceQuotas {
    type Output = Quotas;

    const ERRORS: &'static [Code] = &[Code::InvalidPaginationToken, Code::NoSuchResource];

    fn access(&self) -> Access<'_> {
        Access::any()
    }
}

impl Query for ListAWSDefaultServiceQuotas {
    fn answer(self, cx: &View<'_>) -> Result<Quotas> {
        let known = cx.known_quotas(&self.service_code)?;
        let shapes = known.map(|known| (known.code.to_owned(), cx.quota_shape(known, Value::Default)));
        let page = page(cx, "ListAWSDefaultServiceQuotas", self.next_token.as_ref(), self.max_results, shapes)?;
        Ok(Quotas { quotas: page.members, next_token: page.next_token })
    }
}

impl Operation for GetServiceQuota {
    type Output = OneQuota;

    const ERRORS: &'static [Code] = &[Code::NoSuchResource];

    fn access(&self) -> Access<'_> {
        Access::service_quota(&self.service_code, &self.quota_code)
    }
}

impl Query for GetServiceQuota {
    fn answer(self, cx: &View<'_>) -> Result<OneQuota> {
        if self.context_id.is_some() {
            return Err(missing());
        }
        one(cx, &self.service_code, &self.quota_code, Value::Applied)
    }
}

impl Operation for GetAWSDefaultServiceQuota {
    type Output = OneQuota;

    const ERRORS: &'static [Code] = &[Code::NoSuchResource];

    fn access(&self) -> Access<'_> {
        Access::any()
    }
}

impl Query for GetAWSDefaultServiceQuota {
    fn answer(self, cx: &View<'_>) -> Result<OneQuota> {
        one(cx, &self.service_code, &self.quota_code, Value::Default)
    }
}

fn one(cx: &View<'_>, service: &str, code: &str, value: Value) -> Result<OneQuota> {
    let known = cx.known_quotas(service)?.find(|known| known.code == code).ok_or_else(missing)?;
    Ok(OneQuota { quota: cx.quota_shape(known, value) })
}

operations!(
    SERVICE_QUOTAS:
    query GetAWSDefaultServiceQuota, GetServiceQuota, ListAWSDefaultServiceQuotas, ListServiceQuotas
);
