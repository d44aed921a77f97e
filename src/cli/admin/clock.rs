//! `iamd clock`.

use std::io::Write;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, SecondsFormat, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Failure, call};
use crate::cli::output::Output;
use crate::cli::running::AdminOptions;

/// How to move the clock.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = "Examples: iamd clock +1h; iamd clock -2d; iamd clock 2030-01-01T00:00:00Z; iamd clock reset")]
pub struct ClockOptions {
    /// +1h, -2d, +1d12h30m or +90s to move it, a time to set it, freeze and resume to stop it and let it go on, reset
    /// to go back to real time [default: show it]
    #[arg(value_name = "MOVE", allow_hyphen_values = true)]
    turn: Option<Turn>,
    #[command(flatten)]
    server: AdminOptions,
}

/// A move of the clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// By so much.
    By(TimeDelta),
    /// To this moment.
    To(DateTime<Utc>),
    /// Stopped, or going on.
    Freeze(bool),
    /// To real time.
    Reset,
}

impl FromStr for Turn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let midnight = || NaiveDate::from_str(text).ok()?.and_hms_opt(0, 0, 0).map(|time| time.and_utc());
        let time = || DateTime::parse_from_rfc3339(text).ok().map(|time| time.with_timezone(&Utc)).or_else(midnight);
        match text {
            "freeze" => Ok(Self::Freeze(true)),
            "resume" => Ok(Self::Freeze(false)),
            "reset" => Ok(Self::Reset),
            _ => shift(text).map(Self::By).or_else(|| time().map(Self::To)).ok_or_else(|| {
                "write +1h, -2d, +1d12h30m, +90s, a time such as 2030-01-01T00:00:00Z, freeze, resume or reset"
                    .to_owned()
            }),
        }
    }
}

/// `+1d12h30m`: a sign, then numbers with their units.
fn shift(text: &str) -> Option<TimeDelta> {
    let (sign, rest) = text.strip_prefix('+').map(|rest| (1, rest)).or_else(|| Some((-1, text.strip_prefix('-')?)))?;
    let mut seconds: i64 = 0;
    for part in rest.split_inclusive(|character: char| !character.is_ascii_digit()) {
        let unit = match part.chars().last()? {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return None,
        };
        let number: i64 = part.get(..part.len() - 1)?.parse().ok()?;
        seconds = seconds.checked_add(number.checked_mul(unit)?)?;
    }
    Some(seconds).filter(|_| !rest.is_empty()).and_then(|seconds| TimeDelta::try_seconds(sign * seconds))
}

impl Turn {
    /// The body of the request.
    fn body(&self) -> Value {
        match self {
            Self::By(by) => json!({"advance": by.num_seconds()}),
            Self::To(now) => json!({"now": now.to_rfc3339_opts(SecondsFormat::AutoSi, true)}),
            Self::Freeze(freeze) => json!({"freeze": freeze}),
            Self::Reset => json!({"reset": true}),
        }
    }
}

/// The clock as the server shows it.
#[derive(Deserialize)]
struct Shown {
    now: String,
    ahead: i64,
    frozen: bool,
}

/// Moves the running server's clock, if it is to be moved, and shows it.
///
/// # Errors
/// When the server does not answer, or refuses.
pub fn clock(options: &ClockOptions) -> Result<(), Failure> {
    let Shown { now, ahead, frozen } = match &options.turn {
        Some(turn) => call(&options.server, "POST", "clock", &turn.body().to_string())?,
        None => call(&options.server, "GET", "clock", "")?,
    };
    let stopped = if frozen { ", stopped" } else { "" };
    writeln!(Output::stdout(), "{now} ({}{stopped})", distance(ahead))?;
    Ok(())
}

/// How far the clock is from real time.
fn distance(ahead: i64) -> String {
    let mut rest = ahead.unsigned_abs();
    let mut parts = Vec::new();
    for (seconds, unit) in [(86_400, "d"), (3600, "h"), (60, "m"), (1, "s")] {
        if rest >= seconds {
            parts.push(format!("{}{unit}", rest / seconds));
        }
        rest %= seconds;
    }
    match ahead {
        0 => "real time".to_owned(),
        1.. => format!("{} ahead of real time", parts.join(" ")),
        _ => format!("{} behind real time", parts.join(" ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moves_have_units() {
        let by = |seconds| Some(Turn::By(TimeDelta::seconds(seconds)));
        let midnight = Some(Turn::To("2030-01-01T00:00:00Z".parse().unwrap()));
        for (text, turn) in [
            ("+1h", by(3600)),
            ("-2d", by(-172_800)),
            ("+1d12h30m", by(131_400)),
            ("+90s", by(90)),
            ("+1w", by(604_800)),
            ("2030-01-01T00:00:00Z", midnight.clone()),
            ("2030-01-01T01:00:00+01:00", midnight.clone()),
            ("2030-01-01", midnight),
            ("freeze", Some(Turn::Freeze(true))),
            ("resume", Some(Turn::Freeze(false))),
            ("reset", Some(Turn::Reset)),
            ("", None),
            ("+", None),
            ("1h", None),
            ("+1", None),
            ("+h", None),
            ("+1y", None),
            ("+1h30", None),
            ("+-1h", None),
            ("+99999999999999999999d", None),
            ("+9999999999999999d", None),
            ("tomorrow", None),
        ] {
            assert_eq!(text.parse::<Turn>().ok(), turn, "{text}");
        }
    }

    #[test]
    fn the_shift_is_reported_in_units() {
        assert_eq!(distance(0), "real time");
        assert_eq!(distance(3600), "1h ahead of real time");
        assert_eq!(distance(-93_784), "1d 2h 3m 4s behind real time");
    }
}
