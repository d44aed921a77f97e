//! Trails as they are.

use serde::{Deserialize, Serialize};

use crate::account::{Selectors, Trail};
use crate::call::{Access, Operation, Query, Target, View, operations, token_page};
use crate::error::{Code, Error, Result};
use crate::shapes::AccountId;

/// The trails of a page.
const PAGE: i32 = 100;

/// Returns a trail.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetTrail {
    name: String,
}

/// A trail in an answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct OneTrail {
    trail: TrailShape,
}

/// Returns trails that are seen in a region.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeTrails {
    trail_name_list: Option<Vec<String>>,
    include_shadow_trails: Option<bool>,
}

/// Trails in an answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribedTrails {
    trail_list: Vec<TrailShape>,
}

/// Lists the trails of all regions.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListTrails {
    next_token: Option<String>,
}

/// A page of trails.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListedTrails {
    trails: Vec<TrailInfo>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
struct TrailInfo {
    #[serde(rename = "TrailARN")]
    trail_arn: String,
    #[serde(rename = "Name")]
    name: String,
    #[serde(rename = "HomeRegion")]
    home_region: String,
}

/// A trail as answers show it: those to its creation and its change without its home region and selectors.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TrailShape {
    name: String,
    s3_bucket_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    s3_key_prefix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sns_topic_name: Option<String>,
    #[serde(rename = "SnsTopicARN", skip_serializing_if = "Option::is_none")]
    sns_topic_arn: Option<String>,
    include_global_service_events: bool,
    is_multi_region_trail: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    home_region: Option<String>,
    #[serde(rename = "TrailARN")]
    trail_arn: String,
    log_file_validation_enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    cloud_watch_logs_log_group_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cloud_watch_logs_role_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kms_key_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    has_custom_event_selectors: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    has_insight_selectors: Option<bool>,
    is_organization_trail: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    recursive_logging: Option<bool>,
}

impl TrailShape {
    fn of(trail: &Trail, account: AccountId) -> Self {
        Self {
            home_region: Some(trail.region.clone()),
            has_custom_event_selectors: Some(trail.selectors != Selectors::default()),
            has_insight_selectors: Some(false),
            ..Self::changed(trail, account)
        }
    }

    pub(super) fn changed(trail: &Trail, account: AccountId) -> Self {
        Self {
            name: trail.name.clone(),
            s3_bucket_name: trail.bucket.clone(),
            s3_key_prefix: trail.prefix.clone(),
            sns_topic_name: trail.topic.clone(),
            sns_topic_arn: trail.topic.clone(),
            include_global_service_events: trail.global_events,
            is_multi_region_trail: trail.multi_region,
            home_region: None,
            trail_arn: trail.arn(account),
            log_file_validation_enabled: trail.validates_files,
            cloud_watch_logs_log_group_arn: trail.log_group.clone(),
            cloud_watch_logs_role_arn: trail.log_role.clone(),
            kms_key_id: trail.kms_key.clone(),
            has_custom_event_selectors: None,
            has_insight_selectors: None,
            is_organization_trail: false,
            recursive_logging: trail.recursive_logging,
        }
    }
}

impl Operation for GetTrail {
    type Output = OneTrail;

    const ERRORS: &'static [Code] = &[Code::CloudTrailARNInvalid, Code::InvalidTrailName, Code::TrailNotFound];

    fn access(&self) -> Access<'_> {
        Access::to(Target::Trail(&self.name))
    }
}

impl Query for GetTrail {
    fn answer(self, cx: &View<'_>) -> Result<OneTrail> {
        Ok(OneTrail { trail: TrailShape::of(cx.named_trail(&self.name)?, cx.account.id) })
    }
}

impl Operation for DescribeTrails {
    type Output = DescribedTrails;

    const ERRORS: &'static [Code] = &[Code::CloudTrailARNInvalid, Code::InvalidTrailName];

    fn access(&self) -> Access<'_> {
        Access::any()
    }
}

impl Query for DescribeTrails {
    /// Trails that are named and not there are left out.
    fn answer(self, cx: &View<'_>) -> Result<DescribedTrails> {
        let shadows = self.include_shadow_trails != Some(false);
        let region = cx.facts.region.as_str();
        let named = self.trail_name_list.unwrap_or_default();
        let mut found = Vec::new();
        for name in &named {
            match cx.named_trail(name) {
                Ok(trail) => found.push(trail),
                Err(error) if error.code() == Code::TrailNotFound => {}
                Err(error) => return Err(error),
            }
        }
        if named.is_empty() {
            found = cx.account.trails.iter().map(|trail| &**trail).filter(|trail| trail.is_seen_in(region)).collect();
        }
        let is_shown = |trail: &&Trail| shadows || trail.region == region;
        let shapes = found.into_iter().filter(is_shown).map(|trail| TrailShape::of(trail, cx.account.id));
        Ok(DescribedTrails { trail_list: shapes.collect() })
    }
}

impl Operation for ListTrails {
    type Output = ListedTrails;

    const ERRORS: &'static [Code] = &[];
    const UNDECLARED_ERRORS: &'static [Code] = &[Code::InvalidNextToken];

    fn access(&self) -> Access<'_> {
        Access::any()
    }
}

impl Query for ListTrails {
    fn answer(self, cx: &View<'_>) -> Result<ListedTrails> {
        let account = cx.account.id;
        let members = cx.account.trails.after(None).map(|(key, trail)| {
            let info = TrailInfo {
                trail_arn: trail.arn(account),
                name: trail.name.clone(),
                home_region: trail.region.clone(),
            };
            (key.to_owned(), info)
        });
        let page = token_page(cx, "ListTrails", self.next_token.as_deref(), PAGE, members)
            .ok_or_else(|| Error::new(Code::InvalidNextToken, "The next token is not valid for this request."))?;
        Ok(ListedTrails { trails: page.members, next_token: page.next_token })
    }
}

operations!(CLOUDTRAIL: query DescribeTrails, GetTrail, ListTrails);
