//! Trusted identity propagation through `OpenID` Connect providers.

use serde::Deserialize;

use crate::account::{OidcProvider, PropagationChange};
use crate::call::{Access, Command, Operation, Transaction, operations};
use crate::error::{Code, Error, Result};
use crate::shapes::{Arn, ContextProvider, IdentityCenterInstanceArn};

/// Changes what sessions carry on of a provider's tokens: the context provider, or the association with an Identity
/// Center instance. A request that changes neither has no effect.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateOpenIDConnectProvider {
    #[serde(rename = "OpenIDConnectProviderArn")]
    arn: Arn,
    context_provider: Option<ContextProvider>,
    identity_center_instance_arn: Option<IdentityCenterInstanceArn>,
    remove_context_provider: Option<bool>,
    remove_identity_center_instance: Option<bool>,
}

impl Operation for UpdateOpenIDConnectProvider {
    type Output = ();

    const ERRORS: &'static [Code] =
        &[Code::ConcurrentModification, Code::InvalidInput, Code::NoSuchEntity, Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        Access::arn(&self.arn)
            .identity_propagation(self.context_provider.as_ref(), self.identity_center_instance_arn.as_ref())
    }
}

impl Command for UpdateOpenIDConnectProvider {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let change = PropagationChange {
            context_provider: self.context_provider,
            identity_center_instance: self.identity_center_instance_arn,
            remove_context_provider: self.remove_context_provider.unwrap_or_default(),
            remove_identity_center_instance: self.remove_identity_center_instance.unwrap_or_default(),
        };
        cx.account.update_by_arn(&self.arn, |provider: &mut OidcProvider| {
            if change.is_of_context_provider() && change.is_of_instance() {
                let message =
                    "A request can change the context provider or the IAM Identity Center association, not both.";
                return Err(Error::new(Code::InvalidInput, message));
            }
            provider.propagation.change(change)
        })
    }
}

operations!(IAM: command UpdateOpenIDConnectProvider);
