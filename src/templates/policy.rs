//! The templates of policies that delegation requests name.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::document::{DocumentTemplate, Replacement, Replacements, invalid};
use crate::error::{Code, Error, Result};
use crate::shapes::{DelegationPermission, PolicyParameter, PolicyParameterType};
use iam_policy::{Effect, Grammar, Policy};

/// The policies that product providers can ask for, by ARN. Those of AWS's partners are known to AWS alone; these come
/// from the configuration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct PolicyTemplates(BTreeMap<String, DocumentTemplate>);

/// What a request asks for.
pub struct Asked {
    /// The template.
    pub template_arn: String,
    /// The values of its placeholders, as they were given.
    pub parameters: Vec<PolicyParameter>,
    /// The template with its placeholders filled.
    pub policy: String,
}

impl PolicyTemplates {
    /// The policy that a request asks for.
    ///
    /// # Errors
    /// `NoSuchEntity` for an unknown template; `InvalidInput` for parameters that do not fit it or make no policy.
    pub fn fill(&self, permission: DelegationPermission) -> Result<Asked> {
        let arn = permission.policy_template_arn.ok_or_else(|| invalid("PolicyTemplateArn is missing.".to_owned()))?;
        let template = self.0.get(arn.as_str()).ok_or_else(|| {
            Error::new(Code::NoSuchEntity, format!("The policy template with ARN {arn} cannot be found."))
        })?;
        let parameters = permission.parameters.unwrap_or_default().into_inner();
        let known = template.placeholders();
        let mut replacements = Replacements::default();
        for parameter in &parameters {
            let (name, replacement) = read(parameter)?;
            if !known.contains(name) {
                return Err(invalid(format!("The policy template has no parameter {name}.")));
            }
            replacements.add(name, replacement)?;
        }
        let policy = template.fill(&replacements)?;
        let parsed = Policy::parse(&policy, Grammar::Session).map_err(|refused| invalid(refused.message.into()))?;
        // What only denies delegates nothing.
        if !parsed.statements().iter().any(|statement| statement.effect == Effect::Allow) {
            return Err(invalid("The policy must allow something.".to_owned()));
        }
        Ok(Asked { template_arn: arn.into(), parameters, policy })
    }
}

fn read(parameter: &PolicyParameter) -> Result<(&str, Replacement)> {
    let name = parameter.name.as_deref().ok_or_else(|| invalid("A parameter has no name.".to_owned()))?;
    let mut values: Vec<String> = parameter.values.iter().flatten().map(ToString::to_string).collect();
    let replacement = match (parameter.kind, values.len()) {
        (_, 0) => return Err(invalid(format!("The parameter {name} has no value."))),
        (Some(PolicyParameterType::StringList), _) => Replacement::Many(values),
        (_, 1) => Replacement::One(values.pop().unwrap_or_default()),
        _ => return Err(invalid(format!("The parameter {name} is a string and must have one value."))),
    };
    Ok((name, replacement))
}
