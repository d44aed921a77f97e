//! One run of the policy simulator: its parameters read, and its results action by action.

use std::borrow::Cow;
use std::sync::Arc;

use crate::call::{AccountRef, Context};
use crate::error::{Code, Error, Result};
use crate::organization::{Directory, Places};
use crate::services::iam::simulation::simulated_caller::{SimulatedCaller, keys_of_nobody};
use crate::services::iam::simulation::simulated_context;
use crate::services::iam::simulation::simulated_policies::{Member, document, documents, invalid};
use crate::services::iam::simulation::simulated_resources::ResourceTypes;
use crate::services::iam::simulation::simulation_result::EvaluationResult;
use crate::shapes::{
    AccountId, ActionName, ArnParts, ContextEntry, OrganizationLevels, PolicyDocument, ResourceHandlingOption,
    ResourceName,
};
use iam_policy::simulate::{Keys, Scenario};
use iam_policy::{Action, Grammar, Policy, PolicySet};

/// How often one request may have a statement evaluated, so that none keeps the server busy for long.
const MAX_EVALUATIONS: usize = 100_000;

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
    /// The organizations that conditions know of.
    pub organizations: Option<&'r Directory>,
}

/// A simulation, ready to run.
pub struct Simulation<'r> {
    actions: Vec<(Action, Option<ResourceTypes>)>,
    resources: Vec<&'r str>,
    identity: PolicySet,
    boundary: Option<Arc<PolicySet>>,
    resource_policy: Option<PolicySet>,
    service_control: Option<Cow<'r, [PolicySet]>>,
    resource_owner: Option<&'r str>,
    caller: Option<SimulatedCaller>,
    /// The account that asks.
    account: String,
    entries: Keys<'r>,
    organizations: Option<&'r Directory>,
}

impl Parameters<'_> {
    /// The caller with this ARN; see [`SimulatedCaller::named`].
    ///
    /// # Errors
    /// `InvalidInput` for ARNs of other things than users, groups and roles.
    pub fn caller(
        &self,
        arn: &str,
        policy_source: Option<&str>,
        cx: &Context<'_, impl AccountRef>,
    ) -> Result<SimulatedCaller> {
        SimulatedCaller::named(arn, policy_source, cx).map_err(|refused| match self.resource_policy {
            Some(_) => invalid("Invalid caller - Caller must be an IAM user, role or group in this context."),
            None => refused,
        })
    }
}

impl<'r> Simulation<'r> {
    /// Reads the parameters.
    ///
    /// # Errors
    /// `InvalidInput` for each that makes no sense, `PolicyEvaluation` for a policy of the entity that cannot be read.
    pub fn new(
        parameters: Parameters<'r>,
        policies: Policies<'r>,
        caller: Option<SimulatedCaller>,
        account: AccountId,
    ) -> Result<Self> {
        let actions = actions(parameters.actions)?;
        let resources = resources(parameters.resources.as_deref().unwrap_or_default())?;
        if !matches!(resources[..], [] | ["*"]) {
            must_go_together(&actions)?;
        }
        if let Some(option) = parameters.resource_handling {
            must_have_resources(option, &actions, &resources)?;
        }
        let simulation = Self {
            resource_policy: resource_policy(parameters.resource_policy.as_deref(), caller.as_ref(), &resources)?,
            actions,
            resources,
            identity: PolicySet::new(policies.identity),
            boundary: policies.boundary,
            service_control: policies.service_control,
            resource_owner: parameters.resource_owner.as_deref().map(owner).transpose()?,
            caller,
            account: account.to_string(),
            organizations: policies.organizations,
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
            let (action, types) = self.actions.get(index)?;
            let is_about = |resource: &str| types.as_ref().is_none_or(|types| types.include(resource));
            let result = self.with_scenario(|scenario| {
                let simulated = scenario.simulate(action, &self.resources, &is_about);
                EvaluationResult::of(action, types.as_ref(), &self.resources, simulated)
            });
            Some((index.to_string(), result))
        })
    }

    fn with_scenario<T>(&self, use_scenario: impl FnOnce(Scenario<'_>) -> T) -> T {
        let about_caller = self.caller.as_ref().map_or_else(|| keys_of_nobody(&self.account), SimulatedCaller::keys);
        let place = |account: &str| self.organizations?.place(AccountId::parse(account)?);
        let principal = self.caller.as_ref().and_then(|caller| place(caller.account()));
        let places = Places { principal, resource: None };
        let context = about_caller.into_iter().chain(places.keys(false)).chain(self.entries.iter().cloned()).collect();
        let entries: iam_policy::Context<'_> = self.entries.iter().cloned().collect();
        use_scenario(Scenario {
            caller: self.caller.as_ref().map(SimulatedCaller::principal),
            identity: &self.identity,
            boundary: self.boundary.as_deref(),
            resource_policy: self.resource_policy.as_ref(),
            service_control: self.service_control.as_deref(),
            resource_owner: self.resource_owner,
            context: &context,
            entries: &entries,
            owner_keys: &|owner| Places { principal: None, resource: place(owner) }.owned_keys(),
        })
    }

    /// Every action is asked of every resource, before every statement and with every context entry. A long document
    /// counts like as many statements as there are managed policies' sizes in it, for its patterns are long or many.
    fn must_be_small(&self) -> Result<()> {
        let own = [Some(&self.identity), self.boundary.as_deref(), self.resource_policy.as_ref()];
        let sets = own.into_iter().flatten().chain(self.service_control.as_deref().unwrap_or_default());
        let weight = |policy: &Policy| policy.statements().len() + policy.text().len() / MANAGED_POLICY_SIZE;
        let policies = sets.flat_map(PolicySet::policies);
        let asked = policies.clone().map(weight).sum::<usize>() + self.entries.len();
        let calls = self.actions.len().saturating_mul(self.resources.len().max(1));
        if calls.saturating_mul(asked.max(1)) > MAX_EVALUATIONS {
            return Err(invalid(format!(
                "The simulation is too large: the number of actions, times that of resources, times that of statements \
                 and context entries may be at most {MAX_EVALUATIONS}."
            )));
        }
        let longest = self.actions.iter().map(|(action, _)| action).max_by_key(|action| action.as_str().len());
        let each = longest.map_or(0, |action| self.work(action));
        if each.saturating_mul(calls as u64) > iam_policy::MAX_WORK {
            return Err(invalid("The simulation is too large: the policies, or the context values, are too long."));
        }
        Ok(())
    }

    /// What an action costs on the longest of the resources.
    fn work(&self, action: &Action) -> u64 {
        let longest = self.resources.iter().max_by_key(|resource| resource.len()).copied().unwrap_or("*");
        self.with_scenario(|scenario| scenario.work(action, longest))
    }

    /// AWS: the policy "must be applicable to all of the resources included in the simulation".
    fn resource_policy_must_cover_all(&self) -> Result<()> {
        let Some((action, _)) = self.actions.first().filter(|_| self.resource_policy.is_some()) else { return Ok(()) };
        let mut named = self.resources.iter();
        match named.find(|resource| !self.with_scenario(|scenario| scenario.resource_policy_covers(action, resource))) {
            Some(resource) => Err(invalid(format!("Invalid Resource Policy: it is not applicable to {resource}."))),
            None => Ok(()),
        }
    }
}

fn actions(names: &[ActionName]) -> Result<Vec<(Action, Option<ResourceTypes>)>> {
    if names.iter().any(|name| !name.contains(':')) {
        return Err(invalid("The action is invalid since it is missing names"));
    }
    let parse = |name: &ActionName| Action::parse(name).filter(|_| !name.contains(['*', '?']));
    let wrong: Vec<&str> = names.iter().filter(|name| parse(name).is_none()).map(ActionName::as_str).collect();
    if !wrong.is_empty() {
        return Err(invalid(format!("Invalid Input Actions: [{}]", wrong.join(","))));
    }
    let with_types = |action| {
        let types = ResourceTypes::of(&action);
        (action, types)
    };
    Ok(names.iter().filter_map(parse).map(with_types).collect())
}

/// Seen in AWS: where resources are named, actions that the service authorization reference knows are not simulated
/// together with others.
fn must_go_together(actions: &[(Action, Option<ResourceTypes>)]) -> Result<()> {
    let Some((_, first)) = actions.first() else { return Ok(()) };
    let (like_first, others): (Vec<_>, Vec<_>) =
        actions.iter().partition(|(_, types)| types.is_some() == first.is_some());
    if others.is_empty() {
        return Ok(());
    }
    let names =
        |actions: &[&(Action, _)]| actions.iter().map(|(action, _)| action.as_str()).collect::<Vec<_>>().join(",");
    let (like_first, others) = (names(&like_first), names(&others));
    Err(invalid(format!(
        "Invalid Input Actions: [{like_first}] and [{others}] require different authorization information. "
    )))
}

fn resources(names: &[ResourceName]) -> Result<Vec<&str>> {
    let is_resource = |name: &str| name == "*" || ArnParts::parse(name).is_some();
    let wrong: Vec<&str> = names.iter().map(ResourceName::as_str).filter(|name| !is_resource(name)).collect();
    if !wrong.is_empty() {
        return Err(invalid(format!("ResourceNames are not in a valid ARN format: {}.", wrong.join(", "))));
    }
    Ok(names.iter().map(ResourceName::as_str).collect())
}

/// The account of an owner, which is an ARN of IAM.
fn owner(arn: &str) -> Result<&str> {
    let parts = ArnParts::parse(arn).filter(|parts| parts.service == "iam");
    let account = parts.filter(|parts| parts.account_id().is_some()).map(|parts| parts.account);
    account.ok_or_else(|| invalid(format!("'{arn}' is not a valid as a Resource Owner.")))
}

fn resource_policy(
    text: Option<&str>,
    caller: Option<&SimulatedCaller>,
    resources: &[&str],
) -> Result<Option<PolicySet>> {
    let Some(text) = text else { return Ok(None) };
    let caller = caller.ok_or_else(|| invalid("Invalid caller - Caller cannot be null or empty."))?;
    if !caller.is_user() {
        return Err(invalid("Invalid caller - Caller must be an IAM user in this context."));
    }
    if resources.is_empty() || resources.contains(&"*") {
        return Err(invalid("Invalid Entity Arn: * does not clearly define entity type and name."));
    }
    Ok(Some(PolicySet::new([document("ResourcePolicy".to_owned(), text, Grammar::Resource)?])))
}

/// The boundary that is given for the simulation.
///
/// # Errors
/// `InvalidInput` for more than one, and for a document that is refused.
pub fn boundary(texts: Option<&[PolicyDocument]>) -> Result<Option<Arc<PolicySet>>> {
    if texts.is_some_and(|texts| texts.len() > 1) {
        return Err(invalid("The list of Permissions Boundary policies cannot exceed 1 items."));
    }
    let members = documents("PermissionsBoundaryPolicyInputList", texts, Grammar::Identity)?;
    Ok(if members.is_empty() { None } else { Some(Arc::new(PolicySet::new(members))) })
}

/// The service control policies that are given for the simulation.
///
/// # Errors
/// `InvalidInput` for a document that is refused, and for a level without any.
pub fn service_control(levels: &Option<OrganizationLevels>) -> Result<Option<Cow<'static, [PolicySet]>>> {
    let Some(levels) = levels.as_deref().filter(|levels| !levels.is_empty()) else { return Ok(None) };
    let read = |(number, texts): (usize, Option<&[PolicyDocument]>)| {
        if texts.is_none_or(<[_]>::is_empty) {
            let message = "must contain at least one service control policy";
            return Err(invalid(format!("Organization policy at index {number} {message}")));
        }
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

/// Where AWS documents which actions have scenarios.
const SCENARIOS: &str = "https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html";

/// Seen in AWS: options that it does not know say nothing.
fn must_have_resources(option: &str, actions: &[(Action, Option<ResourceTypes>)], resources: &[&str]) -> Result<()> {
    let Some((_, needed)) = HANDLING.iter().find(|(known, _)| *known == option) else { return Ok(()) };
    if let Some((other, _)) = actions.iter().find(|(action, _)| action.service() != "ec2") {
        return Err(invalid(format!(
            "Invalid input resource handling options. Action does not support resource handling options: {}. Please refer \
             to the documentation for more details: {SCENARIOS}",
            other.as_str()
        )));
    }
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
