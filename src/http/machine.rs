//! The machine that the server runs on.

use std::sync::OnceLock;

/// The name of this machine, if it has one that is a host's.
pub fn name() -> Option<&'static str> {
    static NAME: OnceLock<Option<String>> = OnceLock::new();
    let read = || {
        let name = rustix::system::uname().nodename().to_str().ok()?.to_ascii_lowercase();
        let is_host_name = !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
        is_host_name.then_some(name)
    };
    NAME.get_or_init(read).as_deref()
}
