//! The policies of users, groups and roles.

use serde_json::json;

use super::session::{Done, Session};
use crate::account::{Grantee, ManagedPolicy, Resource};
use crate::catalogue::managed_policies;
use crate::description::Document;
use crate::markup::{Named, Place, Placed};
use crate::shapes::ArnParts;

/// How the operations on the policies of a kind of grantee are called.
pub(super) struct Family {
    /// The parameter that names the grantee.
    pub parameter: &'static str,
    pub attach: &'static str,
    pub detach: &'static str,
    pub put: &'static str,
    pub delete: &'static str,
    /// How its boundary is put and deleted; groups have none.
    pub boundary: Option<(&'static str, &'static str)>,
}

/// A grantee at hand.
#[derive(Clone, Copy)]
pub(super) struct Of<'n> {
    pub family: &'static Family,
    pub name: &'n str,
    pub place: Place,
    /// Whether it is a copy of one on AWS.
    pub from_aws: bool,
}

impl Session<'_> {
    /// The ARN of a managed policy: one that is written, or that of the account's or AWS's policy of this name.
    pub(super) fn policy_arn(&self, written: &Placed<String>) -> Done<String> {
        if written.starts_with("arn:") {
            return Ok(written.value.clone());
        }
        if let Some(policy) = self.account.get::<ManagedPolicy>(written) {
            return Ok(policy.arn(self.account.id));
        }
        let mut of_aws = managed_policies::iter(self.account.id.partition());
        of_aws.find(|policy| policy.name == written.value).map(|policy| policy.arn()).ok_or_else(|| {
            let message = format!("there is no managed policy {:?}, neither of the account nor of AWS", written.value);
            self.error(written.place, message)
        })
    }

    /// Attaches exactly these managed policies.
    pub(super) fn attached<G: Grantee>(&mut self, of: Of<'_>, wanted: Option<&[Placed<String>]>) -> Done {
        let Some(wanted) = wanted else { return Ok(()) };
        let Some(before) = self.account.get::<G>(of.name).map(|grantee| grantee.permissions().attached.clone()) else {
            return Ok(());
        };
        let mut arns = Vec::with_capacity(wanted.len());
        for written in wanted {
            arns.push((written.place, self.policy_arn(written)?));
        }
        for arn in before.iter().filter(|arn| !arns.iter().any(|(_, wanted)| wanted == *arn)) {
            self.call(of.place, of.family.detach, json!({of.family.parameter: of.name, "PolicyArn": arn}))?;
            self.changed(format!("detached {arn}"));
        }
        for (place, arn) in arns.into_iter().filter(|(_, arn)| !before.contains(arn)) {
            if of.from_aws && self.is_unknown_of_aws(&arn) {
                self.attach_unknown::<G>(of, &arn)?;
            } else {
                self.call(place, of.family.attach, json!({of.family.parameter: of.name, "PolicyArn": arn}))?;
            }
            self.changed(format!("attached {arn}"));
        }
        Ok(())
    }

    /// Whether an ARN is that of an AWS-managed policy that this version does not have.
    pub(super) fn is_unknown_of_aws(&self, arn: &str) -> bool {
        let of_aws = ArnParts::parse(arn)
            .is_some_and(|parts| parts.account == "aws" && parts.partition == self.account.id.partition().name());
        of_aws && self.account.managed_policy(arn).is_none()
    }

    /// Attaches an AWS-managed policy that this version does not have. The engine denies everything to who has it.
    fn attach_unknown<G: Grantee>(&mut self, of: Of<'_>, arn: &str) -> Done {
        self.run(of.place, |cx| {
            cx.account.update::<G, _>(of.name, |grantee| {
                grantee.permissions_mut().attached.push(arn.to_owned());
                Ok(())
            })
        })?;
        self.warn(format!("{arn} is not known to this version: {} is denied everything", of.name));
        Ok(())
    }

    /// Gives it exactly these inline policies.
    pub(super) fn inline<G: Grantee>(&mut self, of: Of<'_>, wanted: Option<&Named<Document>>) -> Done {
        let Some(Named(wanted)) = wanted else { return Ok(()) };
        let Some(before) = self.account.get::<G>(of.name).map(|grantee| grantee.permissions().inline.clone()) else {
            return Ok(());
        };
        let Of { family: Family { parameter, put, delete, .. }, name: grantee, .. } = of;
        for gone in before.keys().filter(|name| !wanted.iter().any(|(wanted, _)| wanted.value == **name)) {
            self.call(of.place, delete, json!({*parameter: grantee, "PolicyName": gone}))?;
            self.changed(format!("without inline policy {gone}"));
        }
        for (name, document) in wanted {
            if before.get(&name.value).is_some_and(|before| document.says(before.text())) {
                continue;
            }
            let parameters = json!({*parameter: grantee, "PolicyName": name.value, "PolicyDocument": document.text});
            self.call(document.place, put, parameters)?;
            self.changed(format!("inline policy {}", name.value));
        }
        Ok(())
    }

    /// Gives it this permissions boundary, or none.
    pub(super) fn boundary<G: Grantee>(&mut self, of: Of<'_>, wanted: Option<&Option<Placed<String>>>) -> Done {
        let (Some(wanted), Some((put, delete))) = (wanted, of.family.boundary) else { return Ok(()) };
        let before = self.account.get::<G>(of.name).and_then(|grantee| grantee.permissions().boundary.clone());
        let arn = wanted.as_ref().map(|written| self.policy_arn(written)).transpose()?;
        if before == arn {
            return Ok(());
        }
        let parameter = of.family.parameter;
        match (arn, wanted) {
            (Some(arn), _) if of.from_aws && self.is_unknown_of_aws(&arn) => {
                self.run(of.place, |cx| {
                    cx.account.update::<G, _>(of.name, |grantee| {
                        grantee.permissions_mut().boundary = Some(arn.clone());
                        Ok(())
                    })
                })?;
                self.warn(format!("{arn} is not known to this version: {} is denied everything", of.name));
            }
            (Some(arn), Some(written)) => {
                let parameters = json!({parameter: of.name, "PermissionsBoundary": arn});
                self.call(written.place, put, parameters)?;
                self.changed(format!("boundary {arn}"));
            }
            _ => {
                self.call(of.place, delete, json!({parameter: of.name}))?;
                self.changed("without boundary");
            }
        }
        Ok(())
    }
}
