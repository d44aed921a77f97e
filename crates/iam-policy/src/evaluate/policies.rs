//! The documents of an evaluate request, read and gathered in sets.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use super::EvaluateError;
use super::field::Field;
use super::request::{EvaluateRequest, Level, NamedDocument, Written};
use crate::document::position::Locator;
use crate::{Grammar, Invalid, Policy, PolicySet, Position, ResourceKind, Source, SourceKind};

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

/// Reads a file that a request names; the reason if it cannot.
pub(super) type Files<'f> = &'f dyn Fn(&str) -> Result<String, String>;

type Parsed = (Source, Result<Arc<Policy>, Arc<Invalid>>);

impl Policies {
    /// Reads all documents; the first that its grammar refuses is the error.
    pub(super) fn read(
        body: &str,
        request: &EvaluateRequest<'_>,
        kind: ResourceKind,
        files: Files<'_>,
    ) -> Result<Self, EvaluateError> {
        let reader = Reader { starts: starts(body, request), files };
        let identity = |documents| reader.set(documents, Grammar::Identity);
        let resource_grammar = if kind == ResourceKind::RoleTrust { Grammar::Trust } else { Grammar::Resource };
        let resource = request.resource_policy.as_ref().map(|named| reader.policy(named, resource_grammar));
        Ok(Self {
            identity: identity(&request.identity_policies)?,
            boundary: identity(&request.permissions_boundaries)?,
            session: reader.set(&request.session_policies, Grammar::Session)?,
            resource: resource.transpose()?.map(|policy| PolicySet::new([policy])),
            service_control: reader.levels(&request.service_control_policies, Grammar::ServiceControl)?,
            resource_control: reader.levels(&request.resource_control_policies, Grammar::ResourceControl)?,
            endpoint: reader.set(&request.vpc_endpoint_policies, Grammar::Endpoint)?,
        })
    }
}

struct Reader<'a> {
    /// Where each document begins, by its offset.
    starts: HashMap<usize, Position>,
    files: Files<'a>,
}

impl Reader<'_> {
    fn set(
        &self,
        documents: &Option<Vec<NamedDocument<'_>>>,
        grammar: Grammar,
    ) -> Result<Option<PolicySet>, EvaluateError> {
        let policies = documents.as_ref().map(|documents| self.policies(documents, grammar));
        Ok(policies.transpose()?.map(PolicySet::new))
    }

    fn policies(&self, documents: &[NamedDocument<'_>], grammar: Grammar) -> Result<Vec<Parsed>, EvaluateError> {
        documents.iter().map(|named| self.policy(named, grammar)).collect()
    }

    fn levels(
        &self,
        levels: &Option<Vec<Level<'_>>>,
        grammar: Grammar,
    ) -> Result<Option<Vec<PolicySet>>, EvaluateError> {
        let set = |level: &Level<'_>| {
            Ok(PolicySet::new(self.policies(&level.policies, grammar)?).of_target(level.target.as_deref()))
        };
        levels.as_ref().map(|levels| levels.iter().map(set).collect()).transpose()
    }

    fn policy(&self, named: &NamedDocument<'_>, grammar: Grammar) -> Result<Parsed, EvaluateError> {
        let path = &named.path;
        let (text, start, file): (Cow<'_, str>, _, _) = match &named.document {
            Written::Here(field) => {
                let start = self.starts.get(&field.offset()).copied();
                (field.raw.get().into(), start.unwrap_or(Position::START), None)
            }
            Written::InFile(file) => {
                let failed = |reason| EvaluateError::new(format!("{path}: {file}: {reason}"));
                ((self.files)(file).map_err(failed)?.into(), Position::START, Some(&**file))
            }
        };
        let name = named.name.as_deref().or(file).unwrap_or(path);
        let policy = Policy::parse_within(&text, grammar, start)
            .map_err(|invalid| EvaluateError::document(path, name, invalid))?;
        let kind = if grammar == Grammar::Resource { SourceKind::Resource } else { SourceKind::None };
        Ok((Source { id: name.into(), kind, arn: None }, Ok(Arc::new(policy))))
    }
}

/// The places of all documents, found in one pass over the body.
fn starts(body: &str, request: &EvaluateRequest<'_>) -> HashMap<usize, Position> {
    let here = request.documents().filter_map(|named| match &named.document {
        Written::Here(field) => Some(field),
        Written::InFile(_) => None,
    });
    let mut offsets: Vec<_> = here.map(Field::offset).collect();
    offsets.sort_unstable();
    let mut locator = Locator::new(body);
    offsets.into_iter().map(|offset| (offset, locator.locate(offset))).collect()
}
