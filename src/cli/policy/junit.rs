//! Test reports in JUnit's XML, which CI systems read.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::test::Ran;
use crate::log::{printable, printable_lines};

/// The report of all suites. One that could not be run is a suite of one case, which has an error.
pub(super) fn report(suites: &[Ran]) -> std::io::Result<Vec<u8>> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    writer.write_event(Event::Start(BytesStart::new("testsuites")))?;
    for suite in suites {
        let file = suite.file.display().to_string();
        let file = printable(&file);
        let failures = suite.tested().iter().filter(|case| case.failure.is_some()).count();
        let errors = usize::from(suite.cases.is_err());
        let counts = [suite.tested().len() + errors, failures, errors].map(|count| count.to_string());
        let counts = ["tests", "failures", "errors"].into_iter().zip(counts.iter().map(String::as_str));
        let attributes = std::iter::once(("name", &*file)).chain(counts);
        writer.write_event(Event::Start(BytesStart::new("testsuite").with_attributes(attributes)))?;
        for case in suite.tested() {
            let reason = case.failure.as_ref().map(|failure| ("failure", failure.as_str()));
            write_case(&mut writer, &file, &printable(&case.name), reason)?;
        }
        if let Err(error) = &suite.cases {
            write_case(&mut writer, &file, &file, Some(("error", error)))?;
        }
        writer.write_event(Event::End(BytesEnd::new("testsuite")))?;
    }
    writer.write_event(Event::End(BytesEnd::new("testsuites")))?;
    let mut report = writer.into_inner();
    report.push(b'\n');
    Ok(report)
}

/// `reason`: of a case that failed, the element for it and its text.
fn write_case(
    writer: &mut Writer<Vec<u8>>,
    file: &str,
    name: &str,
    reason: Option<(&str, &str)>,
) -> std::io::Result<()> {
    let case = BytesStart::new("testcase").with_attributes([("classname", file), ("name", name)]);
    let Some((element, text)) = reason else { return writer.write_event(Event::Empty(case)) };
    writer.write_event(Event::Start(case))?;
    let lines: Vec<_> = printable_lines(text).collect();
    let summary = lines.first().map(|line| &**line).unwrap_or_default();
    writer.write_event(Event::Start(BytesStart::new(element).with_attributes([("message", summary)])))?;
    writer.write_event(Event::Text(BytesText::new(&lines.join("\n"))))?;
    writer.write_event(Event::End(BytesEnd::new(element)))?;
    writer.write_event(Event::End(BytesEnd::new("testcase")))
}

#[cfg(test)]
mod tests {
    use super::super::suite::Tested;
    use super::*;

    #[test]
    fn failures_are_escaped_and_counted() {
        let case = |name: &str, failure: Option<&str>| Tested { name: name.into(), failure: failure.map(Into::into) };
        let cases =
            vec![case("may read", None), case("may \"not\" <write>", Some("it is \"allowed\" & more\nbecause"))];
        let broken = Ran { file: "b.test.json".into(), cases: Err("line 1, column 2: \u{1b}[2J \u{fffe}".into()) };
        let report = report(&[Ran { file: "a.test.json".into(), cases: Ok(cases) }, broken]).unwrap();
        let expected = "\
<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<testsuites>
  <testsuite name=\"a.test.json\" tests=\"2\" failures=\"1\" errors=\"0\">
    <testcase classname=\"a.test.json\" name=\"may read\"/>
    <testcase classname=\"a.test.json\" name=\"may &quot;not&quot; &lt;write&gt;\">
      <failure message=\"it is &quot;allowed&quot; &amp; more\">it is &quot;allowed&quot; &amp; more
because</failure>
    </testcase>
  </testsuite>
  <testsuite name=\"b.test.json\" tests=\"1\" failures=\"0\" errors=\"1\">
    <testcase classname=\"b.test.json\" name=\"b.test.json\">
      <error message=\"line 1, column 2: \\u{1b}[2J \\u{fffe}\">line 1, column 2: \\u{1b}[2J \\u{fffe}</error>
    </testcase>
  </testsuite>
</testsuites>
";
        assert_eq!(String::from_utf8(report).unwrap(), expected);
    }
}
