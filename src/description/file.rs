//! Descriptions in files.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::aws::{AwsFile, Copies};
use super::template::{self, Target, TemplateFile};
use super::{AccountDescription, Description};
use crate::account::name_key;
use crate::markup::{self, MarkupError, Named, Node, Place, Placed, Syntax};
use crate::shapes::AccountId;

/// The JSON Schema of files of our own format.
pub const SCHEMA: &str = include_str!("account.schema.json");

/// A file by its name, for messages, and its text.
#[derive(Clone)]
pub struct SourceFile {
    /// The name.
    pub name: String,
    /// The text.
    pub text: String,
}

/// What is wrong with a file, or with what it asks for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{}{message}", .place.map(|place| format!("{place}: ")).unwrap_or_else(|| " ".to_owned()))]
pub struct DescriptionError {
    /// The file.
    pub file: String,
    /// Where, if it is about one place.
    pub place: Option<Place>,
    /// What.
    pub message: String,
}

impl DescriptionError {
    /// An error of a file.
    pub fn new(file: &str, place: Option<Place>, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), place, message: message.into() }
    }

    fn of(file: &str, error: MarkupError) -> Self {
        Self::new(file, error.place, error.message)
    }
}

/// The accounts of a file, and the name under which they remember what it made.
#[derive(Debug)]
pub struct Described {
    /// The file's name, for messages.
    pub file: String,
    /// The name of the seed.
    pub name: String,
    /// The accounts.
    pub accounts: Vec<(Placed<AccountId>, AccountDescription)>,
}

/// What files describe.
#[derive(Debug, Default)]
pub struct Descriptions {
    /// File by file; AWS's files about an account are one.
    pub described: Vec<Described>,
    /// What a person should know of the files.
    pub warnings: Vec<String>,
}

impl Descriptions {
    /// The accounts that are described.
    pub fn accounts(&self) -> BTreeSet<AccountId> {
        self.described.iter().flat_map(|file| file.accounts.iter().map(|(id, _)| **id)).collect()
    }

    /// The accounts whose users and roles trust policies name.
    pub fn accounts_trusted(&self) -> BTreeSet<AccountId> {
        let accounts = self.described.iter().flat_map(|file| &file.accounts);
        accounts.flat_map(|(_, account)| account.accounts_trusted()).collect()
    }
}

/// How files are read.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The account that AWS's files become, and that templates are for.
    pub account: Option<AccountId>,
    /// Values that templates do not have themselves, by name.
    pub values: BTreeMap<String, String>,
    /// Whether the entities of templates have nothing but what the templates give them. Otherwise what they had stays.
    pub prune: bool,
}

/// Reads files: of our own format, of AWS's, and templates. AWS's files become the account that is given: the number of
/// the account that they are about is replaced in everything.
///
/// # Errors
/// What does not describe accounts, with file, line and column.
pub fn read(files: &[SourceFile], reading: &Reading) -> Result<Descriptions, DescriptionError> {
    let account = reading.account;
    let mut descriptions = Descriptions::default();
    let mut copies = Copies::default();
    let used = RefCell::default();
    let renumbered = renumbered(files, account)?;
    for file in renumbered.as_deref().unwrap_or(files) {
        if is_report(file) {
            copies.add_report(&file.name, &file.text)?;
            continue;
        }
        let node = parse(file)?;
        let plain = node.must_have_no_tags().map_err(|error| DescriptionError::of(&file.name, error));
        match aws_file(&node) {
            Some(kind) => {
                plain?;
                copies.add(file, kind, node)?;
            }
            None => match TemplateFile::of(&node) {
                Some(kind) => {
                    let id = account.or_else(|| kind.account(&node)).unwrap_or(AccountId::DEFAULT);
                    let target = Target { account: id, values: &reading.values, used: &used, prune: reading.prune };
                    let (described, warnings) = template::read(file, kind, &node, &target)?;
                    descriptions.described.push(described);
                    descriptions.warnings.extend(warnings);
                }
                None => {
                    plain?;
                    descriptions.described.push(own_format(file, &node)?);
                }
            },
        }
    }
    let (copied, warnings) = copies.finish(account)?;
    descriptions.described.extend(copied);
    descriptions.warnings.extend(warnings);
    descriptions.described.iter().try_for_each(check_names)?;
    let used: BTreeSet<String> = used.take();
    let useless = reading.values.keys().filter(|name| !used.contains(*name));
    descriptions.warnings.extend(useless.map(|name| format!("--value {name}: nothing asks for this value")));
    Ok(descriptions)
}

/// Refuses names of an account that differ by case at most: for IAM they are one (IAM User Guide, "IAM identifiers").
fn check_names(described: &Described) -> Result<(), DescriptionError> {
    fn twice<'a, T>(kind: &str, named: &'a Named<T>) -> Option<(&'a Placed<String>, String)> {
        let mut seen = BTreeSet::new();
        let (again, _) = named.0.iter().find(|(name, _)| !seen.insert(name_key(name)))?;
        Some((again, format!("the {kind} {:?} appears twice; case makes no difference", again.value)))
    }
    for (_, account) in &described.accounts {
        let found = twice("user", &account.users)
            .or_else(|| twice("group", &account.groups))
            .or_else(|| twice("role", &account.roles))
            .or_else(|| twice("policy", &account.policies))
            .or_else(|| twice("instance profile", &account.instance_profiles));
        if let Some((name, message)) = found {
            return Err(DescriptionError::new(&described.file, Some(name.place), message));
        }
    }
    Ok(())
}

fn is_report(file: &SourceFile) -> bool {
    Path::new(&file.name).extension().is_some_and(|extension| extension == "csv")
}

fn aws_file(node: &Node) -> Option<AwsFile> {
    if node.get("accounts").is_some() { None } else { AwsFile::of(node) }
}

fn parse(file: &SourceFile) -> Result<Node, DescriptionError> {
    let syntax = Syntax::of(Path::new(&file.name))
        .ok_or_else(|| DescriptionError::new(&file.name, None, "its name must end with .yaml, .yml, .toml or .json"))?;
    markup::parse(&file.text, syntax).map_err(|error| DescriptionError::of(&file.name, error))
}

/// AWS's files with another account's number in place of the one that they are about.
fn renumbered(files: &[SourceFile], account: Option<AccountId>) -> Result<Option<Vec<SourceFile>>, DescriptionError> {
    let Some(account) = account else { return Ok(None) };
    let (mut number, mut management): (Option<AccountId>, Option<AccountId>) = (None, None);
    for file in files.iter().filter(|file| !is_report(file)) {
        let node = parse(file)?;
        let found = match aws_file(&node) {
            Some(AwsFile::Details) => {
                let mut copies = Copies::default();
                copies.add(file, AwsFile::Details, node)?;
                copies.account()
            }
            Some(AwsFile::Organization) => {
                let mut copies = Copies::default();
                copies.add(file, AwsFile::Organization, node)?;
                management = management.or(copies.management_account());
                None
            }
            Some(_) => None,
            None => TemplateFile::of(&node).and_then(|kind| kind.account(&node)),
        };
        match (found, number) {
            (Some(found), Some(before)) if found != before => {
                let message =
                    format!("it is about {found} and another file about {before}: they cannot both become one");
                return Err(DescriptionError::new(&file.name, None, message));
            }
            (found, before) => number = found.or(before),
        }
    }
    let Some(number) = number.or(management).filter(|number| *number != account) else { return Ok(None) };
    let (from, to) = (digits(number), digits(account));
    let replaced =
        files.iter().map(|file| SourceFile { name: file.name.clone(), text: replace(&file.text, &from, &to) });
    Ok(Some(replaced.collect()))
}

fn digits(account: AccountId) -> String {
    format!("{:012}", account.number())
}

/// Replaces a number where it is not part of a longer one.
fn replace(text: &str, from: &str, to: &str) -> String {
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text;
    let is_digit = |character: Option<char>| character.is_some_and(|character| character.is_ascii_digit());
    while let Some((before, after)) = rest.split_once(from) {
        replaced.push_str(before);
        let is_whole = !is_digit(replaced.chars().next_back()) && !is_digit(after.chars().next());
        replaced.push_str(if is_whole { to } else { from });
        rest = after;
    }
    replaced + rest
}

fn own_format(file: &SourceFile, node: &Node) -> Result<Described, DescriptionError> {
    let description: Description = markup::read(node).map_err(|error| DescriptionError::of(&file.name, error))?;
    let stem = Path::new(&file.name).file_stem().and_then(|stem| stem.to_str()).unwrap_or(&file.name);
    let name = description.name.unwrap_or_else(|| stem.to_owned());
    let mut accounts = Vec::with_capacity(description.accounts.0.len());
    for (number, account) in description.accounts.0 {
        let id = AccountId::parse_qualified(&number).filter(|id| *id != AccountId::AWS).ok_or_else(|| {
            let message = "an account is twelve digits, after another partition and a colon where it is of one";
            DescriptionError::new(&file.name, Some(number.place), message)
        })?;
        accounts.push((Placed::new(number.place, id), account.unwrap_or_default()));
    }
    Ok(Described { file: file.name.clone(), name, accounts })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_replaced_where_it_is_whole() {
        let replaced = replace("arn:aws:iam::111122223333:user/a 1111222233334 \"111122223333\"", "111122223333", "0");
        assert_eq!(replaced, "arn:aws:iam::0:user/a 1111222233334 \"0\"");
    }
}
