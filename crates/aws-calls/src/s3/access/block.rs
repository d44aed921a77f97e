//! Block Public Access (AWS: "Blocking public access to your Amazon S3 storage").

use crate::s3::refusal::Refusal;
use crate::s3::xml::Element;

/// The four settings. Those of bucket and account add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicAccessBlock {
    /// Requests that set a public access control list are refused.
    pub block_public_acls: bool,
    /// What access control lists give to everybody does not count.
    pub ignore_public_acls: bool,
    /// Requests that set a public policy are refused.
    pub block_public_policy: bool,
    /// A public policy lets in only the owner's account and AWS's services.
    pub restrict_public_buckets: bool,
}

impl PublicAccessBlock {
    /// All is blocked.
    pub const ALL: Self = Self {
        block_public_acls: true,
        ignore_public_acls: true,
        block_public_policy: true,
        restrict_public_buckets: true,
    };

    /// Nothing is blocked.
    pub const NONE: Self = Self {
        block_public_acls: false,
        ignore_public_acls: false,
        block_public_policy: false,
        restrict_public_buckets: false,
    };

    /// Reads `<PublicAccessBlockConfiguration>`. What it leaves out is off.
    ///
    /// # Errors
    /// `MalformedXML`.
    pub fn parse(document: &[u8]) -> Result<Self, Refusal> {
        let root = Element::parse(document)?;
        let is_on = |name: &str| match root.text_of(name)?.map(str::trim) {
            None => Ok(false),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(true),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(false),
            Some(_) => Err(Refusal::xml()),
        };
        Ok(Self {
            block_public_acls: is_on("BlockPublicAcls")?,
            ignore_public_acls: is_on("IgnorePublicAcls")?,
            block_public_policy: is_on("BlockPublicPolicy")?,
            restrict_public_buckets: is_on("RestrictPublicBuckets")?,
        })
    }

    /// The settings of a bucket together with those of its account: the stricter ones count.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            block_public_acls: self.block_public_acls || other.block_public_acls,
            ignore_public_acls: self.ignore_public_acls || other.ignore_public_acls,
            block_public_policy: self.block_public_policy || other.block_public_policy,
            restrict_public_buckets: self.restrict_public_buckets || other.restrict_public_buckets,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_are_left_out_are_off() {
        let parse = |content: &str| {
            PublicAccessBlock::parse(
                format!("<PublicAccessBlockConfiguration>{content}</PublicAccessBlockConfiguration>").as_bytes(),
            )
        };
        assert_eq!(parse("").unwrap(), PublicAccessBlock::NONE);
        let acls = parse("<BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>TRUE</IgnorePublicAcls>").unwrap();
        assert_eq!(
            acls,
            PublicAccessBlock { block_public_acls: true, ignore_public_acls: true, ..PublicAccessBlock::NONE }
        );
        let policies =
            parse("<BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>true</RestrictPublicBuckets>")
                .unwrap();
        assert_eq!(acls.and(policies), PublicAccessBlock::ALL);
        assert_eq!(policies.and(PublicAccessBlock::NONE), policies);
        assert!(parse("<BlockPublicAcls>yes</BlockPublicAcls>").is_err());
    }
}
