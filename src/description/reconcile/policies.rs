//! Managed policies.

use serde_json::json;

use super::session::{Done, Session};
use super::tags::TagFamily;
use crate::account::{ManagedPolicy, PolicyVersion, Quota, Resource};
use crate::description::{Document, PolicyDescription, Versions};
use crate::markup::{Named, Placed};
use crate::services::managed_document;
use crate::shapes::{PolicyDocument, Timestamp};

const TAGS: TagFamily = TagFamily { tag: "TagPolicy", untag: "UntagPolicy", parameter: "PolicyArn" };

impl Session<'_> {
    pub(super) fn managed_policies(&mut self, policies: &Named<PolicyDescription>) -> Done {
        for (name, policy) in &policies.0 {
            let made = self.account.get::<ManagedPolicy>(name).is_none();
            if made {
                self.create_policy(name, policy)?;
            } else {
                self.update_policy(name, policy)?;
            }
            self.identify::<ManagedPolicy>(name.place, name, policy.identity.as_ref())?;
            let arn = self.account.get::<ManagedPolicy>(name).map(|policy| policy.arn(self.account.id));
            let arn = arn.unwrap_or_default();
            let from_aws = policy.identity.is_some();
            self.tags::<ManagedPolicy>(&TAGS, name.place, (name, &arn), policy.tags.as_ref(), from_aws)?;
            if let Some(versions) = &policy.versions {
                self.versions(name, versions)?;
            }
            self.end("policy", name, made);
        }
        Ok(())
    }

    fn create_policy(&mut self, name: &Placed<String>, policy: &PolicyDescription) -> Done {
        let Some(document) = &policy.document else {
            return Err(self.error(name.place, format!("the policy {:?} needs a document", name.value)));
        };
        let parameters = json!({
            "PolicyName": name.value,
            "Path": policy.path.as_ref().map(|path| &path.value),
            "Description": policy.description.as_ref().map(|description| &description.value),
            "PolicyDocument": document.text,
        });
        let place =
            if serde_json::from_str::<serde_json::Value>(&document.text).is_ok() { name.place } else { document.place };
        self.call(place, "CreatePolicy", parameters)
    }

    fn update_policy(&mut self, name: &Placed<String>, wanted: &PolicyDescription) -> Done {
        let Some(policy) = self.account.get::<ManagedPolicy>(name).cloned() else { return Ok(()) };
        self.must_stay(name, "path", wanted.path.as_ref(), Some(&policy.path))?;
        self.must_stay(name, "description", wanted.description.as_ref(), policy.description.as_deref())?;
        let Some(document) = &wanted.document else { return Ok(()) };
        let in_force = policy.default();
        if wanted.versions.is_some() || in_force.is_some_and(|version| document.says(version.document.text())) {
            return Ok(());
        }
        let arn = policy.arn(self.account.id);
        let limit = self.ground.environment.quotas.limit(Quota::VersionsPerPolicy) as usize;
        let oldest = policy.versions.iter().find(|version| version.number != policy.default_version);
        if let Some(oldest) = oldest.filter(|_| policy.versions.len() >= limit) {
            let parameters = json!({"PolicyArn": arn, "VersionId": oldest.id()});
            self.call(name.place, "DeletePolicyVersion", parameters)?;
        }
        let parameters = json!({"PolicyArn": arn, "PolicyDocument": document.text, "SetAsDefault": true});
        self.call(document.place, "CreatePolicyVersion", parameters)?;
        self.changed("document");
        Ok(())
    }

    /// Refuses a change of what cannot change on AWS.
    pub(super) fn must_stay(
        &self,
        name: &Placed<String>,
        what: &str,
        wanted: Option<&Placed<String>>,
        is: Option<&str>,
    ) -> Done {
        match wanted {
            Some(wanted) if wanted.value != is.unwrap_or_default() => {
                let message =
                    format!("the {what} of {} cannot change on AWS; it is {:?}", name.value, is.unwrap_or_default());
                Err(self.error(wanted.place, message))
            }
            _ => Ok(()),
        }
    }

    /// Gives a policy exactly these versions.
    fn versions(&mut self, name: &Placed<String>, wanted: &Versions) -> Done {
        let mut versions = Vec::with_capacity(wanted.versions.len());
        for (number, created, document) in &wanted.versions {
            let text = PolicyDocument::new(document.text.as_str());
            let document = self.run(document.place, |cx| managed_document(cx, &text))?;
            versions.push(PolicyVersion { number: *number, created: *created, document });
        }
        let limit = self.ground.environment.quotas.limit(Quota::VersionsPerPolicy) as usize;
        let last = versions.iter().map(|version| version.number).max().unwrap_or_default();
        let in_order = versions.windows(2).all(|pair| matches!(pair, [a, b] if a.number < b.number));
        if versions.len() > limit || !in_order || !versions.iter().any(|version| version.number == wanted.default) {
            let message = format!("{} needs up to {limit} different versions, the one in force among them", name.value);
            return Err(self.error(name.place, message));
        }
        let is_same = self.account.get::<ManagedPolicy>(name).is_some_and(|policy| {
            let same = |(known, (number, created, document)): (&PolicyVersion, &(u32, Timestamp, Document))| {
                known.number == *number && known.created == *created && document.says(known.document.text())
            };
            policy.versions.len() == versions.len()
                && policy.versions.iter().zip(&wanted.versions).all(same)
                && policy.default_version == wanted.default
                && policy.updated == wanted.updated
        });
        if is_same {
            return Ok(());
        }
        let (default, updated) = (wanted.default, wanted.updated);
        self.run(name.place, |cx| {
            cx.account.update::<ManagedPolicy, _>(name, |policy| {
                policy.versions = versions;
                policy.default_version = default;
                policy.updated = updated;
                policy.next_version = policy.next_version.max(last.saturating_add(1));
                Ok(())
            })
        })?;
        self.changed("versions");
        Ok(())
    }
}
