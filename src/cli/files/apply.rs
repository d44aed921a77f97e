//! `iamd apply`.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use super::secrets::{FILE_NAME, SecretsFile};
use super::{Failure, report, sources};
use crate::cli::admin::call_within;
use crate::cli::output::Output;
use crate::cli::running::AdminOptions;
use crate::description::{GeneratedSecrets, Report, SCHEMA, SourceFile};

/// How long the server may take: each password is hashed for tens of milliseconds.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);

/// Which files, and how.
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = "Examples: iamd apply accounts.yaml; iamd apply seeds/ --dry-run; iamd apply --schema")]
pub struct ApplyOptions {
    /// Files of accounts (YAML, TOML or JSON), or folders with such files
    #[arg(required_unless_present = "schema")]
    paths: Vec<PathBuf>,
    /// Show what would happen, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Remove what the file once made and no longer has
    #[arg(long)]
    prune: bool,
    /// Account that a template is for, or that AWS's files become
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// Value that a template does not have itself, such as Bucket.Arn=arn:aws:s3:::b; may be given several times
    #[arg(long = "value", value_name = "NAME=VALUE", value_parser = parse_value)]
    values: Vec<(String, String)>,
    /// File that generated secrets are written to, for its owner only
    #[arg(long, value_name = "FILE", default_value = FILE_NAME)]
    secrets: PathBuf,
    /// Print the JSON Schema of files of accounts, for editors
    #[arg(long)]
    schema: bool,
    #[command(flatten)]
    server: AdminOptions,
}

fn parse_value(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

#[derive(Deserialize)]
struct Applied {
    report: Report,
    secrets: GeneratedSecrets,
}

/// Makes accounts of the running server what the files describe: all of it, or nothing.
///
/// # Errors
/// What is wrong with a file, with its line and column, and when the server does not answer.
pub fn apply(options: &ApplyOptions) -> Result<(), Failure> {
    let out = &mut Output::stdout();
    if options.schema {
        return Ok(write!(out, "{SCHEMA}")?);
    }
    let files = sources::read(&options.paths, Some(&options.secrets))?;
    let request = Request {
        files,
        account: options.account.clone(),
        values: options.values.iter().cloned().collect(),
        dry_run: options.dry_run,
        prune: options.prune,
    };
    request.send(&options.secrets, &options.server)
}

/// Files to apply, and how.
pub(super) struct Request {
    pub files: Vec<SourceFile>,
    /// The account that AWS's files become, and that templates are for.
    pub account: Option<String>,
    /// Values that templates do not have themselves.
    pub values: BTreeMap<String, String>,
    pub dry_run: bool,
    pub prune: bool,
}

impl Request {
    /// Applies the files to the running server, keeps the secrets that were made, and reports.
    pub fn send(&self, secrets: &Path, server: &AdminOptions) -> Result<(), Failure> {
        // It must be there before anything is made whose secret would be lost.
        let secrets = SecretsFile::open(secrets)?;
        let files: Vec<_> = self.files.iter().map(|file| json!({"name": file.name, "text": file.text})).collect();
        let body = json!({
            "files": files,
            "account": self.account,
            "values": self.values,
            "dry-run": self.dry_run,
            "prune": self.prune,
        });
        let applied: Applied = call_within(PATIENCE, server, "POST", "apply", &body.to_string())?;
        if !applied.secrets.is_empty() {
            secrets.add(applied.secrets)?;
        }
        report::write(&applied.report, self.dry_run, &mut Output::styled())?;
        Ok(())
    }
}
