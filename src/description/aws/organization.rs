//! Answers of AWS about an organization become its description, each organization's of all files about it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::answers::{
    AccountShape, Answers, DelegatedShape, PolicyShape, ResourcePolicyShape, ServiceShape, TargetShape, state_called,
};
use super::details;
use crate::description::file::DescriptionError;
use crate::description::{
    DelegationPolicyDescription, Joined, MemberDescription, OrganizationDescription, OrganizationPolicyDescription,
    TrustedService, UnitDescription,
};
use crate::markup::{self, Content, Member, Named, Node, Place, Placed};
use crate::organization::FULL_ACCESS_ID;
use crate::shapes::{AccountId, ArnParts, OrganizationPolicyType};

/// A file about an organization.
pub(super) struct OrganizationFile {
    name: String,
    place: Place,
    answers: Answers,
    /// The management account and the id of the organization, if there is an ARN.
    about: Option<(AccountId, String)>,
}

/// The members that are read. In authorization details, `Policies` are others.
const MEMBERS: &[&str] = &[
    "Organization",
    "Roots",
    "OrganizationalUnits",
    "Accounts",
    "Policy",
    "Targets",
    "OrganizationPolicies",
    "EnabledServicePrincipals",
    "DelegatedServices",
    "ResourcePolicy",
    POLICIES,
];

const POLICIES: &str = "Policies";

/// Whether a file is about an organization, by its members.
pub(super) fn is_one(node: &Node) -> bool {
    MEMBERS.iter().any(|name| node.get(name).is_some())
}

/// What a file has of an organization.
fn of_organization(node: &Node) -> Node {
    let has_details = node.get("UserDetailList").is_some();
    let is_wanted =
        |member: &&Member| MEMBERS.contains(&member.name.as_str()) && !(has_details && member.name == POLICIES);
    let members = node.members().iter().filter(is_wanted).cloned().collect();
    Node { place: node.place, tag: None, content: Content::Map(members) }
}

impl OrganizationFile {
    /// Reads a file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(name: &str, node: &Node) -> Result<Self, DescriptionError> {
        let answers: Answers = markup::read(&of_organization(node))
            .map_err(|error| DescriptionError::new(name, error.place, error.message))?;
        let about = about(&answers);
        Ok(Self { name: name.to_owned(), place: node.place, answers, about })
    }

    /// The management account.
    pub fn management_account(&self) -> Option<AccountId> {
        self.about.as_ref().map(|(id, _)| *id)
    }

    fn wrong(&self, place: Place, message: impl Into<String>) -> DescriptionError {
        DescriptionError::new(&self.name, Some(place), message)
    }

    /// The id that the name of the file ends with: `units-r-a1b2.json`.
    fn id_in_name(&self, prefixes: &[&str]) -> Option<String> {
        let stem = Path::new(&self.name).file_stem()?.to_str()?;
        let start = prefixes.iter().find_map(|prefix| stem.rfind(prefix))?;
        let is_whole = !stem.get(..start)?.ends_with(|before: char| before.is_ascii_alphanumeric());
        is_whole.then(|| stem.get(start..).unwrap_or_default().to_owned())
    }
}

/// The number of an account that the name of a file ends with.
fn account_in_name(name: &str) -> Option<String> {
    let (_, number) = Path::new(name).file_stem()?.to_str()?.rsplit_once('-')?;
    AccountId::parse(number).map(|id| id.to_string())
}

/// The management account and the organization that an ARN has: `arn:aws:organizations::123456789012:ou/o-…/ou-…`.
fn about(answers: &Answers) -> Option<(AccountId, String)> {
    let described = answers.policy.iter().chain(&answers.organization_policies).map(|policy| &policy.policy_summary);
    let own = answers.policies.iter().chain(described).filter(|policy| !policy.aws_managed).map(|policy| &policy.arn);
    let arns = answers.organization.iter().map(|one| &one.arn).chain(answers.roots.iter().map(|one| &one.arn));
    let arns = arns.chain(answers.organizational_units.iter().map(|one| &one.arn));
    let arns = arns.chain(answers.accounts.iter().map(|one| &one.arn)).chain(own);
    let arns = arns.chain(answers.resource_policy.iter().map(|one| &one.resource_policy_summary.arn));
    let mut arns = arns.chain(answers.targets.iter().flatten().map(|one| &one.arn));
    arns.find_map(|arn| {
        let parts = ArnParts::parse(arn).filter(|parts| parts.service == "organizations")?;
        let id = parts.resource.split('/').nth(1)?;
        Some((parts.account_id()?, id.to_owned()))
    })
}

/// An organization that is put together from files.
#[derive(Default)]
struct Copy {
    /// Whether a file is a complete export, whose missing parts do not exist.
    is_whole: bool,
    description: OrganizationDescription,
    units: BTreeMap<String, (Placed<String>, UnitDescription)>,
    accounts: BTreeMap<String, (Placed<String>, MemberDescription)>,
    policies: BTreeMap<String, (Placed<String>, OrganizationPolicyDescription)>,
    /// Policies that are only listed.
    listed: BTreeMap<String, (String, Place, String)>,
    /// What policies are attached to, by their ids.
    targets: BTreeMap<String, Vec<TargetShape>>,
    /// What accounts administer, by their numbers, and the files that say it.
    administered: BTreeMap<String, (String, Place, Vec<TrustedService>)>,
}

/// The organizations that files are about, by their management accounts.
///
/// # Errors
/// What the files do not say and must.
pub(super) fn organizations(
    files: Vec<OrganizationFile>,
    warnings: &mut Vec<String>,
) -> Result<Vec<(AccountId, String, Placed<OrganizationDescription>)>, DescriptionError> {
    let known: BTreeSet<_> = files.iter().filter_map(|file| file.about.clone()).collect();
    let mut copies: BTreeMap<(AccountId, String), (String, Place, Copy)> = BTreeMap::new();
    for file in files {
        let only = if known.len() == 1 { known.first().cloned() } else { None };
        let about = file.about.clone().or(only);
        let message =
            "it does not say which organization it is about; import it with the answer to describe-organization";
        let about = about.ok_or_else(|| file.wrong(file.place, message))?;
        let (_, _, copy) = copies.entry(about).or_insert_with(|| (file.name.clone(), file.place, Copy::default()));
        copy.add(file)?;
    }
    let mut done = Vec::with_capacity(copies.len());
    for ((management, id), (file, place, copy)) in copies {
        let description = copy.finish(&file, place, &id, warnings)?;
        done.push((management, file, Placed::new(place, description)));
    }
    Ok(done)
}

impl Copy {
    fn add(&mut self, mut file: OrganizationFile) -> Result<(), DescriptionError> {
        let answers = std::mem::take(&mut file.answers);
        self.is_whole |= !answers.organization_policies.is_empty();
        if let Some(organization) = answers.organization {
            self.description.feature_set = organization.feature_set;
        }
        for root in answers.roots {
            let enabled =
                root.policy_types.iter().filter(|kind| kind.status != "PENDING_DISABLE").map(|kind| kind.kind);
            self.description.policy_types = Some(enabled.collect());
            self.description.root = Some(root.id);
            self.description.root_tags = root.tags.map(details::tags);
        }
        for unit in answers.organizational_units {
            let parent = unit.path.as_deref().and_then(|path| path.trim_end_matches('/').rsplit('/').nth(1));
            let parent = parent.map(str::to_owned).or_else(|| file.id_in_name(&["ou-", "r-"]));
            let known = self.units.entry(unit.id.value.clone());
            let (_, known) = known.or_insert_with(|| (unit.name, UnitDescription::default()));
            known.parent = parent.map(|parent| Placed::new(unit.id.place, parent)).or(known.parent.take());
            known.tags = unit.tags.map(details::tags).or(known.tags.take());
            known.id = Some(unit.id);
        }
        for account in answers.accounts {
            self.add_account(account, &file)?;
        }
        for listed in answers.policies.into_iter().filter(|policy| !policy.aws_managed) {
            self.listed.insert(listed.id.value, (file.name.clone(), listed.id.place, listed.name.value));
        }
        for policy in answers.policy.into_iter().chain(answers.organization_policies) {
            self.add_policy(policy, &file)?;
        }
        if let Some(services) = answers.enabled_service_principals {
            self.description.trusted_services = Some(services.into_iter().map(ServiceShape::describe).collect());
        }
        if let Some(ResourcePolicyShape { resource_policy_summary: summary, content: document, tags }) =
            answers.resource_policy
        {
            let tags = tags.map(details::tags);
            let policy = DelegationPolicyDescription { id: Some(summary.id), document, tags };
            self.description.delegation_policy = Some(Some(policy));
        }
        if let Some(services) = answers.delegated_services {
            let message = "it does not say which account it is about; name it after the account, such as administers-111122223333.json";
            let account = account_in_name(&file.name).ok_or_else(|| file.wrong(file.place, message))?;
            let services = services.into_iter().map(DelegatedShape::describe).collect();
            self.administered.insert(account, (file.name.clone(), file.place, services));
        }
        if let Some(targets) = answers.targets {
            let message =
                "it does not say which policy it is about; name it after the policy, such as targets-p-a1b2c3d4.json";
            let id = file.id_in_name(&["p-"]).ok_or_else(|| file.wrong(file.place, message))?;
            self.targets.insert(id, targets);
        }
        Ok(())
    }

    fn add_account(&mut self, account: AccountShape, file: &OrganizationFile) -> Result<(), DescriptionError> {
        let path = account.paths.first().map(|path| path.trim_end_matches('/'));
        let parent = path.and_then(|path| path.rsplit('/').nth(1)).map(str::to_owned);
        let parent = parent.or_else(|| file.id_in_name(&["ou-", "r-"]));
        let state = account.state.or(account.status);
        let state = state.map(|written| {
            state_called(&written).ok_or_else(|| {
                let message = format!("the account {} is {}, which none can be here", account.id.value, written.value);
                file.wrong(written.place, message)
            })
        });
        let state = state.transpose()?;
        let known = self.accounts.entry(account.id.value.clone());
        let (_, known) = known.or_insert_with(|| (account.id.clone(), MemberDescription::default()));
        known.name = account.name;
        known.email = account.email;
        known.unit = parent.map(|parent| Placed::new(account.id.place, parent)).or(known.unit.take());
        known.tags = account.tags.map(details::tags).or(known.tags.take());
        let invited = account.joined_method.as_deref() != Some("CREATED");
        let joined = account.joined_timestamp.map(|time| Joined { time, invited });
        known.joined = joined.or(known.joined);
        known.state = state.or(known.state);
        let services = account.delegated_services.map(|it| it.into_iter().map(DelegatedShape::describe).collect());
        known.administers = services.or(known.administers.take());
        Ok(())
    }

    fn add_policy(&mut self, policy: PolicyShape, file: &OrganizationFile) -> Result<(), DescriptionError> {
        let PolicyShape { policy_summary: summary, content, targets, tags } = policy;
        if let Some(targets) = targets {
            self.targets.insert(summary.id.value.clone(), targets);
        }
        if summary.aws_managed {
            return Ok(());
        }
        let document = content.ok_or_else(|| file.wrong(summary.id.place, "the policy has no document"))?;
        let description = OrganizationPolicyDescription {
            kind: summary.kind,
            description: summary.description,
            document,
            targets: None,
            order: BTreeMap::new(),
            tags: tags.map(details::tags),
            id: Some(summary.id.clone()),
        };
        self.policies.insert(summary.id.value, (summary.name, description));
        Ok(())
    }

    /// Puts everything together. What is not known of a policy that may deny something is an error.
    fn finish(
        mut self,
        file: &str,
        place: Place,
        id: &str,
        warnings: &mut Vec<String>,
    ) -> Result<OrganizationDescription, DescriptionError> {
        if let Some((id, (file, place, name))) = self.listed.iter().find(|(id, _)| !self.policies.contains_key(*id)) {
            let message =
                format!("the policy {name} has no document; add the answer to describe-policy --policy-id {id}");
            return Err(DescriptionError::new(file, Some(*place), message));
        }
        for (id, (name, policy)) in &mut self.policies {
            let targets = self.targets.remove(id).ok_or_else(|| {
                let message = format!(
                    "it is not known what the policy {} is attached to; add the answer to list-targets-for-policy as \
                     targets-{id}.json",
                    name.value
                );
                DescriptionError::new(file, Some(name.place), message)
            })?;
            let order =
                targets.iter().filter_map(|target| Some((target.target_id.value.clone(), target.attachment_order?)));
            policy.order = order.collect();
            policy.targets = Some(targets.into_iter().map(|target| target.target_id).collect());
        }
        let units = self.units.values().map(|(name, unit)| (name, &unit.parent));
        let accounts = self.accounts.values().map(|(number, member)| (number, &member.unit));
        if let Some((name, _)) = units.chain(accounts).find(|(_, parent)| parent.is_none()) {
            let message = format!(
                "it is not known what {} is in; name the files of units and accounts after that, such as units-r-a1b2.json",
                name.value
            );
            return Err(DescriptionError::new(file, Some(name.place), message));
        }
        for (number, (file, place, services)) in std::mem::take(&mut self.administered) {
            let Some((_, member)) = self.accounts.get_mut(&number) else {
                let message = format!("the account {number} is in no list of the organization's accounts");
                return Err(DescriptionError::new(&file, Some(place), message));
            };
            member.administers = Some(services);
        }
        let mut described = self.description;
        described.id = Some(Placed::new(place, id.to_owned()));
        match self.targets.remove(FULL_ACCESS_ID) {
            Some(has) => {
                let nodes =
                    described.root.iter().cloned().chain(self.units.values().filter_map(|(_, unit)| unit.id.clone()));
                let nodes = nodes.chain(self.accounts.values().map(|(number, _)| number.clone()));
                let without = nodes.filter(|node| !has.iter().any(|target| target.target_id.value == node.value));
                described.without_full_access = Some(without.collect());
            }
            None if self.policies.values().any(|(_, it)| it.kind == OrganizationPolicyType::ServiceControl) => {
                let message = "FullAWSAccess is taken to be attached to everything; targets-p-FullAWSAccess.json says if it is not";
                warnings.push(format!("{file}: {message}"));
            }
            None => {}
        }
        let has_units = self.is_whole || !self.units.is_empty();
        described.units = has_units.then(|| Named(self.units.into_values().collect()));
        let accounts = self.accounts.into_values().map(|(number, member)| (number, Some(member)));
        described.accounts = Some(Named(accounts.collect::<Vec<_>>())).filter(|accounts| !accounts.0.is_empty());
        let has_policies = self.is_whole || !self.policies.is_empty();
        described.policies = has_policies.then(|| Named(self.policies.into_values().collect()));
        Ok(described)
    }
}
