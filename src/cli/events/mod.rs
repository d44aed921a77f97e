//! `iamd events`: the calls of a running server as they happen.

mod detections;
mod line;

use std::io::{self, Write};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::admin::{Failure, refusal};
use super::running::AdminOptions;
use crate::http::{self, Lines};

/// How long the command waits for a server that went away.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long it waits before it asks again.
const PAUSE: Duration = Duration::from_millis(500);

/// Which events to show, and how.
#[derive(clap::Args, Clone, Debug)]
#[command(
    after_help = "Examples:\n  iamd events --denied\n  iamd events --principal 'arn:aws:iam::123456789012:role/ci*' --action 's3:*'\n  iamd events --since 1h --json --no-follow | jq .record"
)]
pub struct EventsOptions {
    /// What was detected instead of calls: root use, weaker rules for passwords, attempts to gain permissions, ...
    #[arg(long, conflicts_with_all = ["denied", "principal", "action"])]
    detections: bool,
    /// Only calls that are denied, or would be if enforcement did not only log
    #[arg(long)]
    denied: bool,
    /// Only calls by this user or role: its name or ARN, or the name of a session; * matches any characters
    #[arg(long, value_name = "NAME")]
    principal: Option<String>,
    /// Only calls of this action, or that ask permission for it; * matches any characters
    #[arg(long, value_name = "ACTION")]
    action: Option<String>,
    /// Only what this account sees, twelve digits
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// First what happened since then: a time such as 2030-01-01T00:00:00Z, or how long ago: 90s, 15m, 6h, 2d
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// End after what happened so far
    #[arg(long, requires = "since")]
    no_follow: bool,
    /// Print each event as JSON with CloudTrail's record, one a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: AdminOptions,
}

/// Why a stream ended.
enum Ended {
    /// The server has sent all that was asked for, or nobody reads the output any more.
    All,
    /// The connection broke.
    Lost(String),
}

/// Prints events until the command is interrupted, the server has sent all, or stays away.
///
/// # Errors
/// When the server does not answer, or refuses.
pub fn events(options: &EventsOptions) -> Result<(), Failure> {
    if options.detections {
        return detections::follow(options);
    }
    let settings = options.server.settings()?;
    let target = options.server.target(&settings)?;
    let authorization = settings.admin_token.as_ref().map(|token| format!("Bearer {}", token.reveal()));
    let path = options.path();
    let mut last: Option<String> = None;
    let mut lost: Option<Instant> = None;
    loop {
        let why = match http::ask_lines(&target, &path, authorization.as_deref(), last.as_deref()) {
            Ok(Ok(lines)) => {
                lost = None;
                match options.print(lines, &mut last)? {
                    Ended::All => return Ok(()),
                    Ended::Lost(why) => why,
                }
            }
            Ok(Err(answer)) => return Err(refusal(&target, &answer)),
            Err(error) if last.is_none() && lost.is_none() => {
                return Err(format!("no answer from {target}: {error}").into());
            }
            Err(error) => error.to_string(),
        };
        let since = *lost.get_or_insert_with(|| {
            eprintln!("iamd: the server at {target} is gone ({why}); waiting for it");
            Instant::now()
        });
        if since.elapsed() > PATIENCE {
            return Err(format!("the server at {target} did not come back: {why}").into());
        }
        sleep(PAUSE);
    }
}

impl EventsOptions {
    fn path(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let given = [
            ("principal", &self.principal),
            ("action", &self.action),
            ("account", &self.account),
            ("since", &self.since),
        ];
        query.extend_pairs(given.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?))));
        if self.denied {
            query.append_pair("denied", "true");
        }
        if self.no_follow {
            query.append_pair("follow", "false");
        }
        format!("/_iamd/events?{}", query.finish())
    }

    /// Prints what a stream sends, and notes the last event.
    fn print(&self, mut lines: Lines, last: &mut Option<String>) -> Result<Ended, Failure> {
        let (mut id, mut kind) = (None, String::new());
        loop {
            let line = match lines.next_line() {
                Ok(Some(line)) => line,
                Ok(None) => return Ok(Ended::Lost("it ended the stream".to_owned())),
                Err(error) => return Ok(Ended::Lost(error.to_string())),
            };
            let Some((name, value)) = line.split_once(':').filter(|(name, _)| !name.is_empty()) else { continue };
            let value = value.strip_prefix(' ').unwrap_or(value);
            match name {
                "id" => id = Some(value.to_owned()),
                "event" => value.clone_into(&mut kind),
                "data" => {
                    let data =
                        serde_json::from_str(value).map_err(|_| "what the server sends is not of this version")?;
                    if !self.handle(&kind, value, &data)? {
                        return Ok(Ended::All);
                    }
                    if let Some(id) = id.take() {
                        *last = Some(id);
                    }
                }
                _ => {}
            }
        }
    }

    /// Prints one event of the stream; whether there may be more.
    fn handle(&self, kind: &str, text: &str, data: &Value) -> Result<bool, Failure> {
        match kind {
            "call" => {
                let mut out = anstream::AutoStream::auto(io::stdout().lock());
                let printed = if self.json { writeln!(out, "{text}") } else { line::write(&mut out, data) };
                match printed.and_then(|()| out.flush()) {
                    Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(false),
                    printed => printed?,
                }
            }
            "skipped" => {
                let count = data.get("skipped").and_then(Value::as_u64).unwrap_or_default();
                eprintln!("iamd: {count} events came faster than the server could keep them, and are lost");
            }
            "end" => return Ok(false),
            "failed" => {
                let why = data.get("error").and_then(Value::as_str).unwrap_or("the server failed");
                return Err(why.to_owned().into());
            }
            // Of a newer server.
            _ => {}
        }
        Ok(true)
    }
}
