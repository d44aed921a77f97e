//! Parameters of the Resource Groups Tagging API.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Constraint, Text, lists, texts};

texts! {
    /// Any ARN (`ResourceARN`).
    TaggingArn = Text::length(1, 1011);
    /// The key of a tag of any service (`TagKey`).
    TaggingKey = Text::length(1, 128);
    /// The value of a tag of any service (`TagValue`).
    TaggingValue = Text::length(0, 256);
    /// A service, or a service and a type of its resources: `iam:role` (`AmazonResourceType`).
    TaggingResourceType = Text::length(0, 256);
    /// Where the next page of a listing begins; empty for the first (`PaginationToken`).
    PaginationToken = Text::length(0, 2048);
}

lists! {
    /// The resources to tag (`ResourceARNListForTagUntag`).
    TaggingArns = [TaggingArn; 1..=20];
    /// The resources to look at (`ResourceARNListForGet`).
    TaggingArnFilters = [TaggingArn; 1..=100];
    /// The keys of the tags to take away (`TagKeyListForUntag`).
    TaggingKeys = [TaggingKey; 1..=50];
    /// What tags resources must have, all of it (`TagFilterList`).
    TagFilters = [TagFilter; 0..=50];
    /// The values of a tag, one of which a resource must have (`TagValueList`).
    TagFilterValues = [TaggingValue; 0..=20];
}

/// A tag that resources must have, with one of these values, or with any if there are none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TagFilter {
    /// The key.
    pub key: Option<TaggingKey>,
    /// The values.
    pub values: Option<TagFilterValues>,
}

/// The tags to add, by key (`TagMap`).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct TagMap(pub BTreeMap<TaggingKey, TaggingValue>);

/// The constraints of this file's maps.
pub(super) static MAPS: &[(&str, Constraint)] = &[("TagMap", Constraint::List(1, 50))];
