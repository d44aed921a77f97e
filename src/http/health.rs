//! Asks a running server whether it is well; for container images that have no other client.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Asks the server at `listen` for its health.
///
/// # Errors
/// When it does not answer, or not with 200.
pub fn ask_health(listen: SocketAddr) -> io::Result<()> {
    let timeout = Duration::from_secs(3);
    let mut address = listen;
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    let mut stream = TcpStream::connect_timeout(&address, timeout)?;
    stream.set_read_timeout(Some(timeout))?;
    write!(stream, "GET /_iamd/health HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    println!("{}", answer.lines().last().unwrap_or_default());
    let status = answer.split_ascii_whitespace().nth(1).unwrap_or_default();
    if status == "200" { Ok(()) } else { Err(io::Error::other(format!("the server answers {status}"))) }
}
