//! A principal written as text: an ARN, a service's name, or `*`.

use super::Principal;
use crate::pattern::Arn;

/// A principal known by its text alone; [`PrincipalText::principal`] lends it to a request.
///
/// An ARN does not say everything. Unique ids stay empty; an assumed role's own ARN is taken to have no path; a role's
/// ARN stands for one of its sessions; the user behind a federated user is any user.
#[derive(Clone, Debug)]
pub struct PrincipalText {
    text: String,
    account: String,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Anonymous,
    Root,
    User,
    /// The role's ARN and the session's, which is empty if the role is all that is known.
    Role {
        role_arn: String,
        session_arn: String,
        service_linked: bool,
    },
    FederatedUser,
    Service,
    Federated,
}

impl PrincipalText {
    /// Reads a text; `None` if it names no kind of principal that calls. Groups do not.
    pub fn parse(text: &str) -> Option<Self> {
        let (account, kind) = match Arn::new(text).parts {
            Some([_, partition, service, "", account, resource]) if !account.is_empty() => {
                (account, Kind::of_arn(text, partition, service, account, resource)?)
            }
            Some(_) => return None,
            None if text == "*" => ("", Kind::Anonymous),
            None if is_account(text) => (text, Kind::Root),
            None if BUILT_IN_PROVIDERS.contains(&text) => ("", Kind::Federated),
            None if text.contains('.') && !text.contains([':', '/', '*', ' ']) => ("", Kind::Service),
            None => return None,
        };
        Some(Self { text: text.to_owned(), account: account.to_owned(), kind })
    }

    /// Gives the role's ARN with its path, which a session's ARN leaves out. Others keep what they are.
    #[must_use]
    pub fn with_role_arn(mut self, arn: &str) -> Self {
        if let Kind::Role { role_arn, service_linked, .. } = &mut self.kind {
            arn.clone_into(role_arn);
            *service_linked = arn.contains(SERVICE_LINKED_PATH);
        }
        self
    }

    /// The principal.
    pub fn principal(&self) -> Principal<'_> {
        let Self { text, account, kind } = self;
        match kind {
            Kind::Anonymous => Principal::Anonymous,
            Kind::Root => Principal::Root { account },
            Kind::User => Principal::User { arn: text, id: "", account },
            Kind::Role { role_arn, session_arn, service_linked } => {
                Principal::RoleSession { role_arn, role_id: "", session_arn, account, service_linked: *service_linked }
            }
            Kind::FederatedUser => Principal::FederatedUser { arn: text, user: Some(("", "")), account },
            Kind::Service => Principal::Service { name: text, aliases: &[] },
            Kind::Federated => Principal::Federated { provider: text },
        }
    }
}

impl Kind {
    fn of_arn(text: &str, partition: &str, service: &str, account: &str, resource: &str) -> Option<Self> {
        let (kind, name) = resource.split_once('/').unwrap_or((resource, ""));
        match (service, kind, name) {
            ("iam", "root", "") => Some(Self::Root),
            ("iam", "user", name) if !name.is_empty() => Some(Self::User),
            ("iam", "role", name) if !name.is_empty() => Some(Self::role(text.to_owned(), String::new())),
            ("sts", "assumed-role", name) => {
                let (role, _) = name.split_once('/')?;
                Some(Self::role(format!("arn:{partition}:iam::{account}:role/{role}"), text.to_owned()))
            }
            ("sts", "federated-user", name) if !name.is_empty() => Some(Self::FederatedUser),
            ("iam", "saml-provider" | "oidc-provider", name) if !name.is_empty() => Some(Self::Federated),
            _ => None,
        }
    }

    /// A session's ARN has no path; its role is taken for what roles with such names are.
    fn role(role_arn: String, session_arn: String) -> Self {
        let service_linked =
            role_arn.contains(SERVICE_LINKED_PATH) || session_arn.contains(":assumed-role/AWSServiceRoleFor");
        Self::Role { role_arn, session_arn, service_linked }
    }
}

/// What the ARN of a service-linked role has, and no other.
const SERVICE_LINKED_PATH: &str = ":role/aws-service-role/";

/// Identity providers that need no entity in IAM.
pub(crate) const BUILT_IN_PROVIDERS: &[&str] =
    &["accounts.google.com", "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com"];

/// Whether a text is an account's number.
pub(crate) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_every_kind() {
        let known = |text: &str| PrincipalText::parse(text).unwrap();
        assert_eq!(known("*").principal(), Principal::Anonymous);
        assert_eq!(known("arn:aws:iam::111122223333:root").principal(), Principal::Root { account: "111122223333" });
        assert_eq!(
            known("ec2.amazonaws.com").principal(),
            Principal::Service { name: "ec2.amazonaws.com", aliases: &[] }
        );
        assert!(matches!(known("accounts.google.com").principal(), Principal::Federated { .. }));
        let session = known("arn:aws-cn:sts::111122223333:assumed-role/r/s");
        let Principal::RoleSession { role_arn, session_arn, service_linked, .. } = session.principal() else {
            panic!("a session")
        };
        assert_eq!(role_arn, "arn:aws-cn:iam::111122223333:role/r");
        assert!(session_arn.ends_with("/r/s") && !service_linked);
        for text in ["", "bob", "arn:aws:iam::111122223333:group/g", "arn:aws:s3:::b", "arn:aws:iam::1:user/", "a b.c"]
        {
            assert!(PrincipalText::parse(text).is_none(), "{text}");
        }
    }
}
