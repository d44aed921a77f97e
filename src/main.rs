//! The command `iamd`.

use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use iamd::app::App;
use iamd::audit::Usage;
use iamd::cli::credential_process;
use iamd::cli::policy::{self, PolicyCommand};
use iamd::config::{Database, LogFormat, Settings};
use iamd::http::{self, CredentialEndpoints, Limits, State};
use iamd::idp;
use iamd::operations::Enforcement;
use iamd::store::Sqlite;
use tokio::net::TcpListener;
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
    if let Some(Command::Policy(command)) = &cli.command {
        return policy::run(command);
    }
    let variables = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let result = cli.settings.complete(variables).map_err(Failure::from).and_then(|settings| match cli.command {
        None | Some(Command::Serve | Command::Policy(_)) => run(settings),
        Some(Command::Health) => {
            http::ask_health(settings.listen(), settings.admin_token.as_ref()).map_err(Failure::from)
        }
        Some(Command::Credentials(options)) => credential_process::run(&settings, &options),
        Some(Command::Idp(options)) => run_idp(&settings, options),
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("iamd: {failure}");
            ExitCode::FAILURE
        }
    }
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
async fn run_idp(settings: &Settings, options: idp::Options) -> Result<(), Failure> {
    start_log(settings);
    idp::run(options, stopped()?).await
}

#[tokio::main]
async fn run(settings: Settings) -> Result<(), Failure> {
    start_log(&settings);
    let stop = stopped()?;
    raise_open_files();
    let listen = settings.listen();
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|error| format!("cannot listen on {listen}: {error}; choose another address with --listen"))?;
    let listen = listener.local_addr()?;
    let settings = Settings { listen: Some(listen), ..settings };
    let credentials = CredentialEndpoints::new(&settings)?;
    let (store, database) = match settings.database()? {
        Database::Memory => (Sqlite::in_memory().await?, "memory"),
        Database::Sqlite(path) => (Sqlite::open(&path).await?, "sqlite"),
    };
    let store = Arc::new(store);
    let (app, committer) = App::start(&settings, store.clone()).await?;
    let usage = app.environment.usage.clone();
    let timeout = Duration::from_secs(settings.request_timeout.unwrap_or(30));
    banner(&settings, listen, database);
    let state = Arc::new(State {
        app,
        admin_token: settings.admin_token.clone(),
        credentials,
        listen,
        database,
        max_body_size: settings.max_body_size.unwrap_or(16 << 20),
        body_timeout: timeout,
    });
    let limits = Limits { connections: settings.max_connections.unwrap_or(20_000), header_timeout: timeout };
    let saving = tokio::spawn(save_usage_often(usage.clone(), store.clone()));
    http::serve(listener, http::router(state), limits, stop).await;
    // The router is gone, and with it the accounts: the committer writes what it still has and ends.
    saving.abort();
    committer.await?;
    store.save_usage(&usage.take_unwritten()).await?;
    store.close().await;
    Ok(())
}

/// What a person needs to know to use the server.
fn banner(settings: &Settings, listen: SocketAddr, database: &str) {
    let endpoint = match listen {
        address if address.ip().is_unspecified() => format!("http://localhost:{}", address.port()),
        address => format!("http://{address}"),
    };
    let enforcement = match settings.enforcement.unwrap_or_default() {
        Enforcement::On => "Enforcement is on: what no policy allows is denied.",
        Enforcement::Log => "Enforcement ONLY LOGS: what no policy allows goes through, marked x-iamd-would-deny.",
    };
    let kept = settings.database.as_deref().unwrap_or(if database == "memory" { "memory" } else { "sqlite:iamd.db" });
    let mut text = format!(
        "iamd {} serves IAM and STS at {endpoint}\n{enforcement}\nEverything is kept in {kept}.\n",
        env!("CARGO_PKG_VERSION")
    );
    let development = settings.no_dev_credentials != Some(true);
    let root = match &settings.root_access_key {
        Some(id) => Some((id.as_str(), "<the root secret key>")),
        None => development.then_some(("test", "test")),
    };
    if let Some((id, secret)) = root {
        text += &format!(
            "Root user of account 000000000000:\n\n  export AWS_ENDPOINT_URL={endpoint}\n  \
             export AWS_ACCESS_KEY_ID={id} AWS_SECRET_ACCESS_KEY={secret}\n  \
             export AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1\n\n"
        );
    }
    // Whoever started the server may not want to read this.
    let _ = std::io::stdout().write_all(text.as_bytes());
    if development && !listen.ip().is_loopback() {
        tracing::warn!("development credentials are accepted from other machines; --no-dev-credentials refuses them");
    }
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

/// Each connection takes a file; the usual soft limit of 1,024 is too few.
fn raise_open_files() {
    if let Ok((_, hard)) = rlimit::Resource::NOFILE.get() {
        let _ = rlimit::Resource::NOFILE.set(hard.min(65_536), hard);
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

/// When keys were last used changes with every call; it is written every few seconds.
async fn save_usage_often(usage: Arc<Usage>, store: Arc<Sqlite>) {
    loop {
        tokio::time::sleep(Duration::from_secs(5)).await;
        let uses = usage.take_unwritten();
        if !uses.is_empty()
            && let Err(error) = store.save_usage(&uses).await
        {
            tracing::error!(%error, "last uses could not be written");
        }
    }
}
