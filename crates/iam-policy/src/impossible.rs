//! What no policy can allow, because AWS refuses it to everyone.

use std::fmt;

use crate::Principal;
use crate::pattern::Arn;
use crate::request::Request;

/// Why no policy can allow a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Impossible {
    /// AWS alone changes the managed policies that it maintains.
    AwsManagedPolicy,
    /// A service-linked role belongs to its service.
    ServiceLinkedRole,
    /// A role of IAM Identity Center belongs to its permission set.
    ReservedRole,
    /// Aliases that begin with `alias/aws/` are AWS's own.
    AwsKmsAlias,
}

/// Changes of a managed policy.
const POLICY_CHANGES: &[&str] = &[
    "iam:createpolicyversion",
    "iam:deletepolicy",
    "iam:deletepolicyversion",
    "iam:setdefaultpolicyversion",
    "iam:tagpolicy",
    "iam:untagpolicy",
];

/// Changes of a role that even a service-linked one does not take: its description and its tags can be changed.
const ROLE_CHANGES: &[&str] = &[
    "iam:attachrolepolicy",
    "iam:deleterole",
    "iam:deleterolepermissionsboundary",
    "iam:deleterolepolicy",
    "iam:detachrolepolicy",
    "iam:putrolepermissionsboundary",
    "iam:putrolepolicy",
    "iam:updateassumerolepolicy",
];

/// Changes of a role besides, which those of IAM Identity Center do not take either.
const ROLE_DETAILS: &[&str] = &["iam:tagrole", "iam:untagrole", "iam:updaterole", "iam:updateroledescription"];

const ALIAS_CHANGES: &[&str] = &["kms:createalias", "kms:deletealias", "kms:updatealias"];

impl Impossible {
    /// Why no policy can allow a request; `None` if one can. AWS's services are free to change what is theirs.
    pub fn of(request: &Request<'_>) -> Option<Self> {
        if matches!(request.principal, Principal::Service { .. }) {
            return None;
        }
        let Arn { parts: Some([_, _, service, _, account, resource]), .. } = request.resource else { return None };
        let changes = |actions: &[&str]| actions.contains(&request.action.folded());
        match service {
            "iam" if account == "aws" && resource.starts_with("policy/") && changes(POLICY_CHANGES) => {
                Some(Self::AwsManagedPolicy)
            }
            "iam" if resource.starts_with("role/aws-service-role/") && changes(ROLE_CHANGES) => {
                Some(Self::ServiceLinkedRole)
            }
            "iam" if resource.starts_with("role/aws-reserved/") && (changes(ROLE_CHANGES) || changes(ROLE_DETAILS)) => {
                Some(Self::ReservedRole)
            }
            "kms" if resource.starts_with("alias/aws/") && changes(ALIAS_CHANGES) => Some(Self::AwsKmsAlias),
            _ => None,
        }
    }
}

impl fmt::Display for Impossible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AwsManagedPolicy => "only AWS can change the managed policies that it maintains",
            Self::ServiceLinkedRole => "only the service that a service-linked role belongs to can change it",
            Self::ReservedRole => "only IAM Identity Center can change the roles of its permission sets",
            Self::AwsKmsAlias => "only AWS can change aliases that begin with alias/aws/",
        })
    }
}
