//! Which regions there are.

use regex::Regex;
use serde::{Deserialize, Serialize};

use super::catalogue::{Region, regions_of};
use crate::call::{Access, Operation, Query, View, operations};
use crate::error::{Code, Error, Result};
use crate::shapes::Partition;

/// The most values that the filters of a request may have (Amazon EC2 User Guide, "Filter quotas").
const MAX_FILTER_VALUES: usize = 200;

/// The longest value of a filter, in characters.
const MAX_FILTER_VALUE: usize = 255;

/// Describes the regions of the partition.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeRegions {
    filter: Option<Vec<Filter>>,
    region_name: Option<Vec<String>>,
    dry_run: Option<bool>,
    all_regions: Option<bool>,
}

/// What a region must have: one of these values.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Filter {
    name: Option<String>,
    value: Option<Vec<String>>,
}

/// What `DescribeRegions` answers.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Regions {
    region_info: Vec<RegionShape>,
}

/// A region in an answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RegionShape {
    region_name: &'static str,
    region_endpoint: String,
    opt_in_status: &'static str,
}

impl RegionShape {
    fn of(region: &Region, partition: Partition) -> Self {
        Self {
            region_name: region.name,
            region_endpoint: format!("ec2.{}.{}", region.name, partition.domain()),
            // No account here has opted into any.
            opt_in_status: if region.needs_opt_in { "not-opted-in" } else { "opt-in-not-required" },
        }
    }
}

impl Operation for DescribeRegions {
    type Output = Regions;

    const ERRORS: &'static [Code] = &[Code::DryRunOperation];

    fn access(&self) -> Access<'_> {
        Access::any()
    }
}

impl Query for DescribeRegions {
    fn answer(self, cx: &View<'_>) -> Result<Regions> {
        let partition = cx.account.id.partition();
        let regions = regions_of(partition);
        let names = self.region_name.unwrap_or_default();
        if let Some(unknown) = names.iter().find(|name| regions.iter().all(|region| region.name != **name)) {
            let message = format!("Invalid region names provided: {unknown}");
            return Err(Error::new(Code::InvalidParameterValue, message));
        }
        let filters = self.filter.unwrap_or_default();
        if filters.iter().filter_map(|filter| filter.value.as_ref()).map(Vec::len).sum::<usize>() > MAX_FILTER_VALUES {
            let message = format!("The maximum number of filter values in a request is {MAX_FILTER_VALUES}");
            return Err(Error::new(Code::InvalidParameterValue, message));
        }
        let conditions = filters.iter().map(Condition::of).collect::<Result<Vec<_>>>()?;
        if self.dry_run == Some(true) {
            let message = "Request would have succeeded, but DryRun flag is set.";
            return Err(Error::new(Code::DryRunOperation, message));
        }
        // A region that is named need not be enabled.
        let wants_all = self.all_regions == Some(true) || !names.is_empty();
        let is_wanted = |region: &&Region| {
            (wants_all || !region.needs_opt_in) && (names.is_empty() || names.iter().any(|name| name == region.name))
        };
        let shapes = regions.iter().filter(is_wanted).map(|region| RegionShape::of(region, partition));
        let region_info = shapes.filter(|shape| conditions.iter().all(|condition| condition.is_met_by(shape)));
        Ok(Regions { region_info: region_info.collect() })
    }
}

/// A filter that is known.
struct Condition<'f> {
    attribute: fn(&RegionShape) -> &str,
    values: Vec<Wanted<'f>>,
}

/// A value of a filter.
enum Wanted<'f> {
    Exactly(&'f str),
    Like(Regex),
}

impl<'f> Condition<'f> {
    fn of(filter: &'f Filter) -> Result<Self> {
        let attribute: fn(&RegionShape) -> &str = match filter.name.as_deref() {
            Some("region-name") => |shape| shape.region_name,
            Some("endpoint") => |shape| &shape.region_endpoint,
            Some("opt-in-status") => |shape| shape.opt_in_status,
            name => {
                let message = format!("The filter '{}' is invalid", name.unwrap_or("null"));
                return Err(Error::new(Code::InvalidParameterValue, message));
            }
        };
        let values = filter.value.iter().flatten().map(|value| Wanted::of(value)).collect::<Result<_>>()?;
        Ok(Self { attribute, values })
    }

    fn is_met_by(&self, shape: &RegionShape) -> bool {
        let attribute = (self.attribute)(shape);
        self.values.iter().any(|wanted| match wanted {
            Wanted::Exactly(value) => attribute == *value,
            Wanted::Like(pattern) => pattern.is_match(attribute),
        })
    }
}

impl<'f> Wanted<'f> {
    /// `*` matches any characters and `?` one, unless a backslash is before them (Amazon EC2 User Guide, "List
    /// and filter your resources").
    fn of(value: &'f str) -> Result<Self> {
        let too_long = || {
            let message = format!("The value of a filter is longer than {MAX_FILTER_VALUE} characters");
            Error::new(Code::InvalidParameterValue, message)
        };
        if value.chars().count() > MAX_FILTER_VALUE {
            return Err(too_long());
        }
        if !value.contains(['*', '?', '\\']) {
            return Ok(Self::Exactly(value));
        }
        let mut pattern = String::from("^");
        let mut characters = value.chars();
        while let Some(character) = characters.next() {
            match character {
                '*' => pattern.push_str(".*"),
                '?' => pattern.push('.'),
                '\\' => pattern.push_str(&regex::escape(&characters.next().unwrap_or('\\').to_string())),
                character => pattern.push_str(&regex::escape(&character.to_string())),
            }
        }
        pattern.push('$');
        Regex::new(&pattern).map(Self::Like).map_err(|_| too_long())
    }
}

operations!(EC2: query DescribeRegions);
