//! Which tokens the global endpoint of STS issues for the account.

use serde::Deserialize;

use crate::call::{Access, Command, Operation, Transaction, operations};
use crate::error::{Code, Result};
use crate::shapes::GlobalEndpointTokenVersion;

/// Chooses the version of the tokens. Tokens of this server are valid everywhere, whatever their version; the account's
/// summary shows the choice.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SetSecurityTokenServicePreferences {
    global_endpoint_token_version: GlobalEndpointTokenVersion,
}

impl Operation for SetSecurityTokenServicePreferences {
    type Output = ();

    const ERRORS: &'static [Code] = &[Code::ServiceFailure];

    fn access(&self) -> Access<'_> {
        Access::any()
    }
}

impl Command for SetSecurityTokenServicePreferences {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        cx.account.update_settings(|settings| {
            settings.global_endpoint_token_version = Some(self.global_endpoint_token_version);
            Ok(())
        })
    }
}

operations!(IAM: command SetSecurityTokenServicePreferences);
