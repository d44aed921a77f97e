//! The room on a disk that is left to the accounts: what can be lost, the audit trail and the files of trails, is no longer
//! written when only that much is free.

use std::io;
use std::path::Path;

use rustix::fs::statvfs;

/// The most bytes that are left to the accounts, and the part of a small file system.
const MAX_RESERVE: u64 = 64 << 20;
const RESERVED_PART: u64 = 10;

/// Refuses to take what is left to the accounts on the file system of a folder.
///
/// # Errors
/// When no more than that is free.
pub(super) fn leave_room(folder: &Path) -> io::Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    // What is wrong with the folder is for the write to say.
    let Ok(found) = statvfs(folder) else { return Ok(()) };
    let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
    let (free, total) = (bytes(found.f_bavail), bytes(found.f_blocks));
    if is_left(free, total) {
        return Ok(());
    }
    let why = format!("the {} KiB that are free on the disk are left to the accounts", free >> 10);
    Err(io::Error::new(io::ErrorKind::StorageFull, why))
}

/// Whether more is free than what is left to the accounts. Some file systems say nothing of their size.
fn is_left(free: u64, total: u64) -> bool {
    total == 0 || free > MAX_RESERVE.min(total / RESERVED_PART)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_small_disk_and_some_of_a_large_one_is_left() {
        let (mebi, tebi) = (1 << 20, 1 << 40);
        for (free, total, expected) in [
            (mebi, 3 * mebi, true),
            (mebi / 4, 3 * mebi, false),
            (65 * mebi, tebi, true),
            (64 * mebi, tebi, false),
            (0, mebi, false),
            (0, 0, true),
        ] {
            assert_eq!(is_left(free, total), expected, "{free} of {total}");
        }
        leave_room(Path::new("")).unwrap();
    }
}
