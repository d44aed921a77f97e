//! Detections as lines: `2026-01-31 12:34:56 MEDIUM 123456789012 escalation-attempt user/ann: …`.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::Value;

use super::line::short;
use super::{EventsOptions, PATIENCE};
use crate::cli::admin::{Failure, call};
use crate::cli::output::{BAD, DOUBTFUL, GOOD};
use crate::log::printable;

/// How often the server is asked for new detections.
const INTERVAL: Duration = Duration::from_secs(1);

/// What `GET /_iamd/detections` answers.
#[derive(Deserialize)]
struct Answer {
    detections: Vec<Value>,
}

/// Prints detections until the command is interrupted, or all that there were.
///
/// # Errors
/// When the server does not answer, or refuses.
pub(super) fn follow(options: &EventsOptions) -> Result<(), Failure> {
    let path = options.detections_path();
    let mut known: Option<BTreeSet<String>> = options.since.as_ref().map(|_| BTreeSet::new());
    let mut lost: Option<Instant> = None;
    loop {
        match call::<Answer>(&options.server, "GET", &path, "") {
            Ok(answer) => {
                lost = None;
                let id = |detection: &Value| detection.get("id").and_then(Value::as_str).map(str::to_owned);
                let ids = answer.detections.iter().filter_map(id).collect();
                // Without a time, only what is detected from now on is shown.
                let before = known.replace(ids);
                let is_new = |found: &&Value| {
                    before.as_ref().is_some_and(|before| id(found).is_none_or(|id| !before.contains(&id)))
                };
                for detection in answer.detections.iter().filter(is_new) {
                    match options.print_detection(detection) {
                        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
                        printed => printed?,
                    }
                }
                if options.no_follow {
                    return Ok(());
                }
            }
            Err(error) if known.is_none() || options.no_follow => return Err(error),
            Err(error) if lost.get_or_insert_with(Instant::now).elapsed() > PATIENCE => return Err(error),
            Err(_) => {}
        }
        sleep(INTERVAL);
    }
}

impl EventsOptions {
    fn detections_path(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let given = [("account", &self.account), ("since", &self.since)];
        query.extend_pairs(given.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?))));
        format!("detections?{}", query.finish())
    }

    fn print_detection(&self, detection: &Value) -> io::Result<()> {
        let mut out = anstream::AutoStream::auto(io::stdout().lock());
        if self.json {
            writeln!(out, "{detection}")?;
        } else {
            write(&mut out, detection)?;
        }
        out.flush()
    }
}

/// Writes the line.
fn write(out: &mut dyn Write, detection: &Value) -> io::Result<()> {
    let text = |name: &str| detection.get(name).and_then(Value::as_str).unwrap_or_default();
    let severity = text("severity").to_uppercase();
    let style = match severity.as_str() {
        "HIGH" => BAD,
        "MEDIUM" => DOUBTFUL,
        _ => GOOD,
    };
    let time = text("time").replace('T', " ");
    write!(out, "{} {style}{}{style:#}", printable(time.trim_end_matches('Z')), printable(&severity))?;
    let account = text("account");
    for word in [account, text("type"), &short(text("principal"), account)] {
        if !word.is_empty() {
            write!(out, " {}", printable(word))?;
        }
    }
    writeln!(out, ": {}", printable(text("message")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_detection_is_a_line() {
        let detection = json!({
            "type": "escalation-attempt", "severity": "medium", "time": "2026-01-31T12:34:56Z",
            "account": "123456789012", "principal": "arn:aws:iam::123456789012:user/ann", "message": "It\nhappened.",
        });
        let mut out = anstream::StripStream::new(Vec::new());
        write(&mut out, &detection).unwrap();
        let line = String::from_utf8(out.into_inner()).unwrap();
        assert_eq!(line.lines().count(), 1, "{line}");
        assert!(line.starts_with("2026-01-31 12:34:56 MEDIUM 123456789012 escalation-attempt user/ann: It"), "{line}");
    }
}
