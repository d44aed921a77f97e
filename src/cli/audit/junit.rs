//! An audit in JUnit's XML: each rule is a test.

use std::io::Result;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use crate::audit::rules::{Report, Ruling, Status};
use crate::log::printable;

/// The report of one suite, which is named after the account.
pub(super) fn report(report: &Report) -> Result<Vec<u8>> {
    let count = |status| report.rules.iter().filter(|rule| rule.status == status).count().to_string();
    let name = format!("iamd audit {}", report.account);
    let (tests, failures, skipped) =
        (report.rules.len().to_string(), count(Status::NonCompliant), count(Status::NotApplicable));
    let attributes = [
        ("name", name.as_str()),
        ("timestamp", report.evaluated.trim_end_matches('Z')),
        ("tests", &tests),
        ("failures", &failures),
        ("errors", "0"),
        ("skipped", &skipped),
    ];
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    writer.write_event(Event::Start(BytesStart::new("testsuites")))?;
    writer.write_event(Event::Start(BytesStart::new("testsuite").with_attributes(attributes)))?;
    for rule in &report.rules {
        write_rule(&mut writer, &name, rule)?;
    }
    writer.write_event(Event::End(BytesEnd::new("testsuite")))?;
    writer.write_event(Event::End(BytesEnd::new("testsuites")))?;
    let mut report = writer.into_inner();
    report.push(b'\n');
    Ok(report)
}

fn write_rule(writer: &mut Writer<Vec<u8>>, suite: &str, rule: &Ruling) -> Result<()> {
    let name = format!("{}: {}", rule.id, rule.title);
    let case = BytesStart::new("testcase").with_attributes([("classname", suite), ("name", name.as_str())]);
    if rule.status == Status::Compliant {
        return writer.write_event(Event::Empty(case));
    }
    writer.write_event(Event::Start(case))?;
    match rule.status {
        Status::NonCompliant => {
            let lines = rule.offenders.iter().map(|offender| {
                let [resource, reason, mend] =
                    [&offender.resource, &offender.reason, &offender.mend].map(|text| printable(text));
                format!("{resource}: {reason}\n    {mend}")
            });
            let message = format!("{} found", rule.offenders.len());
            let failure = BytesStart::new("failure").with_attributes([("message", message.as_str())]);
            writer.write_event(Event::Start(failure))?;
            writer.write_event(Event::Text(BytesText::new(&lines.collect::<Vec<_>>().join("\n"))))?;
            writer.write_event(Event::End(BytesEnd::new("failure")))?;
        }
        _ => {
            let reason = printable(rule.reason.as_deref().unwrap_or_default());
            let skipped = BytesStart::new("skipped").with_attributes([("message", &*reason)]);
            writer.write_event(Event::Empty(skipped))?;
        }
    }
    writer.write_event(Event::End(BytesEnd::new("testcase")))
}
