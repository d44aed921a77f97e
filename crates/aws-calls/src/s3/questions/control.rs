//! Questions of S3 Control.

use std::borrow::Cow;

use super::resources::{pass_role, question, unnamed};
use super::{Asking, asked, bodies, request_tags};
use crate::questions::{Asked, Mapping, Owner};
use crate::s3::address::named;
use crate::s3::control::{Resource, route};
use crate::s3::refusal::Refusal;
use crate::s3::tags;
use crate::s3::xml::Element;

const BATCH: &str = "batchoperations.s3.amazonaws.com";
const ACCESS_GRANTS: &str = "access-grants.s3.amazonaws.com";

impl Asking<'_, '_> {
    pub(crate) fn control(&mut self, account: &str, labels: &[(&str, Cow<'_, str>)]) -> Result<Asked, Refusal> {
        let route = route(self.operation).ok_or_else(Refusal::method)?;
        let label = labels.first().map(|(_, value)| value.as_ref()).unwrap_or_default();
        let (prefix, resource) = self.named(route.resource, account, label)?;
        let mut keys = self.common();
        keys.extend(self.sent_tags()?);
        let mut questions = Vec::new();
        let action = format!("{prefix}:{}", action(self.operation));
        match resource {
            Some(resource) => {
                let owner = owner(&resource, account)?;
                questions.push(question(action, resource, owner, keys));
            }
            None => {
                let mut asks = unnamed(&action, "*", keys);
                asks.owner = Owner::Account(account.to_owned());
                questions.push(asks);
            }
        }
        if matches!(route.resource, Resource::OutpostBucket | Resource::MultiRegion | Resource::MultiRegionInBody) {
            questions.iter_mut().for_each(|asks| asks.mapping = Mapping::Derived);
        }
        let service = match self.operation {
            "CreateJob" => Some(("RoleArn", BATCH)),
            "CreateAccessGrantsLocation" | "UpdateAccessGrantsLocation" => Some(("IAMRoleArn", ACCESS_GRANTS)),
            _ => None,
        };
        if let Some((name, service)) = service
            && let Some(role) = Element::parse(self.body()?)?.text_of(name)?
        {
            questions.push(pass_role(role.trim(), service)?);
        }
        Ok(asked(questions))
    }

    /// The prefix of the action and the ARN, if the operation has one.
    fn named(&self, resource: Resource, account: &str, label: &str) -> Result<(&'static str, Option<String>), Refusal> {
        let crate::questions::Scene { partition, region, .. } = self.scene;
        // A name with a slash or colon would be part of another resource's ARN.
        let is_plain = !label.contains(['/', ':', '*', '?']);
        let own = |path: String| Some(format!("arn:{partition}:s3:{region}:{account}:{path}"));
        if label.starts_with(&format!("arn:{partition}:s3-outposts:")) && !label.contains(['*', '?']) {
            return match resource {
                Resource::AccessPoint | Resource::OutpostBucket => Ok(("s3-outposts", Some(label.to_owned()))),
                _ => Err(Refusal::argument("Invalid ARN")),
            };
        }
        let arn = match resource {
            Resource::Arn if label.starts_with(&format!("arn:{partition}:s3:")) => Some(label.to_owned()),
            Resource::MultiRegionRequest if label.starts_with(&format!("arn:{partition}:s3:")) => {
                Some(label.to_owned())
            }
            Resource::MultiRegionRequest => {
                Some(format!("arn:{partition}:s3:us-west-2:{account}:async-request/mrap/{label}"))
            }
            Resource::Arn => return Err(Refusal::argument("Invalid ARN")),
            _ if !is_plain => return Err(Refusal::argument("Invalid name")),
            Resource::None | Resource::DirectoryNone | Resource::OutpostNone | Resource::OutpostBucket => None,
            Resource::AccessPoint | Resource::DirectoryAccessPoint if label.ends_with("--xa-s3") => {
                let arn = format!("arn:{partition}:s3express:{region}:{account}:accesspoint/{label}");
                return Ok(("s3express", Some(arn)));
            }
            Resource::AccessPoint | Resource::DirectoryAccessPoint => own(format!("accesspoint/{label}")),
            Resource::ObjectLambda => {
                Some(format!("arn:{partition}:s3-object-lambda:{region}:{account}:accesspoint/{label}"))
            }
            Resource::Job => own(format!("job/{label}")),
            Resource::Lens => own(format!("storage-lens/{label}")),
            Resource::LensGroup => own(format!("storage-lens-group/{label}")),
            Resource::Grants => own("access-grants/default".to_owned()),
            Resource::Grant => own(format!("access-grants/default/grant/{label}")),
            Resource::NewGrant => own("access-grants/default/grant/*".to_owned()),
            Resource::Location => own(format!("access-grants/default/location/{label}")),
            Resource::NewLocation => own("access-grants/default/location/*".to_owned()),
            Resource::MultiRegion => Some(format!("arn:{partition}:s3::{account}:accesspoint/{label}")),
            Resource::MultiRegionInBody => {
                let root = Element::parse(self.body()?)?;
                let name = root.child("Details")?.map(|details| details.text_of("Name")).transpose()?.flatten();
                let name = name.map(str::trim).filter(|name| !name.contains(['/', ':', '*', '?']));
                let name = name.ok_or_else(Refusal::xml)?;
                Some(format!("arn:{partition}:s3::{account}:accesspoint/{name}"))
            }
        };
        let prefix = match resource {
            Resource::DirectoryNone | Resource::DirectoryAccessPoint => "s3express",
            Resource::OutpostNone | Resource::OutpostBucket => "s3-outposts",
            _ => "s3",
        };
        Ok((prefix, arn))
    }

    /// The keys of what the request says: tags, and what a job is to do.
    fn sent_tags(&self) -> Result<Vec<(String, Vec<String>)>, Refusal> {
        if self.operation == "UntagResource" {
            let keys = self.routed.query.all("tagKeys").map(str::to_owned).collect();
            return Ok(vec![("aws:TagKeys".to_owned(), keys)]);
        }
        let (is_tagged, is_job) = (is_tagged(self.operation), self.operation == "CreateJob");
        let mut keys = Vec::new();
        if is_tagged || is_job {
            let root = match self.body {
                None | Some([]) if !is_job => return Ok(keys),
                _ => Element::parse(self.body()?)?,
            };
            let set = root.children.iter().find(|child| matches!(child.name.as_str(), "Tags" | "TagSet"));
            let new = set.map(tags::elements).transpose()?.unwrap_or_default();
            keys.extend(request_tags("aws:RequestTag/", "aws:TagKeys", &new));
            if is_job {
                let priority = root.text_of("Priority")?.map(str::trim);
                let operation = root.child("Operation")?.and_then(|choice| choice.children.first());
                let operation = operation.map(|choice| choice.name.as_str());
                let actions = &["CreateJob"];
                for (_, key, values) in bodies::one(actions, "s3:RequestJobPriority", priority)
                    .into_iter()
                    .chain(bodies::one(actions, "s3:RequestJobOperation", operation))
                {
                    keys.push((key, values));
                }
            }
        }
        if let Some(priority) = self.routed.query.get("priority").filter(|_| self.operation == "UpdateJobPriority") {
            super::keys::push(&mut keys, "s3:RequestJobPriority", priority);
        }
        Ok(keys)
    }
}

/// Who owns a resource: the owner of the bucket, else the account of the request, which the ARN must not contradict.
fn owner(resource: &str, account: &str) -> Result<Owner, Refusal> {
    let mut parts = resource.splitn(6, ':').skip(4);
    match (parts.next(), parts.next()) {
        (Some(""), Some(bucket)) => {
            let name = bucket.split('/').next().unwrap_or_default();
            named(name.into()).map(|_| Owner::Bucket(name.to_owned()))
        }
        (Some(named), Some(_)) if named == account => Ok(Owner::Account(account.to_owned())),
        _ => Err(Refusal::argument("Invalid ARN")),
    }
}

/// The operations whose body has tags that policies see.
pub(crate) fn is_tagged(operation: &str) -> bool {
    matches!(
        operation,
        "TagResource"
            | "PutJobTagging"
            | "PutStorageLensConfiguration"
            | "PutStorageLensConfigurationTagging"
            | "CreateStorageLensGroup"
            | "CreateAccessGrantsInstance"
            | "CreateAccessGrantsLocation"
            | "CreateAccessGrant"
            | "CreateAccessPoint"
    )
}

/// The account's own settings have actions of their own.
fn action(operation: &'static str) -> &'static str {
    match operation {
        "GetPublicAccessBlock" => "GetAccountPublicAccessBlock",
        "PutPublicAccessBlock" | "DeletePublicAccessBlock" => "PutAccountPublicAccessBlock",
        _ => operation,
    }
}
