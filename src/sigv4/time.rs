//! When a request says it was signed, and how far that may be from the server's clock.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::signature::{incomplete, refused};
use crate::error::{Error, Part, Result};

/// ISO 8601's basic format, the one of Signature Version 4.
const BASIC: &str = "%Y%m%dT%H%M%SZ";

/// The time a request was signed, with the text that was signed.
#[derive(Debug)]
pub(super) struct RequestTime<'a> {
    text: Cow<'a, str>,
    instant: DateTime<Utc>,
}

impl<'a> RequestTime<'a> {
    /// Reads `20150830T123600Z`.
    pub(super) fn basic(text: Cow<'a, str>) -> Result<Self> {
        match instant(&text) {
            Some(instant) => Ok(Self { text, instant }),
            None => Err(malformed(&text)),
        }
    }

    /// Reads a `Date` header, which may also have HTTP's own form; what is signed is the basic form all the same.
    pub(super) fn basic_or_rfc_1123(text: Cow<'a, str>) -> Result<Self> {
        match DateTime::parse_from_rfc2822(&text) {
            Ok(date) => Self::basic(date.to_utc().format(BASIC).to_string().into()),
            Err(_) => Self::basic(text),
        }
    }

    /// The time in basic format, as it was signed.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The day of it, `YYYYMMDD`.
    pub(super) fn date(&self) -> &str {
        self.text.get(..8).unwrap_or_default()
    }

    /// The time itself.
    pub(super) fn instant(&self) -> DateTime<Utc> {
        self.instant
    }

    /// Refuses a time more than `window` from `now`, whose fraction of a second does not count. The bound itself is
    /// accepted.
    pub(super) fn check_window(&self, now: DateTime<Utc>, window: TimeDelta) -> Result<()> {
        let age = TimeDelta::seconds(now.timestamp() - self.instant.timestamp());
        let text = self.text();
        let minutes = window.num_minutes();
        if age > window {
            let bound = basic(now - window);
            let now = basic(now);
            let message = format!("Signature expired: {text} is now earlier than {bound} ({now} - {minutes} min.)");
            let why = format!("the client's clock is {} seconds behind real time", age.num_seconds());
            return Err(refused(message).rejecting(Part::Clock, why));
        }
        if -age > window {
            let bound = basic(now + window);
            let now = basic(now);
            let message =
                format!("Signature not yet current: {text} is still later than {bound} ({now} + {minutes} min.)");
            let why = format!("the client's clock is {} seconds ahead of real time", -age.num_seconds());
            return Err(refused(message).rejecting(Part::Clock, why));
        }
        Ok(())
    }
}

/// A time in the basic format.
pub(super) fn basic(time: DateTime<Utc>) -> impl std::fmt::Display {
    time.format(BASIC)
}

/// By hand, for it takes a tenth of the time that chrono's formats do on every request.
fn instant(text: &str) -> Option<DateTime<Utc>> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let date = number(date, 8)?;
    let time = number(time, 6)?;
    let day = NaiveDate::from_ymd_opt(i32::try_from(date / 1_00_00).ok()?, date / 1_00 % 1_00, date % 1_00)?;
    Some(day.and_hms_opt(time / 1_00_00, time / 1_00 % 1_00, time % 1_00)?.and_utc())
}

/// The value of exactly `digits` decimal digits.
fn number(text: &str, digits: usize) -> Option<u32> {
    let is_number = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

fn malformed(text: &str) -> Error {
    let message =
        format!("Date must be in ISO-8601 'basic format'. Got '{text}'. See http://en.wikipedia.org/wiki/ISO_8601");
    incomplete(message, "the date is not of the form 20150830T123600Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_basic_format_is_a_date() {
        let time = RequestTime::basic("20240229T235959Z".into()).unwrap();
        assert_eq!(time.instant.to_rfc3339(), "2024-02-29T23:59:59+00:00");
        assert_eq!((time.text(), time.date()), ("20240229T235959Z", "20240229"));
        let malformed = [
            "",
            "Z",
            "20240229",
            "20240229T235959",
            "20240229t235959z",
            "2024-02-29T23:59:59Z",
            "20230229T000000Z",
            "20241301T000000Z",
            "20240229T240000Z",
            "20240229T0000Z",
            "20240229T+00000Z",
            "2024022\u{663}T000000Z",
            "Thu, 29 Feb 2024 23:59:59 GMT",
        ];
        for text in malformed {
            assert_eq!(
                RequestTime::basic(text.into()).unwrap_err().to_string(),
                format!(
                    "IncompleteSignature: Date must be in ISO-8601 'basic format'. Got '{text}'. \
                     See http://en.wikipedia.org/wiki/ISO_8601"
                )
            );
        }
    }

    #[test]
    fn a_date_header_may_have_the_form_of_http() {
        for text in ["Thu, 29 Feb 2024 23:59:59 GMT", "20240229T235959Z"] {
            assert_eq!(RequestTime::basic_or_rfc_1123(text.into()).unwrap().text(), "20240229T235959Z");
        }
        assert!(RequestTime::basic_or_rfc_1123("yesterday".into()).is_err());
    }
}
