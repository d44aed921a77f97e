//! The folder of trails' files. What is written stays below it, whatever buckets and prefixes are called and whatever links
//! lie there: each part of a path is opened by itself, below the one before, and a link is not followed.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags, mkdirat, open, openat, renameat, unlinkat};
use rustix::io::Errno;

use crate::store::room::leave_room;

/// Who may look into folders and files: the owner and the group.
const FOLDER_MODE: Mode = Mode::from_raw_mode(0o750);
const FILE_MODE: Mode = Mode::from_raw_mode(0o640);

/// The most bytes of a part of a path, on the usual file systems.
const MAX_PART: usize = 255;

/// The folder.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// A folder that can be written to; it is made if it is absent.
    ///
    /// # Errors
    /// When it cannot be written to.
    pub fn claim(path: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&path)?;
        let folder = Self(path);
        let name = format!(".iamd-{}", std::process::id());
        let root = folder.root()?;
        create(&root, &name)?;
        unlinkat(&root, name.as_str(), AtFlags::empty())?;
        Ok(folder)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file below folders, which are made if they are absent. Nobody sees a part of it.
    ///
    /// # Errors
    /// When a part of the path is no plain name, a link or a file is in the place of a folder, the disk is full but for what is
    /// left to the accounts, or the file cannot be written.
    pub fn write(&self, folders: &[&str], name: &str, content: &[u8]) -> io::Result<()> {
        if let Some(wrong) = folders.iter().chain([&name]).find(|part| !is_plain(part)) {
            return Err(io::Error::other(format!("{wrong:?} is not a plain name")));
        }
        leave_room(&self.0)?;
        let mut below = self.root()?;
        for folder in folders {
            match mkdirat(&below, *folder, FOLDER_MODE) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            below = openat(&below, *folder, flags, Mode::empty())?;
        }
        let partial = format!(".{name}.part");
        let mut file = create(&below, &partial)?;
        let written = file.write_all(content).and_then(|()| file.sync_all());
        let placed = written.and_then(|()| Ok(renameat(&below, partial.as_str(), &below, name)?));
        if placed.is_err() {
            // What is left of a file that could not be written is of no use.
            let _ = unlinkat(&below, partial.as_str(), AtFlags::empty());
        }
        placed
    }

    /// The folder itself may be a link: that is for its owner to say.
    fn root(&self) -> io::Result<OwnedFd> {
        Ok(open(&self.0, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?)
    }
}

fn create(folder: &OwnedFd, name: &str) -> io::Result<File> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(File::from(openat(folder, name, flags, FILE_MODE)?))
}

/// Whether a part of a path names something in its folder and nothing else.
fn is_plain(part: &str) -> bool {
    !matches!(part, "" | "." | "..") && part.len() <= MAX_PART && !part.contains(['/', '\\', '\0'])
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn claimed() -> (tempfile::TempDir, Folder) {
        let outer = tempfile::tempdir().unwrap();
        let folder = Folder::claim(outer.path().join("trails/here")).unwrap();
        (outer, folder)
    }

    #[test]
    fn a_file_is_written_whole_below_the_folder() {
        let (outer, folder) = claimed();
        folder.write(&["bucket", "a", "b"], "x.json.gz", b"content").unwrap();
        folder.write(&["bucket", "a"], "y.json.gz", b"").unwrap();
        let below = outer.path().join("trails/here/bucket/a");
        assert_eq!(fs::read(below.join("b/x.json.gz")).unwrap(), b"content");
        assert_eq!(fs::read_dir(&below).unwrap().count(), 2, "no partial file is left");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o007;
        assert_eq!((mode(&below), mode(&below.join("y.json.gz"))), (0, 0));
    }

    #[test]
    fn nothing_is_written_outside() {
        let (outer, folder) = claimed();
        for parts in [&[".."][..], &["a", ".."], &["a/../../b"], &["/etc"], &["."], &[""], &["a\0b"], &["a\\b"]] {
            assert!(folder.write(parts, "x", b"").is_err(), "{parts:?}");
        }
        for name in ["../x", "..", "/x", "a/b", ""] {
            assert!(folder.write(&["a"], name, b"").is_err(), "{name:?}");
        }
        assert!(folder.write(&[&"x".repeat(256)], "x", b"").is_err());
        let found: Vec<_> = fs::read_dir(outer.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(found, ["trails"]);
    }

    #[test]
    fn links_are_not_followed() {
        let (outer, folder) = claimed();
        let target = outer.path().join("target");
        fs::create_dir(&target).unwrap();
        symlink(&target, folder.path().join("bucket")).unwrap();
        assert!(folder.write(&["bucket"], "x", b"").is_err());
        fs::create_dir(folder.path().join("other")).unwrap();
        symlink(&target, folder.path().join("other/AWSLogs")).unwrap();
        assert!(folder.write(&["other", "AWSLogs"], "x", b"").is_err());
        symlink(target.join("file"), folder.path().join("other/.x.part")).unwrap();
        assert!(folder.write(&["other"], "x", b"").is_err());
        fs::write(folder.path().join("plain"), "").unwrap();
        assert!(folder.write(&["plain"], "x", b"").is_err());
        assert_eq!(fs::read_dir(&target).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_that_cannot_be_written_to_is_refused() {
        let outer = tempfile::tempdir().unwrap();
        fs::write(outer.path().join("file"), "").unwrap();
        assert!(Folder::claim(outer.path().join("file")).is_err());
        assert!(Folder::claim(outer.path().join("file/below")).is_err());
        let (_outer, folder) = claimed();
        fs::remove_dir(folder.path()).unwrap();
        assert_eq!(folder.write(&["a"], "x", b"").unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
