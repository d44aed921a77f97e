use std::fs;

use super::*;

#[test]
fn every_case_has_the_canonical_request_and_the_string_to_sign_of_aws_and_verifies() {
    let mut cases = 0;
    for file in fs::read_dir("tests/sigv4/suite").unwrap() {
        let path = file.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        for location in ["header", "query"] {
            let Some(signed) = section(&text, location, "signed request") else { continue };
            let name = format!("{location} form of {}", path.display());
            let request = parse(signed);
            let incoming = request.incoming();
            let signature = Signature::read(&incoming).expect(&name);
            let canonical_request = signature.canonical_request(&incoming).expect(&name);
            let string_to_sign = signature.string_to_sign(&canonical_request);
            assert_eq!(
                str::from_utf8(&canonical_request).unwrap(),
                section(&text, location, "canonical request").unwrap(),
                "{name}"
            );
            assert_eq!(string_to_sign, section(&text, location, "string to sign").unwrap(), "{name}");
            let now = string_to_sign.lines().nth(1).unwrap();
            let now = chrono::NaiveDateTime::parse_from_str(now, "%Y%m%dT%H%M%SZ").unwrap().and_utc();
            let service = signature.credential().service.to_string();
            let expected = Expected { service: &service, regions: Regions::Any };
            signature.verify(&incoming, SECRET, &expected, now).expect(&name);
            cases += 1;
        }
    }
    assert_eq!(cases, 62);
}

/// The lines between one heading and the next.
fn section<'a>(text: &'a str, location: &str, title: &str) -> Option<&'a str> {
    let (_, after) = text.split_once(&format!("## {location}: {title}\n"))?;
    Some(after.split("\n## ").next().unwrap().trim_end_matches('\n'))
}

/// Reads an HTTP/1.1 message. A folded header line is unfolded to a blank, as an HTTP parser does.
fn parse(text: &str) -> Request {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let unfolded = head.replace("\n ", " ");
    let mut lines = unfolded.lines();
    let (method, target) = lines.next().unwrap().split_once(' ').unwrap();
    let target = target.strip_suffix(" HTTP/1.1").unwrap_or(target);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request = Request { method: method.into(), path: path.into(), query: query.into(), ..Default::default() };
    request.body = body.into();
    for line in lines {
        let (name, value) = line.split_once(':').unwrap();
        request.append(name, value.trim());
    }
    request
}
