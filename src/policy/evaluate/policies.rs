//! The documents of an evaluate request, read and gathered in sets.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use serde_json::value::RawValue;

use super::EvaluateError;
use super::request::{EvaluateRequest, FileReference, Level, NamedDocument};
use crate::policy::position::Locator;
use crate::policy::{Grammar, Invalid, Policy, PolicySet, Position, ResourceKind, Source, SourceKind};

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
    pub(super) fn read(
        body: &str,
        request: &EvaluateRequest<'_>,
        kind: ResourceKind,
        files: Files<'_>,
    ) -> Result<Self, EvaluateError> {
        let reader = Reader { body, starts: starts(body, request), files };
        let identity = |field, documents| reader.set(field, documents, Grammar::Identity);
        let resource_grammar = if kind == ResourceKind::RoleTrust { Grammar::Trust } else { Grammar::Resource };
        let resource = request.resource_policy.map(|raw| reader.resource(raw, resource_grammar));
        let scps = &request.service_control_policies;
        let rcps = &request.resource_control_policies;
        Ok(Self {
            identity: identity("identityPolicies", &request.identity_policies)?,
            boundary: identity("permissionsBoundaries", &request.permissions_boundaries)?,
            session: reader.set("sessionPolicies", &request.session_policies, Grammar::Session)?,
            resource: resource.transpose()?,
            service_control: reader.levels("serviceControlPolicies", scps, Grammar::ServiceControl)?,
            resource_control: reader.levels("resourceControlPolicies", rcps, Grammar::ResourceControl)?,
            endpoint: reader.set("vpcEndpointPolicies", &request.vpc_endpoint_policies, Grammar::Endpoint)?,
        })
    }
}

/// Reads a file that a request names; the reason if it cannot.
pub(super) type Files<'f> = &'f dyn Fn(&str) -> Result<String, String>;

struct Reader<'a> {
    body: &'a str,
    /// Where each document begins, by its offset.
    starts: HashMap<usize, Position>,
    files: Files<'a>,
}

type Parsed = (Source, Result<Arc<Policy>, Arc<Invalid>>);

impl Reader<'_> {
    fn set(
        &self,
        field: &str,
        documents: &Option<Vec<NamedDocument<'_>>>,
        grammar: Grammar,
    ) -> Result<Option<PolicySet>, EvaluateError> {
        let policies = documents.as_ref().map(|documents| self.policies(field, documents, grammar));
        Ok(policies.transpose()?.map(PolicySet::new))
    }

    fn policies(
        &self,
        field: &str,
        documents: &[NamedDocument<'_>],
        grammar: Grammar,
    ) -> Result<Vec<Parsed>, EvaluateError> {
        let policy = |(index, named)| self.policy(&format!("{field}[{index}]"), named, grammar);
        documents.iter().enumerate().map(policy).collect()
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
                Level { policies: Some(policies), target, name: None, document: None, file: None } => {
                    let set = PolicySet::new(self.policies(&format!("{path}.policies"), policies, grammar)?);
                    sets.push(set.of_target(target.as_deref()));
                }
                Level { policies: None, target: None, name, document, file } => {
                    let named = NamedDocument { name: name.clone(), document: *document, file: file.clone() };
                    loose.push(self.policy(&path, &named, grammar)?);
                }
                _ => {
                    let forms = "either \"target\" and \"policies\", or \"name\" and \"document\"";
                    return Err(EvaluateError::new(format!("{path} has {forms}")));
                }
            }
        }
        if !loose.is_empty() {
            sets.push(PolicySet::new(loose));
        }
        Ok(Some(sets))
    }

    fn resource(&self, raw: &RawValue, grammar: Grammar) -> Result<PolicySet, EvaluateError> {
        let file = serde_json::from_str::<FileReference>(raw.get()).ok().map(|reference| reference.file);
        let document = Some(raw).filter(|_| file.is_none());
        let named = NamedDocument { name: None, document, file };
        Ok(PolicySet::new([self.policy("resourcePolicy", &named, grammar)?]))
    }

    fn policy(&self, path: &str, named: &NamedDocument<'_>, grammar: Grammar) -> Result<Parsed, EvaluateError> {
        let name = named.name.as_deref().or(named.file.as_deref()).unwrap_or(path);
        let (text, start) = match (named.document, &named.file) {
            (Some(document), None) => {
                let start = self.starts.get(&offset(self.body, document)).copied();
                (Cow::Borrowed(document.get()), start.unwrap_or(Position::START))
            }
            (None, Some(file)) => {
                let text =
                    (self.files)(file).map_err(|reason| EvaluateError::new(format!("{path}: {file}: {reason}")))?;
                (Cow::Owned(text), Position::START)
            }
            _ => return Err(EvaluateError::new(format!("{path} has no \"document\""))),
        };
        let policy = Policy::parse_within(&text, grammar, start)
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
    let plain = plain.into_iter().flatten().flatten().filter_map(|named| named.document);
    let levels = [&request.service_control_policies, &request.resource_control_policies];
    let levels = levels
        .into_iter()
        .flatten()
        .flatten()
        .flat_map(|level| level.policies.iter().flatten().filter_map(|named| named.document).chain(level.document));
    let documents = plain.chain(levels).chain(request.resource_policy);
    let mut offsets: Vec<_> = documents.map(|document| offset(body, document)).collect();
    offsets.sort_unstable();
    let mut locator = Locator::new(body);
    offsets.into_iter().map(|offset| (offset, locator.locate(offset))).collect()
}
