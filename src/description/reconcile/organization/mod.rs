//! The organization that an account manages: itself, its units and its accounts.

mod delegation;
mod members;
mod policies;

use std::collections::{BTreeSet, HashMap};

use serde_json::json;

use super::session::{Done, Session};
use crate::account::{MemberAccount, OrganizationRecord, OrganizationUnit, Reference};
use crate::description::{OrganizationDescription, UnitDescription};
use crate::markup::{Named, Place, Placed};
use crate::shapes::{FeatureSet, Pattern};

static ORGANIZATION_ID: Pattern = Pattern::new("o-[a-z0-9]{10,32}");
static ROOT_ID: Pattern = Pattern::new("r-[0-9a-z]{4,32}");
/// The part of a unit's id behind that of its root.
static UNIT_PART: Pattern = Pattern::new("[a-z0-9]{8,32}");

/// How deep units nest (AWS: "Quotas for AWS Organizations").
const MAX_DEPTH: usize = 5;

impl Session<'_> {
    pub(super) fn organization(&mut self, wanted: Option<&Placed<OrganizationDescription>>) -> Done {
        let Some(wanted) = wanted else { return Ok(()) };
        self.organization_itself(wanted)?;
        let units = wanted.units.as_ref().map(|units| self.units(units)).transpose()?;
        if let Some(accounts) = &wanted.accounts {
            self.members(wanted.place, accounts)?;
        }
        let policies = wanted.policies.as_ref().map(|policies| self.organization_policies(policies)).transpose()?;
        self.trusted_services(wanted)?;
        self.attachments(wanted, policies.as_ref())?;
        if let Some(units) = units {
            self.remove_units(wanted.place, &units)?;
        }
        match policies {
            Some(policies) => self.remove_organization_policies(wanted.place, &policies),
            None => Ok(()),
        }
    }

    /// The organization of the account, which must be there by now.
    pub(super) fn record(&self, place: Place) -> Done<OrganizationRecord> {
        let record = self.account.managed_organization().map(|record| (**record).clone());
        record.ok_or_else(|| self.error(place, "the account manages no organization"))
    }

    fn organization_itself(&mut self, wanted: &Placed<OrganizationDescription>) -> Done {
        let place = wanted.place;
        let manager = self.ground.organizations.manager_of(self.account.id).filter(|id| *id != self.account.id);
        if let Some(manager) = manager {
            return Err(self.error(place, format!("the account is in the organization of {manager}")));
        }
        let made = self.account.managed_organization().is_none();
        if made {
            let features = json!({"FeatureSet": wanted.feature_set.unwrap_or(FeatureSet::All)});
            self.call_organizations(place, "CreateOrganization", features)?;
        }
        let mut record = self.record(place)?;
        let ids = [
            (&wanted.id, &mut record.id, &ORGANIZATION_ID, "an organization, such as o-a1b2c3d4e5"),
            (&wanted.root, &mut record.root, &ROOT_ID, "a root, such as r-a1b2"),
        ];
        for (wanted, known, pattern, what) in ids {
            let Some(wanted) = wanted else { continue };
            if !pattern.matches(wanted) {
                return Err(self.error(wanted.place, format!("this is no id of {what}")));
            }
            if !made && *known != wanted.value {
                return Err(self.error(wanted.place, format!("the account manages {known} already, and ids stay")));
            }
            wanted.value.clone_into(known);
        }
        if let Some(features) = wanted.feature_set {
            record.all_features = features == FeatureSet::All;
        }
        // Types with policies are enabled, unless it is said which are.
        let types = wanted.policies.iter().flat_map(|policies| policies.0.iter().map(|(_, policy)| policy.kind));
        let types = types.chain(record.enabled.iter().copied()).collect();
        record.enabled = wanted.policy_types.clone().unwrap_or(types);
        let before = self.record(place)?;
        if made || before.all_features != record.all_features || before.enabled != record.enabled {
            self.changed("features and types of policies");
            let root = record.root.clone();
            self.run(place, |cx| {
                cx.account.put(record)?;
                let member = cx.account.member(&cx.account.id.to_string()).filter(|_| made);
                match member.map(|member| MemberAccount { parent: root, ..(**member).clone() }) {
                    Some(member) => cx.account.put(member),
                    None => Ok(()),
                }
            })?;
        }
        let OrganizationRecord { id, root, .. } = self.record(place)?;
        self.organization_tags(place, &root, wanted.root_tags.as_ref())?;
        self.end("organization", &id, made);
        Ok(())
    }

    /// Makes the units, each after the one that it is in; the ids of all that are wanted.
    fn units(&mut self, units: &Named<UnitDescription>) -> Done<BTreeSet<String>> {
        let mut known: HashMap<&str, String> = HashMap::new();
        let mut ids = BTreeSet::new();
        let mut waiting: Vec<_> = units.0.iter().map(|(name, unit)| (name, unit)).collect();
        while let Some((first, _)) = waiting.first() {
            let first = *first;
            let count = waiting.len();
            let mut later = Vec::new();
            for (name, unit) in waiting {
                let root = self.record(name.place)?.root;
                let parent = match &unit.parent {
                    None => Some(root),
                    Some(parent) if parent.value == "root" || parent.value == root => Some(root),
                    Some(parent) => known.get(parent.as_str()).cloned(),
                };
                let Some(parent) = parent else {
                    later.push((name, unit));
                    continue;
                };
                let id = self.unit(name, unit, &parent)?;
                if known.insert(name, id.clone()).is_some() && unit.id.is_none() {
                    return Err(self.error(name.place, format!("the unit {:?} appears twice", name.value)));
                }
                if let Some(written) = &unit.id {
                    known.insert(written, id.clone());
                }
                ids.insert(id);
            }
            if later.len() == count {
                let message = format!("the unit {:?} is in a unit that is not there, or in itself", first.value);
                return Err(self.error(first.place, message));
            }
            waiting = later;
        }
        Ok(ids)
    }

    fn unit(&mut self, name: &Placed<String>, unit: &UnitDescription, parent: &str) -> Done<String> {
        let siblings = Reference::OrganizationParent(parent.to_owned());
        let found = match &unit.id {
            Some(id) => self.account.organization_units.get(id).map(|unit| (**unit).clone()),
            None => {
                let mut siblings = self.account.referrers::<OrganizationUnit>(&siblings);
                siblings.find(|unit| unit.name == name.value).cloned()
            }
        };
        let made = found.is_none();
        let id = match found {
            Some(found) => {
                if found.name != name.value {
                    let parameters = json!({"OrganizationalUnitId": found.id, "Name": name.value});
                    self.call_organizations(name.place, "UpdateOrganizationalUnit", parameters)?;
                    self.changed("name");
                }
                if found.parent != parent {
                    self.move_unit(name.place, &found.id, parent)?;
                }
                found.id
            }
            None => self.make_unit(name, unit, parent)?,
        };
        self.organization_tags(name.place, &id, unit.tags.as_ref())?;
        self.end_with_id("organizational-unit", name, &id, made);
        Ok(id)
    }

    fn make_unit(&mut self, name: &Placed<String>, unit: &UnitDescription, parent: &str) -> Done<String> {
        self.call_organizations(
            name.place,
            "CreateOrganizationalUnit",
            json!({"ParentId": parent, "Name": name.value}),
        )?;
        let siblings = Reference::OrganizationParent(parent.to_owned());
        let made = self.account.referrers::<OrganizationUnit>(&siblings).find(|unit| unit.name == name.value).cloned();
        let made = made.ok_or_else(|| self.error(name.place, "the unit was not made"))?;
        let Some(id) = &unit.id else { return Ok(made.id) };
        let prefix = self.record(name.place)?.root.replacen('r', "ou", 1) + "-";
        if !id.strip_prefix(&prefix).is_some_and(|part| UNIT_PART.matches(part)) {
            return Err(
                self.error(id.place, format!("this is no id of a unit of the organization, such as {prefix}a1b2c3d4"))
            );
        }
        self.run(id.place, |cx| {
            cx.account.remove::<OrganizationUnit>(&made.id);
            cx.account.put(OrganizationUnit { id: id.value.clone(), ..made })
        })?;
        Ok(id.value.clone())
    }

    /// Puts a unit into another one. AWS cannot do that, but its accounts can move to a new one.
    fn move_unit(&mut self, place: Place, id: &str, parent: &str) -> Done {
        let line = self.account.organization_line(parent);
        let is_below =
            |unit: &&OrganizationUnit| self.account.organization_line(&unit.id).iter().any(|step| step == id);
        let units = self.account.organization_units.iter().map(|unit| &**unit).filter(is_below);
        let own = self.account.organization_line(id).len();
        let height = units.map(|unit| self.account.organization_line(&unit.id).len() - own).max().unwrap_or_default();
        if line.iter().any(|step| step == id) || line.len() + height > MAX_DEPTH {
            return Err(self.error(place, format!("units nest at most {MAX_DEPTH} deep, and never in themselves")));
        }
        self.run(place, |cx| match cx.account.organization_units.get(id).map(|unit| (**unit).clone()) {
            Some(unit) => cx.account.put(OrganizationUnit { parent: parent.to_owned(), ..unit }),
            None => Ok(()),
        })?;
        self.changed("place");
        Ok(())
    }

    /// Removes the units that are not wanted, those within others first.
    fn remove_units(&mut self, place: Place, wanted: &BTreeSet<String>) -> Done {
        let units = self.account.organization_units.iter().filter(|unit| !wanted.contains(&unit.id));
        let mut gone: Vec<_> = units
            .map(|unit| (self.account.organization_line(&unit.id).len(), unit.id.clone(), unit.name.clone()))
            .collect();
        gone.sort_by_key(|(depth, ..)| std::cmp::Reverse(*depth));
        for (_, id, name) in gone {
            self.call_organizations(place, "DeleteOrganizationalUnit", json!({"OrganizationalUnitId": id}))?;
            self.removed("organizational-unit", &name);
        }
        Ok(())
    }
}
