//! The log for machines: one JSON object a line.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::fields::Fields;
use super::printable::is_printable;

/// Writes `timestamp`, `level`, and the event's fields, numbers as numbers.
pub(super) struct Json {
    pub now: fn() -> DateTime<Utc>,
}

impl<S, N> FormatEvent<S, N> for Json
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        writeln!(out, "{}", line((self.now)(), event.metadata().level().as_str(), Fields::of(event).0))
    }
}

/// One line of the log.
pub fn line(now: DateTime<Utc>, level: &str, fields: Map<String, Value>) -> String {
    let mut members = Map::new();
    members.insert("timestamp".to_owned(), now.to_rfc3339_opts(SecondsFormat::Micros, true).into());
    members.insert("level".to_owned(), level.into());
    members.extend(fields);
    plain(&Value::Object(members).to_string())
}

/// The same JSON with escapes for all that would steer a terminal; JSON itself asks for fewer.
fn plain(json: &str) -> String {
    let mut plain = String::with_capacity(json.len());
    for character in json.chars() {
        if is_printable(character) {
            plain.push(character);
        } else {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                plain.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_escaped_and_read_back_the_same() {
        let nasty = "a\n\u{1b}[31m\u{9b}\u{202e}\u{2028}\u{7f}é\"\\";
        let mut fields = Map::new();
        fields.insert("caller".to_owned(), nasty.into());
        let line = line("2026-11-28T01:02:03.000004Z".parse().unwrap(), "INFO", fields);
        assert_eq!(
            line,
            r#"{"timestamp":"2026-11-28T01:02:03.000004Z","level":"INFO","caller":"a\n\u001b[31m\u009b\u202e\u2028\u007fé\"\\"}"#
        );
        let read: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read["caller"], nasty);
    }
}
