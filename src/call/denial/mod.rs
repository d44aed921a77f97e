//! A denial, with what the log says of it.

mod details;
mod gather;
mod tree;

use iam_policy::{Decision, Layer, Layers, Request};

pub use gather::{DenialIds, details_of_asked};
pub use tree::explanation_tree;

use crate::audit::{AuthorizationId, Details};
use crate::error::{Code, Error};

/// A denial.
#[derive(Debug)]
pub struct Denial {
    /// AWS's answer, which may keep the reason from the client.
    pub error: Error,
    /// Why, for the log.
    pub evidence: Evidence,
    /// All about it, if it can be looked up.
    pub details: Option<Box<Details>>,
}

impl Denial {
    /// The denial with its details, under an id that the answer names in AWS's words. The link leads to this server.
    pub(super) fn with_details(mut self, details: Details, link: &str) -> Self {
        let id = details.id;
        let message = self.error.message().unwrap_or_default();
        let message = format!(
            "{message}. Go to {link}{id} for complete details, or call the GetRequestAuthorizationDetails API with the \
             following authorization id: {id}"
        );
        // The errors of services that have words of their own for a denial stay as they are.
        if self.error.code() == Code::AccessDenied {
            self.error = Error::new(Code::AccessDenied, message);
        }
        self.evidence.authorization_id = Some(id);
        self.details = Some(Box::new(details));
        self
    }
}

/// Why a call is denied, for the log.
#[derive(Debug)]
pub struct Evidence {
    /// The action that is denied.
    pub action: String,
    /// On which resource: an ARN, or `*`.
    pub resource: String,
    /// The layer of policies that denies it, or had to allow it and does not.
    pub layer: Option<&'static str>,
    /// What the layer lacks or says.
    pub reason: String,
    /// Under which its details can be looked up.
    pub authorization_id: Option<AuthorizationId>,
}

impl Evidence {
    /// The evidence of a decision; of one without any policies if the caller's role is gone, `lost`. An explanation
    /// costs more than the decision: `explain` says whether there is to be one.
    pub(super) fn of(
        decision: &Decision<'_>,
        lost: bool,
        request: &Request<'_>,
        layers: &Layers<'_>,
        explain: &dyn Fn() -> bool,
    ) -> Self {
        let action = request.action();
        let reason = match lost {
            true => "the role of the session is gone".to_owned(),
            false if explain() => iam_policy::explain(request, layers).brief(request),
            false => decision.reason(action, true).unwrap_or_default(),
        };
        Self {
            action: action.as_str().to_owned(),
            resource: request.resource().to_owned(),
            layer: decision.denied_by().map(Layer::word),
            reason,
            authorization_id: None,
        }
    }
}
