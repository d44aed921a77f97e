use super::*;
use aws_reference::operations;
use serde::Deserialize;

/// A refusal and all that is answered.
#[derive(Deserialize)]
struct Case {
    name: String,
    service: Option<String>,
    protocol: String,
    #[serde(default)]
    method: Option<String>,
    #[serde(default)]
    content_type: Option<String>,
    status: u16,
    code: String,
    query_code: Option<String>,
    message: String,
    #[serde(default)]
    details: Vec<(String, String)>,
    /// The lines of the answer: status, headers in their order, an empty line, the body. CBOR is in hexadecimal.
    answer: Vec<String>,
}

fn lines(case: &Case) -> Vec<String> {
    let protocol = match case.protocol.as_str() {
        "json" => Protocol::Json,
        "cbor" => Protocol::Cbor,
        "query" => Protocol::Query,
        "ec2" => Protocol::Ec2,
        "rest-json" => Protocol::RestJson,
        "rest-xml" => Protocol::RestXml,
        other => panic!("{other}"),
    };
    let headers: HeaderMap =
        case.content_type.iter().map(|kind| (CONTENT_TYPE, HeaderValue::from_str(kind).unwrap())).collect();
    let method = case.method.as_deref().unwrap_or("POST");
    let request = Request { method, path: "/", query: "", headers: &headers, body: None };
    let service = case.service.as_deref().map(|name| operations::service(name).unwrap().summary);
    let leaked = |text: &str| -> &'static str { text.to_owned().leak() };
    let fault = Fault {
        query_code: case.query_code.as_deref().map(leaked),
        details: case.details.iter().map(|(name, value)| (leaked(name), value.clone())).collect(),
        ..Fault::new(case.status, case.code.clone(), case.message.clone())
    };
    let request_id = "8e4a9f1c-2b3d-4c5e-8f60-718293a4b5c6";
    let response = answer(&fault, &Addressee { service, protocol, request, request_id });
    let mut lines = vec![response.status().as_u16().to_string()];
    lines.extend(response.headers().iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())));
    lines.push(String::new());
    match String::from_utf8(response.body().clone()) {
        Ok(text) if !response.body().contains(&0xA2) => lines.extend(text.lines().map(str::to_owned)),
        _ => lines.push(response.body().iter().map(|byte| format!("{byte:02x}")).collect()),
    }
    lines
}

#[test]
fn answers_are_those_of_aws_letter_for_letter() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("../../tests/data/faults.json")).unwrap();
    let wrong: Vec<_> = cases
        .iter()
        .filter(|case| lines(case) != case.answer)
        .map(|case| format!("{}:\n{}\ninstead of\n{}\n", case.name, lines(case).join("\n"), case.answer.join("\n")))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn no_message_breaks_its_form() {
    let headers = HeaderMap::new();
    let request = Request { method: "GET", path: "/", query: "", headers: &headers, body: None };
    let fault = Fault::new(999, "a\r\nb: c", "<>&\"'\0\u{FFFF}\r\n");
    for protocol in [Protocol::Query, Protocol::Ec2, Protocol::RestXml, Protocol::RestJson, Protocol::Json] {
        let response = answer(&fault, &Addressee { service: None, protocol, request, request_id: "<id>" });
        let body = String::from_utf8(response.body().clone()).unwrap();
        let is_json = serde_json::from_str::<serde_json::Value>(&body).is_ok();
        assert!(is_json || crate::s3::xml::Element::parse(body.as_bytes()).is_ok(), "{body}");
        assert!(response.headers().values().all(|value| value.to_str().is_ok()));
    }
}
