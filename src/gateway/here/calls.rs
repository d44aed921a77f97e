//! Policies of tables and streams, as DynamoDB and Kinesis speak of them (their API references, `PutResourcePolicy`,
//! `GetResourcePolicy` and `DeleteResourcePolicy`).

use aws_calls::fault::Fault;
use aws_calls::lookup::Lookup;
use aws_calls::{Call, Input, Request};
use data_encoding::HEXLOWER;
use http::Response;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{KeptOf, result, unreadable};
use crate::account::{DocumentKind, ResourceDocument};
use crate::gateway::decision::silent;
use crate::gateway::steps::{Failure, request};
use crate::gateway::{Arrival, Body, Gateway};
use crate::shapes::ArnParts;

/// The revision of a resource that has no policy.
const NO_POLICY: &str = "NO_POLICY";

/// AWS: the most bytes of a policy.
const MAX_POLICY: usize = 20 * 1024;

/// What is done with a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Put,
    Get,
    Delete,
}

impl Act {
    pub fn of(call: &Call) -> Option<Self> {
        match call.name() {
            "PutResourcePolicy" => Some(Self::Put),
            "GetResourcePolicy" => Some(Self::Get),
            "DeleteResourcePolicy" => Some(Self::Delete),
            _ => None,
        }
    }
}

impl Gateway {
    /// Answers a call about the policy of a table or stream.
    pub(super) async fn answer_for_call(
        &self,
        kept: KeptOf<'_>,
        arrival: &Arrival<'_>,
        call: &Call,
        body: &[u8],
    ) -> Result<Response<Body>, Failure> {
        let Some(act) = Act::of(call) else { return Err(missing(call, kept.resource).into()) };
        let request = request(arrival.parts, Some(body));
        self.must_exist(kept, call).await?;
        let is_table = call.prefix() == "dynamodb";
        let expected = if is_table { text(call, &request, "ExpectedRevisionId")? } else { None };
        let given = text(call, &request, "Policy")?;
        let text = match act {
            Act::Put => Some(checked(call, given)?),
            Act::Get => {
                let document = self.kept(kept, DocumentKind::Policy).await.map_err(silent)?;
                return match (document.text.as_deref(), is_table) {
                    (Some(text), true) => {
                        Ok(result(call, arrival, &[("Policy", text), ("RevisionId", &revision(text))]))
                    }
                    (Some(text), false) => Ok(result(call, arrival, &[("Policy", text)])),
                    (None, true) => Err(no_policy(kept.resource).into()),
                    // Kinesis answers with an empty document.
                    (None, false) => Ok(result(call, arrival, &[("Policy", "{}")])),
                };
            }
            Act::Delete => None,
        };
        let (key, kind, resource) = (DocumentKind::Policy.key(kept.resource), DocumentKind::Policy, kept.resource);
        let change = kept.app.change(kept.owner, |account| {
            let before = account.resource_document(kind, resource).map(revision);
            let is_expected = |expected: &String| before.as_deref().unwrap_or(NO_POLICY) == expected;
            if !expected.as_ref().is_none_or(is_expected) {
                return Ok(None);
            }
            match &text {
                Some(text) => {
                    account.put(ResourceDocument { kind, resource: resource.to_owned(), text: text.clone() })?;
                }
                None => account.remove::<ResourceDocument>(&key),
            }
            Ok(Some(before))
        });
        let Some(before) = change.await? else { return Err(no_policy(resource).into()) };
        let revision = match text {
            Some(text) => Some(revision(&text)),
            None => before,
        };
        let members: Vec<(&str, &str)> = revision.iter().filter(|_| is_table).map(|id| ("RevisionId", &**id)).collect();
        Ok(result(call, arrival, &members))
    }

    /// Policies are kept only for what the upstream has.
    async fn must_exist(&self, kept: KeptOf<'_>, call: &Call) -> Result<(), Failure> {
        let (service, operation, member) = match call.prefix() {
            "dynamodb" => ("dynamodb", "DescribeTable", "TableName"),
            _ => ("kinesis", "DescribeStream", "StreamName"),
        };
        let parts = ArnParts::parse(kept.resource);
        let name = parts.as_ref().and_then(|parts| parts.resource.split('/').nth(1));
        let (Some(parts), Some(name)) = (&parts, name) else { return Err(missing(call, kept.resource).into()) };
        let lookup = Lookup {
            service,
            operation: operation.to_owned(),
            members: Map::from_iter([(member.to_owned(), Value::from(name))]),
            account: kept.owner.to_string(),
            region: parts.region.to_owned(),
        };
        let found = self.inquire(&lookup, kept.owner).await.map_err(silent)?;
        if found.is_some() { Ok(()) } else { Err(missing(call, name).into()) }
    }
}

/// A member of a call that is a text.
///
/// # Errors
/// When it can be read in two ways, or is no text.
pub(super) fn text(call: &Call, request: &Request<'_>, name: &str) -> Result<Option<String>, Failure> {
    let member = Input::read(call, *request).and_then(|input| input.member(name));
    match member.map_err(|error| invalid(call, error.to_string()))? {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(invalid(call, format!("{name} is no text."))),
    }
}

/// The policy that a call gives, which is known to be valid.
fn checked(call: &Call, given: Option<String>) -> Result<String, Failure> {
    let text = given.ok_or_else(|| invalid(call, "Policy is missing.".to_owned()))?;
    if text.len() > MAX_POLICY {
        return Err(invalid(call, format!("Policies have at most {MAX_POLICY} bytes.")));
    }
    Ok(text)
}

fn invalid(call: &Call, message: String) -> Failure {
    let code = if call.prefix() == "dynamodb" { "ValidationException" } else { "InvalidArgumentException" };
    unreadable(code, message)
}

/// A policy's revision: digits that follow from its text.
fn revision(text: &str) -> String {
    let hash = HEXLOWER.encode(&Sha256::digest(text));
    let digits: String = hash.bytes().map(|digit| char::from(b'0' + digit % 10)).take(13).collect();
    format!("1{digits}")
}

fn missing(call: &Call, name: &str) -> Fault {
    let what = if call.prefix() == "dynamodb" { "Table" } else { "Stream" };
    Fault::new(400, "ResourceNotFoundException", format!("Requested resource not found: {what}: {name} not found"))
}

fn no_policy(resource: &str) -> Fault {
    let message = format!("Resource-based policy not found for the provided ResourceArn: {resource}");
    Fault::new(400, "PolicyNotFoundException", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_follows_from_the_text() {
        let (one, other) = (revision("{}"), revision("{ }"));
        assert_eq!(one, revision("{}"));
        assert_ne!(one, other);
        assert!(one.len() == 14 && one.bytes().all(|byte| byte.is_ascii_digit()));
    }
}
