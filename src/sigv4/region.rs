//! The regions that an endpoint accepts signatures for.

use crate::shapes::Partition;

/// The regions that an endpoint accepts signatures for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Regions<'a> {
    /// One region, as AWS's own endpoints do.
    Only(&'a str),
    /// Any name of the form of a region, for a server that stands in for all of them.
    Any,
}

/// The longest name of a region that is accepted, in bytes. AWS's own have up to 16.
const MAX_REGION: usize = 63;

impl<'a> Regions<'a> {
    /// The regions that the endpoint of this name accepts, given by the `Host` header without its port.
    ///
    /// AWS's endpoints accept one region: global ones that of their partition, regional ones their own. With an endpoint
    /// override, SDKs sign every call with the region that they are configured with, so that any must do.
    pub fn of_endpoint(host: &'a str) -> Self {
        let host = host.strip_suffix('.').unwrap_or(host);
        let labels = host.strip_suffix(".amazonaws.com.cn").map(|labels| (labels, Partition::AwsCn.signing_region()));
        let labels = labels.or_else(|| Some((host.strip_suffix(".amazonaws.com")?, Partition::Aws.signing_region())));
        let labels = labels.or_else(|| Some((host.strip_suffix(".api.aws")?, Partition::Aws.signing_region())));
        let Some((labels, global)) = labels else { return Self::Any };
        match labels.rsplit_once('.') {
            None | Some((_, "global")) => Self::Only(global),
            Some((_, "us-gov")) => Self::Only(Partition::AwsUsGov.signing_region()),
            Some((_, region)) => Self::Only(region),
        }
    }

    pub(super) fn contain(&self, region: &str) -> bool {
        match self {
            Self::Only(only) => region == *only,
            Self::Any => has_form_of_region(region),
        }
    }
}

/// Lower-case words and numbers joined by hyphens: `us-east-1`, and what people configure for a server of their own:
/// `local`, `test`, `aws-global`.
fn has_form_of_region(text: &str) -> bool {
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    text.len() <= MAX_REGION && text.starts_with(|c: char| c.is_ascii_lowercase()) && text.split('-').all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_endpoints_of_aws_have_a_region() {
        for (host, regions) in [
            ("iam.amazonaws.com", Regions::Only("us-east-1")),
            ("sts.amazonaws.com", Regions::Only("us-east-1")),
            ("sts.eu-central-1.amazonaws.com", Regions::Only("eu-central-1")),
            ("sts.eu-central-1.amazonaws.com.", Regions::Only("eu-central-1")),
            ("sts-fips.us-west-2.amazonaws.com", Regions::Only("us-west-2")),
            ("iam.us-gov.amazonaws.com", Regions::Only("us-gov-west-1")),
            ("iam.cn-north-1.amazonaws.com.cn", Regions::Only("cn-north-1")),
            ("iam.global.api.aws", Regions::Only("us-east-1")),
            ("localhost", Regions::Any),
            ("127.0.0.1", Regions::Any),
            ("iam.example", Regions::Any),
            ("", Regions::Any),
        ] {
            assert_eq!(Regions::of_endpoint(host), regions, "{host}");
        }
    }

    #[test]
    fn any_region_still_has_the_form_of_one() {
        for region in ["us-east-1", "us-gov-west-1", "eusc-de-east-1", "local", "test", "aws-global", "moon-1"] {
            assert!(Regions::Any.contain(region), "{region}");
        }
        for region in ["", "-", "US-EAST-1", "us--1", "us-east-", "1", "us_east_1", "us-east-1\n", &"x".repeat(64)] {
            assert!(!Regions::Any.contain(region), "{region:?}");
        }
    }
}
