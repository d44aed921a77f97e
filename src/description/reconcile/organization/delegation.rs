//! What an organization lets services of AWS, their administrators and its members do.

use std::collections::BTreeMap;

use serde_json::json;

use crate::account::{DelegationPolicy, OrganizationRecord};
use crate::description::reconcile::session::{Done, Session};
use crate::description::{DelegationPolicyDescription, OrganizationDescription, TrustedService};
use crate::error::{Code, Error};
use crate::markup::{Place, Placed};
use crate::shapes::Timestamp;
use iam_policy::{Grammar, Policy};

fn has(services: &[TrustedService], principal: &str) -> bool {
    services.iter().any(|service| service.principal.value == principal)
}

/// The same services as they were, but since when they are on AWS.
fn dated(mut known: BTreeMap<String, Timestamp>, services: &[TrustedService]) -> BTreeMap<String, Timestamp> {
    let dates = services.iter().filter_map(|service| Some((service.principal.value.clone(), service.since?)));
    known.extend(dates);
    known
}

impl Session<'_> {
    /// Gives services their access, and their administration to members. A service that is administered keeps its access
    /// until nobody administers it.
    pub(super) fn trusted_services(&mut self, wanted: &Placed<OrganizationDescription>) -> Done {
        let accounts = wanted.accounts.iter().flat_map(|accounts| &accounts.0);
        let administrators =
            accounts.filter_map(|(number, member)| Some((number, member.as_ref()?.administers.as_ref()?)));
        let administrators: Vec<_> = administrators.collect();
        for (account, services) in &administrators {
            let known = self.administered(account);
            for principal in known.into_keys().filter(|principal| !has(services, principal)) {
                let parameters = json!({"AccountId": account.value, "ServicePrincipal": principal});
                self.call_organizations(account.place, "DeregisterDelegatedAdministrator", parameters)?;
                self.changed(format!("administration of {principal}"));
            }
            self.end("organization-account", account, false);
        }
        if let Some(services) = &wanted.trusted_services {
            self.access_of_services(wanted.place, services)?;
        }
        for (account, services) in administrators {
            self.administration(account, services)?;
        }
        Ok(())
    }

    /// The services that a member administers.
    fn administered(&self, account: &str) -> BTreeMap<String, Timestamp> {
        self.account.member(account).map(|member| member.delegated.clone()).unwrap_or_default()
    }

    fn access_of_services(&mut self, place: Place, services: &[TrustedService]) -> Done {
        let before = self.record(place)?.services;
        for TrustedService { principal, .. } in services.iter().filter(|it| !before.contains_key(&it.principal.value)) {
            let parameters = json!({"ServicePrincipal": principal.value});
            self.call_organizations(principal.place, "EnableAWSServiceAccess", parameters)?;
            self.changed(format!("access of {}", principal.value));
        }
        for principal in before.into_keys().filter(|principal| !has(services, principal)) {
            let parameters = json!({"ServicePrincipal": principal});
            self.call_organizations(place, "DisableAWSServiceAccess", parameters)?;
            self.changed(format!("access of {principal}"));
        }
        let record = self.record(place)?;
        let services = dated(record.services.clone(), services);
        if services != record.services {
            self.run(place, |cx| cx.account.put(OrganizationRecord { services, ..record.clone() }))?;
        }
        self.end("organization", &record.id, false);
        Ok(())
    }

    fn administration(&mut self, account: &Placed<String>, services: &[TrustedService]) -> Done {
        let before = self.administered(account);
        for service in services.iter().filter(|service| !before.contains_key(&service.principal.value)) {
            let principal = &service.principal;
            // AWS keeps what an account administers that is closed later.
            if service.since.is_none() {
                let parameters = json!({"AccountId": account.value, "ServicePrincipal": principal.value});
                self.call_organizations(principal.place, "RegisterDelegatedAdministrator", parameters)?;
            }
            self.changed(format!("administration of {}", principal.value));
        }
        let member = self.account.member(account).map(|member| (**member).clone());
        if let Some(mut member) = member {
            let delegated = dated(member.delegated.clone(), services);
            if delegated != member.delegated {
                member.delegated = delegated;
                self.run(account.place, |cx| cx.account.put(member))?;
            }
        }
        self.end("organization-account", account, false);
        Ok(())
    }

    /// Sets the delegation policy, once everybody exists whom it may name.
    pub(in crate::description::reconcile) fn delegation_policy(
        &mut self,
        place: Place,
        wanted: Option<&DelegationPolicyDescription>,
    ) -> Done {
        let record = self.record(place)?;
        match (wanted, &record.delegation) {
            (None, None) => return Ok(()),
            (None, Some(_)) => {
                self.call_organizations(place, "DeleteResourcePolicy", json!({}))?;
                self.changed("delegation policy");
            }
            (Some(wanted), before) => {
                let place = wanted.document.place;
                let known = before.as_ref().filter(|policy| wanted.document.says(&policy.content));
                let is_same_id = |policy: &&DelegationPolicy| wanted.id.as_ref().is_none_or(|id| *id == policy.id);
                let known = known.filter(is_same_id);
                // A principal that was deleted and recreated is another one.
                let is_stale = self.run(place, |cx| {
                    let mut ids = known.iter().flat_map(|policy| &policy.ids);
                    Ok(ids.any(|(arn, id)| cx.unique_id_of(arn).is_some_and(|now| now != *id)))
                })?;
                if known.is_none() || is_stale {
                    match &wanted.id {
                        Some(id) => self.delegation_policy_of_aws(id, wanted)?,
                        None => {
                            let content = json!({"Content": wanted.document.text});
                            self.call_organizations(place, "PutResourcePolicy", content)?;
                        }
                    }
                    self.changed("delegation policy");
                }
                let id = self.record(place)?.delegation.map(|policy| policy.id).unwrap_or_default();
                self.organization_tags(place, &id, wanted.tags.as_ref())?;
            }
        }
        self.end("organization", &record.id, false);
        Ok(())
    }

    /// The policy as it is on AWS: it may name principals of accounts of which nothing is known here.
    fn delegation_policy_of_aws(&mut self, id: &str, wanted: &DelegationPolicyDescription) -> Done {
        let place = wanted.document.place;
        let record = self.record(place)?;
        let partition = self.account.id.partition().name();
        self.run(place, |cx| {
            let text = &wanted.document.text;
            let policy = Policy::accept(text, Grammar::Resource, partition)
                .map_err(|invalid| Error::new(Code::MalformedPolicyDocument, invalid.message))?;
            let tags = record.delegation.as_ref().map(|policy| policy.tags.clone()).unwrap_or_default();
            let policy = DelegationPolicy::new(id.to_owned(), text, tags, &policy, |arn| cx.unique_id_of(arn));
            let delegation = Some(policy);
            cx.account.put(OrganizationRecord { delegation, ..record.clone() })
        })
    }
}
