//! The policies of an organization, what they are attached to, and the tags of all that it has.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::account::{OrganizationNode, OrganizationPolicy, Quota};
use crate::description::reconcile::session::{Done, Session};
use crate::description::{OrganizationDescription, OrganizationPolicyDescription};
use crate::markup::{Named, Place, Placed};
use crate::shapes::{AccountId, OrganizationPolicyType, Pattern};
use crate::wire::Service;

static POLICY_ID: Pattern = Pattern::new("p-[0-9a-zA-Z_]{8,128}");

/// The policies that are wanted, by id.
pub(super) type Wanted<'d> = BTreeMap<String, WantedPolicy<'d>>;

/// A policy that is wanted.
pub(super) struct WantedPolicy<'d> {
    /// Its place in the file.
    index: usize,
    /// What it is attached to, if that is said.
    targets: Option<BTreeSet<String>>,
    /// Its place among the policies of targets, where that is known.
    order: &'d BTreeMap<String, usize>,
}

impl WantedPolicy<'_> {
    fn is_for(&self, target: &str) -> bool {
        self.targets.as_ref().is_some_and(|targets| targets.contains(target))
    }

    /// Sorts it among the policies of a target: those whose place is known before the others.
    fn place(&self, target: &str) -> usize {
        self.order.get(target).copied().unwrap_or(usize::MAX)
    }
}

impl Session<'_> {
    /// Calls an operation of Organizations.
    pub(in crate::description::reconcile) fn call_organizations(
        &mut self,
        place: Place,
        operation: &str,
        parameters: Value,
    ) -> Done {
        self.call_of(Service::ORGANIZATIONS, place, operation, parameters)
    }

    /// The id of the root, a unit or an account, which may be written by name.
    pub(super) fn organization_target(&self, written: &Placed<String>) -> Done<String> {
        let root = self.record(written.place)?.root;
        if written.value == "root" || written.value == root {
            return Ok(root);
        }
        let account = AccountId::parse(written).map(|id| id.in_partition(self.account.id.partition()).to_string());
        if let Some(account) = account.filter(|account| self.account.member(account).is_some()) {
            return Ok(account);
        }
        if self.account.organization_units.get(written).is_some() {
            return Ok(written.value.clone());
        }
        let mut named = self.account.organization_units.iter().filter(|unit| unit.name == written.value);
        match (named.next(), named.next()) {
            (Some(unit), None) => Ok(unit.id.clone()),
            (None, _) => {
                Err(self.error(written.place, format!("the organization has no unit or account {:?}", written.value)))
            }
            (Some(_), Some(_)) => {
                Err(self.error(written.place, format!("several units are called {:?}", written.value)))
            }
        }
    }

    /// Makes the policies; those that are wanted by id.
    pub(super) fn organization_policies<'d>(
        &mut self,
        policies: &'d Named<OrganizationPolicyDescription>,
    ) -> Done<Wanted<'d>> {
        let mut wanted = Wanted::new();
        for (index, (name, policy)) in policies.0.iter().enumerate() {
            let id = self.organization_policy(name, policy)?;
            let targets = policy.targets.as_ref().map(|targets| {
                targets.iter().map(|target| self.organization_target(target)).collect::<Done<BTreeSet<_>>>()
            });
            let policy = WantedPolicy { index, targets: targets.transpose()?, order: &policy.order };
            if wanted.insert(id, policy).is_some() {
                return Err(self.error(name.place, format!("the policy {:?} appears twice", name.value)));
            }
        }
        Ok(wanted)
    }

    fn organization_policy(&mut self, name: &Placed<String>, wanted: &OrganizationPolicyDescription) -> Done<String> {
        let found = match &wanted.id {
            Some(id) => self.account.organization_policies.get(id).cloned(),
            None => self.policy_called(name, wanted.kind),
        };
        let made = found.is_none();
        let place = wanted.document.place;
        let id = match found {
            Some(found) if found.kind != wanted.kind => {
                return Err(self.error(name.place, "the type of a policy never changes"));
            }
            Some(found) => {
                let parameters = json!({
                    "PolicyId": found.id,
                    "Name": name.value,
                    "Description": wanted.description,
                    "Content": wanted.document.text,
                });
                let is_same = found.name == name.value && found.description == wanted.description;
                if !is_same || !wanted.document.says(&found.content) {
                    self.call_organizations(place, "UpdatePolicy", parameters)?;
                    self.changed("document");
                }
                found.id.clone()
            }
            None => {
                let parameters = json!({
                    "Name": name.value,
                    "Type": wanted.kind.name(),
                    "Description": wanted.description,
                    "Content": wanted.document.text,
                });
                self.call_organizations(place, "CreatePolicy", parameters)?;
                self.identify_policy(name, wanted)?
            }
        };
        self.organization_tags(name.place, &id, wanted.tags.as_ref())?;
        self.end_with_id("organization-policy", name, &id, made);
        Ok(id)
    }

    fn policy_called(&self, name: &str, kind: OrganizationPolicyType) -> Option<std::sync::Arc<OrganizationPolicy>> {
        let mut policies = self.account.organization_policies.iter();
        policies.find(|policy| policy.name == name && policy.kind == kind).cloned()
    }

    /// Gives a policy that was just made the id that is wanted.
    fn identify_policy(&mut self, name: &Placed<String>, wanted: &OrganizationPolicyDescription) -> Done<String> {
        let made = self.policy_called(name, wanted.kind);
        let made = made.ok_or_else(|| self.error(name.place, "the policy was not made"))?;
        let Some(id) = &wanted.id else { return Ok(made.id.clone()) };
        if !POLICY_ID.matches(id) {
            return Err(self.error(id.place, "this is no id of a policy, such as p-a1b2c3d4"));
        }
        self.run(id.place, |cx| {
            cx.account.remove::<OrganizationPolicy>(&made.id);
            cx.account.put(OrganizationPolicy { id: id.value.clone(), ..(*made).clone() })
        })?;
        Ok(id.value.clone())
    }

    /// Removes the policies that are not wanted.
    pub(super) fn remove_organization_policies(&mut self, place: Place, wanted: &Wanted<'_>) -> Done {
        let policies = self.account.organization_policies.iter().filter(|policy| !wanted.contains_key(&policy.id));
        let gone: Vec<_> = policies.map(|policy| (policy.id.clone(), policy.name.clone())).collect();
        for (id, name) in gone {
            self.call_organizations(place, "DeletePolicy", json!({"PolicyId": id}))?;
            self.removed("organization-policy", &name);
        }
        Ok(())
    }

    /// Attaches the policies to what they are for, and to nothing else.
    pub(super) fn attachments(
        &mut self,
        wanted: &Placed<OrganizationDescription>,
        policies: Option<&Wanted<'_>>,
    ) -> Done {
        let without = wanted.without_full_access.as_ref().map(|targets| {
            targets.iter().map(|target| self.organization_target(target)).collect::<Done<BTreeSet<_>>>()
        });
        let without = without.transpose()?;
        let root = self.record(wanted.place)?.root;
        let units = self.account.organization_units.iter().map(|unit| unit.id.clone());
        let accounts = self.account.organization_accounts.iter().map(|member| member.id.to_string());
        for id in std::iter::once(root).chain(units).chain(accounts).collect::<Vec<_>>() {
            let Some(before) = self.account.organization_node(&id).cloned() else { continue };
            let mut node = before.clone();
            if let Some(policies) = policies {
                // What is not said to be attached elsewhere stays where it is.
                node.attached.retain(|policy| match policies.get(policy) {
                    Some(policy) => policy.targets.is_none() || policy.is_for(&id),
                    None => false,
                });
                let new = policies.iter().filter(|(policy, it)| it.is_for(&id) && !before.attached.contains(policy));
                let mut new: Vec<_> = new.collect();
                new.sort_by_key(|(_, policy)| policy.index);
                node.attached.extend(new.into_iter().map(|(policy, _)| policy.clone()));
                node.attached.sort_by_key(|policy| policies.get(policy).map_or(usize::MAX, |policy| policy.place(&id)));
            }
            if let Some(without) = &without {
                node.without_full_access = without.contains(&id);
            }
            if (&node.attached, node.without_full_access) != (&before.attached, before.without_full_access) {
                self.attach_policies(wanted.place, &id, node)?;
            }
        }
        Ok(())
    }

    fn attach_policies(&mut self, place: Place, id: &str, node: OrganizationNode) -> Done {
        let mut counts: BTreeMap<OrganizationPolicyType, usize> = BTreeMap::new();
        *counts.entry(OrganizationPolicyType::ServiceControl).or_default() += usize::from(!node.without_full_access);
        // RCPFullAWSAccess counts.
        *counts.entry(OrganizationPolicyType::ResourceControl).or_default() += 1;
        for policy in node.attached.iter().filter_map(|id| self.account.organization_policies.get(id)) {
            *counts.entry(policy.kind).or_default() += 1;
        }
        if counts.get(&OrganizationPolicyType::ServiceControl) == Some(&0) {
            return Err(
                self.error(place, format!("{id} needs a service control policy: without one it allows nothing"))
            );
        }
        for (kind, count) in counts {
            let quota = match kind {
                OrganizationPolicyType::ServiceControl => Quota::ServiceControlPoliciesPerTarget,
                OrganizationPolicyType::ResourceControl | OrganizationPolicyType::AiServicesOptOut => {
                    Quota::ResourceControlPoliciesPerTarget
                }
                _ => Quota::PoliciesOfTypePerTarget,
            };
            self.run(place, |cx| cx.check_quota(quota, count.saturating_sub(1)))?;
        }
        self.run(place, |cx| {
            cx.account.update_organization_node(id, |known| {
                *known = OrganizationNode { tags: std::mem::take(&mut known.tags), ..node };
                Ok(())
            })
        })?;
        self.changed("attached policies");
        self.end("organization-attachments", id, false);
        Ok(())
    }

    /// Gives something in the organization exactly these tags.
    pub(super) fn organization_tags(&mut self, place: Place, id: &str, wanted: Option<&Named<String>>) -> Done {
        let Some(Named(wanted)) = wanted else { return Ok(()) };
        let before: BTreeMap<String, String> = self
            .account
            .organization_tags(id)
            .map(|tags| tags.pairs().map(|(key, value)| (key.to_owned(), value.to_owned())).collect())
            .unwrap_or_default();
        let gone: Vec<_> =
            before.keys().filter(|key| !wanted.iter().any(|(wanted, _)| wanted.value == **key)).collect();
        if !gone.is_empty() {
            self.call_organizations(place, "UntagResource", json!({"ResourceId": id, "TagKeys": gone}))?;
            self.changed("tags");
        }
        let new: Vec<_> = wanted.iter().filter(|(key, value)| before.get(&key.value) != Some(value)).collect();
        if !new.is_empty() {
            let tags: Vec<_> = new.iter().map(|(key, value)| json!({"Key": key.value, "Value": value})).collect();
            self.call_organizations(place, "TagResource", json!({"ResourceId": id, "Tags": tags}))?;
            self.changed("tags");
        }
        Ok(())
    }
}
