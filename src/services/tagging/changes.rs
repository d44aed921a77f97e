//! Tagging and untagging several resources at once. Each succeeds or fails for itself, with the permission that IAM's own
//! operation needs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::invalid;
use super::resource::Place;
use crate::account::Account;
use crate::call::{Access, Command, Enforcement, Operation, Transaction, View, operations};
use crate::error::{Code, Error, Result};
use crate::shapes::{
    ArnParts, Constraint, Tag, TagKey, TagMap, TagValue, TaggingArn, TaggingArns, TaggingKeys, constraint_of,
};

/// Adds tags to resources.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TagResources {
    #[serde(rename = "ResourceARNList")]
    resource_arn_list: TaggingArns,
    tags: TagMap,
}

/// Takes tags of resources away; keys that a resource has not are ignored.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UntagResources {
    #[serde(rename = "ResourceARNList")]
    resource_arn_list: TaggingArns,
    tag_keys: TaggingKeys,
}

/// What did not succeed.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Failures {
    failed_resources_map: BTreeMap<String, Failure>,
}

/// Why a resource could not be tagged.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Failure {
    status_code: u16,
    error_code: &'static str,
    error_message: String,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            status_code: error.code().status(),
            error_code: match error.code() {
                Code::AccessDenied => "AccessDeniedException",
                code => code.as_str(),
            },
            error_message: error.message().unwrap_or_default().to_owned(),
        }
    }
}

/// What is changed of each resource.
enum Change<'a> {
    Add(Vec<(&'a str, &'a str)>),
    Remove(Vec<&'a str>),
}

impl<'a> Change<'a> {
    fn add(tags: &'a TagMap) -> Self {
        Self::Add(tags.0.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect())
    }

    fn remove(keys: &'a TaggingKeys) -> Self {
        Self::Remove(keys.iter().map(|key| key.as_str()).collect())
    }

    /// Adds the permission that IAM's own operation for the kind of resource needs.
    fn permission(&self, access: Access<'a>, place: &Place<'a>, account: &Account) -> Access<'a> {
        let kind = place.kind.action_part();
        let target = place.target(account);
        match self {
            Self::Add(tags) => access.also(format!("iam:Tag{kind}"), target).request_pairs(tags.clone()),
            Self::Remove(keys) => {
                access.also(format!("iam:Untag{kind}"), target).key("aws:TagKeys", Some(keys.clone()))
            }
        }
    }

    /// Where denials only go to the log, the permissions for all resources are asked before the call runs.
    fn logged(&self, cx: &View<'_>, arns: &'a [TaggingArn]) -> Access<'a> {
        if cx.environment.enforcement != Enforcement::Log {
            return Access::free();
        }
        let places = arns.iter().filter_map(|arn| Place::of(arn).ok());
        places.fold(Access::free(), |access, place| self.permission(access, &place, cx.account))
    }

    /// Changes each resource, and gathers why some of them could not be changed.
    fn make(&self, cx: &mut Transaction<'_>, arns: &'a [TaggingArn]) -> Result<Failures> {
        if let Some(wrong) = arns.iter().find(|arn| ArnParts::parse(arn).is_none()) {
            return Err(invalid(format!("{wrong} is not a valid AmazonResourceName (ARN)")));
        }
        let mut failures = BTreeMap::new();
        for arn in arns {
            if let Err(error) = self.make_one(cx, arn) {
                failures.insert(arn.to_string(), error.into());
            }
        }
        Ok(Failures { failed_resources_map: failures })
    }

    fn make_one(&self, cx: &mut Transaction<'_>, arn: &'a str) -> Result<()> {
        if !cx.is_in_region_of_iam() {
            let region = cx.account.id.partition().signing_region();
            return Err(invalid(format!("Resources of IAM can be tagged in {region} only.")));
        }
        let place = Place::of(arn)?;
        if cx.environment.enforcement == Enforcement::On
            && let Some(denial) = cx.denial(&self.permission(Access::free(), &place, cx.account))?
        {
            return Err(denial);
        }
        match self {
            Self::Add(tags) => {
                let tags = tags.iter().map(|(key, value)| tag(key, value)).collect::<Result<Vec<_>>>()?;
                place.change(cx.account, |set| set.merge(place.kind, tags.into()))
            }
            Self::Remove(keys) => {
                let keys: Vec<TagKey> = keys.iter().map(|key| TagKey::new(*key)).collect();
                place.change(cx.account, |set| {
                    set.remove(place.kind, &keys);
                    Ok(())
                })
            }
        }
    }
}

/// A tag that meets IAM's constraints, which are narrower than the API's.
fn tag(key: &str, value: &str) -> Result<Tag> {
    for (shape, member, text) in [("TagKey", "key", key), ("TagValue", "value", value)] {
        let Some(Constraint::Text(constraint)) = constraint_of(shape) else { continue };
        if let Some(demand) = constraint.broken_by(text).first() {
            let path = format!("tags.1.member.{member}");
            let message =
                format!("1 validation error detected: Value at '{path}' failed to satisfy constraint: {demand}");
            return Err(Error::new(Code::ValidationError, message));
        }
    }
    Ok(Tag { key: TagKey::new(key), value: TagValue::new(value) })
}

impl Operation for TagResources {
    type Output = Failures;

    const ERRORS: &'static [Code] = &[Code::InvalidParameterException];
    const COMPUTES: bool = true;

    fn access(&self) -> Access<'_> {
        Access::any()
    }

    fn further_access<'a>(&'a self, cx: &'a View<'_>) -> Access<'a> {
        Change::add(&self.tags).logged(cx, &self.resource_arn_list)
    }
}

impl Command for TagResources {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<Failures> {
        Change::add(&self.tags).make(cx, &self.resource_arn_list)
    }
}

impl Operation for UntagResources {
    type Output = Failures;

    const ERRORS: &'static [Code] = &[Code::InvalidParameterException];
    const COMPUTES: bool = true;

    fn access(&self) -> Access<'_> {
        Access::any()
    }

    fn further_access<'a>(&'a self, cx: &'a View<'_>) -> Access<'a> {
        Change::remove(&self.tag_keys).logged(cx, &self.resource_arn_list)
    }
}

impl Command for UntagResources {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<Failures> {
        Change::remove(&self.tag_keys).make(cx, &self.resource_arn_list)
    }
}

operations!(TAGGING: command TagResources, UntagResources);
