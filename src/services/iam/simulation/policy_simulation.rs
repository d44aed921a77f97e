//! The policy simulator: what policies would say to hypothetical calls.

use std::borrow::Cow;

use serde::Deserialize;

use crate::account::Subject;
use crate::call::{Access, AccountRef, Context, Listing, Members, Paging, View, operations};
use crate::error::{Code, Result};
use crate::services::iam::simulation::simulated_policies::{
    Exclusions, granted, own_boundary, policy_inputs, policy_source, source_target,
};
use crate::services::iam::simulation::simulation_result::EvaluationResult;
use crate::services::iam::simulation::simulator::{Parameters, Policies, Simulation, boundary, service_control};
use crate::shapes::{
    ActionName, Arn, ContextEntry, Marker, MaxItems, OrganizationLevels, PolicyDocument, PolicyExclusions,
    PolicyIdentifierType, ResourceHandlingOption, ResourceName,
};

/// AWS's answer to a marker of something else.
const WRONG_MARKER: (Code, &str) = (Code::InvalidInput, "Invalid marker for pagination.");

/// Simulates policies given as documents.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SimulateCustomPolicy {
    policy_input_list: Vec<PolicyDocument>,
    permissions_boundary_policy_input_list: Option<Vec<PolicyDocument>>,
    ordered_organization_policy_input_list: Option<OrganizationLevels>,
    action_names: Vec<ActionName>,
    resource_arns: Option<Vec<ResourceName>>,
    resource_policy: Option<PolicyDocument>,
    resource_owner: Option<ResourceName>,
    caller_arn: Option<ResourceName>,
    context_entries: Option<Vec<ContextEntry>>,
    resource_handling_option: Option<ResourceHandlingOption>,
    max_items: Option<MaxItems>,
    marker: Option<Marker>,
}

impl Listing for SimulateCustomPolicy {
    type Item = EvaluationResult;

    const MEMBERS: &'static str = "EvaluationResults";
    const ERRORS: &'static [Code] = &[Code::InvalidInput, Code::PolicyEvaluation];
    const WRONG_MARKER: (Code, &'static str) = WRONG_MARKER;
    const COMPUTES: bool = true;

    fn paging(&self) -> Paging<'_> {
        Paging(&self.marker, &self.max_items)
    }

    fn access(&self) -> Access<'_> {
        Access::any()
    }

    fn members<'a>(&'a self, cx: &'a View<'_>, after: Option<&'a str>) -> Result<Members<'a, EvaluationResult>> {
        let parameters = Parameters {
            actions: &self.action_names,
            resources: &self.resource_arns,
            resource_policy: &self.resource_policy,
            resource_owner: &self.resource_owner,
            context_entries: &self.context_entries,
            resource_handling: &self.resource_handling_option,
        };
        let policies = Policies {
            identity: policy_inputs(Some(&self.policy_input_list))?,
            boundary: boundary(self.permissions_boundary_policy_input_list.as_deref())?,
            service_control: service_control(&self.ordered_organization_policy_input_list)?,
            organizations: None,
        };
        let caller = self.caller_arn.as_deref().map(|arn| parameters.caller(arn, None, cx)).transpose()?;
        let simulation = Simulation::new(parameters, policies, caller, cx.account.id)?;
        Ok(Box::new(simulation.results(after)))
    }
}

/// Simulates the policies of a user, group or role, and of documents besides.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SimulatePrincipalPolicy {
    policy_source_arn: Arn,
    policy_input_list: Option<Vec<PolicyDocument>>,
    permissions_boundary_policy_input_list: Option<Vec<PolicyDocument>>,
    policy_exclusion_list: Option<PolicyExclusions>,
    action_names: Vec<ActionName>,
    resource_arns: Option<Vec<ResourceName>>,
    resource_policy: Option<PolicyDocument>,
    resource_owner: Option<ResourceName>,
    caller_arn: Option<ResourceName>,
    context_entries: Option<Vec<ContextEntry>>,
    resource_handling_option: Option<ResourceHandlingOption>,
    max_items: Option<MaxItems>,
    marker: Option<Marker>,
}

impl SimulatePrincipalPolicy {
    /// The policies of the source that are not excluded, and the given ones. A given boundary takes the place of the
    /// source's own.
    fn policies<'c>(&self, source: Subject<'_>, cx: &'c Context<'_, impl AccountRef>) -> Result<Policies<'c>> {
        let exclusions = Exclusions::read(&self.policy_exclusion_list)?;
        let mut identity = granted(cx, source, &exclusions);
        identity.extend(policy_inputs(self.policy_input_list.as_deref())?);
        let own =
            own_boundary(cx, source).filter(|_| !exclusions.leave_out_all(PolicyIdentifierType::PermissionBoundary));
        let given = boundary(self.permissions_boundary_policy_input_list.as_deref())?;
        let place = cx.organizations.place(cx.account.id);
        let service_control = place.and_then(|place| Some(Cow::Owned(place.service_control()?.to_vec())));
        let service_control = service_control.filter(|_| !exclusions.leave_out_all(PolicyIdentifierType::Scp));
        Ok(Policies { identity, boundary: given.or(own), service_control, organizations: Some(cx.organizations) })
    }
}

impl Listing for SimulatePrincipalPolicy {
    type Item = EvaluationResult;

    const MEMBERS: &'static str = "EvaluationResults";
    const ERRORS: &'static [Code] = &[Code::InvalidInput, Code::NoSuchEntity, Code::PolicyEvaluation];
    const WRONG_MARKER: (Code, &'static str) = WRONG_MARKER;
    const COMPUTES: bool = true;

    fn paging(&self) -> Paging<'_> {
        Paging(&self.marker, &self.max_items)
    }

    fn access(&self) -> Access<'_> {
        Access::to(source_target(&self.policy_source_arn))
    }

    fn members<'a>(&'a self, cx: &'a View<'_>, after: Option<&'a str>) -> Result<Members<'a, EvaluationResult>> {
        let source = policy_source(cx, &self.policy_source_arn)?;
        let parameters = Parameters {
            actions: &self.action_names,
            resources: &self.resource_arns,
            resource_policy: &self.resource_policy,
            resource_owner: &self.resource_owner,
            context_entries: &self.context_entries,
            resource_handling: &self.resource_handling_option,
        };
        let own = source.arn(cx.account.id);
        let caller = parameters.caller(self.caller_arn.as_deref().unwrap_or(&own), Some(&own), cx)?;
        let simulation = Simulation::new(parameters, self.policies(source, cx)?, Some(caller), cx.account.id)?;
        Ok(Box::new(simulation.results(after)))
    }
}

operations!(IAM: query SimulateCustomPolicy, SimulatePrincipalPolicy);
