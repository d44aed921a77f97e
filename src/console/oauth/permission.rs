//! Whether a principal may use `aws login`: as with any call, the policies decide.

use crate::call::{Outside, Words};
use crate::error::Error;
use crate::http::State;
use crate::identity::{Caller, RequestFacts};
use iam_policy::ResourceKind;

use super::Client;

/// Asks for an action of AWS Sign-In on a client.
///
/// # Errors
/// `AccessDenied` in AWS's sentence, and what an account that cannot be loaded gives.
pub async fn ask(
    state: &State,
    caller: &Caller,
    facts: &RequestFacts,
    action: &'static str,
    client: Client,
    keys: &[(String, Vec<String>)],
) -> Result<(), Error> {
    let own = state.app.accounts.get(caller.account).await?.durable();
    let account = caller.account;
    let (partition, region) = (account.partition(), &facts.region);
    let resource = format!("arn:{partition}:signin:{region}:{account}:oauth2/public-client/{}", client.resource());
    let mut given = vec![("signin:OAuthClientId".to_owned(), vec![client.id().to_owned()])];
    given.extend_from_slice(keys);
    let on = format!(" on resource: {resource}");
    let asked = Outside {
        action,
        resources: &[&resource],
        owner: account,
        keys: &given,
        policy: None,
        kind: ResourceKind::Ordinary,
        across_accounts: false,
        secure_transport: false,
        words: Words { action, on: &on },
    };
    let decided = state.app.decide(caller, &own, facts, &[asked], None).await?;
    decided.into_iter().flatten().next().map_or(Ok(()), |denial| Err(denial.error))
}
