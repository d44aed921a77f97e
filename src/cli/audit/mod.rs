//! `iamd audit`: an account of a running server held against the rules of CIS and AWS Config.

mod junit;
mod sarif;
mod text;

use std::io::Write;
use std::process::ExitCode;

use clap::ValueEnum;

use super::admin::{Failure, call};
use super::output::Output;
use super::running::AdminOptions;
use crate::audit::rules::Report;

/// What to audit, and how to show it.
#[derive(clap::Args, Clone, Debug)]
#[command(
    after_help = "Examples:\n  iamd audit --account 123456789012\n  iamd audit --rule cis-1.14 --parameter access-keys-rotated.maxAccessKeyAge=30\n  iamd audit --format sarif > iam.sarif"
)]
pub struct AuditOptions {
    /// The account, twelve digits
    #[arg(long, value_name = "ID", default_value = "000000000000")]
    account: String,
    /// Only this rule: AWS Config's name for it, or cis- and its number in the CIS benchmark; can be given several times
    #[arg(long, value_name = "RULE")]
    rule: Vec<String>,
    /// The value of a rule's parameter; can be given several times
    #[arg(long, value_name = "RULE.NAME=VALUE")]
    parameter: Vec<String>,
    /// How to print what was found
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    server: AdminOptions,
}

/// How the report is printed.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
    /// For people: what was found, and the command that mends it
    #[default]
    Text,
    /// All rules with all that is known
    Json,
    /// A test report, each rule a test
    Junit,
    /// For code scanning: each finding a result
    Sarif,
}

/// Asks the running server, prints what it found, and exits with 1 if a rule is broken, with 2 if the command could not
/// do its work.
pub fn audit(options: &AuditOptions) -> ExitCode {
    match print(options) {
        Ok(true) => ExitCode::from(1),
        Ok(false) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("iamd: {failure}");
            ExitCode::from(2)
        }
    }
}

/// Whether a rule is broken.
fn print(options: &AuditOptions) -> Result<bool, Failure> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("account", &options.account);
    query.extend_pairs(options.rule.iter().map(|rule| ("rule", rule)));
    query.extend_pairs(options.parameter.iter().map(|parameter| ("parameter", parameter)));
    let report: Report = call(&options.server, "GET", &format!("audit?{}", query.finish()), "")?;
    let out = &mut Output::styled();
    match options.format {
        Format::Text => text::write(&report, out)?,
        Format::Json => writeln!(out, "{:#}", serde_json::to_value(&report)?)?,
        Format::Junit => out.write_all(&junit::report(&report)?)?,
        Format::Sarif => writeln!(out, "{:#}", sarif::report(&report))?,
    }
    Ok(report.has_findings())
}
