//! What the server applies when it starts.

use super::secrets::{FILE_NAME, SecretsFile};
use super::{Failure, sources};
use crate::app::{App, ApplyMode};
use crate::config::{Database, Settings};
use crate::description::{self, Outcome, Reading};

/// Applies the seeds of the settings.
///
/// # Errors
/// What is wrong with a file, with its line and column. Then no account has changed.
pub async fn seed(app: &App, settings: &Settings) -> Result<(), Failure> {
    let Some(seeds) = settings.seed.as_deref().filter(|seeds| !seeds.is_empty()) else { return Ok(()) };
    for prune in [false, true] {
        let paths: Vec<_> = seeds.iter().filter(|seed| seed.prune == prune).map(|seed| seed.file.clone()).collect();
        if paths.is_empty() {
            continue;
        }
        let files = sources::read(&paths, settings.seed_secrets.as_deref())?;
        let descriptions = description::read(&files, &Reading { prune, ..Reading::default() })?;
        let mut opened: Option<SecretsFile> = None;
        let keep = |secrets: &description::GeneratedSecrets| {
            let path = match (&settings.seed_secrets, settings.database().ok()) {
                (Some(path), _) => path.clone(),
                (None, Some(Database::Sqlite(database))) => database.with_file_name(FILE_NAME),
                _ => return Err("secrets were generated; say with --seed-secrets which file they go to".to_owned()),
            };
            // A second call replaces what the first has added.
            let file = match opened.take() {
                Some(file) => file,
                None => SecretsFile::open(&path).map_err(|error| error.to_string())?,
            };
            opened.insert(file).add(secrets.clone()).map_err(|error| error.to_string())?;
            tracing::info!(file = %path.display(), "secrets were generated");
            Ok(())
        };
        let report = app.apply(&descriptions, ApplyMode { dry_run: false, prune }, keep).await?;
        for entry in report.entities.iter().filter(|entry| entry.outcome != Outcome::Left) {
            let (outcome, changes) = (format!("{:?}", entry.outcome).to_lowercase(), entry.changes.join(", "));
            tracing::info!(account = entry.account, kind = entry.kind, name = entry.name, outcome, changes, "seed");
        }
        for warning in &report.warnings {
            tracing::warn!(warning, "seed");
        }
        let count = |outcome| report.count(outcome);
        let (made, changed) = (count(Outcome::Made), count(Outcome::Changed));
        let (removed, left) = (count(Outcome::Removed), count(Outcome::Left));
        tracing::info!(files = files.len(), made, changed, removed, left, "seeded");
    }
    Ok(())
}
