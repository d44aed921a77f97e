//! `iamd config`: the configuration checked, shown and described.

use std::io::Write;
use std::sync::Arc;

use clap::Subcommand;
use serde_json::{Value, json};

use super::output::Output;
use crate::app::App;
use crate::config::{ConfigError, Settings, Sources};
use crate::http::{CredentialEndpoints, Tls};
use crate::store::Store;

/// The JSON Schema of the tables of the configuration file.
const TABLES_SCHEMA: &str = include_str!("schemas/tables.schema.json");

/// Check, show or describe the configuration
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Check the configuration as a start of the server would, without starting it
    ///
    /// Reads flags, variables and the configuration file with the files that it names. Exits with 1 if something is
    /// wrong.
    Check(Box<Settings>),
    /// Print the configuration in force as TOML, and where each value comes from
    ///
    /// Secrets are not printed.
    Show(Box<Settings>),
    /// Print the JSON Schema of the configuration file, for editors
    Schema,
}

/// Why the configuration cannot be used, as one sentence.
pub type Failure = Box<dyn std::error::Error>;

/// Runs a command.
///
/// # Errors
/// What is wrong with the configuration, as one sentence.
pub fn run(command: ConfigCommand) -> Result<(), Failure> {
    let out = &mut Output::stdout();
    match command {
        ConfigCommand::Check(settings) => {
            let sources = complete(*settings)?;
            check(&sources.settings)?;
            match &sources.settings.config {
                Some(path) => writeln!(out, "The configuration is valid: flags, variables and {}.", path.display())?,
                None => writeln!(out, "The configuration is valid: flags and variables; there is no file.")?,
            }
        }
        ConfigCommand::Show(settings) => show(&complete(*settings)?, out)?,
        ConfigCommand::Schema => writeln!(out, "{:#}", schema()?)?,
    }
    Ok(())
}

fn complete(settings: Settings) -> Result<Sources, ConfigError> {
    settings.complete(std::env::vars_os(), |_| true)
}

/// Does all that a start does, on a database in memory and without a listener.
#[tokio::main(flavor = "current_thread")]
async fn check(settings: &Settings) -> Result<(), Failure> {
    settings.database()?;
    settings.database_key()?;
    CredentialEndpoints::new(settings)?;
    Tls::check(settings)?;
    let store = Arc::new(Store::in_memory().await?);
    App::start(settings, store).await?;
    Ok(())
}

/// The configuration as a file that could be used, but for its secrets.
fn show(sources: &Sources, out: &mut dyn Write) -> Result<(), Failure> {
    for (setting, value, origin) in sources.in_force().filter(|(setting, ..)| setting.key != "config") {
        let origin = origin.map_or("default".to_owned(), ToString::to_string);
        match value {
            Some(value) => writeln!(out, "{} = {value}  # {origin}", setting.key)?,
            None => writeln!(out, "# {} is set and secret  # {origin}", setting.key)?,
        }
    }
    if !sources.settings.quota.is_empty() {
        let origin = sources.origins.get("quota").map(ToString::to_string).unwrap_or_default();
        writeln!(out, "\n# {origin}, over those of the file\n[quotas]")?;
        for (name, limit) in &sources.settings.quota {
            writeln!(out, "{name} = {limit}")?;
        }
    }
    let mut tables = sources.tables.clone();
    if !sources.settings.quota.is_empty() {
        // They would be there twice.
        tables.remove("quotas");
    }
    if !tables.is_empty() {
        let file = sources.settings.config.as_deref().unwrap_or(std::path::Path::new(""));
        let mut tables = toml::Value::Table(tables);
        redact(&mut tables);
        write!(out, "\n# {}\n{}", file.display(), toml::to_string(&tables)?)?;
    }
    Ok(())
}

/// Takes out the tokens of tasks and pods, and the secret keys of upstreams.
fn redact(value: &mut toml::Value) {
    match value {
        toml::Value::Table(table) => {
            for (name, value) in table {
                match name.as_str() {
                    "token" | "secret-key" => *value = "(secret)".into(),
                    _ => redact(value),
                }
            }
        }
        toml::Value::Array(values) => values.iter_mut().for_each(redact),
        _ => {}
    }
}

/// The JSON Schema of the configuration file: its settings are those of the flags.
fn schema() -> Result<Value, Failure> {
    let mut schema: Value = serde_json::from_str(TABLES_SCHEMA)?;
    let settings = Settings::ALL.iter().filter(|setting| setting.key != "config");
    if let Some(properties) = schema.pointer_mut("/properties").and_then(Value::as_object_mut) {
        properties.extend(settings.map(|setting| (setting.key.to_owned(), setting.json_schema())));
        let quotas = crate::account::Quota::ALL.iter().map(|quota| {
            let limit = json!({"type": "integer", "minimum": 0, "default": quota.default_limit()});
            (quota.name().to_owned(), limit)
        });
        if let Some(names) = properties.get_mut("quotas").and_then(|table| table.get_mut("properties")) {
            *names = Value::Object(quotas.collect());
        }
    }
    Ok(schema)
}
