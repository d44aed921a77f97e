//! Regions that servers find in other places than the signature.

use http::HeaderValue;
use percent_encoding::percent_decode_str;

use crate::config::UpstreamKind;

/// The domain before whose name moto looks for a region, anywhere in a URL.
const DOMAIN: &str = ".amazonaws.com";

/// What is before the region that moto looks for in the `User-Agent`.
const IN_USER_AGENT: &[u8] = b"region/";

/// Whether an upstream of this kind finds another region than that of the signature in a call's URL, which begins with
/// the host.
pub fn is_misread(kind: UpstreamKind, url: &str, region: &str) -> bool {
    if kind != UpstreamKind::Moto || !url.contains("amazonaws") {
        return false;
    }
    let decoded = percent_decode_str(url).decode_utf8_lossy();
    [url, &decoded].into_iter().any(|url| {
        let mut ends = memchr::memmem::find_iter(url.as_bytes(), DOMAIN).filter_map(|end| url.get(..end));
        ends.any(|before| before.rsplit_once('.').is_some_and(|(_, label)| label != region))
    })
}

/// Whether a `User-Agent` has another region than that of the signature.
pub fn is_of_other_region(user_agent: &HeaderValue, region: &str) -> bool {
    let text = user_agent.as_bytes();
    let mut found = memchr::memmem::find_iter(text, IN_USER_AGENT).filter_map(|start| text.get(start..));
    found.any(|rest| {
        let named = rest.get(IN_USER_AGENT.len()..).unwrap_or_default();
        named.split(|byte| !byte.is_ascii_alphanumeric() && *byte != b'-').next() != Some(region.as_bytes())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moto_finds_regions_in_urls() {
        let is_misread = |url| is_misread(UpstreamKind::Moto, url, "us-east-1");
        for url in [
            "127.0.0.1:4599/",
            "lambda.us-east-1.amazonaws.com/2015-03-31/functions",
            "queue.amazonaws.com/",
            "localhost/?x-id=amazonaws.com",
        ] {
            assert!(!is_misread(url), "{url}");
        }
        for url in [
            "lambda.eu-west-1.amazonaws.com/2015-03-31/functions",
            "localhost/?x-id=.eu-west-1.amazonaws.com",
            "localhost/?x-id=%2Eeu-west-1%2Eamazonaws%2Ecom.amazonaws",
            "localhost/2015-03-31/functions/a.eu-west-1.amazonaws.com",
            "lambda.us-east-1.amazonaws.com/?Marker=.eu-west-1.amazonaws.com",
        ] {
            assert!(is_misread(url), "{url}");
        }
        assert!(!super::is_misread(UpstreamKind::Plain, "localhost/?x-id=.eu-west-1.amazonaws.com", "us-east-1"));
    }

    #[test]
    fn user_agents_name_regions() {
        let is_of_other = |text| is_of_other_region(&HeaderValue::from_static(text), "us-east-1");
        assert!(!is_of_other("Boto3/1.44 md/Botocore#1.44") && !is_of_other("x region/us-east-1 y"));
        assert!(is_of_other("x region/eu-west-1") && is_of_other("region/us-east-1 region/us-east-12"));
    }
}
