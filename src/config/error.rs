//! What can be wrong with the settings.

use std::path::PathBuf;

use crate::organization::OrganizationError;

/// What is wrong with the settings: one sentence.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A name that does not exist, and those that may be meant.
    #[error("{place}unknown {what} {name}{}", suggestion(.name, .known))]
    Unknown {
        /// The file it is in, with a colon and a blank; empty for others.
        place: String,
        /// Setting, variable or quota.
        what: &'static str,
        /// As given.
        name: String,
        /// The names that exist.
        known: Vec<&'static str>,
    },
    /// The file cannot be read.
    #[error("the configuration file {0} cannot be read: {1}")]
    Unreadable(PathBuf, std::io::Error),
    /// The file is not TOML, or a value has the wrong type.
    #[error("{0}{1}")]
    Invalid(String, String),
    /// The organization means nothing.
    #[error(transparent)]
    Organization(#[from] OrganizationError),
    /// A value that means nothing.
    #[error("{0}")]
    Value(String),
}

/// How alike two names must be for one to be suggested for the other.
const MIN_SIMILARITY: f64 = 0.85;
/// How many names are suggested where several contain the one that was given.
const MAX_SUGGESTIONS: usize = 3;

/// The question that ends an error about an unknown name; empty if no known name is near.
fn suggestion(name: &str, known: &[&'static str]) -> String {
    match near(name, known).as_slice() {
        [] => String::new(),
        [one] => format!("; did you mean {one}?"),
        [others @ .., last] => format!("; did you mean {} or {last}?", others.join(", ")),
    }
}

/// The known names that contain the given one, or else the one that is most like it.
fn near(name: &str, known: &[&'static str]) -> Vec<&'static str> {
    // The prefix of the variables makes all of them alike.
    let plain = |name: &str| name.trim_start_matches("IAMD_").to_lowercase();
    let given = plain(name);
    let containing = |name: &&&'static str| given.len() > 3 && plain(name).contains(&given);
    let containing: Vec<_> = known.iter().filter(containing).take(MAX_SUGGESTIONS).copied().collect();
    if !containing.is_empty() {
        return containing;
    }
    let similarity = |name: &&'static str| strsim::jaro_winkler(&given, &plain(name));
    let best = known.iter().map(|name| (similarity(name), *name)).max_by(|a, b| a.0.total_cmp(&b.0));
    best.filter(|(similarity, _)| *similarity >= MIN_SIMILARITY).map(|(_, name)| name).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_near_names_are_suggested() {
        let settings = ["listen", "log-format", "log-level", "enforcement", "max-body-size"];
        assert_eq!(near("lisen", &settings), ["listen"]);
        assert_eq!(near("Enforcment", &settings), ["enforcement"]);
        assert_eq!(near("foo", &settings), [""; 0]);
        let variables = ["IAMD_LOG_FORMAT", "IAMD_ENFORCEMENT"];
        assert_eq!(near("IAMD_PORT", &variables), [""; 0]);
        assert_eq!(near("IAMD_ENFORCMENT", &variables), ["IAMD_ENFORCEMENT"]);
        let quotas = ["UsersPerAccount", "UserPolicySize", "GroupsPerUser", "PoliciesPerUser"];
        assert_eq!(near("Users", &quotas), ["UsersPerAccount"]);
        assert_eq!(near("UserPerAccount", &quotas), ["UsersPerAccount"]);
        assert_eq!(suggestion("peruser", &quotas), "; did you mean GroupsPerUser or PoliciesPerUser?");
        assert_eq!(suggestion("foo", &quotas), "");
    }
}
