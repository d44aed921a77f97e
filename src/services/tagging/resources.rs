//! Resources with their tags.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::invalid;
use super::resource::{Tagged, shown};
use crate::call::{Access, Operation, Query, View, operations, token_page_while};
use crate::error::{Code, Result};
use crate::shapes::{PaginationToken, Tag, TagFilter, TagFilters, TaggingArnFilters, TaggingResourceType};

/// The resources of a page if the request does not say.
const DEFAULT_RESOURCES: i32 = 50;

/// The most resources of a page.
const MAX_RESOURCES: i32 = 100;

/// The fewest and the most tags of a page.
const TAGS: std::ops::RangeInclusive<i32> = 100..=500;

/// The most types that a request can ask for.
const MAX_TYPES: usize = 100;

/// Lists resources that have tags.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetResources {
    pagination_token: Option<PaginationToken>,
    tag_filters: Option<TagFilters>,
    resources_per_page: Option<i32>,
    tags_per_page: Option<i32>,
    resource_type_filters: Option<Vec<TaggingResourceType>>,
    include_compliance_details: Option<bool>,
    exclude_compliant_resources: Option<bool>,
    #[serde(rename = "ResourceARNList")]
    resource_arn_list: Option<TaggingArnFilters>,
}

/// What `GetResources` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetResourcesResult {
    pagination_token: String,
    resource_tag_mapping_list: Vec<ResourceShape>,
}

/// A resource in an answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ResourceShape {
    #[serde(rename = "ResourceARN")]
    resource_arn: String,
    tags: Vec<Tag>,
    #[serde(skip_serializing_if = "Option::is_none")]
    compliance_details: Option<Value>,
}

impl Operation for GetResources {
    type Output = GetResourcesResult;

    const ERRORS: &'static [Code] = &[Code::InvalidParameterException];

    fn access(&self) -> Access<'_> {
        Access::any()
    }
}

impl Query for GetResources {
    fn answer(self, cx: &View<'_>) -> Result<GetResourcesResult> {
        self.check()?;
        let resources = if cx.is_in_region_of_iam() { shown(cx.account) } else { Vec::new() };
        let resources = resources.into_iter().filter(|resource| self.asks_for(resource));
        let keyed = resources.map(|resource| (resource.arn.clone(), resource));
        let token = self.pagination_token.as_deref().filter(|token| !token.is_empty());
        let page = token_page_while(cx, "GetResources", token, keyed, self.room())
            .ok_or_else(|| invalid("The specified pagination token is invalid."))?;
        let with_compliance = self.include_compliance_details == Some(true);
        let shape = |resource: Tagged<'_>| ResourceShape {
            resource_arn: resource.arn,
            tags: resource.tags.to_vec(),
            // There are no tag policies that a resource could break.
            compliance_details: with_compliance.then(|| json!({"ComplianceStatus": true})),
        };
        Ok(GetResourcesResult {
            pagination_token: page.next_token.unwrap_or_default(),
            resource_tag_mapping_list: page.members.into_iter().map(shape).collect(),
        })
    }
}

impl GetResources {
    /// What the API reference demands of the parameters besides the model's constraints.
    fn check(&self) -> Result<()> {
        let is_one_of_many = self.pagination_token.is_some()
            || self.tag_filters.is_some()
            || self.resources_per_page.is_some()
            || self.tags_per_page.is_some()
            || self.resource_type_filters.is_some();
        if self.resource_arn_list.is_some() && is_one_of_many {
            return Err(invalid("ResourceARNList cannot be used together with filters or paging parameters."));
        }
        if self.resources_per_page.is_some_and(|size| !(1..=MAX_RESOURCES).contains(&size)) {
            return Err(invalid(format!("ResourcesPerPage must be between 1 and {MAX_RESOURCES}.")));
        }
        if self.tags_per_page.is_some_and(|size| !TAGS.contains(&size)) {
            return Err(invalid(format!("TagsPerPage must be between {} and {}.", TAGS.start(), TAGS.end())));
        }
        if self.resource_type_filters.as_ref().is_some_and(|types| types.len() > MAX_TYPES) {
            return Err(invalid(format!("ResourceTypeFilters can have at most {MAX_TYPES} members.")));
        }
        if self.tag_filters.iter().flat_map(|filters| filters.iter()).any(|filter| filter.key.is_none()) {
            return Err(invalid("A tag filter must have a key."));
        }
        if self.exclude_compliant_resources == Some(true) && self.include_compliance_details != Some(true) {
            return Err(invalid("ExcludeCompliantResources can be used only together with IncludeComplianceDetails."));
        }
        Ok(())
    }

    fn asks_for(&self, resource: &Tagged<'_>) -> bool {
        let arns = self.resource_arn_list.as_ref();
        let types = self.resource_type_filters.as_ref().filter(|types| !types.is_empty());
        let is_excluded = self.exclude_compliant_resources == Some(true);
        !is_excluded
            && arns.is_none_or(|arns| arns.iter().any(|arn| **arn == *resource.arn))
            && types.is_none_or(|types| types.iter().any(|kind| resource.is_of(kind)))
            && self.tag_filters.iter().flat_map(|filters| filters.iter()).all(|filter| matches(filter, resource.tags))
    }

    /// Whether the page has room for one more, asked after each resource.
    fn room(&self) -> impl FnMut(&Tagged<'_>) -> bool + use<> {
        let by_tags = self.tags_per_page.is_some();
        let size = match (self.resources_per_page, by_tags) {
            (Some(size), _) => size,
            (None, true) => i32::MAX,
            (None, false) => DEFAULT_RESOURCES,
        };
        let mut resources = usize::try_from(size).unwrap_or(1);
        let mut tags = self.tags_per_page.and_then(|size| usize::try_from(size).ok());
        move |resource| {
            resources = resources.saturating_sub(1);
            // A resource with its tags is not split: the next one has up to fifty.
            tags = tags.map(|tags| tags.saturating_sub(resource.tags.len()));
            resources > 0 && tags.is_none_or(|left| left >= crate::shapes::TAGS_PER_ENTITY)
        }
    }
}

/// Whether a resource has the tag, with one of the values if there are any.
fn matches(filter: &TagFilter, tags: &[Tag]) -> bool {
    let values = filter.values.as_deref().unwrap_or_default();
    tags.iter().any(|tag| {
        filter.key.as_deref() == Some(&*tag.key) && (values.is_empty() || values.iter().any(|v| **v == *tag.value))
    })
}

operations!(TAGGING: query GetResources);
