//! Credential reports: who has a password, access keys and an MFA device. The secrets are not in them, so they are made.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::description::{AccessKeyDescription, Given, MfaDeviceDescription, PasswordDescription};
use crate::markup::{Named, Place, Placed};

/// A user's credentials.
#[derive(Debug)]
pub struct Row {
    /// The ARN.
    pub arn: String,
    /// The name.
    pub user: String,
    /// The password, if there is one.
    pub password: Option<Placed<PasswordDescription>>,
    /// Access keys.
    pub access_keys: Vec<Placed<AccessKeyDescription>>,
    /// The MFA device, if there is one.
    pub mfa_devices: Named<MfaDeviceDescription>,
}

#[derive(Deserialize)]
struct Line {
    user: String,
    arn: String,
    password_enabled: String,
    mfa_active: String,
    access_key_1_active: String,
    access_key_1_last_rotated: String,
    access_key_2_active: String,
    access_key_2_last_rotated: String,
}

/// Reads a report. A key that was never made has no date.
///
/// # Errors
/// The line that is none of a report's, and why.
pub fn read(csv: &str) -> Result<Vec<Row>, Placed<String>> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let mut rows = Vec::new();
    for line in reader.deserialize() {
        let line: Line = line.map_err(|error: csv::Error| {
            let line = error.position().map_or(1, |position| u32::try_from(position.line()).unwrap_or(u32::MAX));
            Placed::new(Place { line, column: 1 }, "this is no line of a credential report".to_owned())
        })?;
        let place = Place { line: u32::try_from(rows.len() + 2).unwrap_or(u32::MAX), column: 1 };
        if line.user == "<root_account>" {
            continue;
        }
        let keys = [
            (&line.access_key_1_active, &line.access_key_1_last_rotated),
            (&line.access_key_2_active, &line.access_key_2_last_rotated),
        ];
        let keys = keys.into_iter().filter(|(_, rotated)| *rotated != "N/A");
        let access_keys = keys.map(|(active, _)| {
            let active = active == "true";
            Placed::new(place, AccessKeyDescription { id: None, secret: Given::Generated, active })
        });
        let password = PasswordDescription { secret: Given::Generated, reset_required: false };
        let device = || {
            let seed = MfaDeviceDescription { seed: Placed::new(place, Given::Generated) };
            (Placed::new(place, line.user.clone()), seed)
        };
        rows.push(Row {
            arn: line.arn,
            password: (line.password_enabled == "true").then(|| Placed::new(place, password)),
            access_keys: access_keys.collect(),
            mfa_devices: Named((line.mfa_active == "true").then(device).into_iter().collect()),
            user: line.user.clone(),
        });
    }
    Ok(rows)
}

/// The report in the answer to `get-credential-report`.
pub fn of_answer(content: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(content).ok()?).ok()
}
