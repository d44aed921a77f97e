//! Access keys of users and of the root user.

use serde::{Deserialize, Serialize};

use crate::account::{AccessKey, Credentials, Quota, Reference};
use crate::call::oldest_first;
use crate::call::{Access, Command, Listing, Members, Operation, Paging, Query, Target, Transaction, View, operations};
use crate::error::{Code, Error, Result};
use crate::shapes::{AccessKeyId, ExistingUserName, Marker, MaxItems, Secret, Status, Timestamp};

/// A new access key: the one answer that shows its secret.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AccessKeyShape {
    user_name: Option<String>,
    access_key_id: String,
    status: Status,
    secret_access_key: Secret,
    create_date: Timestamp,
}

/// An access key in a listing.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AccessKeyMetadata {
    user_name: Option<String>,
    access_key_id: String,
    status: Status,
    create_date: Timestamp,
}

/// Where and when an access key was last used.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AccessKeyLastUsed {
    last_used_date: Option<Timestamp>,
    service_name: String,
    region: String,
}

/// The access key with this id. AWS ends the refusal of one that is not there with a full stop where keys are updated,
/// and without where they are deleted.
fn find_mut<'c>(credentials: &'c mut Credentials, id: &str, full_stop: &str) -> Result<&'c mut AccessKey> {
    let missing = || Error::new(Code::NoSuchEntity, format!("The Access Key with id {id} cannot be found{full_stop}"));
    credentials.access_keys.iter_mut().find(|key| key.id == id).ok_or_else(missing)
}

/// Makes an access key for a user, or for the caller.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateAccessKey {
    user_name: Option<ExistingUserName>,
}

/// What `CreateAccessKey` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateAccessKeyResult {
    access_key: AccessKeyShape,
}

impl Operation for CreateAccessKey {
    type Output = CreateAccessKeyResult;

    const ERRORS: &'static [Code] = &[Code::LimitExceeded, Code::NoSuchEntity, Code::ServiceFailure];

    of_user_or_caller!();
}

impl Command for CreateAccessKey {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<CreateAccessKeyResult> {
        let owner = cx.credentials_owner(self.user_name.as_deref())?;
        cx.check_quota(Quota::AccessKeysPerUser, cx.account.credentials(&owner)?.access_keys.len())?;
        let key = AccessKey {
            id: cx.ids.access_key("AKIA", cx.account.id),
            secret: cx.ids.secret_access_key(),
            active: true,
            created: cx.now,
        };
        let access_key = AccessKeyShape {
            user_name: cx.account.shown_name(&owner),
            access_key_id: key.id.clone(),
            status: key.status(),
            secret_access_key: key.secret.clone(),
            create_date: key.created,
        };
        cx.account.update_credentials(&owner, |credentials| {
            credentials.access_keys.push(key);
            Ok(())
        })?;
        Ok(CreateAccessKeyResult { access_key })
    }
}

/// Lists the access keys of a user, or of the caller, without their secrets.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAccessKeys {
    user_name: Option<ExistingUserName>,
    marker: Option<Marker>,
    max_items: Option<MaxItems>,
}

impl Listing for ListAccessKeys {
    type Item = AccessKeyMetadata;

    const MEMBERS: &'static str = "AccessKeyMetadata";
    const ERRORS: &'static [Code] = &[Code::NoSuchEntity, Code::ServiceFailure];

    fn paging(&self) -> Paging<'_> {
        Paging(&self.marker, &self.max_items)
    }

    of_user_or_caller!();

    fn members<'a>(&'a self, cx: &'a View<'_>, after: Option<&'a str>) -> Result<Members<'a, AccessKeyMetadata>> {
        let owner = cx.credentials_owner(self.user_name.as_deref())?;
        let user_name = cx.account.shown_name(&owner);
        let keys = oldest_first(&cx.account.credentials(&owner)?.access_keys, after, |key| (key.created, &key.id));
        Ok(Box::new(keys.map(move |(position, key)| {
            let metadata = AccessKeyMetadata {
                user_name: user_name.clone(),
                access_key_id: key.id.clone(),
                status: key.status(),
                create_date: key.created,
            };
            (position, metadata)
        })))
    }
}

/// Makes an access key usable or unusable.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateAccessKey {
    user_name: Option<ExistingUserName>,
    access_key_id: AccessKeyId,
    status: Status,
}

impl Operation for UpdateAccessKey {
    type Output = ();

    const ERRORS: &'static [Code] =
        &[Code::InvalidInput, Code::LimitExceeded, Code::NoSuchEntity, Code::ServiceFailure];

    of_user_or_caller!();
}

impl Command for UpdateAccessKey {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let owner = cx.credentials_owner(self.user_name.as_deref())?;
        cx.account.update_credentials(&owner, |credentials| {
            let key = find_mut(credentials, &self.access_key_id, ".")?;
            key.active = self.status.activates()?;
            Ok(())
        })
    }
}

/// Deletes an access key.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteAccessKey {
    user_name: Option<ExistingUserName>,
    access_key_id: AccessKeyId,
}

impl Operation for DeleteAccessKey {
    type Output = ();

    const ERRORS: &'static [Code] = &[Code::LimitExceeded, Code::NoSuchEntity, Code::ServiceFailure];

    of_user_or_caller!();
}

impl Command for DeleteAccessKey {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let owner = cx.credentials_owner(self.user_name.as_deref())?;
        cx.account.update_credentials(&owner, |credentials| {
            find_mut(credentials, &self.access_key_id, "")?;
            credentials.access_keys.retain(|key| key.id != *self.access_key_id);
            Ok(())
        })
    }
}

/// Says when and where an access key was last used, and whose it is.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetAccessKeyLastUsed {
    access_key_id: AccessKeyId,
}

/// What `GetAccessKeyLastUsed` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetAccessKeyLastUsedResult {
    user_name: Option<String>,
    access_key_last_used: AccessKeyLastUsed,
}

impl Operation for GetAccessKeyLastUsed {
    type Output = GetAccessKeyLastUsedResult;

    const ERRORS: &'static [Code] = &[];
    const SHOWS_USES: bool = true;

    fn access(&self) -> Access<'_> {
        Access::to(Target::OwnerOfKey(&self.access_key_id))
    }
}

impl Query for GetAccessKeyLastUsed {
    /// A key that does not exist, or is another account's, is denied to everyone, the root user included.
    fn answer(self, cx: &View<'_>) -> Result<GetAccessKeyLastUsedResult> {
        let id = self.access_key_id.as_str();
        let Some(owner) = cx.account.owner_of(&Reference::AccessKey(id.to_owned())) else {
            let caller = cx.caller.arn(cx.account)?;
            let action = "iam:GetAccessKeyLastUsed";
            let message = format!("User: {caller} is not authorized to perform {action} on resource: access key {id}");
            return Err(Error::new(Code::AccessDenied, message));
        };
        let unknown = || "N/A".to_owned();
        let last = cx.environment.volatile.usage.last(cx.account.id, id);
        let access_key_last_used = AccessKeyLastUsed {
            last_used_date: last.as_ref().map(|last| last.used),
            service_name: last.as_ref().map_or_else(unknown, |last| last.service.clone()),
            region: last.map_or_else(unknown, |last| last.region),
        };
        Ok(GetAccessKeyLastUsedResult { user_name: cx.account.shown_name(&owner), access_key_last_used })
    }
}

operations!(IAM: query GetAccessKeyLastUsed, ListAccessKeys; command CreateAccessKey, DeleteAccessKey, UpdateAccessKey);
