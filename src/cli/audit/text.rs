//! An audit for people.

use std::io::{Result, Write};

use crate::audit::rules::{Report, Ruling, Status};
use crate::cli::output::{BAD, GOOD};
use crate::log::printable;

/// Writes the rules that are broken with what breaks them, and the totals.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> Result<()> {
    let with = |status| report.rules.iter().filter(move |rule| rule.status == status);
    for rule in with(Status::NonCompliant) {
        write_rule(rule, out)?;
    }
    let [kept, broken, rest] =
        [Status::Compliant, Status::NonCompliant, Status::NotApplicable].map(|status| with(status).count());
    let style = if broken > 0 { BAD } else { GOOD };
    writeln!(out, "account {}: {kept} kept, {style}{broken} broken{style:#}, {rest} not applicable", report.account)
}

fn write_rule(rule: &Ruling, out: &mut dyn Write) -> Result<()> {
    let number = rule.cis.as_ref().filter(|number| !rule.id.ends_with(*number));
    let number = number.map(|number| format!(" (CIS {number})")).unwrap_or_default();
    writeln!(out, "{BAD}BROKEN{BAD:#} {}{number}: {}", rule.id, rule.title)?;
    for offender in &rule.offenders {
        writeln!(out, "    {}: {}", printable(&offender.resource), printable(&offender.reason))?;
        writeln!(out, "        {}", printable(&offender.mend))?;
    }
    Ok(())
}
