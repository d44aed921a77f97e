//! Rules about tags.

use super::{Examination, Offender, Verdict, command};
use crate::account::{
    InstanceProfile, ManagedPolicy, OidcProvider, Resource, Role, SamlProvider, ServerCertificate, User,
};

/// Judges all resources of a kind. `flag`: how the tagging command names the resource, by `value`.
fn judge<R: Resource>(x: &Examination<'_>, tag: &str, flag: &str, value: impl Fn(&R) -> String) -> Verdict {
    let required = x.values.list("requiredKeyTags");
    let offender = |resource: &R| {
        let tags = resource.tags().map(|tags| tags.iter().map(|tag| tag.key.as_str()).collect::<Vec<_>>());
        let tags = tags.unwrap_or_default();
        let missing: Vec<&str> = required.iter().copied().filter(|key| !tags.contains(key)).collect();
        let reason = match missing.as_slice() {
            [] if required.is_empty() && tags.is_empty() => "it has no tags".to_owned(),
            [] => return None,
            keys => format!("it lacks the tags {}", keys.join(", ")),
        };
        let keys = if missing.is_empty() { vec!["KEY"] } else { missing };
        let pairs: Vec<String> = keys.iter().map(|key| super::shell_word(&format!("Key={key},Value=VALUE"))).collect();
        let named = command(&format!("aws iam {tag} --{flag} {{}}"), [&value(resource)]);
        let mend = format!("{named} --tags {}", pairs.join(" "));
        Some(Offender::new(x.arn(resource), reason, mend))
    };
    R::table(x.account()).iter().filter_map(|resource| offender(resource)).collect::<Vec<_>>().into()
}

pub(super) fn of_users(x: &Examination<'_>) -> Verdict {
    judge::<User>(x, "tag-user", "user-name", |user| user.name.clone())
}

pub(super) fn of_roles(x: &Examination<'_>) -> Verdict {
    judge::<Role>(x, "tag-role", "role-name", |role| role.name.clone())
}

pub(super) fn of_policies(x: &Examination<'_>) -> Verdict {
    judge::<ManagedPolicy>(x, "tag-policy", "policy-arn", |policy| x.arn(policy))
}

pub(super) fn of_instance_profiles(x: &Examination<'_>) -> Verdict {
    let name = |profile: &InstanceProfile| profile.name().to_owned();
    judge(x, "tag-instance-profile", "instance-profile-name", name)
}

pub(super) fn of_server_certificates(x: &Examination<'_>) -> Verdict {
    let name = |certificate: &ServerCertificate| certificate.name.clone();
    judge(x, "tag-server-certificate", "server-certificate-name", name)
}

pub(super) fn of_saml_providers(x: &Examination<'_>) -> Verdict {
    judge::<SamlProvider>(x, "tag-saml-provider", "saml-provider-arn", |provider| x.arn(provider))
}

pub(super) fn of_oidc_providers(x: &Examination<'_>) -> Verdict {
    let arn = |provider: &OidcProvider| x.arn(provider);
    judge(x, "tag-open-id-connect-provider", "open-id-connect-provider-arn", arn)
}
