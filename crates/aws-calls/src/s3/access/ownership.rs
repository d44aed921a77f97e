//! Object Ownership (AWS: "Controlling ownership of objects and disabling ACLs for your bucket").

use crate::s3::refusal::Refusal;
use crate::s3::xml::Element;

/// Who owns the objects of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// The bucket's owner owns all of them, and access control lists are off.
    BucketOwnerEnforced,
    /// The bucket's owner owns those that are uploaded with `bucket-owner-full-control`.
    BucketOwnerPreferred,
    /// The account that uploads an object owns it.
    ObjectWriter,
}

impl Ownership {
    /// Reads `<OwnershipControls>`.
    ///
    /// # Errors
    /// `MalformedXML`.
    pub fn parse(document: &[u8]) -> Result<Self, Refusal> {
        let root = Element::parse(document)?;
        let rule = root.child("Rule")?.ok_or_else(Refusal::xml)?;
        Self::named(rule.text_of("ObjectOwnership")?.unwrap_or_default().trim()).ok_or_else(Refusal::xml)
    }

    /// As in `x-amz-object-ownership`.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "BucketOwnerEnforced" => Self::BucketOwnerEnforced,
            "BucketOwnerPreferred" => Self::BucketOwnerPreferred,
            "ObjectWriter" => Self::ObjectWriter,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_have_one_rule() {
        let rule = |name: &str| format!("<Rule><ObjectOwnership>{name}</ObjectOwnership></Rule>");
        let parse =
            |rules: &str| Ownership::parse(format!("<OwnershipControls>{rules}</OwnershipControls>").as_bytes()).ok();
        assert_eq!(parse(&rule("BucketOwnerPreferred")), Some(Ownership::BucketOwnerPreferred));
        assert_eq!(parse(&rule("ObjectWriter")), Some(Ownership::ObjectWriter));
        assert_eq!(parse(&rule("BucketOwnerEnforced")), Some(Ownership::BucketOwnerEnforced));
        for wrong in [rule("Other"), String::new(), rule("ObjectWriter").repeat(2)] {
            assert_eq!(parse(&wrong), None, "{wrong}");
        }
    }
}
