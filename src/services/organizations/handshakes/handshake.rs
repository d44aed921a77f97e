//! Invitations, and the way to all features.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::all_features::{approve_if_complete, cancel_parts, enable_all_features, is_on_the_way_to_all_features};
use crate::account::{Account, Contact, Handshake, MemberAccount, OrganizationNode, Quota, Recipient, Role};
use crate::call::{
    Access, AccountRef, Command, Context, Named, Need, Operation, Query, Target, Transaction, View, operations,
};
use crate::catalogue::service_linked_roles::{self, ServiceLinkedRole};
use crate::error::{Code, Error, Result};
use crate::identity::Caller;
use crate::organization::Directory;
use crate::services::organizations::organization::SERVICE;
use crate::services::organizations::{add_tags, organizations_operation, refusal};
use crate::shapes::{
    AccountEmail, AccountId, HandshakeAction, HandshakeId, HandshakeNotes, HandshakeParty, HandshakePartyType,
    HandshakeState, OrganizationsTags, TagSet,
};

/// What operations on one handshake answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct HandshakeResult {
    pub(super) handshake: Value,
}

/// A handshake of the organization that an account manages, as answers show it.
pub(super) fn shape(account: &Account, handshake: &Handshake, now: crate::shapes::Timestamp) -> Value {
    let organization = account.managed_organization().map(|record| record.id.clone()).unwrap_or_default();
    let management = account.member(&account.id.to_string());
    let email = management.map(|member| member.email.clone()).unwrap_or_default();
    let name = management.map(|member| member.name.clone()).unwrap_or_default();
    let is_all = account.managed_organization().is_some_and(|record| record.all_features);
    let features = if is_all { "ALL" } else { "CONSOLIDATED_BILLING" };
    let resources = json!([
        {"Type": "MASTER_EMAIL", "Value": email},
        {"Type": "MASTER_NAME", "Value": name},
        {"Type": "ORGANIZATION_FEATURE_SET", "Value": features},
    ]);
    let mut parties = vec![json!({"Id": organization.trim_start_matches("o-"), "Type": "ORGANIZATION"})];
    let mut resources = vec![json!({"Type": "ORGANIZATION", "Value": organization, "Resources": resources})];
    match &handshake.recipient {
        Recipient::Account(id) => {
            parties.push(json!({"Id": id.to_string(), "Type": "ACCOUNT"}));
            resources.push(json!({"Type": "ACCOUNT", "Value": id.to_string()}));
        }
        Recipient::Email(email) => {
            parties.push(json!({"Id": email, "Type": "EMAIL"}));
            resources.push(json!({"Type": "EMAIL", "Value": email}));
        }
        Recipient::Organization => {}
    }
    resources.extend(handshake.notes.iter().map(|notes| json!({"Type": "NOTES", "Value": notes})));
    resources.extend(handshake.parent.iter().map(|parent| json!({"Type": "PARENT_HANDSHAKE", "Value": parent})));
    let id = format!("{}/{}", handshake.action.name().to_ascii_lowercase(), handshake.id);
    json!({
        "Id": handshake.id,
        "Arn": account.organization_arn("handshake", Some(&id)),
        "Parties": parties,
        "State": handshake.state(now),
        "RequestedTimestamp": handshake.requested,
        "ExpirationTimestamp": handshake.expires(),
        "Action": handshake.action,
        "Resources": resources,
    })
}

/// `HandshakeConstraintViolationException` with a reason.
pub(super) fn constraint(reason: &str, message: &'static str) -> Error {
    Error::new(Code::HandshakeConstraintViolation, message).with("Reason", json!(reason))
}

fn missing() -> Error {
    Error::new(Code::HandshakeNotFound, "You specified a handshake that doesn't exist.")
}

/// Whether the caller's account is asked.
pub(super) fn is_asked<A: AccountRef>(handshake: &Handshake, cx: &Context<'_, A>, management: AccountId) -> bool {
    let caller = cx.caller.account;
    match &handshake.recipient {
        Recipient::Account(id) => *id == caller,
        Recipient::Email(email) => {
            let is_here = caller.partition() == management.partition();
            is_here && contact_of_caller(cx).email.eq_ignore_ascii_case(email)
        }
        Recipient::Organization => caller == management,
    }
}

/// Name and address of the caller's account.
fn contact_of_caller<A: AccountRef>(cx: &Context<'_, A>) -> Contact {
    let fresh = || Contact::unknown(cx.caller.account);
    cx.account_of(cx.caller.account).map_or_else(fresh, Account::contact)
}

impl Transaction<'_> {
    pub(super) fn new_handshake(&self, action: HandshakeAction, recipient: Recipient) -> Handshake {
        let state =
            if action == HandshakeAction::EnableAllFeatures { HandshakeState::Requested } else { HandshakeState::Open };
        Handshake {
            id: format!("h-{}", self.ids.uuid().simple()),
            action,
            state,
            recipient,
            notes: None,
            requested: self.now,
            ended: None,
            parent: None,
            tags: TagSet::default(),
        }
    }

    /// Ends a handshake that can be answered still.
    pub(super) fn end(&mut self, handshake: &Handshake, state: HandshakeState) -> Result<Handshake> {
        if handshake.state(self.now) == state {
            let message = "The specified handshake is already in the requested state.";
            return Err(Error::new(Code::HandshakeAlreadyInState, message));
        }
        if !handshake.is_open(self.now) {
            let message = "You can't perform the operation on the handshake in its current state.";
            return Err(Error::new(Code::InvalidHandshakeTransition, message));
        }
        let ended = Handshake { state, ended: Some(self.now), ..handshake.clone() };
        self.account.put(ended.clone())?;
        Ok(ended)
    }
}

impl<A: AccountRef> Context<'_, A> {
    /// A handshake of this organization, or one that asks the caller.
    fn handshake(&self, id: &str) -> Result<Handshake> {
        let handshake = self.account.organization_handshakes.get(id).filter(|handshake| handshake.is_shown(self.now));
        handshake.map(|handshake| (**handshake).clone()).ok_or_else(missing)
    }

    /// The same, which must ask the caller's account.
    fn handshake_to_caller(&self, id: &str) -> Result<Handshake> {
        let handshake = self.handshake(id)?;
        if is_asked(&handshake, self, self.account.id) { Ok(handshake) } else { Err(missing()) }
    }
}

/// Declares an operation on a handshake of whichever organization.
macro_rules! on_handshake {
    ($operation:ident, $may:expr $(, $further:ident)?) => {
        impl Operation for $operation {
            type Output = HandshakeResult;

            const ERRORS: &'static [Code] = refusal::ERRORS;
            const GOES_ON: bool = true;

            fn access(&self) -> Access<'_> {
                Access::to(Target::InOrganization(&self.handshake_id))
            }

            $(fn further_access<'a>(&'a self, cx: &'a View<'_>) -> Access<'a> {
                $further(&self.handshake_id, cx)
            })?

            fn management_account(&self, _: &Caller, organizations: &Directory) -> Option<AccountId> {
                organizations.manager_of_handshake(&self.handshake_id)
            }

            fn precondition(&self, cx: &View<'_>) -> Result<()> {
                let handshake = cx.account.organization_handshakes.get(&self.handshake_id);
                let may: fn(&Handshake, &View<'_>) -> bool = $may;
                // Who is not a party learns nothing of it.
                if handshake.is_some_and(|handshake| may(handshake, cx)) { Ok(()) } else { Err(missing()) }
            }
        }
    };
}

fn caller_is_asked(handshake: &Handshake, cx: &View<'_>) -> bool {
    is_asked(handshake, cx, cx.account.id)
}

fn caller_has_asked(_: &Handshake, cx: &View<'_>) -> bool {
    cx.caller.account == cx.account.id
}

/// Asks an account to join the organization.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct InviteAccountToOrganization {
    target: HandshakeParty,
    notes: Option<HandshakeNotes>,
    tags: Option<OrganizationsTags>,
}

organizations_operation!(InviteAccountToOrganization -> HandshakeResult, Management, |this| {
    Access::to(Target::Organization)
        .request_tags(this.tags.as_deref())
        .again("organizations:TagResource", Need::Tags)
});

impl Command for InviteAccountToOrganization {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<HandshakeResult> {
        cx.record()?;
        let recipient = match self.target.kind {
            HandshakePartyType::Account => {
                let id = AccountId::parse(&self.target.id).ok_or_else(|| {
                    refusal::input("INVALID_PATTERN_TARGET_ID", "You specified an account ID that is not valid.")
                })?;
                Recipient::Account(id.in_partition(cx.account.id.partition()))
            }
            HandshakePartyType::Email if AccountEmail::is_one(&self.target.id) => {
                Recipient::Email(self.target.id.to_string())
            }
            HandshakePartyType::Email => {
                let message = "You specified an email address that is not valid.";
                return Err(refusal::input("INVALID_EMAIL_ADDRESS_TARGET", message));
            }
            HandshakePartyType::Organization => {
                let message = "You specified a type of party that can't be invited.";
                return Err(refusal::input("INVALID_PARTY_TYPE_TARGET", message));
            }
        };
        let is_member = match &recipient {
            Recipient::Account(id) => cx.account.member(&id.to_string()).is_some(),
            Recipient::Email(email) => cx.account.has_account_email(email),
            Recipient::Organization => false,
        };
        if is_member {
            let message = "The provided account is already a member of an organization.";
            return Err(constraint("ALREADY_IN_AN_ORGANIZATION", message));
        }
        if is_on_the_way_to_all_features(cx) {
            let message = "You can't invite accounts while the organization is enabling all features.";
            return Err(constraint("INVITE_DISABLED_DURING_ENABLE_ALL_FEATURES", message));
        }
        if cx.open_invitations().any(|found| is_same(&found.recipient, &recipient)) {
            let message = "A handshake with the same action and target already exists.";
            return Err(Error::new(Code::DuplicateHandshake, message));
        }
        let count = cx.count_members() + cx.open_invitations().count();
        must_have_room(cx, count)?;
        let mut tags = TagSet::default();
        add_tags(&mut tags, self.tags.as_deref().unwrap_or_default())?;
        let notes = self.notes.map(String::from);
        let handshake = Handshake { notes, tags, ..cx.new_handshake(HandshakeAction::Invite, recipient) };
        cx.account.put(handshake.clone())?;
        Ok(HandshakeResult { handshake: shape(cx.account, &handshake, cx.now) })
    }
}

/// Whether two recipients are one account, as far as that is known: an account that no organization has created has an
/// address that follows from its number.
fn is_same(one: &Recipient, other: &Recipient) -> bool {
    let address = |recipient: &Recipient| match recipient {
        Recipient::Account(id) => Some(Contact::unknown(*id).email),
        Recipient::Email(email) => Some(email.to_ascii_lowercase()),
        Recipient::Organization => None,
    };
    one == other || address(one).is_some_and(|email| address(other) == Some(email))
}

fn must_have_room(cx: &Transaction<'_>, count: usize) -> Result<()> {
    cx.check_quota(Quota::AccountsPerOrganization, count).map_err(|_| {
        constraint("ACCOUNT_NUMBER_LIMIT_EXCEEDED", "You have exceeded the allowed number of AWS accounts")
    })
}

/// Does what a handshake asks for.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AcceptHandshake {
    handshake_id: HandshakeId,
}

on_handshake!(AcceptHandshake, caller_is_asked, role_of_joining);

/// Who joins an organization creates the role of the service, unless the account has it (Organizations User Guide,
/// "Organizations and service-linked roles").
fn role_of_joining<'a>(id: &str, cx: &'a View<'_>) -> Access<'a> {
    let handshake = cx.account.organization_handshakes.get(id);
    let joins = handshake.is_some_and(|handshake| handshake.action == HandshakeAction::Invite);
    let own = cx.account_of(cx.caller.account);
    let lacks = |linked: &ServiceLinkedRole| own.is_none_or(|own| own.get::<Role>(linked.role_name).is_none());
    match service_linked_roles::get(SERVICE).filter(|linked| joins && lacks(linked)) {
        Some(linked) => Access::free().linked_role(linked),
        None => Access::free(),
    }
}

impl Command for AcceptHandshake {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<HandshakeResult> {
        let handshake = cx.handshake_to_caller(&self.handshake_id)?;
        if handshake.action == HandshakeAction::EnableAllFeatures && handshake.parent.is_none() {
            let message = "You can't perform the operation on the handshake in its current state.";
            return Err(Error::new(Code::InvalidHandshakeTransition, message));
        }
        let ended = cx.end(&handshake, HandshakeState::Accepted)?;
        match handshake.action {
            HandshakeAction::Invite => join(cx, &handshake)?,
            HandshakeAction::EnableAllFeatures => approve_if_complete(cx, &handshake)?,
            HandshakeAction::ApproveAllFeatures => enable_all_features(cx, &handshake)?,
        }
        Ok(HandshakeResult { handshake: shape(cx.account, &ended, cx.now) })
    }
}

/// Takes the caller's account into the organization.
fn join(cx: &mut Transaction<'_>, handshake: &Handshake) -> Result<()> {
    let id = cx.caller.account;
    if cx.organizations.of(id).is_some() {
        let message = "The account is already a member of an organization.";
        return Err(constraint("ALREADY_IN_AN_ORGANIZATION", message));
    }
    must_have_room(cx, cx.count_members())?;
    let parent = cx.record()?.root.clone();
    let Contact { name, email } = contact_of_caller(cx);
    cx.account.put(MemberAccount {
        id,
        name,
        email,
        parent,
        joined: cx.now,
        invited: true,
        closed: None,
        delegated: std::collections::BTreeMap::new(),
        node: OrganizationNode { tags: handshake.tags.clone(), ..OrganizationNode::default() },
    })
}

/// Refuses what a handshake asks for.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeclineHandshake {
    handshake_id: HandshakeId,
}

on_handshake!(DeclineHandshake, caller_is_asked);

impl Command for DeclineHandshake {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<HandshakeResult> {
        let handshake = cx.handshake_to_caller(&self.handshake_id)?;
        let ended = cx.end(&handshake, HandshakeState::Declined)?;
        Ok(HandshakeResult { handshake: shape(cx.account, &ended, cx.now) })
    }
}

/// Takes back what the organization has asked for.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CancelHandshake {
    handshake_id: HandshakeId,
}

on_handshake!(CancelHandshake, caller_has_asked);

impl Command for CancelHandshake {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<HandshakeResult> {
        let handshake = cx.handshake(&self.handshake_id)?;
        let ended = cx.end(&handshake, HandshakeState::Canceled)?;
        cancel_parts(cx, &handshake.id)?;
        Ok(HandshakeResult { handshake: shape(cx.account, &ended, cx.now) })
    }
}

/// Shows a handshake to its parties.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeHandshake {
    handshake_id: HandshakeId,
}

on_handshake!(DescribeHandshake, |handshake, cx| {
    caller_is_asked(handshake, cx) || caller_has_asked(handshake, cx) || caller_is_delegate(cx)
});

/// Whether the caller's account administers a service: it may read whatever the organization has.
fn caller_is_delegate(cx: &View<'_>) -> bool {
    cx.account.member(&cx.caller.account.to_string()).is_some_and(|member| !member.delegated.is_empty())
}

impl Query for DescribeHandshake {
    fn answer(self, cx: &View<'_>) -> Result<HandshakeResult> {
        let handshake = cx.handshake(&self.handshake_id)?;
        Ok(HandshakeResult { handshake: shape(cx.account, &handshake, cx.now) })
    }
}

operations!(
    ORGANIZATIONS:
    query DescribeHandshake;
    command AcceptHandshake, CancelHandshake, DeclineHandshake, InviteAccountToOrganization
);
