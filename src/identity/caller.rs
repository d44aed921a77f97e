//! The authenticated caller.

use std::sync::Arc;

use super::{ProviderValue, Session, SessionPrincipal};
use crate::account::{Account, Role, User};
use crate::error::{Code, Error, Part, Result};
use crate::shapes::{AccountId, Kind};
use crate::wire::Service;

/// What the credentials of `GetSessionToken` may call at STS (IAM User Guide, "Compare AWS STS credentials").
const OF_USERS: &[&str] =
    &["AssumeRole", "GetCallerIdentity", "GetDelegatedAccessToken", "GetScopedCredentials", "GetWebIdentityToken"];
/// What the credentials of `GetFederationToken` may call at STS.
const OF_FEDERATED_USERS: &[&str] = &["GetCallerIdentity", "GetDelegatedAccessToken", "GetScopedCredentials"];

/// Who signed the request.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The principal's account.
    pub account: AccountId,
    /// The principal.
    pub principal: Principal,
    /// The access key that signed.
    pub access_key_id: String,
    /// The session, with temporary credentials.
    pub session: Option<Arc<Session>>,
}

/// A principal, by the keys and unique ids under which the account knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// The root user of the account.
    Root,
    /// An IAM user, with long-term or temporary credentials.
    User {
        /// The user's key.
        key: String,
        /// The user's unique id.
        id: String,
    },
    /// A session of a role.
    RoleSession {
        /// The role's key.
        key: String,
        /// The role's unique id.
        id: String,
        /// The role's name in its own spelling.
        name: String,
        /// The session's name.
        session: String,
    },
    /// A session of a federated user.
    FederatedUser {
        /// The federated user's name.
        name: String,
        /// Key and unique id of the user that asked for the session; `None` for the root user.
        issuer: Option<(String, String)>,
    },
    /// An AWS service, which assumes a role for what runs in it.
    Service(ServicePrincipal),
    /// An anonymous caller: an operation that needs no signature.
    Anonymous,
}

/// An AWS service that calls on behalf of one of its resources.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServicePrincipal {
    /// The service principal, such as `ec2.amazonaws.com`.
    pub name: String,
    /// The resource, if the service names it: `aws:SourceArn`, and with its account `aws:SourceAccount`.
    pub source_arn: Option<String>,
    /// What the requests of its sessions say of the resource, by condition key.
    pub session_keys: Vec<(String, ProviderValue)>,
}

impl Caller {
    /// The caller of an operation that needs no signature. It belongs to no account.
    pub fn anonymous() -> Self {
        Self {
            account: AccountId::ANONYMOUS,
            principal: Principal::Anonymous,
            access_key_id: String::new(),
            session: None,
        }
    }

    /// Who acts through a session.
    pub fn of_session(session: Session) -> Self {
        Self {
            account: session.account,
            principal: session.acting(),
            access_key_id: session.access_key_id.clone(),
            session: Some(Arc::new(session)),
        }
    }

    /// An AWS service, which belongs to no account and needs no access key.
    pub fn service(service: ServicePrincipal) -> Self {
        Self { principal: Principal::Service(service), ..Self::anonymous() }
    }

    /// The service that calls, if one does.
    pub fn as_service(&self) -> Option<&ServicePrincipal> {
        match &self.principal {
            Principal::Service(service) => Some(service),
            _ => None,
        }
    }

    /// The user behind long-term credentials or `GetSessionToken`, as the account knows it now.
    ///
    /// # Errors
    /// `InvalidClientTokenId` when the user is gone.
    pub fn user<'a>(&self, account: &'a Account) -> Result<Option<&'a Arc<User>>> {
        match &self.principal {
            Principal::User { key, id } => user_of(account, key, id).map(Some),
            _ => Ok(None),
        }
    }

    /// The role of a role session; `None` for other callers and when the role is gone.
    pub fn role<'a>(&self, account: &'a Account) -> Option<&'a Arc<Role>> {
        let Principal::RoleSession { key, id, .. } = &self.principal else { return None };
        account.roles.get(key).filter(|role| role.id == *id)
    }

    /// The user whose permissions the caller has: itself, or the one that asked for the federated user's session.
    ///
    /// # Errors
    /// `InvalidClientTokenId` when the user is gone.
    pub fn acting_user<'a>(&self, account: &'a Account) -> Result<Option<&'a Arc<User>>> {
        match &self.principal {
            Principal::User { key, id } | Principal::FederatedUser { issuer: Some((key, id)), .. } => {
                user_of(account, key, id).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Whether a session of a role acts that is gone.
    pub fn has_lost_its_role(&self, account: &Account) -> bool {
        matches!(self.principal, Principal::RoleSession { .. }) && self.role(account).is_none()
    }

    /// Sessions may not call everything (IAM User Guide, "Compare AWS STS credentials"): no session can ask for a
    /// user's session; those of users cannot call IAM without MFA, and of STS little; federated users can call neither.
    /// A delegated session acts by the request's policy, not by the permissions of who accepted it.
    ///
    /// # Errors
    /// `InvalidClientTokenId` at IAM, `AccessDenied` at STS.
    pub fn must_be_allowed_at(&self, service: Service, operation: &str) -> Result<()> {
        let Some(session) = &self.session else { return Ok(()) };
        if service != Service::IAM && service != Service::STS {
            return Ok(());
        }
        let is_iam = service == Service::IAM;
        let is_role = matches!(session.principal, SessionPrincipal::Role { .. }) || session.delegation.is_some();
        let allowed = match &session.principal {
            _ if is_role => is_iam || !matches!(operation, "GetFederationToken" | "GetSessionToken"),
            SessionPrincipal::Federated { .. } => !is_iam && OF_FEDERATED_USERS.contains(&operation),
            _ if is_iam => session.mfa.is_some() || session.is_of_sign_in() || self.has_assumed_root(),
            _ => OF_USERS.contains(&operation),
        };
        if allowed {
            return Ok(());
        }
        if !is_iam {
            return Err(Error::new(Code::AccessDenied, format!("Cannot call {operation} with session credentials")));
        }
        let why = match session.principal {
            SessionPrincipal::Federated { .. } => "sessions of GetFederationToken cannot call IAM",
            _ => "sessions of GetSessionToken cannot call IAM unless they were made with MFA",
        };
        Err(super::authenticate::invalid_token(Part::Session, why))
    }

    /// Whether a session of `AssumeRoot` calls: one of the root user that session policies narrow.
    pub fn has_assumed_root(&self) -> bool {
        let narrowed = self.session.as_ref().is_some_and(|session| session.policies.is_some());
        narrowed && self.principal == Principal::Root
    }

    /// The ARN as `GetCallerIdentity` shows it.
    ///
    /// # Errors
    /// `InvalidClientTokenId` when the user is gone.
    pub fn arn(&self, account: &Account) -> Result<String> {
        let id = self.account;
        let partition = id.partition();
        Ok(match &self.principal {
            Principal::Root => id.root_arn(),
            Principal::User { key, id: user_id } => {
                let user = user_of(account, key, user_id)?;
                Kind::User.arn(id, &user.path, &user.name)
            }
            Principal::RoleSession { name, session, .. } => {
                format!("arn:{partition}:sts::{id}:assumed-role/{name}/{session}")
            }
            Principal::FederatedUser { name, .. } => format!("arn:{partition}:sts::{id}:federated-user/{name}"),
            Principal::Service(service) => service.name.clone(),
            Principal::Anonymous => "anonymous".to_owned(),
        })
    }

    /// The unique id of the calling user, or of the role behind a session.
    pub fn unique_id(&self) -> Option<&str> {
        match &self.principal {
            Principal::User { id, .. } | Principal::RoleSession { id, .. } => Some(id),
            _ => None,
        }
    }

    /// The unique id as `GetCallerIdentity` and `aws:userid` show it.
    pub fn user_id(&self) -> String {
        match &self.principal {
            Principal::Root => self.account.to_string(),
            Principal::User { id, .. } => id.clone(),
            Principal::RoleSession { id, session, .. } => format!("{id}:{session}"),
            Principal::FederatedUser { name, .. } => format!("{}:{name}", self.account),
            Principal::Service(service) => service.name.clone(),
            Principal::Anonymous => "anonymous".to_owned(),
        }
    }

    /// The caller for the log: short, without its account, and without a look into that.
    pub fn label(&self) -> String {
        match &self.principal {
            Principal::Root => "root".to_owned(),
            Principal::User { key, .. } => format!("user/{key}"),
            Principal::RoleSession { name, session, .. } => format!("assumed-role/{name}/{session}"),
            Principal::FederatedUser { name, .. } => format!("federated-user/{name}"),
            Principal::Service(service) => service.name.clone(),
            Principal::Anonymous => "anonymous".to_owned(),
        }
    }
}

fn user_of<'a>(account: &'a Account, key: &str, id: &str) -> Result<&'a Arc<User>> {
    account
        .users
        .get(key)
        .filter(|user| user.id == id)
        .or_else(|| renamed(account, id))
        .ok_or_else(|| super::authenticate::invalid_token(Part::Session, "its user is gone"))
}

/// A session outlives the renaming of its user, whose id stays.
fn renamed<'a>(account: &'a Account, id: &str) -> Option<&'a Arc<User>> {
    let reference = crate::account::Reference::UniqueId(id.to_owned());
    let user: &User = account.referrers::<User>(&reference).next()?;
    account.users.get(&crate::account::name_key(&user.name))
}
