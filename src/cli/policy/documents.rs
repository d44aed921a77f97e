//! The policy documents in folders.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Failure, read_text};

/// The files among some paths, and the policy documents in the folders among them.
pub(super) fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for path in paths {
        if !path.is_dir() {
            found.push(path.clone());
            continue;
        }
        let before = found.len();
        look_under(path, &mut found).map_err(|error| Failure::in_file(path, &error))?;
        if found.len() == before {
            return Err(Failure::in_file(path, &"no policy documents (*.json with a Statement) here"));
        }
    }
    Ok(found)
}

/// Adds the documents in a folder and those below it, in the order of their names.
fn look_under(folder: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let mut entries = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        // A link may lead back up; only real folders are entered.
        if entry.file_type()?.is_dir() {
            look_under(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "json") && is_document(&path) {
            found.push(path);
        }
    }
    Ok(())
}

/// Whether a file is a policy document, or no JSON at all, which deserves to be reported.
fn is_document(path: &Path) -> bool {
    let Ok(text) = read_text(path) else { return true };
    match serde_json::from_str::<Value>(&text) {
        Ok(value) => value.get("Statement").is_some(),
        Err(_) => true,
    }
}
