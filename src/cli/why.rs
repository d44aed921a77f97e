//! `iamd why`: why a running server denied a request.

use std::io::Write;

use serde_json::Value;

use super::admin::{Failure, call};
use super::output::Output;
use super::policy::write_coloured;
use super::running::AdminOptions;
use crate::audit::Details;

/// Which denial, and how to show it.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = "Examples: iamd why; iamd why 9fwl8rk7s35sljltb3mkkdi7f")]
pub struct WhyOptions {
    /// The authorization id in the message of the denial [default: the last denial]
    id: Option<String>,
    /// Print everything as JSON: the request's context, what each kind of policies says, the policies as they were
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: AdminOptions,
}

/// Prints why a request was denied, and what would have allowed it.
///
/// # Errors
/// When the server does not answer, or has no such denial.
pub fn why(options: &WhyOptions) -> Result<(), Failure> {
    let path = match &options.id {
        Some(id) => {
            let id = percent_encoding::utf8_percent_encode(id.trim(), percent_encoding::NON_ALPHANUMERIC);
            format!("authorization-details/{id}")
        }
        None => "authorization-details".to_owned(),
    };
    let out = &mut Output::styled();
    if options.json {
        let details: Value = call(&options.server, "GET", &path, "")?;
        writeln!(out, "{details:#}")?;
        return Ok(());
    }
    let details: Details = call(&options.server, "GET", &path, "")?;
    write_coloured(&details.text(), out)?;
    Ok(())
}
