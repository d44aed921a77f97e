//! MFA devices: virtual ones are made and deleted, and all are listed. `mfa_activation` enables them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::account::{Account, CredentialsOwner, Entity, MfaDevice, Reference, Resource, UsedCodes, User};
use crate::call::{
    Access, Command, Listing, Members, Operation, Paging, Query, Target, Transaction, View, oldest_first, operations,
};
use crate::error::{Code, Error, Result};
use crate::keys::{Seed, qr_code_png};
use crate::services::iam::users::user::UserShape;
use crate::shapes::{
    AssignmentStatus, ExistingUserName, Kind, Marker, MaxItems, Path, Secret, SerialNumber, Tag, TagSet, Tags,
    Timestamp, UserName, VirtualMfaDeviceName,
};

/// The longest serial number that the other operations take (`serialNumberType`).
const MAX_SERIAL_NUMBER: usize = 256;

/// A virtual device in an answer. Only `CreateVirtualMFADevice` shows the seed, twice.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct VirtualMfaDeviceShape {
    serial_number: String,
    base32_string_seed: Option<Secret>,
    #[serde(rename = "QRCodePNG")]
    qr_code_png: Option<Secret>,
    user: Option<UserShape>,
    enable_date: Option<Timestamp>,
    tags: Option<Vec<Tag>>,
}

/// Makes a virtual MFA device, which is not enabled yet.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateVirtualMFADevice {
    path: Option<Path>,
    #[serde(rename = "VirtualMFADeviceName")]
    virtual_mfa_device_name: VirtualMfaDeviceName,
    tags: Option<Tags>,
}

/// What `CreateVirtualMFADevice` answers.
#[derive(Serialize)]
pub struct CreateVirtualMFADeviceResult {
    #[serde(rename = "VirtualMFADevice")]
    virtual_mfa_device: VirtualMfaDeviceShape,
}

impl Operation for CreateVirtualMFADevice {
    type Output = CreateVirtualMFADeviceResult;

    const ERRORS: &'static [Code] = &[
        Code::ConcurrentModification,
        Code::EntityAlreadyExists,
        Code::InvalidInput,
        Code::LimitExceeded,
        Code::ServiceFailure,
    ];

    fn access(&self) -> Access<'_> {
        Access::new(Kind::MfaDevice, self.path.as_deref(), &self.virtual_mfa_device_name)
            .tagged(Kind::MfaDevice, self.tags.as_deref())
    }
}

impl Command for CreateVirtualMFADevice {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<CreateVirtualMFADeviceResult> {
        let tags = Tags::shape(self.tags.as_ref());
        let device = MfaDevice {
            name: self.virtual_mfa_device_name.into(),
            path: self.path.unwrap_or_else(Path::root),
            created: cx.now,
            seed: Seed::new(&cx.ids.bytes::<40>()),
            tags: TagSet::from_request(Kind::MfaDevice, self.tags)?,
        };
        let serial_number = device.arn(cx.account.id);
        if serial_number.len() > MAX_SERIAL_NUMBER {
            let message = format!("The serial number {serial_number} is longer than {MAX_SERIAL_NUMBER} characters.");
            return Err(Error::new(Code::InvalidInput, message));
        }
        let virtual_mfa_device = VirtualMfaDeviceShape {
            serial_number,
            base32_string_seed: Some(Secret::new(STANDARD.encode(device.seed.reveal()))),
            qr_code_png: Some(qr_code(&device, cx.account)?),
            tags,
            ..VirtualMfaDeviceShape::default()
        };
        cx.account.add(device)?;
        Ok(CreateVirtualMFADeviceResult { virtual_mfa_device })
    }
}

/// What an authenticator app scans: `otpauth://totp/{name}@{alias or account}?secret={seed}`.
fn qr_code(device: &MfaDevice, account: &Account) -> Result<Secret> {
    let of = account.settings().alias.unwrap_or_else(|| account.id.to_string());
    let uri = Secret::new(format!("otpauth://totp/{}@{of}?secret={}", device.name, device.seed.reveal()));
    Ok(Secret::new(STANDARD.encode(qr_code_png(uri.reveal())?)))
}

/// What is said of a device that is not there by those who delete, deactivate or resynchronise one.
pub(crate) fn unknown_device(serial_number: &str) -> Error {
    Error::new(Code::NoSuchEntity, format!("MFA Device with serial number {serial_number} does not exist."))
}

/// Deletes a virtual MFA device that is not enabled.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteVirtualMFADevice {
    serial_number: SerialNumber,
}

impl Operation for DeleteVirtualMFADevice {
    type Output = ();

    const ERRORS: &'static [Code] = &[
        Code::ConcurrentModification,
        Code::DeleteConflict,
        Code::LimitExceeded,
        Code::NoSuchEntity,
        Code::ServiceFailure,
    ];

    fn access(&self) -> Access<'_> {
        Access::to(Target::VirtualMfaDevice(&self.serial_number))
    }
}

impl Command for DeleteVirtualMFADevice {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let device = cx.account.virtual_mfa_device(&self.serial_number);
        let device = device.ok_or_else(|| unknown_device(&self.serial_number))?;
        let (serial_number, key) = (device.arn(cx.account.id), device.key());
        if cx.account.owner_of(&Reference::MfaDevice(serial_number.clone())).is_some() {
            return Err(Error::new(Code::DeleteConflict, "MFA VirtualDevice in use. Must deactivate first"));
        }
        cx.account.remove::<MfaDevice>(&key);
        // A device that is made again under this name has another seed.
        cx.account.remove::<UsedCodes>(&serial_number);
        Ok(())
    }
}

/// Lists the account's virtual MFA devices and who uses them.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListVirtualMFADevices {
    assignment_status: Option<AssignmentStatus>,
    marker: Option<Marker>,
    max_items: Option<MaxItems>,
}

impl ListVirtualMFADevices {
    fn wants(&self, device: &VirtualMfaDeviceShape) -> bool {
        match self.assignment_status {
            Some(AssignmentStatus::Assigned) => device.enable_date.is_some(),
            Some(AssignmentStatus::Unassigned) => device.enable_date.is_none(),
            Some(AssignmentStatus::Any) | None => true,
        }
    }
}

impl Listing for ListVirtualMFADevices {
    type Item = VirtualMfaDeviceShape;

    const MEMBERS: &'static str = "VirtualMFADevices";
    const ERRORS: &'static [Code] = &[];

    fn paging(&self) -> Paging<'_> {
        Paging(&self.marker, &self.max_items)
    }

    fn access(&self) -> Access<'_> {
        Access::under(Kind::MfaDevice, None)
    }

    fn members<'a>(&'a self, cx: &'a View<'_>, after: Option<&'a str>) -> Result<Members<'a, VirtualMfaDeviceShape>> {
        let devices = cx.account.mfa_devices.after(after);
        let shapes = devices.map(|(key, device)| (key.to_owned(), assigned(device, cx.account)));
        Ok(Box::new(shapes.filter(|(_, device)| self.wants(device))))
    }
}

/// A virtual device and who uses it.
fn assigned(device: &MfaDevice, account: &Account) -> VirtualMfaDeviceShape {
    let serial_number = device.arn(account.id);
    let owner = account.owner_of(&Reference::MfaDevice(serial_number.clone()));
    let user = owner.as_ref().and_then(|owner| match owner {
        CredentialsOwner::Root => Some(UserShape::root(account)),
        CredentialsOwner::User(name) => account.get::<User>(name).map(|user| UserShape::brief(user, account.id)),
    });
    let enable_date = owner.and_then(|owner| account.enabled_mfa_device(&owner, &serial_number)).map(|it| it.enabled);
    VirtualMfaDeviceShape { serial_number, user, enable_date, ..VirtualMfaDeviceShape::default() }
}

/// A user's device in an answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct MfaDeviceShape {
    user_name: Option<String>,
    serial_number: String,
    enable_date: Timestamp,
}

/// Lists the devices that a user, or the caller, has enabled.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListMFADevices {
    user_name: Option<ExistingUserName>,
    marker: Option<Marker>,
    max_items: Option<MaxItems>,
}

impl Listing for ListMFADevices {
    type Item = MfaDeviceShape;

    const MEMBERS: &'static str = "MFADevices";
    const ERRORS: &'static [Code] = &[Code::NoSuchEntity, Code::ServiceFailure];

    fn paging(&self) -> Paging<'_> {
        Paging(&self.marker, &self.max_items)
    }

    of_user_or_caller!();

    fn members<'a>(&'a self, cx: &'a View<'_>, after: Option<&'a str>) -> Result<Members<'a, MfaDeviceShape>> {
        let owner = cx.credentials_owner(self.user_name.as_deref())?;
        let devices = &cx.account.credentials(&owner)?.mfa_devices;
        let user_name = cx.account.shown_name(&owner);
        let devices = oldest_first(devices, after, |device| (device.enabled, &device.serial_number));
        Ok(Box::new(devices.map(move |(key, device)| {
            let serial_number = device.serial_number.clone();
            (key, MfaDeviceShape { user_name: user_name.clone(), serial_number, enable_date: device.enabled })
        })))
    }
}

/// Describes one device.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetMFADevice {
    serial_number: SerialNumber,
    user_name: Option<UserName>,
}

/// What `GetMFADevice` answers. Only security keys have certifications, and no operation registers those.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetMFADeviceResult {
    user_name: Option<String>,
    serial_number: String,
    enable_date: Option<Timestamp>,
}

impl Operation for GetMFADevice {
    type Output = GetMFADeviceResult;

    const ERRORS: &'static [Code] = &[Code::NoSuchEntity, Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        match &self.user_name {
            Some(name) => Access::existing(Kind::User, name),
            None => Access::to(Target::OwnerOfDevice(&self.serial_number)),
        }
    }
}

impl Query for GetMFADevice {
    fn answer(self, cx: &View<'_>) -> Result<GetMFADeviceResult> {
        let missing = || Error::missing(Kind::MfaDevice, &self.serial_number);
        let virtual_device = cx.account.virtual_mfa_device(&self.serial_number);
        let known = virtual_device.map(|device| device.arn(cx.account.id));
        let is_virtual = known.is_some();
        let serial_number = known.unwrap_or_else(|| self.serial_number.to_string());
        let owner = cx.account.owner_of(&Reference::MfaDevice(serial_number.clone()));
        if let Some(wanted) = &self.user_name {
            let name = &cx.account.find::<User>(wanted)?.name;
            let is_of_user = owner.as_ref().and_then(CredentialsOwner::user_name).is_some_and(|user| user == name);
            if !is_of_user {
                return Err(missing());
            }
        }
        let Some(owner) = owner else {
            let unassigned = GetMFADeviceResult { user_name: None, serial_number, enable_date: None };
            return if is_virtual { Ok(unassigned) } else { Err(missing()) };
        };
        let enable_date = cx.account.enabled_mfa_device(&owner, &serial_number).map(|device| device.enabled);
        Ok(GetMFADeviceResult { user_name: cx.account.shown_name(&owner), serial_number, enable_date })
    }
}

operations!(
    IAM:
    query GetMFADevice, ListMFADevices, ListVirtualMFADevices;
    command CreateVirtualMFADevice, DeleteVirtualMFADevice
);
