//! The way from consolidated billing to all features.

use serde::Deserialize;

use super::handshake::{HandshakeResult, constraint, shape};
use crate::account::{Handshake, OrganizationRecord, Recipient, Reference};
use crate::call::{Access, Command, Named, Target, Transaction, operations};
use crate::error::Result;
use crate::services::organizations::organizations_operation;
use crate::shapes::{AccountId, HandshakeAction, HandshakeState};

/// Whether members, or the management account, are being asked for all features.
pub(super) fn is_on_the_way_to_all_features(cx: &Transaction<'_>) -> bool {
    let mut open = cx.account.referrers::<Handshake>(&Reference::Pending);
    open.any(|found| found.action != HandshakeAction::Invite && found.is_open(cx.now))
}

/// The handshakes that are parts of another one.
fn parts(cx: &Transaction<'_>, whole: &str) -> Vec<Handshake> {
    cx.account.referrers::<Handshake>(&Reference::OrganizationParent(whole.to_owned())).cloned().collect()
}

/// Takes back what is still asked on the way to all features.
pub(super) fn cancel_parts(cx: &mut Transaction<'_>, whole: &str) -> Result<()> {
    let now = cx.now;
    for part in parts(cx, whole).into_iter().filter(|part| part.is_open(now)) {
        cx.end(&part, HandshakeState::Canceled)?;
    }
    Ok(())
}

/// Asks an account for nothing more that has left the organization: the others decide.
pub(in crate::services::organizations) fn forget_member(cx: &mut Transaction<'_>, id: AccountId) -> Result<()> {
    let open = cx.account.referrers::<Handshake>(&Reference::Pending);
    let asks = |found: &&Handshake| {
        found.action == HandshakeAction::EnableAllFeatures && found.recipient == Recipient::Account(id)
    };
    let asked: Vec<_> = open.filter(asks).filter(|found| found.is_open(cx.now)).cloned().collect();
    for handshake in asked {
        cx.end(&handshake, HandshakeState::Canceled)?;
        approve_if_complete(cx, &handshake)?;
    }
    Ok(())
}

/// Asks the management account for its approval once all members have agreed.
pub(super) fn approve_if_complete(cx: &mut Transaction<'_>, answered: &Handshake) -> Result<()> {
    let Some(parent) = &answered.parent else { return Ok(()) };
    if cx.account.organization_handshakes.get(parent).is_none_or(|whole| !whole.is_open(cx.now)) {
        return Ok(());
    }
    let is_member = |recipient: &Recipient| match recipient {
        Recipient::Account(id) => cx.account.member(&id.to_string()).is_some(),
        _ => false,
    };
    let disagrees = |part: &Handshake| part.state != HandshakeState::Accepted && is_member(&part.recipient);
    if parts(cx, parent).iter().any(disagrees) {
        return Ok(());
    }
    let approval = cx.new_handshake(HandshakeAction::ApproveAllFeatures, Recipient::Organization);
    cx.account.put(Handshake { parent: answered.parent.clone(), ..approval })
}

/// Ends consolidated billing alone.
pub(super) fn enable_all_features(cx: &mut Transaction<'_>, approval: &Handshake) -> Result<()> {
    let parent = approval.parent.as_ref().and_then(|parent| cx.account.organization_handshakes.get(parent));
    if let Some(parent) = parent.map(|parent| (**parent).clone()) {
        cx.end(&parent, HandshakeState::Accepted)?;
    }
    let record = cx.record()?;
    cx.account.put(OrganizationRecord { all_features: true, ..(*record).clone() })
}

/// Begins the way from consolidated billing to all features: the members that were invited must agree.
#[derive(Deserialize)]
pub struct EnableAllFeatures {}

organizations_operation!(EnableAllFeatures -> HandshakeResult, Management, |_this| Access::to(Target::Organization));

impl Command for EnableAllFeatures {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<HandshakeResult> {
        if cx.record()?.all_features {
            let message = "All features are already enabled in the organization.";
            return Err(constraint("ORGANIZATION_ALREADY_HAS_ALL_FEATURES", message));
        }
        if is_on_the_way_to_all_features(cx) {
            let message = "The organization is already waiting for the answers to enable all features.";
            return Err(constraint("ORGANIZATION_IS_ALREADY_PENDING_ALL_FEATURES_MIGRATION", message));
        }
        let whole = cx.new_handshake(HandshakeAction::EnableAllFeatures, Recipient::Organization);
        cx.account.put(whole.clone())?;
        let members = cx.account.organization_accounts.iter();
        let invited: Vec<_> =
            members.filter(|member| member.invited && member.id != cx.account.id).map(|member| member.id).collect();
        for id in &invited {
            let asked = cx.new_handshake(HandshakeAction::EnableAllFeatures, Recipient::Account(*id));
            cx.account.put(Handshake { parent: Some(whole.id.clone()), ..asked })?;
        }
        if invited.is_empty() {
            approve_if_complete(cx, &Handshake { parent: Some(whole.id.clone()), ..whole.clone() })?;
        }
        Ok(HandshakeResult { handshake: shape(cx.account, &whole, cx.now) })
    }
}

operations!(ORGANIZATIONS: command EnableAllFeatures);
