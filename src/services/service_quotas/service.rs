//! The services whose quotas are known.

use serde::{Deserialize, Serialize};

use super::catalogue::{SERVICE_CODE, SERVICE_NAME};
use super::page;
use crate::call::{Access, Operation, Query, View, operations};
use crate::error::{Code, Result};
use crate::shapes::{QuotasNextToken, QuotasPageSize};

/// Lists the services whose quotas are known.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListServices {
    next_token: Option<QuotasNextToken>,
    max_results: Option<QuotasPageSize>,
}

/// What `ListServices` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListServicesResult {
    services: Vec<ServiceShape>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// A service in an answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ServiceShape {
    service_code: &'static str,
    service_name: &'static str,
}

impl Operation for ListServices {
    type Output = ListServicesResult;

    const ERRORS: &'static [Code] = &[Code::InvalidPaginationToken];

    fn access(&self) -> Access<'_> {
        Access::any()
    }
}

impl Query for ListServices {
    fn answer(self, cx: &View<'_>) -> Result<ListServicesResult> {
        let service = ServiceShape { service_code: SERVICE_CODE, service_name: SERVICE_NAME };
        let services = std::iter::once((SERVICE_CODE.to_owned(), service));
        let page = page(cx, "ListServices", self.next_token.as_ref(), self.max_results, services)?;
        Ok(ListServicesResult { services: page.members, next_token: page.next_token })
    }
}

operations!(SERVICE_QUOTAS: query ListServices);
