//! Asks a running server whether it is well; for container images that have no other client.

use std::io;

use super::{Target, ask};
use crate::shapes::Secret;

/// Asks a server for its health and prints the answer, with its details for the holder of the admin token.
///
/// # Errors
/// When it does not answer, or says that it is not well.
pub fn ask_health(server: &Target, token: Option<&Secret>, out: &mut dyn io::Write) -> io::Result<()> {
    let authorization = token.map(|token| format!("Bearer {}", token.reveal()));
    let unreachable = |error| io::Error::other(format!("no answer from {server}: {error}"));
    let answer = ask(server, "/_iamd/health", authorization.as_deref()).map_err(unreachable)?;
    writeln!(out, "{}", answer.body.lines().last().unwrap_or_default())?;
    match answer.status {
        200 => Ok(()),
        status => Err(io::Error::other(format!("the server at {server} answers {status}"))),
    }
}
