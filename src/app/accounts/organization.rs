//! What organizations need besides single calls: the one of the configuration, and new accounts.

use crate::account::{
    Account, AccountCreation, Contact, CreationState, MAX_CREATIONS, MemberAccount, OrganizationNode, Reference, Role,
};
use crate::app::App;
use crate::catalogue::service_linked_roles;
use crate::error::Result;
use crate::identity::Caller;
use crate::services::{account_access_role, service_linked_role};
use crate::shapes::{AccountId, Ids, Timestamp};

/// The service whose role AWS puts into every account of an organization.
const ORGANIZATIONS: &str = "organizations.amazonaws.com";

impl App {
    /// Writes the organization of the configuration to a database that has none.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn make_planned_organization(&self) -> Result<()> {
        let Some(planned) = &self.planned else { return Ok(()) };
        let directory = self.accounts.organizations().await?;
        let management = planned.management_account;
        let mark = |account: &mut Account| {
            account.update_settings(|settings| {
                settings.organization_was_planned = true;
                Ok(())
            })
        };
        let was_planned = self.accounts.get(management).await?.durable().settings().organization_was_planned;
        if let Some(stored) = directory.of(management) {
            if !was_planned {
                self.change(management, mark).await?;
            }
            tracing::info!(
                organization = stored.id,
                "the database has the organization already; the table [organization] of the configuration is not applied"
            );
            return Ok(());
        }
        if was_planned {
            tracing::info!("the organization of the configuration was deleted, and is not made again");
            return Ok(());
        }
        if let Some(taken) = planned.accounts().find(|account| directory.of(*account).is_some()) {
            tracing::warn!(
                account = %taken,
                "an account is in another organization; the table [organization] of the configuration is not applied"
            );
            return Ok(());
        }
        let write = |account: &mut Account| {
            // Another server may have been quicker.
            let is_missing = account.managed_organization().is_none() && !account.settings().organization_was_planned;
            if is_missing {
                planned.write_to(account)?;
                mark(account)?;
            }
            Ok(is_missing)
        };
        if self.change(management, write).await? {
            tracing::info!(organization = planned.id(), "the organization of the configuration is in the database now");
        }
        Ok(())
    }

    /// Goes on with what a call has begun in other accounts. The call has succeeded whatever comes of it: what cannot be
    /// done now stays in progress, and is tried again after the next such call, and when the server starts.
    pub(in crate::app) async fn go_on(&self, management: AccountId, caller: &Caller) {
        for account in [management, caller.account] {
            self.go_on_in(account).await;
        }
        if let Err(error) = self.link(caller.account).await {
            tracing::error!(%error, "an account has joined an organization without the role of the service");
        }
    }

    /// Goes on with what an organization has begun in other accounts: the creation of accounts, and their closing.
    pub(in crate::app) async fn go_on_in(&self, management: AccountId) {
        if let Err(error) = self.finish_creations_of(management).await {
            tracing::error!(%error, "the creation of an account goes on later");
        }
        if let Err(error) = self.finish_closures_of(management).await {
            tracing::error!(%error, "the closing of an account goes on later");
        }
    }

    /// Lets accounts that were closed know of it themselves, so that they stay closed without the organization. Until
    /// then it is the organization that has them refused.
    async fn finish_closures_of(&self, management: AccountId) -> Result<()> {
        let account = self.accounts.get(management).await?.durable();
        let closed = account.referrers::<MemberAccount>(&Reference::Pending);
        let closed: Vec<_> = closed.filter_map(|member| Some((member.id, member.closed?))).collect();
        for (id, closed) in closed {
            if self.accounts.get(id).await?.durable().is_closed() {
                continue;
            }
            let close = |account: &mut Account| {
                account.update_settings(|settings| {
                    settings.closed = Some(settings.closed.unwrap_or(closed));
                    Ok(())
                })
            };
            self.change(id, close).await?;
        }
        Ok(())
    }

    /// Gives an account that belongs to an organization the role of the service, unless it has it.
    async fn link(&self, id: AccountId) -> Result<()> {
        let Some(linked) = service_linked_roles::get(ORGANIZATIONS) else { return Ok(()) };
        if self.accounts.organizations().await?.of(id).is_none() {
            return Ok(());
        }
        let now = self.environment.clock.now().into();
        let link = |account: &mut Account| match account.get::<Role>(linked.role_name) {
            Some(_) => Ok(()),
            None => account.put(service_linked_role(linked, id.partition(), &Ids::new(&mut rand::rng()), now)?),
        };
        self.change(id, link).await
    }

    /// Goes on with what a stop has interrupted: the creation of accounts, and their closing.
    pub async fn go_on_everywhere(&self) {
        let directory = match self.accounts.organizations().await {
            Ok(directory) => directory,
            Err(error) => {
                tracing::error!(%error, "the organizations could not be loaded: each call tries again");
                return;
            }
        };
        let managers: Vec<_> = directory.iter().map(|organization| organization.management_account).collect();
        for management in managers {
            self.go_on_in(management).await;
        }
    }

    /// First the roles of the new account, then its place in the organization: until that is durable it belongs to no one.
    async fn finish_creations_of(&self, management: AccountId) -> Result<()> {
        let account = self.accounts.get(management).await?.durable();
        let under_way = account.referrers::<AccountCreation>(&Reference::Pending);
        for creation in under_way.take(MAX_CREATIONS).cloned().collect::<Vec<_>>() {
            let now = self.environment.clock.now().into();
            self.furnish(management, &creation, now).await?;
            let join = |account: &mut Account| {
                let Some(record) = account.managed_organization().cloned() else { return Ok(()) };
                // Another server may have been quicker.
                let known = account.account_creations.get(&creation.id);
                if known.is_none_or(|known| known.state != CreationState::InProgress) {
                    return Ok(());
                }
                account.put(MemberAccount {
                    id: creation.account,
                    name: creation.name.clone(),
                    email: creation.email.clone(),
                    parent: record.root.clone(),
                    joined: now,
                    invited: false,
                    closed: None,
                    delegated: std::collections::BTreeMap::default(),
                    node: OrganizationNode { tags: creation.tags.clone(), ..OrganizationNode::default() },
                })?;
                account.put(AccountCreation { state: CreationState::Succeeded(now), ..creation.clone() })
            };
            self.change(management, join).await?;
        }
        Ok(())
    }

    /// Makes what a new account begins with, as far as it is not there yet: its roles, and what it is called.
    async fn furnish(&self, management: AccountId, creation: &AccountCreation, now: Timestamp) -> Result<()> {
        let furnish = |account: &mut Account| {
            let mut random = rand::rng();
            let ids = Ids::new(&mut random);
            let contact = Contact { name: creation.name.clone(), email: creation.email.clone() };
            if account.settings().contact.as_ref() != Some(&contact) {
                account.update_settings(|settings| {
                    settings.contact = Some(contact);
                    Ok(())
                })?;
            }
            if account.get::<Role>(&creation.role).is_none() {
                account.put(account_access_role(&creation.role, management, &ids, now)?)?;
            }
            match service_linked_roles::get(ORGANIZATIONS) {
                Some(linked) if account.get::<Role>(linked.role_name).is_none() => {
                    account.put(service_linked_role(linked, creation.account.partition(), &ids, now)?)
                }
                _ => Ok(()),
            }
        };
        self.change(creation.account, furnish).await
    }
}
