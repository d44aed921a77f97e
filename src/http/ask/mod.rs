//! Asks a running server, for the commands that are its clients.

mod follow;
mod health;
mod target;

use std::io::{self, Read, Write};
use std::time::Duration;

pub use follow::{Lines, ask_lines};
pub use health::ask_health;
pub use target::{InvalidEndpoint, Target};

use super::tls::{self, ReadWrite};

/// How long the server may take to answer what takes no work.
pub const PATIENCE: Duration = Duration::from_secs(3);

/// What the server answered.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: String,
}

/// Gets `path` of a server, with this `Authorization` if one is given.
///
/// # Errors
/// When it does not answer, or not as a server of HTTP does, or shows a certificate that is not trusted.
pub fn ask(server: &Target, path: &str, authorization: Option<&str>) -> io::Result<Answer> {
    send(server, "GET", path, authorization, "")
}

/// Sends a request to a server, with this `Authorization` if one is given.
///
/// # Errors
/// As with [`ask`].
pub fn send(server: &Target, method: &str, path: &str, authorization: Option<&str>, body: &str) -> io::Result<Answer> {
    let mut stream = connect(server, server.patience)?;
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n")?;
    write!(stream, "Accept: application/json\r\nContent-Length: {}\r\n", body.len())?;
    if let Some(authorization) = authorization {
        write!(stream, "Authorization: {authorization}\r\n")?;
    }
    // A server that refuses a large body answers before it has all of it.
    let sent = write!(stream, "\r\n{body}").and_then(|()| stream.flush());
    let mut answer = String::new();
    let received = stream.read_to_string(&mut answer);
    if answer.is_empty() {
        sent?;
        received?;
    }
    let status = answer.split_ascii_whitespace().nth(1).and_then(|status| status.parse().ok());
    let (Some(status), Some((_, body))) = (status, answer.split_once("\r\n\r\n")) else {
        return Err(io::Error::other("the server answers nothing that is HTTP"));
    };
    Ok(Answer { status, body: body.to_owned() })
}

/// A connection to a server that may be silent for so long.
fn connect(server: &Target, silence: Duration) -> io::Result<Box<dyn ReadWrite>> {
    let stream = server.connect(PATIENCE)?;
    stream.set_read_timeout(Some(silence))?;
    stream.set_write_timeout(Some(silence))?;
    match &server.certificates {
        Some(certificates) => tls::connect(stream, server.tls_name()?, certificates),
        None => Ok(Box::new(stream)),
    }
}
