//! The command `iamd`.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use iamd::cli::output::Output;
use iamd::cli::policy::{self, PolicyCommand};
use iamd::cli::{credential_process, serve};
use iamd::config::{LogFormat, Settings};
use iamd::{http, idp};
use tokio::signal::unix::{SignalKind, signal};
use tracing::level_filters::LevelFilter;

/// A local AWS IAM and STS: real protocol, verified signatures, enforced policies, durable state.
///
/// Without a command, iamd serves. Point aws-cli, an SDK or Terraform at it with AWS_ENDPOINT_URL.
#[derive(Parser)]
#[command(name = "iamd", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Subcommand)]
enum Command {
    /// Serve IAM and STS (the default)
    Serve,
    /// Ask a running server whether it is well; exits with 0 if it is
    Health,
    /// Serve an identity provider for tests: web identity tokens, and SAML responses
    Idp(idp::Options),
    /// Print credentials of a role, for credential_process in the configuration of AWS's clients
    Credentials(credential_process::Options),
    #[command(subcommand)]
    Policy(PolicyCommand),
}

/// What goes wrong before or while serving, as one sentence.
type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let cli = Cli::from_arg_matches(&command().get_matches()).unwrap_or_else(|error| error.exit());
    run(cli).unwrap_or_else(|failure| {
        eprintln!("iamd: {failure}");
        ExitCode::FAILURE
    })
}

fn run(cli: Cli) -> Result<ExitCode, Failure> {
    let variables = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let settings = || cli.settings.complete(variables);
    match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => serve(settings()?)?,
        Command::Health => {
            let settings = settings()?;
            http::ask_health(settings.listen(), settings.admin_token.as_ref(), &mut Output::stdout())?;
        }
        Command::Idp(options) => serve_identities(&settings()?, options)?,
        Command::Credentials(options) => credential_process::run(&settings()?, &options)?,
        Command::Policy(command) => return Ok(policy::run(&command)),
    }
    Ok(ExitCode::SUCCESS)
}

#[tokio::main]
async fn serve(settings: Settings) -> Result<(), Failure> {
    start_log(&settings);
    serve::run(settings, stopped()?).await
}

/// The command line. Commands over policies need no server, and their help does not list its settings.
fn command() -> clap::Command {
    let mut command = Cli::command();
    // Gives every subcommand the settings, which are global.
    command.build();
    command.mut_subcommand("policy", without_settings)
}

fn without_settings(command: clap::Command) -> clap::Command {
    let hide = |arg: clap::Arg| if arg.is_global_set() { arg.hide(true) } else { arg };
    command.mut_args(hide).mut_subcommands(without_settings)
}

#[tokio::main]
async fn serve_identities(settings: &Settings, options: idp::Options) -> Result<(), Failure> {
    start_log(settings);
    idp::run(options, stopped()?).await
}

fn start_log(settings: &Settings) {
    let level = LevelFilter::from(settings.log_level.unwrap_or_default());
    let log = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match settings.log_format.unwrap_or_default() {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
}

/// Resolves when the server is asked to stop.
fn stopped() -> Result<impl Future<Output = ()>, Failure> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping");
    })
}
