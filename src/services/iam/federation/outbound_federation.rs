//! Outbound federation: whether the account issues web identity tokens.

use serde::{Deserialize, Serialize};

use crate::account::TokenIssuer;
use crate::call::{Access, AccountRef, Command, Context, Operation, Query, Transaction, View, operations};
use crate::error::{Code, Error, Result};

impl<A: AccountRef> Context<'_, A> {
    /// The account's URL as an issuer of tokens.
    pub fn token_issuer_url(&self) -> String {
        format!("{}/web-identity/{}", self.environment.token_issuer, self.account.id)
    }

    fn federates(&self) -> bool {
        self.account.token_issuer().is_some_and(|issuer| issuer.enabled)
    }
}

fn disabled() -> Error {
    Error::new(Code::FeatureDisabled, "Outbound web identity federation is not enabled for this account.")
}

/// Lets the account issue tokens.
#[derive(Deserialize)]
pub struct EnableOutboundWebIdentityFederation {}

/// What `EnableOutboundWebIdentityFederation` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct EnableOutboundWebIdentityFederationResult {
    issuer_identifier: String,
}

impl Operation for EnableOutboundWebIdentityFederation {
    type Output = EnableOutboundWebIdentityFederationResult;

    const ERRORS: &'static [Code] = &[Code::FeatureEnabled];

    fn access(&self) -> Access<'_> {
        Access::any()
    }
}

impl Command for EnableOutboundWebIdentityFederation {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<EnableOutboundWebIdentityFederationResult> {
        if cx.federates() {
            let message = "Outbound web identity federation is already enabled for this account.";
            return Err(Error::new(Code::FeatureEnabled, message));
        }
        let issuer = match cx.account.token_issuer() {
            Some(issuer) => TokenIssuer { enabled: true, ..issuer.clone() },
            None => TokenIssuer::new().ok_or_else(|| Error::internal("no keys can be made"))?,
        };
        cx.account.put(issuer)?;
        Ok(EnableOutboundWebIdentityFederationResult { issuer_identifier: cx.token_issuer_url() })
    }
}

/// Ends that the account issues tokens.
#[derive(Deserialize)]
pub struct DisableOutboundWebIdentityFederation {}

impl Operation for DisableOutboundWebIdentityFederation {
    type Output = ();

    const ERRORS: &'static [Code] = &[Code::FeatureDisabled];

    fn access(&self) -> Access<'_> {
        Access::any()
    }
}

impl Command for DisableOutboundWebIdentityFederation {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let issuer = cx.account.token_issuer().filter(|issuer| issuer.enabled).ok_or_else(disabled)?;
        let issuer = TokenIssuer { enabled: false, ..issuer.clone() };
        cx.account.put(issuer)
    }
}

/// Says whether the account issues tokens, and under which URL.
#[derive(Deserialize)]
pub struct GetOutboundWebIdentityFederationInfo {}

/// What `GetOutboundWebIdentityFederationInfo` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetOutboundWebIdentityFederationInfoResult {
    issuer_identifier: String,
    jwt_vending_enabled: bool,
}

impl Operation for GetOutboundWebIdentityFederationInfo {
    type Output = GetOutboundWebIdentityFederationInfoResult;

    const ERRORS: &'static [Code] = &[Code::FeatureDisabled];

    fn access(&self) -> Access<'_> {
        Access::any()
    }
}

impl Query for GetOutboundWebIdentityFederationInfo {
    fn answer(self, cx: &View<'_>) -> Result<GetOutboundWebIdentityFederationInfoResult> {
        if !cx.federates() {
            return Err(disabled());
        }
        let issuer_identifier = cx.token_issuer_url();
        Ok(GetOutboundWebIdentityFederationInfoResult { issuer_identifier, jwt_vending_enabled: true })
    }
}

operations!(
    IAM:
    query GetOutboundWebIdentityFederationInfo;
    command DisableOutboundWebIdentityFederation, EnableOutboundWebIdentityFederation
);
