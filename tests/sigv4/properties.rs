use proptest::prelude::*;

use super::*;

/// One change of something that is signed.
#[derive(Clone, Copy, Debug)]
enum Tampering {
    Method,
    Path,
    Query,
    Body,
    HeaderChanged,
    HeaderAdded,
    HeaderRemoved,
    Host,
    Date,
    Secret,
}

proptest! {
    #[test]
    fn what_the_signer_of_aws_signs_verifies(request in request(), location in location(), token in token(), sum: bool) {
        let signed = request.signed(location, token.as_deref(), sum, noon());
        let incoming = signed.incoming();
        let signature = Signature::read(&incoming).unwrap();
        prop_assert_eq!(signature.location(), location);
        prop_assert_eq!(&signature.credential().access_key_id, ACCESS_KEY_ID);
        prop_assert_eq!(signature.session_token(), token.as_deref());
        prop_assert!(signature.verify(&incoming, SECRET, &STS, noon()).is_ok(), "{:?}", signature);
    }

    #[test]
    fn a_change_of_anything_signed_is_refused(request in request(), location in location(), tampering in tampering()) {
        let mut signed = request.signed(location, None, false, noon());
        let secret = tamper(&mut signed, tampering);
        let refusal = signed.verify(&secret, &STS, noon()).unwrap_err();
        prop_assert_eq!(refusal.code(), iamd::error::Code::SignatureDoesNotMatch);
    }

    #[test]
    fn no_authorization_header_panics(text in "(AWS4-HMAC-SHA256 )?[ -~]{0,80}", bytes: Vec<u8>, query in "[ -~]{0,80}") {
        let mut request = Request { method: "GET".into(), query, ..Default::default() };
        request.append("x-amz-date", "20260504T120000Z");
        let value = [text.as_bytes(), &bytes].concat();
        if let Ok(value) = HeaderValue::from_bytes(&value) {
            request.headers.insert("authorization", value);
        }
        prop_assert!(request.verify(SECRET, &STS, noon()).is_err());
    }
}

fn tamper(request: &mut Request, tampering: Tampering) -> String {
    let mut secret = SECRET.to_owned();
    match tampering {
        Tampering::Method => request.method.push('X'),
        Tampering::Path => request.path.push('x'),
        Tampering::Query => request.query.insert_str(0, "x&"),
        Tampering::Body => request.body.push(0),
        Tampering::HeaderChanged => drop(request.headers.insert("x-signed", HeaderValue::from_static("changed"))),
        Tampering::HeaderAdded => request.append("x-signed", "another"),
        Tampering::HeaderRemoved => drop(request.headers.remove("x-signed")),
        Tampering::Host => drop(request.headers.insert("host", HeaderValue::from_static("localhost"))),
        Tampering::Date => {
            let later = "20260504T120001Z";
            request.query = request.query.replace("20260504T120000Z", later);
            request.headers.insert("x-amz-date", HeaderValue::from_static(later));
        }
        Tampering::Secret => secret.push('x'),
    }
    secret
}

fn request() -> impl Strategy<Value = Request> {
    let method = prop_oneof!["GET", "POST", "DELETE"];
    let path = r"(/([A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-F]{2}){0,6}){0,4}|/\.\./a//b/\./|/a/\.\.|/a/\.";
    let header = ("x-[a-z][a-z0-9-]{0,6}", "[ -~]{0,20}");
    (method, path, query(), prop::collection::vec(header, 0..4), prop::collection::vec(any::<u8>(), 0..64)).prop_map(
        |(method, path, query, headers, body)| {
            let mut request = Request { method, path, query, body, ..Default::default() };
            request.append("host", "localhost:4566");
            request.append("x-signed", "a  value ");
            headers.iter().for_each(|(name, value)| request.append(name, value));
            request
        },
    )
}

/// Parameters in all the ways of writing them: percent-encoded, with `+`, as they are, without a value.
fn query() -> impl Strategy<Value = String> {
    let encoded = (".{0,8}", ".{0,8}").prop_map(|(name, value)| {
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        format!("{}={}", encode(&name), encode(&value))
    });
    let form = (".{0,8}", ".{0,8}")
        .prop_map(|(name, value)| form_urlencoded::Serializer::new(String::new()).append_pair(&name, &value).finish());
    let raw = "[A-Za-z0-9._~!$'()*+,;:@/=-]{0,8}";
    prop::collection::vec(prop_oneof![encoded, form, raw], 0..5).prop_map(|parameters| parameters.join("&"))
}

fn location() -> impl Strategy<Value = Location> {
    prop_oneof![Just(Location::Header), Just(Location::Query)]
}

fn token() -> impl Strategy<Value = Option<String>> {
    prop::option::of("[A-Za-z0-9+/]{4,40}={0,2}")
}

fn tampering() -> impl Strategy<Value = Tampering> {
    prop::sample::select(vec![
        Tampering::Method,
        Tampering::Path,
        Tampering::Query,
        Tampering::Body,
        Tampering::HeaderChanged,
        Tampering::HeaderAdded,
        Tampering::HeaderRemoved,
        Tampering::Host,
        Tampering::Date,
        Tampering::Secret,
    ])
}
