//! Rules about the root user.

use super::{Examination, Offender, Verdict, command};
use crate::account::{Credentials, CredentialsOwner};

/// The codes of a device are two in a row.
const ENABLE: &str = "aws iam enable-mfa-device --user-name root --serial-number SERIAL \
                      --authentication-code1 CODE1 --authentication-code2 CODE2";

impl Examination<'_> {
    fn root(&self) -> Option<&Credentials> {
        self.account().credentials(&CredentialsOwner::Root).ok()
    }

    fn root_offends(&self, reason: impl Into<String>, mend: impl Into<String>) -> Offender {
        Offender::new(self.id().root_arn(), reason, mend)
    }
}

pub(super) fn has_no_key(x: &Examination<'_>) -> Verdict {
    let keys = x.root().into_iter().flat_map(|root| &root.access_keys);
    let offender = |key: &crate::account::AccessKey| {
        let mend = command("aws iam delete-access-key --access-key-id {}", [&key.id]);
        x.root_offends(format!("it has the access key {}", key.id), mend)
    };
    keys.map(offender).collect::<Vec<_>>().into()
}

pub(super) fn has_mfa(x: &Examination<'_>) -> Verdict {
    let has_some = x.root().is_some_and(|root| !root.mfa_devices.is_empty());
    (!has_some).then(|| x.root_offends("it has no MFA device", ENABLE)).into()
}

pub(super) fn has_hardware_mfa(x: &Examination<'_>) -> Verdict {
    let devices = x.root().map(|root| root.mfa_devices.as_slice()).unwrap_or_default();
    if devices.is_empty() {
        return Some(x.root_offends("it has no MFA device", ENABLE)).into();
    }
    // The serial number of a virtual device is an ARN.
    let devices = devices.iter().filter(|device| device.serial_number.starts_with("arn:"));
    let offender = |serial: &str| {
        let template = "aws iam deactivate-mfa-device --user-name root --serial-number {}";
        x.root_offends(format!("its device {serial} is virtual"), command(template, [serial]))
    };
    devices.map(|device| offender(&device.serial_number)).collect::<Vec<_>>().into()
}

pub(super) fn is_not_in_use(x: &Examination<'_>) -> Verdict {
    let used = x.last_use(&x.id().to_string()).filter(|used| x.days_since(*used) < x.values.number("days"));
    let mend = "aws iam create-user --user-name ADMINISTRATOR";
    used.map(|used| x.root_offends(format!("it was used at {used}"), mend)).into()
}
