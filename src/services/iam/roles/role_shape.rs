//! Roles in answers. How much they show depends on the operation, as on AWS.

use serde::Serialize;

use crate::account::{Resource, Role, SourceRoleTemplate};
use crate::call::{AccountRef, Context};
use crate::services::iam::users::user::BoundaryShape;
use crate::shapes::{AccountId, EncodedDocument, Tag, Timestamp};

/// How long the use of roles is remembered: 400 days, in seconds (IAM User Guide, "Refine permissions in AWS using last
/// accessed information").
const TRACKING_PERIOD: i64 = 400 * 24 * 3600;

/// A role in an answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RoleShape {
    path: String,
    role_name: String,
    role_id: String,
    arn: String,
    create_date: Timestamp,
    assume_role_policy_document: EncodedDocument,
    description: Option<String>,
    max_session_duration: Option<i32>,
    max_signin_session_duration: Option<i32>,
    permissions_boundary: Option<BoundaryShape>,
    tags: Option<Vec<Tag>>,
    role_last_used: Option<RoleLastUsed>,
    source_role_template: Option<SourceRoleTemplate>,
}

/// When and where a role was last used; empty if it never was.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RoleLastUsed {
    last_used_date: Option<Timestamp>,
    region: Option<String>,
}

impl RoleShape {
    /// What all answers show.
    pub fn brief(role: &Role, document: EncodedDocument, account: AccountId) -> Self {
        Self {
            path: role.path.to_string(),
            role_name: role.name.clone(),
            role_id: role.id.clone(),
            arn: role.arn(account),
            create_date: role.created,
            assume_role_policy_document: document,
            description: None,
            max_session_duration: None,
            max_signin_session_duration: None,
            permissions_boundary: None,
            tags: None,
            role_last_used: None,
            source_role_template: None,
        }
    }

    /// What the creation of a role shows, with the document and the tags as they were given: neither description nor
    /// `MaxSessionDuration`.
    pub fn created(role: &Role, document: &str, tags: Option<Vec<Tag>>, account: AccountId) -> Self {
        Self {
            max_signin_session_duration: role.max_signin_session_duration,
            permissions_boundary: BoundaryShape::of(&role.permissions),
            tags,
            ..Self::brief(role, EncodedDocument(document.into()), account)
        }
    }

    /// What an instance profile shows of its role.
    pub fn nested(role: &Role, cx: &Context<'_, impl AccountRef>) -> Self {
        Self::brief(role, cx.shown_trust_policy(role), cx.account.id)
    }

    /// What `ListRoles` shows: all but boundary, tags and last use.
    pub fn listed(role: &Role, cx: &Context<'_, impl AccountRef>) -> Self {
        Self {
            max_session_duration: Some(role.max_session_duration),
            max_signin_session_duration: role.max_signin_session_duration,
            ..Self::described(role, cx)
        }
    }

    /// What `UpdateRoleDescription` shows.
    pub fn described(role: &Role, cx: &Context<'_, impl AccountRef>) -> Self {
        Self { description: role.description.clone(), ..Self::nested(role, cx) }
    }

    /// All that is known of the role.
    pub fn whole(role: &Role, cx: &Context<'_, impl AccountRef>) -> Self {
        Self {
            permissions_boundary: BoundaryShape::of(&role.permissions),
            tags: role.tags.shape(),
            role_last_used: Some(RoleLastUsed::of(role, cx)),
            source_role_template: role.source_template.clone(),
            ..Self::listed(role, cx)
        }
    }
}

impl RoleLastUsed {
    /// What is known of the role's use.
    pub fn of(role: &Role, cx: &Context<'_, impl AccountRef>) -> Self {
        let last = cx.environment.volatile.usage.last(cx.account.id, &role.id);
        let last = last.filter(|last| last.used.plus(TRACKING_PERIOD) > cx.now);
        last.map(|last| Self { last_used_date: Some(last.used), region: Some(last.region) }).unwrap_or_default()
    }
}
