//! The subject of web identity tokens about the identity behind a session (STS API Reference,
//! `GetWebIdentityToken`).

use std::sync::LazyLock;

use regex::Regex;

use crate::error::{Code, Error, Result};
use crate::federation::{ISSUER, PROVIDER, SUBJECT};
use crate::identity::{Caller, ProviderValue, Session};

/// Control, format and separator characters other than the space.
#[expect(clippy::expect_used, reason = "a test compiles it")]
static INVISIBLE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[[\p{Cc}\p{Cf}\p{Z}]--[ ]]").expect("the pattern is well formed"));

/// The value of a condition key that the session carries.
pub fn session_key<'s>(session: &'s Session, name: &str) -> Option<&'s str> {
    session.provider_keys.iter().find_map(|(key, value)| match value {
        ProviderValue::One(value) if key == name => Some(value.as_str()),
        _ => None,
    })
}

/// The subject that an identity provider named when the session began.
///
/// # Errors
/// `ValidationError` for a session without such a subject, `AccessDenied` for one that could be taken for another: that
/// of an AWS principal, or one that looks like it.
pub fn origin_subject(caller: &Caller) -> Result<&str> {
    let session = caller.session.as_deref();
    let subject = session.filter(|session| [ISSUER, PROVIDER].iter().any(|key| session_key(session, key).is_some()));
    let subject = subject.and_then(|session| session_key(session, SUBJECT)).filter(|text| !text.trim().is_empty());
    let subject = subject.ok_or_else(|| {
        Error::new(
            Code::ValidationError,
            "The session has no origin identity, which SubjectMode OriginIdentity requires.",
        )
    })?;
    if is_misleading(subject) {
        return Err(Error::new(Code::AccessDenied, "The origin identity's subject cannot be the subject of a token."));
    }
    Ok(subject)
}

fn is_misleading(subject: &str) -> bool {
    let begins_like_arn = subject.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("arn:"));
    begins_like_arn || subject.trim_matches(' ') != subject || INVISIBLE.is_match(subject)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misleading_subjects_are_known() {
        for subject in ["arn:x", "ARN:aws:iam::1:root", " a", "a ", "a\tb", "a\u{200b}b", "a\u{a0}b", "a\u{2028}b"] {
            assert!(is_misleading(subject), "{subject:?}");
        }
        for subject in ["alice", "a b", "arnold", "repo:o/r:ref", "Größe"] {
            assert!(!is_misleading(subject), "{subject:?}");
        }
    }
}
