//! The command `iamd`.

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use clap_complete::Shell;
use iamd::cli::admin::{self, AccountsOptions, ClockOptions, ResetOptions};
use iamd::cli::audit::{self, AuditOptions};
use iamd::cli::configuration::{self, ConfigCommand};
use iamd::cli::database::{self, DatabaseCommand};
use iamd::cli::events::{self, EventsOptions};
use iamd::cli::files::{self, ApplyOptions, DiffOptions, ExportOptions, ImportOptions};
use iamd::cli::help::with_variables;
use iamd::cli::output::Output;
use iamd::cli::policy::{self, PolicyCommand};
use iamd::cli::running::AdminOptions;
use iamd::cli::why::{self, WhyOptions};
use iamd::cli::{credential_process, serve};
use iamd::config::{LogFormat, LogLevel, Settings};
use iamd::http::Signals;
use iamd::{http, idp};
use mimalloc::MiMalloc;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// A request allocates much and frees it at once, which takes the C library's allocator twice as long.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// A local AWS IAM and STS: real protocol, verified signatures, enforced policies, durable state
///
/// Without a command, iamd serves. Point aws-cli, an SDK or Terraform at it with AWS_ENDPOINT_URL_IAM and
/// AWS_ENDPOINT_URL_STS, or with AWS_ENDPOINT_URL if they call no other service.
#[derive(Parser)]
#[command(name = "iamd", version, max_term_width = 100, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Subcommand)]
enum Command {
    /// Serve IAM and STS (the default)
    Serve(Box<Settings>),
    /// Ask a running server whether it is well; exit with 0 if it is
    Health(AdminOptions),
    /// Show or move the time of a running server; signatures are held against real time all the same
    Clock(ClockOptions),
    /// Let a running server forget everything, or one account
    Reset(ResetOptions),
    /// List the accounts of a running server that something was written to
    Accounts(AccountsOptions),
    /// Make accounts of a running server what files describe: users, groups, roles, policies, keys, providers
    ///
    /// What a file leaves out is not touched; what it gives is exact. All of it is done, or nothing. Applying a file
    /// again changes nothing.
    Apply(ApplyOptions),
    /// Make an account of a running server a copy of one on AWS
    ///
    /// ARNs and unique ids stay the same, and AWS-managed policies are those of AWS. Secrets are new.
    Import(ImportOptions),
    /// Write an account of a running server as AWS shows it; it can be imported again
    Export(ExportOptions),
    /// Compare two accounts: what differs in entities, and in what principals may do
    ///
    /// A side is a file, a running server, or a snapshot of one.
    Diff(DiffOptions),
    /// Hold an account of a running server against the rules of CIS and AWS Config
    ///
    /// Prints what breaks a rule and the command that mends it. Exits with 0 if all rules are kept, with 1 if some are
    /// not, with 2 if the command could not do its work.
    Audit(AuditOptions),
    /// Follow the calls that a running server answers, one line each
    ///
    /// Shows what happens from now on, or since a time, until it is interrupted. If the server goes away, the command
    /// waits half a minute for it to come back.
    Events(EventsOptions),
    /// Explain why a running server denied a request, and what would have allowed it
    Why(WhyOptions),
    /// Serve an identity provider for tests: web identity tokens and SAML responses
    Idp(idp::Options),
    /// Print credentials of a role, for credential_process in the configuration of AWS's clients
    Credentials(credential_process::Options),
    #[command(subcommand)]
    Policy(PolicyCommand),
    #[command(subcommand)]
    Config(ConfigCommand),
    #[command(subcommand)]
    Database(DatabaseCommand),
    /// Print the completions of a shell
    #[command(after_help = "Example: iamd completions bash > ~/.local/share/bash-completion/completions/iamd")]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page
    #[command(after_help = "Example: iamd man > iamd.1 && man ./iamd.1")]
    Man,
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
    let command = cli.command.unwrap_or_else(|| Command::Serve(Box::new(cli.settings)));
    match command {
        Command::Serve(settings) => serve(settings.complete(std::env::vars_os(), |_| true)?.settings)?,
        Command::Health(options) => {
            let settings = options.settings()?;
            let server = options.target(&settings)?;
            http::ask_health(&server, settings.admin_token.as_ref(), &mut Output::stdout())?;
        }
        Command::Clock(options) => admin::clock(&options)?,
        Command::Reset(options) => admin::reset(&options)?,
        Command::Accounts(options) => admin::accounts(&options)?,
        Command::Apply(options) => files::apply(&options)?,
        Command::Import(options) => files::import(&options)?,
        Command::Export(options) => files::export(&options)?,
        Command::Diff(options) => return Ok(files::diff(&options)),
        Command::Audit(options) => return Ok(audit::audit(&options)),
        Command::Events(options) => events::events(&options)?,
        Command::Why(options) => why::why(&options)?,
        Command::Idp(options) => serve_identities(options)?,
        Command::Credentials(options) => credential_process::run(&options)?,
        Command::Policy(command) => return Ok(policy::run(&command)),
        Command::Config(command) => configuration::run(command)?,
        Command::Database(command) => database::run(command)?,
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut self::command(), "iamd", &mut Output::stdout());
        }
        Command::Man => clap_mangen::Man::new(self::command()).render(&mut Output::stdout())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn serve(settings: Settings) -> Result<(), Failure> {
    start_log(settings.log_level, settings.log_format);
    run_async(async { serve::run(settings, signals()?).await })
}

/// Runs to the end, and does not wait for computations whose result is no longer awaited.
fn run_async(task: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(task);
    runtime.shutdown_background();
    result
}

/// The command line.
fn command() -> clap::Command {
    with_variables(Cli::command())
}

fn serve_identities(options: idp::Options) -> Result<(), Failure> {
    start_log(options.log_level, options.log_format);
    run_async(async { idp::run(options, signals()?).await })
}

fn start_log(level: Option<LogLevel>, format: Option<LogFormat>) {
    iamd::log::start(format.unwrap_or_default(), level.unwrap_or_default());
}

/// Each signal that asks the server to stop.
fn signals() -> Result<Signals, Failure> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let (sender, signals) = mpsc::channel(1);
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            tracing::info!("stopping");
            if sender.send(()).await.is_err() {
                return;
            }
        }
    });
    Ok(signals)
}
