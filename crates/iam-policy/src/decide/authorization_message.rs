//! The document behind an encoded authorization message (AWS: STS API Reference, DecodeAuthorizationMessage).

use serde_json::{Value, json};

use crate::decide::Decision;
use crate::document::written::WrittenStatement;
use crate::request::Request;
use crate::set::Match;
use crate::{Effect, Principal};

/// The decoded form of a denial: the decision, the statements that made it, and the request. Sealing and encoding it is
/// not the engine's business.
pub fn authorization_message(request: &Request<'_>, decision: &Decision<'_>) -> String {
    let matched = match decision {
        Decision::ExplicitDeny { by, .. } => statement(request, by),
        Decision::Allow { .. } | Decision::ImplicitDeny { .. } => None,
    };
    let conditions = request.context.iter().map(
        |(key, values)| json!({"key": key, "values": items(values.as_slice().iter().map(|value| value.to_string()))}),
    );
    let document = json!({
        "allowed": decision.is_allowed(),
        "explicitDeny": matches!(decision, Decision::ExplicitDeny { .. }),
        "matchedStatements": {"items": matched.into_iter().collect::<Vec<_>>()},
        "failures": {"items": []},
        "context": {
            "principal": principal(&request.principal),
            "action": request.action.as_str(),
            "resource": request.resource(),
            "conditions": {"items": conditions.collect::<Vec<_>>()},
        },
    });
    document.to_string()
}

fn items(values: impl IntoIterator<Item = String>) -> Value {
    json!({"items": values.into_iter().map(|value| json!({"value": value})).collect::<Vec<_>>()})
}

fn statement(request: &Request<'_>, by: &Match<'_>) -> Option<Value> {
    let statement = by.statement?;
    let mut written = by.policy?.written();
    let WrittenStatement { principals, actions, resources, conditions, .. } =
        (statement.index < written.len()).then(|| written.swap_remove(statement.index))?;
    let principals = match principals.is_empty() {
        true => vec![unique_id(&request.principal)],
        false => principals.into_iter().map(|(_, name)| name).collect(),
    };
    let conditions = conditions.into_iter().map(
        |condition| json!({"operator": condition.operator, "key": condition.key, "values": items(condition.values)}),
    );
    Some(json!({
        "statementId": statement.sid.as_deref().unwrap_or_default(),
        "effect": if statement.effect == Effect::Deny { "DENY" } else { "ALLOW" },
        "principals": items(principals),
        "principalGroups": {"items": []},
        "actions": items(actions),
        "resources": items(resources),
        "conditions": {"items": conditions.collect::<Vec<_>>()},
    }))
}

fn principal(principal: &Principal<'_>) -> Value {
    let id = unique_id(principal);
    match *principal {
        Principal::User { arn, .. } => json!({"id": id, "name": last_part(arn), "arn": arn}),
        Principal::Root { account } => json!({"id": id, "arn": format!("arn:aws:iam::{account}:root")}),
        _ => json!({"id": id, "arn": principal.to_string()}),
    }
}

/// The id as `aws:userid` has it.
fn unique_id(principal: &Principal<'_>) -> String {
    match *principal {
        Principal::User { id, .. } => id.to_owned(),
        Principal::Root { account } => account.to_owned(),
        Principal::RoleSession { role_id, session_arn, .. } => format!("{role_id}:{}", last_part(session_arn)),
        Principal::FederatedUser { arn, account, .. } => format!("{account}:{}", last_part(arn)),
        Principal::Anonymous => "anonymous".to_owned(),
        Principal::Service { name, .. } => name.to_owned(),
        Principal::Federated { provider } => provider.to_owned(),
    }
}

fn last_part(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{Action, Context, Grammar, Layers, Policy, PolicySet, Source, SourceKind, decide};

    fn message(identity: &str) -> String {
        let source = Source { id: "p".into(), kind: SourceKind::User, arn: None };
        let policy = Policy::parse(identity, Grammar::Identity).unwrap();
        let set = PolicySet::new([(source, Ok(Arc::new(policy)))]);
        let (action, context) =
            (Action::parse("ec2:StopInstances").unwrap(), Context::new().with("aws:Region", "us-east-1"));
        let bob = Principal::User { arn: "arn:aws:iam::123456789012:user/Bob", id: "AIDABOB", account: "123456789012" };
        let request = Request::new(bob, &action, "arn:aws:ec2:us-east-1:123456789012:instance/i-1", &context);
        authorization_message(&request, &decide(&request, &Layers { identity: Some(&set), ..Layers::default() }))
    }

    const CONTEXT: &str = concat!(
        r#""context":{"principal":{"id":"AIDABOB","name":"Bob","arn":"arn:aws:iam::123456789012:user/Bob"},"#,
        r#""action":"ec2:StopInstances","resource":"arn:aws:ec2:us-east-1:123456789012:instance/i-1","#,
        r#""conditions":{"items":[{"key":"aws:Region","values":{"items":[{"value":"us-east-1"}]}}]}}"#
    );

    #[test]
    fn an_implicit_deny_has_no_statement() {
        let text = message(r#"{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}"#);
        let head = r#"{"allowed":false,"explicitDeny":false,"matchedStatements":{"items":[]},"failures":{"items":[]},"#;
        assert_eq!(text, format!("{head}{CONTEXT}}}"));
    }

    #[test]
    fn an_explicit_deny_shows_its_statement() {
        let text = message(r#"{"Statement": {"Sid": "No", "Effect": "Deny", "Action": "ec2:*", "Resource": "*"}}"#);
        let head = concat!(
            r#"{"allowed":false,"explicitDeny":true,"matchedStatements":{"items":[{"statementId":"No","effect":"DENY","#,
            r#""principals":{"items":[{"value":"AIDABOB"}]},"principalGroups":{"items":[]},"#,
            r#""actions":{"items":[{"value":"ec2:*"}]},"resources":{"items":[{"value":"*"}]},"conditions":{"items":[]}}]},"#,
            r#""failures":{"items":[]},"#
        );
        assert_eq!(text, format!("{head}{CONTEXT}}}"));
    }
}
