//! Follows a stream of a running server line by line.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::time::Duration;

use super::super::tls::ReadWrite;
use super::{Answer, Target, connect};

/// How long a stream may be silent: the server writes a line every 15 seconds at least.
const MAX_SILENCE: Duration = Duration::from_secs(45);

/// The longest line, in bytes; an event has at most two elements of 100 KB, whose quotes may be escaped.
const MAX_LINE: u64 = 4 << 20;

/// The lines of an answer that need not end.
pub struct Lines(BufReader<Box<dyn ReadWrite>>);

impl Lines {
    /// The next line without its end; `None` if the server ended the answer.
    ///
    /// # Errors
    /// When the connection breaks, is silent for too long, or the line is too long or no text.
    pub fn next_line(&mut self) -> io::Result<Option<String>> {
        let mut line = String::new();
        self.0.by_ref().take(MAX_LINE).read_line(&mut line)?;
        match line.strip_suffix('\n') {
            Some(text) => Ok(Some(text.strip_suffix('\r').unwrap_or(text).to_owned())),
            None if line.is_empty() => Ok(None),
            None => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the answer ended in the middle of a line")),
        }
    }
}

/// Gets `path` of a server and follows the answer if its status is 200; the refusal otherwise. Of the streams of events,
/// `last` is the last one that was read.
///
/// # Errors
/// When the server does not answer, or not as a server of HTTP does, or shows a certificate that is not trusted.
pub fn ask_lines(
    server: &Target,
    path: &str,
    authorization: Option<&str>,
    last: Option<&str>,
) -> io::Result<Result<Lines, Answer>> {
    let mut stream = connect(server, MAX_SILENCE)?;
    // Of HTTP/1.0, so that the answer has no chunks.
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {server}\r\n")?;
    if let Some(authorization) = authorization {
        write!(stream, "Authorization: {authorization}\r\n")?;
    }
    if let Some(last) = last {
        write!(stream, "Last-Event-ID: {last}\r\n")?;
    }
    write!(stream, "\r\n")?;
    stream.flush()?;
    let mut lines = Lines(BufReader::new(stream));
    let status = lines.next_line()?.and_then(|line| line.split_ascii_whitespace().nth(1)?.parse().ok());
    let status = status.ok_or_else(|| io::Error::other("the server answers nothing that is HTTP"))?;
    while lines.next_line()?.is_some_and(|line| !line.is_empty()) {}
    if status == 200 {
        return Ok(Ok(lines));
    }
    let mut body = String::new();
    lines.0.take(MAX_LINE).read_to_string(&mut body)?;
    Ok(Err(Answer { status, body }))
}
