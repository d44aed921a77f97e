//! Trails: created, changed and deleted.

use serde::Deserialize;

use super::description::TrailShape;
use super::named::{OF_NAMED, check_name};
use super::settings::{check_bucket, check_logs, check_prefix, key_arn, topic_arn};
use super::tags::tag_set;
use crate::account::{Entity, Trail};
use crate::call::{Access, Command, Need, Operation, Target, Transaction, operations};
use crate::error::{Code, Error, Result};
use crate::shapes::TrailTags;

/// The most trails of a region; shadow trails count (CloudTrail User Guide, "Quotas in AWS CloudTrail").
const MAX_TRAILS: usize = 5;

/// Creates a trail, which does not log yet.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateTrail {
    name: String,
    s3_bucket_name: String,
    s3_key_prefix: Option<String>,
    sns_topic_name: Option<String>,
    include_global_service_events: Option<bool>,
    is_multi_region_trail: Option<bool>,
    enable_log_file_validation: Option<bool>,
    cloud_watch_logs_log_group_arn: Option<String>,
    cloud_watch_logs_role_arn: Option<String>,
    kms_key_id: Option<String>,
    is_organization_trail: Option<bool>,
    tags_list: Option<TrailTags>,
    recursive_logging: Option<bool>,
}

/// Changes a trail; what is not given stays, and what is given empty goes.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateTrail {
    name: String,
    s3_bucket_name: Option<String>,
    s3_key_prefix: Option<String>,
    sns_topic_name: Option<String>,
    include_global_service_events: Option<bool>,
    is_multi_region_trail: Option<bool>,
    enable_log_file_validation: Option<bool>,
    cloud_watch_logs_log_group_arn: Option<String>,
    cloud_watch_logs_role_arn: Option<String>,
    kms_key_id: Option<String>,
    is_organization_trail: Option<bool>,
    recursive_logging: Option<bool>,
}

/// Deletes a trail. Its files stay.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteTrail {
    name: String,
}

/// What both requests can set.
struct Given {
    bucket: Option<String>,
    prefix: Option<String>,
    topic: Option<String>,
    global_events: Option<bool>,
    multi_region: Option<bool>,
    validates_files: Option<bool>,
    log_group: Option<String>,
    log_role: Option<String>,
    kms_key: Option<String>,
    organization: Option<bool>,
    recursive_logging: Option<bool>,
}

/// What a request sets besides the bucket.
macro_rules! given {
    ($request:expr, $bucket:expr) => {
        Given {
            bucket: $bucket,
            prefix: $request.s3_key_prefix,
            topic: $request.sns_topic_name,
            global_events: $request.include_global_service_events,
            multi_region: $request.is_multi_region_trail,
            validates_files: $request.enable_log_file_validation,
            log_group: $request.cloud_watch_logs_log_group_arn,
            log_role: $request.cloud_watch_logs_role_arn,
            kms_key: $request.kms_key_id,
            organization: $request.is_organization_trail,
            recursive_logging: $request.recursive_logging,
        }
    };
}

impl Given {
    /// Puts what is given into a trail, checked.
    fn apply(self, trail: &mut Trail, cx: &Transaction<'_>) -> Result<()> {
        let (account, region) = (cx.account.id, cx.facts.region.as_str());
        if self.organization == Some(true) {
            return Err(no_organization_trails(cx));
        }
        if let Some(bucket) = self.bucket {
            check_bucket(&bucket)?;
            trail.bucket = bucket;
        }
        if let Some(prefix) = given(self.prefix) {
            prefix.as_deref().map_or(Ok(()), check_prefix)?;
            trail.prefix = prefix;
        }
        if let Some(topic) = given(self.topic) {
            trail.topic = topic.map(|topic| topic_arn(&topic, account, region)).transpose()?;
        }
        if let Some(key) = given(self.kms_key) {
            trail.kms_key = key.map(|key| key_arn(&key, account, region)).transpose()?;
        }
        trail.log_group = given(self.log_group).unwrap_or(trail.log_group.take());
        trail.log_role = given(self.log_role).unwrap_or(trail.log_role.take());
        check_logs(cx.account, trail.log_group.as_deref(), trail.log_role.as_deref())?;
        trail.global_events = self.global_events.unwrap_or(trail.global_events);
        trail.multi_region = self.multi_region.unwrap_or(trail.multi_region);
        trail.validates_files = self.validates_files.unwrap_or(trail.validates_files);
        trail.recursive_logging = self.recursive_logging.or(trail.recursive_logging);
        if trail.multi_region && !trail.global_events {
            let message = "Multi-Region trail must include global service events.";
            return Err(Error::new(Code::InvalidParameterCombination, message));
        }
        Ok(())
    }
}

/// A text that is given; `Some(None)` for an empty one, which takes away what was there.
fn given(text: Option<String>) -> Option<Option<String>> {
    text.map(|text| Some(text).filter(|text| !text.is_empty()))
}

/// Who may have a trail for the organization, and that there is none here.
fn no_organization_trails(cx: &Transaction<'_>) -> Error {
    match cx.organization() {
        None => Error::new(Code::OrganizationsNotInUse, "Your account is not a member of an organization."),
        Some(known) if !known.is_administered_by(cx.account.id) => Error::new(
            Code::NotOrganizationMasterAccount,
            "The account must be the management account or a delegated administrator of the organization.",
        ),
        Some(_) => Error::new(Code::UnsupportedOperation, "iamd has no trails for organizations."),
    }
}

/// The role that writes to a log group is handed to CloudTrail.
fn passing<'a>(access: Access<'a>, role: Option<&'a str>) -> Access<'a> {
    match role.filter(|role| !role.is_empty()) {
        Some(role) => access
            .also("iam:PassRole", Target::Arn(role.into()))
            .key("iam:PassedToService", Some("cloudtrail.amazonaws.com")),
        None => access,
    }
}

impl Operation for CreateTrail {
    type Output = TrailShape;

    const ERRORS: &'static [Code] = &[
        Code::InvalidCloudWatchLogsLogGroupArn,
        Code::InvalidCloudWatchLogsRoleArn,
        Code::InvalidKmsKeyId,
        Code::InvalidParameterCombination,
        Code::InvalidS3BucketName,
        Code::InvalidS3Prefix,
        Code::InvalidSnsTopicName,
        Code::InvalidTagParameter,
        Code::InvalidTrailName,
        Code::MaximumNumberOfTrailsExceeded,
        Code::NotOrganizationMasterAccount,
        Code::OrganizationsNotInUse,
        Code::TagsLimitExceeded,
        Code::TrailAlreadyExists,
        Code::UnsupportedOperation,
    ];

    fn access(&self) -> Access<'_> {
        let tags = self.tags_list.iter().flat_map(|tags| tags.iter());
        let pairs = tags.map(|tag| (tag.key.as_str(), tag.value.as_deref().unwrap_or_default())).collect();
        let access = Access::to(Target::Trail(&self.name)).request_pairs(pairs).again("cloudtrail:AddTags", Need::Tags);
        passing(access, self.cloud_watch_logs_role_arn.as_deref())
    }
}

impl Command for CreateTrail {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<TrailShape> {
        check_name(&self.name)?;
        let region = cx.facts.region.clone();
        let mut trail = Trail::new(&self.name, &region, cx.now, "");
        trail.tags = tag_set(trail.tags, self.tags_list.unwrap_or_default())?;
        let given = given!(self, Some(self.s3_bucket_name));
        given.apply(&mut trail, cx)?;
        let account = cx.account.id;
        let clashes = |other: &Trail| other.name == trail.name && (trail.multi_region || other.is_seen_in(&region));
        if cx.account.trails.iter().any(|other| clashes(other)) {
            let message = format!("Trail {} already exists for customer: {account}", trail.name);
            return Err(Error::new(Code::TrailAlreadyExists, message));
        }
        if cx.account.trails.iter().filter(|other| other.is_seen_in(&region)).count() >= MAX_TRAILS {
            let message = format!("User: {account} already has {MAX_TRAILS} trails in {region}.");
            return Err(Error::new(Code::MaximumNumberOfTrailsExceeded, message));
        }
        let answer = TrailShape::changed(&trail, account);
        cx.account.put(trail)?;
        Ok(answer)
    }
}

impl Operation for UpdateTrail {
    type Output = TrailShape;

    const ERRORS: &'static [Code] = &[
        Code::CloudTrailARNInvalid,
        Code::InvalidCloudWatchLogsLogGroupArn,
        Code::InvalidCloudWatchLogsRoleArn,
        Code::InvalidHomeRegion,
        Code::InvalidKmsKeyId,
        Code::InvalidParameterCombination,
        Code::InvalidS3BucketName,
        Code::InvalidS3Prefix,
        Code::InvalidSnsTopicName,
        Code::InvalidTrailName,
        Code::NotOrganizationMasterAccount,
        Code::OrganizationsNotInUse,
        Code::TrailNotFound,
        Code::UnsupportedOperation,
    ];

    fn access(&self) -> Access<'_> {
        passing(Access::to(Target::Trail(&self.name)), self.cloud_watch_logs_role_arn.as_deref())
    }
}

impl Command for UpdateTrail {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<TrailShape> {
        let mut trail = cx.trail_at_home(&self.name)?;
        let given = given!(self, self.s3_bucket_name);
        given.apply(&mut trail, cx)?;
        let answer = TrailShape::changed(&trail, cx.account.id);
        cx.account.put(trail)?;
        Ok(answer)
    }
}

impl Operation for DeleteTrail {
    type Output = ();

    const ERRORS: &'static [Code] = OF_NAMED;

    fn access(&self) -> Access<'_> {
        Access::to(Target::Trail(&self.name))
    }
}

impl Command for DeleteTrail {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let key = cx.trail_at_home(&self.name)?.key();
        cx.account.remove::<Trail>(&key);
        Ok(())
    }
}

operations!(CLOUDTRAIL: command CreateTrail, DeleteTrail, UpdateTrail);
