//! The resources of IAM in `terraform show -json`: of a plan, or of a state.

use serde::Deserialize;

use super::{Build, Grantee, Target};
use crate::description::file::DescriptionError;
use crate::description::{
    Document, GroupDescription, InstanceProfileDescription, OidcProviderDescription, PasswordPolicyDescription,
    PolicyDescription, RoleDescription, SamlProviderDescription, UserDescription,
};
use crate::markup::{Named, Node, Place, Placed};
use crate::shapes::Kind;

/// The values of all kinds. Each kind has some of them.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Values {
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
struct Resource<'n> {
    address: &'n str,
    kind: &'n str,
    place: Place,
    values: Values,
}

/// Reads a plan or a state.
///
/// # Errors
/// What is neither.
pub(super) fn read(node: &Node, target: &Target<'_>, build: &mut Build<'_>) -> Result<(), DescriptionError> {
    let root = node.get("planned_values").or_else(|| node.get("values")).and_then(|values| values.get("root_module"));
    let root = root.ok_or_else(|| build.error(node.place, "this is no plan or state of terraform show -json"))?;
    let mut found = Vec::new();
    collect(root, build, &mut found)?;
    let arns: Vec<(String, String)> = found.iter().filter_map(|resource| arn(resource, target)).collect();
    let lookup = References { configuration: node.get("configuration"), arns };
    let (entities, relations): (Vec<_>, Vec<_>) = found.into_iter().partition(|resource| !is_relation(resource.kind));
    for resource in entities {
        entity(resource, build)?;
    }
    for resource in relations {
        relation(resource, &lookup, build);
    }
    Ok(())
}

/// The resources of IAM in a module and those below it.
fn collect<'n>(module: &'n Node, build: &Build<'_>, found: &mut Vec<Resource<'n>>) -> Result<(), DescriptionError> {
    for resource in module.get("resources").map(Node::items).unwrap_or_default() {
        let member = |name: &str| resource.get(name).and_then(Node::text);
        let (Some(address), Some(kind), Some(values)) = (member("address"), member("type"), resource.get("values"))
        else {
            continue;
        };
        if kind.starts_with("aws_iam_") && member("mode") != Some("data") {
            found.push(Resource { address, kind, place: resource.place, values: build.properties(values)? });
        }
    }
    for child in module.get("child_modules").map(Node::items).unwrap_or_default() {
        collect(child, build, found)?;
    }
    Ok(())
}

/// The ARN that a resource will have, by its address.
fn arn(resource: &Resource<'_>, target: &Target<'_>) -> Option<(String, String)> {
    let kind = match resource.kind {
        "aws_iam_user" => Kind::User,
        "aws_iam_group" => Kind::Group,
        "aws_iam_role" => Kind::Role,
        "aws_iam_policy" => Kind::Policy,
        _ => return None,
    };
    let path = resource.values.path.as_ref().map_or("/", |path| path.value.as_str());
    Some((resource.address.to_owned(), kind.arn(target.account, path, resource.values.name.as_ref()?)))
}

/// What values that are not known before a plan is applied refer to.
struct References<'n> {
    configuration: Option<&'n Node>,
    arns: Vec<(String, String)>,
}

impl References<'_> {
    /// The ARN of the one resource that an argument of a resource of the root module refers to.
    fn arn(&self, address: &str, argument: &str) -> Option<String> {
        let resources = self.configuration?.get("root_module")?.get("resources")?;
        let configured =
            resources.items().iter().find(|one| one.get("address").and_then(Node::text) == Some(address))?;
        let references = configured.get("expressions")?.get(argument)?.get("references")?;
        let mut arns = self.arns.iter().filter(|(address, _)| {
            references
                .items()
                .iter()
                .any(|one| one.text().is_some_and(|text| text.strip_suffix(".arn") == Some(address)))
        });
        let found = arns.next().map(|(_, arn)| arn.clone());
        found.filter(|_| arns.next().is_none())
    }
}

impl Build<'_> {
    /// A value that must be known, or is found by what it refers to.
    fn known<T>(&mut self, resource: (&str, Place), argument: &str, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.unresolved.push((resource.1, format!("{} of {}", argument, resource.0)));
        }
        value
    }
}

fn is_relation(kind: &str) -> bool {
    kind.ends_with("_attachment")
        || kind.ends_with("_membership")
        || matches!(kind, "aws_iam_user_policy" | "aws_iam_group_policy" | "aws_iam_role_policy" | "aws_iam_access_key")
}

fn entity(resource: Resource<'_>, build: &mut Build<'_>) -> Result<(), DescriptionError> {
    let Resource { address, kind, place, mut values } = resource;
    let at = (address, place);
    let boundary = values.permissions_boundary.take().filter(|arn| !arn.is_empty()).map(Some);
    match kind {
        "aws_iam_user" => {
            let Some(name) = build.known(at, "name", values.name) else { return Ok(()) };
            let user = UserDescription { path: values.path, boundary, tags: values.tags, ..UserDescription::default() };
            build.account.users.0.push((name, user));
        }
        "aws_iam_group" => {
            let Some(name) = build.known(at, "name", values.name) else { return Ok(()) };
            build.account.groups.0.push((name, GroupDescription { path: values.path, ..GroupDescription::default() }));
        }
        "aws_iam_role" => {
            let Some(name) = build.known(at, "name", values.name) else { return Ok(()) };
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
            let Some(name) = build.known(at, "name", values.name) else { return Ok(()) };
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
            let Some(name) = build.known(at, "name", values.name) else { return Ok(()) };
            let profile = InstanceProfileDescription {
                path: values.path,
                role: Some(values.role),
                tags: values.tags,
                ..InstanceProfileDescription::default()
            };
            build.account.instance_profiles.0.push((name, profile));
        }
        "aws_iam_openid_connect_provider" => {
            let Some(url) = build.known(at, "url", values.url) else { return Ok(()) };
            let provider = OidcProviderDescription {
                client_ids: values.client_id_list,
                thumbprints: values.thumbprint_list,
                tags: values.tags,
                created: None,
            };
            build.account.oidc_providers.0.push((url, provider));
        }
        "aws_iam_saml_provider" => {
            let Some(name) = build.known(at, "name", values.name) else { return Ok(()) };
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
    Ok(())
}

fn relation(resource: Resource<'_>, lookup: &References<'_>, build: &mut Build<'_>) {
    let Resource { address, kind, place, values } = resource;
    let at = (address, place);
    let owners =
        [(Grantee::User, values.user.clone()), (Grantee::Group, values.group.clone()), (Grantee::Role, values.role)];
    let mut grantees: Vec<_> = owners.into_iter().filter_map(|(kind, name)| Some((kind, name?))).collect();
    match kind {
        "aws_iam_user_policy" | "aws_iam_group_policy" | "aws_iam_role_policy" => {
            let name = build.known(at, "name", values.name);
            let document = build.known(at, "policy", values.policy);
            let (Some(name), Some(document)) = (name, document) else { return };
            grantees.into_iter().for_each(|(kind, grantee)| build.put(kind, &grantee, name.clone(), document.clone()));
        }
        "aws_iam_user_policy_attachment"
        | "aws_iam_group_policy_attachment"
        | "aws_iam_role_policy_attachment"
        | "aws_iam_policy_attachment" => {
            grantees.extend(values.users.into_iter().map(|name| (Grantee::User, name)));
            grantees.extend(values.groups.into_iter().map(|name| (Grantee::Group, name)));
            grantees.extend(values.roles.into_iter().map(|name| (Grantee::Role, name)));
            let found =
                values.policy_arn.or_else(|| lookup.arn(address, "policy_arn").map(|arn| Placed::new(place, arn)));
            let Some(policy) = build.known(at, "policy_arn", found) else { return };
            grantees.into_iter().for_each(|(kind, grantee)| build.attach(kind, &grantee, policy.clone()));
        }
        "aws_iam_user_group_membership" | "aws_iam_group_membership" => {
            let users: Vec<_> = values.user.into_iter().chain(values.users).collect();
            let groups: Vec<_> = values.group.into_iter().chain(values.groups).collect();
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
