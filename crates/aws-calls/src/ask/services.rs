//! Condition keys and resources of single services that take more than reading a member.

use super::{Asking, Draft, Refusal};
use crate::rules::Expression;

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
