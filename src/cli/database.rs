//! `iamd database`: what is stored, moved, and sealed with another key.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::output::Output;
use crate::config::{Database, Settings, database_key_in};
use crate::store::{SealingKey, Store, Trail};

/// The settings of the server that say where the database is, and what seals it.
const SHARED: &[&str] =
    &["config", "data-dir", "database", "database-key", "database-key-file", "database-connections", "database-wait"];

/// Move what is stored, or change the key that seals it
#[derive(Debug, Subcommand)]
pub enum DatabaseCommand {
    /// Copy everything from one database to another one, which must be empty
    ///
    /// Accounts, the key of sessions, buckets, last uses and the audit trail. No server may use the databases meanwhile.
    #[command(after_help = "Example: iamd database copy --from sqlite:iamd.db --to postgres://iamd@localhost/iamd")]
    Copy(CopyOptions),
    /// Seal a database and its audit trail with the key
    ///
    /// A server that is given a key seals a database when it starts, but for the events that are in its audit trail
    /// already. No server may use the database meanwhile.
    #[command(after_help = "Example: iamd database seal --database-key-file iamd.key")]
    Seal(SealOptions),
    /// Seal a database and its audit trail with another key
    ///
    /// No server may use the database meanwhile. If it is interrupted, run it again with the same keys.
    #[command(after_help = "Example: iamd database rotate --database-key-file iamd.key --new-key-file new.key")]
    Rotate {
        /// Where the database is, and its key
        #[command(flatten)]
        database: SealOptions,
        /// File of 64 hexadecimal digits, for its owner only: the new key
        #[arg(long, value_name = "FILE")]
        new_key_file: PathBuf,
    },
    /// Store a database and its audit trail in plain text again
    ///
    /// No server may use the database meanwhile. If it is interrupted, run it again.
    #[command(after_help = "Example: iamd database unseal --database-key-file iamd.key")]
    Unseal(SealOptions),
}

/// Where the database is, and its key.
#[derive(Args, Debug)]
pub struct SealOptions {
    /// Where everything is kept: sqlite:PATH, or postgres://USER@HOST/DATABASE
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Folder that a relative database path begins at
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
    /// File of 64 hexadecimal digits, for its owner only: the key [env: IAMD_DATABASE_KEY has the digits themselves]
    #[arg(long, value_name = "FILE")]
    database_key_file: Option<PathBuf>,
    /// Configuration file of the server
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
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
    match command {
        DatabaseCommand::Copy(options) => copy(options),
        DatabaseCommand::Seal(database) => change_key(database, None),
        DatabaseCommand::Rotate { database, new_key_file } => {
            change_key(database, Some(Some(database_key_in(&new_key_file)?)))
        }
        DatabaseCommand::Unseal(database) => change_key(database, Some(None)),
    }
}

/// Seals a database with its key, or gives it another one, or none. The audit trail goes first where the old key is still
/// needed: its blocks are known to be done, so that all can be done again.
#[tokio::main]
async fn change_key(options: SealOptions, new: Option<Option<SealingKey>>) -> Result<(), Failure> {
    let SealOptions { database, data_dir, database_key_file, config } = options;
    let given = Settings { database, data_dir, database_key_file, config, ..Settings::default() };
    let settings = given.complete(std::env::vars_os(), |key| SHARED.contains(&key))?.settings;
    let Some(key) = settings.database_key()? else {
        return Err("give the key by --database-key-file or IAMD_DATABASE_KEY".into());
    };
    must_exist(&settings)?;
    // This seals a database that is not.
    let store = open(&settings).await?;
    store.keep_alone().await?;
    let trail = trail(&settings, &store)?;
    trail.reseal(new.as_ref().map_or(Some(&key), Option::as_ref)).await?;
    if let Some(new) = &new {
        store.reseal(new.as_ref()).await?;
    }
    let place = store.place();
    trail.close().await;
    store.close().await;
    let done = match new {
        None => "is sealed",
        Some(Some(_)) => "is sealed with the new key",
        Some(None) => "is no longer sealed",
    };
    writeln!(Output::stdout(), "The database {place} {done}.")?;
    Ok(())
}

/// Refuses a file that is not there, which opening would make.
fn must_exist(settings: &Settings) -> Result<(), Failure> {
    match settings.database()? {
        Database::Sqlite(path) if !path.exists() => Err(format!("there is no database {}", path.display()).into()),
        _ => Ok(()),
    }
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
    must_exist(&from)?;
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
