//! Asks a running server, for the commands that are its clients.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// How long the server may take.
const TIMEOUT: Duration = Duration::from_secs(3);

/// What the server answered.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: String,
}

/// Gets `path` of the server at `listen`, with this `Authorization` if one is given.
///
/// # Errors
/// When it does not answer, or not as a server of HTTP does.
pub fn ask(listen: SocketAddr, path: &str, authorization: Option<&str>) -> io::Result<Answer> {
    send(listen, "GET", path, authorization, "")
}

/// Sends a request to the server at `listen`, with this `Authorization` if one is given.
///
/// # Errors
/// As with [`ask`].
pub fn send(
    listen: SocketAddr,
    method: &str,
    path: &str,
    authorization: Option<&str>,
    body: &str,
) -> io::Result<Answer> {
    let mut address = listen;
    if address.ip().is_unspecified() {
        address.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n")?;
    write!(stream, "Content-Length: {}\r\n", body.len())?;
    if let Some(authorization) = authorization {
        write!(stream, "Authorization: {authorization}\r\n")?;
    }
    write!(stream, "\r\n{body}")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let status = answer.split_ascii_whitespace().nth(1).and_then(|status| status.parse().ok());
    let (Some(status), Some((_, body))) = (status, answer.split_once("\r\n\r\n")) else {
        return Err(io::Error::other("the server answers nothing that is HTTP"));
    };
    Ok(Answer { status, body: body.to_owned() })
}
