//! The setting of the console.

use clap::ValueEnum;
use serde::Deserialize;

/// Whether there is a console.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum ConsoleMode {
    /// For browsers on this machine, and for those elsewhere over TLS.
    #[default]
    On,
    /// For browsers elsewhere over plain HTTP too, where others can read passwords and cookies.
    Plain,
    /// There is none.
    Off,
}
