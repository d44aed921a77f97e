//! Policy documents as entities keep them: the text that was given, compiled at its first use.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use crate::error::{Code, Error, Result};
use crate::shapes::{AccountId, ArnParts, EncodedDocument, Partition};
use iam_policy::{Grammar, Invalid, Policy, PrincipalKind, PrincipalName};

/// A compiled policy, or why it could not be read: the engine lets a policy that cannot be read deny everything.
pub type Compiled = std::result::Result<Arc<Policy>, Arc<Invalid>>;

/// An identity-based policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Arc<str>", into = "Arc<str>")]
pub struct StoredPolicy {
    text: Arc<str>,
    compiled: OnceLock<Compiled>,
}

impl StoredPolicy {
    /// Takes up a document that a client sends for an account of this partition.
    ///
    /// # Errors
    /// `MalformedPolicyDocument` in AWS's words.
    pub fn new(text: &str, grammar: Grammar, partition: Partition) -> Result<Self> {
        let policy = Policy::accept(text, grammar, partition.name()).map_err(malformed)?;
        Ok(Self { text: text.into(), compiled: OnceLock::from(Ok(Arc::new(policy))) })
    }

    /// The text as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text as answers show it.
    pub fn encoded(&self) -> EncodedDocument {
        EncodedDocument(self.text.clone())
    }

    /// The compiled policy. It was accepted when it was stored, so the rules of storing do not matter any more.
    pub fn compiled(&self) -> Compiled {
        self.compiled.get_or_init(|| compile(&self.text, Grammar::Identity)).clone()
    }
}

impl From<Arc<str>> for StoredPolicy {
    fn from(text: Arc<str>) -> Self {
        Self { text, compiled: OnceLock::new() }
    }
}

impl From<StoredPolicy> for Arc<str> {
    fn from(policy: StoredPolicy) -> Self {
        policy.text
    }
}

/// A role's trust policy. The users and roles that it names are kept by their unique ids, so that one that is deleted
/// and created again is not trusted (IAM User Guide, "AWS JSON policy elements: Principal").
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TrustPolicy {
    text: Arc<str>,
    /// The unique id of each user and role, by the ARN written.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    ids: BTreeMap<String, String>,
    #[serde(skip)]
    compiled: OnceLock<Compiled>,
}

impl TrustPolicy {
    /// Takes up a document that a client sends. `resolve` gives the unique id of a user or role by its ARN,
    /// `Some(None)` for principals that have none, and `None` for those that do not exist.
    ///
    /// # Errors
    /// `MalformedPolicyDocument` in AWS's words.
    pub fn new(text: &str, resolve: impl Fn(&str) -> Option<Option<String>>) -> Result<Self> {
        let policy = Policy::accept(text, Grammar::Trust, Partition::Aws.name()).map_err(malformed)?;
        let mut ids = BTreeMap::new();
        for name in policy.principals().filter(|name| name.kind == PrincipalKind::Aws) {
            let id = resolve(&name.written).ok_or_else(|| {
                let message = format!("Invalid principal in policy: \"AWS\":\"{}\"", name.written);
                Error::new(Code::MalformedPolicyDocument, message)
            })?;
            ids.extend(id.map(|id| (name.written.to_string(), id)));
        }
        Ok(Self { text: text.into(), ids, compiled: OnceLock::new() })
    }

    /// The text as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The unique id of a user or role that it names, as it was when the policy was stored.
    pub fn id_of(&self, written: &str) -> Option<&str> {
        self.ids.get(written).map(String::as_str)
    }

    /// The users and roles that it names by ARN, with their unique ids as they were when the policy was stored.
    pub fn ids(&self) -> impl Iterator<Item = (&str, &str)> {
        self.ids.iter().map(|(written, id)| (written.as_str(), id.as_str()))
    }

    /// The accounts of the users and roles that it names.
    pub fn accounts(&self) -> impl Iterator<Item = AccountId> {
        self.ids.keys().filter_map(|arn| ArnParts::parse(arn)?.account_id())
    }

    /// The compiled policy, which means users and roles by their unique ids.
    pub fn compiled(&self) -> Compiled {
        let compile = || {
            let policy = compile(&self.text, Grammar::Trust)?;
            Ok(Arc::new(policy.with_resolved_principals(|written| self.ids.get(written).cloned())))
        };
        self.compiled.get_or_init(compile).clone()
    }

    /// The text as answers show it: accounts appear by the ARN of their root user, a principal that is gone appears by
    /// its id, one that was renamed by its new ARN. `arn_of` gives the ARN of an id in its present spelling; `None` if
    /// it is not known.
    pub fn encoded(&self, partition: Partition, arn_of: impl Fn(&str, &str) -> Option<String>) -> EncodedDocument {
        let Ok(policy) = self.compiled() else { return EncodedDocument(self.text.clone()) };
        let replace = |written: &str| {
            // An account that is written by its number is its root user.
            if let Some(account) = AccountId::parse(written) {
                return Some(format!("arn:{partition}:iam::{account}:root"));
            }
            let shown = arn_of(written, self.ids.get(written)?)?;
            (shown != written).then_some(shown)
        };
        let replace = |name: &PrincipalName| replace(&name.written).filter(|_| name.kind == PrincipalKind::Aws);
        EncodedDocument(policy.text_with_principals(replace).into())
    }
}

/// The accounts whose users and roles a document names that may become a trust policy; none if it cannot be read.
pub fn accounts_named(text: &str) -> Vec<AccountId> {
    accounts_named_in(text, Grammar::Trust)
}

/// The same of a policy of another grammar.
pub fn accounts_named_in(text: &str, grammar: Grammar) -> Vec<AccountId> {
    let Ok(policy) = Policy::parse(text, grammar) else { return Vec::new() };
    let arns = policy.principals().filter_map(|name| ArnParts::parse(&name.written));
    arns.filter(|arn| arn.resource != "root").filter_map(|arn| arn.account_id()).collect()
}

fn compile(text: &str, grammar: Grammar) -> Compiled {
    Policy::parse(text, grammar).map(Arc::new).map_err(Arc::new)
}

fn malformed(invalid: Invalid) -> Error {
    Error::new(Code::MalformedPolicyDocument, invalid.message)
}
