//! `iamd diff`: what differs between two accounts, in entities and in what principals may do.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Deserialize;
use serde_json::{Value, json};

use super::rehearse::Rehearsal;
use super::{Failure, organization, sources};
use crate::cli::admin::call_within;
use crate::cli::output::{BAD, GOOD, Output};
use crate::cli::running::AdminOptions;
use crate::description::Reading;
use crate::log::printable;
use crate::markup::{self, Syntax};
use crate::shapes::AccountId;
use iam_policy::evaluate::{Evaluation, Verdict};

/// The most requests that are decided.
const MAX_REQUESTS: usize = 200_000;

/// What to compare.
#[derive(clap::Args, Clone, Debug)]
#[command(
    after_help = "Examples: iamd diff account.json server; iamd diff server@before server --requests requests.yaml\n\nExits with 0 if nothing differs, with 1 if something does, with 2 if the command could not do its work."
)]
pub struct DiffOptions {
    /// A file of accounts, an account of AWS or a template; `server`; `server@NAME` for a snapshot, or `server@TIME` for the
    /// newest snapshot of that time
    before: String,
    /// The same, later
    after: String,
    /// Also compare the decisions about what principals asked the server for, by its audit trail
    #[arg(long)]
    recorded: bool,
    /// Of what was asked, only what was since this time, such as 2030-01-01T00:00:00Z
    #[arg(long, value_name = "TIME", requires = "recorded")]
    since: Option<String>,
    /// The account, where a side has several [default: the only one; 000000000000 of a server]
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// File of requests whose decisions are compared (YAML, TOML or JSON)
    #[arg(long, value_name = "FILE")]
    requests: Option<PathBuf>,
    #[command(flatten)]
    server: AdminOptions,
}

/// The file of requests.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Requests {
    requests: Vec<Asked>,
}

/// Each action on each resource by each principal.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Asked {
    actions: Vec<String>,
    #[serde(default)]
    resources: Vec<String>,
    /// ARNs; all users and roles if left out.
    #[serde(default)]
    principals: Vec<String>,
    #[serde(default)]
    context: Value,
}

/// Compares, and says what differs.
pub fn diff(options: &DiffOptions) -> ExitCode {
    match compared(options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(failure) => {
            eprintln!("iamd: {failure}");
            ExitCode::from(2)
        }
    }
}

/// Whether nothing differs.
fn compared(options: &DiffOptions) -> Result<bool, Failure> {
    let account =
        options.account.as_deref().map(|text| AccountId::parse_qualified(text).ok_or("--account is twelve digits"));
    let account = account.transpose()?;
    let given = options.requests.as_deref().map(read_requests).transpose()?;
    let recorded = options.recorded.then(|| recorded(account, options)).transpose()?;
    let (before, after) = (side(&options.before, account, options)?, side(&options.after, account, options)?);
    given.iter().try_for_each(|requests| must_be_known(&before, &after, requests))?;
    let out = &mut Output::styled();
    let mut differences = entities(&before.exported, &after.exported, out)?;
    for requests in given.iter().chain(&recorded) {
        differences += permissions(&before, &after, requests, out)?;
    }
    Ok(differences == 0)
}

fn side(written: &str, account: Option<AccountId>, options: &DiffOptions) -> Result<Rehearsal, Failure> {
    match written.split_once('@') {
        None if written == "server" => Rehearsal::of_server(&options.server, account, None),
        Some(("server", snapshot)) => Rehearsal::of_server(&options.server, account, Some(snapshot)),
        _ => {
            let reading = Reading { account, ..Reading::default() };
            Rehearsal::of_files(&[written.into()], &reading)
        }
    }
}

/// What the audit trail of the server has of an account.
fn recorded(account: Option<AccountId>, options: &DiffOptions) -> Result<Requests, Failure> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if let Some(account) = account {
        query.append_pair("account", &account.qualified());
    }
    if let Some(since) = &options.since {
        query.append_pair("since", since);
    }
    call_within(super::apply::PATIENCE, &options.server, "GET", &format!("requests?{}", query.finish()), "")
}

fn read_requests(path: &Path) -> Result<Requests, Failure> {
    let files = sources::read(&[path.to_owned()], None)?;
    let file = files.first().ok_or("there are no requests")?;
    let syntax =
        Syntax::of(path).ok_or_else(|| format!("{} must end with .yaml, .yml, .toml or .json", path.display()))?;
    let wrong = |error: markup::MarkupError| format!("{}:{error}", path.display());
    let node = markup::parse(&file.text, syntax).map_err(wrong)?;
    node.must_have_no_tags().map_err(wrong)?;
    Ok(markup::read(&node).map_err(wrong)?)
}

/// Refuses principals that neither account has: a misspelt one would never differ.
fn must_be_known(before: &Rehearsal, after: &Rehearsal, requests: &Requests) -> Result<(), Failure> {
    let mut principals = requests.requests.iter().flat_map(|asked| &asked.principals);
    match principals.find(|principal| !before.has(principal) && !after.has(principal)) {
        Some(unknown) => Err(format!("neither account has the principal {}", printable(unknown)).into()),
        None => Ok(()),
    }
}

/// The lists of an account, what their members are called, and what kind they are.
const LISTS: &[(&str, &str, &str)] = &[
    ("UserDetailList", "UserName", "user"),
    ("GroupDetailList", "GroupName", "group"),
    ("RoleDetailList", "RoleName", "role"),
    ("Policies", "PolicyName", "policy"),
    ("InstanceProfiles", "InstanceProfileName", "instance-profile"),
    ("OpenIDConnectProviders", "Arn", "oidc-provider"),
    ("SAMLProviderList", "Arn", "saml-provider"),
];

/// What says nothing about an entity itself, or differs wherever it was made anew.
const INCIDENTAL: &[&str] = &[
    "AttachmentCount",
    "PermissionsBoundaryUsageCount",
    "InstanceProfileList",
    "CreateDate",
    "UpdateDate",
    "UserId",
    "GroupId",
    "RoleId",
    "PolicyId",
    "InstanceProfileId",
    "DefaultVersionId",
    "PolicyVersionList",
];

/// Writes the entities that differ; how many they are.
fn entities(before: &Value, after: &Value, out: &mut dyn Write) -> io::Result<usize> {
    let mut differences = 0;
    for (list, key, kind) in LISTS {
        differences += of_kind(kind, &named(before, list, key), &named(after, list, key), out)?;
    }
    let (old, new) = (organization::parts(before), organization::parts(after));
    for kind in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
        let none = BTreeMap::new();
        let (old, new) = (old.get(kind).unwrap_or(&none), new.get(kind).unwrap_or(&none));
        differences += of_kind(kind, &by_name(old), &by_name(new), out)?;
    }
    for name in ["AccountAliases", "PasswordPolicy"] {
        if before.get(name) != after.get(name) {
            differences += 1;
            writeln!(out, "~ account: {name}")?;
        }
    }
    Ok(differences)
}

/// Writes the entities of a kind that differ; how many they are.
fn of_kind(
    kind: &str,
    old: &BTreeMap<&str, &Value>,
    new: &BTreeMap<&str, &Value>,
    out: &mut dyn Write,
) -> io::Result<usize> {
    let mut differences = 0;
    for name in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
        let (sign, changes) = match (old.get(name), new.get(name)) {
            (Some(_), None) => (format!("{BAD}-{BAD:#}"), Vec::new()),
            (None, Some(_)) => (format!("{GOOD}+{GOOD:#}"), Vec::new()),
            (Some(old), Some(new)) => match changed(old, new) {
                changes if changes.is_empty() => continue,
                changes => ("~".to_owned(), changes),
            },
            (None, None) => continue,
        };
        differences += 1;
        write!(out, "{sign} {kind} {}", printable(name))?;
        match changes.is_empty() {
            true => writeln!(out)?,
            false => writeln!(out, ": {}", changes.join(", "))?,
        }
    }
    Ok(differences)
}

fn by_name(parts: &BTreeMap<String, Value>) -> BTreeMap<&str, &Value> {
    parts.iter().map(|(name, part)| (name.as_str(), part)).collect()
}

fn named<'v>(exported: &'v Value, list: &str, key: &str) -> BTreeMap<&'v str, &'v Value> {
    let entities = exported.get(list).and_then(Value::as_array).into_iter().flatten();
    // AWS's policies and those of the account may have the same name.
    let name = |entity: &'v Value| match entity.get("Arn").and_then(Value::as_str) {
        Some(arn) if arn.contains(":iam::aws:") => Some(arn),
        _ => entity.get(key)?.as_str(),
    };
    entities.filter_map(|entity| Some((name(entity)?, entity))).collect()
}

/// The members that differ, and whether the document in force does.
fn changed(old: &Value, new: &Value) -> Vec<String> {
    let members = |value: &Value| value.as_object().map(|members| members.keys().cloned().collect::<BTreeSet<_>>());
    let names = members(old).unwrap_or_default().into_iter().chain(members(new).unwrap_or_default());
    let names: BTreeSet<_> = names.filter(|name| !INCIDENTAL.contains(&name.as_str())).collect();
    let mut changed: Vec<_> = names.into_iter().filter(|name| old.get(name) != new.get(name)).collect();
    if in_force(old) != in_force(new) {
        changed.push("document".to_owned());
    }
    changed
}

/// The document of a managed policy that is in force.
fn in_force(policy: &Value) -> Option<&Value> {
    let versions = policy.get("PolicyVersionList")?.as_array()?;
    versions.iter().find(|version| version.get("IsDefaultVersion") == Some(&Value::Bool(true)))?.get("Document")
}

/// Writes the requests whose decisions differ, each with both explanations; how many they are.
fn permissions(
    before: &Rehearsal,
    after: &Rehearsal,
    requests: &Requests,
    out: &mut dyn Write,
) -> Result<usize, Failure> {
    let every: BTreeSet<_> = before.principals().chain(after.principals()).collect();
    let everything = ["*".to_owned()];
    let mut differences = 0;
    let mut decided = 0;
    for asked in &requests.requests {
        let principals: Vec<_> =
            if asked.principals.is_empty() { every.iter().collect() } else { asked.principals.iter().collect() };
        let resources = if asked.resources.is_empty() { &everything[..] } else { &asked.resources };
        for principal in principals {
            for (action, resource) in
                asked.actions.iter().flat_map(|action| resources.iter().map(move |one| (action, one)))
            {
                decided += 1;
                if decided > MAX_REQUESTS {
                    return Err(format!("there are more than {MAX_REQUESTS} requests").into());
                }
                let mut request = json!({"principal": principal, "action": action, "resource": resource});
                if let (false, Some(members)) = (asked.context.is_null(), request.as_object_mut()) {
                    members.insert("context".to_owned(), asked.context.clone());
                }
                let decide = |side: &Rehearsal| match side.has(principal) {
                    true => side.decide(&request).map(Some),
                    false => Ok(None),
                };
                let (old, new) = (decide(before)?, decide(after)?);
                differences +=
                    usize::from(write_decision((principal, action, resource), old.as_ref(), new.as_ref(), out)?);
            }
        }
    }
    Ok(differences)
}

/// Writes a request that was denied and is allowed, or the reverse. A principal that is not there may do nothing.
fn write_decision(
    (principal, action, resource): (&str, &str, &str),
    old: Option<&Evaluation>,
    new: Option<&Evaluation>,
    out: &mut dyn Write,
) -> io::Result<bool> {
    let allows = |side: Option<&Evaluation>| side.is_some_and(|side| side.decision == Verdict::Allowed);
    let (was, is) = (allows(old), allows(new));
    if was == is {
        return Ok(false);
    }
    let (sign, words) = match is {
        true => (format!("{GOOD}+{GOOD:#}"), "was denied and would be allowed"),
        false => (format!("{BAD}-{BAD:#}"), "was allowed and would be denied"),
    };
    let request = format!("{action} on {resource} by {principal}");
    writeln!(out, "{sign} {} {words}", printable(&request))?;
    for (when, side) in [("before", old), ("after", new)] {
        let explanation = side.map_or("the principal is not there", |side| side.explanation.as_str());
        writeln!(out, "    {when}: {}", printable(&explanation.replace('\n', " ")))?;
    }
    Ok(true)
}
