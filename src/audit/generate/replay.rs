//! The replay of what was seen against the policy that came of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use iam_policy::{
    Action, Context, Grammar, Layers, Policy, PolicySet, PrincipalText, Request, Source, SourceKind, decide,
};

use super::{Called, GenerateError, Seen, Style};

/// Replays all calls, which must be allowed, and each action on the resources that it was not called on, which must not
/// be. Resources that were generalised give that up for their folders.
pub(super) fn check(
    principal: &str,
    calls: &[Seen],
    called: &BTreeMap<String, Called>,
    documents: &[String],
    style: Style,
) -> Result<(), GenerateError> {
    let no_principal = || GenerateError::Principal(principal.to_owned());
    let text = PrincipalText::parse(principal).ok_or_else(no_principal)?;
    let account = text.principal().account().ok_or_else(no_principal)?.to_owned();
    let partition = principal.split(':').nth(1).unwrap_or_default();
    let policies = documents.iter().map(|document| {
        let source = Source { id: "generated".into(), kind: SourceKind::None, arn: None };
        (source, Policy::accept(document, Grammar::Managed, partition).map(Arc::new).map_err(Arc::new))
    });
    let set = PolicySet::new(policies);
    if set.broken().is_some() {
        return Err(GenerateError::Wrong("not be accepted by IAM".to_owned()));
    }
    let replay = Replay { text, account, set };
    for call in calls {
        let context: Context<'_> =
            call.keys.iter().map(|(key, values)| (key.as_str().into(), values.clone())).collect();
        if !replay.allows(&call.action, &call.resource, &context)? {
            return Err(GenerateError::Wrong(format!("not allow {} on {}", call.action, call.resource)));
        }
    }
    if style.generalise { Ok(()) } else { replay.allows_nothing_else(called) }
}

struct Replay {
    text: PrincipalText,
    account: String,
    set: PolicySet,
}

impl Replay {
    /// Whether the identity's side of the decision allows a call.
    fn allows(&self, action: &str, resource: &str, context: &Context<'_>) -> Result<bool, GenerateError> {
        let no_action = || GenerateError::Wrong(format!("name {action}, which is no action"));
        let action = Action::parse(action).ok_or_else(no_action)?;
        let request = Request::new(self.text.principal(), &action, resource, context).owned_by(&self.account);
        let layers = Layers { identity: Some(&self.set), ..Layers::default() };
        Ok(decide(&request, &layers).is_allowed())
    }

    /// No action is allowed on a resource on which only others were called. Actions that know no resources are allowed
    /// on all by their nature.
    fn allows_nothing_else(&self, called: &BTreeMap<String, Called>) -> Result<(), GenerateError> {
        let resources: BTreeSet<&String> = called.values().flat_map(|called| &called.resources).collect();
        for (action, called) in called.iter().filter(|(_, called)| !called.resources.contains("*")) {
            let keys = called.constant.iter().flatten();
            let context: Context<'_> = keys.map(|(key, values)| (key.as_str().into(), values.clone())).collect();
            for resource in resources.iter().filter(|resource| !called.resources.contains(**resource)) {
                if *resource != "*" && self.allows(action, resource, &context)? {
                    return Err(GenerateError::Wrong(format!("allow {action} on {resource}")));
                }
            }
        }
        Ok(())
    }
}
