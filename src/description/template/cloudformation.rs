//! The resources of IAM in CloudFormation's templates.

use std::path::Path;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::functions::Template;
use super::resources::{Resource, name, unknown_property};
use super::{Build, Grantee, Target};
use crate::description::file::DescriptionError;
use crate::description::{
    AccessKeyDescription, Document, Given, GroupDescription, InstanceProfileDescription, OidcProviderDescription,
    PasswordDescription, PolicyDescription, RoleDescription, SamlProviderDescription, UserDescription,
};
use crate::markup::{Content, Named, Node, Place, Placed};
use crate::shapes::Secret;

/// The properties of all kinds. Each kind has some of them.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Properties {
    path: Option<Placed<String>>,
    description: Option<Placed<String>>,
    groups: Option<Vec<Placed<String>>>,
    users: Vec<Placed<String>>,
    roles: Vec<Placed<String>>,
    managed_policy_arns: Option<Vec<Placed<String>>>,
    policies: Option<Vec<InlinePolicy>>,
    policy_name: Option<Placed<String>>,
    policy_document: Option<Document>,
    assume_role_policy_document: Option<Document>,
    permissions_boundary: Option<Placed<String>>,
    #[serde(deserialize_with = "number")]
    max_session_duration: Option<Placed<i64>>,
    tags: Option<Vec<Tag>>,
    login_profile: Option<Placed<LoginProfile>>,
    user_name: Option<Placed<String>>,
    group_name: Option<Placed<String>>,
    role_name: Option<Placed<String>>,
    url: Option<Placed<String>>,
    client_id_list: Option<Vec<String>>,
    thumbprint_list: Option<Vec<String>>,
    saml_metadata_document: Option<Placed<String>>,
    status: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct InlinePolicy {
    policy_name: Placed<String>,
    policy_document: Document,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    key: Placed<String>,
    #[serde(deserialize_with = "scalar")]
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct LoginProfile {
    password: Secret,
    #[serde(default, deserialize_with = "truth")]
    password_reset_required: bool,
}

/// A value that CloudFormation takes for a text, a number or a truth value, however it is written.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a text, a number or a truth value")]
enum Scalar {
    Boolean(bool),
    Integer(i64),
    Float(f64),
    Text(String),
}

impl Scalar {
    fn into_text(self) -> String {
        match self {
            Self::Boolean(value) => value.to_string(),
            Self::Integer(value) => value.to_string(),
            Self::Float(value) => value.to_string(),
            Self::Text(text) => text,
        }
    }
}

fn scalar<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Scalar::deserialize(deserializer).map(Scalar::into_text)
}

fn truth<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    scalar(deserializer)?.parse().map_err(|_| D::Error::custom("expected true or false"))
}

fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Placed<i64>>, D::Error> {
    let written: Placed<Scalar> = Placed::deserialize(deserializer)?;
    let number = written.value.into_text().parse().map_err(|_| D::Error::custom("expected an integer"))?;
    Ok(Some(Placed::new(written.place, number)))
}

impl Properties {
    fn tags(&mut self) -> Option<Named<String>> {
        self.tags.take().map(|tags| Named(tags.into_iter().map(|tag| (tag.key, tag.value)).collect()))
    }

    fn inline(&mut self) -> Option<Named<Document>> {
        let policies = self.policies.take()?;
        Some(Named(policies.into_iter().map(|policy| (policy.policy_name, policy.policy_document)).collect()))
    }
}

/// Reads a template.
///
/// # Errors
/// Properties of the wrong type.
pub(super) fn read(node: &Node, target: &Target<'_>, build: &mut Build<'_>) -> Result<(), DescriptionError> {
    let stem = Path::new(build.file).file_stem().and_then(|stem| stem.to_str()).unwrap_or("stack");
    let stack = stem.split('.').next().unwrap_or(stem).to_owned();
    let template = Template::new(node, target, stack);
    if let Some(transform) = node.get("Transform") {
        let message = "transforms are not applied: what they make is not in the account";
        build.warnings.push(format!("{}:{}: {message}", build.file, transform.place));
    }
    let resources = node.get("Resources").map(Node::members).unwrap_or_default();
    let mut later = Vec::new();
    for member in resources {
        if member.name.starts_with("Fn::") {
            // `Fn::ForEach` makes resources of its own.
            template.unresolved(member.place, member.name.as_str());
        }
        let Some(resource) = template.resource(&member.name) else { continue };
        let Some(kind) = resource.kind.strip_prefix("AWS::IAM::") else { continue };
        if template.is_made(&member.value) != Some(true) {
            continue;
        }
        if let Some(unknown) = unknown_property(kind, resource.properties) {
            let message = format!("{} has no property {}", resource.kind, unknown.name);
            return Err(build.error(unknown.place, message));
        }
        let properties = resource.properties.and_then(|properties| template.value(properties));
        let properties =
            properties.unwrap_or(Node { place: member.place, tag: None, content: Content::Map(Vec::new()) });
        // The place of a value that is missing is taken by an empty text.
        if !template.unresolved.borrow().is_empty() {
            continue;
        }
        let read: Properties = build.properties(&properties)?;
        let named = name(&template, &member.name, &resource).map(|name| Placed::new(member.place, name));
        match entity(kind, named, read, member.place, build)? {
            Some(rest) => later.push((kind, resource, member.place, rest)),
            None => continue,
        }
    }
    for (kind, resource, place, properties) in later {
        relation(kind, &resource, properties, place, build);
    }
    build.unresolved.extend(template.unresolved.take());
    Ok(())
}

/// Takes up an entity; returns the properties of what gives something to entities.
fn entity(
    kind: &str,
    name: Option<Placed<String>>,
    mut properties: Properties,
    place: Place,
    build: &mut Build<'_>,
) -> Result<Option<Properties>, DescriptionError> {
    let inline_policies = properties.inline();
    let tags = properties.tags();
    let boundary = properties.permissions_boundary.take().map(Some);
    let account = &mut build.account;
    match (kind, name) {
        ("User", Some(name)) => account.users.0.push((
            name,
            UserDescription {
                path: properties.path,
                groups: properties.groups,
                policies: properties.managed_policy_arns,
                inline_policies,
                boundary,
                tags,
                password: properties.login_profile.map(|profile| {
                    let secret = Given::Secret(profile.value.password);
                    let reset_required = profile.value.password_reset_required;
                    Placed::new(profile.place, PasswordDescription { secret, reset_required })
                }),
                ..UserDescription::default()
            },
        )),
        ("Group", Some(name)) => account.groups.0.push((
            name,
            GroupDescription {
                path: properties.path,
                policies: properties.managed_policy_arns,
                inline_policies,
                ..GroupDescription::default()
            },
        )),
        ("Role", Some(name)) => account.roles.0.push((
            name,
            RoleDescription {
                path: properties.path,
                trust: properties.assume_role_policy_document,
                description: properties.description,
                max_session_duration: properties.max_session_duration,
                policies: properties.managed_policy_arns,
                inline_policies,
                boundary,
                tags,
                ..RoleDescription::default()
            },
        )),
        ("ManagedPolicy", Some(name)) => {
            let policy = PolicyDescription {
                path: properties.path.take(),
                description: properties.description.take(),
                document: properties.policy_document.take(),
                tags,
                ..PolicyDescription::default()
            };
            account.policies.0.push((name.clone(), policy));
            return Ok(Some(Properties { policy_name: Some(name), ..properties }));
        }
        ("InstanceProfile", Some(name)) => account.instance_profiles.0.push((
            name,
            InstanceProfileDescription {
                path: properties.path,
                role: Some(properties.roles.into_iter().next()),
                ..InstanceProfileDescription::default()
            },
        )),
        ("SAMLProvider", Some(name)) => account
            .saml_providers
            .0
            .push((name, SamlProviderDescription { metadata: properties.saml_metadata_document, tags, created: None })),
        ("OIDCProvider", _) => {
            let url = properties.url.ok_or_else(|| build.error(place, "the provider needs a Url"))?;
            let provider = OidcProviderDescription {
                client_ids: properties.client_id_list,
                thumbprints: properties.thumbprint_list,
                tags,
                created: None,
            };
            build.account.oidc_providers.0.push((url, provider));
        }
        ("Policy" | "UserPolicy" | "GroupPolicy" | "RolePolicy" | "UserToGroupAddition" | "AccessKey", _) => {
            return Ok(Some(properties));
        }
        _ => {
            let (file, kind) = (build.file, format!("AWS::IAM::{kind}"));
            build.warnings.push(format!("{file}:{place}: {kind} is left out"));
        }
    }
    Ok(None)
}

/// Takes up what gives policies, memberships and keys to entities of the template.
fn relation(kind: &str, resource: &Resource<'_>, properties: Properties, place: Place, build: &mut Build<'_>) {
    let Properties {
        users, groups, roles, policy_name, policy_document, user_name, group_name, role_name, status, ..
    } = properties;
    let grantees = users.iter().map(|name| (Grantee::User, name));
    let grantees = grantees.chain(groups.iter().flatten().map(|name| (Grantee::Group, name)));
    let grantees = grantees.chain(roles.iter().map(|name| (Grantee::Role, name)));
    match (kind, policy_name, policy_document) {
        ("ManagedPolicy", Some(name), _) => {
            // By its name: a policy of the template is one of the account.
            grantees.for_each(|(kind, grantee)| build.attach(kind, grantee, name.clone()));
        }
        ("Policy", Some(name), Some(document)) => {
            grantees.for_each(|(kind, grantee)| build.put(kind, grantee, name.clone(), document.clone()));
        }
        ("UserPolicy" | "GroupPolicy" | "RolePolicy", Some(name), Some(document)) => {
            let one = [(Grantee::User, user_name), (Grantee::Group, group_name), (Grantee::Role, role_name)];
            for (kind, grantee) in one {
                if let Some(grantee) = grantee {
                    build.put(kind, &grantee, name.clone(), document.clone());
                }
            }
        }
        ("UserToGroupAddition", ..) => {
            let Some(group) = group_name else { return };
            for user in &users {
                match build.account.users.0.iter_mut().find(|(name, _)| name.value == user.value) {
                    Some((_, description)) => description.groups.get_or_insert_default().push(group.clone()),
                    None => build.is_not_here(Grantee::User, user),
                }
            }
        }
        ("AccessKey", ..) => {
            let Some(user) = user_name else { return };
            let active = status.as_deref() != Some("Inactive");
            let key = Placed::new(place, AccessKeyDescription { id: None, secret: Given::Generated, active });
            match build.account.users.0.iter_mut().find(|(name, _)| name.value == user.value) {
                Some((_, description)) => description.access_keys.get_or_insert_default().push(key),
                None => build.is_not_here(Grantee::User, &user),
            }
        }
        _ => build.warnings.push(format!("{}:{place}: {} is left out", build.file, resource.kind)),
    }
}
