//! Delegated permissions: what a product provider gets for the token of an accepted delegation request.

use serde::{Deserialize, Serialize};

use super::session::credentials::{CredentialsShape, issue};
use crate::call::{Access, Operation, Query, View, operations};
use crate::error::{Code, Error, Result};
use crate::identity::{Caller, Session};
use crate::services::iam::delegation::delegation_notice::read_trade_in_token;
use crate::shapes::{AccountId, TradeInToken};

/// Exchanges a trade-in token for temporary credentials of the one who accepted the delegation request, narrowed to
/// what it asked for. They end with the request's time, however often the token is exchanged.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetDelegatedAccessToken {
    trade_in_token: TradeInToken,
}

/// What `GetDelegatedAccessToken` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetDelegatedAccessTokenResult {
    credentials: CredentialsShape,
    assumed_principal: String,
}

impl Operation for GetDelegatedAccessToken {
    type Output = GetDelegatedAccessTokenResult;

    const ERRORS: &'static [Code] = &[Code::ExpiredTradeInToken, Code::PackedPolicyTooLarge, Code::RegionDisabled];

    fn account(&self, _: &Caller) -> AccountId {
        AccountId::AWS
    }

    fn access(&self) -> Access<'_> {
        Access::any()
    }
}

impl Query for GetDelegatedAccessToken {
    fn answer(self, cx: &View<'_>) -> Result<GetDelegatedAccessTokenResult> {
        let invalid = || Error::new(Code::ValidationError, "The trade-in token is invalid.");
        let key = &cx.environment.key;
        let id = read_trade_in_token(key, cx.caller.account, self.trade_in_token.reveal()).ok_or_else(invalid)?;
        let request = cx.account.delegation_request(&id, cx.now).map_err(|_| expired())?;
        let expires = request.delegated_until().filter(|end| cx.now < *end).ok_or_else(expired)?;
        let approver = request.approver.clone().ok_or_else(invalid)?;
        let accepted = Session::open(approver.session.reveal(), key).ok_or_else(invalid)?;
        let access_key_id = cx.ids.access_key("ASIA", accepted.account);
        let session = Session { access_key_id, issued: cx.now, expires, ..accepted };
        let issued = issue(cx, &session, None)?;
        Ok(GetDelegatedAccessTokenResult { credentials: issued.credentials, assumed_principal: approver.arn })
    }
}

fn expired() -> Error {
    let message = "The trade-in token provided in the request has expired and can no longer be exchanged for \
                   credentials. Request a new token and retry the operation.";
    Error::new(Code::ExpiredTradeInToken, message)
}

operations!(STS: query GetDelegatedAccessToken);
