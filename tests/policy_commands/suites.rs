//! `iamd policy test`, and its reports.

use quick_xml::events::Event;
use quick_xml::{Reader, XmlVersion};

use super::{folder, policy, policy_with};

/// The elements of a report with their attributes; it is an error if it is not well-formed.
fn elements(report: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut reader = Reader::from_str(report);
    let (mut found, mut open) = (Vec::new(), 0);
    loop {
        let event = reader.read_event().unwrap();
        match &event {
            Event::Eof => break,
            Event::Start(_) => open += 1,
            Event::End(_) => open -= 1,
            _ => {}
        }
        if let Event::Start(element) | Event::Empty(element) = &event {
            let attributes = element.attributes().map(|attribute| {
                let attribute = attribute.unwrap();
                let value = attribute.normalized_value(XmlVersion::Implicit1_0).unwrap();
                (attribute.key.as_ref().to_owned(), value.into_owned())
            });
            found.push((element.name().as_ref().to_owned(), attributes.collect()));
        }
    }
    assert_eq!(open, 0, "every element is closed");
    found
}

#[test]
fn test_runs_the_examples() {
    let folder = folder(&[]);
    let report = folder.path().join("report.xml");
    let (code, out, err) = policy(&["test", ".", "--junit", report.to_str().unwrap()]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.starts_with("./deploy-trust.test.json\n  ok      the main branch deploys\n"), "{out}");
    assert!(out.ends_with("\n11 passed, 0 failed\n"), "{out}");
    let elements = elements(&std::fs::read_to_string(report).unwrap());
    let count = |name: &str| elements.iter().filter(|(element, _)| element == name).count();
    assert_eq!([count("testsuites"), count("testsuite"), count("testcase"), count("failure")], [1, 2, 11, 0]);
}

#[test]
fn test_shows_what_fails_and_why() {
    let suite = r#"{
      "defaults": {"principal": "arn:aws:iam::111122223333:user/ann", "identityPolicies": [{"file": "p.json"}]},
      "cases": [
        {"name": "reads", "actions": ["s3:GetObject"], "expect": "allowed"},
        {"name": "may \"write\" <&>", "actions": ["s3:PutObject"], "resources": ["arn:aws:s3:::b/k"], "expect": "allowed"},
        {"name": "no action", "expect": "allowed"}
      ]}"#;
    let document =
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}"#;
    let folder = folder(&[("p.json", document), ("a.test.json", suite)]);
    let (code, out, err) = policy_with(folder.path(), "", &["test", "--junit", "report.xml"]);
    assert_eq!((code, err.as_str()), (1, ""), "{out}");
    let expected = r#"./a.test.json
  ok      reads [s3:GetObject]
  FAILED  may "write" <&> [s3:PutObject] [arn:aws:s3:::b/k]
          the decision is "implicitDeny", not "allowed" as expected
          Denied: no identity-based policy allows s3:PutObject on arn:aws:s3:::b/k. Statement 1 (line 1) of p.json does not match: Action is "s3:Get*", not s3:PutObject.
  FAILED  no action
          the request has no "action""#;
    assert!(out.starts_with(expected), "{out}");
    assert!(out.ends_with("\n1 passed, 2 failed\n"), "{out}");
    let elements = elements(&std::fs::read_to_string(folder.path().join("report.xml")).unwrap());
    let names: Vec<_> = elements.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["testsuites", "testsuite", "testcase", "testcase", "failure", "testcase", "failure"]);
    let attribute = |index: usize, name: &str| elements[index].1.iter().find(|(key, _)| key == name).unwrap().1.clone();
    assert_eq!((attribute(1, "tests"), attribute(1, "failures")), ("3".into(), "2".into()));
    assert_eq!(attribute(3, "name"), r#"may "write" <&> [s3:PutObject] [arn:aws:s3:::b/k]"#);
    assert_eq!(attribute(4, "message"), r#"the decision is "implicitDeny", not "allowed" as expected"#);
}

#[test]
fn test_refuses_what_is_no_suite() {
    let folder = folder(&[("a.test.json", r#"{"cases": []}"#)]);
    let (code, out, err) = policy_with(folder.path(), "", &["test", "--junit", "none/report.xml"]);
    assert_eq!((code, err.as_str()), (2, "iamd: none/report.xml: No such file or directory (os error 2)\n"));
    assert!(out.contains("there are no cases, so nothing is tested"), "{out}");
    std::fs::remove_file(folder.path().join("a.test.json")).unwrap();
    let (code, _, err) = policy_with(folder.path(), "", &["test"]);
    assert_eq!((code, err.as_str()), (2, "iamd: .: no *.test.json or *.test.toml here\n"));
    let (code, _, err) = policy_with(folder.path(), "", &["test", "none"]);
    assert_eq!((code, err.as_str()), (2, "iamd: none: No such file or directory (os error 2)\n"));
}

#[test]
fn a_suite_that_cannot_be_run_does_not_keep_the_others_from_it() {
    let good =
        r#"{"cases": [{"name": "a", "expect": "implicitDeny", "request": {"principal": "*", "action": "a:B"}}]}"#;
    let folder = folder(&[
        ("a.test.json", "{\"cases\":\n [{\"name\": \"é\", \"expect\": \"allowed\", \"expects\": 1}]}"),
        ("b.test.json", "\u{feff}{\"cases\": []}"),
        ("c.test.toml", "[[cases]]\nname = 'a'\nname = 'b'"),
        ("d.test.json", "{\"cases\": []}"),
        ("e.test.json", good),
    ]);
    let (code, out, err) = policy_with(folder.path(), "", &["test", "--junit", "report.xml"]);
    assert_eq!((code, err.as_str()), (2, "iamd: 4 files could not be run\n"));
    let wanted = [
        "./a.test.json\n  ERROR   the file cannot be run\n          line 2, column 46: unknown field `expects`",
        "./b.test.json\n  ERROR   the file cannot be run\n          line 1, column 1: a byte order mark",
        "duplicate key",
        "./d.test.json\n  ERROR   the file cannot be run\n          there are no cases, so nothing is tested\n",
        "./e.test.json\n  ok      a\n1 passed, 0 failed, 4 files with errors\n",
    ];
    for part in wanted {
        assert!(out.contains(part), "{part}: {out}");
    }
    let elements = elements(&std::fs::read_to_string(folder.path().join("report.xml")).unwrap());
    let count = |name: &str| elements.iter().filter(|(element, _)| element == name).count();
    assert_eq!([count("testsuite"), count("testcase"), count("failure"), count("error")], [5, 5, 0, 4]);
}

#[test]
fn test_takes_several_places() {
    let suite =
        r#"{"cases": [{"name": "a", "expect": "implicitDeny", "request": {"principal": "*", "action": "a:B"}}]}"#;
    let folder = folder(&[("a.test.json", suite), ("b.json", suite)]);
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    let (code, out, err) = policy_with(folder.path(), "", &["test", "a.test.json", "b.json", "a.test.json"]);
    let expected = "a.test.json\n  ok      a\nb.json\n  ok      a\n2 passed, 0 failed\n";
    assert_eq!((code, out.as_str(), err.as_str()), (0, expected, ""));
    let (code, _, err) = policy_with(folder.path(), "", &["test", "a.test.json", "empty"]);
    assert_eq!((code, err.as_str()), (2, "iamd: empty: no *.test.json or *.test.toml here\n"));
}

/// What appears twice in a document is what IAM refuses: a test must not pass by the one of the two that it likes.
#[test]
fn test_judges_documents_as_they_are_written() {
    let statement = |document: &str| {
        format!(
            "{{\"defaults\": {{\"principal\": \"arn:aws:iam::111122223333:user/ann\", \"action\": \"s3:GetObject\",\n\n   \
             \"identityPolicies\": [{{\"name\": \"p\", \"document\": {document}}}]}},\n \"cases\": [{{\"name\": \"a\", \
             \"expect\": \"allowed\"}}]}}"
        )
    };
    let twice = r#"{"Statement": {"Effect": "Deny", "Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
    let other = r#"{"Statement": {"Effect": "Allow", "Action": "s3:Put*", "Resource": "*"}}"#;
    let toml = "[[cases]]\nname = 'a'\nexpect = 'allowed'\n\n[defaults]\nprincipal = '*'\naction = 's3:GetObject'\n\
                identityPolicies = [\n  { document = { Statement = { Effect = 'Alow' } } }]\n";
    let folder =
        folder(&[("a.test.json", &statement(twice)), ("b.test.json", &statement(other)), ("c.test.toml", toml)]);
    let (code, out, _) = policy_with(folder.path(), "", &["test"]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("identityPolicies[0] (p): line 3, column 84: \"Effect\" appears twice"), "{out}");
    assert!(out.contains("Statement 1 (line 3) of p does not match"), "{out}");
    assert!(out.contains("identityPolicies[0]: line 9, column 41: Effect is Allow or Deny, not \"Alow\""), "{out}");
}

#[test]
fn names_steer_neither_terminals_nor_reports() {
    let suite = r#"{"cases": [{"name": "a\u001b[2J\u0001\n  ok      b\ufffe", "expect": "allowed",
        "request": {"principal": "*", "action": "a:B", "resource": "x\u001b]0;y\u0007"}}]}"#;
    let folder = folder(&[("a.test.json", suite)]);
    let (code, out, _) = policy_with(folder.path(), "", &["test", "--junit", "report.xml"]);
    assert_eq!(code, 1);
    let report = std::fs::read_to_string(folder.path().join("report.xml")).unwrap();
    for text in [&out, &report] {
        assert!(text.contains(r"a\u{1b}[2J\u{1}\n  ok      b\u{fffe}"), "{text}");
        assert!(text.contains(r"x\u{1b}]0;y\u{7}"), "{text}");
        assert!(!text.contains(|c: char| c.is_control() && c != '\n' || c == '\u{fffe}'), "{text:?}");
    }
    assert_eq!(elements(&report).len(), 4);
}

#[test]
fn quiet_shows_only_what_fails() {
    let suite = r#"{"defaults": {"principal": "*"}, "cases": [
        {"name": "well", "expect": "implicitDeny", "request": {"action": "a:B"}},
        {"name": "not well", "expect": "allowed", "request": {"action": "a:B"}}]}"#;
    let well =
        r#"{"cases": [{"name": "a", "expect": "implicitDeny", "request": {"principal": "*", "action": "a:B"}}]}"#;
    let folder = folder(&[("a.test.json", suite), ("b.test.json", well)]);
    let (code, out, err) = policy_with(folder.path(), "", &["test", "--quiet"]);
    assert_eq!((code, err.as_str()), (1, ""));
    assert!(out.starts_with("./a.test.json\n  FAILED  not well\n"), "{out}");
    assert!(out.ends_with("\n2 passed, 1 failed\n") && !out.contains("b.test.json"), "{out}");
}

#[test]
fn an_unknown_field_in_toml_has_its_line() {
    let suite = "[[cases]]\nname = 'a'\nexpect = 'allowed'\n\naction = 's3:GetObject'\n";
    let folder = folder(&[("a.test.toml", suite)]);
    let (code, out, _) = policy_with(folder.path(), "", &["test"]);
    assert_eq!(code, 2);
    assert!(out.contains("line 5, column 8: unknown field `action`"), "{out}");
}
