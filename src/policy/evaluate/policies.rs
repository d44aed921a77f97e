//! The documents of an evaluate request, read and gathered in sets.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::value::RawValue;

use super::EvaluateError;
use super::request::{EvaluateRequest, Level, NamedDocument};
use crate::policy::position::Locator;
use crate::policy::{Grammar, Policy, PolicySet, Position, ResourceKind, Source, SourceKind};

/// All policies of a request by layer.
#[derive(Debug)]
pub(super) struct Policies {
    pub identity: Option<PolicySet>,
    pub boundary: Option<PolicySet>,
    pub session: Option<PolicySet>,
    pub resource: Option<PolicySet>,
    pub service_control: Option<Vec<PolicySet>>,
    pub resource_control: Option<Vec<PolicySet>>,
    pub endpoint: Option<PolicySet>,
}

impl Policies {
    /// Reads all documents; the first that its grammar refuses is the error.
    pub(super) fn read(body: &str, request: &EvaluateRequest<'_>, kind: ResourceKind) -> Result<Self, EvaluateError> {
        let reader = Reader { body, starts: starts(body, request) };
        let resource_grammar = if kind == ResourceKind::RoleTrust { Grammar::Trust } else { Grammar::Resource };
        let resource = request.resource_policy.map(|document| {
            let policy = reader.policy("resourcePolicy", "resource policy", document, resource_grammar)?;
            Ok(PolicySet::new([policy]))
        });
        Ok(Self {
            identity: reader.set("identityPolicies", &request.identity_policies, Grammar::Identity)?,
            boundary: reader.set("permissionsBoundaries", &request.permissions_boundaries, Grammar::Identity)?,
            session: reader.set("sessionPolicies", &request.session_policies, Grammar::Session)?,
            resource: resource.transpose()?,
            service_control: reader.levels(
                "serviceControlPolicies",
                &request.service_control_policies,
                Grammar::ServiceControl,
            )?,
            resource_control: reader.levels(
                "resourceControlPolicies",
                &request.resource_control_policies,
                Grammar::ResourceControl,
            )?,
            endpoint: reader.set("vpcEndpointPolicies", &request.vpc_endpoint_policies, Grammar::Endpoint)?,
        })
    }
}

struct Reader<'a> {
    body: &'a str,
    /// Where each document begins, by its offset.
    starts: HashMap<usize, Position>,
}

type Parsed = (Source, Result<Arc<Policy>, Arc<crate::policy::Invalid>>);

impl Reader<'_> {
    fn set(
        &self,
        field: &str,
        documents: &Option<Vec<NamedDocument<'_>>>,
        grammar: Grammar,
    ) -> Result<Option<PolicySet>, EvaluateError> {
        let Some(documents) = documents else { return Ok(None) };
        let policies = self.policies(field, documents, grammar).collect::<Result<Vec<_>, _>>()?;
        Ok(Some(PolicySet::new(policies)))
    }

    fn policies(
        &self,
        field: &str,
        documents: &[NamedDocument<'_>],
        grammar: Grammar,
    ) -> impl Iterator<Item = Result<Parsed, EvaluateError>> {
        documents.iter().enumerate().map(move |(index, NamedDocument { name, document })| {
            let path = format!("{field}[{index}]");
            self.policy(&path, name.as_deref().unwrap_or(&path), document, grammar)
        })
    }

    /// The levels of an organization. Policies that stand outside of a level are one together.
    fn levels(
        &self,
        field: &str,
        levels: &Option<Vec<Level<'_>>>,
        grammar: Grammar,
    ) -> Result<Option<Vec<PolicySet>>, EvaluateError> {
        let Some(levels) = levels else { return Ok(None) };
        let (mut sets, mut loose) = (Vec::new(), Vec::new());
        for (index, level) in levels.iter().enumerate() {
            let path = format!("{field}[{index}]");
            match level {
                Level { policies: Some(policies), name: None, document: None, .. } => {
                    let path = format!("{path}.policies");
                    let policies = self.policies(&path, policies, grammar).collect::<Result<Vec<_>, _>>()?;
                    sets.push(PolicySet::new(policies));
                }
                Level { policies: None, target: None, name, document: Some(document) } => {
                    loose.push(self.policy(&path, name.as_deref().unwrap_or(&path), document, grammar)?);
                }
                _ => {
                    let detail = "has either \"target\" and \"policies\", or \"name\" and \"document\"";
                    return Err(EvaluateError::new(format!("{path} {detail}")));
                }
            }
        }
        if !loose.is_empty() {
            sets.push(PolicySet::new(loose));
        }
        Ok(Some(sets))
    }

    fn policy(&self, path: &str, name: &str, document: &RawValue, grammar: Grammar) -> Result<Parsed, EvaluateError> {
        let start = self.starts.get(&offset(self.body, document)).copied().unwrap_or(Position::START);
        let policy = Policy::parse_within(document.get(), grammar, start)
            .map_err(|invalid| EvaluateError::document(path, name, invalid))?;
        let kind = if grammar == Grammar::Resource { SourceKind::Resource } else { SourceKind::None };
        Ok((Source { id: name.into(), kind, arn: None }, Ok(Arc::new(policy))))
    }
}

fn offset(body: &str, document: &RawValue) -> usize {
    document.get().as_ptr() as usize - body.as_ptr() as usize
}

/// The places of all documents, found in one pass over the body.
fn starts(body: &str, request: &EvaluateRequest<'_>) -> HashMap<usize, Position> {
    let plain = [
        &request.identity_policies,
        &request.permissions_boundaries,
        &request.session_policies,
        &request.vpc_endpoint_policies,
    ];
    let plain = plain.into_iter().flatten().flatten().map(|named| named.document);
    let levels = [&request.service_control_policies, &request.resource_control_policies];
    let levels = levels
        .into_iter()
        .flatten()
        .flatten()
        .flat_map(|level| level.policies.iter().flatten().map(|named| named.document).chain(level.document));
    let mut offsets: Vec<_> =
        plain.chain(levels).chain(request.resource_policy).map(|document| offset(body, document)).collect();
    offsets.sort_unstable();
    let mut locator = Locator::new(body);
    offsets.into_iter().map(|offset| (offset, locator.locate(offset))).collect()
}
