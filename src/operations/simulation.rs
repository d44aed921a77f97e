//! One run of the policy simulator: its parameters read, and its results action by action.

use std::borrow::Cow;
use std::sync::Arc;

use super::simulated_caller::SimulatedCaller;
use super::simulated_context;
use super::simulated_policies::{Member, document, documents, invalid};
use super::simulation_result::EvaluationResult;
use crate::error::{Code, Error, Result};
use crate::policy::simulate::Scenario;
use crate::policy::{self, Action, Grammar, Policy, PolicySet, Values};
use crate::shapes::{
    ActionName, ArnParts, ContextEntry, OrganizationLevels, PolicyDocument, ResourceHandlingOption, ResourceName,
};

/// How often one request may have a statement evaluated, so that none keeps the server busy for long.
const MOST_EVALUATIONS: usize = 100_000;

/// The most characters of a managed policy (AWS: IAM and STS quotas).
const MANAGED_POLICY_SIZE: usize = 6144;

/// The parameters that both simulating operations have.
pub struct Parameters<'r> {
    /// `ActionNames`.
    pub actions: &'r [ActionName],
    /// `ResourceArns`.
    pub resources: &'r Option<Vec<ResourceName>>,
    /// `ResourcePolicy`.
    pub resource_policy: &'r Option<PolicyDocument>,
    /// `ResourceOwner`.
    pub resource_owner: &'r Option<ResourceName>,
    /// `ContextEntries`.
    pub context_entries: &'r Option<Vec<ContextEntry>>,
    /// `ResourceHandlingOption`.
    pub resource_handling: &'r Option<ResourceHandlingOption>,
}

/// The policies of the caller's side.
pub struct Policies<'r> {
    /// The identity-based policies.
    pub identity: Vec<Member>,
    /// The permissions boundary.
    pub boundary: Option<Arc<PolicySet>>,
    /// The service control policies, level by level.
    pub service_control: Option<Cow<'r, [PolicySet]>>,
}

/// A simulation, ready to run.
pub struct Simulation<'r> {
    actions: Vec<Action>,
    resources: Vec<&'r str>,
    identity: PolicySet,
    boundary: Option<Arc<PolicySet>>,
    resource_policy: Option<PolicySet>,
    service_control: Option<Cow<'r, [PolicySet]>>,
    resource_owner: Option<&'r str>,
    caller: Option<SimulatedCaller>,
    entries: Vec<(String, Values<'static>)>,
}

impl<'r> Simulation<'r> {
    /// Reads the parameters.
    ///
    /// # Errors
    /// `InvalidInput` for each that makes no sense, `PolicyEvaluation` for a policy of the entity that cannot be read.
    pub fn new(parameters: Parameters<'r>, policies: Policies<'r>, caller: Option<SimulatedCaller>) -> Result<Self> {
        let resources = resources(parameters.resources.as_deref().unwrap_or_default())?;
        if let Some(option) = parameters.resource_handling {
            must_have_resources(option, &resources)?;
        }
        let simulation = Self {
            actions: actions(parameters.actions)?,
            resources,
            identity: PolicySet::new(policies.identity),
            boundary: policies.boundary,
            resource_policy: resource_policy(parameters.resource_policy.as_deref(), caller.as_ref())?,
            service_control: policies.service_control,
            resource_owner: parameters.resource_owner.as_deref().map(owner).transpose()?,
            caller,
            entries: simulated_context::entries(parameters.context_entries.as_deref().unwrap_or_default())?,
        };
        let sets = [Some(&simulation.identity), simulation.boundary.as_deref()];
        if let Some(source) = sets.into_iter().flatten().find_map(PolicySet::broken) {
            let message = format!("The policy {} cannot be evaluated.", source.id);
            return Err(Error::new(Code::PolicyEvaluation, message));
        }
        simulation.must_be_small()?;
        simulation.resource_policy_must_cover_all()?;
        Ok(simulation)
    }

    /// The results behind that of an action, by the action's place.
    pub fn results(self, after: Option<&str>) -> impl Iterator<Item = (String, EvaluationResult)> + use<'r> {
        let first = after.and_then(|after| after.parse::<usize>().ok()).map_or(0, |last| last + 1);
        (first..self.actions.len()).filter_map(move |index| {
            let action = self.actions.get(index)?;
            let simulated = self.with_scenario(|scenario| {
                EvaluationResult::of(action, &self.resources, scenario.simulate(action, &self.resources))
            });
            Some((index.to_string(), simulated))
        })
    }

    fn with_scenario<T>(&self, tell: impl FnOnce(Scenario<'_>) -> T) -> T {
        let told = self.caller.as_ref().map(SimulatedCaller::keys).unwrap_or_default();
        let given = self.entries.iter().map(|(key, values)| (key.as_str().into(), values.clone()));
        let context: policy::Context<'_> = told.into_iter().chain(given).collect();
        tell(Scenario {
            caller: self.caller.as_ref().map(SimulatedCaller::principal),
            identity: &self.identity,
            boundary: self.boundary.as_deref(),
            resource_policy: self.resource_policy.as_ref(),
            service_control: self.service_control.as_deref(),
            resource_owner: self.resource_owner,
            context: &context,
        })
    }

    /// Every action is asked of every resource, before every statement and with every context entry. A long document
    /// counts like as many statements as there are managed policies' sizes in it, for its patterns are long or many.
    fn must_be_small(&self) -> Result<()> {
        let own = [Some(&self.identity), self.boundary.as_deref(), self.resource_policy.as_ref()];
        let sets = own.into_iter().flatten().chain(self.service_control.as_deref().unwrap_or_default());
        let weight = |policy: &Policy| policy.statements().len() + policy.text().len() / MANAGED_POLICY_SIZE;
        let asked = sets.flat_map(PolicySet::policies).map(weight).sum::<usize>() + self.entries.len();
        let calls = self.actions.len().saturating_mul(self.resources.len().max(1));
        if calls.saturating_mul(asked.max(1)) <= MOST_EVALUATIONS {
            return Ok(());
        }
        Err(invalid(format!(
            "The simulation is too large: the number of actions, times that of resources, times that of statements and \
             context entries may be at most {MOST_EVALUATIONS}."
        )))
    }

    /// AWS: the policy "must be applicable to all of the resources included in the simulation".
    fn resource_policy_must_cover_all(&self) -> Result<()> {
        let Some(action) = self.actions.first().filter(|_| self.resource_policy.is_some()) else { return Ok(()) };
        let mut named = self.resources.iter().filter(|resource| **resource != "*");
        match named.find(|resource| !self.with_scenario(|scenario| scenario.resource_policy_covers(action, resource))) {
            Some(resource) => Err(invalid(format!("Invalid Resource Policy: it is not applicable to {resource}."))),
            None => Ok(()),
        }
    }
}

fn actions(names: &[ActionName]) -> Result<Vec<Action>> {
    let parse = |name: &ActionName| Action::parse(name).filter(|_| !name.contains(['*', '?', ' ']));
    let wrong: Vec<&str> = names.iter().filter(|name| parse(name).is_none()).map(ActionName::as_str).collect();
    if !wrong.is_empty() {
        return Err(invalid(format!("Invalid Input Actions: [{}]", wrong.join(","))));
    }
    Ok(names.iter().filter_map(parse).collect())
}

fn resources(names: &[ResourceName]) -> Result<Vec<&str>> {
    let is_resource = |name: &str| name == "*" || ArnParts::parse(name).is_some();
    let wrong: Vec<&str> = names.iter().map(ResourceName::as_str).filter(|name| !is_resource(name)).collect();
    if !wrong.is_empty() {
        return Err(invalid(format!("Invalid Resource Arns: [{}]", wrong.join(","))));
    }
    Ok(names.iter().map(ResourceName::as_str).collect())
}

/// The account of an owner, which is the ARN of its root user.
fn owner(arn: &str) -> Result<&str> {
    let parts = ArnParts::parse(arn).filter(|parts| parts.service == "iam" && parts.resource == "root");
    let account = parts.filter(|parts| parts.account_id().is_some()).map(|parts| parts.account);
    account.ok_or_else(|| invalid(format!("'{arn}' is not a valid as a Resource Owner.")))
}

fn resource_policy(text: Option<&str>, caller: Option<&SimulatedCaller>) -> Result<Option<PolicySet>> {
    let Some(text) = text else { return Ok(None) };
    if !caller.is_some_and(SimulatedCaller::is_user) {
        return Err(invalid("Invalid caller - Caller must be an IAM user in this context."));
    }
    Ok(Some(PolicySet::new([document("ResourcePolicy".to_owned(), text, Grammar::Resource)?])))
}

/// The boundary that is given for the simulation.
///
/// # Errors
/// `InvalidInput` for more than one, and for a document that is refused.
pub fn boundary(texts: Option<&[PolicyDocument]>) -> Result<Option<Arc<PolicySet>>> {
    let members = documents("PermissionsBoundaryPolicyInputList", texts, Grammar::Identity)?;
    match members.len() {
        0 => Ok(None),
        1 => Ok(Some(Arc::new(PolicySet::new(members)))),
        _ => {
            Err(invalid("Invalid PermissionsBoundaryPolicyInputList: only one permissions boundary can be in effect."))
        }
    }
}

/// The service control policies that are given for the simulation.
///
/// # Errors
/// `InvalidInput` for a document that is refused.
pub fn service_control(levels: &Option<OrganizationLevels>) -> Result<Option<Cow<'static, [PolicySet]>>> {
    let Some(levels) = levels.as_deref().filter(|levels| !levels.is_empty()) else { return Ok(None) };
    let read = |(number, texts)| {
        let parameter = format!("OrderedOrganizationPolicyInputList.{number}");
        documents(&parameter, texts, Grammar::ServiceControl).map(PolicySet::new)
    };
    let texts = levels.iter().map(|level| level.service_control_policy_input_list.as_deref());
    (1..).zip(texts).map(read).collect::<Result<_>>().map(Some)
}

/// The EC2 scenarios and the types of resources that each needs (API reference of both operations).
const HANDLING: &[(&str, &[&str])] = &[
    ("EC2-VPC-InstanceStore", &["instance", "image", "security-group", "network-interface"]),
    ("EC2-VPC-InstanceStore-Subnet", &["instance", "image", "security-group", "network-interface", "subnet"]),
    ("EC2-VPC-EBS", &["instance", "image", "security-group", "network-interface", "volume"]),
    ("EC2-VPC-EBS-Subnet", &["instance", "image", "security-group", "network-interface", "subnet", "volume"]),
];

fn must_have_resources(option: &str, resources: &[&str]) -> Result<()> {
    let (_, needed) = HANDLING
        .iter()
        .find(|(known, _)| *known == option)
        .ok_or_else(|| invalid(format!("Invalid Resource Handling Option: {option}")))?;
    let is_there = |kind: &&&str| {
        let of_kind = |parts: ArnParts<'_>| parts.service == "ec2" && parts.resource.split('/').next() == Some(**kind);
        resources.iter().filter_map(|arn| ArnParts::parse(arn)).any(of_kind)
    };
    let missing: Vec<&str> = needed.iter().filter(|kind| !is_there(kind)).copied().collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(invalid(format!("Invalid Resource Arns: {option} requires resources of type {}.", missing.join(", "))))
}
