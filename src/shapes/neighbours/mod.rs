//! Parameters of the services besides IAM and STS.

mod access_analyzer;
mod cloudtrail;
mod organizations;
mod service_quotas;
mod tagging;

pub use access_analyzer::*;
pub use cloudtrail::*;
pub use organizations::*;
pub use service_quotas::*;
pub use tagging::{
    PaginationToken, TagFilter, TagFilterValues, TagFilters, TagMap, TaggingArn, TaggingArnFilters, TaggingArns,
    TaggingKey, TaggingKeys, TaggingResourceType, TaggingValue,
};

use super::{Constraint, Pattern, Text, enums, lists, numbers, texts};

/// The constraints of the shapes, by name.
pub(super) fn constraints() -> impl Iterator<Item = &'static (&'static str, Constraint)> {
    let tables = [
        access_analyzer::TEXTS,
        access_analyzer::NUMBERS,
        cloudtrail::TEXTS,
        cloudtrail::LISTS,
        organizations::TEXTS,
        organizations::NUMBERS,
        organizations::LISTS,
        service_quotas::TEXTS,
        service_quotas::NUMBERS,
        tagging::TEXTS,
        tagging::LISTS,
        tagging::MAPS,
    ];
    tables.into_iter().flatten()
}
