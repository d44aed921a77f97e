//! Temporary credentials: how a session becomes what an answer shows.

use serde::Serialize;

use crate::call::{AccountRef, Context};
use crate::error::{Code, Error, Result};
use crate::identity::{MAX_TOKEN_SIZE, Session, SessionPrincipal};
use crate::shapes::{AccountId, MinimumSessionTokenSize, Secret, Timestamp};

/// Temporary credentials in an answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CredentialsShape {
    /// `ASIA…`.
    pub access_key_id: String,
    /// The secret that goes with it.
    pub secret_access_key: Secret,
    /// The session token.
    pub session_token: Secret,
    /// When they end.
    pub expiration: Timestamp,
}

/// Temporary credentials and what answers say about the size of their token.
#[derive(Debug)]
pub struct Issued {
    /// The credentials.
    pub credentials: CredentialsShape,
    /// The utilization again, if session policies or tags were passed: AWS deprecated this member.
    pub packed_policy_size: Option<usize>,
    /// The size of the token in percent of the maximum, rounded up.
    pub session_token_utilization: usize,
    /// The size of the token in bytes.
    pub session_token_size: usize,
}

/// A session in the account of the call, beginning now, with nothing but an end.
pub fn begin(cx: &Context<'_, impl AccountRef>, principal: SessionPrincipal, duration_seconds: i32) -> Session {
    begin_in(cx.account.id, cx, principal, duration_seconds)
}

/// A session in an account, beginning now, with nothing but an end.
pub fn begin_in(
    account: AccountId,
    cx: &Context<'_, impl AccountRef>,
    principal: SessionPrincipal,
    duration_seconds: i32,
) -> Session {
    let access_key_id = cx.ids.access_key("ASIA", account);
    let expires = cx.now.plus(duration_seconds.into());
    Session { expires, ..Session::new(access_key_id, account, principal, cx.now) }
}

/// Issues the credentials of a session.
///
/// # Errors
/// `PackedPolicyTooLarge` when the token exceeds the maximum size.
pub fn issue(
    cx: &Context<'_, impl AccountRef>,
    session: &Session,
    least: Option<MinimumSessionTokenSize>,
) -> Result<Issued> {
    let key = &cx.environment.key;
    let least = least.map_or(0, |least| usize::try_from(least.get()).unwrap_or(0));
    let token = session.token(key, cx.ids.bytes(), least);
    let token = token.ok_or_else(|| Error::internal("the session could not be sealed"))?;
    let session_token_size = token.len();
    if session_token_size > MAX_TOKEN_SIZE {
        return Err(too_large(format!(
            "The session token size of {session_token_size} bytes exceeds the maximum of {MAX_TOKEN_SIZE} bytes."
        )));
    }
    cx.environment.metrics.session_issued();
    let credentials = CredentialsShape {
        access_key_id: session.access_key_id.clone(),
        secret_access_key: key.session_secret(&session.access_key_id),
        session_token: Secret::new(token),
        expiration: session.expires,
    };
    let session_token_utilization = (session_token_size * 100).div_ceil(MAX_TOKEN_SIZE);
    let packed_policy_size = session.has_policies_or_tags().then_some(session_token_utilization);
    Ok(Issued { credentials, packed_policy_size, session_token_utilization, session_token_size })
}

/// AWS's refusal of session policies with more text than the plain limit.
pub fn policy_too_large(percent: usize) -> Error {
    too_large(format!("Packed policy consumes {percent}% of allotted space, please use smaller policy."))
}

fn too_large(message: String) -> Error {
    Error::new(Code::PackedPolicyTooLarge, message)
}
