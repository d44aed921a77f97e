//! What the policy simulator answers.

use serde::Serialize;

use crate::services::iam::simulation::simulated_resources::ResourceTypes;
use iam_policy::evaluate::Verdict;
use iam_policy::simulate::{Sides, Simulated, SimulatedResource};
use iam_policy::{Action, Layer, Match, Position};

/// The result for one action.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct EvaluationResult {
    eval_action_name: String,
    eval_resource_name: String,
    eval_decision: Verdict,
    matched_statements: Vec<StatementShape>,
    missing_context_values: Vec<String>,
    organizations_decision_detail: Option<OrganizationsDecisionDetail>,
    permissions_boundary_decision_detail: Option<BoundaryDecisionDetail>,
    eval_decision_details: Option<Sides>,
    resource_specific_results: Option<Vec<ResourceSpecificResult>>,
}

/// The result for one action on one resource.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ResourceSpecificResult {
    eval_resource_name: String,
    eval_resource_decision: Verdict,
    matched_statements: Vec<StatementShape>,
    missing_context_values: Vec<String>,
    /// Only across accounts.
    eval_decision_details: Option<Sides>,
    permissions_boundary_decision_detail: Option<BoundaryDecisionDetail>,
}

/// A statement that made the decision.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct StatementShape {
    source_policy_id: String,
    source_policy_type: &'static str,
    start_position: Option<PositionShape>,
    end_position: Option<PositionShape>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PositionShape {
    line: u32,
    column: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct OrganizationsDecisionDetail {
    allowed_by_organizations: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct BoundaryDecisionDetail {
    allowed_by_permissions_boundary: bool,
}

impl EvaluationResult {
    /// The answer for an action and the resources it was simulated on.
    pub fn of(action: &Action, types: Option<&ResourceTypes>, resources: &[&str], simulated: Simulated<'_>) -> Self {
        let by_resource: Vec<_> = simulated.resources.into_iter().map(ResourceSpecificResult::of).collect();
        let template = || types.filter(|_| !by_resource.is_empty()).and_then(|types| types.template(resources));
        // A resource that is alone gives its name, several that of their type.
        let name = if let [only] = resources { Some(*only) } else { template() };
        Self {
            eval_action_name: action.as_str().to_owned(),
            eval_resource_name: name.unwrap_or("*").to_owned(),
            eval_decision: simulated.decision,
            matched_statements: statements(&simulated.matched),
            organizations_decision_detail: simulated
                .allowed_by_organizations
                .map(|allowed_by_organizations| OrganizationsDecisionDetail { allowed_by_organizations }),
            permissions_boundary_decision_detail: BoundaryDecisionDetail::of(simulated.allowed_by_boundary),
            eval_decision_details: simulated.details,
            resource_specific_results: Some(by_resource).filter(|results| !results.is_empty()),
            missing_context_values: simulated.missing_keys,
        }
    }
}

impl ResourceSpecificResult {
    fn of(one: SimulatedResource<'_>) -> Self {
        Self {
            eval_resource_name: one.resource,
            eval_resource_decision: one.decision,
            matched_statements: statements(&one.matched),
            missing_context_values: one.missing_keys,
            eval_decision_details: one.details.filter(|sides| !sides.is_empty()),
            permissions_boundary_decision_detail: BoundaryDecisionDetail::of(one.allowed_by_boundary),
        }
    }
}

impl BoundaryDecisionDetail {
    fn of(allowed: Option<bool>) -> Option<Self> {
        allowed.map(|allowed_by_permissions_boundary| Self { allowed_by_permissions_boundary })
    }
}

fn statements(matched: &[(Layer, Match<'_>)]) -> Vec<StatementShape> {
    let place = |position: Position| PositionShape { line: position.line, column: position.column };
    let shape = |(layer, found): &(Layer, Match<'_>)| StatementShape {
        source_policy_id: found.source.id.to_string(),
        // Seen in AWS, whatever its model lists.
        source_policy_type: match layer {
            Layer::Resource => "Resource Policy",
            Layer::Boundary => "Permissions Boundary Policy",
            _ => "IAM Policy",
        },
        start_position: found.statement.map(|statement| place(statement.start)),
        end_position: found.statement.map(|statement| place(statement.end)),
    };
    matched.iter().map(shape).collect()
}
