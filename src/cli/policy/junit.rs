//! Test reports in JUnit's XML, which CI systems read.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::suite::Tested;
use super::test::Ran;

/// The report of all suites.
pub(super) fn report(suites: &[Ran]) -> std::io::Result<Vec<u8>> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    writer.write_event(Event::Start(BytesStart::new("testsuites")))?;
    for suite in suites {
        let name = suite.file.display().to_string();
        let failures = suite.cases.iter().filter(|case| case.failure.is_some()).count();
        let counts = (suite.cases.len().to_string(), failures.to_string());
        let attributes = [("name", name.as_str()), ("tests", counts.0.as_str()), ("failures", counts.1.as_str())];
        writer.write_event(Event::Start(BytesStart::new("testsuite").with_attributes(attributes)))?;
        for case in &suite.cases {
            write_case(&mut writer, &name, case)?;
        }
        writer.write_event(Event::End(BytesEnd::new("testsuite")))?;
    }
    writer.write_event(Event::End(BytesEnd::new("testsuites")))?;
    let mut report = writer.into_inner();
    report.push(b'\n');
    Ok(report)
}

fn write_case(writer: &mut Writer<Vec<u8>>, file: &str, case: &Tested) -> std::io::Result<()> {
    let element = BytesStart::new("testcase").with_attributes([("classname", file), ("name", case.name.as_str())]);
    let Some(failure) = &case.failure else { return writer.write_event(Event::Empty(element)) };
    writer.write_event(Event::Start(element))?;
    let summary = failure.lines().next().unwrap_or_default();
    writer.write_event(Event::Start(BytesStart::new("failure").with_attributes([("message", summary)])))?;
    writer.write_event(Event::Text(BytesText::new(failure)))?;
    writer.write_event(Event::End(BytesEnd::new("failure")))?;
    writer.write_event(Event::End(BytesEnd::new("testcase")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_escaped_and_counted() {
        let case = |name: &str, failure: Option<&str>| Tested { name: name.into(), failure: failure.map(Into::into) };
        let cases =
            vec![case("may read", None), case("may \"not\" <write>", Some("it is \"allowed\" & more\nbecause"))];
        let report = report(&[Ran { file: "a.test.json".into(), cases }]).unwrap();
        let expected = "\
<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<testsuites>
  <testsuite name=\"a.test.json\" tests=\"2\" failures=\"1\">
    <testcase classname=\"a.test.json\" name=\"may read\"/>
    <testcase classname=\"a.test.json\" name=\"may &quot;not&quot; &lt;write&gt;\">
      <failure message=\"it is &quot;allowed&quot; &amp; more\">it is &quot;allowed&quot; &amp; more
because</failure>
    </testcase>
  </testsuite>
</testsuites>
";
        assert_eq!(String::from_utf8(report).unwrap(), expected);
    }
}
