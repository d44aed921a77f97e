//! Tags: those of the request and those of the resource.

use serde_json::Value;

use super::{Asking, Draft, Refusal};
use crate::needs::{Fact, Need};
use crate::questions::Question;
use crate::rules::Path;
use crate::view::{View, text};

/// Adds `aws:RequestTag/K` and `aws:TagKeys` from a map or a list of tags.
pub(super) fn add_requested(question: &mut Question, path: &Path, view: View<'_>) -> Result<(), Refusal> {
    let mut names = Vec::new();
    for found in view.at(path)? {
        let Some((name, value)) = tag(found.key, &found.value) else { continue };
        question.keys.push((format!("aws:RequestTag/{name}"), vec![value]));
        names.push(name);
    }
    if !names.is_empty() {
        question.keys.push(("aws:TagKeys".to_owned(), names));
    }
    Ok(())
}

/// A tag: the value of a map, or one of the services' forms of a name with a value.
pub(crate) fn tag(key: Option<String>, value: &Value) -> Option<(String, String)> {
    if let Some(key) = key {
        return Some((key, text(value).unwrap_or_default()));
    }
    let member = |names: [&str; 3]| names.into_iter().find_map(|name| value.get(name)).and_then(text);
    Some((member(["Key", "key", "TagKey"])?, member(["Value", "value", "TagValue"]).unwrap_or_default()))
}

/// Adds `aws:ResourceTag/K` and the service's own key for the same, or the need for the tags.
pub(super) fn add_known(asking: &Asking<'_>, draft: &mut Draft) {
    let question = &mut draft.question;
    // What has no name yet, or stands for all resources, has no tags.
    let is_one = !question.resource.contains(['*', '?']) && !question.resource.ends_with([':', '/']);
    let Some(of) = question.resource_type.as_deref().filter(|_| is_one) else { return };
    if !asking.rules.tags.iter().any(|lookup| lookup.resources.iter().any(|name| name == of)) {
        return;
    }
    let need = Need::Tags { resource: question.resource.clone() };
    match asking.facts.get(&need) {
        Some(Fact::Tags(tags)) => {
            let prefix = asking.rules.prefix.as_str();
            for (name, value) in tags {
                for own in ["aws:ResourceTag"].into_iter().chain(own_key(prefix)) {
                    question.keys.push((format!("{own}/{name}"), vec![value.clone()]));
                }
            }
        }
        Some(_) => {}
        None => draft.needs.push(need),
    }
}

/// The services that had a key for tags before `aws:ResourceTag` existed.
fn own_key(prefix: &str) -> Option<&'static str> {
    Some(match prefix {
        "ec2" => "ec2:ResourceTag",
        "ecr" => "ecr:ResourceTag",
        "ecs" => "ecs:ResourceTag",
        "secretsmanager" => "secretsmanager:ResourceTag",
        "ssm" => "ssm:resourceTag",
        _ => return None,
    })
}
