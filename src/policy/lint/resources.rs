//! Resources: are they ARNs, of something that there is, and is each needed?

use super::structure::Elements;
use super::{Code, Linter};
use crate::policy::pattern::{Arn, ResourcePattern};
use crate::policy::principal::is_account;
use crate::policy::validate::PARTITIONS;
use crate::policy::{Context, Grammar};

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
            return self.report(Code::InvalidPolicyElement, node.start, message);
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
        if resource == "*" {
            return;
        }
        if !resource.starts_with("arn:") {
            return self.report(Code::InvalidArnPrefix, at, format!("{resource:?} does not start with \"arn:\""));
        }
        let Some([_, partition, service, region, account, name]) = Arn::new(resource).parts else {
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
            _ => self.resource_type(at, service, name),
        }
    }

    /// Whether some resource type of the service has such ARNs. The beginning of both tells.
    fn resource_type(&mut self, at: usize, service: &str, name: &str) {
        let Some(known) = self.service(service).filter(|known| !known.resource_arns.is_empty()) else { return };
        let start = name.split(['*', '?', '$']).next().unwrap_or_default();
        let could_be = known.resource_arns.iter().any(|arn| {
            let template = placeholder_free(arn);
            let fixed = template.split('*').next().unwrap_or_default();
            let shorter = start.len().min(fixed.len());
            start.get(..shorter) == fixed.get(..shorter) && (fixed.len() <= start.len() || name.len() > start.len())
        });
        if !could_be {
            let message =
                format!("no resource type of {service} has ARNs that begin with {start:?} behind the account");
            self.report(Code::InvalidArnResource, at, message);
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

/// The last part of an ARN template, with `*` for its placeholders.
fn placeholder_free(arn: &str) -> String {
    // Placeholders hold no colons.
    let name = arn.splitn(6, ':').nth(5).unwrap_or_default();
    let mut text = String::new();
    let mut rest = name;
    while let Some((before, placeholder)) = rest.split_once("${") {
        text.push_str(before);
        text.push('*');
        rest = placeholder.split_once('}').map_or("", |(_, after)| after);
    }
    text + rest
}
