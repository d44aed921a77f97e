//! Listings of handshakes.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::handshake::{is_asked, shape};
use crate::account::Handshake;
use crate::call::{Access, Named, Operation, Query, Target, View, operations};
use crate::error::{Code, Result};
use crate::services::organizations::{organizations_operation, refusal};
use crate::shapes::{HandshakeFilter, OrganizationsNextToken, OrganizationsPageSize};

/// What listings of handshakes answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListHandshakesResult {
    handshakes: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// Whether a filter lets a handshake through.
fn is_wanted(filter: Option<&HandshakeFilter>, handshake: &Handshake) -> bool {
    let Some(filter) = filter else { return true };
    let action = filter.action_type.is_none_or(|action| action.action() == Some(handshake.action));
    let parent = filter.parent_handshake_id.as_deref();
    action && parent.is_none_or(|parent| handshake.parent.as_deref() == Some(parent))
}

/// Lists what other organizations, or the own one, ask of the caller's account.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListHandshakesForAccount {
    filter: Option<HandshakeFilter>,
    next_token: Option<OrganizationsNextToken>,
    max_results: Option<OrganizationsPageSize>,
}

impl Operation for ListHandshakesForAccount {
    type Output = ListHandshakesResult;

    const ERRORS: &'static [Code] = refusal::ERRORS;

    fn access(&self) -> Access<'_> {
        Access::any()
    }
}

impl Query for ListHandshakesForAccount {
    fn answer(self, cx: &View<'_>) -> Result<ListHandshakesResult> {
        let mut found = Vec::new();
        for management in cx.organizations.iter().map(|organization| organization.account()) {
            let asked = management.organization_handshakes.iter();
            let asked = asked.filter(|handshake| {
                is_asked(handshake, cx, management.id)
                    && handshake.is_shown(cx.now)
                    && is_wanted(self.filter.as_ref(), handshake)
            });
            found.extend(asked.map(|handshake| (handshake.id.clone(), shape(management, handshake, cx.now))));
        }
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        let page = cx.page(Self::NAME, self.next_token.as_ref(), self.max_results, found.into_iter())?;
        Ok(ListHandshakesResult { handshakes: page.members, next_token: page.next_token })
    }
}

/// Lists the handshakes of the organization.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListHandshakesForOrganization {
    filter: Option<HandshakeFilter>,
    next_token: Option<OrganizationsNextToken>,
    max_results: Option<OrganizationsPageSize>,
}

organizations_operation!(ListHandshakesForOrganization -> ListHandshakesResult, Administrator, |_this| {
    Access::to(Target::Organization)
});

impl Query for ListHandshakesForOrganization {
    fn answer(self, cx: &View<'_>) -> Result<ListHandshakesResult> {
        cx.record()?;
        let handshakes = cx.account.organization_handshakes.iter();
        let handshakes =
            handshakes.filter(|handshake| handshake.is_shown(cx.now) && is_wanted(self.filter.as_ref(), handshake));
        let handshakes = handshakes.map(|handshake| (handshake.id.clone(), shape(cx.account, handshake, cx.now)));
        let page = cx.page(Self::NAME, self.next_token.as_ref(), self.max_results, handshakes)?;
        Ok(ListHandshakesResult { handshakes: page.members, next_token: page.next_token })
    }
}

operations!(ORGANIZATIONS: query ListHandshakesForAccount, ListHandshakesForOrganization);
