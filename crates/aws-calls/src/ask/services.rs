//! Condition keys and resources of single services that take more than reading a member.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::Value;

use super::{Asking, Draft, Place, Refusal};
use crate::rules::{Expression, Path};

/// RFC 3986: all but the unreserved characters are encoded.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn only(asking: &Asking<'_>, member: &str) -> Result<Option<String>, Refusal> {
    let Ok(expression) = member.parse::<Expression>() else { return Ok(None) };
    Ok(asking.view(None).texts(&expression)?.into_iter().next())
}

fn add(drafts: &mut [Draft], key: &str, value: &str) {
    for draft in drafts {
        draft.question.keys.push((key.to_owned(), vec![value.to_owned()]));
    }
}

/// `secretsmanager:KmsKeyArn`, if the request names the key by its ARN or identifier.
pub(super) fn kms_key_arn(asking: &Asking<'_>, drafts: &mut [Draft]) -> Result<(), Refusal> {
    let Some(key) = only(asking, "KmsKeyId")? else { return Ok(()) };
    let scene = asking.scene;
    if key.starts_with("arn:") && key.contains(":key/") {
        add(drafts, "secretsmanager:KmsKeyArn", &key);
    } else if !key.starts_with("arn:") && !key.starts_with("alias/") {
        let arn = format!("arn:{}:kms:{}:{}:key/{key}", scene.partition, scene.region, scene.account);
        add(drafts, "secretsmanager:KmsKeyArn", &arn);
    }
    Ok(())
}

/// `secretsmanager:ModifyRotationRules`: whether the request changes when a secret rotates.
pub(super) fn rotation_rules(asking: &Asking<'_>, drafts: &mut [Draft]) -> Result<(), Refusal> {
    let changes = asking.members.member("RotationRules")?.is_some();
    add(drafts, "secretsmanager:ModifyRotationRules", &changes.to_string());
    Ok(())
}

/// The version or alias of a function, which the name or `Qualifier` has, is part of the ARN.
pub(super) fn function_qualifier(asking: &Asking<'_>, drafts: &mut [Draft]) -> Result<(), Refusal> {
    let sent = only(asking, "Qualifier")?;
    for draft in drafts {
        let named = draft.values.get("Qualifier");
        if let (Some(sent), Some(named)) = (&sent, named)
            && sent != named
        {
            return Err(Refusal::Contradiction("Qualifier".to_owned()));
        }
        if let Some(qualifier) = sent.as_ref().or(named) {
            draft.question.resource = format!("{}:{qualifier}", draft.question.resource);
        }
    }
    Ok(())
}

/// `lambda:FunctionArn`: the function of an event source mapping or URL.
pub(super) fn function_arn(asking: &Asking<'_>, drafts: &mut [Draft]) -> Result<(), Refusal> {
    if let Some(place) = asking.binder().place_of_type("function", asking.view(None))? {
        add(drafts, "lambda:FunctionArn", &place.resource);
    }
    Ok(())
}

/// `ecs:cluster`: the ARN of the cluster.
pub(super) fn ecs_cluster(asking: &Asking<'_>, drafts: &mut [Draft]) -> Result<(), Refusal> {
    if let Some(place) = asking.binder().place_of_type("cluster", asking.view(None))? {
        add(drafts, "ecs:cluster", &place.resource);
    }
    Ok(())
}

/// The question of an operation of API Gateway. Version 2 of its API leaves `/v2` out of the path.
pub(super) fn verbs(asking: &Asking<'_>) -> Result<Vec<Draft>, Refusal> {
    let (method, path) = asking.members.line();
    let segments = path.split('/').filter(|segment| !segment.is_empty()).map(|segment| {
        let decoded = percent_decode_str(segment).decode_utf8_lossy();
        format!("/{}", utf8_percent_encode(&decoded, RESERVED))
    });
    let whole: String = segments.collect();
    let second = whole.strip_prefix("/v2").filter(|rest| rest.starts_with('/'));
    let path = second.unwrap_or(&whole);
    let scene = asking.scene;
    let resource = format!("arn:{}:apigateway:{}::{path}", scene.partition, scene.region);
    let place = Place { resource, ..Place::nowhere() };
    let mut question = asking.question(format!("apigateway:{method}"), place);
    let tags = if second.is_some() { "Tags.*" } else { "tags.*" };
    let tags: Path = tags.parse().map_err(|_| Refusal::Unclear)?;
    super::tags::add_requested(&mut question, &tags, asking.view(None))?;
    Ok(vec![Draft { question, values: BTreeMap::new(), needs: Vec::new() }])
}

/// Members that name a role which API Gateway is to use.
pub(super) const ROLES: &str = "credentials | CredentialsArn | authorizerCredentials | AuthorizerCredentialsArn";

/// What the pattern of a rule lets through (EventBridge User Guide, "Using IAM policy conditions").
pub(super) fn event_pattern(asking: &Asking<'_>, drafts: &mut [Draft]) -> Result<(), Refusal> {
    let Some(pattern) = only(asking, "EventPattern")? else { return Ok(()) };
    let pattern: Value = serde_json::from_str(&pattern).map_err(|_| Refusal::Syntax("EventPattern".to_owned()))?;
    for (key, pointer) in [
        ("events:source", "/source"),
        ("events:detail-type", "/detail-type"),
        ("events:detail.service", "/detail/service"),
        ("events:detail.eventTypeCode", "/detail/eventTypeCode"),
        ("events:detail.userIdentity.principalId", "/detail/userIdentity/principalId"),
    ] {
        add_texts(drafts, key, pattern.pointer(pointer));
    }
    Ok(())
}

/// `cloudwatch:requestInsightRuleLogGroups`: the log groups of a rule's definition.
pub(super) fn insight_rule(asking: &Asking<'_>, drafts: &mut [Draft]) -> Result<(), Refusal> {
    let Some(definition) = only(asking, "RuleDefinition")? else { return Ok(()) };
    let wrong = |_| Refusal::Syntax("RuleDefinition".to_owned());
    let definition: Value = serde_json::from_str(&definition).map_err(wrong)?;
    add_texts(drafts, "cloudwatch:requestInsightRuleLogGroups", definition.get("LogGroupNames"));
    Ok(())
}

fn add_texts(drafts: &mut [Draft], key: &str, list: Option<&Value>) {
    let Some(Value::Array(items)) = list else { return };
    let texts: Vec<String> = items.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    for draft in drafts {
        draft.question.keys.push((key.to_owned(), texts.clone()));
    }
}
