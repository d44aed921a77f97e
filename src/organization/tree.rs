//! The tree of an organization: its root, units and accounts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::{OrganizationError, OrganizationSettings};
use crate::shapes::{AccountId, Pattern};

static ORGANIZATION_ID: Pattern = Pattern::new("o-[a-z0-9]{10,32}");
static ROOT_ID: Pattern = Pattern::new("r-[0-9a-z]{4,32}");
/// A unit's id behind that of its root.
static UNIT_ID: Pattern = Pattern::new("[a-z0-9]{8,32}");

/// How deep units nest (AWS: "Quotas for AWS Organizations").
const MAX_DEPTH: usize = 5;

/// What policies are attached to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target<'s> {
    Root,
    Unit(&'s str),
    Account(AccountId),
}

impl fmt::Display for Target<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("root"),
            Self::Unit(name) => f.write_str(name),
            Self::Account(account) => account.fmt(f),
        }
    }
}

/// The root, the units below it, and the accounts.
pub(super) struct Tree<'s> {
    pub management_account: AccountId,
    /// All accounts, the management account among them.
    pub accounts: BTreeSet<AccountId>,
    /// `r-…`.
    root: String,
    units: BTreeMap<&'s str, Unit<'s>>,
    /// The units of the accounts that are in one.
    homes: BTreeMap<AccountId, &'s str>,
}

struct Unit<'s> {
    id: String,
    /// The names of the units from below the root down to this one.
    line: Vec<&'s str>,
}

impl<'s> Tree<'s> {
    pub fn new(settings: &'s OrganizationSettings) -> Result<Self, OrganizationError> {
        check_id(ORGANIZATION_ID.matches(&settings.id), "an organization", &settings.id, "o-a1b2c3d4e5")?;
        check_id(ROOT_ID.matches(&settings.root), "a root", &settings.root, "r-a1b2")?;
        let management_account = account(&settings.management_account, "management-account")?;
        let members = settings.member_accounts.iter().map(|text| account(text, "member-accounts"));
        let mut accounts: BTreeSet<_> = members.collect::<Result<_, _>>()?;
        accounts.insert(management_account);
        let root = settings.root.clone();
        let units = settings.units()?;
        let mut tree = Self { management_account, accounts, root, units, homes: BTreeMap::new() };
        tree.house(settings)?;
        Ok(tree)
    }

    /// Puts accounts into their units.
    fn house(&mut self, settings: &'s OrganizationSettings) -> Result<(), OrganizationError> {
        for (name, unit) in &settings.units {
            for text in &unit.accounts {
                let account = self.account(text, &format!("the unit {name}"))?;
                if let Some(first) = self.homes.insert(account, name) {
                    let (first, second) = (first.to_owned(), name.clone());
                    return Err(OrganizationError::InTwoUnits { account, first, second });
                }
            }
        }
        Ok(())
    }

    /// An account of the organization that is named at a place of the settings.
    pub fn account(&self, text: &str, place: &str) -> Result<AccountId, OrganizationError> {
        let account = account(text, place)?;
        if self.accounts.contains(&account) {
            return Ok(account);
        }
        Err(OrganizationError::NoMember(account, place.to_owned()))
    }

    /// What policies can be attached to under this name.
    pub fn target(&self, text: &str, place: &str) -> Result<Target<'s>, OrganizationError> {
        let unit = || self.units.get_key_value(text).map(|(name, _)| Target::Unit(name));
        let account = || AccountId::parse(text).filter(|account| self.accounts.contains(account)).map(Target::Account);
        let found = (text == "root").then_some(Target::Root).or_else(unit).or_else(account);
        found.ok_or_else(|| OrganizationError::NoTarget { target: text.to_owned(), place: place.to_owned() })
    }

    /// The units: name, id, and the id of the root or unit that each is in.
    pub fn units(&self) -> impl Iterator<Item = (&'s str, String, String)> {
        self.units.iter().map(|(name, unit)| {
            let above = unit.line.split_last().and_then(|(_, above)| above.last());
            (*name, unit.id.clone(), self.id_of(above.copied()))
        })
    }

    /// The id of the root or unit that an account is in.
    pub fn parent_of(&self, account: AccountId) -> String {
        self.id_of(self.homes.get(&account).copied())
    }

    /// The id of a unit, or of the root.
    fn id_of(&self, unit: Option<&str>) -> String {
        unit.and_then(|name| self.units.get(name)).map_or(&self.root, |unit| &unit.id).clone()
    }
}

impl OrganizationSettings {
    fn units(&self) -> Result<BTreeMap<&str, Unit<'_>>, OrganizationError> {
        let mut ids = BTreeSet::new();
        let mut units = BTreeMap::new();
        for (name, settings) in &self.units {
            if name == "root" || AccountId::parse(name).is_some() {
                return Err(OrganizationError::UnitName(name.clone()));
            }
            let prefix = self.root.replacen('r', "ou", 1) + "-";
            let id = settings.id.clone().unwrap_or_else(|| prefix.clone() + &unique_part(name));
            let is_id = id.strip_prefix(&prefix).is_some_and(|rest| UNIT_ID.matches(rest));
            check_id(is_id, "a unit", &id, &format!("{prefix}a1b2c3d4"))?;
            if !ids.insert(id.clone()) {
                return Err(OrganizationError::IdOfTwoUnits(id));
            }
            units.insert(name.as_str(), Unit { id, line: self.line(name)? });
        }
        Ok(units)
    }

    /// The names of the units from below the root down to this one.
    fn line<'s>(&'s self, name: &'s str) -> Result<Vec<&'s str>, OrganizationError> {
        let mut line = vec![name];
        let parent_of = |unit: &str| self.units.get(unit).and_then(|unit| unit.parent.as_deref());
        let mut unit = name;
        while let Some(parent) = parent_of(unit) {
            if !self.units.contains_key(parent) {
                return Err(OrganizationError::NoParent { unit: unit.to_owned(), parent: parent.to_owned() });
            }
            if line.contains(&parent) {
                return Err(OrganizationError::Cycle(parent.to_owned()));
            }
            line.push(parent);
            unit = parent;
        }
        if line.len() > MAX_DEPTH {
            return Err(OrganizationError::TooDeep(name.to_owned()));
        }
        line.reverse();
        Ok(line)
    }
}

/// The part of an id that AWS draws, made from a name so that it stays the same.
pub(super) fn unique_part(name: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(name)).chars().take(8).collect()
}

/// Refuses anything but an id of the organization.
pub(super) fn check_id(is_id: bool, what: &'static str, id: &str, example: &str) -> Result<(), OrganizationError> {
    if is_id { Ok(()) } else { Err(OrganizationError::Id { what, id: id.to_owned(), example: example.to_owned() }) }
}

fn account(text: &str, place: &str) -> Result<AccountId, OrganizationError> {
    AccountId::parse(text).ok_or_else(|| OrganizationError::NoAccount(text.to_owned(), place.to_owned()))
}
