//! The accounts of an organization.

use std::collections::BTreeMap;

use serde_json::json;

use crate::account::{AccountState, MemberAccount, OrganizationNode, Quota, Reference};
use crate::description::MemberDescription;
use crate::description::reconcile::session::{Done, Session};
use crate::markup::{Named, Place};
use crate::services;
use crate::shapes::AccountId;
use crate::wire::{Input, Service};

impl Session<'_> {
    /// Makes the accounts members of the organization, and no others.
    pub(super) fn members(&mut self, place: Place, accounts: &Named<Option<MemberDescription>>) -> Done {
        let mut wanted = BTreeMap::new();
        for (number, member) in &accounts.0 {
            let id = AccountId::parse(number).filter(|id| *id != AccountId::AWS);
            let id = id.ok_or_else(|| self.error(number.place, "an account is twelve digits"))?;
            wanted.insert(id.in_partition(self.account.id.partition()), (number, member));
        }
        let (own, now) = (self.account.id, self.ground.facts.now);
        // Accounts that are gone are no longer shown, and so no file has them.
        let members = self.account.organization_accounts.iter();
        let members = members.filter(|member| member.state(now) != AccountState::Gone).map(|member| member.id);
        let gone: Vec<_> = members.filter(|id| *id != own && !wanted.contains_key(id)).collect();
        for id in gone {
            let key = id.to_string();
            self.call_organizations(place, "RemoveAccountFromOrganization", json!({"AccountId": key}))?;
            self.removed("organization-account", &key);
        }
        for (id, (number, member)) in &wanted {
            self.member(*id, number.place, member.as_ref().unwrap_or(&MemberDescription::default()))?;
        }
        // Not before all have theirs: accounts may exchange addresses.
        for (id, (number, _)) in &wanted {
            self.address_must_be_its_own(*id, number.place)?;
        }
        Ok(())
    }

    fn member(&mut self, id: AccountId, place: Place, wanted: &MemberDescription) -> Done {
        let elsewhere = self.ground.organizations.manager_of(id);
        let copies = self.others.iter().filter(|other| other.member(&id.to_string()).is_some()).map(|other| other.id);
        if let Some(manager) = elsewhere.into_iter().chain(copies).find(|manager| *manager != self.account.id) {
            return Err(self.error(place, format!("the account {id} is in the organization of {manager}")));
        }
        let parent = match &wanted.unit {
            Some(unit) => self.organization_target(unit)?,
            None => self.record(place)?.root,
        };
        if !self.account.has_organization_parent(&parent) {
            return Err(self.error(place, "accounts are in units"));
        }
        let key = id.to_string();
        let before = self.account.member(&key).map(|member| (**member).clone());
        // The answers of AWS are of an organization that has room for its accounts there.
        if before.is_none() && wanted.joined.is_none() {
            self.must_have_room(place)?;
        }
        let mut member = before.clone().unwrap_or_else(|| MemberAccount {
            id,
            name: key.clone(),
            email: format!("{key}@example.com"),
            parent: String::new(),
            joined: self.ground.facts.now,
            invited: true,
            closed: None,
            delegated: BTreeMap::new(),
            node: OrganizationNode::default(),
        });
        if let Some(joined) = wanted.joined {
            (member.joined, member.invited) = (joined.time, joined.invited);
        }
        self.close(&mut member, wanted.state, place)?;
        member.name = wanted.name.clone().unwrap_or(member.name);
        member.email = wanted.email.clone().unwrap_or(member.email);
        if wanted.joined.is_none() {
            self.names_must_be_possible(&member, place)?;
        }
        member.parent = parent;
        let has_changed = before.as_ref().is_none_or(|before| {
            (&before.name, &before.email, &before.parent) != (&member.name, &member.email, &member.parent)
                || (before.joined, before.invited) != (member.joined, member.invited)
        });
        if has_changed {
            self.changed("name, address and place");
        }
        let closes = before.as_ref().is_none_or(|before| before.closed != member.closed);
        if closes {
            self.changed("state");
        }
        if has_changed || closes {
            self.run(place, |cx| cx.account.put(member))?;
        }
        self.organization_tags(place, &key, wanted.tags.as_ref())?;
        self.end("organization-account", &key, before.is_none());
        Ok(())
    }

    /// Refuses a name or an address that no account could be created with.
    fn names_must_be_possible(&mut self, member: &MemberAccount, place: Place) -> Done {
        let parameters = json!({"AccountName": member.name, "Email": member.email});
        self.run(place, |_| match services::find(Service::ORGANIZATIONS, "CreateAccount") {
            Some(entry) => entry.decode(&Input::Json(parameters)).map(drop),
            None => Ok(()),
        })
    }

    /// Closes an account that is closed on AWS. What is closed here stays so: nobody but AWS opens an account again.
    fn close(&mut self, member: &mut MemberAccount, state: Option<AccountState>, place: Place) -> Done {
        let Some(state) = state else { return Ok(()) };
        if state != AccountState::Active && member.id == self.account.id {
            return Err(self.error(place, "the management account of an organization cannot be closed"));
        }
        let now = self.ground.facts.now;
        let known = member.state(now);
        if state > known {
            member.closed = state.closed_by(now);
        } else if state == AccountState::Active && known != state {
            self.warn(format!("the account {} is closed here, and stays closed", member.id));
        }
        Ok(())
    }

    fn must_have_room(&mut self, place: Place) -> Done {
        let now = self.ground.facts.now;
        let members = self.account.organization_accounts.iter();
        let count = members.filter(|member| member.state(now) != AccountState::Gone).count();
        self.run(place, |cx| cx.check_quota(Quota::AccountsPerOrganization, count))
    }

    /// Refuses an e-mail address that the root user of another account has.
    fn address_must_be_its_own(&self, id: AccountId, place: Place) -> Done {
        let Some(member) = self.account.member(&id.to_string()) else { return Ok(()) };
        let within = self.account.count_referrers(&Reference::AccountEmail(member.email.to_ascii_lowercase())) > 1;
        let organizations = self.ground.organizations.iter().map(|organization| organization.account());
        let organizations = organizations.filter(|other| self.others.iter().all(|copy| copy.id != other.id));
        let mut others = organizations.chain(self.others.iter().map(|copy| &**copy));
        let elsewhere = others.any(|other| other.id != self.account.id && other.has_account_email(&member.email));
        if within || elsewhere {
            return Err(self.error(place, format!("another account has the address {} already", member.email)));
        }
        Ok(())
    }
}
