//! The resources of the provider for AWS that iamd reads.

use serde::Deserialize;

use crate::description::template::{Build, Grantee};
use crate::description::{
    Document, GroupDescription, InstanceProfileDescription, OidcProviderDescription, PasswordPolicyDescription,
    PolicyDescription, RoleDescription, SamlProviderDescription, UserDescription,
};
use crate::markup::{Named, Place, Placed};

/// The values of all kinds. Each kind has some of them.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Values {
    name: Option<Placed<String>>,
    path: Option<Placed<String>>,
    description: Option<Placed<String>>,
    assume_role_policy: Option<Document>,
    max_session_duration: Option<Placed<i64>>,
    permissions_boundary: Option<Placed<String>>,
    managed_policy_arns: Option<Vec<Placed<String>>>,
    inline_policy: Vec<InlinePolicy>,
    policy: Option<Document>,
    policy_arn: Option<Placed<String>>,
    user: Option<Placed<String>>,
    group: Option<Placed<String>>,
    role: Option<Placed<String>>,
    users: Vec<Placed<String>>,
    groups: Vec<Placed<String>>,
    roles: Vec<Placed<String>>,
    tags: Option<Named<String>>,
    url: Option<Placed<String>>,
    client_id_list: Option<Vec<String>>,
    thumbprint_list: Option<Vec<String>>,
    saml_metadata_document: Option<Placed<String>>,
    account_alias: Option<Placed<String>>,
    minimum_password_length: Option<i64>,
    require_symbols: Option<bool>,
    require_numbers: Option<bool>,
    require_uppercase_characters: Option<bool>,
    require_lowercase_characters: Option<bool>,
    allow_users_to_change_password: Option<bool>,
    max_password_age: Option<i64>,
    password_reuse_prevention: Option<i64>,
    hard_expiry: Option<bool>,
}

#[derive(Deserialize)]
struct InlinePolicy {
    name: Option<Placed<String>>,
    policy: Option<Document>,
}

/// A resource with its values.
pub(super) struct Resource<'n> {
    pub address: &'n str,
    pub kind: &'n str,
    pub place: Place,
    pub values: Values,
}

impl Build<'_> {
    /// A value that must be known, or is found by what it refers to.
    fn known<T>(&mut self, resource: (&str, Place), argument: &str, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.unresolved.push((resource.1, format!("{}.{argument}", resource.0)));
        }
        value
    }
}

/// Whether a resource is part of a user, group or role: an attachment, a membership, an inline policy, an access key.
pub(super) fn is_relation(kind: &str) -> bool {
    kind.ends_with("_attachment")
        || kind.ends_with("_membership")
        || matches!(kind, "aws_iam_user_policy" | "aws_iam_group_policy" | "aws_iam_role_policy" | "aws_iam_access_key")
}

/// Takes up a user, a role, …
pub(super) fn entity(resource: Resource<'_>, build: &mut Build<'_>) {
    let Resource { address, kind, place, mut values } = resource;
    let at = (address, place);
    let boundary = values.permissions_boundary.take().filter(|arn| !arn.is_empty()).map(Some);
    match kind {
        "aws_iam_user" => {
            let Some(name) = build.known(at, "name", values.name) else { return };
            let user = UserDescription { path: values.path, boundary, tags: values.tags, ..UserDescription::default() };
            build.account.users.0.push((name, user));
        }
        "aws_iam_group" => {
            let Some(name) = build.known(at, "name", values.name) else { return };
            build.account.groups.0.push((name, GroupDescription { path: values.path, ..GroupDescription::default() }));
        }
        "aws_iam_role" => {
            let Some(name) = build.known(at, "name", values.name) else { return };
            let trust = build.known(at, "assume_role_policy", values.assume_role_policy);
            let inline = values.inline_policy.into_iter().filter_map(|policy| policy.name.zip(policy.policy));
            let inline: Vec<_> = inline.collect();
            let role = RoleDescription {
                path: values.path,
                trust,
                description: values.description,
                max_session_duration: values.max_session_duration,
                policies: values.managed_policy_arns.filter(|arns| !arns.is_empty()),
                inline_policies: (!inline.is_empty()).then_some(Named(inline)),
                boundary,
                tags: values.tags,
                ..RoleDescription::default()
            };
            build.account.roles.0.push((name, role));
        }
        "aws_iam_policy" => {
            let Some(name) = build.known(at, "name", values.name) else { return };
            let document = build.known(at, "policy", values.policy);
            let policy = PolicyDescription {
                path: values.path,
                description: values.description.filter(|text| !text.is_empty()),
                document,
                tags: values.tags,
                ..PolicyDescription::default()
            };
            build.account.policies.0.push((name, policy));
        }
        "aws_iam_instance_profile" => {
            let Some(name) = build.known(at, "name", values.name) else { return };
            let profile = InstanceProfileDescription {
                path: values.path,
                role: Some(values.role),
                tags: values.tags,
                ..InstanceProfileDescription::default()
            };
            build.account.instance_profiles.0.push((name, profile));
        }
        "aws_iam_openid_connect_provider" => {
            let Some(url) = build.known(at, "url", values.url) else { return };
            let provider = OidcProviderDescription {
                client_ids: values.client_id_list,
                thumbprints: values.thumbprint_list,
                tags: values.tags,
                created: None,
            };
            build.account.oidc_providers.0.push((url, provider));
        }
        "aws_iam_saml_provider" => {
            let Some(name) = build.known(at, "name", values.name) else { return };
            let metadata = build.known(at, "saml_metadata_document", values.saml_metadata_document);
            let provider = SamlProviderDescription { metadata, tags: values.tags, created: None };
            build.account.saml_providers.0.push((name, provider));
        }
        "aws_iam_account_alias" => build.account.alias = values.account_alias,
        "aws_iam_account_password_policy" => {
            let policy = PasswordPolicyDescription {
                minimum_length: values.minimum_password_length,
                require_symbols: values.require_symbols.unwrap_or_default(),
                require_numbers: values.require_numbers.unwrap_or_default(),
                require_uppercase: values.require_uppercase_characters.unwrap_or_default(),
                require_lowercase: values.require_lowercase_characters.unwrap_or_default(),
                // The provider's default.
                allow_users_to_change_password: values.allow_users_to_change_password.unwrap_or(true),
                max_age: values.max_password_age.filter(|age| *age != 0),
                reuse_prevention: values.password_reuse_prevention.filter(|count| *count != 0),
                hard_expiry: values.hard_expiry,
            };
            build.account.password_policy = Some(Placed::new(place, policy));
        }
        _ => build.warnings.push(format!("{}:{place}: {address} ({kind}) is left out", build.file)),
    }
}

/// Takes up what gives policies and memberships to entities of the file.
pub(super) fn relation(resource: Resource<'_>, build: &mut Build<'_>) {
    let Resource { address, kind, place, values } = resource;
    let at = (address, place);
    let owners = [(Grantee::User, values.user), (Grantee::Group, values.group), (Grantee::Role, values.role)];
    match kind {
        "aws_iam_user_policy" | "aws_iam_group_policy" | "aws_iam_role_policy" => {
            let owner = build.known(at, "name of its owner", owners.into_iter().find_map(owner));
            let name = build.known(at, "name", values.name);
            let document = build.known(at, "policy", values.policy);
            let (Some((kind, owner)), Some(name), Some(document)) = (owner, name, document) else { return };
            build.put(kind, &owner, name, document);
        }
        "aws_iam_user_policy_attachment" | "aws_iam_group_policy_attachment" | "aws_iam_role_policy_attachment" => {
            let owner = build.known(at, "name of its owner", owners.into_iter().find_map(owner));
            let policy = build.known(at, "policy_arn", values.policy_arn);
            let (Some((kind, owner)), Some(policy)) = (owner, policy) else { return };
            build.attach(kind, &owner, policy);
        }
        "aws_iam_policy_attachment" => {
            let Some(policy) = build.known(at, "policy_arn", values.policy_arn) else { return };
            let lists = [(Grantee::User, values.users), (Grantee::Group, values.groups), (Grantee::Role, values.roles)];
            for (kind, names) in lists {
                names.iter().for_each(|name| build.attach(kind, name, policy.clone()));
            }
        }
        "aws_iam_user_group_membership" | "aws_iam_group_membership" => {
            let [(_, user), (_, group), _] = owners;
            let users: Vec<_> = user.into_iter().chain(values.users).collect();
            let groups: Vec<_> = group.into_iter().chain(values.groups).collect();
            for user in &users {
                match build.account.users.0.iter_mut().find(|(name, _)| name.value == user.value) {
                    Some((_, description)) => {
                        description.groups.get_or_insert_default().extend(groups.iter().cloned());
                    }
                    None => build.is_not_here(Grantee::User, user),
                }
            }
        }
        _ => build.warnings.push(format!("{}:{place}: {address} ({kind}) is left out", build.file)),
    }
}

/// Who is given something, if it is known.
fn owner((kind, name): (Grantee, Option<Placed<String>>)) -> Option<(Grantee, Placed<String>)> {
    Some((kind, name?))
}
