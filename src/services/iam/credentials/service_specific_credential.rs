//! Credentials of users for single services.

use serde::{Deserialize, Serialize};

use crate::account::{
    Entity, Quota, ServiceSpecificCredential, User, has_own_credentials, service_user_name, uses_api_keys,
};
use crate::call::{
    Access, AccountRef, Command, Context, Listing, Members, Operation, Paging, Target, Transaction, View, oldest_first,
    operations,
};
use crate::error::{Code, Error, Result};
use crate::shapes::{
    CredentialAgeDays, CredentialService, IdPrefix, Kind, Marker, MaxItems, Secret, ServiceSpecificCredentialId,
    Status, Timestamp, UserName,
};

const DAY: i64 = 86_400;

/// A new or reset credential: the answers that show its secret. Services with user names and passwords fill in one
/// pair of members, services with API keys the other.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ServiceSpecificCredentialShape {
    create_date: Timestamp,
    expiration_date: Option<Timestamp>,
    service_name: String,
    service_user_name: Option<String>,
    service_password: Option<Secret>,
    service_credential_alias: Option<String>,
    service_credential_secret: Option<Secret>,
    service_specific_credential_id: String,
    user_name: String,
    status: Status,
}

/// A credential in a listing.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ServiceSpecificCredentialMetadata {
    user_name: String,
    status: Status,
    service_user_name: Option<String>,
    service_credential_alias: Option<String>,
    create_date: Timestamp,
    expiration_date: Option<Timestamp>,
    service_specific_credential_id: String,
    service_name: String,
}

/// An answer that shows one credential and its secret.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ServiceSpecificCredentialResult {
    service_specific_credential: ServiceSpecificCredentialShape,
}

impl ServiceSpecificCredentialResult {
    fn of(credential: &ServiceSpecificCredential, secret: Secret, user_name: String, now: Timestamp) -> Self {
        let (alias, user) = alias_or_user(credential);
        let (service_credential_secret, service_password) =
            if alias.is_some() { (Some(secret), None) } else { (None, Some(secret)) };
        let service_specific_credential = ServiceSpecificCredentialShape {
            create_date: credential.created,
            expiration_date: credential.expires,
            service_name: credential.service.clone(),
            service_user_name: user,
            service_password,
            service_credential_alias: alias,
            service_credential_secret,
            service_specific_credential_id: credential.id.clone(),
            user_name,
            status: credential.status(now),
        };
        Self { service_specific_credential }
    }
}

impl ServiceSpecificCredentialMetadata {
    fn of(credential: &ServiceSpecificCredential, user_name: String, now: Timestamp) -> Self {
        let (service_credential_alias, service_user_name) = alias_or_user(credential);
        Self {
            user_name,
            status: credential.status(now),
            service_user_name,
            service_credential_alias,
            create_date: credential.created,
            expiration_date: credential.expires,
            service_specific_credential_id: credential.id.clone(),
            service_name: credential.service.clone(),
        }
    }
}

/// The credential's name, as an API key's alias or as a user name.
fn alias_or_user(credential: &ServiceSpecificCredential) -> (Option<String>, Option<String>) {
    let name = Some(credential.name.clone());
    if uses_api_keys(&credential.service) { (name, None) } else { (None, name) }
}

fn unsupported(service: &str) -> Error {
    let message = format!("No such service {service} is supported for Service Specific Credentials");
    Error::new(Code::NoSuchEntity, message)
}

fn find_mut<'u>(user: &'u mut User, id: &str) -> Result<&'u mut ServiceSpecificCredential> {
    let mut credentials = user.credentials.service_specific_credentials.iter_mut();
    let found = credentials.find(|credential| credential.id == id);
    found.ok_or_else(|| Error::new(Code::NoSuchEntity, format!("No such credential {id} exists")))
}

/// Makes a credential for one service.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateServiceSpecificCredential {
    user_name: UserName,
    service_name: CredentialService,
    credential_age_days: Option<CredentialAgeDays>,
}

impl Operation for CreateServiceSpecificCredential {
    type Output = ServiceSpecificCredentialResult;

    const ERRORS: &'static [Code] = &[Code::LimitExceeded, Code::NoSuchEntity, Code::NotSupportedService];

    fn access(&self) -> Access<'_> {
        Access::existing(Kind::User, &self.user_name)
            .key("iam:ServiceSpecificCredentialServiceName", Some(self.service_name.as_str()))
            .key("iam:ServiceSpecificCredentialAgeDays", self.credential_age_days.map(|age| age.get().to_string()))
    }
}

impl Command for CreateServiceSpecificCredential {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<ServiceSpecificCredentialResult> {
        let user = cx.account.find::<User>(&self.user_name)?;
        let service = self.service_name.as_str();
        if !has_own_credentials(service) {
            return Err(unsupported(service));
        }
        if self.credential_age_days.is_some() && !uses_api_keys(service) {
            let message = format!("CredentialAgeDays cannot be given for {service}.");
            return Err(Error::new(Code::ValidationError, message));
        }
        let of_user = user.credentials.service_specific_credentials.iter();
        let taken: Vec<&str> = of_user.filter(|one| one.service == service).map(|one| one.name.as_str()).collect();
        cx.check_quota(Quota::ServiceSpecificCredentialsPerUser, taken.len())?;
        let name = service_user_name(&user.name, cx.account.id, &taken);
        let id = cx.ids.unique(IdPrefix::Acca);
        let (mut credential, secret) =
            ServiceSpecificCredential::new(&cx.ids, id, self.service_name.into(), name, cx.now);
        credential.expires = self.credential_age_days.map(|age| cx.now.plus(i64::from(age.get()) * DAY));
        let now = cx.now;
        cx.account.update(&self.user_name, |user: &mut User| {
            let answer = ServiceSpecificCredentialResult::of(&credential, secret, user.name.clone(), now);
            user.credentials.service_specific_credentials.push(credential);
            Ok(answer)
        })
    }
}

/// Lists the credentials of a user, of the calling user, or of all users.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListServiceSpecificCredentials {
    user_name: Option<UserName>,
    service_name: Option<CredentialService>,
    all_users: Option<bool>,
    marker: Option<Marker>,
    max_items: Option<MaxItems>,
}

impl ListServiceSpecificCredentials {
    fn is_of_all(&self) -> bool {
        self.all_users == Some(true)
    }

    /// The users whose credentials are listed, beginning with the one with the key `first`.
    fn users<'a>(&self, cx: &'a Context<'_, impl AccountRef>, first: Option<&str>) -> Result<Vec<&'a User>> {
        if !self.is_of_all() {
            return Ok(vec![cx.account.find(&cx.user_name(self.user_name.as_deref())?)?]);
        }
        let users = cx.account.users.iter().map(|user| &**user);
        Ok(users.skip_while(|user| first.is_some_and(|first| *user.key() < *first)).collect())
    }
}

impl Listing for ListServiceSpecificCredentials {
    type Item = ServiceSpecificCredentialMetadata;

    const MEMBERS: &'static str = "ServiceSpecificCredentials";
    const ERRORS: &'static [Code] = &[Code::NoSuchEntity, Code::NotSupportedService];

    fn paging(&self) -> Paging<'_> {
        Paging(&self.marker, &self.max_items)
    }

    fn access(&self) -> Access<'_> {
        if self.is_of_all() {
            return Access::under(Kind::User, None);
        }
        Access::to(Target::UserOrCaller(self.user_name.as_deref()))
    }

    fn precondition(&self, cx: &View<'_>) -> Result<()> {
        match &self.user_name {
            Some(_) if self.is_of_all() => {
                Err(Error::new(Code::ValidationError, "UserName cannot be given together with AllUsers."))
            }
            None if self.is_of_all() => Ok(()),
            name => cx.user_name(name.as_deref()).map(drop),
        }
    }

    /// The key of a place is the user's key, a space, and the place among the user's credentials.
    fn members<'a>(
        &'a self,
        cx: &'a View<'_>,
        after: Option<&'a str>,
    ) -> Result<Members<'a, ServiceSpecificCredentialMetadata>> {
        let service = self.service_name.as_deref();
        if let Some(service) = service.filter(|service| !has_own_credentials(service)) {
            return Err(unsupported(service));
        }
        let last = after.and_then(|after| after.split_once(' '));
        let users = self.users(cx, last.map(|(user, _)| user))?;
        let members = users.into_iter().flat_map(move |user| {
            let user_key = user.key();
            let after = last.filter(|(last_user, _)| *last_user == user_key).map(|(_, place)| place);
            let all = &user.credentials.service_specific_credentials;
            let credentials = oldest_first(all, after, |credential| (credential.created, &credential.id));
            credentials.map(move |(place, credential)| (format!("{user_key} {place}"), user, credential))
        });
        let wanted = members.filter(move |(_, _, one)| service.is_none_or(|service| one.service == service));
        Ok(Box::new(wanted.map(|(key, user, credential)| {
            (key, ServiceSpecificCredentialMetadata::of(credential, user.name.clone(), cx.now))
        })))
    }
}

/// Makes a credential usable or unusable.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateServiceSpecificCredential {
    user_name: Option<UserName>,
    service_specific_credential_id: ServiceSpecificCredentialId,
    status: Status,
}

impl Operation for UpdateServiceSpecificCredential {
    type Output = ();

    const ERRORS: &'static [Code] = &[Code::NoSuchEntity];
    /// For the status `Expired`.
    const UNDECLARED_ERRORS: &'static [Code] = &[Code::InvalidInput];

    fn access(&self) -> Access<'_> {
        Access::to(Target::ServiceCredential(self.user_name.as_deref(), &self.service_specific_credential_id))
    }

    fn precondition(&self, cx: &View<'_>) -> Result<()> {
        cx.user_name(self.user_name.as_deref()).map(drop)
    }
}

impl Command for UpdateServiceSpecificCredential {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let user_name = cx.user_name(self.user_name.as_deref())?;
        cx.account.update(&user_name, |user: &mut User| {
            let credential = find_mut(user, &self.service_specific_credential_id)?;
            credential.active = self.status.activates()?;
            Ok(())
        })
    }
}

/// Gives a credential a new secret; the old one is no longer good.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ResetServiceSpecificCredential {
    user_name: Option<UserName>,
    service_specific_credential_id: ServiceSpecificCredentialId,
}

impl Operation for ResetServiceSpecificCredential {
    type Output = ServiceSpecificCredentialResult;

    const ERRORS: &'static [Code] = &[Code::NoSuchEntity];

    fn access(&self) -> Access<'_> {
        Access::to(Target::ServiceCredential(self.user_name.as_deref(), &self.service_specific_credential_id))
    }

    fn precondition(&self, cx: &View<'_>) -> Result<()> {
        cx.user_name(self.user_name.as_deref()).map(drop)
    }
}

impl Command for ResetServiceSpecificCredential {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<ServiceSpecificCredentialResult> {
        let user_name = cx.user_name(self.user_name.as_deref())?;
        let (ids, now) = (&cx.ids, cx.now);
        cx.account.update(&user_name, |user: &mut User| {
            let name = user.name.clone();
            let credential = find_mut(user, &self.service_specific_credential_id)?;
            let secret = credential.reset(ids);
            Ok(ServiceSpecificCredentialResult::of(credential, secret, name, now))
        })
    }
}

/// Deletes a credential.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteServiceSpecificCredential {
    user_name: Option<UserName>,
    service_specific_credential_id: ServiceSpecificCredentialId,
}

impl Operation for DeleteServiceSpecificCredential {
    type Output = ();

    const ERRORS: &'static [Code] = &[Code::NoSuchEntity];

    fn access(&self) -> Access<'_> {
        Access::to(Target::ServiceCredential(self.user_name.as_deref(), &self.service_specific_credential_id))
    }

    fn precondition(&self, cx: &View<'_>) -> Result<()> {
        cx.user_name(self.user_name.as_deref()).map(drop)
    }
}

impl Command for DeleteServiceSpecificCredential {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let user_name = cx.user_name(self.user_name.as_deref())?;
        cx.account.update(&user_name, |user: &mut User| {
            find_mut(user, &self.service_specific_credential_id)?;
            let id = self.service_specific_credential_id.as_str();
            user.credentials.service_specific_credentials.retain(|credential| credential.id != id);
            Ok(())
        })
    }
}

operations!(
    IAM:
    query ListServiceSpecificCredentials;
    command CreateServiceSpecificCredential, DeleteServiceSpecificCredential, ResetServiceSpecificCredential,
        UpdateServiceSpecificCredential
);
