//! What would have allowed a denied call: the smallest statement, and where it has to be.

use serde_json::{Value, json};

use super::{CheckKind, Details, Effect, Evaluation};

/// What has to change for a call to be allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mend {
    /// The kinds of policies that have to allow it, with the statement.
    pub statements: Vec<(String, Value)>,
    /// The statements that deny it, whatever allows it: `Sid` and policy.
    pub denying: Vec<(String, String)>,
}

impl Details {
    /// What has to change for the call to be allowed.
    pub fn mend(&self) -> Mend {
        let mut mend = Mend::default();
        for evaluation in &self.evaluations {
            match evaluation.effect {
                Effect::ImplicitDeny => {
                    for noun in &evaluation.wanting {
                        mend.want(noun, evaluation, &self.principal);
                    }
                }
                Effect::ExplicitDeny => mend.denying.extend(self.denying(evaluation)),
                Effect::Allow | Effect::NoImpact => {}
            }
        }
        mend.denying.dedup();
        mend
    }

    fn denying<'d>(&'d self, evaluation: &'d Evaluation) -> impl Iterator<Item = (String, String)> + 'd {
        let matched = evaluation.checks.iter().flat_map(|check| &check.matched);
        matched.flat_map(|matched| {
            let policy = self.policies.get(matched.policy);
            let name = policy.map(|policy| match (policy.inline, policy.attached_to.first()) {
                (true, Some(arn)) => format!("an inline policy of {arn}"),
                _ => policy.uri.clone(),
            });
            let denying = matched.statements.iter().filter(|(_, allows)| !allows);
            denying.map(move |(sid, _)| (sid.clone(), name.clone().unwrap_or_default()))
        })
    }
}

impl Mend {
    /// Adds an action and a resource to the statement for a kind of policies. Actions on one resource share a statement.
    fn want(&mut self, noun: &str, evaluation: &Evaluation, principal: &str) {
        let names_principal = evaluation
            .checks
            .iter()
            .any(|check| check.kind == CheckKind::Resource && check.effect == Effect::ImplicitDeny)
            && matches!(noun, "role trust policy" | "resource-based policy");
        let known = self.statements.iter_mut().find(|(kind, statement)| {
            kind == noun
                && (names_principal || statement.get("Resource").is_some_and(|one| *one == evaluation.resource))
        });
        if let Some((_, statement)) = known {
            if let Some(actions) = statement.get_mut("Action") {
                let mut all = match actions.take() {
                    Value::Array(all) => all,
                    one => vec![one],
                };
                let action = json!(evaluation.action);
                if !all.contains(&action) {
                    all.push(action);
                }
                *actions = if let [one] = all.as_slice() { one.clone() } else { Value::Array(all) };
            }
            return;
        }
        let statement = match names_principal {
            true => json!({"Effect": "Allow", "Principal": {"AWS": principal}, "Action": evaluation.action}),
            false => json!({"Effect": "Allow", "Action": evaluation.action, "Resource": evaluation.resource}),
        };
        self.statements.push((noun.to_owned(), statement));
    }
}

#[cfg(test)]
mod tests {
    use super::super::{KindCheck, MatchedPolicy, Node};
    use super::*;
    use crate::audit::details::{AuthorizationId, KeptPolicy, PolicyKind};
    use crate::shapes::{AccountId, Timestamp};

    fn evaluation(action: &str, resource: &str, effect: Effect, wanting: &[&str]) -> Evaluation {
        Evaluation {
            action: action.to_owned(),
            resource: resource.to_owned(),
            context: Vec::new(),
            effect,
            checks: Vec::new(),
            wanting: wanting.iter().map(|noun| (*noun).to_owned()).collect(),
            tree: Node::new(""),
        }
    }

    fn details(evaluations: Vec<Evaluation>) -> Details {
        Details {
            id: AuthorizationId::new(1),
            time: Timestamp::from_seconds(0),
            request_id: String::new(),
            principal: "arn:aws:iam::123456789012:user/ann".to_owned(),
            account: AccountId::DEFAULT,
            owner: AccountId::DEFAULT,
            in_organization: false,
            owner_in_organization: false,
            context: Vec::new(),
            evaluations,
            policies: vec![KeptPolicy {
                kind: PolicyKind::Identity,
                uri: "x1".to_owned(),
                inline: true,
                attached_to: vec!["arn:aws:iam::123456789012:group/g".to_owned()],
                document: String::new(),
            }],
        }
    }

    #[test]
    fn actions_on_one_resource_share_the_smallest_statement() {
        let identity = ["identity-based policy"];
        let details = details(vec![
            evaluation("iam:CreateUser", "r", Effect::ImplicitDeny, &identity),
            evaluation("iam:TagUser", "r", Effect::ImplicitDeny, &identity),
            evaluation("iam:TagUser", "r", Effect::ImplicitDeny, &identity),
            evaluation("iam:PassRole", "s", Effect::ImplicitDeny, &["identity-based policy", "permissions boundary"]),
            evaluation("iam:GetUser", "t", Effect::Allow, &[]),
        ]);
        let [first, second, third] = details.mend().statements.try_into().unwrap();
        assert_eq!(first.1, json!({"Effect": "Allow", "Action": ["iam:CreateUser", "iam:TagUser"], "Resource": "r"}));
        assert_eq!(second.1, json!({"Effect": "Allow", "Action": "iam:PassRole", "Resource": "s"}));
        assert_eq!((third.0.as_str(), &third.1), ("permissions boundary", &second.1));
    }

    #[test]
    fn what_denies_is_named() {
        let mut denied = evaluation("iam:GetUser", "r", Effect::ExplicitDeny, &[]);
        let statements = vec![("Yes".to_owned(), true), ("NoSelf".to_owned(), false)];
        let matched = vec![MatchedPolicy { policy: 0, statements }];
        denied.checks.push(KindCheck {
            kind: CheckKind::Principal,
            effect: Effect::ExplicitDeny,
            target: None,
            matched,
        });
        let mend = details(vec![denied]).mend();
        let policy = "an inline policy of arn:aws:iam::123456789012:group/g";
        assert_eq!(mend, Mend { denying: vec![("NoSelf".to_owned(), policy.to_owned())], ..Mend::default() });
    }
}
