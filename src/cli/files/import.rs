//! `iamd import` and `iamd export`.

use std::io::Write;
use std::path::PathBuf;

use serde_json::Value;

use super::apply::Request;
use super::{Failure, sources};
use crate::cli::admin::call_within;
use crate::cli::output::Output;
use crate::cli::running::AdminOptions;

/// Which files, and what becomes of them.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = "Example: aws iam get-account-authorization-details > account.json && iamd import account.json")]
pub struct ImportOptions {
    /// Answers of AWS about one account: get-account-authorization-details, and list-roles, list-instance-profiles,
    /// get-account-password-policy, list-account-aliases, get-saml-provider (as NAME.json),
    /// get-open-id-connect-provider, get-credential-report (or its CSV); about an organization: describe-organization,
    /// list-roots, list-accounts, list-organizational-units-for-parent, describe-policy, list-targets-for-policy (as
    /// targets-POLICY.json); or folders with such files
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Give the copy another number, which takes the place of the account's own everywhere
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// Show what would happen, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// File that new secrets are written to, for its owner only
    #[arg(long, value_name = "FILE", default_value = super::secrets::FILE_NAME)]
    secrets: PathBuf,
    #[command(flatten)]
    server: AdminOptions,
}

/// Makes an account of the running server a copy of one on AWS.
///
/// # Errors
/// What is wrong with a file, with its line and column, and when the server does not answer.
pub fn import(options: &ImportOptions) -> Result<(), Failure> {
    let request = Request {
        files: sources::read(&options.files, Some(&options.secrets))?,
        account: options.account.clone(),
        values: std::collections::BTreeMap::new(),
        dry_run: options.dry_run,
        prune: false,
    };
    request.send(&options.secrets, &options.server)
}

/// Which account, and where to.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = "Examples: iamd export 111122223333 > account.json; iamd export --output account.json")]
pub struct ExportOptions {
    /// The account, twelve digits [default: 000000000000]
    account: Option<String>,
    /// File to write to [default: print]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    server: AdminOptions,
}

/// Writes an account of the running server as AWS shows it, without secrets.
///
/// # Errors
/// When the server does not answer, or the file cannot be written.
pub fn export(options: &ExportOptions) -> Result<(), Failure> {
    let mut path = "export".to_owned();
    if let Some(account) = &options.account {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("account", account).finish();
        path = format!("export?{query}");
    }
    let exported: Value = call_within(super::apply::PATIENCE, &options.server, "GET", &path, "")?;
    let text = serde_json::to_string_pretty(&exported)? + "\n";
    match &options.output {
        Some(file) => {
            std::fs::write(file, text).map_err(|error| format!("{} cannot be written: {error}", file.display()))?;
        }
        None => write!(Output::stdout(), "{text}")?,
    }
    Ok(())
}
