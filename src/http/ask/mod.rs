//! Asks a running server, for the commands that are its clients.

mod follow;
mod health;

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

pub use follow::{Lines, ask_lines};
pub use health::ask_health;

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

/// A running server.
#[derive(Clone, Debug)]
pub struct Target {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The file with its certificate or that of its authority, if it speaks TLS.
    pub certificates: Option<PathBuf>,
    /// How long it may take.
    pub patience: Duration,
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
    let (address, mut stream) = connect(server, server.patience)?;
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n")?;
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

/// A connection to a server that may be silent for so long, and the address for its `Host` header.
fn connect(server: &Target, silence: Duration) -> io::Result<(SocketAddr, Box<dyn ReadWrite>)> {
    let mut address = server.listen;
    match address.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(silence))?;
    stream.set_write_timeout(Some(silence))?;
    let stream = match &server.certificates {
        Some(certificates) => tls::connect(stream, address.ip(), certificates)?,
        None => Box::new(stream),
    };
    Ok((address, stream))
}
