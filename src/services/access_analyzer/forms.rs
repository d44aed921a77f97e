//! The less exact forms of a generated policy: with placeholders for resources, and by service.

use std::collections::{BTreeMap, BTreeSet};

use aws_reference::service_authorization;
use serde_json::{Value, json};

use crate::audit::generate::Seen;
use crate::shapes::Partition;

/// The actions that were seen, on the forms of ARNs that they know: `arn:aws:s3:::${BucketName}`. Those that know none are on
/// `*`. Actions of a service on the same resources share a statement.
pub(super) fn with_placeholders(seen: &[Seen], partition: Partition) -> Option<String> {
    let mut statements: BTreeMap<(&str, Vec<String>), BTreeSet<&str>> = BTreeMap::new();
    for seen in seen {
        let Some((service, _)) = seen.action.split_once(':') else { continue };
        statements.entry((service, resources(&seen.action, partition))).or_default().insert(&seen.action);
    }
    let statements = statements.into_iter().map(|((_, resources), actions)| {
        let resources = if resources.is_empty() { vec!["*".to_owned()] } else { resources };
        json!({"Effect": "Allow", "Action": actions, "Resource": resources})
    });
    document(statements.collect())
}

/// The services that were called, with all their actions.
pub(super) fn by_service(seen: &[Seen]) -> Option<String> {
    let services = seen.iter().filter_map(|seen| Some(seen.action.split_once(':')?.0));
    let services: BTreeSet<&str> = services.collect();
    let actions: Vec<String> = services.into_iter().map(|service| format!("{service}:*")).collect();
    document(if actions.is_empty() {
        Vec::new()
    } else {
        vec![json!({"Effect": "Allow", "Action": actions, "Resource": "*"})]
    })
}

fn document(statements: Vec<Value>) -> Option<String> {
    (!statements.is_empty()).then(|| json!({"Version": "2012-10-17", "Statement": statements}).to_string())
}

/// The forms of the ARNs that an action knows.
fn resources(action: &str, partition: Partition) -> Vec<String> {
    let Some((prefix, name)) = action.split_once(':') else { return Vec::new() };
    let Some(service) = service_authorization::service(prefix) else { return Vec::new() };
    let known = service.action(name).into_iter().flat_map(|action| &action.resources);
    let forms = known.filter_map(|known| {
        let found = service.resource_types.iter().find(|found| found.name == known.resource_type)?;
        Some(found.arn.replace("${Partition}", partition.name()))
    });
    let forms: BTreeSet<String> = forms.collect();
    forms.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(action: &str) -> Seen {
        Seen { action: action.to_owned(), resource: "arn:aws:s3:::b/k".to_owned(), keys: Vec::new() }
    }

    #[test]
    fn resources_become_the_forms_of_their_arns() {
        let calls = [seen("s3:GetObject"), seen("s3:PutObject"), seen("s3:ListAllMyBuckets"), seen("iam:GetUser")];
        let policy: Value = serde_json::from_str(&with_placeholders(&calls, Partition::Aws).unwrap()).unwrap();
        let statements = policy["Statement"].as_array().unwrap();
        let of = |action: &str| {
            let found = statements.iter().find(|one| one["Action"].as_array().unwrap().contains(&action.into()));
            found.unwrap()["Resource"].as_array().unwrap().clone()
        };
        assert!(of("s3:GetObject").contains(&"arn:aws:s3:::${BucketName}/${ObjectName}".into()), "{policy}");
        assert_eq!(of("s3:GetObject"), of("s3:PutObject"));
        assert_eq!(of("s3:ListAllMyBuckets"), ["*"]);
        assert_eq!(of("iam:GetUser"), ["arn:aws:iam::${Account}:user/${UserNameWithPath}"]);
        let policy: Value = serde_json::from_str(&by_service(&calls).unwrap()).unwrap();
        assert_eq!(policy["Statement"][0]["Action"], json!(["iam:*", "s3:*"]));
        assert_eq!((with_placeholders(&[], Partition::Aws), by_service(&[])), (None, None));
    }
}
