//! How to ask an upstream for what only it knows: the answers to needs, and the policies of resources.

use aws_reference::operations::Protocol;
use serde_json::{Map, Value};

use crate::Call;
use crate::arn::Arn;
use crate::input;
use crate::needs::{Fact, Need};
use crate::questions::Question;
use crate::rules::{self, Path, Rules, Step};
use crate::view::text;

/// A read of the upstream, in the name of the account that owns what it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Lookup {
    /// The service, as its model is called: `stepfunctions`.
    pub service: &'static str,
    /// The operation.
    pub operation: String,
    /// Its members.
    pub members: Map<String, Value>,
    /// The account to ask in, twelve digits.
    pub account: String,
    /// The region to ask in.
    pub region: String,
}

/// The read that answers a need. None: the answers of other calls do, or the need is one of S3's.
pub fn of_need(need: &Need) -> Option<Lookup> {
    match need {
        Need::Tags { resource } => {
            let (service, rules) = rules::of_prefix(Arn::parse(resource)?.service)?;
            of_resource(service, &rules, resource, &rules.tags)
        }
        Need::KeySchema { table, .. } => {
            let name = table.split_once(":table/").map(|(_, name)| name)?;
            lookup("dynamodb", "DescribeTable", table, [("TableName", name)])
        }
        Need::KeyOfAlias { alias } => lookup("kms", "DescribeKey", alias, [("KeyId", Arn::parse(alias)?.resource)]),
        Need::AliasesOfKey { key } => lookup("kms", "ListAliases", key, [("KeyId", key_id(key)?)]),
        Need::KeyProperties { key } => lookup("kms", "DescribeKey", key, [("KeyId", key_id(key)?)]),
        Need::SecretArn { id, account, region } => Some(Lookup {
            service: "secretsmanager",
            operation: "DescribeSecret".to_owned(),
            // The operation takes a name or a whole ARN, which this is not.
            members: Map::from_iter([("SecretId".to_owned(), name_of_secret(id).into())]),
            account: account.clone(),
            region: region.clone(),
        }),
        Need::KeyOfCiphertext | Need::ResourceOfToken { .. } | Need::ObjectTags { .. } | Need::BucketTags { .. } => {
            None
        }
    }
}

fn name_of_secret(id: &str) -> &str {
    id.split_once(":secret:").map_or(id, |(_, name)| name)
}

/// What the answer to [`of_need`] says. Lists and maps of the Query protocol are those that they mean.
pub fn fact(need: &Need, answer: &Value) -> Fact {
    read(need, answer).unwrap_or(Fact::Missing)
}

fn read(need: &Need, answer: &Value) -> Option<Fact> {
    match need {
        Need::Tags { resource } => {
            let (_, rules) = rules::of_prefix(Arn::parse(resource)?.service)?;
            let (of, _) = rules.read(resource)?;
            let lookup = rules.tags.iter().find(|lookup| lookup.resources.contains(&of.name))?;
            // A resource without tags has an empty list, or none.
            Some(Fact::Tags(find(answer, &lookup.find).map(tags).unwrap_or_default()))
        }
        Need::KeySchema { index, .. } => {
            let table = answer.get("Table")?;
            let schema = match index {
                None => table.get("KeySchema")?,
                Some(index) => {
                    let lists = ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"].into_iter();
                    let mut indexes = lists.filter_map(|list| table.get(list)?.as_array()).flatten();
                    indexes
                        .find(|found| found.get("IndexName").and_then(Value::as_str) == Some(index))?
                        .get("KeySchema")?
                }
            };
            let keys = schema.as_array()?.iter();
            let hash = keys.filter(|key| key.get("KeyType").and_then(Value::as_str) == Some("HASH"));
            let names: Vec<String> = hash.filter_map(|key| text(key.get("AttributeName")?)).collect();
            (!names.is_empty()).then_some(Fact::Texts(names))
        }
        Need::KeyOfAlias { .. } => Some(Fact::Text(text(answer.get("KeyMetadata")?.get("Arn")?)?)),
        Need::AliasesOfKey { .. } => {
            let aliases = answer.get("Aliases")?.as_array()?.iter();
            Some(Fact::Texts(aliases.filter_map(|alias| text(alias.get("AliasName")?)).collect()))
        }
        Need::KeyProperties { .. } => Some(Fact::Tags(key_properties(answer.get("KeyMetadata")?))),
        Need::SecretArn { .. } => Some(Fact::Text(text(answer.get("ARN")?)?)),
        Need::KeyOfCiphertext | Need::ResourceOfToken { .. } | Need::ObjectTags { .. } | Need::BucketTags { .. } => {
            None
        }
    }
}

fn key_properties(metadata: &Value) -> Vec<(String, String)> {
    let member = |name: &str| metadata.get(name).and_then(text);
    let configuration = metadata.get("MultiRegionConfiguration");
    let keys = [
        ("kms:KeySpec", member("KeySpec").or_else(|| member("CustomerMasterKeySpec"))),
        ("kms:KeyUsage", member("KeyUsage")),
        ("kms:KeyOrigin", member("Origin")),
        ("kms:MultiRegion", member("MultiRegion")),
        ("kms:MultiRegionKeyType", configuration.and_then(|of| text(of.get("MultiRegionKeyType")?))),
    ];
    keys.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}

/// The read of the policy of what a question is about. None: resources of this type have none.
pub fn of_policy(question: &Question) -> Option<Lookup> {
    let (prefix, _) = question.action.split_once(':')?;
    let (service, rules) = rules::of_prefix(prefix)?;
    of_resource(service, &rules, &question.resource, &rules.policies)
}

/// The document in the answer to [`of_policy`]. None: the resource has no policy.
pub fn policy(question: &Question, answer: &Value) -> Option<String> {
    let (prefix, _) = question.action.split_once(':')?;
    let (_, rules) = rules::of_prefix(prefix)?;
    let (of, _) = rules.read(&question.resource)?;
    let lookup = rules.policies.iter().find(|lookup| lookup.resources.contains(&of.name))?;
    match find(answer, &lookup.find)? {
        Value::String(text) if is_empty(text) => None,
        Value::String(text) => Some(text.clone()),
        Value::Null => None,
        document => Some(document.to_string()),
    }
}

/// Kinesis has an empty object where there is no policy.
fn is_empty(text: &str) -> bool {
    let mut text = text.chars().filter(|character| !character.is_whitespace());
    match text.next() {
        None => true,
        Some('{') => text.eq("}".chars()),
        Some(_) => false,
    }
}

/// Whether a call that succeeds changes the policies of what its questions are about.
pub fn changes_policy(call: &Call) -> bool {
    changes(&rules::of_service(&call.service).policies, call.name())
}

/// Whether a call that succeeds changes the tags of what its questions are about.
pub fn changes_tags(call: &Call) -> bool {
    changes(&rules::of_service(&call.service).tags, call.name())
}

/// Answers that hold tokens: service, operation, where the token is, and the operation that takes it.
const TOKENS: &[(&str, &str, &str, &str)] = &[
    ("dynamodbstreams", "GetRecords", "NextShardIterator", "GetRecords"),
    ("dynamodbstreams", "GetShardIterator", "ShardIterator", "GetRecords"),
    ("kinesis", "GetRecords", "NextShardIterator", "GetRecords"),
    ("kinesis", "GetShardIterator", "ShardIterator", "GetRecords"),
    ("kinesis", "ListShards", "NextToken", "ListShards"),
    ("kms", "CreateGrant", "GrantToken", "RetireGrant"),
];

/// Whether the answer to a call may hold tokens that later calls bring back.
pub fn gives_tokens(call: &Call) -> bool {
    let service = call.service.summary.name;
    TOKENS.iter().any(|(of, operation, ..)| *of == service && *operation == call.name())
}

/// The needs that the answer to a call answers: its tokens stand for what the first question of the call is about. None
/// for an answer that cannot be read.
pub fn tokens(call: &Call, answer: &[u8]) -> Vec<Need> {
    let answer = match call.protocol {
        Protocol::Cbor => input::members_of_cbor(answer).ok().map(Value::Object),
        _ => serde_json::from_slice(answer).ok(),
    };
    let Some(answer) = answer else { return Vec::new() };
    let service = call.service.summary.name;
    let of_call = TOKENS.iter().filter(|(of, operation, ..)| *of == service && *operation == call.name());
    let tokens = of_call.filter_map(|(_, _, member, taken_by)| {
        let token = answer.get(member)?.as_str()?.to_owned();
        Some(Need::ResourceOfToken { operation: (*taken_by).to_owned(), token })
    });
    tokens.collect()
}

fn changes(lookups: &[rules::Lookup], operation: &str) -> bool {
    lookups.iter().any(|lookup| lookup.changed_by.iter().any(|name| name == operation))
}

fn of_resource(service: &'static str, rules: &Rules, arn: &str, lookups: &[rules::Lookup]) -> Option<Lookup> {
    if arn.contains(['*', '?']) {
        return None;
    }
    let (of, values) = rules.read(arn)?;
    let lookup = lookups.iter().find(|lookup| lookup.resources.contains(&of.name))?;
    let value = |name: &str| match name {
        "Arn" => Some(arn),
        name => values.iter().find(|(other, _)| *other == name).map(|(_, value)| *value),
    };
    let members = lookup.send.iter().map(|(name, of)| Some((name.clone(), filled(of, &value)?)));
    let members = members.collect::<Option<_>>()?;
    let parts = Arn::parse(arn)?;
    let (account, region) = (parts.account.to_owned(), parts.region.to_owned());
    Some(Lookup { service, operation: lookup.read.clone(), members, account, region })
}

/// A member of a table's `send`, with the values of the ARN for its placeholders.
fn filled<'v>(of: &toml::Value, value: &impl Fn(&str) -> Option<&'v str>) -> Option<Value> {
    match of {
        toml::Value::String(text) => {
            let mut filled = String::new();
            let mut rest = text.as_str();
            while let Some((before, after)) = rest.split_once("${") {
                let (name, after) = after.split_once('}')?;
                filled.push_str(before);
                filled.push_str(value(name)?);
                rest = after;
            }
            filled.push_str(rest);
            Some(filled.into())
        }
        toml::Value::Array(items) => items.iter().map(|item| filled(item, value)).collect(),
        _ => None,
    }
}

fn lookup<const N: usize>(
    service: &'static str,
    operation: &str,
    arn: &str,
    members: [(&str, &str); N],
) -> Option<Lookup> {
    let parts = Arn::parse(arn)?;
    let members = members.into_iter().map(|(name, value)| (name.to_owned(), value.into()));
    Some(Lookup {
        service,
        operation: operation.to_owned(),
        members: members.collect(),
        account: parts.account.to_owned(),
        region: parts.region.to_owned(),
    })
}

fn key_id(key: &str) -> Option<&str> {
    Arn::parse(key)?.resource.strip_prefix("key/")
}

fn find<'a>(answer: &'a Value, path: &Path) -> Option<&'a Value> {
    path.steps.iter().try_fold(answer, |value, step| match step {
        Step::Member(name) => value.get(name),
        Step::Items | Step::Values => None,
    })
}

/// Tags, which services write as a map or as a list of names with values.
fn tags(value: &Value) -> Vec<(String, String)> {
    match value {
        Value::Object(map) => map.iter().map(|(name, value)| (name.clone(), text(value).unwrap_or_default())).collect(),
        Value::Array(items) => items.iter().filter_map(|item| crate::ask::tag(None, item)).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn question(action: &str, resource: &str) -> Question {
        Question { action: action.to_owned(), resource: resource.to_owned(), ..Question::default() }
    }

    fn written(lookup: Option<Lookup>) -> String {
        lookup.map_or_else(String::new, |lookup| {
            let members = Value::Object(lookup.members);
            format!("{}.{} {members} {} {}", lookup.service, lookup.operation, lookup.account, lookup.region)
        })
    }

    #[test]
    fn policies_are_read_where_the_table_says() {
        for (action, resource, expected) in [
            (
                "sqs:SendMessage",
                "arn:aws:sqs:eu-central-1:444455556666:jobs",
                r#"sqs.GetQueueAttributes {"AttributeNames":["Policy"],"QueueUrl":"https://sqs.eu-central-1.amazonaws.com/444455556666/jobs"} 444455556666 eu-central-1"#,
            ),
            (
                "sns:Publish",
                "arn:aws:sns:eu-central-1:444455556666:news",
                r#"sns.GetTopicAttributes {"TopicArn":"arn:aws:sns:eu-central-1:444455556666:news"} 444455556666 eu-central-1"#,
            ),
            (
                "dynamodb:Query",
                "arn:aws:dynamodb:eu-central-1:444455556666:table/t/index/i",
                r#"dynamodb.GetResourcePolicy {"ResourceArn":"arn:aws:dynamodb:eu-central-1:444455556666:table/t"} 444455556666 eu-central-1"#,
            ),
            (
                "lambda:InvokeFunction",
                "arn:aws:lambda:eu-central-1:444455556666:function:f:live",
                r#"lambda.GetPolicy {"FunctionName":"f","Qualifier":"live"} 444455556666 eu-central-1"#,
            ),
            ("sqs:ListQueues", "arn:aws:sqs:eu-central-1:444455556666:", ""),
            ("dynamodb:ListTables", "arn:aws:dynamodb:eu-central-1:444455556666:table/*", ""),
            ("kms:Decrypt", "*", ""),
        ] {
            assert_eq!(written(of_policy(&question(action, resource))), expected, "{action}");
        }
    }

    #[test]
    fn a_policy_is_text_or_absent() {
        let question = question("sqs:SendMessage", "arn:aws:sqs:eu-central-1:444455556666:jobs");
        let text = r#"{"Statement":[]}"#;
        assert_eq!(policy(&question, &json!({"Attributes": {"Policy": text}})).as_deref(), Some(text));
        for empty in ["", " ", "{}", "{ }\n"] {
            assert_eq!(policy(&question, &json!({"Attributes": {"Policy": empty}})), None);
        }
        assert_eq!(policy(&question, &json!({})), None);
    }

    #[test]
    fn needs_are_answered_by_reads() {
        let table = "arn:aws:dynamodb:eu-central-1:444455556666:table/t".to_owned();
        let need = Need::KeySchema { table: table.clone(), index: Some("i".to_owned()) };
        let expected = r#"dynamodb.DescribeTable {"TableName":"t"} 444455556666 eu-central-1"#;
        assert_eq!(written(of_need(&need)), expected);
        let schema = json!([{"AttributeName": "s", "KeyType": "RANGE"}, {"AttributeName": "p", "KeyType": "HASH"}]);
        let answer =
            json!({"Table": {"KeySchema": [], "GlobalSecondaryIndexes": [{"IndexName": "i", "KeySchema": schema}]}});
        assert_eq!(fact(&need, &answer), Fact::Texts(vec!["p".to_owned()]));
        assert_eq!(fact(&Need::KeySchema { table, index: None }, &answer), Fact::Missing);
    }

    #[test]
    fn tags_come_as_maps_and_as_lists() {
        let need = |resource: &str| Need::Tags { resource: resource.to_owned() };
        let blue = Fact::Tags(vec![("team".to_owned(), "blue".to_owned())]);
        let queue = need("arn:aws:sqs:eu-central-1:444455556666:jobs");
        assert_eq!(fact(&queue, &json!({"Tags": {"team": "blue"}})), blue);
        assert_eq!(fact(&queue, &json!({})), Fact::Tags(Vec::new()));
        let key = need("arn:aws:kms:eu-central-1:444455556666:key/k");
        assert_eq!(fact(&key, &json!({"Tags": [{"TagKey": "team", "TagValue": "blue"}]})), blue);
    }

    #[test]
    fn tokens_are_where_models_have_them() {
        use aws_reference::operations;
        for (service, operation, _, taken_by) in TOKENS {
            let service = operations::service(service).unwrap();
            assert!(service.operation(operation).is_some() && service.operation(taken_by).is_some(), "{operation}");
        }
        let service = operations::service("kinesis").unwrap();
        let operation = service.operation("GetShardIterator").unwrap().clone();
        let call = Call { service, operation, protocol: Protocol::Json };
        assert!(gives_tokens(&call));
        let need = Need::ResourceOfToken { operation: "GetRecords".to_owned(), token: "t".to_owned() };
        assert_eq!(tokens(&call, br#"{"ShardIterator": "t"}"#), std::slice::from_ref(&need));
        assert!(tokens(&call, b"{}").is_empty() && tokens(&call, b"<a/>").is_empty());
        let call = Call { protocol: Protocol::Cbor, ..call };
        assert_eq!(tokens(&call, b"\xa1\x6dShardIterator\x61t"), [need]);
    }

    #[test]
    fn a_key_is_what_its_metadata_says() {
        let key = "arn:aws:kms:eu-central-1:444455556666:key/k".to_owned();
        let metadata = json!({"KeyMetadata": {"Arn": key, "KeySpec": "RSA_2048", "MultiRegion": false}});
        let properties = [("kms:KeySpec", "RSA_2048"), ("kms:MultiRegion", "false")];
        let properties = properties.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(fact(&Need::KeyProperties { key: key.clone() }, &metadata), Fact::Tags(properties.into()));
        let alias = "arn:aws:kms:eu-central-1:444455556666:alias/app".to_owned();
        assert_eq!(
            written(of_need(&Need::KeyOfAlias { alias: alias.clone() })),
            r#"kms.DescribeKey {"KeyId":"alias/app"} 444455556666 eu-central-1"#
        );
        assert_eq!(fact(&Need::KeyOfAlias { alias }, &metadata), Fact::Text(key));
    }
}
