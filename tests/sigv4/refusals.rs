use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use chrono::TimeDelta;

use super::*;

const MISMATCH: &str = "SignatureDoesNotMatch: The request signature we calculated does not match the signature you \
    provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";
const HOST_NOT_SIGNED: &str =
    "SignatureDoesNotMatch: 'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.";

/// A call of GetCallerIdentity that lists these headers as signed, and whose signature is right for that list.
fn listing(signed_headers: &str) -> Request {
    let mut request = Request { method: "POST".into(), path: "/".into(), ..Default::default() };
    request.body = b"Action=GetCallerIdentity&Version=2011-06-15".into();
    request.append("host", "localhost:4566");
    request.append("x-amz-date", "20260504T120000Z");
    request.append("x-empty", "");
    let authorization = |signature: &str| {
        format!(
            "AWS4-HMAC-SHA256 Credential={ACCESS_KEY_ID}/20260504/eu-central-1/sts/aws4_request, \
             SignedHeaders={signed_headers}, Signature={signature}"
        )
    };
    request.append("authorization", &authorization("unknown"));
    let incoming = request.incoming();
    let signature = Signature::read(&incoming).unwrap();
    let canonical_request = signature.canonical_request(&incoming).unwrap_or_default();
    let string_to_sign = signature.string_to_sign(&canonical_request);
    let key = generate_signing_key(SECRET, noon().into(), "eu-central-1", "sts");
    let made = authorization(&calculate_signature(key, string_to_sign.as_bytes()));
    request.headers.insert("authorization", made.parse().unwrap());
    request
}

#[test]
fn the_list_of_signed_headers_must_be_canonical_and_present() {
    let verify = |list| listing(list).verify(SECRET, &STS, noon()).map_err(|error| error.to_string());
    assert_eq!(verify("host"), Ok(()));
    assert_eq!(verify("host;x-amz-date;x-empty"), Ok(()));
    for list in ["x-amz-date;host", "host;host", "host;", ";host", "Host", "host;x-absent", "host;\u{e4}"] {
        assert_eq!(verify(list), Err(MISMATCH.to_owned()), "{list}");
    }
    for list in ["x-amz-date", ";", "hosts", &"x;".repeat(20_000)] {
        assert_eq!(verify(list), Err(HOST_NOT_SIGNED.to_owned()), "{list}");
    }
}

#[test]
fn a_signed_header_that_is_absent_is_missed_even_if_it_was_empty() {
    let mut request = listing("host;x-empty");
    request.headers.remove("x-empty");
    assert_eq!(request.verify(SECRET, &STS, noon()).unwrap_err().to_string(), MISMATCH);
}

#[test]
fn the_signature_is_64_lower_case_digits() {
    let request = listing("host");
    let right = request.headers["authorization"].to_str().unwrap().to_owned();
    let (before, hex) = right.split_at(right.len() - 64);
    let wrong = [hex.to_uppercase(), hex[1..].to_owned(), format!("{hex}0"), format!("{hex} 0"), "0".repeat(64)];
    for signature in wrong {
        let mut request = request.clone();
        request.headers.insert("authorization", format!("{before}{signature}").parse().unwrap());
        assert!(request.verify(SECRET, &STS, noon()).is_err(), "{signature}");
    }
}

#[test]
fn the_window_is_15_minutes_with_its_bounds() {
    let verify = |now| listing("host").verify(SECRET, &STS, now).map_err(|error| error.to_string());
    let quarter = TimeDelta::minutes(15);
    assert_eq!(verify(noon() - quarter), Ok(()));
    assert_eq!(verify(noon() + quarter + TimeDelta::milliseconds(999)), Ok(()));
    assert_eq!(
        verify(noon() + quarter + TimeDelta::seconds(1)).unwrap_err(),
        "SignatureDoesNotMatch: Signature expired: 20260504T120000Z is now earlier than 20260504T120001Z \
         (20260504T121501Z - 15 min.)"
    );
    assert_eq!(
        verify(noon() - quarter - TimeDelta::seconds(1)).unwrap_err(),
        "SignatureDoesNotMatch: Signature not yet current: 20260504T120000Z is still later than 20260504T115959Z \
         (20260504T114459Z + 15 min.)"
    );
}

#[test]
fn scope_precedes_clock_precedes_host_precedes_signature() {
    let far = noon() + TimeDelta::days(1);
    let iam = Expected { service: "iam", regions: Regions::Any };
    let refusal = |request: Request, expected, now| request.verify("wrong", expected, now).unwrap_err().to_string();
    assert!(refusal(listing("x-empty"), &iam, far).contains("correct service: 'iam'"));
    assert!(refusal(listing("x-empty"), &STS, far).contains("Signature expired"));
    assert_eq!(refusal(listing("x-empty"), &STS, noon()), HOST_NOT_SIGNED);
    assert_eq!(refusal(listing("host"), &STS, noon()), MISMATCH);
}

#[test]
fn a_token_outside_the_signature_of_a_url_is_refused() {
    let mut request = Request { method: "GET".into(), path: "/".into(), ..Default::default() };
    request.append("host", "localhost:4566");
    let mut signed = request.signed(Location::Query, None, false, noon());
    assert!(signed.verify(SECRET, &STS, noon()).is_ok());
    signed.query += "&X-Amz-Security-Token=token";
    assert_eq!(signed.verify(SECRET, &STS, noon()).unwrap_err().to_string(), MISMATCH);
}

#[test]
fn secrets_stay_out_of_debug() {
    let mut request = listing("host");
    request.append("x-amz-security-token", "the-token");
    let incoming = request.incoming();
    let shown = format!("{:?}", Signature::read(&incoming).unwrap());
    let authorization = request.headers["authorization"].to_str().unwrap();
    assert!(shown.contains(ACCESS_KEY_ID));
    assert!(!shown.contains("the-token"));
    assert!(!shown.contains(&authorization[authorization.len() - 64..]));
}
