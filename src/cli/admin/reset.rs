//! `iamd reset`.

use std::io::Write;

use serde::Deserialize;

use super::{Failure, call};
use crate::cli::output::Output;
use crate::cli::running::AdminOptions;

/// What to forget.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = "Examples: iamd reset; iamd reset 123456789012")]
pub struct ResetOptions {
    /// The account, twelve digits [default: all accounts]
    account: Option<String>,
    #[command(flatten)]
    server: AdminOptions,
}

#[derive(Deserialize)]
struct Forgotten {
    reset: String,
}

/// Lets the running server forget an account, or all of them, and says so.
///
/// # Errors
/// When the server does not answer, or refuses.
pub fn reset(options: &ResetOptions) -> Result<(), Failure> {
    let path = match &options.account {
        Some(account) => {
            let query = form_urlencoded::Serializer::new(String::new()).append_pair("account", account).finish();
            format!("reset?{query}")
        }
        None => "reset".to_owned(),
    };
    let Forgotten { reset } = call(&options.server, "POST", &path, "")?;
    writeln!(Output::stdout(), "forgot {reset}")?;
    Ok(())
}
