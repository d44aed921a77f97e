//! What the value of a setting can do, whatever its type.

use std::net::{SocketAddr, ToSocketAddrs};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::ValueEnum;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{AuditMode, AuthorizationIds, ConsoleMode, LogFormat, LogLevel, ReadMode, TlsMode};
use crate::call::Enforcement;
use crate::federation::Reach;
use crate::shapes::{Partition, Secret};

/// A setting: a flag, a variable and a key of the configuration file.
pub struct Setting {
    /// The key of the configuration file; the flag is `--` and this.
    pub key: &'static str,
    /// The variable.
    pub variable: &'static str,
    /// What the help calls the value.
    pub value: &'static str,
    /// The value if none is given.
    pub default: Option<&'static str>,
    /// What it does.
    pub description: &'static str,
    /// The heading of the help that it is under.
    pub topic: &'static str,
    /// The JSON Schema of the value in the configuration file.
    pub(super) schema: fn() -> Value,
}

impl Setting {
    /// The default as the configuration file would have it.
    pub(super) fn parse_default(&self, text: &str) -> toml::Value {
        text.parse()
            .map(toml::Value::Boolean)
            .or_else(|_| text.parse().map(toml::Value::Integer))
            .unwrap_or(text.into())
    }

    /// Its part of the JSON Schema of the configuration file.
    pub fn json_schema(&self) -> Value {
        let mut schema = (self.schema)();
        if let Some(members) = schema.as_object_mut() {
            members.insert("description".to_owned(), self.description.trim().into());
            if let Some(default) = self.default.map(|text| self.parse_default(text)) {
                members.insert("default".to_owned(), serde_json::to_value(default).unwrap_or_default());
            }
        }
        schema
    }
}

/// The value of a setting.
pub trait SettingValue: Sized {
    /// As the configuration file would have it; `None` for a secret.
    fn shown(&self) -> Option<toml::Value>;

    /// The JSON Schema of the value in the configuration file.
    fn schema() -> Value;

    /// A path that begins at `folder`; anything else stays the same.
    fn anchored(self, _folder: &Path) -> Self {
        self
    }

    /// Whether it is a text without characters, which no setting takes.
    fn is_empty(&self) -> bool {
        false
    }
}

impl SettingValue for bool {
    fn shown(&self) -> Option<toml::Value> {
        Some((*self).into())
    }

    fn schema() -> Value {
        json!({"type": "boolean"})
    }
}

/// Whole numbers.
macro_rules! numbers {
    ($($type:ty),+) => {$(
        impl SettingValue for $type {
            fn shown(&self) -> Option<toml::Value> {
                Some(i64::try_from(*self).unwrap_or(i64::MAX).into())
            }

            fn schema() -> Value {
                json!({"type": "integer", "minimum": 0})
            }
        }
    )+};
}

numbers!(u32, u64, usize);

impl SettingValue for String {
    fn shown(&self) -> Option<toml::Value> {
        Some(self.as_str().into())
    }

    fn schema() -> Value {
        json!({"type": "string", "minLength": 1})
    }

    fn is_empty(&self) -> bool {
        self.is_empty()
    }
}

impl SettingValue for Secret {
    fn shown(&self) -> Option<toml::Value> {
        None
    }

    fn schema() -> Value {
        String::schema()
    }

    fn is_empty(&self) -> bool {
        self.reveal().is_empty()
    }
}

impl SettingValue for PathBuf {
    fn shown(&self) -> Option<toml::Value> {
        Some(self.display().to_string().into())
    }

    fn schema() -> Value {
        String::schema()
    }

    fn anchored(self, folder: &Path) -> Self {
        folder.join(self)
    }

    fn is_empty(&self) -> bool {
        self.as_os_str().is_empty()
    }
}

/// Words from a list.
macro_rules! words {
    ($($type:ty),+) => {$(
        impl SettingValue for $type {
            fn shown(&self) -> Option<toml::Value> {
                self.to_possible_value().map(|word| word.get_name().into())
            }

            fn schema() -> Value {
                let words = <$type>::value_variants().iter().filter_map(ValueEnum::to_possible_value);
                json!({"enum": words.map(|word| word.get_name().to_owned()).collect::<Vec<_>>()})
            }
        }
    )+};
}

words!(AuditMode, AuthorizationIds, ConsoleMode, Enforcement, Partition, LogFormat, LogLevel, Reach, ReadMode, TlsMode);

/// An address to listen on: `127.0.0.1:4593`, `localhost:4593`, `:4593` or `4593`. A port alone is on loopback: other
/// machines reach the server only where that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "WrittenAddress")]
pub struct ListenAddress(SocketAddr);

/// An address in the configuration file, where a port may be a number.
#[derive(Deserialize)]
#[serde(untagged, expecting = "an address such as \"127.0.0.1:4593\", or a port")]
enum WrittenAddress {
    Port(u16),
    Text(String),
}

impl Deref for ListenAddress {
    type Target = SocketAddr;

    fn deref(&self) -> &SocketAddr {
        &self.0
    }
}

impl From<SocketAddr> for ListenAddress {
    fn from(address: SocketAddr) -> Self {
        Self(address)
    }
}

impl FromStr for ListenAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(address) = text.parse() {
            return Ok(Self(address));
        }
        let (host, port) = text.rsplit_once(':').unwrap_or(("", text));
        let port = port.parse::<u16>().map_err(|_| "write ADDRESS:PORT, such as 127.0.0.1:4593, or a port alone")?;
        match host {
            "" | "localhost" => Ok(Self(SocketAddr::from(([127, 0, 0, 1], port)))),
            _ => {
                let found = (host, port).to_socket_addrs().map_err(|error| format!("no address of {host}: {error}"))?;
                found.map(Self).next().ok_or_else(|| format!("{host} has no address"))
            }
        }
    }
}

impl TryFrom<WrittenAddress> for ListenAddress {
    type Error = String;

    fn try_from(written: WrittenAddress) -> Result<Self, String> {
        match written {
            WrittenAddress::Port(port) => Ok(Self(SocketAddr::from(([127, 0, 0, 1], port)))),
            WrittenAddress::Text(text) => text.parse(),
        }
    }
}

impl SettingValue for ListenAddress {
    fn shown(&self) -> Option<toml::Value> {
        Some(self.0.to_string().into())
    }

    fn schema() -> Value {
        json!({"anyOf": [{"type": "string", "minLength": 1}, {"type": "integer", "minimum": 0, "maximum": 65535}]})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_several_forms() {
        let parsed = |text: &str| text.parse::<ListenAddress>().map(|address| address.to_string());
        for (text, address) in [
            ("0.0.0.0:4600", "0.0.0.0:4600"),
            ("[::1]:4600", "[::1]:4600"),
            ("localhost:4600", "127.0.0.1:4600"),
            (":4600", "127.0.0.1:4600"),
            ("4600", "127.0.0.1:4600"),
        ] {
            assert_eq!(parsed(text).unwrap(), address, "{text}");
        }
        for text in ["", "bad", "127.0.0.1", "localhost", "localhost:", "1:2:3:x", "127.0.0.1:65536", ":-1"] {
            assert!(parsed(text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_paths_are_anchored() {
        let folder = Path::new("/etc/iamd");
        assert_eq!(PathBuf::from("x.db").anchored(folder), PathBuf::from("/etc/iamd/x.db"));
        assert_eq!(PathBuf::from("/var/x.db").anchored(folder), PathBuf::from("/var/x.db"));
        assert_eq!("x.db".to_owned().anchored(folder), "x.db");
    }
}
