//! Where settings come from: flags, then variables, then the configuration file.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

use clap::Parser;
use clap::error::{ContextKind, ContextValue};

use super::listener::is_of_kubernetes;
use super::{ConfigError, Setting, Settings};

/// Where the value of a setting comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A flag.
    Flag,
    /// This variable.
    Variable(&'static str),
    /// This configuration file.
    File(PathBuf),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("flag"),
            Self::Variable(name) => f.write_str(name),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// Complete settings and where they come from.
#[derive(Debug, Default)]
pub struct Sources {
    /// The settings in force.
    pub settings: Settings,
    /// Where each comes from, by its key; those that have their default are not among them.
    pub origins: BTreeMap<&'static str, Origin>,
    /// The tables of the configuration file.
    pub tables: toml::Table,
}

/// The flags alone, to read a variable by.
#[derive(Parser)]
#[command(no_binary_name = true)]
struct Flags {
    #[command(flatten)]
    settings: Settings,
}

impl Settings {
    /// The keys of the configuration file that are tables.
    pub const TABLES: &[&str] =
        &["credentials", "gateway", "issuers", "organization", "policy-templates", "quotas", "role-templates"];
    /// The variable of `--quota`.
    const QUOTAS_VARIABLE: &str = "IAMD_QUOTAS";

    /// Adds what the environment and the configuration file say. Of the environment, only the variables of these keys
    /// count; an empty one is not set.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn complete(
        self,
        environment: impl Iterator<Item = (OsString, OsString)>,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Sources, ConfigError> {
        let mut sources = Sources::default();
        sources.add(self, |_| Origin::Flag)?;
        for (name, value) in environment {
            let Some(name) = name.to_str().filter(|name| name.starts_with("IAMD_")) else { continue };
            if is_of_kubernetes(name, &value.to_string_lossy()) {
                continue;
            }
            let (key, variable) = Self::of_variable(name)?;
            if wanted(key) && !value.is_empty() {
                sources.add(Self::from_variable(key, variable, &value)?, |_| Origin::Variable(variable))?;
            }
        }
        if let Some(path) = sources.settings.config.clone() {
            let (file, tables) = Self::read(&path)?;
            sources.add(file, |_| Origin::File(path.clone()))?;
            sources.tables = tables;
            let of_file = |key| matches!(sources.origins.get(key), Some(Origin::File(_)));
            if of_file("database") && sources.settings.data_dir.is_none() {
                sources.settings.data_dir = Some(folder_of(&path).to_owned());
            }
        }
        sources.settings.check()?;
        Ok(sources)
    }

    /// The key and the full name of a variable.
    fn of_variable(name: &str) -> Result<(&'static str, &'static str), ConfigError> {
        let setting = Self::ALL.iter().find(|setting| setting.variable == name);
        let known = setting.map(|setting| (setting.key, setting.variable));
        let quotas = (name == Self::QUOTAS_VARIABLE).then_some(("quota", Self::QUOTAS_VARIABLE));
        known.or(quotas).ok_or_else(|| ConfigError::Unknown {
            place: String::new(),
            what: "variable",
            name: name.to_owned(),
            known: Self::ALL.iter().map(|setting| setting.variable).chain([Self::QUOTAS_VARIABLE]).collect(),
        })
    }

    /// The one setting that a variable gives, read as its flag is.
    fn from_variable(key: &str, variable: &str, value: &OsString) -> Result<Self, ConfigError> {
        let flag = |value: &OsStr| {
            let mut flag = OsString::from(format!("--{key}="));
            flag.push(value);
            flag
        };
        // A flag that may be given several times has its values in one variable.
        let flags: Vec<_> = match value.to_str() {
            Some(values) if ["seed", "upstream"].contains(&key) => {
                values.split(',').map(|value| flag(value.trim().as_ref())).collect()
            }
            _ => vec![flag(value)],
        };
        let read = Flags::try_parse_from(flags).map_err(|error| {
            let text = error.to_string();
            let mut sentence: Vec<_> = text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect();
            if let Some(first) = sentence.first_mut() {
                *first = first.trim_start_matches("error: ");
            }
            let flag = match error.get(ContextKind::InvalidArg) {
                Some(ContextValue::String(flag)) => flag.as_str(),
                _ => "",
            };
            ConfigError::Value(sentence.join(" ").replace(&format!("'{flag}'"), variable))
        })?;
        Ok(read.settings)
    }

    /// Reads a configuration file. Relative paths in it begin at its folder.
    fn read(path: &Path) -> Result<(Self, toml::Table), ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|error| ConfigError::Unreadable(path.to_owned(), error))?;
        let invalid = |error: toml::de::Error| invalid(path, &text, &error);
        let mut table: toml::Table = toml::from_str(&text).map_err(invalid)?;
        for name in table.keys() {
            Self::check_key(path, name)?;
        }
        let mut settings: Self = toml::from_str(&text).map_err(invalid)?;
        let folder = folder_of(path);
        for issuer in settings.issuers.values_mut() {
            issuer.jwks_file = issuer.jwks_file.take().map(|file| folder.join(file));
        }
        table.retain(|name, _| Self::TABLES.contains(&name));
        Ok((settings.anchored(folder), table))
    }

    fn check_key(path: &Path, name: &str) -> Result<(), ConfigError> {
        // A file that names another would be ignored.
        let keys = Self::ALL.iter().map(|setting| setting.key).filter(|key| *key != "config");
        let known: Vec<_> = keys.chain(Self::TABLES.iter().copied()).collect();
        if known.contains(&name) {
            return Ok(());
        }
        let place = format!("{}: ", path.display());
        Err(ConfigError::Unknown { place, what: "setting", name: name.to_owned(), known })
    }
}

impl Sources {
    /// Adds settings that come after those that are already there.
    fn add(&mut self, settings: Settings, origin: impl Fn(&str) -> Origin) -> Result<(), ConfigError> {
        if let Some(key) = settings.empty() {
            let name = match origin(key) {
                Origin::Flag => format!("--{key}"),
                Origin::Variable(name) => name.to_owned(),
                Origin::File(path) => format!("{}: {key}", path.display()),
            };
            return Err(ConfigError::Value(format!("{name} must not be empty")));
        }
        for (key, _) in settings.given() {
            self.origins.entry(key).or_insert_with(|| origin(key));
        }
        if !settings.quota.is_empty() {
            self.origins.entry("quota").or_insert_with(|| origin("quota"));
        }
        let earlier = std::mem::take(&mut self.settings);
        self.settings = earlier.or(settings);
        Ok(())
    }

    /// The settings, each with its value and where it comes from; a secret's value is `None`.
    pub fn in_force(&self) -> impl Iterator<Item = (&'static Setting, Option<toml::Value>, Option<&Origin>)> {
        let given: BTreeMap<_, _> = self.settings.given().into_iter().collect();
        Settings::ALL.iter().filter_map(move |setting| {
            let default = || setting.default.map(|text| Some(setting.parse_default(text)));
            let mut value = given.get(setting.key).cloned().or_else(default)?;
            if setting.key == "database"
                && let Some(toml::Value::String(url)) = &mut value
            {
                *url = crate::store::without_password(url);
            }
            Some((setting, value, self.origins.get(setting.key)))
        })
    }
}

/// The folder that a file is in; empty if it is in the working directory.
fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// An error of the TOML reader in one line. The line it is about is not shown, as it may hold a secret.
fn invalid(path: &Path, text: &str, error: &toml::de::Error) -> ConfigError {
    let place = match error.span().and_then(|span| text.get(..span.start)) {
        Some(before) => {
            let line_start = before.rfind('\n').map_or(0, |end| end + 1);
            let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
            format!("{}:{}:{column}: ", path.display(), before.matches('\n').count() + 1)
        }
        None => format!("{}: ", path.display()),
    };
    ConfigError::Invalid(place, error.message().trim_end().replace('\n', ", "))
}
