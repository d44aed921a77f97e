//! Grants of KMS keys: each lets its grantee do some operations with the key, for some encryption contexts (AWS KMS
//! Developer Guide, "Grants in AWS KMS").

use std::sync::Arc;

use aws_calls::lookup::Lookup;
use aws_calls::questions::Question;
use iam_policy::{Grammar, Policy, PolicySet, Source, SourceKind};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::buckets::Document;
use super::inquiry::Silence;
use super::policies::ResourcePolicy;
use crate::gateway::Gateway;
use crate::shapes::{AccountId, ArnParts};

/// The most pages of grants that are read. AWS allows 50,000 grants for a key, and gives 100 at a time.
const MAX_PAGES: usize = 500;

/// A grant, as `ListGrants` describes it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Grant {
    grant_id: String,
    grantee_principal: Option<String>,
    retiring_principal: Option<String>,
    operations: Vec<String>,
    constraints: Option<Map<String, Value>>,
}

/// How a grant restricts the encryption context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Constraint<'g> {
    /// Not at all.
    None,
    /// The context has all of these pairs.
    Subset(&'g Map<String, Value>),
    /// The context has these pairs and no other.
    Equals(&'g Map<String, Value>),
    /// By something that is not known here, so the grant allows nothing.
    Unknown,
}

impl Gateway {
    /// The policy of a key with a statement for each grant that allows what a question asks; `None` if no grant does.
    pub(in crate::gateway) async fn policy_with_grants(
        &self,
        question: &Question,
        owner: AccountId,
        policy: Option<&ResourcePolicy>,
    ) -> Result<Option<PolicySet>, Silence> {
        let Some(action) = question.action.strip_prefix("kms:") else { return Ok(None) };
        let Some((_, id)) = question.resource.split_once(":key/") else { return Ok(None) };
        let grants = self.grants(question, owner, id).await?;
        let grants: Vec<Grant> =
            grants.text.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let principals: Vec<&str> = grants.iter().flat_map(|grant| grant.principals_for(action, question)).collect();
        if principals.is_empty() {
            return Ok(None);
        }
        // Without a version there are no variables.
        let statement =
            json!({"Effect": "Allow", "Principal": {"AWS": principals}, "Action": question.action, "Resource": "*"});
        let of_grants = json!({"Statement": statement}).to_string();
        let texts = policy.and_then(|policy| policy.document.text.clone()).into_iter().chain([of_grants]);
        let policies = texts.map(|text| {
            let source = Source { id: question.resource.as_str().into(), kind: SourceKind::Resource, arn: None };
            (source, Policy::parse(&text, Grammar::Resource).map(Arc::new).map_err(Arc::new))
        });
        Ok(Some(PolicySet::new(policies)))
    }

    /// The grants of a key, as a list in JSON.
    async fn grants(&self, question: &Question, owner: AccountId, id: &str) -> Result<Arc<Document>, Silence> {
        let name = format!("grants:{owner}:{}", question.resource);
        if let Some(document) = self.documents.get(&name) {
            return Ok(document);
        }
        let since = self.documents.now();
        let region = ArnParts::parse(&question.resource).map(|arn| arn.region.to_owned()).unwrap_or_default();
        let members = Map::from_iter([("KeyId".to_owned(), Value::from(id))]);
        let (operation, account) = ("ListGrants".to_owned(), owner.to_string());
        let mut lookup = Lookup { service: "kms", operation, members, account, region };
        let mut grants = Vec::new();
        for _ in 0..MAX_PAGES {
            let Some(mut answer) = self.inquire(&lookup, owner).await? else { break };
            if let Some(Value::Array(page)) = answer.get_mut("Grants").map(Value::take) {
                grants.extend(page);
            }
            match answer.get_mut("NextMarker").map(Value::take) {
                Some(Value::String(marker)) if answer.get("Truncated") == Some(&Value::Bool(true)) => {
                    lookup.members.insert("Marker".to_owned(), marker.into());
                }
                _ => break,
            }
        }
        let text = Value::Array(grants).to_string();
        let document = Arc::new(Document { text: Some(text), policies: PolicySet::default() });
        self.documents.keep(name, &document, since);
        Ok(document)
    }
}

impl Grant {
    /// The principals that the grant lets do what a question asks.
    fn principals_for(&self, action: &str, question: &Question) -> impl Iterator<Item = &str> {
        let is_operation = self.operations.iter().any(|operation| operation == action);
        let (grantee, retiring) = match action {
            // AWS: the retiring principal may retire this grant and no other, and so may a grantee who is allowed to.
            "RetireGrant" => {
                let is_meant = question.part.as_deref() == Some(&self.grant_id);
                (is_meant && is_operation, is_meant)
            }
            _ => (is_operation && self.fits(action, question), false),
        };
        let grantee = self.grantee_principal.as_deref().filter(|_| grantee);
        let retiring = self.retiring_principal.as_deref().filter(|_| retiring);
        grantee.into_iter().chain(retiring).filter(|principal| principal.starts_with("arn:"))
    }

    fn fits(&self, action: &str, question: &Question) -> bool {
        let constraint = self.constraint();
        let values = |key: &str| {
            let found = question.keys.iter().find(|(name, _)| name == key);
            found.map(|(_, values)| values.as_slice()).unwrap_or_default()
        };
        match action {
            // It has no encryption context.
            "DescribeKey" => constraint != Constraint::Unknown,
            // AWS: a grant that is made by a grant allows no more operations, and has a constraint at least as strict.
            "CreateGrant" => {
                let is_equals = values("kms:GrantConstraintType").iter().all(|kind| kind == "EncryptionContextEquals");
                let narrows = match constraint {
                    Constraint::Equals(_) => is_equals && constraint.holds(question),
                    constraint => constraint.holds(question),
                };
                narrows && values("kms:GrantOperations").iter().all(|operation| self.operations.contains(operation))
            }
            _ => constraint.holds(question),
        }
    }

    fn constraint(&self) -> Constraint<'_> {
        let mut constraints = self.constraints.iter().flatten().filter(|(_, value)| !value.is_null());
        match (constraints.next(), constraints.next()) {
            (None, _) => Constraint::None,
            (Some((name, Value::Object(pairs))), None) => match name.as_str() {
                "EncryptionContextSubset" => Constraint::Subset(pairs),
                "EncryptionContextEquals" => Constraint::Equals(pairs),
                _ => Constraint::Unknown,
            },
            _ => Constraint::Unknown,
        }
    }
}

impl Constraint<'_> {
    /// Whether the encryption context of a question is as it must be. Its names and values depend on case.
    fn holds(self, question: &Question) -> bool {
        let given = || {
            let pairs = question.keys.iter();
            pairs.filter_map(|(key, values)| Some((key.strip_prefix("kms:EncryptionContext:")?, values.first()?)))
        };
        let has_all = |pairs: &Map<String, Value>| {
            pairs.iter().all(|(name, value)| given().any(|(given, text)| given == name && value == text.as_str()))
        };
        match self {
            Constraint::None => true,
            Constraint::Subset(pairs) => has_all(pairs),
            Constraint::Equals(pairs) => has_all(pairs) && given().count() == pairs.len(),
            Constraint::Unknown => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRANTEE: &str = "arn:aws:iam::111122223333:role/app";
    const RETIRING: &str = "arn:aws:iam::111122223333:role/janitor";

    fn grant(constraints: Value) -> Grant {
        serde_json::from_value(json!({
            "GrantId": "g",
            "GranteePrincipal": GRANTEE,
            "RetiringPrincipal": RETIRING,
            "Operations": ["Decrypt", "CreateGrant", "DescribeKey"],
            "Constraints": constraints,
        }))
        .unwrap()
    }

    fn question(keys: &[(&str, &[&str])]) -> Question {
        let keys =
            keys.iter().map(|(key, values)| ((*key).to_owned(), values.iter().map(ToString::to_string).collect()));
        Question { keys: keys.collect(), ..Question::default() }
    }

    #[test]
    fn an_encryption_context_is_as_the_grant_says() {
        let blue: (&str, &[&str]) = ("kms:EncryptionContext:Team", &["Blue"]);
        let other: (&str, &[&str]) = ("kms:EncryptionContext:Other", &["x"]);
        let pairs = json!({"Team": "Blue"});
        for (constraints, keys, is_allowed) in [
            (json!(null), &[][..], true),
            (json!({}), &[blue], true),
            (json!({"EncryptionContextSubset": pairs}), &[blue], true),
            (json!({"EncryptionContextSubset": pairs}), &[blue, other], true),
            (json!({"EncryptionContextSubset": pairs}), &[other], false),
            (json!({"EncryptionContextSubset": pairs}), &[], false),
            (json!({"EncryptionContextEquals": pairs}), &[blue], true),
            (json!({"EncryptionContextEquals": pairs}), &[blue, other], false),
            (json!({"EncryptionContextEquals": pairs}), &[("kms:EncryptionContext:Team", &["blue"])], false),
            (json!({"EncryptionContextEquals": pairs}), &[("kms:EncryptionContext:team", &["Blue"])], false),
            (json!({"SourceArn": "arn:aws:s3:::b"}), &[blue], false),
            (json!({"EncryptionContextSubset": pairs, "SourceArn": "arn:aws:s3:::b"}), &[blue], false),
        ] {
            let grant = grant(constraints.clone());
            let asked = question(keys);
            let principals: Vec<&str> = grant.principals_for("Decrypt", &asked).collect();
            let expected: Vec<&str> = is_allowed.then_some(GRANTEE).into_iter().collect();
            assert_eq!(principals, expected, "{constraints} {keys:?}");
        }
        assert_eq!(grant(json!({})).principals_for("Encrypt", &question(&[])).next(), None, "another operation");
        let equals = grant(json!({"EncryptionContextEquals": pairs}));
        assert_eq!(equals.principals_for("DescribeKey", &question(&[])).next(), Some(GRANTEE));
    }

    #[test]
    fn a_grant_by_a_grant_allows_no_more() {
        let equals = grant(json!({"EncryptionContextEquals": {"Team": "Blue"}}));
        let of = |kind: &str, operations: &[&str], context: &str| {
            let keys: [(&str, &[&str]); 3] = [
                ("kms:GrantConstraintType", &[kind]),
                ("kms:GrantOperations", operations),
                ("kms:EncryptionContext:Team", &[context]),
            ];
            equals.principals_for("CreateGrant", &question(&keys)).next().is_some()
        };
        assert!(of("EncryptionContextEquals", &["Decrypt"], "Blue"));
        assert!(!of("EncryptionContextSubset", &["Decrypt"], "Blue"));
        assert!(!of("EncryptionContextEquals", &["Decrypt", "Encrypt"], "Blue"));
        assert!(!of("EncryptionContextEquals", &["Decrypt"], "Red"));
    }

    #[test]
    fn a_grant_is_retired_by_its_retiring_principal() {
        let of = |grant: &Grant, id: &str| {
            let asked = Question { part: Some(id.to_owned()), ..Question::default() };
            grant.principals_for("RetireGrant", &asked).map(str::to_owned).collect::<Vec<_>>()
        };
        let mut grant = grant(json!({}));
        assert_eq!(of(&grant, "g"), [RETIRING]);
        assert!(of(&grant, "h").is_empty());
        grant.operations.push("RetireGrant".to_owned());
        assert_eq!(of(&grant, "g"), [GRANTEE, RETIRING]);
        assert!(of(&grant, "h").is_empty());
    }
}
