//! An account in the form of AWS's authorization details, with the answers of other operations that say what those
//! leave out. It can be imported again, and is then the same.

use serde_json::{Map, Value, json};

use crate::account::{
    Account, Entity, Group, InstanceProfile, Managed, ManagedPolicy, PasswordPolicy, Permissions, Reference, Resource,
    Role, User,
};
use crate::call::View;
use crate::catalogue::managed_policies;
use crate::services::exported_organization;
use crate::shapes::{AccountId, TagSet, Timestamp};

/// The account.
pub fn export(cx: &View<'_>) -> Value {
    let account = cx.account;
    let users: Vec<_> = account.users.iter().map(|user| of_user(user, account)).collect();
    let groups: Vec<_> = account.groups.iter().map(|group| of_group(group, account.id)).collect();
    let roles: Vec<_> = account.roles.iter().map(|role| of_role(role, cx)).collect();
    let own = account.policies.iter().map(|policy| of_policy(policy, account));
    let of_aws = managed_policies::iter(account.id.partition()).filter(|policy| uses(account, &policy.arn()) != (0, 0));
    let of_aws = of_aws.map(|policy| of_aws_policy(policy, account));
    let profiles: Vec<_> = account.instance_profiles.iter().map(|profile| of_profile(profile, account, true)).collect();
    let oidc = account.oidc_providers.iter().map(|provider| {
        json!({
            "Arn": provider.arn(account.id),
            "Url": provider.url,
            "ClientIDList": provider.client_ids,
            "ThumbprintList": provider.thumbprints,
            "CreateDate": date(provider.created),
            "Tags": tags(&provider.tags),
        })
    });
    let saml = account.saml_providers.iter().map(|provider| {
        json!({
            "Arn": provider.arn(account.id),
            "CreateDate": date(provider.created),
            "ValidUntil": date(provider.valid_until),
            "SAMLMetadataDocument": provider.metadata,
            "Tags": tags(&provider.tags),
        })
    });
    let mut exported = json!({
        "Account": account.id.qualified(),
        "UserDetailList": users,
        "GroupDetailList": groups,
        "RoleDetailList": roles,
        "Policies": own.chain(of_aws).collect::<Vec<_>>(),
        "IsTruncated": false,
        "InstanceProfiles": profiles,
        "OpenIDConnectProviders": oidc.collect::<Vec<_>>(),
        "SAMLProviderList": saml.collect::<Vec<_>>(),
        "AccountAliases": account.settings().alias.into_iter().collect::<Vec<_>>(),
    });
    if let (Some(policy), Value::Object(members)) = (account.settings().password_policy, &mut exported) {
        members.insert("PasswordPolicy".to_owned(), of_password_policy(&policy));
    }
    if let (Some(organization), Value::Object(members)) = (exported_organization(account, cx.now), &mut exported) {
        members.extend(organization);
    }
    exported
}

/// A moment as aws-cli writes it.
fn date(time: Timestamp) -> String {
    time.date_time().format("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

/// A document as aws-cli shows it; its text if it is not JSON, or would not be the same when it is written again: large
/// numbers, names that appear twice.
fn document(text: &str) -> Value {
    let is_same = |value: &Value| serde_json::to_string(value).is_ok_and(|written| written == without_blanks(text));
    serde_json::from_str(text).ok().filter(is_same).unwrap_or_else(|| text.into())
}

/// A text of JSON without the white space between its parts.
fn without_blanks(text: &str) -> String {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let keep = |c: &char| {
        let is_kept = is_quoted || !c.is_ascii_whitespace();
        is_quoted ^= *c == '"' && !is_escaped;
        is_escaped = is_quoted && *c == '\\' && !is_escaped;
        is_kept
    };
    text.chars().filter(keep).collect()
}

fn tags(tags: &TagSet) -> Value {
    tags.pairs().map(|(key, value)| json!({"Key": key, "Value": value})).collect()
}

fn inline(permissions: &Permissions) -> Value {
    let policies = permissions.inline.iter();
    policies.map(|(name, policy)| json!({"PolicyName": name, "PolicyDocument": document(policy.text())})).collect()
}

fn attached(permissions: &Permissions) -> Value {
    let name = |arn: &str| arn.rsplit('/').next().unwrap_or(arn).to_owned();
    permissions.attached.iter().map(|arn| json!({"PolicyName": name(arn), "PolicyArn": arn})).collect()
}

/// Adds the boundary, if there is one.
fn with_boundary(mut detail: Value, permissions: &Permissions) -> Value {
    if let (Some(arn), Value::Object(members)) = (&permissions.boundary, &mut detail) {
        let boundary = json!({"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn});
        members.insert("PermissionsBoundary".to_owned(), boundary);
    }
    detail
}

fn of_user(user: &User, account: &Account) -> Value {
    let groups = user.groups.iter().filter_map(|key| account.groups.get(key)).map(|group| group.name.as_str());
    let mut detail = json!({
        "Path": user.path.as_str(),
        "UserName": user.name,
        "UserId": user.id,
        "Arn": user.arn(account.id),
        "CreateDate": date(user.created),
        "GroupList": groups.collect::<Vec<_>>(),
        "AttachedManagedPolicies": attached(&user.permissions),
        "Tags": tags(&user.tags),
    });
    // As on AWS, users without inline policies have no list of them.
    if let (false, Value::Object(members)) = (user.permissions.inline.is_empty(), &mut detail) {
        members.insert("UserPolicyList".to_owned(), inline(&user.permissions));
    }
    with_boundary(detail, &user.permissions)
}

fn of_group(group: &Group, account: AccountId) -> Value {
    json!({
        "Path": group.path.as_str(),
        "GroupName": group.name,
        "GroupId": group.id,
        "Arn": group.arn(account),
        "CreateDate": date(group.created),
        "GroupPolicyList": inline(&group.permissions),
        "AttachedManagedPolicies": attached(&group.permissions),
    })
}

fn of_role(role: &Role, cx: &View<'_>) -> Value {
    let profiles = cx.account.referrers::<InstanceProfile>(&Reference::Role(role.key()));
    let mut detail = Map::new();
    let members = json!({
        "Path": role.path.as_str(),
        "RoleName": role.name,
        "RoleId": role.id,
        "Arn": role.arn(cx.account.id),
        "CreateDate": date(role.created),
        "AssumeRolePolicyDocument": document(&cx.shown_trust_policy(role).0),
        "InstanceProfileList": profiles.map(|profile| of_profile(profile, cx.account, false)).collect::<Vec<_>>(),
        "RolePolicyList": inline(&role.permissions),
        "AttachedManagedPolicies": attached(&role.permissions),
        "Tags": tags(&role.tags),
        "MaxSessionDuration": role.max_session_duration,
    });
    if let Value::Object(members) = members {
        detail = members;
    }
    if let Some(description) = &role.description {
        detail.insert("Description".to_owned(), description.as_str().into());
    }
    with_boundary(Value::Object(detail), &role.permissions)
}

/// An instance profile; its tags are shown by `list-instance-profiles` alone.
fn of_profile(profile: &InstanceProfile, account: &Account, whole: bool) -> Value {
    let role = profile.role.as_ref().and_then(|key| account.roles.get(key));
    let roles: Vec<_> =
        role.map(|role| json!({"RoleName": role.name, "Arn": role.arn(account.id)})).into_iter().collect();
    let mut shown = json!({
        "Path": profile.path.as_str(),
        "InstanceProfileName": profile.name,
        "InstanceProfileId": profile.id,
        "Arn": profile.arn(account.id),
        "CreateDate": date(profile.created),
        "Roles": roles,
    });
    if let (true, Value::Object(members)) = (whole, &mut shown) {
        members.insert("Tags".to_owned(), tags(&profile.tags));
    }
    shown
}

/// How often a policy is attached, and is a boundary.
fn uses(account: &Account, arn: &str) -> (usize, usize) {
    let count = |reference| account.count_referrers(&reference);
    (count(Reference::AttachedPolicy(arn.to_owned())), count(Reference::PermissionsBoundary(arn.to_owned())))
}

fn of_policy(policy: &ManagedPolicy, account: &Account) -> Value {
    let arn = policy.arn(account.id);
    let (attachments, boundaries) = uses(account, &arn);
    let versions = policy.versions.iter().rev().map(|version| {
        json!({
            "Document": document(version.document.text()),
            "VersionId": version.id(),
            "IsDefaultVersion": version.number == policy.default_version,
            "CreateDate": date(version.created),
        })
    });
    let mut shown = json!({
        "PolicyName": policy.name,
        "PolicyId": policy.id,
        "Arn": arn,
        "Path": policy.path,
        "DefaultVersionId": format!("v{}", policy.default_version),
        "AttachmentCount": attachments,
        "PermissionsBoundaryUsageCount": boundaries,
        "IsAttachable": true,
        "CreateDate": date(policy.created),
        "UpdateDate": date(policy.updated),
        "PolicyVersionList": versions.collect::<Vec<_>>(),
        "Tags": tags(&policy.tags),
    });
    if let (Some(description), Value::Object(members)) = (&policy.description, &mut shown) {
        members.insert("Description".to_owned(), description.as_str().into());
    }
    shown
}

fn of_aws_policy(policy: managed_policies::ManagedPolicy, account: &Account) -> Value {
    let (attachments, boundaries) = uses(account, &policy.arn());
    json!({
        "PolicyName": Managed::Aws(policy).name(),
        "PolicyId": policy.policy_id(),
        "Arn": policy.arn(),
        "Path": policy.path,
        "DefaultVersionId": policy.default_version_id,
        "AttachmentCount": attachments,
        "PermissionsBoundaryUsageCount": boundaries,
        "IsAttachable": true,
        "CreateDate": date(policy.create_date.into()),
        "UpdateDate": date(policy.update_date.into()),
        "PolicyVersionList": [{
            "Document": document(&policy.document()),
            "VersionId": policy.default_version_id,
            "IsDefaultVersion": true,
            "CreateDate": date(policy.update_date.into()),
        }],
    })
}

fn of_password_policy(policy: &PasswordPolicy) -> Value {
    json!({
        "MinimumPasswordLength": policy.minimum_length,
        "RequireSymbols": policy.require_symbols,
        "RequireNumbers": policy.require_numbers,
        "RequireUppercaseCharacters": policy.require_uppercase,
        "RequireLowercaseCharacters": policy.require_lowercase,
        "AllowUsersToChangePassword": policy.allow_users_to_change_password,
        "ExpirePasswords": policy.max_age.is_some(),
        "MaxPasswordAge": policy.max_age,
        "PasswordReusePrevention": policy.reuse_prevention,
        "HardExpiry": policy.hard_expiry,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_shown_as_values_if_they_can_be_written_again() {
        let kept = "{ \"Statement\": {\"Sid\": \"a b\\\" c\\\\\", \"N\": [1, 2]} }\n";
        assert_eq!(document(kept), json!({"Statement": {"Sid": "a b\" c\\", "N": [1, 2]}}));
        for text in ["{\"N\": 12345678901234567890123}", "{\"N\": 1.50}", "{\"A\": 1, \"A\": 2}", "no JSON"] {
            assert_eq!(document(text), json!(text));
        }
    }
}
