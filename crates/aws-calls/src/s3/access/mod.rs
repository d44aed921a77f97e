//! What besides policies decides about a bucket: Block Public Access, Object Ownership, access control lists.

mod acl;
mod block;
mod objection;
mod ownership;
mod public;

pub use acl::{Acl, Grant, Grantee, Permission};
pub use block::PublicAccessBlock;
pub use objection::Objection;
pub use ownership::Ownership;
pub use public::is_public;

/// The settings of a bucket that decide beside its policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// Block Public Access.
    pub block: PublicAccessBlock,
    /// Who owns objects, and whether access control lists count.
    pub ownership: Ownership,
}

/// What an upstream says of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting<'a> {
    /// It is set, to this document.
    Set(&'a str),
    /// It is not set, and is not known to have been removed: the bucket is as AWS makes buckets.
    Unset,
    /// It is not set, because it was removed.
    Removed,
}

impl Access {
    /// A bucket as AWS makes them since April 2023: all public access is blocked, and access control lists are off.
    pub const OF_NEW_BUCKETS: Self = Self { block: PublicAccessBlock::ALL, ownership: Ownership::BucketOwnerEnforced };

    /// The settings of a bucket at its upstream. What cannot be read counts as AWS's defaults, which allow least.
    pub fn of(block: Setting<'_>, ownership: Setting<'_>) -> Self {
        let block = match block {
            Setting::Set(document) => PublicAccessBlock::parse(document.as_bytes()).unwrap_or(PublicAccessBlock::ALL),
            Setting::Unset => PublicAccessBlock::ALL,
            Setting::Removed => PublicAccessBlock::NONE,
        };
        let ownership = match ownership {
            Setting::Set(document) => Ownership::parse(document.as_bytes()).unwrap_or(Ownership::BucketOwnerEnforced),
            Setting::Unset => Ownership::BucketOwnerEnforced,
            Setting::Removed => Ownership::ObjectWriter,
        };
        Self { block, ownership }
    }

    /// Whether only the owner's account and AWS's services get in, whatever the bucket's policy says.
    pub fn shuts_strangers_out(&self, policy: Option<&str>) -> bool {
        self.block.restrict_public_buckets && policy.is_some_and(is_public)
    }

    /// What an access control list allows, as a policy of the resource; none if it allows nothing that counts.
    /// `account_of` finds the account of a canonical user ID.
    pub fn policy_of(&self, acl: &Acl, resource: &str, account_of: impl Fn(&str) -> Option<String>) -> Option<String> {
        if self.ownership == Ownership::BucketOwnerEnforced {
            return None;
        }
        acl.policy(resource, self.block.ignore_public_acls, account_of)
    }
}

/// Whether what was known of a bucket's policy and settings is no longer so once this operation has succeeded.
pub fn is_changed_by(operation: &str) -> bool {
    matches!(
        operation,
        "CreateBucket"
            | "DeleteBucket"
            | "PutBucketPolicy"
            | "DeleteBucketPolicy"
            | "PutPublicAccessBlock"
            | "DeletePublicAccessBlock"
            | "PutBucketOwnershipControls"
            | "DeleteBucketOwnershipControls"
            | "PutBucketAcl"
            | "PutBucketAbac"
            | "PutBucketTagging"
            | "DeleteBucketTagging"
    )
}

/// Whether the root user of a bucket's owner may run this action against all that the bucket's policy denies. AWS keeps a
/// way out of policies that lock everybody out.
pub fn is_open_to_root(action: &str) -> bool {
    ["s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"].contains(&action)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_closed_until_somebody_opens_them() {
        assert_eq!(Access::of(Setting::Unset, Setting::Unset), Access::OF_NEW_BUCKETS);
        assert_eq!(Access::of(Setting::Set("<"), Setting::Set("<")), Access::OF_NEW_BUCKETS);
        let open = Access::of(Setting::Removed, Setting::Removed);
        assert_eq!(open, Access { block: PublicAccessBlock::NONE, ownership: Ownership::ObjectWriter });
    }

    #[test]
    fn a_public_policy_shuts_strangers_out_if_it_is_restricted() {
        let public =
            r#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}}"#;
        let private = r#"{"Statement": {"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "s3:*", "Resource": "*"}}"#;
        assert!(Access::OF_NEW_BUCKETS.shuts_strangers_out(Some(public)));
        assert!(!Access::OF_NEW_BUCKETS.shuts_strangers_out(Some(private)));
        assert!(!Access::OF_NEW_BUCKETS.shuts_strangers_out(None));
        assert!(!Access::of(Setting::Removed, Setting::Unset).shuts_strangers_out(Some(public)));
    }

    #[test]
    fn lists_count_only_where_they_are_on() {
        let document = "<AccessControlPolicy><Owner><ID>o</ID></Owner><AccessControlList><Grant><Grantee>\
            <URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee><Permission>READ</Permission></Grant>\
            </AccessControlList></AccessControlPolicy>";
        let acl = Acl::parse(document.as_bytes()).unwrap();
        let policy = |access: Access| access.policy_of(&acl, "arn:aws:s3:::app/k", |_| None);
        assert_eq!(policy(Access::OF_NEW_BUCKETS), None);
        assert_eq!(policy(Access { ownership: Ownership::ObjectWriter, ..Access::OF_NEW_BUCKETS }), None);
        assert!(policy(Access::of(Setting::Removed, Setting::Removed)).is_some());
    }
}
