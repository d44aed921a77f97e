//! Who can assume a role, as the engine decides. No call is made, so that what only a request says is not known: an answer
//! that depends on it names the conditions.

use iam_policy::{
    Action, Context, Decision, Effect, Failure, Grant, Layer, Layers, PolicySet, Principal, PrincipalText, Request,
    ResourceKind, Source, SourceKind, Values, explain,
};

use super::{Asker, Outside, Words};
use crate::account::{Resource, Role};
use crate::error::Result;
use crate::identity::Standing;
use crate::shapes::AccountId;

/// What the engine says to somebody who would assume a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Assumption {
    /// It can, by this statement.
    Allowed(String),
    /// It can if conditions hold that a request decides.
    Conditional(Vec<String>),
    /// It cannot.
    Refused,
}

/// A role, as those see it who would assume it.
pub struct Assumed<'r> {
    role: &'r Role,
    owner: AccountId,
    arn: String,
    trust: PolicySet,
    keys: Vec<(String, Vec<String>)>,
}

impl<'r> Assumed<'r> {
    /// A role of an account.
    pub fn new(role: &'r Role, owner: AccountId) -> Self {
        let source = Source { id: "the trust policy".into(), kind: SourceKind::Resource, arn: None };
        let trust = PolicySet::new([(source, role.trust_policy.compiled())]);
        let tags = role.tags.iter().map(|tag| (format!("aws:ResourceTag/{}", tag.key), vec![tag.value.to_string()]));
        Self { role, owner, arn: role.arn(owner), trust, keys: tags.collect() }
    }

    /// The role.
    pub fn role(&self) -> &Role {
        self.role
    }

    /// Whether a user or role of an account on this server can assume it, with all policies of both sides.
    ///
    /// # Errors
    /// `InvalidClientTokenId` when the user behind the caller is gone.
    pub fn by_caller(&self, asker: &Asker<'_>, standing: &Standing<'_>) -> Result<Assumption> {
        let outside = Outside {
            action: "sts:AssumeRole",
            resources: &[&self.arn],
            owner: self.owner,
            keys: &self.keys,
            policy: Some(&self.trust),
            kind: ResourceKind::RoleTrust,
            across_accounts: true,
            secure_transport: true,
            words: Words { action: "sts:AssumeRole", on: "" },
        };
        outside.pose(asker, standing, &self.arn, &mut |request, layers, _| judge(request, layers))
    }

    /// Whether the trust policy lets somebody in of whom no policies are known: a service, an identity provider, or a
    /// principal of another account, for which the account has to allow it as well. `None` if the name is of nobody who
    /// calls.
    pub fn by_stranger(&self, written: &str) -> Option<Assumption> {
        let text = PrincipalText::parse(written)?;
        // A trusted account means its users and roles: the root user assumes no role.
        let text = match text.principal() {
            Principal::Root { account } => {
                PrincipalText::parse(&format!("arn:{}:iam::{account}:user/somebody", self.owner.partition()))?
            }
            _ => text,
        };
        let name = match text.principal() {
            Principal::Federated { provider } if provider.contains(":saml-provider/") => "sts:AssumeRoleWithSAML",
            Principal::Federated { .. } => "sts:AssumeRoleWithWebIdentity",
            _ => "sts:AssumeRole",
        };
        let (action, owner) = (Action::parse(name)?, self.owner.to_string());
        let first = |values: &'_ [String]| values.first().cloned().unwrap_or_default();
        let keys = self.keys.iter().map(|(key, values)| (key.as_str().into(), Values::from(first(values))));
        let context: Context<'_> = keys.collect();
        let allowed = everything();
        let layers = Layers {
            identity: Some(&allowed),
            resource: Some(&self.trust),
            resource_kind: ResourceKind::RoleTrust,
            ..Layers::default()
        };
        let id = self.role.trust_policy.id_of(written).unwrap_or_default();
        let principal = match text.principal() {
            Principal::User { arn, account, .. } => Principal::User { arn, id, account },
            Principal::RoleSession { role_arn, session_arn, account, service_linked, .. } => {
                Principal::RoleSession { role_arn, role_id: id, session_arn, account, service_linked }
            }
            other => other,
        };
        Some(judge(&Request::new(principal, &action, &self.arn, &context).owned_by(&owner), &layers))
    }

    /// The principals that the trust policy names, as written.
    pub fn named(&self) -> Vec<String> {
        let compiled = self.role.trust_policy.compiled();
        compiled.map(|policy| policy.principals().map(|name| name.written.to_string()).collect()).unwrap_or_default()
    }
}

/// What another account may allow its principals.
fn everything() -> PolicySet {
    let source = Source { id: "the other account".into(), kind: SourceKind::None, arn: None };
    let text = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    PolicySet::new([(source, crate::account::StoredPolicy::from(std::sync::Arc::<str>::from(text)).compiled())])
}

/// The decision. What nothing denies, and every layer that must allow it allows but for conditions, depends on these.
fn judge(request: &Request<'_>, layers: &Layers<'_>) -> Assumption {
    match iam_policy::decide(request, layers) {
        Decision::Allow { by: Grant::Statement { by, .. } } => return Assumption::Allowed(by.to_string()),
        Decision::Allow { .. } | Decision::ExplicitDeny { .. } => return Assumption::Refused,
        Decision::ImplicitDeny { .. } => {}
    }
    let explanation = explain(request, layers);
    let mut conditions = Vec::new();
    for layer in &explanation.denied_by {
        // Levels of an organization count each on its own.
        if [Layer::ServiceControl, Layer::ResourceControl].contains(layer) {
            return Assumption::Refused;
        }
        let reports = explanation.layers.iter().filter(|report| report.layer == *layer);
        let near = reports.flat_map(|report| &report.near).find_map(|near| {
            let depends = near.statement.effect == Effect::Allow && !near.failures.is_empty();
            depends.then(|| near.failures.iter().map(condition).collect::<Option<Vec<_>>>()).flatten()
        });
        let Some(near) = near else { return Assumption::Refused };
        conditions.extend(near);
    }
    if conditions.is_empty() { Assumption::Refused } else { Assumption::Conditional(conditions) }
}

/// A condition in words; `None` for what no request can change, and for values that the request has and that differ.
fn condition(failure: &Failure) -> Option<String> {
    match failure {
        Failure::Condition { condition, found: None } => {
            Some(format!("{} {} {}", condition.key, condition.operator, condition.values.join(" or ")))
        }
        Failure::Condition { condition, found: Some(_) } if depends_on_request(&condition.key) => {
            Some(format!("{} {} {}", condition.key, condition.operator, condition.values.join(" or ")))
        }
        _ => None,
    }
}

/// Whether a key's value is of the request and not of the principal or the role.
fn depends_on_request(key: &str) -> bool {
    const OF_REQUESTS: &[&str] =
        &["aws:CurrentTime", "aws:EpochTime", "aws:SourceIp", "aws:RequestedRegion", "aws:UserAgent", "aws:Referer"];
    OF_REQUESTS.iter().any(|known| known.eq_ignore_ascii_case(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{Permissions, TrustPolicy};
    use crate::shapes::{Path, TagSet, Timestamp};

    fn judged(statement: &str, principal: &str) -> Option<Assumption> {
        let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#);
        let owner = AccountId::parse("111111111111").unwrap();
        let role = Role {
            name: "deployer".into(),
            path: Path::new("/"),
            id: "AROA".into(),
            created: Timestamp::default(),
            trust_policy: TrustPolicy::new(&text, |_| Some(None)).unwrap(),
            description: None,
            max_session_duration: 3600,
            max_signin_session_duration: None,
            tags: TagSet::default(),
            permissions: Permissions::default(),
            source_template: None,
            template_values: None,
        };
        Assumed::new(&role, owner).by_stranger(principal)
    }

    #[test]
    fn a_trust_policy_lets_in_whom_the_engine_says() {
        let service = r#"{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}"#;
        assert!(matches!(judged(service, "ec2.amazonaws.com"), Some(Assumption::Allowed(_))));
        assert_eq!(judged(service, "lambda.amazonaws.com"), Some(Assumption::Refused));
        assert_eq!(judged(service, "222222222222"), Some(Assumption::Refused));
        let denied = format!(r#"{service},{{"Effect":"Deny","Principal":{{"AWS":"*"}},"Action":"sts:*"}}"#);
        assert_eq!(judged(&denied, "ec2.amazonaws.com"), Some(Assumption::Refused));
        let other = r#"{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:TagSession"}"#;
        assert_eq!(judged(other, "ec2.amazonaws.com"), Some(Assumption::Refused));
        let account =
            r#"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::222222222222:root"},"Action":"sts:AssumeRole"}"#;
        assert!(matches!(judged(account, "arn:aws:iam::222222222222:root"), Some(Assumption::Allowed(_))));
        assert!(matches!(judged(account, "222222222222"), Some(Assumption::Allowed(_))));
        assert_eq!(judged(account, "nobody at all"), None);
    }

    #[test]
    fn what_a_request_decides_is_a_condition() {
        let provider = "arn:aws:iam::111111111111:oidc-provider/example.com";
        let trust = format!(
            r#"{{"Effect":"Allow","Principal":{{"Federated":"{provider}"}},"Action":"sts:AssumeRoleWithWebIdentity",
            "Condition":{{"StringEquals":{{"example.com:aud":"app"}}}}}}"#
        );
        let Some(Assumption::Conditional(conditions)) = judged(&trust, provider) else { panic!("no condition") };
        assert_eq!(conditions, ["example.com:aud StringEquals app"]);
        let external = r#"{"Effect":"Allow","Principal":{"AWS":"222222222222"},"Action":"sts:AssumeRole",
            "Condition":{"StringEquals":{"sts:ExternalId":"x","aws:PrincipalTag/team":"a"}}}"#;
        let Some(Assumption::Conditional(conditions)) = judged(external, "222222222222") else {
            panic!("no condition")
        };
        assert_eq!(conditions.len(), 2);
    }
}
