//! Access control lists (AWS: "Access control list (ACL) overview").

use serde_json::{Value, json};

use crate::s3::refusal::Refusal;
use crate::s3::xml::Element;

const ALL_USERS: &str = "http://acs.amazonaws.com/groups/global/AllUsers";
const AUTHENTICATED_USERS: &str = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";

/// The access control list of a bucket or an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Acl {
    /// The canonical user ID of the owner.
    pub owner: Option<String>,
    /// What it grants.
    pub grants: Vec<Grant>,
}

/// A permission for a grantee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Who has it.
    pub grantee: Grantee,
    /// What it is.
    pub permission: Permission,
}

/// Who has a permission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grantee {
    /// An account, by its canonical user ID.
    Account(String),
    /// Everybody.
    AllUsers,
    /// Everybody with an account of AWS.
    AuthenticatedUsers,
    /// A group of AWS's own, or an account by an e-mail address, which only AWS knows.
    Other(String),
}

/// What a grant permits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// To list a bucket, or to read an object.
    Read,
    /// To write objects of a bucket.
    Write,
    /// To read the list.
    ReadAcp,
    /// To write the list.
    WriteAcp,
    /// All of these.
    FullControl,
}

impl Acl {
    /// Reads `<AccessControlPolicy>`.
    ///
    /// # Errors
    /// `MalformedXML`.
    pub fn parse(document: &[u8]) -> Result<Self, Refusal> {
        let root = Element::parse(document)?;
        let owner = root.child("Owner")?.map(|owner| owner.text_of("ID")).transpose()?.flatten();
        let owner = owner.map(|id| id.trim().to_owned());
        let list = root.child("AccessControlList")?.ok_or_else(Refusal::xml)?;
        let grants = list.all("Grant").map(Grant::parse).collect::<Result<_, _>>()?;
        Ok(Self { owner, grants })
    }

    /// AWS: a list is public if it grants anything to everybody, or to everybody with an account.
    pub fn is_public(&self) -> bool {
        self.grants.iter().any(|grant| grant.grantee.is_public())
    }

    /// What it allows, as a policy of the bucket or object.
    pub(super) fn policy(
        &self,
        resource: &str,
        ignore_public: bool,
        account_of: impl Fn(&str) -> Option<String>,
    ) -> Option<String> {
        let is_object = resource.splitn(6, ':').nth(5).is_some_and(|name| name.contains('/'));
        let partition = resource.split(':').nth(1).unwrap_or_default();
        let exact = literal(resource);
        let resources: Value = if is_object { json!(exact) } else { json!([exact, format!("{exact}/*")]) };
        let statement = |grant: &Grant| {
            let actions = grant.permission.actions(is_object);
            let mut statement = json!({"Effect": "Allow", "Action": actions, "Resource": resources});
            let (principal, condition) = match &grant.grantee {
                Grantee::Account(id) => {
                    (json!({"AWS": format!("arn:{partition}:iam::{}:root", account_of(id)?)}), None)
                }
                Grantee::AllUsers if !ignore_public => (json!("*"), None),
                Grantee::AuthenticatedUsers if !ignore_public => {
                    (json!("*"), Some(json!({"Null": {"aws:PrincipalAccount": "false"}})))
                }
                _ => return None,
            };
            let fields = statement.as_object_mut().filter(|_| !actions.is_empty())?;
            fields.insert("Principal".to_owned(), principal);
            fields.extend(condition.map(|condition| ("Condition".to_owned(), condition)));
            Some(statement)
        };
        let statements: Vec<Value> = self.grants.iter().filter_map(statement).collect();
        (!statements.is_empty()).then(|| json!({"Version": "2012-10-17", "Statement": statements}).to_string())
    }
}

impl Grant {
    fn parse(grant: &Element) -> Result<Self, Refusal> {
        let grantee = grant.child("Grantee")?.ok_or_else(Refusal::xml)?;
        let text = |name: &str| Ok::<_, Refusal>(grantee.text_of(name)?.map(|text| text.trim().to_owned()));
        let grantee = match (text("ID")?, text("URI")?, text("EmailAddress")?) {
            (Some(id), None, None) => Grantee::Account(id),
            (None, Some(uri), None) => Grantee::of_group(uri),
            (None, None, Some(address)) => Grantee::Other(address),
            // With two names, whom it means is not certain.
            _ => return Err(Refusal::xml()),
        };
        let permission = match grant.text_of("Permission")?.unwrap_or_default().trim() {
            "READ" => Permission::Read,
            "WRITE" => Permission::Write,
            "READ_ACP" => Permission::ReadAcp,
            "WRITE_ACP" => Permission::WriteAcp,
            "FULL_CONTROL" => Permission::FullControl,
            _ => return Err(Refusal::xml()),
        };
        Ok(Self { grantee, permission })
    }
}

impl Grantee {
    pub(super) fn of_group(uri: String) -> Self {
        match uri.as_str() {
            ALL_USERS => Self::AllUsers,
            AUTHENTICATED_USERS => Self::AuthenticatedUsers,
            _ => Self::Other(uri),
        }
    }

    pub(super) fn is_public(&self) -> bool {
        matches!(self, Self::AllUsers | Self::AuthenticatedUsers)
    }
}

impl Permission {
    /// The actions that it allows (AWS: "Mapping of ACL permissions and access policy permissions"). With `WRITE` on a
    /// bucket, only the owners of existing objects may overwrite and delete them.
    fn actions(self, is_object: bool) -> Vec<&'static str> {
        let own: &[&str] = match (self, is_object) {
            (Self::Read, false) => &["s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"],
            (Self::Read, true) => &["s3:GetObject", "s3:GetObjectVersion"],
            (Self::Write, false) => &["s3:PutObject"],
            (Self::Write, true) => &[],
            (Self::ReadAcp, false) => &["s3:GetBucketAcl"],
            (Self::ReadAcp, true) => &["s3:GetObjectAcl", "s3:GetObjectVersionAcl"],
            (Self::WriteAcp, false) => &["s3:PutBucketAcl"],
            (Self::WriteAcp, true) => &["s3:PutObjectAcl", "s3:PutObjectVersionAcl"],
            (Self::FullControl, _) => {
                let all = [Self::Read, Self::Write, Self::ReadAcp, Self::WriteAcp];
                return all.iter().flat_map(|permission| permission.actions(is_object)).collect();
            }
        };
        own.to_vec()
    }
}

/// An ARN as a pattern that matches nothing else.
fn literal(arn: &str) -> String {
    arn.chars().fold(String::with_capacity(arn.len()), |mut pattern, character| {
        if matches!(character, '*' | '?' | '$') {
            pattern.push_str("${");
            pattern.push(character);
            pattern.push('}');
        } else {
            pattern.push(character);
        }
        pattern
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acl(grants: &[(&str, &str)]) -> Result<Acl, Refusal> {
        let grant = |(grantee, permission): &(&str, &str)| {
            format!("<Grant><Grantee>{grantee}</Grantee><Permission>{permission}</Permission></Grant>")
        };
        let grants: String = grants.iter().map(grant).collect();
        let document = format!(
            "<AccessControlPolicy xmlns:xsi=\"x\"><Owner><ID>o</ID></Owner><AccessControlList>{grants}</AccessControlList></AccessControlPolicy>"
        );
        Acl::parse(document.as_bytes())
    }

    fn policy(acl: &Acl, resource: &str, ignore_public: bool) -> Option<Value> {
        let account_of = |id: &str| (id == "c").then(|| "444455556666".to_owned());
        acl.policy(resource, ignore_public, account_of).map(|text| serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn grants_allow_actions() {
        let all = format!("<URI>{ALL_USERS}</URI>");
        let acl = acl(&[("<ID>c</ID>", "FULL_CONTROL"), (&all, "READ"), ("<ID>unknown</ID>", "READ")]).unwrap();
        assert!(acl.is_public());
        let found = policy(&acl, "arn:aws:s3:::app", false).unwrap();
        let statements = found["Statement"].as_array().unwrap();
        assert_eq!(statements.len(), 2);
        assert_eq!(statements[0]["Principal"], json!({"AWS": "arn:aws:iam::444455556666:root"}));
        assert_eq!(
            statements[0]["Action"],
            json!([
                "s3:ListBucket",
                "s3:ListBucketVersions",
                "s3:ListBucketMultipartUploads",
                "s3:PutObject",
                "s3:GetBucketAcl",
                "s3:PutBucketAcl"
            ])
        );
        assert_eq!(statements[1]["Principal"], json!("*"));
        assert_eq!(statements[1]["Resource"], json!(["arn:aws:s3:::app", "arn:aws:s3:::app/*"]));
        assert_eq!(policy(&acl, "arn:aws:s3:::app", true).unwrap()["Statement"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn an_objects_list_is_about_this_object() {
        let everybody = format!("<URI>{AUTHENTICATED_USERS}</URI>");
        let acl = acl(&[(&everybody, "READ"), (&everybody, "WRITE")]).unwrap();
        let found = policy(&acl, "arn:aws:s3:::app/*$", false).unwrap();
        let statements = found["Statement"].as_array().unwrap();
        assert_eq!(statements.len(), 1, "nothing writes an object");
        assert_eq!(statements[0]["Resource"], json!("arn:aws:s3:::app/${*}${$}"));
        assert_eq!(statements[0]["Action"], json!(["s3:GetObject", "s3:GetObjectVersion"]));
        assert_eq!(statements[0]["Condition"], json!({"Null": {"aws:PrincipalAccount": "false"}}));
    }

    #[test]
    fn lists_of_another_form_are_refused() {
        for grant in [("<ID>a</ID><URI>b</URI>", "READ"), ("", "READ"), ("<ID>a</ID>", "ALL")] {
            assert!(acl(&[grant]).is_err(), "{grant:?}");
        }
        assert!(Acl::parse(b"<AccessControlPolicy/>").is_err());
        assert!(!acl(&[("<EmailAddress>a@example.com</EmailAddress>", "READ")]).unwrap().is_public());
    }
}
