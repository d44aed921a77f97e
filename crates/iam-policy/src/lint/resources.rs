//! Resources: are they ARNs, of something that there is, and is each needed?

use super::structure::Elements;
use super::{Code, Linter};
use crate::pattern::{Arn, ResourcePattern};
use crate::principal::is_account;
use crate::validate::PARTITIONS;
use crate::{Context, Grammar};

impl<'n> Linter<'_> {
    pub(super) fn resources(&mut self, elements: &Elements<'n>) {
        let Some((negated, node)) = elements.either("Resource", "NotResource") else {
            if self.needs_resource() {
                let message = "the statement has neither Resource nor NotResource";
                self.report(Code::MissingResource, elements.start, message);
            }
            return;
        };
        let element = if negated { "NotResource" } else { "Resource" };
        if self.grammar == Grammar::Trust {
            let message = format!("a trust policy is about its own role and takes no {element}");
            return self.report(Code::RoleTrustPolicySyntaxErrorResource, node.start, message);
        }
        if let Some(second) = elements.get("NotResource").filter(|_| !negated) {
            let message = "a statement has Resource or NotResource, not both";
            self.report(Code::UnsupportedElementCombination, second.start, message);
        }
        let resources = self.strings(element, node);
        if resources.is_empty() {
            self.report(Code::EmptyArrayResource, node.start, "the statement names no resource, so it does nothing");
        }
        for (at, resource) in &resources {
            self.resource(*at, resource);
        }
        self.redundant_resources(&resources);
    }

    fn resource(&mut self, at: usize, resource: &str) {
        self.variables(at, resource);
        if resource == "*" {
            return;
        }
        if !resource.starts_with("arn:") {
            return self.report(Code::InvalidArnPrefix, at, format!("{resource:?} does not start with \"arn:\""));
        }
        let Some([_, partition, service, region, account, name]) = Arn::of_pattern(resource).parts else {
            // A star at the end stands for the parts behind it.
            if !resource.ends_with('*') {
                self.report(Code::MissingArnField, at, format!("{resource:?} has fewer than the six parts of an ARN"));
            }
            return;
        };
        let is_open = |part: &str| part.contains(['*', '?', '$']);
        if !is_open(partition) && !PARTITIONS.contains(&partition) {
            self.report(Code::InvalidPartition, at, format!("{partition:?} is no partition of AWS"));
        }
        if service.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return self.report(
                Code::InvalidArnServiceCase,
                at,
                format!("{service:?} is written in lower case in ARNs"),
            );
        }
        if service.contains(['*', '?']) {
            let message = format!("{service:?} may include services that are not meant");
            self.report(Code::WildcardInServiceName, at, message);
        }
        if !account.is_empty() && !is_open(account) && !is_account(account) && account != "aws" {
            self.report(Code::InvalidArnAccount, at, format!("{account:?} is no account: 12 digits"));
        }
        match service {
            "iam" if !region.is_empty() && region != "*" => {
                self.report(Code::ArnRegionNotAllowed, at, "IAM resources have no region");
            }
            "s3" if is_bucket(name) && !region.is_empty() && region != "*" => {
                self.report(Code::ArnRegionNotAllowed, at, "buckets and objects have no region");
            }
            "s3" if is_bucket(name) && !account.is_empty() && account != "*" => {
                self.report(Code::ArnAccountNotAllowed, at, "buckets and objects have no account");
            }
            _ if !region.is_empty() && !is_open(region) && !is_region(region) => {
                self.report(Code::InvalidArnRegion, at, format!("{region:?} is no region"));
            }
            _ => self.resource_type(at, service, region, account, name),
        }
    }

    /// Whether some resource type of the service has such ARNs. The beginning of both decides.
    fn resource_type(&mut self, at: usize, service: &str, region: &str, account: &str, name: &str) {
        let Some(known) = self.service(service).filter(|known| !known.resource_arns.is_empty()) else { return };
        let start = name.split(['*', '?', '$']).next().unwrap_or_default();
        let could_be = |[.., template]: &&[&str; 6]| {
            let template = placeholder_free(template);
            let fixed = template.split('*').next().unwrap_or_default();
            let shorter = start.len().min(fixed.len());
            start.get(..shorter) == fixed.get(..shorter) && (fixed.len() <= start.len() || name.len() > start.len())
        };
        let templates: Vec<_> = known.resource_arns.iter().filter_map(|arn| Arn::of_pattern(arn).parts).collect();
        let templates: Vec<_> = templates.iter().filter(could_be).collect();
        if templates.is_empty() {
            let message =
                format!("no resource type of {service} has ARNs that begin with {start:?} behind the account");
            return self.report(Code::InvalidArnResource, at, message);
        }
        if region.is_empty() && templates.iter().all(|[_, _, _, region, ..]| !region.is_empty()) {
            self.report(Code::MissingArnRegion, at, format!("such ARNs of {service} have a region, or * for all"));
        }
        if account.is_empty()
            && !OWNED_BY_AWS.contains(&service)
            && templates.iter().all(|[.., account, _]| !account.is_empty())
        {
            self.report(Code::MissingArnAccount, at, format!("such ARNs of {service} have an account, or * for all"));
        }
    }

    /// A resource that a pattern of the same list covers.
    fn redundant_resources(&mut self, resources: &[(usize, &str)]) {
        // Each is held against each pattern; more than a policy has room for are no list for people.
        if resources.len() > 1_000 {
            return;
        }
        let context = Context::new();
        let patterns = resources.iter().filter(|(_, resource)| resource.contains('*'));
        let patterns: Vec<_> = patterns.map(|(at, text)| (*at, *text, ResourcePattern::new(text, true))).collect();
        for (at, resource) in resources.iter().filter(|(_, resource)| !resource.contains('$')) {
            let arn = Arn::new(resource);
            let covers = |(other, text, pattern): &&(usize, &str, ResourcePattern)| {
                other != at && text != resource && pattern.matches(&arn, &context)
            };
            if let Some((_, pattern, _)) = patterns.iter().find(covers) {
                self.report(Code::RedundantResource, *at, format!("{resource} is covered by {pattern}"));
            }
        }
    }
}

fn is_bucket(name: &str) -> bool {
    const OTHERS: &[&str] = &["accesspoint", "access-grants", "async-request", "job", "storage-lens"];
    !name.starts_with(['*', '?']) && !OTHERS.iter().any(|other| name.starts_with(other))
}

/// Services with resources that belong to no account but to AWS, which their ARN templates do not show.
const OWNED_BY_AWS: &[&str] = &["resource-explorer-2"];

/// Whether a text has the form of regions, as `eu-west-1` and `us-gov-east-1`. AWS opens new ones too often for a list.
fn is_region(text: &str) -> bool {
    const DIRECTIONS: &[&str] =
        &["central", "east", "north", "northeast", "northwest", "south", "southeast", "southwest", "west"];
    let Some((rest, number)) = text.rsplit_once('-') else { return false };
    let Some((area, direction)) = rest.rsplit_once('-') else { return false };
    let is_area =
        area.split('-').all(|part| (2..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_lowercase()));
    let is_number = (1..=2).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    is_area && is_number && DIRECTIONS.contains(&direction)
}

/// The last part of an ARN template, with `*` for its placeholders.
fn placeholder_free(name: &str) -> String {
    let mut text = String::new();
    let mut rest = name;
    while let Some((before, placeholder)) = rest.split_once("${") {
        text.push_str(before);
        text.push('*');
        rest = placeholder.split_once('}').map_or("", |(_, after)| after);
    }
    text + rest
}
