//! What a call asks, by the rules of its service.

use aws_calls::ask::{self, Refusal};
use aws_calls::fault::Fault;
use aws_calls::needs::Facts;
use aws_calls::questions::{Asked, Scene};
use aws_calls::{Call, Input, Request};

/// What a call asks permission for.
///
/// # Errors
/// For a request that does not say clearly what it is about.
pub(super) fn ask(call: &Call, request: &Request<'_>, scene: &Scene, facts: &Facts) -> Result<Asked, Fault> {
    let read = || -> Result<Asked, Refusal> { ask::questions(call, &Input::read(call, *request)?, scene, facts) };
    read().map_err(|refusal| refusal.fault(call))
}
