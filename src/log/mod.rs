//! The log: one line an event, to standard error, for people or for machines.
//!
//! Text that came over the network is escaped in both forms: no line of a log was written by a client.

mod fields;
mod json;
mod printable;
mod text;

use std::io::IsTerminal;

use chrono::Utc;
use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt, registry};

use crate::config::{LogFormat, LogLevel};

pub use json::line;
pub use printable::{printable, printable_lines};

use self::json::Json;
use self::text::Text;

/// The target of the line that each request of AWS's protocol leaves.
pub const REQUEST: &str = "iamd::request";

/// The target of the line that each request to another endpoint leaves.
pub const ENDPOINT: &str = "iamd::endpoint";

/// Starts the log of this process.
pub fn start(format: LogFormat, level: LogLevel) {
    let filter = levels(level);
    // A log that cannot be written, such as to a full disk, must not stop the server.
    let layer = fmt::layer().with_writer(std::io::stderr).log_internal_errors(false);
    match format {
        LogFormat::Text => {
            let terminal = std::io::stderr().is_terminal();
            let text = Text { coloured: terminal && colours_are_wanted(), dated: !terminal, now: Utc::now };
            registry().with(layer.event_format(text).with_filter(filter)).init();
        }
        LogFormat::Json => registry().with(layer.event_format(Json { now: Utc::now }).with_filter(filter)).init(),
    }
}

/// What this level shows. Of libraries only warnings are worth reading, except at the last level: SQLx writes a line for
/// every statement.
fn levels(level: LogLevel) -> Targets {
    let level = LevelFilter::from(level);
    let libraries = if level == LevelFilter::TRACE { level } else { level.min(LevelFilter::from_level(Level::WARN)) };
    Targets::new().with_default(libraries).with_target("iamd", level).with_target("iam_policy", level)
}

/// See <https://no-color.org>.
fn colours_are_wanted() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_of_the_database_are_shown_at_the_last_level_only() {
        for (level, own, libraries) in [
            (LogLevel::Error, Level::ERROR, Some(Level::ERROR)),
            (LogLevel::Info, Level::INFO, Some(Level::WARN)),
            (LogLevel::Debug, Level::DEBUG, Some(Level::WARN)),
            (LogLevel::Trace, Level::TRACE, Some(Level::TRACE)),
        ] {
            let levels = levels(level);
            let shown = |target, at: &Level| levels.would_enable(target, at);
            let all = [Level::ERROR, Level::WARN, Level::INFO, Level::DEBUG, Level::TRACE];
            let most = |target| all.into_iter().rfind(|level| shown(target, level));
            assert_eq!((most("iamd::request"), most("sqlx::query")), (Some(own), libraries), "{level:?}");
        }
    }
}
