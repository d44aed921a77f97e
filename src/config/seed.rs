//! The files of accounts that the server applies when it starts.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Deserialize;
use serde_json::{Value, json};

use super::SettingValue;

/// A file of accounts, or a folder of such files.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Seed {
    /// The file or folder.
    pub file: PathBuf,
    /// Whether what it once made and no longer has is removed.
    #[serde(default)]
    pub prune: bool,
}

impl FromStr for Seed {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self { file: text.into(), prune: false })
    }
}

/// The seeds in the configuration file.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a file, a list of files, or tables [[seed]] with file and prune")]
enum Written {
    Tables(Vec<Seed>),
    Files(Vec<PathBuf>),
    File(PathBuf),
}

/// Reads `seed` of the configuration file.
pub(super) fn seeds<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Option<Vec<Seed>>, D::Error> {
    let plain = |file| Seed { file, prune: false };
    Ok(Some(match Written::deserialize(input)? {
        Written::Tables(seeds) => seeds,
        Written::Files(files) => files.into_iter().map(plain).collect(),
        Written::File(file) => vec![plain(file)],
    }))
}

impl SettingValue for Vec<Seed> {
    fn shown(&self) -> Option<toml::Value> {
        let table = |seed: &Seed| {
            let file = ("file".to_owned(), seed.file.display().to_string().into());
            let prune = seed.prune.then(|| ("prune".to_owned(), true.into()));
            toml::Value::Table([file].into_iter().chain(prune).collect())
        };
        Some(self.iter().map(table).collect::<Vec<_>>().into())
    }

    fn schema() -> Value {
        let table = json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["file"],
            "properties": {"file": {"type": "string", "minLength": 1}, "prune": {"type": "boolean", "default": false}},
        });
        let file = json!({"type": "string", "minLength": 1});
        json!({"type": ["array", "string"], "minLength": 1, "items": {"anyOf": [file, table]}})
    }

    fn anchored(self, folder: &Path) -> Self {
        self.into_iter().map(|seed| Seed { file: folder.join(seed.file), ..seed }).collect()
    }

    fn is_empty(&self) -> bool {
        self.iter().any(|seed| seed.file.as_os_str().is_empty())
    }
}
