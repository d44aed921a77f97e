//! The caller in the audit trail (CloudTrail User Guide, "CloudTrail userIdentity element").

use super::{Caller, Principal, Session};
use crate::account::{Account, Resource};
use crate::audit::{IdentityKind, IssuerKind, SessionContext, SessionIssuer, UserIdentity};

impl Caller {
    /// The caller as its own account knows it. `account` is that one.
    pub fn identity(&self, account: &Account) -> UserIdentity {
        let session = self.session.as_deref();
        let context = |issuer| session.map(|session| session_context(session, issuer, self.has_assumed_root()));
        let identity = UserIdentity {
            principal_id: Some(self.user_id()),
            arn: self.arn(account).ok(),
            account: Some(self.account),
            access_key_id: Some(self.access_key_id.clone()).filter(|id| !id.is_empty()),
            ..UserIdentity::default()
        };
        match &self.principal {
            Principal::Root => UserIdentity { kind: IdentityKind::Root, session: context(None), ..identity },
            Principal::User { key, .. } => {
                let user = self.user(account).ok().flatten();
                let user_name = Some(user.map_or_else(|| key.clone(), |user| user.name.clone()));
                UserIdentity { kind: IdentityKind::IamUser, user_name, session: context(None), ..identity }
            }
            Principal::RoleSession { id, name, .. } => {
                let issuer = SessionIssuer {
                    kind: IssuerKind::Role,
                    principal_id: id.clone(),
                    arn: self.role(account).map_or_else(
                        || format!("arn:{}:iam::{}:role/{name}", self.account.partition(), self.account),
                        |role| role.arn(self.account),
                    ),
                    account: self.account,
                    user_name: Some(name.clone()),
                };
                UserIdentity { kind: IdentityKind::AssumedRole, session: context(Some(issuer)), ..identity }
            }
            Principal::FederatedUser { .. } => {
                let user = self.acting_user(account).ok().flatten();
                let issuer = SessionIssuer {
                    kind: if user.is_some() { IssuerKind::IamUser } else { IssuerKind::Root },
                    principal_id: user.map_or_else(|| self.account.to_string(), |user| user.id.clone()),
                    arn: user.map_or_else(|| self.account.root_arn(), |user| user.arn(self.account)),
                    account: self.account,
                    user_name: user.map(|user| user.name.clone()),
                };
                UserIdentity { kind: IdentityKind::FederatedUser, session: context(Some(issuer)), ..identity }
            }
            Principal::Service(service) => UserIdentity {
                kind: IdentityKind::AwsService,
                invoked_by: Some(service.name.clone()),
                ..UserIdentity::default()
            },
            Principal::Anonymous => UserIdentity::default(),
        }
    }

    /// The caller as another account sees it: its account and its id.
    pub fn foreign_identity(&self) -> UserIdentity {
        UserIdentity {
            kind: IdentityKind::AwsAccount,
            principal_id: Some(self.user_id()),
            account: Some(self.account),
            ..UserIdentity::default()
        }
    }
}

fn session_context(session: &Session, issuer: Option<SessionIssuer>, assumed_root: bool) -> SessionContext {
    let has = |key: &str| session.provider_keys.iter().any(|(known, _)| known == key);
    SessionContext {
        issuer,
        created: session.issued,
        mfa: session.mfa.is_some(),
        source_identity: session.source_identity.clone(),
        // The credentials of instances are of version 2 of the metadata service here.
        ec2_role_delivery: has("ec2:RoleDelivery").then(|| "2.0".to_owned()),
        assumed_root,
    }
}
