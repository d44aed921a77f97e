//! `iamd policy test`.

use std::io::Write;
use std::path::PathBuf;

use super::suite::{self, Found, Tested};
use super::{Failure, Outcome, TestArgs, junit};
use crate::cli::files::Rehearsal;
use crate::cli::output::{BAD, GOOD};
use crate::description::Reading;
use crate::log::{printable, printable_lines};

/// The cases of one file, or why there are none.
pub(super) struct Ran {
    pub file: PathBuf,
    pub cases: Result<Vec<Tested>, String>,
}

pub(super) fn run(args: &TestArgs, out: &mut dyn Write) -> Outcome {
    let Found { files, unreadable } = suite::find(&args.paths)?;
    let account = match args.account.as_slice() {
        [] => None,
        paths => {
            let account = Rehearsal::of_files(paths, &Reading::default());
            Some(account.map_err(|failure| Failure(failure.to_string()))?)
        }
    };
    let ran = files.into_iter().map(|file| Ran { cases: suite::run(&file, account.as_ref()), file });
    let unreadable = unreadable.into_iter().map(|(file, error)| Ran { file, cases: Err(error) });
    let suites: Vec<_> = ran.chain(unreadable).collect();
    report(&suites, args.quiet, out)?;
    if let Some(path) = &args.junit {
        let report = junit::report(&suites)?;
        std::fs::write(path, report).map_err(|error| Failure::in_file(path, &error))?;
    }
    match suites.iter().filter(|suite| suite.cases.is_err()).count() {
        0 => Ok(suites.iter().flat_map(Ran::tested).all(|case| case.failure.is_none())),
        1 => Err(Failure("1 file could not be run".to_owned())),
        several => Err(Failure(format!("{several} files could not be run"))),
    }
}

impl Ran {
    /// The cases that were run.
    pub(super) fn tested(&self) -> &[Tested] {
        self.cases.as_deref().unwrap_or_default()
    }
}

/// Every case with its outcome, those that fail with their reasons; only those if `quiet`.
fn report(suites: &[Ran], quiet: bool, out: &mut dyn Write) -> std::io::Result<()> {
    let is_well = |suite: &&Ran| suite.cases.is_ok() && suite.tested().iter().all(|case| case.failure.is_none());
    for suite in suites.iter().filter(|suite| !(quiet && is_well(suite))) {
        writeln!(out, "{}", printable(&suite.file.display().to_string()))?;
        for case in suite.tested() {
            let name = printable(&case.name);
            match &case.failure {
                None if quiet => {}
                None => writeln!(out, "  {GOOD}ok{GOOD:#}      {name}")?,
                Some(failure) => {
                    writeln!(out, "  {BAD}FAILED  {name}{BAD:#}")?;
                    reason(failure, out)?;
                }
            }
        }
        if let Err(error) = &suite.cases {
            writeln!(out, "  {BAD}ERROR   the file cannot be run{BAD:#}")?;
            reason(error, out)?;
        }
    }
    let cases = suites.iter().flat_map(Ran::tested);
    let failed = cases.clone().filter(|case| case.failure.is_some()).count();
    let style = if failed == 0 { GOOD } else { BAD };
    write!(out, "{style}{} passed, {failed} failed{style:#}", cases.count() - failed)?;
    match suites.iter().filter(|suite| suite.cases.is_err()).count() {
        0 => writeln!(out),
        1 => writeln!(out, ", 1 file with an error"),
        several => writeln!(out, ", {several} files with errors"),
    }
}

fn reason(text: &str, out: &mut dyn Write) -> std::io::Result<()> {
    printable_lines(text).try_for_each(|line| writeln!(out, "          {line}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples are tests themselves.
    #[test]
    fn the_examples_pass() {
        let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/policies"));
        let mut out = anstream::StripStream::new(Vec::new());
        let passed = run(&TestArgs { paths: vec![path], account: Vec::new(), junit: None, quiet: true }, &mut out);
        let out = String::from_utf8(out.into_inner()).unwrap();
        assert!(matches!(passed, Ok(true)), "{out}");
        assert_eq!(out, "11 passed, 0 failed\n");
    }

    #[test]
    fn a_directory_without_tests_is_an_error() {
        let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src/cli"));
        assert!(
            run(&TestArgs { paths: vec![path], account: Vec::new(), junit: None, quiet: false }, &mut Vec::new())
                .is_err()
        );
    }
}
