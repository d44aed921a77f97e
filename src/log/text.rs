//! The log for people: `23:25:41 DENIED 000000000000 user/dana iam:CreateUser user/z (identity: …) 0.1ms e4168ca7`.

use std::fmt::{self, Write};

use anstyle::{AnsiColor, Style};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::Value;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::fields::Fields;
use super::printable::{printable, printable_lines};
use super::{ENDPOINT, REQUEST};

/// Writes what a person wants to know first, and nothing twice.
pub(super) struct Text {
    /// Whether words have colours.
    pub coloured: bool,
    /// Whether lines have a date besides the time.
    pub dated: bool,
    pub now: fn() -> DateTime<Utc>,
}

impl<S, N> FormatEvent<S, N> for Text
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let metadata = event.metadata();
        let line = self.line(metadata.target(), *metadata.level(), Fields::of(event))?;
        out.write_str(&line)
    }
}

impl Text {
    fn line(&self, target: &str, level: Level, mut fields: Fields) -> Result<String, fmt::Error> {
        let mut line = String::with_capacity(160);
        let now = (self.now)();
        let time = match self.dated {
            true => now.to_rfc3339_opts(SecondsFormat::Secs, true),
            false => now.format("%H:%M:%S").to_string(),
        };
        write!(line, "{}", self.styled(Style::new().dimmed(), &time))?;
        match target {
            REQUEST => self.request(&mut line, level, &mut fields)?,
            ENDPOINT => self.endpoint(&mut line, level, &mut fields)?,
            _ => self.event(&mut line, level, &mut fields)?,
        }
        Ok(line)
    }

    /// A request of AWS's protocol. What belongs to the caller's own account is shown without it.
    fn request(&self, line: &mut String, level: Level, fields: &mut Fields) -> fmt::Result {
        let outcome = fields.text("outcome").unwrap_or_default();
        write!(line, " {}", self.styled(style(level, &outcome), &printable(&outcome)))?;
        let account = fields.text("account");
        let is_nobodys = account.is_none();
        let resource = fields.text("resource").map(|arn| short(&arn, account.as_deref()).to_owned());
        let words = [account, fields.text("caller"), fields.text("key"), fields.text("action"), resource];
        for word in words.into_iter().flatten().filter(|word| !word.is_empty()) {
            write!(line, " {}", printable(&word))?;
        }
        let part = fields.text("layer").or_else(|| fields.text("part")).or_else(|| fields.text("code"));
        reason(line, part.as_deref(), fields.text("reason").as_deref())?;
        // The caller is not known: the source address may help.
        if is_nobodys {
            for text in ["method", "path", "source"].iter().filter_map(|name| fields.text(name)) {
                write!(line, " {}", printable(&text))?;
            }
            if let Some(agent) = fields.text("user_agent") {
                write!(line, " \"{}\"", printable(&agent.replace('"', "'")))?;
            }
        }
        self.end(line, fields)
    }

    /// A request to one of the other endpoints.
    fn endpoint(&self, line: &mut String, level: Level, fields: &mut Fields) -> fmt::Result {
        let method = fields.text("method").unwrap_or_default();
        write!(line, " {}", self.styled(style(level, "OK"), &printable(&method)))?;
        for name in ["path", "status", "source"] {
            if let Some(text) = fields.text(name) {
                write!(line, " {}", printable(&text))?;
            }
        }
        reason(line, None, fields.text("reason").as_deref())?;
        self.end(line, fields)
    }

    /// How long it took, and the beginning of the request's id.
    fn end(&self, line: &mut String, fields: &Fields) -> fmt::Result {
        if let Some(micros) = fields.0.get("micros").and_then(Value::as_u64) {
            // Tenths of a millisecond, rounded up: nothing takes no time.
            let tenths = micros.div_ceil(100);
            write!(line, " {}.{}ms", tenths / 10, tenths % 10)?;
        }
        if let Some(id) = fields.0.get("id").and_then(Value::as_str) {
            let id = printable(id.get(..8).unwrap_or(id));
            write!(line, " {}", self.styled(Style::new().dimmed(), &id))?;
        }
        line.write_char('\n')
    }

    /// Anything else: its message, then what belongs to it. Texts of several lines follow, each line marked.
    fn event(&self, line: &mut String, level: Level, fields: &mut Fields) -> fmt::Result {
        write!(line, " {}", self.styled(style(level, ""), level.as_str()))?;
        if let Some(message) = fields.text("message") {
            write!(line, " {}", printable(&message))?;
        }
        let mut blocks = String::new();
        for (name, value) in &fields.0 {
            match value {
                Value::String(text) if text.contains('\n') => {
                    writeln!(blocks, "  {name}:")?;
                    for text in printable_lines(text) {
                        writeln!(blocks, "    | {text}")?;
                    }
                }
                Value::String(text) if text.is_empty() || text.contains([' ', '"', '=']) => {
                    write!(line, " {name}=\"{}\"", printable(&text.replace('"', "\\\"")))?;
                }
                Value::String(text) => write!(line, " {name}={}", printable(text))?,
                other => write!(line, " {name}={other}")?,
            }
        }
        write!(line, "\n{blocks}")
    }

    fn styled<'t>(&self, style: Style, text: &'t str) -> impl fmt::Display + use<'t> {
        let style = if self.coloured { style } else { Style::new() };
        fmt::from_fn(move |f| write!(f, "{style}{text}{style:#}"))
    }
}

/// The colour of a line's first word.
fn style(level: Level, outcome: &str) -> Style {
    let colour = match level {
        Level::ERROR => AnsiColor::Red,
        Level::WARN => AnsiColor::Yellow,
        Level::INFO if outcome == "OK" => AnsiColor::Green,
        Level::INFO => AnsiColor::Cyan,
        _ => AnsiColor::Blue,
    };
    let style = colour.on_default();
    if level <= Level::WARN { style.bold() } else { style }
}

/// `(part: reason)`.
fn reason(line: &mut String, part: Option<&str>, reason: Option<&str>) -> fmt::Result {
    match (part, reason) {
        (None, None) => Ok(()),
        (Some(text), None) | (None, Some(text)) => write!(line, " ({})", printable(text)),
        (Some(part), Some(reason)) => write!(line, " ({}: {})", printable(part), printable(reason)),
    }
}

/// The end of an ARN of this account and of IAM or STS, such as `user/z`; anything else whole.
fn short<'a>(arn: &'a str, account: Option<&str>) -> &'a str {
    let mut parts = arn.splitn(6, ':');
    let own = parts.next() == Some("arn")
        && parts.next().is_some()
        && matches!(parts.next(), Some("iam" | "sts"))
        && parts.next() == Some("")
        && parts.next() == account;
    parts.next().filter(|_| own).unwrap_or(arn)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-27T23:25:41.53Z".parse().unwrap()
    }

    fn line(text: &Text, target: &str, level: Level, fields: Value) -> String {
        let Value::Object(fields) = fields else { panic!("no object") };
        text.line(target, level, Fields(fields)).unwrap()
    }

    const PLAIN: Text = Text { coloured: false, dated: false, now };

    fn denied() -> Value {
        json!({
            "outcome": "DENIED", "account": "000000000000", "caller": "user/dana", "action": "iam:CreateUser",
            "resource": "arn:aws:iam::000000000000:user/z", "code": "AccessDenied", "layer": "identity",
            "reason": "no statement allows it", "source": "127.0.0.1", "region": "us-east-1", "method": "POST",
            "path": "/", "micros": 30, "id": "e4168ca7-f25a-47a9-b11f-6d7836c141ee",
        })
    }

    #[test]
    fn a_denial_is_one_short_line() {
        assert_eq!(
            line(&PLAIN, REQUEST, Level::WARN, denied()),
            "23:25:41 DENIED 000000000000 user/dana iam:CreateUser user/z (identity: no statement allows it) 0.1ms \
             e4168ca7\n"
        );
        let mut elsewhere = denied();
        elsewhere["resource"] = json!("arn:aws:iam::111111111111:role/audit");
        let dated = Text { dated: true, ..PLAIN };
        assert_eq!(
            line(&dated, REQUEST, Level::WARN, elsewhere),
            "2026-11-27T23:25:41Z DENIED 000000000000 user/dana iam:CreateUser arn:aws:iam::111111111111:role/audit \
             (identity: no statement allows it) 0.1ms e4168ca7\n"
        );
    }

    #[test]
    fn a_request_of_nobody_says_where_it_came_from() {
        let fields = json!({
            "outcome": "UNSIGNED", "action": "iam:ListUsers", "part": "authorization", "reason": "there is none",
            "method": "POST", "path": "/", "source": "192.0.2.1", "user_agent": "curl/8",
            "micros": 1234, "id": "e4168ca7-f25a",
        });
        assert_eq!(
            line(&PLAIN, REQUEST, Level::WARN, fields),
            "23:25:41 UNSIGNED iam:ListUsers (authorization: there is none) POST / 192.0.2.1 \"curl/8\" 1.3ms e4168ca7\n"
        );
    }

    #[test]
    fn colours_are_of_the_first_word() {
        let coloured = Text { coloured: true, ..PLAIN };
        let fields = json!({"outcome": "OK", "account": "000000000000", "caller": "root", "action": "iam:ListUsers"});
        assert_eq!(
            line(&coloured, REQUEST, Level::INFO, fields),
            "\u{1b}[2m23:25:41\u{1b}[0m \u{1b}[32mOK\u{1b}[0m 000000000000 root iam:ListUsers\n"
        );
    }

    #[test]
    fn no_line_is_of_a_clients_making() {
        let forged = "X\n23:25:42 OK 000000000000 root iam:DeleteUser \u{1b}[2J\u{202e}";
        let fields = json!({
            "outcome": "REFUSED", "caller": forged, "key": forged, "action": forged,
            "resource": forged, "code": forged, "reason": forged, "method": forged, "path": forged,
            "source": forged, "user_agent": forged, "id": forged,
        });
        let endpoint = json!({"method": forged, "path": forged, "source": forged, "reason": forged});
        let other = json!({"message": "m", "name": "one \"two\"\u{7}", "block": forged});
        for (target, fields) in [(REQUEST, fields), (ENDPOINT, endpoint)] {
            let line = line(&PLAIN, target, Level::INFO, fields);
            assert!(line.strip_suffix('\n').is_some_and(|line| !line.contains(char::is_control)), "{line:?}");
            assert!(!line.contains('\u{202e}'), "{line:?}");
        }
        assert_eq!(
            line(&PLAIN, "iamd::http", Level::DEBUG, other),
            "23:25:41 DEBUG m name=\"one \\\"two\\\"\\u{7}\"\n  block:\n    | X\n    | 23:25:42 OK 000000000000 root \
             iam:DeleteUser \\u{1b}[2J\\u{202e}\n"
        );
    }
}
