//! What the help says of settings besides their description: the default and the variable.

use clap::{Arg, Command};

use crate::config::{Setting, Settings};

/// The settings that the short help shows.
const COMMON: &[&str] = &["listen", "database", "config", "enforcement", "admin-token", "log-level"];

/// Adds defaults and variables to the help of a command and of those below it.
pub fn with_variables(command: Command) -> Command {
    let command = command.mut_args(described).mut_subcommands(with_variables);
    let shortened = command.get_arguments().any(Arg::is_hide_short_help_set);
    match shortened {
        true => command.after_help("The rest of the options: --help").after_long_help(""),
        false => command,
    }
}

fn described(arg: Arg) -> Arg {
    let id = arg.get_id().as_str().replace('_', "-");
    let Some((description, variable, default)) = known(&id, &arg) else { return arg };
    let default = default.map(|default| format!("[default: {default}] ")).unwrap_or_default();
    let (short, long) = (format!("{description} {default}"), format!("{description}\n{default}[env: {variable}]"));
    let rare = arg.get_help_heading().is_some() && !COMMON.contains(&id.as_str());
    arg.help(short.trim_end().to_owned()).long_help(long).hide_short_help(rare)
}

/// The description, variable and default of an argument that is a setting.
fn known(id: &str, arg: &Arg) -> Option<(String, &'static str, Option<&'static str>)> {
    let description = arg.get_help()?.to_string().trim().to_owned();
    if id == "quota" {
        return Some((description, "IAMD_QUOTAS", None));
    }
    let Setting { variable, default, .. } = Settings::ALL.iter().find(|setting| setting.key == id)?;
    Some((description, variable, *default))
}
