//! What the policy simulator answers.

use serde::Serialize;

use crate::catalogue::service_authorization;
use crate::policy::evaluate::Verdict;
use crate::policy::simulate::{Sides, Simulated, SimulatedResource};
use crate::policy::{Action, Match, Position, SourceKind};
use crate::shapes::ArnParts;

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
    pub fn of(action: &Action, resources: &[&str], simulated: Simulated<'_>) -> Self {
        let keys = &simulated.missing_keys;
        let by_resource: Vec<_> =
            simulated.resources.into_iter().map(|one| ResourceSpecificResult::of(one, keys)).collect();
        Self {
            eval_action_name: action.as_str().to_owned(),
            eval_resource_name: match by_resource.is_empty() {
                true => "*".to_owned(),
                false => resource_template(action, resources).unwrap_or_else(|| "*".to_owned()),
            },
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
    fn of(one: SimulatedResource<'_>, missing_keys: &[String]) -> Self {
        Self {
            eval_resource_name: one.resource,
            eval_resource_decision: one.decision,
            matched_statements: statements(&one.matched),
            missing_context_values: missing_keys.to_vec(),
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

fn statements(matched: &[Match<'_>]) -> Vec<StatementShape> {
    let place = |position: Position| PositionShape { line: position.line, column: position.column };
    let shape = |found: &Match<'_>| StatementShape {
        source_policy_id: found.source.id.to_string(),
        // Seen in AWS, whatever its model lists.
        source_policy_type: match found.source.kind {
            SourceKind::Resource => "Resource Policy",
            _ => "IAM Policy",
        },
        start_position: found.statement.map(|statement| place(statement.start)),
        end_position: found.statement.map(|statement| place(statement.end)),
    };
    matched.iter().map(shape).collect()
}

/// The ARN of the simulated resource type with placeholders: of the type that the first resource is of, or else of the
/// type that the action needs.
fn resource_template(action: &Action, resources: &[&str]) -> Option<String> {
    let service = service_authorization::service(action.service())?;
    let (_, name) = action.as_str().split_once(':')?;
    let accepted = &service.action(name)?.resources;
    let types = || accepted.iter().filter_map(|of| Some((of.required, &service.resource_type(&of.resource_type)?.arn)));
    let first = resources.first().copied().unwrap_or_default();
    let fitting = types().filter(|(_, template)| fits(template, first));
    // An object's ARN could be that of a bucket with a slash in its name.
    let found = fitting.max_by_key(|(_, template)| template.matches('/').count());
    let found = found.or_else(|| types().find(|(required, _)| *required)).or_else(|| types().next());
    found.map(|(_, template)| template.clone())
}

/// Whether an ARN is of the type with this template.
fn fits(template: &str, arn: &str) -> bool {
    let (Some(template), Some(arn)) = (ArnParts::parse(template), ArnParts::parse(arn)) else { return false };
    let is = |template: &str, part: &str| if template.starts_with("${") { !part.is_empty() } else { template == part };
    template.service == arn.service
        && is(template.region, arn.region)
        && is(template.account, arn.account)
        && fills(template.resource, arn.resource)
}

/// Whether a name has a template's fixed text in its order, and something for each placeholder.
fn fills(template: &str, name: &str) -> bool {
    let mut pieces = template.split("${");
    let Some(mut rest) = name.strip_prefix(pieces.next().unwrap_or_default()) else { return false };
    for fixed in pieces.map(|piece| piece.split_once('}').map_or("", |(_, fixed)| fixed)) {
        if fixed.is_empty() {
            return !rest.is_empty();
        }
        let Some((_, behind)) = rest.get(1..).and_then(|rest| rest.split_once(fixed)) else { return false };
        rest = behind;
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resource_type_has_a_template() {
        let cases = [
            (
                "iam:GetUser",
                "arn:aws:iam::111122223333:user/a",
                "arn:${Partition}:iam::${Account}:user/${UserNameWithPath}",
            ),
            (
                "iam:SimulatePrincipalPolicy",
                "arn:aws:iam::1:role/a",
                "arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}",
            ),
            ("s3:GetObject", "arn:aws:s3:::b/k", "arn:${Partition}:s3:::${BucketName}/${ObjectName}"),
            ("s3:ListBucket", "arn:aws:s3:::b", "arn:${Partition}:s3:::${BucketName}"),
            ("iam:GetUser", "arn:aws:s3:::b", "arn:${Partition}:iam::${Account}:user/${UserNameWithPath}"),
        ];
        let template = |action, resource| resource_template(&Action::parse(action).unwrap(), &[resource]);
        for (action, resource, expected) in cases {
            assert_eq!(template(action, resource).as_deref(), Some(expected), "{action} {resource}");
        }
        assert_eq!(template("iam:GetAccountSummary", "arn:aws:iam::111122223333:user/a"), None);
        assert_eq!(template("nosuch:Thing", "arn:aws:s3:::b"), None);
    }

    #[test]
    fn templates_are_filled_piece_by_piece() {
        let cases = [
            ("user/${Name}", "user/a/b", true),
            ("user/${Name}", "user/", false),
            ("a/${X}/b/${Y}", "a/1/b/2", true),
            ("a/${X}/b/${Y}", "a//b/2", false),
            ("a/${X}/b", "a/1/b", true),
            ("a/${X}/b", "a/1/b/2", false),
            ("root", "root", true),
            ("root", "roots", false),
        ];
        for (template, name, expected) in cases {
            assert_eq!(fills(template, name), expected, "{template} {name}");
        }
    }
}
