//! Calls of KMS that decrypt with a key that they name. AWS takes no other key than that; some servers go by the
//! ciphertext alone, so that a caller could name a key that it may use.

use aws_calls::fault::Fault;
use aws_calls::questions::Asked;
use http::Response;
use serde_json::Value;

use super::Body;
use super::answer;
use super::meant::Meant;
use super::steps::{Failure, MAX_DECRYPTED};

/// The operations, each with the action on the key of the ciphertext and the member of its answer that has this key.
const DECRYPTING: &[(&str, &str, &str)] =
    &[("Decrypt", "kms:Decrypt", "KeyId"), ("ReEncrypt", "kms:ReEncryptFrom", "SourceKeyId")];

/// An answer that was decrypted with the key that was decided on.
///
/// # Errors
/// `IncorrectKeyException` for another key.
pub(super) async fn checked(
    meant: &Meant<'_>,
    asked: &Asked,
    response: Response<Body>,
) -> Result<Response<Body>, Failure> {
    let found = DECRYPTING.iter().find(|(operation, ..)| meant.operation() == *operation);
    let Some((_, action, member)) = found.filter(|_| meant.service().name == "kms" && response.status().is_success())
    else {
        return Ok(response);
    };
    let (parts, body) = response.into_parts();
    let body = answer::read(body, MAX_DECRYPTED).await?;
    let said: Value = serde_json::from_slice(&body).unwrap_or_default();
    let used = said.get(*member).and_then(Value::as_str);
    let mut decided = asked.questions.iter().filter(|question| question.action == *action);
    if !decided.any(|question| used.is_some_and(|used| is_same(used, &question.resource))) {
        let message = "The key ID in the request does not identify a CMK that can perform this operation.";
        return Err(Fault::new(400, "IncorrectKeyException", message).into());
    }
    Ok(Response::from_parts(parts, answer::whole(body)))
}

/// Whether an identifier or ARN is that of a key, given by its ARN.
fn is_same(used: &str, key: &str) -> bool {
    let id = |text: &str| text.rsplit_once(":key/").map_or(text, |(_, id)| id).to_owned();
    id(used) == id(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_compared_by_their_identifiers() {
        let key = "arn:aws:kms:us-east-1:111122223333:key/0a1b";
        assert!(is_same(key, key) && is_same("0a1b", key));
        for other in ["", "a1b", "key/0a1b", "alias/0a1b", "arn:aws:kms:us-east-1:111122223333:key/0a1c"] {
            assert!(!is_same(other, key), "{other}");
        }
    }
}
