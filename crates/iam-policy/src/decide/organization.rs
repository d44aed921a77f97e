//! What AWS Organizations' policies apply to.

use crate::Action;

/// Whether resource control policies bind an action: its service supports them, and it is not the one that every
/// grantee keeps (AWS KMS Developer Guide, "Resource control policies": "kms:RetireGrant").
pub(crate) fn is_resource_controlled(action: &Action) -> bool {
    supports_resource_control(action.service()) && action.folded() != "kms:retiregrant"
}

/// Whether resource control policies may name the actions of a service, given in lower case.
pub(crate) fn supports_resource_control(service: &str) -> bool {
    RESOURCE_CONTROLLED.binary_search(&service).is_ok()
}

/// The services that AWS's Service Authorization Reference (2026-09-26) marks as supporting RCPs, sorted.
const RESOURCE_CONTROLLED: &[&str] = &[
    "aoss",
    "appconfig",
    "appstream",
    "autoscaling",
    "autoscaling-plans",
    "budgets",
    "clouddirectory",
    "cloudfront",
    "cloudsearch",
    "cloudtrail-data",
    "codeartifact",
    "codebuild",
    "codecommit",
    "codepipeline",
    "cognito-identity",
    "cognito-idp",
    "comprehend",
    "comprehendmedical",
    "compute-optimizer",
    "cost-optimization-hub",
    "dax",
    "dsql",
    "dynamodb",
    "ecr",
    "ecr-public",
    "events",
    "firehose",
    "fis",
    "fms",
    "gamelift",
    "health",
    "inspector-scan",
    "kendra",
    "kinesisvideo",
    "kms",
    "logs",
    "memorydb",
    "networkmonitor",
    "notifications",
    "opensearch",
    "pca-connector-ad",
    "personalize",
    "polly",
    "pricing",
    "resource-groups",
    "rolesanywhere",
    "s3",
    "secretsmanager",
    "servicediscovery",
    "signin",
    "sqs",
    "sts",
    "support",
    "swf",
    "textract",
    "timestream-influxdb",
    "transcribe",
    "transfer",
    "translate",
    "wafv2",
    "workspaces",
    "xray",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_for_the_search() {
        assert!(RESOURCE_CONTROLLED.is_sorted());
        let controlled = |action| is_resource_controlled(&Action::parse(action).unwrap());
        assert!(controlled("s3:GetObject") && controlled("sts:AssumeRole") && !controlled("iam:GetUser"));
        assert!(controlled("kms:Decrypt") && !controlled("kms:RetireGrant"));
    }
}
