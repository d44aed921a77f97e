//! Whether trails log, and how delivery goes.

use serde::{Deserialize, Serialize};

use super::named::OF_NAMED;
use crate::account::Entity;
use crate::call::{Access, Command, Operation, Query, Target, Transaction, View, operations};
use crate::error::{Code, Result};
use crate::shapes::Timestamp;

/// Lets a trail log.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StartLogging {
    name: String,
}

/// Lets a trail log no more.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StopLogging {
    name: String,
}

/// Returns whether a trail logs, and what came of its delivery.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetTrailStatus {
    name: String,
}

/// The status of a trail.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TrailStatus {
    is_logging: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    latest_delivery_error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latest_delivery_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_logging_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_logging_time: Option<Timestamp>,
    latest_delivery_attempt_time: String,
    latest_notification_attempt_time: String,
    latest_notification_attempt_succeeded: String,
    latest_delivery_attempt_succeeded: String,
    time_logging_started: String,
    time_logging_stopped: String,
}

/// What a trail's status says while the server has no folder for files.
const NO_FOLDER: &str = "iamd delivers no files: it was started without --trail-folder";

impl Operation for StartLogging {
    type Output = ();

    const ERRORS: &'static [Code] = OF_NAMED;

    fn access(&self) -> Access<'_> {
        Access::to(Target::Trail(&self.name))
    }
}

impl Command for StartLogging {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let mut trail = cx.trail_at_home(&self.name)?;
        if trail.logging {
            return Ok(());
        }
        trail.logging = true;
        trail.started = Some(cx.now);
        if cx.environment.delivery.is_none() {
            tracing::warn!(
                account = cx.account.id.to_string(),
                trail = trail.name,
                "a trail logs, and no files are delivered: the server was started without --trail-folder"
            );
        }
        cx.account.put(trail)
    }
}

impl Operation for StopLogging {
    type Output = ();

    const ERRORS: &'static [Code] = OF_NAMED;

    fn access(&self) -> Access<'_> {
        Access::to(Target::Trail(&self.name))
    }
}

impl Command for StopLogging {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let mut trail = cx.trail_at_home(&self.name)?;
        if !trail.logging {
            return Ok(());
        }
        trail.logging = false;
        trail.stopped = Some(cx.now);
        cx.account.put(trail)
    }
}

impl Operation for GetTrailStatus {
    type Output = TrailStatus;

    const ERRORS: &'static [Code] = &[Code::CloudTrailARNInvalid, Code::InvalidTrailName, Code::TrailNotFound];

    fn access(&self) -> Access<'_> {
        Access::to(Target::Trail(&self.name))
    }
}

impl Query for GetTrailStatus {
    fn answer(self, cx: &View<'_>) -> Result<TrailStatus> {
        let trail = cx.named_trail(&self.name)?;
        let delivery = cx.environment.delivery.as_ref();
        let status = delivery.map(|delivery| delivery.status(cx.account.id, &trail.key())).unwrap_or_default();
        let error = match delivery {
            None if trail.logging => Some(NO_FOLDER.to_owned()),
            _ => status.error,
        };
        let text = |time: Option<Timestamp>| time.map(|time| time.to_string()).unwrap_or_default();
        Ok(TrailStatus {
            is_logging: trail.logging,
            latest_delivery_error: error,
            latest_delivery_time: status.delivered,
            start_logging_time: trail.started,
            stop_logging_time: trail.stopped,
            latest_delivery_attempt_time: text(status.attempted),
            latest_notification_attempt_time: String::new(),
            latest_notification_attempt_succeeded: String::new(),
            latest_delivery_attempt_succeeded: text(status.delivered),
            time_logging_started: text(trail.started),
            time_logging_stopped: text(trail.stopped),
        })
    }
}

operations!(CLOUDTRAIL: query GetTrailStatus; command StartLogging, StopLogging);
