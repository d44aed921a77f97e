//! `iamd database`: what is stored, moved.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::output::Output;
use crate::config::{Database, Settings};
use crate::store::{SealingKey, Store, Trail};

/// Move what is stored
#[derive(Debug, Subcommand)]
pub enum DatabaseCommand {
    /// Copy everything from one database to another one, which must be empty
    ///
    /// Accounts, the key of sessions, buckets, last uses and the audit trail. No server may use the databases meanwhile.
    #[command(after_help = "Example: iamd database copy --from sqlite:iamd.db --to postgres://iamd@localhost/iamd")]
    Copy(CopyOptions),
}

/// From where to where.
#[derive(Args, Debug)]
pub struct CopyOptions {
    /// The database to copy
    #[arg(long, value_name = "URL")]
    from: String,
    /// The database to copy to
    #[arg(long, value_name = "URL")]
    to: String,
    /// File of the key that seals the database to copy
    #[arg(long, value_name = "FILE")]
    from_key_file: Option<PathBuf>,
    /// File of the key that is to seal the copy
    #[arg(long, value_name = "FILE")]
    to_key_file: Option<PathBuf>,
}

/// Why it cannot be done, as one sentence.
pub type Failure = Box<dyn std::error::Error>;

/// Runs a command.
///
/// # Errors
/// One sentence.
pub fn run(command: DatabaseCommand) -> Result<(), Failure> {
    let DatabaseCommand::Copy(options) = command;
    copy(options)
}

#[tokio::main]
async fn copy(options: CopyOptions) -> Result<(), Failure> {
    let settings = |database: &str, database_key_file: Option<PathBuf>| Settings {
        database: Some(database.to_owned()),
        database_key_file,
        ..Settings::default()
    };
    let from = settings(&options.from, options.from_key_file);
    let to = settings(&options.to, options.to_key_file);
    if from.database()? == to.database()? {
        return Err("the two databases are the same".into());
    }
    if let Database::Sqlite(path) = from.database()?
        && !path.exists()
    {
        return Err(format!("there is no database {}", path.display()).into());
    }
    let (source, target) = (open(&from).await?, open(&to).await?);
    if target.count_accounts().await? > 0 {
        return Err(format!("the database {} is not empty", target.place()).into());
    }
    let accounts = source.copy_to(&target).await?;
    let (events, copied) = (trail(&from, &source)?, trail(&to, &target)?);
    let count = events.copy_to(&copied).await?;
    let place = target.place();
    events.close().await;
    copied.close().await;
    source.close().await;
    target.close().await;
    writeln!(Output::stdout(), "Copied {accounts} accounts and {count} events to {place}.")?;
    Ok(())
}

async fn open(settings: &Settings) -> Result<Store, Failure> {
    let key = settings.database_key()?;
    Ok(match settings.database()? {
        Database::Memory => return Err("a database in memory is gone with its server".into()),
        Database::Sqlite(path) => Store::open(&path, key.as_ref()).await?,
        Database::Postgres(url) => {
            let wait = Duration::from_secs(settings.database_wait());
            Store::connect(url, key.as_ref(), settings.database_connections(), wait).await?
        }
    })
}

/// The audit trail of a database.
fn trail(settings: &Settings, store: &Store) -> Result<std::sync::Arc<Trail>, Failure> {
    let key: Option<SealingKey> = settings.database_key()?;
    let shared = Trail::share(store, key.as_ref(), u64::MAX);
    Ok(shared.unwrap_or_else(|| Trail::start(store.path().map(Settings::audit_path), key, u64::MAX)))
}
