//! Standard output for commands that other programs may stop reading.

use std::io::{ErrorKind, Result, StdoutLock, Write};

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};

/// What is well.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// What is not.
pub const BAD: Style = AnsiColor::Red.on_default().bold();
/// What deserves a look.
pub const DOUBTFUL: Style = AnsiColor::Yellow.on_default();

/// Standard output until its reader has seen enough: a closed pipe is no error, and the command ends as it would anyway.
pub struct Output<W>(W);

impl Output<StdoutLock<'static>> {
    /// Standard output.
    pub fn stdout() -> Self {
        Self(std::io::stdout().lock())
    }
}

impl Output<AutoStream<StdoutLock<'static>>> {
    /// Standard output with colours, where it is a terminal and neither `NO_COLOR` nor `TERM=dumb` is set.
    pub fn styled() -> Self {
        Self(AutoStream::auto(std::io::stdout().lock()))
    }
}

impl<W: Write> Write for Output<W> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        match self.0.write(bytes) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(bytes.len()),
            result => result,
        }
    }

    fn flush(&mut self) -> Result<()> {
        match self.0.flush() {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            result => result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fails(ErrorKind);

    impl Write for Fails {
        fn write(&mut self, _: &[u8]) -> Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> Result<()> {
            Err(self.0.into())
        }
    }

    #[test]
    fn only_a_closed_pipe_is_no_error() {
        let mut closed = Output(Fails(ErrorKind::BrokenPipe));
        assert!(writeln!(closed, "x").is_ok() && closed.flush().is_ok());
        let mut full = Output(Fails(ErrorKind::StorageFull));
        assert!(writeln!(full, "x").is_err() && full.flush().is_err());
    }
}
