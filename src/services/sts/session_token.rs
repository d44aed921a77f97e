//! Temporary credentials of a user or the root user itself.

use serde::{Deserialize, Serialize};

use super::session::credentials::{CredentialsShape, begin, issue};
use super::session::mfa;
use crate::call::{Access, AccountRef, Context, MfaCode, Operation, Query, View, operations};
use crate::error::{Code, Error, Result};
use crate::identity::{Principal, Session, SessionPrincipal};
use crate::shapes::{DurationSeconds, MinimumSessionTokenSize, SessionSerialNumber, TokenCode};

/// The life of a user's session when the request does not say, in seconds.
const DEFAULT_DURATION: i32 = 43200;
/// The longest life of a session of the root user, which longer ones are cut to.
const ROOT_DURATION: i32 = 3600;

/// Gives the calling user temporary credentials. It needs no permission.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetSessionToken {
    duration_seconds: Option<DurationSeconds>,
    serial_number: Option<SessionSerialNumber>,
    token_code: Option<TokenCode>,
    minimum_session_token_size: Option<MinimumSessionTokenSize>,
}

/// What `GetSessionToken` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetSessionTokenResult {
    credentials: CredentialsShape,
    session_token_utilization: usize,
    session_token_size: usize,
}

impl Operation for GetSessionToken {
    type Output = GetSessionTokenResult;

    const ERRORS: &'static [Code] = &[Code::RegionDisabled];

    fn access(&self) -> Access<'_> {
        Access::free()
    }

    fn mfa_code(&self) -> Option<MfaCode<'_>> {
        MfaCode::given(self.serial_number.as_ref(), self.token_code.as_ref())
    }

    fn precondition(&self, cx: &View<'_>) -> Result<()> {
        mfa::check(cx, self.serial_number.as_ref(), self.token_code.as_ref())
    }
}

impl Query for GetSessionToken {
    fn answer(self, cx: &View<'_>) -> Result<GetSessionTokenResult> {
        let principal = match &cx.caller.principal {
            Principal::User { key, id } => SessionPrincipal::User { key: key.clone(), id: id.clone() },
            Principal::Root => SessionPrincipal::Root,
            _ => return Err(Error::internal("a session asks for a user's session")),
        };
        let duration = user_session_duration(cx, self.duration_seconds);
        let mfa = self.serial_number.map(|_| cx.now);
        let session = Session { mfa, ..begin(cx, principal, duration) };
        let issued = issue(cx, &session, self.minimum_session_token_size)?;
        Ok(GetSessionTokenResult {
            credentials: issued.credentials,
            session_token_utilization: issued.session_token_utilization,
            session_token_size: issued.session_token_size,
        })
    }
}

/// The life of a session that a user, or the root user, asks for.
pub fn user_session_duration(cx: &Context<'_, impl AccountRef>, wanted: Option<DurationSeconds>) -> i32 {
    let wanted = wanted.map_or(DEFAULT_DURATION, DurationSeconds::get);
    if cx.caller.principal == Principal::Root { wanted.min(ROOT_DURATION) } else { wanted }
}

operations!(STS: query GetSessionToken);
