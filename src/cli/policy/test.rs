//! `iamd policy test`.

use std::io::Write;
use std::path::PathBuf;

use super::suite::{self, Tested};
use super::{Failure, Outcome, TestArgs, junit};

/// The cases of one file, or why it could not be read.
pub(super) struct Ran {
    pub file: PathBuf,
    pub cases: Vec<Tested>,
}

pub(super) fn run(args: &TestArgs, out: &mut dyn Write) -> Outcome {
    let files = suite::find(&args.path)?;
    if files.is_empty() {
        return Err(Failure::in_file(&args.path, &"no *.test.json or *.test.toml here"));
    }
    let mut suites = Vec::with_capacity(files.len());
    for file in files {
        let cases = suite::run(&file)?;
        suites.push(Ran { file, cases });
    }
    report(&suites, out)?;
    if let Some(path) = &args.junit {
        let report = junit::report(&suites)?;
        std::fs::write(path, report).map_err(|error| Failure::in_file(path, &error))?;
    }
    Ok(suites.iter().all(|suite| suite.cases.iter().all(|case| case.failure.is_none())))
}

fn report(suites: &[Ran], out: &mut dyn Write) -> std::io::Result<()> {
    for suite in suites {
        writeln!(out, "{}", suite.file.display())?;
        for case in &suite.cases {
            match &case.failure {
                None => writeln!(out, "  ok      {}", case.name)?,
                Some(failure) => {
                    writeln!(out, "  FAILED  {}", case.name)?;
                    for line in failure.lines() {
                        writeln!(out, "          {line}")?;
                    }
                }
            }
        }
    }
    let cases = suites.iter().flat_map(|suite| &suite.cases);
    let failed = cases.clone().filter(|case| case.failure.is_some()).count();
    writeln!(out, "{} passed, {failed} failed", cases.count() - failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples are tests themselves.
    #[test]
    fn the_examples_pass() {
        let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/policies"));
        let mut out = Vec::new();
        let passed = run(&TestArgs { path, junit: None }, &mut out);
        let out = String::from_utf8(out).unwrap();
        assert!(matches!(passed, Ok(true)), "{out}");
        assert!(out.ends_with("11 passed, 0 failed\n"), "{out}");
    }

    #[test]
    fn a_directory_without_tests_is_an_error() {
        let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src/cli"));
        assert!(run(&TestArgs { path, junit: None }, &mut Vec::new()).is_err());
    }
}
