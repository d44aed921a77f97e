//! Questions about buckets.

use super::actions::actions;
use super::bodies::one;
use super::object::ACL;
use super::resources::{account_of, pass_role, question};
use super::{Asking, asked, request_tags};
use crate::questions::{Asked, Mapping, Owner};
use crate::s3::address::Bucket;
use crate::s3::refusal::Refusal;
use crate::s3::tags;
use crate::s3::xml::Element;

/// The services that use the roles of S3's configurations.
const REPLICATION: &str = "s3.amazonaws.com";
const METADATA: &str = "metadata.s3.amazonaws.com";

impl Asking<'_, '_> {
    pub(crate) fn bucket(&mut self, bucket: &Bucket<'_>) -> Result<Asked, Refusal> {
        if self.operation == "WriteGetObjectResponse" {
            let action = "s3-object-lambda:WriteGetObjectResponse";
            return Ok(asked(vec![super::resources::unnamed(action, "*", self.common())]));
        }
        if self.operation == "CreateBucket" {
            return self.create_bucket(bucket);
        }
        if self.operation == "PutBucketInventoryConfiguration" {
            self.from_body = self.inventory()?;
        }
        let about = self.about_bucket(bucket);
        let names = actions(self.operation, false);
        let mut asked = asked(names.iter().map(|name| self.question(name, about.clone())).collect());
        if asked.questions.is_empty() {
            return Err(Refusal::new(501, "NotImplemented", "This bucket does not support the operation."));
        }
        match self.operation {
            "PutBucketReplication" => {
                let root = Element::parse(self.body()?)?;
                asked.questions.extend(role(&root, "Role", REPLICATION)?);
            }
            "CreateBucketMetadataTableConfiguration" => self.tables(&mut asked)?,
            "CreateBucketMetadataConfiguration" => {
                self.tables(&mut asked)?;
                let root = Element::parse(self.body()?)?;
                if let Some(annotations) = root.child("AnnotationTableConfiguration")? {
                    asked.questions.extend(role(annotations, "Role", METADATA)?);
                }
            }
            "UpdateBucketMetadataAnnotationTableConfiguration" => {
                asked.questions.extend(role(&Element::parse(self.body()?)?, "Role", METADATA)?);
            }
            _ => {}
        }
        self.see_bucket_tags(&mut asked, bucket);
        Ok(asked)
    }

    /// AWS: what a new bucket gets besides its name needs the action that sets it.
    fn create_bucket(&mut self, bucket: &Bucket<'_>) -> Result<Asked, Refusal> {
        let root = self.body.filter(|body| !body.is_empty()).map(Element::parse).transpose()?;
        let mut new_tags = Vec::new();
        if let Some(root) = &root {
            let location = root.text_of("LocationConstraint")?.map(str::trim);
            self.from_body = one(&["CreateBucket"], "s3:locationconstraint", location);
            new_tags = root.child("Tags")?.map(tags::elements).transpose()?.unwrap_or_default();
        }
        let tag_keys = request_tags("aws:RequestTag/", "aws:TagKeys", &new_tags);
        self.from_body.extend(tag_keys.into_iter().map(|(key, values)| {
            let actions: &'static [&'static str] = &["CreateBucket", "TagResource"];
            (actions, key, values)
        }));
        let is_acl = |name: &str| self.given(name).is_some_and(|value| name != "x-amz-acl" || value != "private");
        let is_locked = self.given("x-amz-bucket-object-lock-enabled");
        let is_locked = is_locked.is_some_and(|value| !value.eq_ignore_ascii_case("false"));
        let demands = [
            ("CreateBucket", true),
            ("PutBucketAcl", ACL.iter().any(|name| is_acl(name))),
            ("PutBucketVersioning", is_locked),
            ("PutBucketObjectLockConfiguration", is_locked),
            ("PutBucketOwnershipControls", self.given("x-amz-object-ownership").is_some()),
            ("TagResource", !new_tags.is_empty()),
        ];
        // The bucket has no owner yet.
        let about = super::resources::About { owner: Owner::Caller, ..self.about_bucket(bucket) };
        let wanted = demands.iter().filter(|(_, wanted)| *wanted);
        Ok(asked(wanted.map(|(name, _)| self.question(name, about.clone())).collect()))
    }

    fn inventory(&self) -> Result<Vec<super::FromBody>, Refusal> {
        let root = Element::parse(self.body()?)?;
        let Some(list) = root.child("OptionalFields")? else { return Ok(Vec::new()) };
        let fields: Vec<String> =
            list.all("Field").map(|field| Ok(field.text()?.trim().to_owned())).collect::<Result<_, Refusal>>()?;
        Ok(vec![(&["PutInventoryConfiguration"], "s3:InventoryAccessibleOptionalFields".to_owned(), fields)])
    }

    /// AWS: metadata tables are made with the caller's permissions in S3 Tables, in a table bucket that the body names
    /// or in AWS's own one of the region.
    fn tables(&self, asked: &mut Asked) -> Result<(), Refusal> {
        let root = Element::parse(self.body()?)?;
        let named = root.child("S3TablesDestination")?.map(|found| found.text_of("TableBucketArn")).transpose()?;
        let is_named = named.is_some();
        let bucket = match named.flatten() {
            Some(arn) => arn.trim().to_owned(),
            None => {
                let crate::questions::Scene { partition, region, account } = self.scene;
                format!("arn:{partition}:s3tables:{region}:{account}:bucket/aws-s3")
            }
        };
        let owner = account_of(&bucket, "s3tables").ok_or_else(|| Refusal::argument("Invalid table bucket ARN"))?;
        let table = format!("{bucket}/table/*");
        let on_bucket: &[&str] = if is_named {
            &["CreateNamespace"]
        } else {
            &["CreateTableBucket", "PutTableBucketPolicy", "CreateNamespace"]
        };
        let on_table = ["GetTable", "CreateTable", "PutTablePolicy"];
        let pairs = on_bucket.iter().map(|name| (*name, &bucket)).chain(on_table.map(|name| (name, &table)));
        for (name, resource) in pairs {
            let mut asks =
                question(format!("s3tables:{name}"), resource.clone(), Owner::Account(owner.to_owned()), Vec::new());
            asks.mapping = Mapping::Derived;
            asked.questions.push(asks);
        }
        Ok(())
    }
}

/// The question about a role that a configuration names.
pub(crate) fn role(
    element: &Element,
    name: &str,
    service: &str,
) -> Result<Option<crate::questions::Question>, Refusal> {
    element.text_of(name)?.map(|role| pass_role(role.trim(), service)).transpose()
}
