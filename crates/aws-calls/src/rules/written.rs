//! The words of a table, as written in `data/rules/{service}.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;

/// One text or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMore<T> {
    /// Several, in order. A list is tried first: serde would also take it for the fields of one structure.
    More(Vec<T>),
    /// One.
    One(T),
}

impl<T> Default for OneOrMore<T> {
    fn default() -> Self {
        Self::More(Vec::new())
    }
}

impl<T> OneOrMore<T> {
    pub fn into_vec(self) -> Vec<T> {
        match self {
            Self::One(one) => vec![one],
            Self::More(more) => more,
        }
    }
}

/// A service's table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Table {
    /// The member that names the account of resources given by name. Without it, they are the caller's.
    pub owner: Option<String>,
    /// The form of a member's value where it is not a name or an ARN.
    #[serde(default)]
    pub forms: BTreeMap<String, String>,
    /// Where the variables of ARN templates come from, for all rules.
    #[serde(default)]
    pub fill: BTreeMap<String, String>,
    /// What code every question of the service needs beside the words of the table, by name.
    #[serde(default)]
    pub code: OneOrMore<String>,
    /// How sentences of denial differ from the usual.
    #[serde(default)]
    pub sentence: Sentence,
    /// Operations that another account's resource policy cannot allow.
    #[serde(default)]
    pub not_across_accounts: Vec<String>,
    /// How resource policies are read.
    #[serde(default)]
    pub policy: Vec<Lookup>,
    /// How tags are read.
    #[serde(default)]
    pub tags_of: Vec<Lookup>,
    /// The rules; of those for an operation, the first whose conditions hold applies.
    #[serde(default)]
    pub rule: Vec<Rule>,
}

/// How sentences differ.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Sentence {
    /// `lower`: the action in small letters. Anything else: the prefix in place of the usual.
    pub action: Option<String>,
    /// `none`: no resource is named.
    pub resource: Option<String>,
}

/// How something about a resource is read from the upstream.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Lookup {
    /// The types of resources that have it.
    pub resources: Vec<String>,
    /// The operation that reads it.
    pub read: String,
    /// Its members, with the variables of the resource's ARN: `${QueueName}`, `${Account}`, `${Arn}`.
    pub send: BTreeMap<String, toml::Value>,
    /// Where it is in the answer.
    pub find: String,
    /// The operations after which it has to be read again.
    #[serde(default)]
    pub changed_by: Vec<String>,
}

/// What some operations ask for, or, under `also`, a further demand of theirs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Rule {
    /// The operations.
    #[serde(default)]
    pub operations: Vec<String>,
    /// What must hold for the rule to apply; all of it.
    #[serde(default)]
    pub when: OneOrMore<String>,
    /// The action, if its name is not the operation's. With a prefix, it is another service's.
    pub action: Option<String>,
    /// One question for each of these.
    pub each: Option<String>,
    /// The type of the resource, or `*`; of several, the first that the request fits.
    #[serde(default)]
    pub resource: OneOrMore<Resource>,
    /// The member that holds the ARN of the resource.
    pub arn: Option<String>,
    /// The member that holds a token of an earlier answer, which stands for the resource.
    pub token: Option<String>,
    /// Where the variables of the ARN come from.
    #[serde(default)]
    pub fill: BTreeMap<String, String>,
    /// The member that names the account of the resource.
    pub owner: Option<String>,
    /// Condition keys, with a `*` where the names of a map go.
    #[serde(default)]
    pub keys: BTreeMap<String, String>,
    /// The tags in the request: `aws:RequestTag/K` and `aws:TagKeys`.
    pub tags: Option<String>,
    /// The names of tags in the request: `aws:TagKeys`.
    pub tag_keys: Option<String>,
    /// What AWS's sentence shows as the resource.
    pub shown: Option<String>,
    /// The name of the element in an answer that reports some elements and answers the others.
    pub part: Option<String>,
    /// What code the rule needs beside the words of the table, by name.
    #[serde(default)]
    pub code: OneOrMore<String>,
    /// Whether the rule comes from names that fit and not from what AWS documents.
    #[serde(default)]
    pub derived: bool,
    /// The roles that the call hands to a service.
    #[serde(default)]
    pub pass_role: OneOrMore<PassRole>,
    /// Further demands.
    #[serde(default)]
    pub also: Vec<Rule>,
}

/// A type of resource.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Resource {
    /// Its name in the reference, or `*`.
    Type(String),
    /// The type of some requests.
    Some(SomeResource),
}

/// A type of resource that only some requests name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct SomeResource {
    /// Its name in the reference, or `*`.
    pub r#type: String,
    /// What must hold for it; all of it.
    #[serde(default)]
    pub when: OneOrMore<String>,
    /// Where the variables of the ARN come from.
    #[serde(default)]
    pub fill: BTreeMap<String, String>,
}

/// A role that the call hands to a service.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PassRole {
    /// The member that holds the role's ARN or name.
    pub role: String,
    /// The service principal that gets it.
    pub service: String,
    /// What must hold; all of it.
    #[serde(default)]
    pub when: OneOrMore<String>,
}
