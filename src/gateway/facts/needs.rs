//! Facts that questions need: looked up from the upstream, as the owner of the resource, and only when they matter.

use std::sync::Arc;

use aws_calls::arn::Arn;
use aws_calls::needs::{Fact, Facts, Matters, Need};
use aws_calls::questions::Asked;
use iam_policy::{PolicySet, context_keys};
use serde_json::{Map, Value, json};

use super::inquiry::{Inquiry, Said, Silence};
use super::lookup::{Known, tags};
use super::policies::ResourcePolicy;
use crate::account::Account;
use crate::gateway::Gateway;
use crate::gateway::decision::{Decision, silent};
use crate::gateway::steps::Failure;
use crate::identity::Standing;
use crate::shapes::{AccountId, Partition};

/// How often a call is asked again for facts that other facts lead to: an alias, then its key's tags.
pub(in crate::gateway) const MAX_ROUNDS: usize = 4;

impl Gateway {
    /// Looks up what is missing and matters; whether anything was.
    pub(in crate::gateway) async fn learn_facts(
        &self,
        decision: &Decision<'_>,
        asked: &Asked,
        facts: &mut Facts,
    ) -> Result<bool, Failure> {
        let mut mentioned = None;
        let mut found_any = false;
        for need in &asked.needs {
            if facts.get(need).is_some() {
                continue;
            }
            let matters = match need.matters() {
                Matters::Always => true,
                Matters::ToKeys(keys) => {
                    if mentioned.is_none() {
                        mentioned = Some(self.mentioned_keys(decision, asked).await?);
                    }
                    mentioned.iter().flatten().any(|key| keys.iter().any(|start| begins_with(key, start)))
                }
            };
            if matters && let Some(fact) = self.look_up(decision, need).await.map_err(silent)? {
                facts.insert(need.clone(), fact);
                found_any = true;
            }
        }
        Ok(found_any)
    }

    /// The condition keys that the policies of caller, resources and organization mention.
    async fn mentioned_keys(&self, decision: &Decision<'_>, asked: &Asked) -> Result<Vec<String>, Failure> {
        let own = decision.app.accounts.get(decision.caller.account).await?.durable();
        let mut policies = Vec::new();
        for question in &asked.questions {
            let owner = self.owner(question, decision.caller)?;
            policies.extend(self.policy_of(decision, question, owner).await.map_err(silent)?);
        }
        let of_resources = policies.iter().map(ResourcePolicy::set);
        let mut mentioned = Vec::new();
        any_key(decision, &own, of_resources, self.first_owner(decision, asked), |key| {
            mentioned.push(key.to_owned());
            false
        })?;
        Ok(mentioned)
    }

    fn first_owner(&self, decision: &Decision<'_>, asked: &Asked) -> Option<AccountId> {
        self.owner(asked.questions.first()?, decision.caller).ok()
    }

    /// Asks the upstream; `None` for what no question of the gateway's can answer.
    async fn look_up(&self, decision: &Decision<'_>, need: &Need) -> Result<Option<Fact>, Silence> {
        let region = decision.arrival.facts.region.as_str();
        let caller = decision.caller.account;
        Ok(Some(match need {
            Need::Tags { resource } => self.tags_of(resource, caller).await?,
            Need::ObjectTags { bucket, key, version } => {
                let mut members = members(&[("Bucket", bucket), ("Key", key)]);
                if let Some(version) = version {
                    members.insert("VersionId".to_owned(), version.as_str().into());
                }
                self.s3_tags("GetObjectTagging", members, bucket, region).await?
            }
            Need::BucketTags { bucket } => {
                self.s3_tags("GetBucketTagging", members(&[("Bucket", bucket)]), bucket, region).await?
            }
            Need::KeySchema { table, index } => {
                let answer = self.ask("dynamodb", "DescribeTable", table, "TableName", caller).await?;
                answer.map_or(Fact::Missing, |answer| key_schema(&answer, index.as_deref()))
            }
            Need::KeyOfAlias { alias } => {
                let answer = self.ask("kms", "DescribeKey", alias, "KeyId", caller).await?;
                text_at(answer.as_ref(), "/KeyMetadata/Arn")
            }
            Need::AliasesOfKey { key } => {
                let answer = self.ask("kms", "ListAliases", key, "KeyId", caller).await?;
                let aliases = answer.as_ref().and_then(|answer| answer.get("Aliases")?.as_array().cloned());
                let name = |alias: &Value| alias.get("AliasName")?.as_str().map(str::to_owned);
                Fact::Texts(aliases.unwrap_or_default().iter().filter_map(name).collect())
            }
            Need::KeyProperties { key } => {
                let answer = self.ask("kms", "DescribeKey", key, "KeyId", caller).await?;
                answer.map_or(Fact::Missing, |answer| key_properties(&answer))
            }
            Need::SecretArn { id, account, region } => {
                // The operation takes a name or a whole ARN.
                let name = id.split_once(":secret:").map_or(id.as_str(), |(_, name)| name);
                let named = AccountId::parse(account).map(|account| account.in_partition(caller.partition()));
                let owner = named.unwrap_or(caller);
                let members = members(&[("SecretId", name)]);
                let inquiry =
                    Inquiry { service: "secretsmanager", operation: "DescribeSecret", members, owner, region };
                match inquiry.ask(&self.upstreams).await? {
                    Said::Answer(answer) => text_at(Some(&answer), "/ARN"),
                    Said::Nothing => text_at(None, "/ARN"),
                }
            }
            Need::ResourceOfToken { .. } => {
                let arn = self.tokens.resource(caller, region, need);
                arn.map_or(Fact::Missing, |arn| Fact::Text(arn.to_string()))
            }
            Need::KeyOfCiphertext => return Ok(None),
        }))
    }

    async fn tags_of(&self, resource: &str, caller: AccountId) -> Result<Fact, Silence> {
        let Some(known) = Known::of(resource, caller) else { return Ok(Fact::Missing) };
        let rules = Arc::clone(&known.rules);
        let Some(lookup) = known.lookup(&rules.tags, &rules) else { return Ok(Fact::Missing) };
        let found = known.ask(&self.upstreams, lookup).await?;
        Ok(found.map_or(Fact::Missing, |found| Fact::Tags(tags(&found))))
    }

    async fn s3_tags(
        &self,
        operation: &str,
        members: Map<String, Value>,
        bucket: &str,
        region: &str,
    ) -> Result<Fact, Silence> {
        let owner = self.owners.of_bucket(bucket).owner;
        let inquiry = Inquiry { service: "s3", operation, members, owner, region };
        let Said::Answer(answer) = inquiry.ask(&self.upstreams).await? else { return Ok(Fact::Missing) };
        Ok(match answer.pointer("/TagSet/Tag") {
            Some(many @ Value::Array(_)) => Fact::Tags(tags(many)),
            Some(one @ Value::Object(_)) => Fact::Tags(tags(&json!([one]))),
            _ => Fact::Tags(Vec::new()),
        })
    }

    /// Asks for something about a resource, which the operation takes by its ARN.
    async fn ask(
        &self,
        service: &str,
        operation: &str,
        arn: &str,
        member: &str,
        caller: AccountId,
    ) -> Result<Option<Value>, Silence> {
        self.ask_of(service, operation, arn, (member, arn), caller).await
    }

    async fn ask_of(
        &self,
        service: &str,
        operation: &str,
        arn: &str,
        member: (&str, &str),
        caller: AccountId,
    ) -> Result<Option<Value>, Silence> {
        let parts = Arn::parse(arn);
        let named = parts.and_then(|parts| AccountId::parse(parts.account));
        let owner = named.map_or(caller, |account| account.in_partition(caller.partition()));
        let region = parts.map_or(Partition::default().signing_region(), |parts| parts.region);
        let inquiry = Inquiry { service, operation, members: members(&[member]), owner, region };
        Ok(match inquiry.ask(&self.upstreams).await? {
            Said::Answer(answer) => Some(answer),
            Said::Nothing => None,
        })
    }
}

/// Whether the policies of caller, resources and organization mention a condition key for which `is_wanted` is true.
pub(in crate::gateway) fn any_key<'p>(
    decision: &Decision<'_>,
    own: &Account,
    of_resources: impl Iterator<Item = &'p PolicySet>,
    owner: Option<AccountId>,
    mut is_wanted: impl FnMut(&str) -> bool,
) -> Result<bool, Failure> {
    if of_resources.flat_map(PolicySet::policies).flat_map(context_keys).any(&mut is_wanted) {
        return Ok(true);
    }
    let standing = Standing::of(decision.caller, own)?;
    let layers = standing.layers();
    let one = [layers.identity, layers.boundary, layers.session, layers.delegation];
    let mut sets: Vec<&PolicySet> = one.into_iter().flatten().collect();
    sets.extend(layers.scoped.into_iter().flatten());
    if let Some(organization) = &decision.app.environment.organization {
        for account in [Some(decision.caller.account), owner] {
            let place = account.and_then(|account| organization.place(account));
            sets.extend(place.and_then(|place| place.service_control()).into_iter().flatten());
            sets.extend(place.and_then(|place| place.resource_control()).into_iter().flatten());
        }
    }
    Ok(sets.into_iter().flat_map(PolicySet::policies).flat_map(context_keys).any(is_wanted))
}

fn members(pairs: &[(&str, &str)]) -> Map<String, Value> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect()
}

/// Names of condition keys do not depend on case.
fn begins_with(key: &str, start: &str) -> bool {
    key.get(..start.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(start))
}

fn text_at(answer: Option<&Value>, pointer: &str) -> Fact {
    let text = answer.and_then(|answer| answer.pointer(pointer)?.as_str());
    text.map_or(Fact::Missing, |text| Fact::Text(text.to_owned()))
}

/// The partition key of a table, or of one of its indexes.
fn key_schema(answer: &Value, index: Option<&str>) -> Fact {
    let table = answer.get("Table");
    let schema = match index {
        None => table.and_then(|table| table.get("KeySchema")),
        Some(index) => ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"].iter().find_map(|kind| {
            let indexes = table?.get(*kind)?.as_array()?;
            indexes.iter().find(|found| found.get("IndexName").is_some_and(|name| name == index))?.get("KeySchema")
        }),
    };
    let is_hash = |key: &&Value| key.get("KeyType").is_some_and(|kind| kind == "HASH");
    let name = |key: &Value| key.get("AttributeName")?.as_str().map(str::to_owned);
    match schema.and_then(Value::as_array) {
        Some(schema) => Fact::Texts(schema.iter().filter(is_hash).filter_map(name).collect()),
        None => Fact::Missing,
    }
}

/// What a KMS key is, by condition key.
fn key_properties(answer: &Value) -> Fact {
    const KEYS: [(&str, &str); 5] = [
        ("kms:KeySpec", "KeySpec"),
        ("kms:KeyUsage", "KeyUsage"),
        ("kms:KeyOrigin", "Origin"),
        ("kms:MultiRegion", "MultiRegion"),
        ("kms:CustomerMasterKeySpec", "CustomerMasterKeySpec"),
    ];
    let Some(metadata) = answer.get("KeyMetadata") else { return Fact::Missing };
    let value = |name: &str| match metadata.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    };
    Fact::Tags(KEYS.iter().filter_map(|(key, name)| Some(((*key).to_owned(), value(name)?))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_partition_key_is_found() {
        let answer = json!({"Table": {
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            "GlobalSecondaryIndexes": [
                {"IndexName": "i", "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}, {"AttributeName": "b", "KeyType": "HASH"}]},
            ],
        }});
        assert_eq!(key_schema(&answer, None), Fact::Texts(vec!["pk".to_owned()]));
        assert_eq!(key_schema(&answer, Some("i")), Fact::Texts(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(key_schema(&answer, Some("j")), Fact::Missing);
    }

    #[test]
    fn keys_are_compared_without_case() {
        assert!(begins_with("AWS:resourcetag/Team", "aws:ResourceTag/"));
        assert!(!begins_with("aws:ResourceTa", "aws:ResourceTag/"));
    }
}
