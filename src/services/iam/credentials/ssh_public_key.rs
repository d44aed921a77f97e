//! SSH public keys of users.

use serde::{Deserialize, Serialize};

use crate::account::{Credentials, Quota, SshPublicKey, User};
use crate::call::{
    Access, Command, Listing, Members, Operation, Paging, Query, Target, Transaction, View, oldest_first, operations,
};
use crate::error::{Code, Error, Result};
use crate::keys::{SshKey, SshKeyError};
use crate::shapes::{
    IdPrefix, Kind, Marker, MaxItems, PublicKeyEncoding, PublicKeyId, PublicKeyMaterial, Status, Timestamp, UserName,
};

/// An SSH public key in an answer.
#[derive(Serialize)]
pub struct SshPublicKeyShape {
    #[serde(rename = "UserName")]
    user_name: String,
    #[serde(rename = "SSHPublicKeyId")]
    ssh_public_key_id: String,
    #[serde(rename = "Fingerprint")]
    fingerprint: String,
    #[serde(rename = "SSHPublicKeyBody")]
    ssh_public_key_body: String,
    #[serde(rename = "Status")]
    status: Status,
    #[serde(rename = "UploadDate")]
    upload_date: Timestamp,
}

impl SshPublicKeyShape {
    fn of(key: &SshPublicKey, user: &User, body: String) -> Self {
        Self {
            user_name: user.name.clone(),
            ssh_public_key_id: key.id.clone(),
            fingerprint: key.fingerprint.clone(),
            ssh_public_key_body: body,
            status: Status::of(key.active),
            upload_date: key.uploaded,
        }
    }
}

/// An answer that shows one key.
#[derive(Serialize)]
pub struct SshPublicKeyResult {
    #[serde(rename = "SSHPublicKey")]
    ssh_public_key: SshPublicKeyShape,
}

fn missing(id: &str) -> Error {
    Error::new(Code::NoSuchEntity, format!("The Public Key with id {id} cannot be found."))
}

fn find_mut<'c>(credentials: &'c mut Credentials, id: &str) -> Result<&'c mut SshPublicKey> {
    credentials.ssh_public_keys.iter_mut().find(|key| key.id == id).ok_or_else(|| missing(id))
}

fn refusal(error: SshKeyError) -> Error {
    match error {
        SshKeyError::UnrecognizedEncoding => {
            Error::new(Code::UnrecognizedPublicKeyEncoding, "Invalid public key uploaded.")
        }
        SshKeyError::Invalid => Error::new(Code::InvalidPublicKey, "Invalid body for public key"),
    }
}

/// Gives a user an SSH public key.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UploadSSHPublicKey {
    user_name: UserName,
    #[serde(rename = "SSHPublicKeyBody")]
    ssh_public_key_body: PublicKeyMaterial,
}

impl Operation for UploadSSHPublicKey {
    type Output = SshPublicKeyResult;

    const ERRORS: &'static [Code] = &[
        Code::DuplicateSSHPublicKey,
        Code::InvalidPublicKey,
        Code::LimitExceeded,
        Code::NoSuchEntity,
        Code::UnrecognizedPublicKeyEncoding,
    ];

    fn access(&self) -> Access<'_> {
        Access::existing(Kind::User, &self.user_name)
    }
}

impl Command for UploadSSHPublicKey {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<SshPublicKeyResult> {
        let user = cx.account.find::<User>(&self.user_name)?;
        let read = SshKey::read(&self.ssh_public_key_body).map_err(refusal)?;
        let fingerprint = read.fingerprint()?;
        let keys = &user.credentials.ssh_public_keys;
        if keys.iter().any(|key| key.fingerprint == fingerprint) {
            return Err(Error::new(Code::DuplicateSSHPublicKey, "Duplicate SSH public key uploaded."));
        }
        cx.check_quota(Quota::SSHPublicKeysPerUser, keys.len())?;
        let id = cx.ids.unique(IdPrefix::Apka);
        let key = SshPublicKey { id, body: read.openssh()?, fingerprint, active: true, uploaded: cx.now };
        let ssh_public_key = cx.account.update(&self.user_name, |user: &mut User| {
            let shape = SshPublicKeyShape::of(&key, user, self.ssh_public_key_body.into());
            user.credentials.ssh_public_keys.push(key);
            Ok(shape)
        })?;
        Ok(SshPublicKeyResult { ssh_public_key })
    }
}

/// Shows an SSH public key in OpenSSH's form or as PEM.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetSSHPublicKey {
    user_name: UserName,
    #[serde(rename = "SSHPublicKeyId")]
    ssh_public_key_id: PublicKeyId,
    encoding: PublicKeyEncoding,
}

impl Operation for GetSSHPublicKey {
    type Output = SshPublicKeyResult;

    const ERRORS: &'static [Code] = &[Code::NoSuchEntity, Code::UnrecognizedPublicKeyEncoding];

    fn access(&self) -> Access<'_> {
        Access::existing(Kind::User, &self.user_name)
    }
}

impl Query for GetSSHPublicKey {
    fn answer(self, cx: &View<'_>) -> Result<SshPublicKeyResult> {
        let user = cx.account.find::<User>(&self.user_name)?;
        let key = user.credentials.ssh_public_keys.iter().find(|key| key.id == *self.ssh_public_key_id);
        let key = key.ok_or_else(|| missing(&self.ssh_public_key_id))?;
        let body = match self.encoding {
            PublicKeyEncoding::Ssh => key.body.clone(),
            PublicKeyEncoding::Pem => SshKey::read(&key.body).map_err(refusal)?.pem()?,
        };
        Ok(SshPublicKeyResult { ssh_public_key: SshPublicKeyShape::of(key, user, body) })
    }
}

/// An SSH public key in a listing.
#[derive(Serialize)]
pub struct SshPublicKeyMetadata {
    #[serde(rename = "UserName")]
    user_name: String,
    #[serde(rename = "SSHPublicKeyId")]
    ssh_public_key_id: String,
    #[serde(rename = "Status")]
    status: Status,
    #[serde(rename = "UploadDate")]
    upload_date: Timestamp,
}

/// Lists the SSH public keys of a user, or of the calling user.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListSSHPublicKeys {
    user_name: Option<UserName>,
    marker: Option<Marker>,
    max_items: Option<MaxItems>,
}

impl Listing for ListSSHPublicKeys {
    type Item = SshPublicKeyMetadata;

    const MEMBERS: &'static str = "SSHPublicKeys";
    const ERRORS: &'static [Code] = &[Code::NoSuchEntity];

    fn paging(&self) -> Paging<'_> {
        Paging(&self.marker, &self.max_items)
    }

    fn access(&self) -> Access<'_> {
        Access::to(Target::UserOrCaller(self.user_name.as_deref()))
    }

    fn precondition(&self, cx: &View<'_>) -> Result<()> {
        cx.user_name(self.user_name.as_deref()).map(drop)
    }

    fn members<'a>(&'a self, cx: &'a View<'_>, after: Option<&'a str>) -> Result<Members<'a, SshPublicKeyMetadata>> {
        let user = cx.account.find::<User>(&cx.user_name(self.user_name.as_deref())?)?;
        let keys = oldest_first(&user.credentials.ssh_public_keys, after, |key| (key.uploaded, &key.id));
        Ok(Box::new(keys.map(|(place, key)| {
            let metadata = SshPublicKeyMetadata {
                user_name: user.name.clone(),
                ssh_public_key_id: key.id.clone(),
                status: Status::of(key.active),
                upload_date: key.uploaded,
            };
            (place, metadata)
        })))
    }
}

/// Makes an SSH public key usable or unusable.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateSSHPublicKey {
    user_name: UserName,
    #[serde(rename = "SSHPublicKeyId")]
    ssh_public_key_id: PublicKeyId,
    status: Status,
}

impl Operation for UpdateSSHPublicKey {
    type Output = ();

    const ERRORS: &'static [Code] = &[Code::InvalidInput, Code::NoSuchEntity];

    fn access(&self) -> Access<'_> {
        Access::existing(Kind::User, &self.user_name)
    }
}

impl Command for UpdateSSHPublicKey {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        cx.account.update(&self.user_name, |user: &mut User| {
            let key = find_mut(&mut user.credentials, &self.ssh_public_key_id)?;
            key.active = self.status.activates()?;
            Ok(())
        })
    }
}

/// Deletes an SSH public key.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteSSHPublicKey {
    user_name: UserName,
    #[serde(rename = "SSHPublicKeyId")]
    ssh_public_key_id: PublicKeyId,
}

impl Operation for DeleteSSHPublicKey {
    type Output = ();

    const ERRORS: &'static [Code] = &[Code::NoSuchEntity];

    fn access(&self) -> Access<'_> {
        Access::existing(Kind::User, &self.user_name)
    }
}

impl Command for DeleteSSHPublicKey {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        cx.account.update(&self.user_name, |user: &mut User| {
            find_mut(&mut user.credentials, &self.ssh_public_key_id)?;
            user.credentials.ssh_public_keys.retain(|key| key.id != *self.ssh_public_key_id);
            Ok(())
        })
    }
}

operations!(
    IAM:
    query GetSSHPublicKey, ListSSHPublicKeys;
    command DeleteSSHPublicKey, UpdateSSHPublicKey, UploadSSHPublicKey
);
