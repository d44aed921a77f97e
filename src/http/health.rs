//! Asks a running server whether it is well; for container images that have no other client.

use std::io;
use std::net::SocketAddr;

use super::ask;
use crate::shapes::Secret;

/// Asks the server at `listen` for its health and prints the answer. A server that is not on loopback tells it to the holder of the admin
/// token only; without one, that it answers is all there is to know.
///
/// # Errors
/// When it does not answer, or says that it is not well.
pub fn ask_health(listen: SocketAddr, token: Option<&Secret>, out: &mut dyn io::Write) -> io::Result<()> {
    let authorization = token.map(|token| format!("Bearer {}", token.reveal()));
    let answer = ask(listen, "/_iamd/health", authorization.as_deref())?;
    writeln!(out, "{}", answer.body.lines().last().unwrap_or_default())?;
    match answer.status {
        200 => Ok(()),
        403 if token.is_none() => Ok(()),
        status => Err(io::Error::other(format!("the server answers {status}"))),
    }
}
