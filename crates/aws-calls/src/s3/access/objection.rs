//! What S3 refuses although every policy allows it.

use super::acl::{Acl, Grantee};
use super::{Access, Ownership, is_public};
use crate::s3::form::Fields;
use crate::s3::refusal::Refusal;
use crate::s3::route::Routed;

/// A request that Block Public Access or Object Ownership does not let pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Objection {
    /// Denied, in the usual sentence: `User: … is not authorized to perform: {action} on resource: "…" {reason}`.
    Denied {
        /// The action.
        action: &'static str,
        /// The end of the sentence, beginning with `because`.
        reason: &'static str,
    },
    /// Refused with an error of its own.
    Refused(Refusal),
}

const PUBLIC_POLICY: &str =
    "because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.";
const PUBLIC_ACL: &str = "because public ACLs are prevented by the BlockPublicAcls setting in S3 Block Public Access.";

/// The canned lists that give something to everybody.
const PUBLIC: &[&str] = &["public-read", "public-read-write", "authenticated-read"];

const GRANTS: &[&str] = &[
    "x-amz-grant-full-control",
    "x-amz-grant-read",
    "x-amz-grant-read-acp",
    "x-amz-grant-write",
    "x-amz-grant-write-acp",
];

impl Access {
    /// What S3 objects to in a request that the policies allow. `body` is that of a request whose body is
    /// [read](Routed::body), `fields` are those of an upload form.
    pub fn objection(&self, routed: &Routed<'_>, body: Option<&[u8]>, fields: Option<&Fields>) -> Option<Objection> {
        let operation = routed.operation.name()?;
        let asked = Asked { routed, body: body.filter(|body| !body.is_empty()), fields };
        match operation {
            "PutBucketPolicy" => {
                let policy = std::str::from_utf8(asked.body?).unwrap_or_default();
                let is_blocked = self.block.block_public_policy && is_public(policy);
                is_blocked.then_some(Objection::Denied { action: "s3:PutBucketPolicy", reason: PUBLIC_POLICY })
            }
            "CreateBucket" => asked.of_new_bucket(),
            "PutBucketAcl" => self.list(&asked, "s3:PutBucketAcl"),
            "PutObjectAcl" if routed.query.has("versionId") => self.list(&asked, "s3:PutObjectVersionAcl"),
            "PutObjectAcl" => self.list(&asked, "s3:PutObjectAcl"),
            "PutObject" | "CopyObject" | "CreateMultipartUpload" if asked.has_list() => self.upload(&asked),
            _ => None,
        }
    }

    fn list(&self, asked: &Asked<'_, '_>, action: &'static str) -> Option<Objection> {
        if self.ownership == Ownership::BucketOwnerEnforced {
            return Some(no_lists());
        }
        let is_blocked = self.block.block_public_acls && asked.is_public();
        is_blocked.then_some(Objection::Denied { action, reason: PUBLIC_ACL })
    }

    /// AWS: without access control lists, an upload may still say `bucket-owner-full-control`, which is what it gets.
    fn upload(&self, asked: &Asked<'_, '_>) -> Option<Objection> {
        let is_default = asked.value("x-amz-acl") == Some("bucket-owner-full-control")
            && !GRANTS.iter().any(|name| asked.value(name).is_some());
        if is_default { None } else { self.list(asked, "s3:PutObject") }
    }
}

/// What a request says of access control lists.
struct Asked<'a, 'r> {
    routed: &'a Routed<'r>,
    body: Option<&'a [u8]>,
    fields: Option<&'a Fields>,
}

impl Asked<'_, '_> {
    fn value(&self, name: &str) -> Option<&str> {
        match self.fields {
            Some(fields) => fields.header(name),
            None => self.routed.value(name),
        }
    }

    fn has_list(&self) -> bool {
        self.value("x-amz-acl").is_some() || GRANTS.iter().any(|name| self.value(name).is_some())
    }

    /// Whether the list gives something to everybody. One that cannot be read does.
    fn is_public(&self) -> bool {
        let is_group = |uri: &str| Grantee::of_group(uri.to_owned()).is_public();
        let grants_all = |text: &str| {
            text.split(',')
                .filter_map(|grant| grant.split_once('='))
                .any(|(kind, name)| kind.trim().eq_ignore_ascii_case("uri") && is_group(name.trim().trim_matches('"')))
        };
        self.value("x-amz-acl").is_some_and(|name| PUBLIC.contains(&name))
            || GRANTS.iter().filter_map(|name| self.value(name)).any(grants_all)
            || self.body.is_some_and(|body| Acl::parse(body).map_or(true, |acl| acl.is_public()))
    }

    /// AWS: a new bucket has no access control list unless the request gives its objects to others, and it blocks public
    /// access.
    fn of_new_bucket(&self) -> Option<Objection> {
        let has_grants = GRANTS.iter().any(|name| self.value(name).is_some());
        if !has_grants && self.value("x-amz-acl").is_none_or(|name| name == "private") {
            return None;
        }
        let ownership = self.value("x-amz-object-ownership").and_then(Ownership::named);
        if ownership.is_none_or(|ownership| ownership == Ownership::BucketOwnerEnforced) {
            let message = "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting";
            return Some(Objection::Refused(Refusal::new(400, "InvalidBucketAclWithObjectOwnership", message)));
        }
        let without_body = Asked { body: None, ..*self };
        without_body.is_public().then_some(Objection::Denied { action: "s3:CreateBucket", reason: PUBLIC_ACL })
    }
}

fn no_lists() -> Objection {
    Objection::Refused(Refusal::new(400, "AccessControlListNotSupported", "The bucket does not allow ACLs"))
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue};

    use super::super::PublicAccessBlock;
    use super::*;
    use crate::Request;
    use crate::s3::Hosts;

    const OPEN: Access = Access { block: PublicAccessBlock::NONE, ownership: Ownership::ObjectWriter };
    const BLOCKED: Access = Access { block: PublicAccessBlock::ALL, ownership: Ownership::ObjectWriter };

    fn objection(access: Access, request: &str, headers: &[(&'static str, &'static str)], body: &str) -> String {
        let (method, target) = request.split_once(' ').unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let header = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        let headers: HeaderMap = headers.iter().map(header).collect();
        let request = Request { method, path, query, headers: &headers, body: None };
        let routed = Routed::of(&request, &Hosts::default()).unwrap();
        match access.objection(&routed, Some(body.as_bytes()), None) {
            None => "none".to_owned(),
            Some(Objection::Denied { action, reason }) => format!("{action} {}", reason.split(' ').nth(2).unwrap()),
            Some(Objection::Refused(refusal)) => refusal.code.to_owned(),
        }
    }

    const NEW: Access = Access::OF_NEW_BUCKETS;

    #[test]
    fn public_policies_are_blocked() {
        let public = r#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}}"#;
        let private =
            r#"{"Statement": {"Effect": "Allow", "Principal": {"AWS": "1"}, "Action": "s3:*", "Resource": "*"}}"#;
        assert_eq!(objection(NEW, "PUT /app?policy", &[], public), "s3:PutBucketPolicy policies");
        assert_eq!(objection(NEW, "PUT /app?policy", &[], private), "none");
        assert_eq!(objection(OPEN, "PUT /app?policy", &[], public), "none");
    }

    #[test]
    fn lists_are_off_where_the_bucket_owner_owns_all() {
        let off = "AccessControlListNotSupported";
        assert_eq!(objection(NEW, "PUT /app/k", &[], ""), "none");
        assert_eq!(objection(NEW, "PUT /app/k", &[("x-amz-acl", "private")], ""), off);
        assert_eq!(objection(NEW, "PUT /app/k", &[("x-amz-acl", "bucket-owner-full-control")], ""), "none");
        assert_eq!(objection(NEW, "PUT /app/k", &[("x-amz-grant-read", "id=1")], ""), off);
        assert_eq!(objection(NEW, "POST /app/k?uploads", &[("x-amz-acl", "private")], ""), off);
        assert_eq!(objection(NEW, "PUT /app?acl", &[("x-amz-acl", "private")], ""), off);
        assert_eq!(objection(NEW, "PUT /app/k?acl", &[], "<AccessControlPolicy/>"), off);
        assert_eq!(objection(NEW, "GET /app?acl", &[], ""), "none");
    }

    #[test]
    fn public_lists_are_blocked() {
        let all = "uri=\"http://acs.amazonaws.com/groups/global/AllUsers\", id=\"1\"";
        let document = "<AccessControlPolicy><AccessControlList><Grant><Grantee><URI>http://acs.amazonaws.com/groups/global/AuthenticatedUsers</URI></Grantee><Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>";
        assert_eq!(objection(BLOCKED, "PUT /app/k", &[("x-amz-acl", "public-read")], ""), "s3:PutObject ACLs");
        assert_eq!(objection(BLOCKED, "PUT /app/k", &[("x-amz-grant-read", all)], ""), "s3:PutObject ACLs");
        assert_eq!(objection(BLOCKED, "PUT /app/k", &[("x-amz-acl", "private")], ""), "none");
        assert_eq!(objection(BLOCKED, "PUT /app?acl", &[], document), "s3:PutBucketAcl ACLs");
        assert_eq!(objection(BLOCKED, "PUT /app/k?acl&versionId=v", &[], document), "s3:PutObjectVersionAcl ACLs");
        assert_eq!(objection(BLOCKED, "PUT /app/k?acl", &[], "unreadable"), "s3:PutObjectAcl ACLs");
        assert_eq!(objection(OPEN, "PUT /app?acl", &[], document), "none");
    }

    #[test]
    fn new_buckets_have_no_list_of_their_own() {
        let both = [("x-amz-acl", "public-read"), ("x-amz-object-ownership", "ObjectWriter")];
        assert_eq!(objection(NEW, "PUT /app", &[("x-amz-acl", "private")], ""), "none");
        assert_eq!(objection(NEW, "PUT /app", &both[..1], ""), "InvalidBucketAclWithObjectOwnership");
        assert_eq!(objection(NEW, "PUT /app", &both, ""), "s3:CreateBucket ACLs");
        let own = [("x-amz-acl", "log-delivery-write"), ("x-amz-object-ownership", "BucketOwnerPreferred")];
        assert_eq!(objection(NEW, "PUT /app", &own, "<CreateBucketConfiguration/>"), "none");
    }
}
