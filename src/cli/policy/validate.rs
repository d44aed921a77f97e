//! `iamd policy validate`.

use std::io::Write;
use std::path::Path;

use serde::Serialize;

use super::{Failure, Outcome, ValidateArgs, documents, read};
use crate::cli::output::{BAD, DOUBTFUL};
use crate::log::printable;
use iam_policy::lint::{Finding, Reference, Severity, guess_grammar, lint};

pub(super) fn run(args: &ValidateArgs, reference: &dyn Reference, out: &mut dyn Write) -> Outcome {
    let (mut findings, mut unreadable) = (Vec::new(), Vec::new());
    let files = documents::find(&args.files)?;
    for path in &files {
        let text = match read(path) {
            Ok(text) => text,
            Err(Failure(reason)) => {
                unreadable.push(reason);
                continue;
            }
        };
        let grammar = args.kind.map_or_else(|| guess_grammar(&text), Into::into);
        findings.extend(lint(&text, grammar, reference).into_iter().map(|finding| (path.as_path(), finding)));
    }
    if args.json {
        json(&findings, out)?;
    } else if unreadable.len() < files.len() {
        text(&findings, files.len() - unreadable.len(), out)?;
    }
    if !unreadable.is_empty() {
        return Err(Failure(unreadable.join("\n")));
    }
    let worst = Severity::from(args.fail_on);
    Ok(findings.iter().all(|(_, finding)| finding.severity() > worst))
}

/// One finding as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    file: String,
    line: u32,
    column: u32,
    finding_type: Severity,
    issue_code: &'static str,
    finding_details: &'a str,
}

fn json(findings: &[(&Path, Finding)], out: &mut dyn Write) -> std::io::Result<()> {
    let rows: Vec<_> = findings
        .iter()
        .map(|(path, finding)| Row {
            file: path.display().to_string(),
            line: finding.position.line,
            column: finding.position.column,
            finding_type: finding.severity(),
            issue_code: finding.code.as_str(),
            finding_details: &finding.message,
        })
        .collect();
    serde_json::to_writer_pretty(&mut *out, &rows)?;
    writeln!(out)
}

fn text(findings: &[(&Path, Finding)], files: usize, out: &mut dyn Write) -> std::io::Result<()> {
    for (path, finding) in findings {
        let position = finding.position;
        let (severity, code) = (finding.severity(), finding.code.as_str());
        let path = path.display().to_string();
        let style =
            if matches!(finding.severity(), Severity::Error | Severity::SecurityWarning) { BAD } else { DOUBTFUL };
        let place = format!("{}:{}:{}", printable(&path), position.line, position.column);
        writeln!(out, "{place}: {style}{severity} {code}{style:#}")?;
        writeln!(out, "    {}", printable(&finding.message))?;
    }
    writeln!(out, "{} in {}", counts(findings), plural(files, "file"))
}

fn counts(findings: &[(&Path, Finding)]) -> String {
    let severities = [Severity::Error, Severity::SecurityWarning, Severity::Warning, Severity::Suggestion];
    let counts = severities.map(|severity| {
        let count = findings.iter().filter(|(_, finding)| finding.severity() == severity).count();
        (count, severity.to_string())
    });
    let parts: Vec<_> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, noun)| plural(*count, noun)).collect();
    if parts.is_empty() { "no findings".to_owned() } else { parts.join(", ") }
}

fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use iam_policy::Grammar;
    use iam_policy::lint::Service;

    struct Nothing;

    impl Reference for Nothing {
        fn service(&self, prefix: &str) -> Option<Service> {
            let actions = vec!["PassRole".to_owned()];
            (prefix == "iam").then(|| Service { actions, ..Service::default() })
        }
    }

    #[test]
    fn findings_follow_their_position() {
        let document = "{\"Statement\": {\"Effect\": \"Allow\",\n \"Action\": [\"iam:PassRole\", \"iam:Fly\"], \"Resource\": \"*\"}}";
        let findings = lint(document, Grammar::Identity, &Nothing);
        let findings: Vec<_> = findings.into_iter().map(|finding| (Path::new("p.json"), finding)).collect();
        let mut out = anstream::StripStream::new(Vec::new());
        text(&findings, 1, &mut out).unwrap();
        let expected = "\
p.json:1:1: warning MISSING_VERSION
    without \"Version\": \"2012-10-17\" the policy is of version 2008-10-17, which knows no policy variables
p.json:2:13: security warning PASS_ROLE_WITH_STAR_IN_RESOURCE
    iam:PassRole is allowed: any role can be passed to any service, and its permissions gained; name the roles, or test \
iam:PassedToService
p.json:2:29: error INVALID_ACTION
    iam has no action \"Fly\"
1 error, 1 security warning, 1 warning in 1 file
";
        assert_eq!(String::from_utf8(out.into_inner()).unwrap(), expected);
    }
}
