//! Condition keys that bodies and encoded headers give.

use chrono::{DateTime, Utc};

use super::{Asking, FromBody, request_tags};
use crate::s3::refusal::Refusal;
use crate::s3::tags;
use crate::s3::xml::Element;

/// The actions that see the tags of a request.
pub(crate) const TAGGING: &[&str] =
    &["PutObject", "PutObjectTagging", "PutObjectVersionTagging", "BypassGovernanceRetention"];

const RETENTION: &[&str] = &["PutObject", "PutObjectRetention"];

/// The keys of a request about an object.
///
/// # Errors
/// Bodies and headers that S3 refuses.
pub(crate) fn object(asking: &Asking<'_, '_>) -> Result<Vec<FromBody>, Refusal> {
    let mut keys = match asking.operation {
        "PutObjectTagging" => of_tags(&tags::document(asking.body()?)?),
        "PutObjectRetention" => retention(&Element::parse(asking.body()?)?, asking.signing.now)?,
        "PutObjectLegalHold" => {
            let root = Element::parse(asking.body()?)?;
            let status = root.text_of("Status")?.map(str::trim);
            one(&["PutObjectLegalHold"], "s3:object-lock-legal-hold", status)
        }
        "UpdateObjectEncryption" => encryption(&Element::parse(asking.body()?)?)?,
        _ => Vec::new(),
    };
    if let Some(text) = asking.given("x-amz-tagging") {
        keys.extend(of_tags(&tags::header(text)?));
    }
    keys.extend(retention_of_headers(asking)?);
    Ok(keys)
}

/// How long a header retains the object.
///
/// # Errors
/// No date.
pub(crate) fn retention_of_headers(asking: &Asking<'_, '_>) -> Result<Vec<FromBody>, Refusal> {
    let date = asking.given("x-amz-object-lock-retain-until-date");
    date.map_or(Ok(Vec::new()), |date| remaining(date, asking.signing.now))
}

fn of_tags(tags: &[(String, String)]) -> Vec<FromBody> {
    let keys = request_tags("s3:RequestObjectTag/", "s3:RequestObjectTagKeys", tags);
    keys.into_iter().map(|(key, values)| (TAGGING, key, values)).collect()
}

fn retention(root: &Element, now: DateTime<Utc>) -> Result<Vec<FromBody>, Refusal> {
    let date = root.text_of("RetainUntilDate")?.map(str::trim);
    let mut keys = one(RETENTION, "s3:object-lock-mode", root.text_of("Mode")?.map(str::trim));
    keys.extend(one(RETENTION, "s3:object-lock-retain-until-date", date));
    if let Some(date) = date {
        keys.extend(remaining(date, now)?);
    }
    keys.extend(one(RETENTION, "s3:object-lock-event-hold", root.text_of("EventHold")?.map(str::trim)));
    if let Some(duration) = root.child("EventHoldDuration")? {
        let days = duration.text_of("Days")?.map(str::trim);
        keys.extend(one(RETENTION, "s3:object-lock-event-hold-duration-days", days));
    }
    Ok(keys)
}

/// The days that are left, a begun day being a whole one.
fn remaining(date: &str, now: DateTime<Utc>) -> Result<Vec<FromBody>, Refusal> {
    const DAY: i64 = 24 * 60 * 60;
    let until = DateTime::parse_from_rfc3339(date);
    let until = until.map_err(|_| Refusal::argument("The retain until date must be provided in ISO 8601 format"))?;
    let seconds = until.timestamp().saturating_sub(now.timestamp());
    let days = seconds.saturating_add(DAY - 1).div_euclid(DAY).to_string();
    Ok(one(RETENTION, "s3:object-lock-remaining-retention-days", Some(&days)))
}

fn encryption(root: &Element) -> Result<Vec<FromBody>, Refusal> {
    const ACTION: &[&str] = &["UpdateObjectEncryption"];
    let Some(kms) = root.child("SSEKMS")? else { return Ok(Vec::new()) };
    let mut keys = one(ACTION, "s3:x-amz-server-side-encryption", Some("aws:kms"));
    let key = kms.text_of("KMSKeyArn")?.map(str::trim);
    keys.extend(one(ACTION, "s3:x-amz-server-side-encryption-aws-kms-key-id", key));
    Ok(keys)
}

pub(crate) fn one(actions: &'static [&'static str], key: &str, value: Option<&str>) -> Vec<FromBody> {
    value.map(|value| (actions, key.to_owned(), vec![value.to_owned()])).into_iter().collect()
}
