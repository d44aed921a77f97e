//! When a request says it was signed, and how far that may be from the server's clock.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

use super::signature::{incomplete, refused};
use crate::error::{Error, Result};

/// ISO 8601's basic format, the one of Signature Version 4.
const BASIC: &str = "%Y%m%dT%H%M%SZ";

/// How far a request may be from the server's clock; the bound itself is accepted.
const WINDOW: TimeDelta = TimeDelta::minutes(15);

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

    /// Refuses a time more than 15 minutes from `now`, whose fraction of a second does not count.
    pub(super) fn check_window(&self, now: DateTime<Utc>) -> Result<()> {
        let age = TimeDelta::seconds(now.timestamp() - self.instant.timestamp());
        let text = self.text();
        if age > WINDOW {
            let bound = basic(now - WINDOW);
            let now = basic(now);
            return Err(refused(format!("Signature expired: {text} is now earlier than {bound} ({now} - 15 min.)")));
        }
        if -age > WINDOW {
            let bound = basic(now + WINDOW);
            let now = basic(now);
            return Err(refused(format!(
                "Signature not yet current: {text} is still later than {bound} ({now} + 15 min.)"
            )));
        }
        Ok(())
    }
}

fn basic(time: DateTime<Utc>) -> impl std::fmt::Display {
    time.format(BASIC)
}

/// chrono takes numbers with fewer digits, hence the look at the shape.
fn instant(text: &str) -> Option<DateTime<Utc>> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let digits = |text: &str, count| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    let in_shape = digits(date, 8) && digits(time, 6);
    in_shape.then(|| NaiveDateTime::parse_from_str(text, BASIC).ok())?.map(|time| time.and_utc())
}

fn malformed(text: &str) -> Error {
    incomplete(format!(
        "Date must be in ISO-8601 'basic format'. Got '{text}'. See http://en.wikipedia.org/wiki/ISO_8601"
    ))
}
