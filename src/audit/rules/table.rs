//! The rules.

use super::parameters::{Kind, Parameter};
use super::{Examination, Rule, Verdict, entities, organization, passwords, policies, root, tags, users};

type Check = fn(&Examination<'_>) -> Verdict;

const NONE: &[Parameter] = &[];
const MAX_KEY_AGE: &[Parameter] = &[number("maxAccessKeyAge", "90")];
const MAX_UNUSED_DAYS: &[Parameter] = &[number("maxCredentialUsageAge", "90")];
const MAX_UNUSED_DAYS_OF_CIS: &[Parameter] = &[number("maxCredentialUsageAge", "45")];
const RECENT_DAYS: &[Parameter] = &[number("days", "1")];
const REQUIRED_TAGS: &[Parameter] = &[list("requiredKeyTags")];
const BLOCKED_ACTIONS: &[Parameter] = &[required("blockedActionsPatterns")];
const PASSWORDS: &[Parameter] = &[
    flag("RequireUppercaseCharacters", "true"),
    flag("RequireLowercaseCharacters", "true"),
    flag("RequireSymbols", "true"),
    flag("RequireNumbers", "true"),
    number("MinimumPasswordLength", "14"),
    number("PasswordReusePrevention", "24"),
    number("MaxPasswordAge", "90"),
];
/// Policies by name: AWS's own are found in the account's partition.
const FORBIDDEN_POLICIES: &[Parameter] =
    &[Parameter { name: "policyArns", kind: Kind::List, default: "AdministratorAccess" }, list("exceptionList")];
const POLICY_IN_USE: &[Parameter] =
    &[required("policyARN"), Parameter { name: "policyUsageType", kind: Kind::Usage, default: "ANY" }];

/// All rules: those with numbers of the benchmark first, in its order.
#[rustfmt::skip]
pub const RULES: &[Rule] = &[
    both("1.4", "iam-root-access-key-check", "The root user has no access key", NONE, root::has_no_key),
    both("1.5", "root-account-mfa-enabled", "The root user has an MFA device", NONE, root::has_mfa),
    both("1.6", "root-account-hardware-mfa-enabled", "The root user has hardware MFA devices only", NONE, root::has_hardware_mfa),
    cis("1.7", "cis-1.7", "The root user is not in use", RECENT_DAYS, root::is_not_in_use),
    cis("1.8", "cis-1.8", "Passwords have at least 14 characters", NONE, passwords::are_long),
    cis("1.9", "cis-1.9", "The last 24 passwords cannot be used again", NONE, passwords::are_new),
    both("1.10", "mfa-enabled-for-iam-console-access", "Users with a password have an MFA device", NONE, users::console_users_have_mfa),
    cis("1.11", "cis-1.11", "Users with a password have no access key that was never used", NONE, users::have_no_initial_key),
    cis("1.12", "cis-1.12", "No password or key of a user is unused for 45 days", MAX_UNUSED_DAYS_OF_CIS, users::use_their_credentials),
    cis("1.13", "cis-1.13", "Users have one active access key at most", NONE, users::have_one_key),
    both("1.14", "access-keys-rotated", "No active access key is older than 90 days", MAX_KEY_AGE, users::rotate_keys),
    both("1.15", "iam-user-no-policies-check", "Users get permissions by groups only", NONE, entities::users_have_no_policies),
    cis("1.16", "cis-1.16", "No attached policy allows everything", NONE, policies::attached_give_no_admin),
    cis("1.17", "cis-1.17", "A role can manage cases with AWS Support", NONE, entities::support_is_given),
    both("1.19", "iam-server-certificate-expiration-check", "No server certificate has expired", NONE, entities::certificates_are_valid),
    cis("1.22", "cis-1.22", "Nobody has full access to AWS CloudShell", NONE, entities::cloudshell_is_not_given),
    config("account-part-of-organizations", "The account belongs to an organization", &[list("MasterAccountId")], organization::has_account),
    config("iam-customer-policy-blocked-kms-actions", "No customer-managed policy allows blocked actions on all KMS keys", BLOCKED_ACTIONS, policies::managed_allow_no_blocked_kms),
    config("iam-group-has-users-check", "Groups have members", NONE, entities::groups_have_users),
    config("iam-inline-policy-blocked-kms-actions", "No inline policy allows blocked actions on all KMS keys", BLOCKED_ACTIONS, policies::inline_allow_no_blocked_kms),
    config("iam-no-inline-policy-check", "No user, group or role has an inline policy", NONE, entities::nothing_has_inline_policies),
    config("iam-password-policy", "The password policy asks for strong passwords", PASSWORDS, passwords::are_strong),
    config("iam-policy-blacklisted-check", "No user, group or role has a forbidden policy", FORBIDDEN_POLICIES, entities::no_forbidden_policies),
    config("iam-policy-in-use", "The policy is attached to something", POLICY_IN_USE, entities::policy_is_in_use),
    config("iam-policy-no-statements-with-admin-access", "No customer-managed policy allows everything", &[flag("excludePermissionBoundaryPolicy", "false")], policies::give_no_admin),
    config("iam-policy-no-statements-with-full-access", "No customer-managed policy allows all of a service", &[flag("excludePermissionBoundaryPolicy", "false")], policies::give_no_full_service),
    config("iam-role-managed-policy-check", "Roles have the managed policies that all must have", &[required("managedPolicyArns")], entities::roles_have_policies),
    config("iam-user-group-membership-check", "Users are members of groups", &[list("groupNames")], entities::users_are_in_groups),
    config("iam-user-mfa-enabled", "Users have an MFA device", NONE, users::have_mfa),
    config("iam-user-unused-credentials-check", "No password or key of a user is unused for 90 days", MAX_UNUSED_DAYS, users::use_their_credentials),
    config("iam-instance-profile-tagged", "Instance profiles have tags", REQUIRED_TAGS, tags::of_instance_profiles),
    config("iam-oidc-provider-tagged", "OpenID Connect providers have tags", REQUIRED_TAGS, tags::of_oidc_providers),
    config("iam-policy-tagged", "Customer-managed policies have tags", REQUIRED_TAGS, tags::of_policies),
    config("iam-role-tagged", "Roles have tags", REQUIRED_TAGS, tags::of_roles),
    config("iam-saml-provider-tagged", "SAML providers have tags", REQUIRED_TAGS, tags::of_saml_providers),
    config("iam-server-certificate-tagged", "Server certificates have tags", REQUIRED_TAGS, tags::of_server_certificates),
    config("iam-user-tagged", "Users have tags", REQUIRED_TAGS, tags::of_users),
];

const fn both(
    cis: &'static str,
    id: &'static str,
    title: &'static str,
    parameters: &'static [Parameter],
    check: Check,
) -> Rule {
    Rule { id, cis: Some(cis), title, parameters, check }
}

const fn cis(
    number: &'static str,
    id: &'static str,
    title: &'static str,
    parameters: &'static [Parameter],
    check: Check,
) -> Rule {
    both(number, id, title, parameters, check)
}

const fn config(id: &'static str, title: &'static str, parameters: &'static [Parameter], check: Check) -> Rule {
    Rule { id, cis: None, title, parameters, check }
}

const fn number(name: &'static str, default: &'static str) -> Parameter {
    Parameter { name, kind: Kind::Number, default }
}

const fn flag(name: &'static str, default: &'static str) -> Parameter {
    Parameter { name, kind: Kind::Flag, default }
}

const fn list(name: &'static str) -> Parameter {
    Parameter { name, kind: Kind::List, default: "" }
}

const fn required(name: &'static str) -> Parameter {
    Parameter { name, kind: Kind::RequiredList, default: "" }
}
