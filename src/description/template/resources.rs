//! The names and ARNs of a template's resources, as far as the template says them.

use super::functions::Template;
use crate::markup::{Member, Node};
use crate::shapes::Kind;

/// A resource of a template.
#[derive(Clone, Copy)]
pub(super) struct Resource<'t> {
    /// Its type.
    pub kind: &'t str,
    /// Its properties, not resolved.
    pub properties: Option<&'t Node>,
}

/// The longest name that CloudFormation makes.
const MAX_NAME: usize = 64;

/// How a kind of IAM is named.
fn naming(kind: &str) -> Option<(Kind, &'static str)> {
    Some(match kind {
        "AWS::IAM::User" => (Kind::User, "UserName"),
        "AWS::IAM::Group" => (Kind::Group, "GroupName"),
        "AWS::IAM::Role" => (Kind::Role, "RoleName"),
        "AWS::IAM::InstanceProfile" => (Kind::InstanceProfile, "InstanceProfileName"),
        "AWS::IAM::ManagedPolicy" => (Kind::Policy, "ManagedPolicyName"),
        "AWS::IAM::SAMLProvider" => (Kind::SamlProvider, "Name"),
        _ => return None,
    })
}

/// The properties of a kind of IAM (CloudFormation's resource specification).
fn properties_of(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "User" => &[
            "Groups",
            "LoginProfile",
            "ManagedPolicyArns",
            "Path",
            "PermissionsBoundary",
            "Policies",
            "Tags",
            "UserName",
        ],
        "Group" => &["GroupName", "ManagedPolicyArns", "Path", "Policies"],
        "Role" => &[
            "AssumeRolePolicyDocument",
            "Description",
            "ManagedPolicyArns",
            "MaxSessionDuration",
            "Path",
            "PermissionsBoundary",
            "Policies",
            "RoleName",
            "Tags",
        ],
        "ManagedPolicy" => {
            &["Description", "Groups", "ManagedPolicyName", "Path", "PolicyDocument", "Roles", "Tags", "Users"]
        }
        "Policy" => &["Groups", "PolicyDocument", "PolicyName", "Roles", "Users"],
        "UserPolicy" => &["PolicyDocument", "PolicyName", "UserName"],
        "GroupPolicy" => &["GroupName", "PolicyDocument", "PolicyName"],
        "RolePolicy" => &["PolicyDocument", "PolicyName", "RoleName"],
        "UserToGroupAddition" => &["GroupName", "Users"],
        "InstanceProfile" => &["InstanceProfileName", "Path", "Roles"],
        "AccessKey" => &["Serial", "Status", "UserName"],
        "OIDCProvider" => &["ClientIdList", "Tags", "ThumbprintList", "Url"],
        "SAMLProvider" => &[
            "AddPrivateKey",
            "AssertionEncryptionMode",
            "Name",
            "PrivateKeyList",
            "RemovePrivateKey",
            "SamlMetadataDocument",
            "Tags",
        ],
        _ => return None,
    })
}

/// A property that a kind of IAM does not have: a boundary that is misspelt would bound nothing.
pub(super) fn unknown_property<'t>(kind: &str, properties: Option<&'t Node>) -> Option<&'t Member> {
    let known = properties_of(kind)?;
    let members = properties.map(Node::members).unwrap_or_default();
    members.iter().find(|member| !known.contains(&member.name.as_str()) && !member.name.starts_with("Fn::"))
}

/// The name of a resource of IAM: its own, or the stack's with the logical id. CloudFormation adds random characters.
pub(super) fn name(template: &Template<'_>, id: &str, resource: &Resource<'_>) -> Option<String> {
    let (_, property) = naming(resource.kind)?;
    match resource.properties.and_then(|properties| properties.get(property)) {
        Some(written) => template.text(written),
        None => Some(format!("{}-{id}", template.stack).chars().take(MAX_NAME).collect()),
    }
}

fn arn(template: &Template<'_>, id: &str, resource: &Resource<'_>) -> Option<String> {
    let account = template.target.account;
    if resource.kind == "AWS::IAM::OIDCProvider" {
        let url = template.text(resource.properties?.get("Url")?)?;
        return Some(Kind::OidcProvider.arn(account, "/", url.trim_start_matches("https://")));
    }
    let (kind, _) = naming(resource.kind)?;
    let path = match resource.properties.and_then(|properties| properties.get("Path")) {
        Some(path) => template.text(path)?,
        None => "/".to_owned(),
    };
    Some(kind.arn(account, &path, &name(template, id, resource)?))
}

/// A property of a resource, as text.
fn property(template: &Template<'_>, resource: &Resource<'_>, name: &str) -> Option<String> {
    template.text(resource.properties?.get(name)?)
}

/// The ARN of a resource of another service whose name the template says.
fn other_arn(template: &Template<'_>, resource: &Resource<'_>) -> Option<String> {
    let partition = template.target.account.partition();
    let (name, region) = (partition.name(), partition.signing_region());
    let account = format!("{:012}", template.target.account.number());
    let of = |property_name: &str| property(template, resource, property_name);
    Some(match resource.kind {
        "AWS::S3::Bucket" => format!("arn:{name}:s3:::{}", of("BucketName")?),
        "AWS::DynamoDB::Table" => format!("arn:{name}:dynamodb:{region}:{account}:table/{}", of("TableName")?),
        "AWS::SQS::Queue" => format!("arn:{name}:sqs:{region}:{account}:{}", of("QueueName")?),
        "AWS::SNS::Topic" => format!("arn:{name}:sns:{region}:{account}:{}", of("TopicName")?),
        "AWS::Lambda::Function" => format!("arn:{name}:lambda:{region}:{account}:function:{}", of("FunctionName")?),
        _ => return None,
    })
}

/// What `Ref` gives of a resource.
pub(super) fn reference(template: &Template<'_>, id: &str, resource: &Resource<'_>) -> Option<String> {
    match resource.kind {
        "AWS::IAM::ManagedPolicy" | "AWS::IAM::SAMLProvider" | "AWS::IAM::OIDCProvider" => arn(template, id, resource),
        "AWS::S3::Bucket" => property(template, resource, "BucketName"),
        "AWS::DynamoDB::Table" => property(template, resource, "TableName"),
        "AWS::Lambda::Function" => property(template, resource, "FunctionName"),
        "AWS::SNS::Topic" => other_arn(template, resource),
        _ => name(template, id, resource),
    }
}

/// What `Fn::GetAtt` gives of a resource.
pub(super) fn attribute(template: &Template<'_>, id: &str, attribute: &str, resource: &Resource<'_>) -> Option<String> {
    match attribute {
        "Arn" | "PolicyArn" | "TopicArn" => arn(template, id, resource).or_else(|| other_arn(template, resource)),
        "QueueName" | "TopicName" => property(template, resource, attribute),
        _ => None,
    }
}
