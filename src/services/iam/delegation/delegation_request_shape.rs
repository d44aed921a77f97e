//! Delegation requests in answers.

use serde::Serialize;

use crate::account::DelegationRequest;
use crate::error::Result;
use crate::services::iam::delegation::delegation_permission::{compiled, role_boundaries};
use crate::shapes::{DelegationState, PolicyParameter, Timestamp};

/// A delegation request in an answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DelegationRequestShape {
    delegation_request_id: String,
    owner_account_id: Option<String>,
    description: String,
    request_message: Option<String>,
    permissions: PermissionShape,
    permission_policy: String,
    role_permission_restriction_arns: Option<Vec<String>>,
    owner_id: Option<String>,
    approver_id: Option<String>,
    state: DelegationState,
    expiration_time: Timestamp,
    requestor_id: String,
    requestor_name: Option<String>,
    create_date: Timestamp,
    session_duration: i32,
    redirect_url: Option<String>,
    notes: Option<String>,
    rejection_reason: Option<String>,
    only_send_by_owner: bool,
    updated_time: Timestamp,
}

/// What is asked for, as it was given.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PermissionShape {
    policy_template_arn: String,
    parameters: Option<Vec<PolicyParameter>>,
}

impl DelegationRequestShape {
    /// All that is known of a request at some moment.
    ///
    /// # Errors
    /// When the stored policy is damaged.
    pub fn of(request: &DelegationRequest, now: Timestamp) -> Result<Self> {
        let boundaries = role_boundaries(&compiled(&request.policy)?);
        Ok(Self {
            delegation_request_id: request.id.clone(),
            owner_account_id: request.owner_account.map(|account| account.to_string()),
            description: request.description.clone(),
            request_message: request.message.clone(),
            permissions: PermissionShape {
                policy_template_arn: request.template_arn.clone(),
                parameters: Some(request.parameters.clone()).filter(|parameters| !parameters.is_empty()),
            },
            permission_policy: request.policy.clone(),
            role_permission_restriction_arns: Some(boundaries).filter(|boundaries| !boundaries.is_empty()),
            owner_id: request.owner.as_ref().map(|owner| owner.arn.clone()),
            approver_id: request.approver.as_ref().map(|approver| approver.arn.clone()),
            state: request.state(now),
            expiration_time: request.expires(),
            requestor_id: request.requestor.to_string(),
            requestor_name: request.requestor_name.clone(),
            create_date: request.created(),
            session_duration: request.session_duration,
            redirect_url: request.redirect_url.clone(),
            notes: request.notes.clone(),
            rejection_reason: request.rejection_reason.clone(),
            only_send_by_owner: request.only_send_by_owner,
            updated_time: request.updated,
        })
    }
}
