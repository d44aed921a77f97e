//! Facts that questions need: looked up from the upstream, as the owner of the resource, and only when they matter.

use aws_calls::lookup;
use aws_calls::needs::{Fact, Facts, Matters, Need};
use aws_calls::questions::Asked;
use iam_policy::{PolicySet, context_keys};
use serde_json::{Map, Value};

use super::inquiry::{Inquiry, Said, Silence};
use super::policies::ResourcePolicy;
use super::tokens::token_key;
use crate::account::Account;
use crate::gateway::Gateway;
use crate::gateway::decision::{Decision, silent};
use crate::gateway::steps::Failure;
use crate::identity::Standing;
use crate::shapes::AccountId;

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
            Need::ResourceOfToken { .. } => self.resource_of_token(decision, need).await.unwrap_or(Fact::Missing),
            Need::KeyOfCiphertext => return Ok(None),
            _ => match lookup::of_need(need) {
                Some(lookup) => {
                    let answer = self.inquire(&lookup, caller).await?;
                    answer.map_or(Fact::Missing, |answer| lookup::fact(need, &answer))
                }
                None => Fact::Missing,
            },
        }))
    }

    /// The resource of a token, if this server or another one on the database has issued the token.
    async fn resource_of_token(&self, decision: &Decision<'_>, need: &Need) -> Option<Fact> {
        let key = token_key(decision.caller.account, &decision.arrival.facts.region, need)?;
        if let Some(arn) = self.tokens.resource(&key) {
            return Some(Fact::Text(arn.to_string()));
        }
        // While the database is gone, nothing is known of the token.
        let arn = decision.app.store.resource_of_token(&key).await.ok()??;
        self.tokens.keep(key, &arn);
        Some(Fact::Text(arn))
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
            Some(Value::Array(many)) => Fact::Tags(many.iter().filter_map(tag).collect()),
            Some(one @ Value::Object(_)) => Fact::Tags(tag(one).into_iter().collect()),
            _ => Fact::Tags(Vec::new()),
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
    let organizations = decision.app.accounts.known_organizations();
    let places = [Some(decision.caller.account), owner];
    let places = places.map(|account| account.and_then(|account| organizations.place(account)));
    for place in places.iter().flatten() {
        sets.extend(place.service_control().into_iter().flatten());
        sets.extend(place.resource_control().into_iter().flatten());
    }
    Ok(sets.into_iter().flat_map(PolicySet::policies).flat_map(context_keys).any(is_wanted))
}

/// A tag of S3.
fn tag(value: &Value) -> Option<(String, String)> {
    let text = |name: &str| value.get(name)?.as_str().map(str::to_owned);
    Some((text("Key")?, text("Value").unwrap_or_default()))
}

fn members(pairs: &[(&str, &str)]) -> Map<String, Value> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect()
}

/// Names of condition keys do not depend on case.
fn begins_with(key: &str, start: &str) -> bool {
    key.get(..start.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_compared_without_case() {
        assert!(begins_with("AWS:resourcetag/Team", "aws:ResourceTag/"));
        assert!(!begins_with("aws:ResourceTa", "aws:ResourceTag/"));
    }
}
