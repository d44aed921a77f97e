//! Reports for people.

use std::io::{self, Write};

use crate::cli::output::{BAD, GOOD};
use crate::description::{Outcome, Report};
use crate::log::printable;

/// What was made, changed and removed, entity by entity, and how many were left.
pub(super) fn write(report: &Report, dry_run: bool, out: &mut dyn Write) -> io::Result<()> {
    for entry in report.entities.iter().filter(|entry| entry.outcome != Outcome::Left) {
        let sign = match entry.outcome {
            Outcome::Made => format!("{GOOD}+{GOOD:#}"),
            Outcome::Removed => format!("{BAD}-{BAD:#}"),
            _ => "~".to_owned(),
        };
        write!(out, "{sign} {} {} {}", entry.account, entry.kind, printable(&entry.name))?;
        match entry.changes.as_slice() {
            [] => writeln!(out)?,
            changes => writeln!(out, ": {}", printable(&changes.join(", ")))?,
        }
    }
    for warning in &report.warnings {
        writeln!(out, "{BAD}warning:{BAD:#} {}", printable(warning))?;
    }
    let count = |outcome| report.count(outcome);
    let (made, changed) = (count(Outcome::Made), count(Outcome::Changed));
    let (removed, left) = (count(Outcome::Removed), count(Outcome::Left));
    let note = if dry_run { " (nothing was done: --dry-run)" } else { "" };
    writeln!(out, "{made} made, {changed} changed, {removed} removed, {left} left{note}")
}
