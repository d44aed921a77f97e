//! `iamd policy`: policies decided, explained, checked and tested without a server, or recorded by one.

mod documents;
mod evaluate;
mod explain;
mod fields;
mod junit;
mod layout;
mod record;
mod suite;
mod test;
mod toml;
mod validate;

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};

pub(super) use self::explain::write_coloured;
use super::output::Output;
use super::running::AdminOptions;
use crate::catalogue::KnownServices;
use crate::log::printable_lines;
use iam_policy::Grammar;
use iam_policy::lint::Severity;

/// Decide, explain, check and test policies without a server, or record them
///
/// Exits with 0 if all is well, with 1 if a policy or test is not, with 2 if the command could not do its work.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Decide a request and print the answer as JSON
    ///
    /// REQUEST is what `POST /_iamd/evaluate` takes: principal, action, resource, context and the policies of every
    /// layer. A document can also be a file: {"file": "policy.json"}, relative to REQUEST. In the answer, the fields
    /// statement and level count from 0; sentences count from 1.
    #[command(
        after_help = "Example: iamd policy evaluate request.json | jq .decision\n\nExits with 0 whatever the decision, unless --exit-code is given."
    )]
    Evaluate(EvaluateArgs),
    /// Tell as a tree why a request is allowed or denied
    ///
    /// Shows what every layer says, the statements that match, those that nearly match and what is in their way.
    #[command(
        after_help = "Example: iamd policy explain request.json\n\nExits with 0 whatever the decision, unless --exit-code is given."
    )]
    Explain(EvaluateArgs),
    /// Check policy documents: errors, security warnings, warnings and suggestions
    ///
    /// The findings have the issue codes and severities of AWS IAM Access Analyzer's policy checks, with line and
    /// column in characters. The sentences are iamd's own, and so is one code: MALFORMED_POLICY_DOCUMENT is what IAM
    /// refuses and no check of Access Analyzer is about.
    #[command(
        after_help = "Examples:\n  iamd policy validate policies/*.json\n  iamd policy validate --kind trust role.json"
    )]
    Validate(ValidateArgs),
    /// Run unit tests of policies
    ///
    /// Looks for *.test.json and *.test.toml files: requests with the decisions they are expected to get. A file that
    /// cannot be run, or tests nothing, is an error, and the others are run all the same.
    #[command(after_help = "Example: iamd policy test policies/ --junit report.xml")]
    Test(TestArgs),
    /// Print a policy for what a user or role did on a running server
    ///
    /// The policy allows each call that was allowed, and none of their actions on a resource on which it was not called.
    /// The sessions of a role count as the role. Where one policy would be too long, there are several.
    #[command(
        after_help = "Example: iamd policy record --principal arn:aws:iam::123456789012:role/app --since 2030-01-01T00:00:00Z > app.json"
    )]
    Record(RecordArgs),
    /// Print the JSON Schema of requests or of test files, for editors
    #[command(after_help = "Example: iamd policy schema request > request.schema.json")]
    Schema(SchemaArgs),
}

/// What `evaluate` and `explain` take.
#[derive(Debug, Args)]
pub struct EvaluateArgs {
    /// The request, a JSON file; - is standard input
    request: PathBuf,
    /// Exit with 1 if the request is denied
    #[arg(long)]
    exit_code: bool,
}

/// What `validate` takes.
#[derive(Debug, Args)]
pub struct ValidateArgs {
    /// The documents: JSON files, folders with such files, or - for standard input
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// What kind of policies they are; guessed from each document if not given
    #[arg(long, value_enum)]
    kind: Option<Kind>,
    /// Exit with 1 on findings of this severity or a greater one
    #[arg(long, value_enum, value_name = "SEVERITY", default_value_t = FailOn::SecurityWarning)]
    fail_on: FailOn,
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
}

/// What `test` takes.
#[derive(Debug, Args)]
pub struct TestArgs {
    /// Directories with *.test.json and *.test.toml files, or such files
    #[arg(default_value = ".")]
    paths: Vec<PathBuf>,
    /// Files of one account (of iamd's format, an account of AWS, or a template), whose policies principals and roles
    /// have where a request gives none
    #[arg(long, value_name = "FILE")]
    account: Vec<PathBuf>,
    /// Write a report in JUnit's XML to this file
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Print only what fails, and the totals
    #[arg(long, short)]
    quiet: bool,
}

/// What `record` takes.
#[derive(Debug, Args)]
pub struct RecordArgs {
    /// The ARN of the user or role
    #[arg(long, value_name = "ARN")]
    principal: String,
    /// Only calls from this time on, such as 2030-01-01T00:00:00Z
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Allow whole folders where several resources in them were used
    #[arg(long)]
    generalise: bool,
    #[command(flatten)]
    server: AdminOptions,
}

/// What `schema` takes.
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// Requests of evaluate and explain, or test files
    #[arg(value_enum)]
    of: SchemaKind,
}

/// What a schema describes.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum SchemaKind {
    Request,
    Tests,
}

impl SchemaKind {
    fn text(self) -> &'static str {
        match self {
            Self::Request => include_str!("../schemas/request.schema.json"),
            Self::Tests => include_str!("../schemas/tests.schema.json"),
        }
    }
}

/// The kinds of policies.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// Inline policy of a user, group or role
    Identity,
    /// Managed policy
    Managed,
    /// Session policy
    Session,
    /// Role trust policy
    Trust,
    /// Policy of any other resource
    Resource,
    /// Service control policy
    Scp,
    /// Resource control policy
    Rcp,
    /// VPC endpoint policy
    Endpoint,
}

/// The least severity that fails.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum FailOn {
    Error,
    SecurityWarning,
    Warning,
    Suggestion,
}

impl From<Kind> for Grammar {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Identity => Self::Identity,
            Kind::Managed => Self::Managed,
            Kind::Session => Self::Session,
            Kind::Trust => Self::Trust,
            Kind::Resource => Self::Resource,
            Kind::Scp => Self::ServiceControl,
            Kind::Rcp => Self::ResourceControl,
            Kind::Endpoint => Self::Endpoint,
        }
    }
}

impl From<FailOn> for Severity {
    fn from(fail_on: FailOn) -> Self {
        match fail_on {
            FailOn::Error => Self::Error,
            FailOn::SecurityWarning => Self::SecurityWarning,
            FailOn::Warning => Self::Warning,
            FailOn::Suggestion => Self::Suggestion,
        }
    }
}

/// Why a command cannot do its work, for people.
#[derive(Debug)]
struct Failure(String);

impl Failure {
    fn in_file(path: &Path, reason: &dyn fmt::Display) -> Self {
        Self(format!("{}: {reason}", path.display()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}

/// Runs a command. Exits with 0 if all is well, with 1 if what was asked about is
/// not, and with 2 if the command could not do its work.
pub fn run(command: &PolicyCommand) -> ExitCode {
    let out = &mut Output::styled();
    let result = match command {
        PolicyCommand::Evaluate(args) => evaluate::run(args, out),
        PolicyCommand::Explain(args) => explain::run(args, out),
        PolicyCommand::Validate(args) => validate::run(args, &KnownServices, out),
        PolicyCommand::Test(args) => test::run(args, out),
        PolicyCommand::Record(args) => record::run(args, out),
        PolicyCommand::Schema(args) => write!(out, "{}", args.of.text()).map(|()| true).map_err(Failure::from),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(failure) => {
            let lines: Vec<_> = printable_lines(&failure.0).collect();
            eprintln!("iamd: {}", lines.join("\niamd: "));
            ExitCode::from(2)
        }
    }
}

/// Whether all is well.
type Outcome = Result<bool, Failure>;

fn read(path: &Path) -> Result<String, Failure> {
    read_text(path).map_err(|error| Failure::in_file(path, &error))
}

/// Reads a file, or standard input if it is called `-`.
fn read_text(path: &Path) -> std::io::Result<String> {
    match path == Path::new("-") {
        true => std::io::read_to_string(std::io::stdin()),
        false => std::fs::read_to_string(path),
    }
}

/// Reads the files that a request names, relative to its own folder.
fn files_beside(path: &Path) -> impl Fn(&str) -> Result<String, String> {
    let directory = path.parent().map(Path::to_owned).unwrap_or_default();
    move |name| std::fs::read_to_string(directory.join(name)).map_err(|error| error.to_string())
}
