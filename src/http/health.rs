//! Asks a running server whether it is well; for container images that have no other client.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::shapes::Secret;

/// Asks the server at `listen` for its health. A server that is not on loopback tells it to the holder of the admin
/// token only; without one, that it answers is all there is to know.
///
/// # Errors
/// When it does not answer, or says that it is not well.
pub fn ask_health(listen: SocketAddr, token: Option<&Secret>) -> io::Result<()> {
    let timeout = Duration::from_secs(3);
    let mut address = listen;
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    let mut stream = TcpStream::connect_timeout(&address, timeout)?;
    stream.set_read_timeout(Some(timeout))?;
    write!(stream, "GET /_iamd/health HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n")?;
    if let Some(token) = token {
        write!(stream, "Authorization: Bearer {}\r\n", token.reveal())?;
    }
    stream.write_all(b"\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    println!("{}", answer.lines().last().unwrap_or_default());
    match answer.split_ascii_whitespace().nth(1) {
        Some("200") => Ok(()),
        Some("403") if token.is_none() => Ok(()),
        status => Err(io::Error::other(format!("the server answers {}", status.unwrap_or("nothing")))),
    }
}
