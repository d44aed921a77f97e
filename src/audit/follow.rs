//! Events as those who follow the trail see them: what came of each in a word, and filters.

use serde_json::{Value, json};

use super::additions::EventDecision;
use super::event::{Event, IdentityKind};
use crate::shapes::AccountId;

/// What came of a call, in the words of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventOutcome {
    /// It was answered.
    Ok,
    /// No policy allows it, or one denies it.
    Denied,
    /// The same, but it went on because enforcement only logs.
    WouldDeny,
    /// It asks for what cannot be.
    Refused,
}

impl EventOutcome {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Denied => "DENIED",
            Self::WouldDeny => "WOULD-DENY",
            Self::Refused => "REFUSED",
        }
    }
}

/// Which events a follower wants: those that fit all that is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Only denials.
    pub denied: bool,
    /// The ARN or the name of a user or role, or the name of a session; `*` matches any characters.
    pub principal: Option<String>,
    /// The action, such as `iam:Create*`.
    pub action: Option<String>,
    /// The account that sees the event.
    pub account: Option<AccountId>,
}

impl EventFilter {
    /// Whether an event is wanted.
    pub fn fits(&self, event: &Event) -> bool {
        let is_action = |pattern: &String| event.asked_actions().any(|action| matches(pattern, action));
        (!self.denied || matches!(event.outcome(), EventOutcome::Denied | EventOutcome::WouldDeny))
            && self.account.is_none_or(|account| account == event.account)
            && self.principal.as_ref().is_none_or(|pattern| event.names().any(|name| matches(pattern, name)))
            && self.action.as_ref().is_none_or(|pattern| matches(pattern, &event.action()) || is_action(pattern))
    }
}

/// Whether a text fits a pattern, in which `*` matches any characters. Capitals do not matter.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_lowercase(), text.to_lowercase());
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.split_once(part) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    rest.ends_with(last)
}

impl Event {
    /// What came of the call.
    pub fn outcome(&self) -> EventOutcome {
        let is_refusal = |code: &str| code.starts_with("AccessDenied");
        match (&self.denial, &self.failure) {
            (Some(denial), _) if denial.let_through => EventOutcome::WouldDeny,
            (_, Some(failure)) if is_refusal(&failure.code) => EventOutcome::Denied,
            (_, Some(_)) => EventOutcome::Refused,
            _ => EventOutcome::Ok,
        }
    }

    /// The operation's own action: `iam:CreateUser`.
    pub fn action(&self) -> String {
        format!("{}:{}", self.service, self.name)
    }

    /// The actions that the call asked permission for.
    fn asked_actions(&self) -> impl Iterator<Item = &str> {
        self.asked.iter().map(|asked| asked.action.as_str())
    }

    /// The names of the caller: ARN, user name, session name, and those of the role behind a session.
    fn names(&self) -> impl Iterator<Item = &str> {
        let issuer = self.identity.session.as_ref().and_then(|session| session.issuer.as_ref());
        let issuer = issuer.into_iter().flat_map(|issuer| [Some(issuer.arn.as_str()), issuer.user_name.as_deref()]);
        [self.identity.arn.as_deref(), self.user_name()].into_iter().chain(issuer).flatten()
    }

    /// The caller in a word: an ARN, or what else is known.
    pub fn caller(&self) -> &str {
        let identity = &self.identity;
        let known = [&identity.arn, &identity.invoked_by, &identity.principal_id];
        known.into_iter().find_map(|name| name.as_deref()).unwrap_or(IdentityKind::Unknown.as_str())
    }

    /// The event as JSON, for those who may look events up: what a record says of it, in short.
    pub fn line(&self) -> Value {
        let failure = self.failure.as_ref();
        let id = self.denial.as_ref().and_then(|denial| denial.authorization_id.clone());
        json!({
            "id": self.id().to_string(),
            "time": self.time.to_string(),
            "outcome": self.outcome().as_str(),
            "action": self.action(),
            "caller": self.caller(),
            "address": self.source,
            "region": self.region,
            "error": failure.map(|failure| &failure.code),
            "authorizationId": id,
        })
    }

    /// The event as JSON, for the operator.
    pub fn shown(&self) -> Value {
        let asked: Vec<Value> =
            self.asked.iter().map(|asked| json!({"action": asked.action, "resource": asked.resource})).collect();
        let mut shown = json!({
            "id": self.id().to_string(),
            "time": self.time.to_string(),
            "outcome": self.outcome().as_str(),
            "account": self.account.to_string(),
            "partition": self.account.partition().name(),
            "caller": self.caller(),
            "action": self.action(),
            "asked": asked,
            "decisions": self.additions.decisions.iter().map(EventDecision::shown).collect::<Vec<_>>(),
            "micros": self.micros,
        });
        let denial = self.denial.as_ref().map(|denial| {
            json!({
                "action": denial.asked.action,
                "resource": denial.asked.resource,
                "layer": denial.layer,
                "reason": denial.reason,
                "letThrough": denial.let_through,
                "authorizationId": denial.authorization_id,
            })
        });
        if let Value::Object(members) = &mut shown {
            members.extend(denial.map(|denial| ("denial".to_owned(), denial)));
            members.insert("record".to_owned(), self.record());
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::super::event::tests::example;
    use super::super::event::{Asked, EventDenial, EventFailure};
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, text, fits) in [
            ("iam:*", "iam:CreateUser", true),
            ("IAM:create*", "iam:CreateUser", true),
            ("*user", "iam:CreateUser", true),
            ("*e*e*e*", "iam:CreateUser", true),
            ("iam:*eu*", "iam:CreateUser", true),
            ("a*a", "a", false),
            ("a*b*c", "abbc", true),
            ("a*b*c", "acb", false),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("iam", "iam:CreateUser", false),
        ] {
            assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn filters_keep_what_fits_all_of_them() {
        let allowed = Event {
            asked: vec![Asked { action: "iam:TagUser".into(), resource: "*".into() }],
            ..example(1, "CreateUser")
        };
        let failure = Some(EventFailure { code: "AccessDenied".to_owned(), message: None });
        let denied = Event { failure, ..allowed.clone() };
        let asked = Asked { action: "iam:CreateUser".to_owned(), resource: "*".to_owned() };
        let denial =
            EventDenial { asked, layer: None, reason: String::new(), let_through: true, authorization_id: None };
        let let_through = Event { denial: Some(denial), ..allowed.clone() };
        let words = [&allowed, &denied, &let_through].map(|event| event.outcome().as_str());
        assert_eq!(words, ["OK", "DENIED", "WOULD-DENY"]);
        let fits = |filter: &EventFilter| [&allowed, &denied, &let_through].map(|event| filter.fits(event));
        let none = EventFilter::default();
        assert_eq!(fits(&none), [true; 3]);
        assert_eq!(fits(&EventFilter { denied: true, ..none.clone() }), [false, true, true]);
        for (principal, expected) in [("alice", true), ("arn:aws:iam::123456789012:user/*", true), ("bob", false)] {
            let filter = EventFilter { principal: Some(principal.to_owned()), ..none.clone() };
            assert_eq!(fits(&filter), [expected; 3], "{principal}");
        }
        for (action, expected) in [("iam:create*", true), ("iam:TagUser", true), ("sts:*", false)] {
            let filter = EventFilter { action: Some(action.to_owned()), ..none.clone() };
            assert_eq!(fits(&filter), [expected; 3], "{action}");
        }
        let other = AccountId::parse("111111111111");
        assert_eq!(fits(&EventFilter { account: other, ..none }), [false; 3]);
    }
}
