//! The tags of trails.

use serde::{Deserialize, Serialize};

use crate::account::Trail;
use crate::call::{Access, AccountRef, Command, Context, Operation, Query, Target, Transaction, View, operations};
use crate::error::{Code, Error, Result};
use crate::shapes::{
    ArnParts, Kind, Tag, TagKey, TagSet, TagValue, Tags, TrailArns, TrailTag, TrailTagKey, TrailTagValue, TrailTags,
};

/// Adds tags to a trail.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AddTags {
    resource_id: String,
    tags_list: TrailTags,
}

/// Takes tags of a trail away; keys that it has not are ignored.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RemoveTags {
    resource_id: String,
    tags_list: TrailTags,
}

/// Lists the tags of trails.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListTags {
    resource_id_list: TrailArns,
    #[expect(dead_code, reason = "AWS reserves it for future use; its type is checked all the same")]
    next_token: Option<String>,
}

/// The tags of trails in an answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListedTags {
    resource_tag_list: Vec<ResourceTag>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ResourceTag {
    resource_id: String,
    tags_list: Vec<TrailTag>,
}

/// The codes of operations on what has tags.
const OF_TAGGED: &[Code] = &[
    Code::ChannelNotFound,
    Code::CloudTrailARNInvalid,
    Code::EventDataStoreNotFound,
    Code::InvalidTagParameter,
    Code::ResourceNotFoundException,
    Code::ResourceTypeNotSupported,
    Code::TagsLimitExceeded,
];

/// Adds tags to others. The rules are those of other tags whose keys heed case.
///
/// # Errors
/// `InvalidTagParameterException`, `TagsLimitExceededException`.
pub(super) fn tag_set(mut tags: TagSet, added: TrailTags) -> Result<TagSet> {
    let added = added.into_inner().into_iter().map(|tag| Tag {
        key: TagKey::new(tag.key),
        value: TagValue::new(tag.value.map(String::from).unwrap_or_default()),
    });
    let merged = tags.merge(Kind::Policy, Tags::from(added.collect::<Vec<_>>()));
    merged.map_err(|error| {
        let code = match error.code() {
            Code::LimitExceeded => Code::TagsLimitExceeded,
            _ => Code::InvalidTagParameter,
        };
        Error::new(code, error.message().unwrap_or_default().to_owned())
    })?;
    Ok(tags)
}

impl<A: AccountRef> Context<'_, A> {
    /// The trail with this ARN, in its home region.
    fn tagged_trail(&self, arn: &str) -> Result<&Trail> {
        let parts = ArnParts::parse(arn).filter(|parts| parts.service == "cloudtrail" && parts.account_id().is_some());
        let kind = parts.and_then(|parts| Some(parts.resource.split_once('/')?.0));
        let missing = |code: Code| Err(Error::new(code, format!("The resource {arn} cannot be found.")));
        match kind {
            Some("trail") => {}
            Some("eventdatastore") => return missing(Code::EventDataStoreNotFound),
            Some("channel") => return missing(Code::ChannelNotFound),
            Some(kind) => {
                let message = format!("Resources of the type {kind} have no tags.");
                return Err(Error::new(Code::ResourceTypeNotSupported, message));
            }
            None => {
                let message = format!("The specified ARN is not a valid CloudTrail ARN: {arn}");
                return Err(Error::new(Code::CloudTrailARNInvalid, message));
            }
        }
        match self.account.trail(arn).filter(|trail| trail.region == self.facts.region) {
            Some(trail) => Ok(trail),
            None => missing(Code::ResourceNotFoundException),
        }
    }
}

fn pairs(tags: &TrailTags) -> Vec<(&str, &str)> {
    tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_deref().unwrap_or_default())).collect()
}

impl Operation for AddTags {
    type Output = ();

    const ERRORS: &'static [Code] = OF_TAGGED;

    fn access(&self) -> Access<'_> {
        Access::to(Target::Trail(&self.resource_id)).request_pairs(pairs(&self.tags_list))
    }
}

impl Command for AddTags {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let mut trail = cx.tagged_trail(&self.resource_id)?.clone();
        trail.tags = tag_set(trail.tags, self.tags_list)?;
        cx.account.put(trail)
    }
}

impl Operation for RemoveTags {
    type Output = ();

    const ERRORS: &'static [Code] = OF_TAGGED;

    fn access(&self) -> Access<'_> {
        let keys: Vec<&str> = self.tags_list.iter().map(|tag| tag.key.as_str()).collect();
        Access::to(Target::Trail(&self.resource_id)).key("aws:TagKeys", (!keys.is_empty()).then_some(keys))
    }
}

impl Command for RemoveTags {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let mut trail = cx.tagged_trail(&self.resource_id)?.clone();
        let keys: Vec<TagKey> = self.tags_list.iter().map(|tag| TagKey::new(tag.key.as_str())).collect();
        trail.tags.remove(Kind::Policy, &keys);
        cx.account.put(trail)
    }
}

impl Operation for ListTags {
    type Output = ListedTags;

    const ERRORS: &'static [Code] = OF_TAGGED;

    /// Each trail is asked for.
    fn access(&self) -> Access<'_> {
        let mut arns = self.resource_id_list.iter();
        match arns.next() {
            None => Access::any(),
            Some(first) => arns.fold(Access::to(Target::Trail(first)), |access, arn| {
                access.also("cloudtrail:ListTags", Target::Trail(arn))
            }),
        }
    }
}

impl Query for ListTags {
    fn answer(self, cx: &View<'_>) -> Result<ListedTags> {
        let shape = |tag: &Tag| TrailTag {
            key: TrailTagKey::new(tag.key.as_str()),
            value: (!tag.value.is_empty()).then(|| TrailTagValue::new(tag.value.as_str())),
        };
        let listed = self.resource_id_list.iter().map(|arn| {
            let tags = &cx.tagged_trail(arn)?.tags;
            Ok(ResourceTag { resource_id: arn.clone(), tags_list: tags.iter().map(shape).collect() })
        });
        Ok(ListedTags { resource_tag_list: listed.collect::<Result<_>>()? })
    }
}

operations!(CLOUDTRAIL: query ListTags; command AddTags, RemoveTags);
