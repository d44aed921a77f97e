//! The end of a form's file, while it streams.

use super::LengthRange;
use super::multipart::{find, malformed};
use crate::s3::refusal::Refusal;

/// Watches a file go by. AWS ignores what comes after it, other servers do not, so nothing may.
///
/// Bytes are held back until it is certain that they are not the end of a form that must be refused.
#[derive(Debug)]
pub struct FormEnd {
    delimiter: Vec<u8>,
    held: Vec<u8>,
    /// The bytes of the file so far.
    length: u64,
    range: Option<LengthRange>,
    /// Whether the delimiter has been seen; then `held` is what follows the file.
    at_end: bool,
}

impl FormEnd {
    /// For a file in a form with this boundary, whose policy allows these lengths.
    pub fn new(boundary: &str, range: Option<LengthRange>) -> Self {
        let delimiter = format!("\r\n--{boundary}").into_bytes();
        Self { delimiter, held: Vec::new(), length: 0, range, at_end: false }
    }

    /// Takes bytes of the body, and gives those that may be forwarded.
    ///
    /// # Errors
    /// Another part after the file, or a file that is longer than its policy allows.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<u8>, Refusal> {
        self.held.extend_from_slice(bytes);
        if self.at_end {
            self.check_end()?;
            return Ok(Vec::new());
        }
        let certain = match find(&self.held, &self.delimiter) {
            Some(place) => {
                self.at_end = true;
                place
            }
            None => self.held.len().saturating_sub(self.delimiter.len() - 1),
        };
        let rest = self.held.split_off(certain);
        let file = std::mem::replace(&mut self.held, rest);
        self.length = self.length.saturating_add(file.len() as u64);
        if self.range.is_some_and(|range| self.length > range.max) {
            let message = "Your proposed upload exceeds the maximum allowed size";
            return Err(Refusal::new(400, "EntityTooLarge", message));
        }
        if self.at_end {
            self.check_end()?;
        }
        Ok(file)
    }

    /// The last bytes, when the body is over.
    ///
    /// # Errors
    /// A form without an end, or a file that is shorter than its policy allows.
    pub fn finish(&mut self) -> Result<Vec<u8>, Refusal> {
        let rest = self.held.get(self.delimiter.len()..).unwrap_or_default();
        if !self.at_end || !(rest == b"--" || rest == b"--\r\n") {
            return Err(malformed());
        }
        if self.range.is_some_and(|range| self.length < range.min) {
            let message = "Your proposed upload is smaller than the minimum allowed size";
            return Err(Refusal::new(400, "EntityTooSmall", message));
        }
        Ok(std::mem::take(&mut self.held))
    }

    fn check_end(&self) -> Result<(), Refusal> {
        let rest = self.held.get(self.delimiter.len()..).unwrap_or_default();
        if b"--\r\n".starts_with(rest) { Ok(()) } else { Err(malformed()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(body: &[u8], size: usize, range: Option<LengthRange>) -> Result<Vec<u8>, Refusal> {
        let mut end = FormEnd::new("b", range);
        let mut forwarded = Vec::new();
        for piece in body.chunks(size) {
            forwarded.extend(end.push(piece)?);
        }
        forwarded.extend(end.finish()?);
        Ok(forwarded)
    }

    #[test]
    fn a_file_is_the_last_part() {
        for size in 1..20 {
            for body in [&b"content\r\n--b--\r\n"[..], b"con\r\n--\r\ntent\r\n--b--", b"\r\n--b--\r\n"] {
                assert_eq!(stream(body, size, None).unwrap(), body, "{size}");
            }
            for body in
                [&b"content"[..], b"a\r\n--b\r\nContent-Disposition: form-data", b"a\r\n--b--\r\n\r\n", b"a\r\n--bc"]
            {
                assert!(stream(body, size, None).is_err(), "{size} {body:?}");
            }
        }
    }

    #[test]
    fn files_have_the_length_that_the_policy_allows() {
        let body = b"12345\r\n--b--\r\n";
        let code = |min, max| stream(body, 3, Some(LengthRange { min, max })).map_err(|refusal| refusal.code);
        assert!(code(5, 5).is_ok());
        assert_eq!(code(0, 4), Err("EntityTooLarge"));
        assert_eq!(code(6, 9), Err("EntityTooSmall"));
    }
}
