//! Attempts to gain permissions.

use serde_json::Value;

use crate::account::{Account, Grantee, Permissions, Role, User, name_key};
use crate::audit::{Event, IdentityKind, IssuerKind};

/// Actions with which a principal can gain permissions that it does not have: by changing policies, groups and trust, by
/// taking over the credentials of others, or by handing a role to what runs its code.
const ACTIONS: &[&str] = &[
    "cloudformation:CreateStack",
    "codestar:CreateProject",
    "datapipeline:CreatePipeline",
    "ec2:RunInstances",
    "glue:CreateDevEndpoint",
    "glue:UpdateDevEndpoint",
    "iam:AddUserToGroup",
    "iam:AttachGroupPolicy",
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:CreatePolicyVersion",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteRolePolicy",
    "iam:DeleteUserPermissionsBoundary",
    "iam:DeleteUserPolicy",
    "iam:DetachRolePolicy",
    "iam:DetachUserPolicy",
    "iam:PassRole",
    "iam:PutGroupPolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:PutUserPermissionsBoundary",
    "iam:PutUserPolicy",
    "iam:SetDefaultPolicyVersion",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateLoginProfile",
    "lambda:AddPermission",
    "lambda:CreateEventSourceMapping",
    "lambda:CreateFunction",
    "lambda:UpdateFunctionCode",
    "lambda:UpdateFunctionConfiguration",
    "sagemaker:CreateNotebookInstance",
    "sagemaker:CreatePresignedNotebookInstanceUrl",
    "sts:AssumeRole",
];

/// Operations of IAM with which a principal can give itself permissions.
const GAINS: &[&str] = &[
    "AddUserToGroup",
    "AttachGroupPolicy",
    "AttachRolePolicy",
    "AttachUserPolicy",
    "CreatePolicyVersion",
    "DeleteRolePermissionsBoundary",
    "DeleteUserPermissionsBoundary",
    "PutGroupPolicy",
    "PutRolePolicy",
    "PutUserPolicy",
    "SetDefaultPolicyVersion",
];

/// How many different ones a principal must be denied.
pub(super) const MIN_ATTEMPTS: usize = 3;

/// Within how many seconds.
pub(super) const PERIOD: i64 = 600;

/// The action of an escalation path that a call was denied.
pub(super) fn attempted(event: &Event) -> Option<&str> {
    let denial = event.denial.as_ref()?;
    let action = denial.asked.action.as_str();
    let is_of_path = ACTIONS.iter().any(|known| known.eq_ignore_ascii_case(action));
    (is_of_path && event.identity.kind != IdentityKind::Root).then_some(action)
}

/// Whose permissions the caller has: the ARN of a user or role.
pub(super) fn subject(event: &Event) -> Option<&str> {
    let issuer = event.identity.session.as_ref().and_then(|session| session.issuer.as_ref());
    issuer.map(|issuer| issuer.arn.as_str()).or(event.identity.arn.as_deref())
}

/// How the caller gave itself permissions; `None` if it did not. `before` is its account.
pub(super) fn gained(event: &Event, before: Option<&Account>) -> Option<&'static str> {
    let is_change = event.service == "iam" && GAINS.contains(&&*event.name);
    if !is_change || event.failure.is_some() || event.identity.kind == IdentityKind::Root {
        return None;
    }
    let parameters: Value = serde_json::from_str(event.parameters.as_deref()?).ok()?;
    let text = |member: &str| parameters.get(member).and_then(Value::as_str);
    let issuer = event.identity.session.as_ref().and_then(|session| session.issuer.as_ref());
    let own = |kind: IssuerKind| {
        let of_issuer = issuer.filter(|issuer| issuer.kind == kind).and_then(|issuer| issuer.user_name.as_deref());
        let of_user = event.identity.user_name.as_deref().filter(|_| kind == IssuerKind::IamUser);
        of_issuer.or(of_user)
    };
    let is_own =
        |kind, member: &str| text(member).zip(own(kind)).is_some_and(|(given, own)| given.eq_ignore_ascii_case(own));
    let user = || is_own(IssuerKind::IamUser, "userName");
    let role = || is_own(IssuerKind::Role, "roleName");
    let named = |kind| own(kind).zip(before);
    let own_policies = || {
        let user = named(IssuerKind::IamUser).and_then(|(name, account)| account.get::<User>(name));
        let role = named(IssuerKind::Role).and_then(|(name, account)| account.get::<Role>(name));
        let groups = user.zip(before).map(|(user, account)| groups_of(user, account)).unwrap_or_default();
        let own = user.map(Grantee::permissions).or(role.map(Grantee::permissions));
        own.into_iter().chain(groups).any(|permissions: &Permissions| {
            text("policyArn").is_some_and(|arn| permissions.attached.iter().any(|attached| attached == arn))
        })
    };
    let own_group = || {
        let user = named(IssuerKind::IamUser).and_then(|(name, account)| account.get::<User>(name));
        user.zip(text("groupName")).is_some_and(|(user, name)| user.groups.contains(&name_key(name)))
    };
    match &*event.name {
        "PutUserPolicy" if user() => Some("it gave itself an inline policy"),
        "PutRolePolicy" if role() => Some("it gave its role an inline policy"),
        "AttachUserPolicy" if user() => Some("it attached a policy to itself"),
        "AttachRolePolicy" if role() => Some("it attached a policy to its role"),
        "AddUserToGroup" if user() => Some("it joined a group"),
        "PutGroupPolicy" | "AttachGroupPolicy" if own_group() => Some("it gave its group a policy"),
        "DeleteUserPermissionsBoundary" if user() => Some("it removed its permissions boundary"),
        "DeleteRolePermissionsBoundary" if role() => Some("it removed the permissions boundary of its role"),
        "CreatePolicyVersion" if parameters.get("setAsDefault") == Some(&Value::Bool(true)) && own_policies() => {
            Some("it changed a policy of its own")
        }
        "SetDefaultPolicyVersion" if own_policies() => Some("it changed a policy of its own"),
        _ => None,
    }
}

fn groups_of<'a>(user: &User, account: &'a Account) -> Vec<&'a Permissions> {
    user.groups.iter().filter_map(|key| account.groups.get(key)).map(|group| group.permissions()).collect()
}
