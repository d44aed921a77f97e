//! What events have besides what the first versions of them had.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::event::Asked;

/// The most decisions that an event keeps.
const MAX_DECISIONS: usize = 64;

/// What is kept behind an event. Blocks that were written without it have nothing there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Additions {
    /// The TLS connection on which the request came.
    pub tls: Option<TlsDetails>,
    /// What was decided of each action on each resource, and by what.
    pub decisions: Vec<EventDecision>,
}

/// The TLS connection of a request, as CloudTrail's `tlsDetails` has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsDetails {
    /// The version: `TLSv1.3`.
    pub version: Cow<'static, str>,
    /// The cipher suite, in OpenSSL's words.
    pub cipher_suite: Cow<'static, str>,
    /// The `Host` header of the client.
    pub host: Option<String>,
}

/// The decision on one action on one resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventDecision {
    /// What was asked.
    pub asked: Asked,
    /// What was decided.
    pub effect: DecisionEffect,
    /// The layer of policies that decided, or had to allow it and does not.
    pub layer: Option<Cow<'static, str>>,
    /// What decided in place of a policy: that the root user needs no permission, for one.
    pub because: Option<Cow<'static, str>>,
    /// The ARN of the policy that decided; of an inline policy its id, as the policy simulator names it.
    pub policy: Option<String>,
    /// The `Sid` of the statement that decided, else its place: `Statement1` is the first.
    pub statement: Option<String>,
    /// The condition keys that the statement names, with the values that the request had; none for a key that was absent.
    pub keys: Vec<(String, Vec<String>)>,
}

/// What was decided, in the words of the Access Troubleshooter. Of a resource with several names, the greatest counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum DecisionEffect {
    /// No statement allows it.
    ImplicitDeny,
    /// It is allowed.
    Allow,
    /// A statement denies it.
    ExplicitDeny,
}

impl DecisionEffect {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "ALLOW",
            Self::ExplicitDeny => "EXPLICIT_DENY",
            Self::ImplicitDeny => "IMPLICIT_DENY",
        }
    }
}

impl Additions {
    /// Whether there is nothing to keep.
    pub fn is_empty(&self) -> bool {
        self.tls.is_none() && self.decisions.is_empty()
    }

    /// Keeps what was decided: of each action on a resource the last decision, for it may be asked again when more is known
    /// of the resource.
    pub fn keep(&mut self, decisions: Vec<EventDecision>) {
        for decision in decisions {
            let has_room = self.decisions.len() < MAX_DECISIONS;
            match self.decisions.iter_mut().find(|known| known.asked == decision.asked) {
                Some(known) => *known = decision,
                None if has_room => self.decisions.push(decision),
                None => {}
            }
        }
    }

    /// About how many bytes it takes in memory.
    pub(super) fn size(&self) -> usize {
        self.decisions.iter().map(EventDecision::size).sum()
    }
}

impl TlsDetails {
    pub(super) fn record(&self) -> Value {
        let mut record = Map::new();
        record.insert("tlsVersion".to_owned(), self.version.as_ref().into());
        record.insert("cipherSuite".to_owned(), self.cipher_suite.as_ref().into());
        if let Some(host) = &self.host {
            record.insert("clientProvidedHostHeader".to_owned(), host.as_str().into());
        }
        record.into()
    }
}

impl EventDecision {
    fn size(&self) -> usize {
        let keys = self.keys.iter().flat_map(|(key, values)| values.iter().chain([key]));
        let texts = [&self.policy, &self.statement].into_iter().flatten().chain(keys);
        texts.map(String::len).sum::<usize>() + self.asked.resource.len() + 256
    }

    /// The decision as JSON, for the operator.
    pub(super) fn shown(&self) -> Value {
        let mut shown = json!({
            "action": self.asked.action,
            "resource": self.asked.resource,
            "effect": self.effect.as_str(),
        });
        let Value::Object(members) = &mut shown else { return shown };
        let mut put = |name: &str, text: Option<&str>| {
            members.extend(text.map(|text| (name.to_owned(), text.into())));
        };
        put("layer", self.layer.as_deref());
        put("because", self.because.as_deref());
        put("policy", self.policy.as_deref());
        put("statement", self.statement.as_deref());
        if !self.keys.is_empty() {
            let keys = self.keys.iter().map(|(key, values)| (key.clone(), json!(values)));
            members.insert("keys".to_owned(), Value::Object(keys.collect()));
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_decision_on_a_resource_counts() {
        let decision = |resource: &str, effect| EventDecision {
            asked: Asked { action: "kms:Decrypt".to_owned(), resource: resource.to_owned() },
            effect,
            layer: None,
            because: None,
            policy: None,
            statement: None,
            keys: Vec::new(),
        };
        let mut additions = Additions::default();
        assert!(additions.is_empty());
        additions.keep(vec![decision("a", DecisionEffect::ImplicitDeny), decision("b", DecisionEffect::Allow)]);
        additions.keep(vec![decision("a", DecisionEffect::Allow)]);
        let kept: Vec<_> = additions.decisions.iter().map(|kept| (&*kept.asked.resource, kept.effect)).collect();
        assert_eq!(kept, [("a", DecisionEffect::Allow), ("b", DecisionEffect::Allow)]);
        additions.keep((0..1000).map(|number| decision(&number.to_string(), DecisionEffect::Allow)).collect());
        assert_eq!(additions.decisions.len(), MAX_DECISIONS);
    }
}
