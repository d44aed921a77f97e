//! The credential report: one row for the root user and each user, with the state of their credentials.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::account::{AccessKey, CredentialReport, Credentials, Resource, User};
use crate::audit::LastUse;
use crate::call::{Access, AccountRef, Command, Context, Operation, Query, Transaction, View, operations};
use crate::error::{Code, Error, Result};
use crate::shapes::Timestamp;

/// A report is good for four hours; a younger one is not made again (IAM User Guide, "Generate credential reports").
const VALID_SECONDS: i64 = 4 * 3600;

const HEADER: [&str; 22] = [
    "user",
    "arn",
    "user_creation_time",
    "password_enabled",
    "password_last_used",
    "password_last_changed",
    "password_next_rotation",
    "mfa_active",
    "access_key_1_active",
    "access_key_1_last_rotated",
    "access_key_1_last_used_date",
    "access_key_1_last_used_region",
    "access_key_1_last_used_service",
    "access_key_2_active",
    "access_key_2_last_rotated",
    "access_key_2_last_used_date",
    "access_key_2_last_used_region",
    "access_key_2_last_used_service",
    "cert_1_active",
    "cert_1_last_rotated",
    "cert_2_active",
    "cert_2_last_rotated",
];

/// What the report says where there is nothing to say.
const NOTHING: &str = "N/A";

/// Makes a credential report, unless there is one that is young enough.
#[derive(Deserialize)]
pub struct GenerateCredentialReport {}

/// What `GenerateCredentialReport` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GenerateCredentialReportResult {
    state: &'static str,
    description: Option<&'static str>,
}

impl Operation for GenerateCredentialReport {
    type Output = GenerateCredentialReportResult;

    const ERRORS: &'static [Code] = &[Code::LimitExceeded, Code::ServiceFailure];
    const SHOWS_USES: bool = true;
    const COMPUTES: bool = true;
    const REPORTS: bool = true;

    fn access(&self) -> Access<'_> {
        Access::any()
    }
}

impl Command for GenerateCredentialReport {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<GenerateCredentialReportResult> {
        let known = cx.account.credential_reports.get("");
        if known.is_some_and(|report| report.generated.plus(VALID_SECONDS) > cx.now) {
            return Ok(GenerateCredentialReportResult { state: "COMPLETE", description: None });
        }
        let content = write_report(cx)?;
        cx.account.put(CredentialReport { generated: cx.now, content })?;
        let description = Some("No report exists. Starting a new report generation task");
        Ok(GenerateCredentialReportResult { state: "STARTED", description })
    }
}

/// Reads the credential report.
#[derive(Deserialize)]
pub struct GetCredentialReport {}

/// What `GetCredentialReport` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetCredentialReportResult {
    content: String,
    report_format: &'static str,
    generated_time: Timestamp,
}

impl Operation for GetCredentialReport {
    type Output = GetCredentialReportResult;

    const ERRORS: &'static [Code] =
        &[Code::ReportExpired, Code::ReportInProgress, Code::ReportNotPresent, Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        Access::any()
    }
}

impl Query for GetCredentialReport {
    fn answer(self, cx: &View<'_>) -> Result<GetCredentialReportResult> {
        let report = cx.account.credential_reports.get("");
        let report = report.ok_or_else(|| Error::without_message(Code::ReportNotPresent))?;
        if report.generated.plus(VALID_SECONDS) <= cx.now {
            return Err(Error::new(Code::ReportExpired, "The report has expired. Generate a new one."));
        }
        Ok(GetCredentialReportResult {
            content: STANDARD.encode(&report.content),
            report_format: "text/csv",
            generated_time: report.generated,
        })
    }
}

fn write_report(cx: &Context<'_, impl AccountRef>) -> Result<String> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(Vec::new());
    writer.write_record(HEADER).map_err(Error::internal)?;
    writer.write_record(root_row(cx)).map_err(Error::internal)?;
    for user in cx.account.users.iter() {
        writer.write_record(user_row(cx, user)).map_err(Error::internal)?;
    }
    let bytes = writer.into_inner().map_err(|error| Error::internal(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(Error::internal)?;
    Ok(text.trim_end().to_owned())
}

fn root_row(cx: &Context<'_, impl AccountRef>) -> Vec<String> {
    let none = Credentials::default();
    let root = cx.account.root_user();
    let credentials = root.map_or(&none, |root| &root.credentials);
    let last_used = root.and_then(|root| root.password_last_used);
    let last_used = last_used.map_or_else(|| "no_information".to_owned(), date);
    let arn = cx.account.id.root_arn();
    let mut row = vec!["<root_account>".to_owned(), arn, date(cx.account.created)];
    let has_password = credentials.login_profile.is_some().to_string();
    row.extend([&*has_password, &*last_used, "not_supported", "not_supported"].map(str::to_owned));
    row.extend(keys_and_certificates(cx, credentials));
    row
}

fn user_row(cx: &Context<'_, impl AccountRef>, user: &User) -> Vec<String> {
    let mut row = vec![user.name.clone(), user.arn(cx.account.id), date(user.created)];
    match &user.credentials.login_profile {
        None => row.extend(["false", NOTHING, NOTHING, NOTHING].map(str::to_owned)),
        Some(profile) => {
            let max_age = cx.account.settings().password_policy.and_then(|policy| policy.max_age);
            let rotation = max_age.map(|days| date(profile.changed.plus(i64::from(days) * 24 * 3600)));
            let rotation = rotation.unwrap_or_else(|| NOTHING.to_owned());
            let last_used = profile.last_used.map_or_else(|| "no_information".to_owned(), date);
            row.extend(["true".to_owned(), last_used, date(profile.changed), rotation]);
        }
    }
    row.extend(keys_and_certificates(cx, &user.credentials));
    row
}

fn keys_and_certificates(cx: &Context<'_, impl AccountRef>, credentials: &Credentials) -> Vec<String> {
    let mut row = vec![(!credentials.mfa_devices.is_empty()).to_string()];
    // As observed at AWS, active keys come first, else the older one.
    let (active, inactive): (Vec<_>, Vec<_>) = credentials.access_keys.iter().partition(|key| key.active);
    let mut keys = active.into_iter().chain(inactive);
    for _ in 0..2 {
        row.extend(key(cx, keys.next()));
    }
    for index in 0..2 {
        let certificate = credentials.signing_certificates.get(index);
        row.push(certificate.is_some_and(|certificate| certificate.active).to_string());
        row.push(certificate.map_or_else(|| NOTHING.to_owned(), |certificate| date(certificate.uploaded)));
    }
    row
}

fn key(cx: &Context<'_, impl AccountRef>, key: Option<&AccessKey>) -> [String; 5] {
    let nothing = || NOTHING.to_owned();
    let last = key.and_then(|key| cx.environment.volatile.usage.last(cx.account.id, &key.id));
    let shown = |show: fn(&LastUse) -> String| last.as_ref().map_or_else(nothing, show);
    [
        key.is_some_and(|key| key.active).to_string(),
        key.map_or_else(nothing, |key| date(key.created)),
        shown(|last| date(last.used)),
        shown(|last| last.region.clone()),
        shown(|last| last.service.clone()),
    ]
}

/// The report writes `+00:00` where the protocol writes `Z`.
fn date(time: Timestamp) -> String {
    time.date_time().format("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

operations!(IAM: query GetCredentialReport; command GenerateCredentialReport);
