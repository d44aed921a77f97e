//! Finds and reads files of accounts.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::Failure;
use super::secrets::FILE_NAME;
use crate::description::SourceFile;
use crate::markup::{MAX_BYTES, Syntax};

/// The files that are named, and those in folders whose names end as files of accounts do, in the order of their names.
/// Files of generated secrets in folders are passed over: `secrets`, and any that has the default name.
///
/// # Errors
/// What cannot be read, is too large, or is not there.
pub(super) fn read(paths: &[PathBuf], secrets: Option<&Path>) -> Result<Vec<SourceFile>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let found = in_folder(path, secrets).map_err(|error| unreadable(path, &error))?;
            if found.is_empty() {
                return Err(format!("{} has no .yaml, .yml, .toml or .json file", path.display()).into());
            }
            for path in found {
                files.push(read_file(&path)?);
            }
        } else {
            files.push(read_file(path)?);
        }
    }
    Ok(files)
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    format!("{} cannot be read: {error}", path.display()).into()
}

fn in_folder(folder: &Path, secrets: Option<&Path>) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    // It may be called by another path, and it may not be there yet.
    let secrets = secrets.and_then(|path| fs::canonicalize(path).ok());
    let is_secret = |path: &Path| {
        path.file_name().is_some_and(|name| name == FILE_NAME)
            || secrets.is_some() && fs::canonicalize(path).ok() == secrets
    };
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_file() && Syntax::of(&path).is_some() && !is_secret(&path) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unread {
    #[error("is not a regular file")]
    Irregular,
    #[error("is larger than {} MiB", MAX_BYTES >> 20)]
    TooLarge,
    #[error("cannot be read: {0}")]
    Unreadable(#[from] io::Error),
}

/// The content of a regular file.
///
/// # Errors
/// See [`Unread`].
pub(super) fn content(path: &Path) -> Result<Zeroizing<Vec<u8>>, Unread> {
    // To open a pipe would wait for somebody to write into it, and a device may have no end.
    if !fs::metadata(path)?.is_file() {
        return Err(Unread::Irregular);
    }
    let mut bytes = Zeroizing::new(Vec::new());
    // Files in /proc say that they have no bytes.
    File::open(path)?.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > MAX_BYTES { Err(Unread::TooLarge) } else { Ok(bytes) }
}

fn read_file(path: &Path) -> Result<SourceFile, Failure> {
    let mut bytes = content(path).map_err(|error| format!("{} {error}", path.display()))?;
    let text = String::from_utf8(std::mem::take(&mut *bytes));
    let text = text.map_err(|_| format!("{} is not UTF-8", path.display()))?;
    Ok(SourceFile { name: path.display().to_string(), text })
}
