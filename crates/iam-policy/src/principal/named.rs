//! Whom `Principal` and `NotPrincipal` name.

use super::Principal;
use crate::pattern::Arn;

/// The kinds of principals a document names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PrincipalKind {
    /// `AWS`: accounts, users, roles, sessions and `*`.
    Aws,
    /// `Service`.
    Service,
    /// `Federated`.
    Federated,
    /// `CanonicalUser`: an account's S3 id.
    CanonicalUser,
}

impl PrincipalKind {
    /// Reads the key of a `Principal` object.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "AWS" => Self::Aws,
            "Service" => Self::Service,
            "Federated" => Self::Federated,
            "CanonicalUser" => Self::CanonicalUser,
            _ => return None,
        })
    }
}

/// One name of a `Principal` element.
#[derive(Clone, Debug)]
pub struct PrincipalName {
    /// Its kind.
    pub kind: PrincipalKind,
    /// As written.
    pub written: Box<str>,
    /// The bytes of the JSON string in the document.
    pub(crate) span: std::ops::Range<usize>,
    pub(crate) name: Name,
}

/// What a name means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    Everyone,
    /// An account, by its number or its root user's ARN.
    Account(Box<str>),
    /// A user, role or session.
    Arn(Box<str>),
    /// A user's or role's unique id.
    Id(Box<str>),
    Service(Box<str>),
    Federated(Box<str>),
    Canonical,
}

/// How much a resource-based policy's Allow gives a principal of the same account, the more the greater (AWS: "Policy
/// evaluation logic", "Resource-based policies and implicit denies in other policy types").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    /// Its account is named: the identity side must allow as well.
    Delegated,
    /// Its role, or the user behind the federated user, is named: boundary and session policies limit it.
    Limited,
    /// It is named itself, or everyone is: no implicit deny matters.
    Direct,
}

/// A compiled `Principal` or `NotPrincipal`.
#[derive(Clone, Debug)]
pub(crate) struct PrincipalElement {
    pub negated: bool,
    pub names: Box<[PrincipalName]>,
}

impl Name {
    pub(crate) fn new(kind: PrincipalKind, written: &str) -> Self {
        match kind {
            PrincipalKind::Service => Self::Service(written.into()),
            PrincipalKind::Federated => Self::Federated(written.into()),
            PrincipalKind::CanonicalUser => Self::Canonical,
            PrincipalKind::Aws => Self::aws(written),
        }
    }

    fn aws(written: &str) -> Self {
        if written == "*" {
            return Self::Everyone;
        }
        match Arn::new(written).parts {
            Some([.., account, "root"]) => Self::Account(account.into()),
            Some(_) => Self::Arn(written.into()),
            None if written.bytes().all(|byte| byte.is_ascii_digit()) => Self::Account(written.into()),
            None => Self::Id(written.into()),
        }
    }

    /// How far an Allow for this name reaches `principal`; `None` if it is not meant.
    fn reach(&self, principal: &Principal<'_>) -> Option<Reach> {
        use Principal::{Federated, FederatedUser, RoleSession, Service, User};
        let when = |matches: bool, reach| matches.then_some(reach);
        match (self, principal) {
            (Self::Everyone, _) => Some(Reach::Direct),
            (Self::Account(of), principal) => when(principal.account() == Some(of), Reach::Delegated),
            (Self::Arn(named), User { arn, .. }) => when(**named == **arn, Reach::Direct),
            (Self::Id(named), User { id, .. }) => when(**named == **id, Reach::Direct),
            (Self::Arn(named), RoleSession { role_arn, session_arn, .. }) => {
                when(**named == **session_arn, Reach::Direct).or(when(**named == **role_arn, Reach::Limited))
            }
            (Self::Id(named), RoleSession { role_id, .. }) => when(**named == **role_id, Reach::Limited),
            (Self::Arn(named), FederatedUser { arn, user, .. }) => when(**named == **arn, Reach::Direct)
                .or(when(user.is_some_and(|(user_arn, _)| **named == *user_arn), Reach::Limited)),
            (Self::Id(named), FederatedUser { user: Some((_, id)), .. }) => when(**named == **id, Reach::Limited),
            (Self::Service(named), Service { name, aliases }) => {
                when(**named == **name || aliases.contains(&&**named), Reach::Direct)
            }
            (Self::Federated(named), Federated { provider }) => when(**named == **provider, Reach::Direct),
            _ => None,
        }
    }
}

impl PrincipalElement {
    /// How far a statement that denies reaches the principal. `bounded`: the principal has a permissions boundary, with
    /// which `NotPrincipal` exempts no one (AWS: "AWS JSON policy elements: NotPrincipal").
    pub(crate) fn reach_to_deny(&self, principal: &Principal<'_>, bounded: bool) -> Option<Reach> {
        match self.negated {
            true => (bounded || !self.exempts(principal)).then_some(Reach::Direct),
            false => self.named(principal),
        }
    }

    /// How far a statement that allows reaches the principal. `trust`: it is in a role's trust policy, where `*`
    /// means AWS principals only (AWS: "AWS JSON policy elements: Principal").
    pub(crate) fn reach_to_allow(&self, principal: &Principal<'_>, trust: bool) -> Option<Reach> {
        let stranger = matches!(principal, Principal::Anonymous | Principal::Federated { .. });
        match self.negated {
            // Nothing is given to whom any of the names means.
            true => self.named(principal).is_none().then_some(Reach::Direct),
            false if trust && stranger => {
                let names = self.names.iter().filter(|named| named.name != Name::Everyone);
                names.filter_map(|named| named.name.reach(principal)).max()
            }
            false => self.named(principal),
        }
    }

    /// How the names mean the principal, at most.
    fn named(&self, principal: &Principal<'_>) -> Option<Reach> {
        self.names.iter().filter_map(|named| named.name.reach(principal)).max()
    }

    /// A role session is exempt from a Deny only where its account, its role and itself are listed; a user or federated
    /// user where it is listed itself.
    fn exempts(&self, principal: &Principal<'_>) -> bool {
        let lists = |reach| self.names.iter().any(|named| named.name.reach(principal) == Some(reach));
        let everyone = || self.names.iter().any(|named| named.name == Name::Everyone);
        everyone()
            || match principal {
                Principal::Root { .. } => lists(Reach::Delegated),
                Principal::RoleSession { .. } => {
                    lists(Reach::Delegated) && lists(Reach::Limited) && lists(Reach::Direct)
                }
                _ => lists(Reach::Direct),
            }
    }
}
