//! The resources that a simulated action can be about (Service Authorization Reference).

use aws_reference::service_authorization;

use crate::shapes::ArnParts;
use iam_policy::Action;

/// What the simulator calls buckets and objects alike, unlike the reference.
const S3: &str = "arn:${Partition}:s3:::${BucketName}/${KeyName}";

/// The types of resources of an action that the reference knows.
pub struct ResourceTypes(Vec<ResourceType>);

struct ResourceType {
    /// Whether the action must have one.
    required: bool,
    /// The ARN with placeholders.
    template: String,
}

impl ResourceTypes {
    /// The types of an action; `None` if the reference does not know the action.
    pub fn of(action: &Action) -> Option<Self> {
        let service = service_authorization::service(action.service())?;
        let (_, name) = action.as_str().split_once(':')?;
        let resources = &service.action(name)?.resources;
        let in_bucket = |name: &str| action.service() == "s3" && matches!(name, "bucket" | "object");
        if resources.iter().any(|resource| in_bucket(&resource.resource_type)) {
            return Some(Self(vec![ResourceType { required: true, template: S3.to_owned() }]));
        }
        let types = resources.iter().filter_map(|resource| {
            let template = service.resource_type(&resource.resource_type)?.arn.clone();
            Some(ResourceType { required: resource.required, template })
        });
        Some(Self(types.collect()))
    }

    /// Whether the action can be about a resource.
    pub fn include(&self, resource: &str) -> bool {
        resource == "*" || self.0.iter().any(|known| known.has(resource))
    }

    /// The template of the type that all resources are of, or else of the one that the action must have.
    pub fn template(&self, resources: &[&str]) -> Option<&str> {
        let common = self.0.iter().filter(|known| resources.iter().all(|resource| known.has(resource)));
        // What has more slashes says more: a placeholder takes them, too.
        let common = common.max_by_key(|known| known.template.matches('/').count());
        let found = common.or_else(|| self.0.iter().find(|known| known.required)).or_else(|| self.0.first());
        found.map(|known| known.template.as_str())
    }
}

impl ResourceType {
    /// Whether a resource is of this type. Seen in AWS: an action on objects can be about a bucket, and one on buckets
    /// about an object; and the ARN need not have the region and account of its type.
    fn has(&self, resource: &str) -> bool {
        let (Some(own), Some(arn)) = (ArnParts::parse(&self.template), ArnParts::parse(resource)) else { return false };
        own.service == arn.service && (arn.service == "s3" || fills(own.resource, arn.resource))
    }
}

/// Whether a name has a template's fixed text in its order, and something for each placeholder.
fn fills(template: &str, name: &str) -> bool {
    let mut pieces = template.split("${");
    let Some(mut rest) = name.strip_prefix(pieces.next().unwrap_or_default()) else { return false };
    for fixed in pieces.map(|piece| piece.split_once('}').map_or("", |(_, fixed)| fixed)) {
        if fixed.is_empty() {
            return !rest.is_empty();
        }
        let Some((_, behind)) = rest.get(1..).and_then(|rest| rest.split_once(fixed)) else { return false };
        rest = behind;
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types(action: &str) -> Option<ResourceTypes> {
        ResourceTypes::of(&Action::parse(action).unwrap())
    }

    #[test]
    fn an_action_has_its_types_only() {
        let (user, role) = ("arn:aws:iam::111122223333:user/p/a", "arn:aws:iam::111122223333:role/a");
        let (bucket, object) = ("arn:aws:s3:::b", "arn:aws:s3:::b/k");
        let cases = [
            ("iam:GetUser", &[user, "*"][..], &[role, object][..]),
            ("IAM:passrole", &[role], &[user]),
            ("sts:AssumeRole", &[role], &[user]),
            ("iam:ListUsers", &["*"], &[user]),
            ("s3:GetObject", &[bucket, object, "arn:aws:s3:region:account:name", "arn:unknown:s3:::b"], &[user]),
            ("s3:ListBucket", &[bucket, object], &[role]),
            ("s3:ListAllMyBuckets", &["*"], &[bucket]),
            ("sqs:SendMessage", &["arn:aws-cn:sqs:cn-north-1:111122223333:q"], &[bucket]),
            ("lambda:InvokeFunction", &["arn:aws:lambda:us-east-1:111122223333:function:f"], &[bucket]),
            ("ec2:RunInstances", &["arn:aws:ec2:us-east-1::image/ami-1"], &[bucket]),
        ];
        for (action, own, others) in cases {
            let types = types(action).unwrap();
            assert!(own.iter().all(|resource| types.include(resource)), "{action}");
            assert!(!others.iter().any(|resource| types.include(resource)), "{action}");
        }
        assert!(types("nosuch:Thing").is_none() && types("s3:MadeUp").is_none());
    }

    #[test]
    fn the_resource_type_has_a_template() {
        let user = "arn:${Partition}:iam::${Account}:user/${UserNameWithPath}";
        let role = "arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}";
        let cases = [
            ("iam:GetUser", &["arn:aws:iam::111122223333:user/a"][..], Some(user)),
            ("iam:GetUser", &["arn:aws:s3:::b"], Some(user)),
            ("iam:SimulatePrincipalPolicy", &["arn:aws:iam::1:role/a", "arn:aws:iam::1:role/b"], Some(role)),
            ("s3:GetObject", &["arn:aws:s3:::b/k"], Some(S3)),
            ("s3:ListBucket", &["arn:aws:s3:::b"], Some(S3)),
            ("iam:GetAccountSummary", &["arn:aws:iam::111122223333:user/a"], None),
        ];
        for (action, resources, expected) in cases {
            assert_eq!(types(action).unwrap().template(resources), expected, "{action} {resources:?}");
        }
    }

    #[test]
    fn templates_are_filled_piece_by_piece() {
        let cases = [
            ("user/${Name}", "user/a/b", true),
            ("user/${Name}", "user/", false),
            ("a/${X}/b/${Y}", "a/1/b/2", true),
            ("a/${X}/b/${Y}", "a//b/2", false),
            ("a/${X}/b", "a/1/b", true),
            ("a/${X}/b", "a/1/b/2", false),
            ("root", "root", true),
            ("root", "roots", false),
        ];
        for (template, name, expected) in cases {
            assert_eq!(fills(template, name), expected, "{template} {name}");
        }
    }
}
