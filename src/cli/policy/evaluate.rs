//! `iamd policy evaluate`.

use std::io::Write;

use super::{EvaluateArgs, Failure, Outcome, files_beside, read};
use iam_policy::evaluate::{Evaluation, Verdict, with_explanation};

pub(super) fn run(args: &EvaluateArgs, out: &mut dyn Write) -> Outcome {
    let body = read(&args.request)?;
    let evaluation = with_explanation(body.as_bytes(), &files_beside(&args.request), Evaluation::new)
        .map_err(|error| Failure::in_file(&args.request, &error))?;
    let json = serde_json::to_string_pretty(&evaluation).map_err(|error| Failure(error.to_string()))?;
    writeln!(out, "{json}")?;
    Ok(!args.exit_code || evaluation.decision == Verdict::Allowed)
}
