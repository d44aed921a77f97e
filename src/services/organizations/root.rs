//! The root of an organization's tree.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::call::{Access, Operation, Query, View, operations};
use crate::error::{Code, Result};
use crate::shapes::{OrganizationsNextToken, OrganizationsPageSize};

/// Lists the roots of the organization, of which there is one.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "a list of one has one page; the parameters are checked all the same")]
pub struct ListRoots {
    next_token: Option<OrganizationsNextToken>,
    max_results: Option<OrganizationsPageSize>,
}

/// What `ListRoots` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListRootsResult {
    roots: [RootShape; 1],
}

/// A root in an answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RootShape {
    id: String,
    arn: String,
    name: &'static str,
    policy_types: Vec<Value>,
}

impl Operation for ListRoots {
    type Output = ListRootsResult;

    const ERRORS: &'static [Code] = &[Code::AWSOrganizationsNotInUse, Code::InvalidInputException];

    fn access(&self) -> Access<'_> {
        Access::any()
    }
}

impl Query for ListRoots {
    fn answer(self, cx: &View<'_>) -> Result<ListRootsResult> {
        let organization = cx.overseen_organization()?;
        let types = organization.enabled_policy_types();
        let root = organization.root_id();
        Ok(ListRootsResult {
            roots: [RootShape {
                id: root.to_owned(),
                arn: organization.arn("root", Some(root)),
                name: "Root",
                policy_types: types.map(|kind| json!({"Type": kind.wire_name(), "Status": "ENABLED"})).collect(),
            }],
        })
    }
}

operations!(ORGANIZATIONS: query ListRoots);
