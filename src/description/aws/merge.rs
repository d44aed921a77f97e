//! Files of AWS become descriptions of accounts, each of all files about it.

use std::collections::BTreeMap;
use std::path::Path;

use super::details::{self, Details, InstanceProfileDetail, PolicyDetail, tags};
use super::organization::{self, OrganizationFile};
use super::others::{OidcProviderShape, OneSamlProvider, Others, PasswordPolicyShape, SamlProviderShape};
use super::{AwsFile, credential_report};
use crate::catalogue::managed_policies;
use crate::description::file::{Described, DescriptionError, SourceFile};
use crate::description::{
    AccountDescription, OidcProviderDescription, PasswordPolicyDescription, SamlProviderDescription,
};
use crate::markup::{self, Content, Node, Place, Placed};
use crate::shapes::{AccountId, ArnParts, Kind};

/// The account of the files, and where it is written.
type Found = Option<Placed<AccountId>>;

/// One account that is put together from files.
struct Copy {
    file: String,
    place: Place,
    account: AccountDescription,
}

/// Accounts that are put together from files.
#[derive(Default)]
pub struct Copies {
    copies: BTreeMap<AccountId, Copy>,
    /// Files that do not say which account they are about.
    rest: Vec<(SourceFile, AwsFile, Node)>,
    reports: Vec<(String, Vec<credential_report::Row>)>,
    organizations: Vec<OrganizationFile>,
    warnings: Vec<String>,
}

fn wrong(file: &str, place: Place, message: impl Into<String>) -> DescriptionError {
    DescriptionError::new(file, Some(place), message)
}

fn read<'n, T: serde::Deserialize<'n>>(file: &str, node: &'n Node) -> Result<T, DescriptionError> {
    markup::read(node).map_err(|error| DescriptionError::new(file, error.place, error.message))
}

impl Copies {
    /// Takes up a file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn add(&mut self, file: &SourceFile, kind: AwsFile, node: Node) -> Result<(), DescriptionError> {
        if is_truncated(&node) {
            let message = "the answer is truncated; let the client fetch all pages";
            return Err(DescriptionError::new(&file.name, None, message));
        }
        if kind == AwsFile::Organization {
            self.organizations.push(OrganizationFile::read(&file.name, &node)?);
            return Ok(());
        }
        if kind != AwsFile::Details {
            self.rest.push((file.clone(), kind, node));
            return Ok(());
        }
        let details: Details = read(&file.name, &node)?;
        let Some(id) = account_of(&file.name, &details)? else {
            self.rest.push((file.clone(), kind, node));
            return Ok(());
        };
        let mut warnings = Vec::new();
        let account = &mut self.copy(*id, &file.name, id.place).account;
        account.users.0.extend(details.user_detail_list.into_iter().map(details::UserDetail::describe));
        account.groups.0.extend(details.group_detail_list.into_iter().map(details::GroupDetail::describe));
        for role in details.role_detail_list {
            let (name, role, profiles) = role.describe();
            account.roles.0.push((name, role));
            add_profiles(account, profiles);
        }
        for policy in details.policies {
            if ArnParts::parse(&policy.arn).is_some_and(|arn| arn.account == "aws") {
                warnings.extend(other_version(&policy));
                continue;
            }
            let described = policy.describe().map_err(|version| {
                wrong(&file.name, version.place, format!("there is no version {:?} of the policy", version.value))
            })?;
            account.policies.0.push(described);
        }
        // What iamd exports is in the same file.
        let others: Others = read(&file.name, &node)?;
        add_others(&file.name, account, others)?;
        self.warnings.extend(warnings);
        if node.get("Organization").is_some() {
            self.organizations.push(OrganizationFile::read(&file.name, &node)?);
        }
        Ok(())
    }

    /// The management account of an organization, if there are no authorization details.
    pub fn management_account(&self) -> Option<AccountId> {
        self.organizations.iter().find_map(OrganizationFile::management_account)
    }

    /// The account of the authorization details, if there are any.
    pub fn account(&self) -> Option<AccountId> {
        self.copies.keys().next().copied()
    }

    /// The account with this number, which the file is the first to say something of if it is new.
    fn copy(&mut self, id: AccountId, file: &str, place: Place) -> &mut Copy {
        let new = || Copy { file: file.to_owned(), place, account: AccountDescription::default() };
        self.copies.entry(id).or_insert_with(new)
    }

    /// Takes up a credential report.
    ///
    /// # Errors
    /// A line that does not belong in one.
    pub fn add_report(&mut self, file: &str, csv: &str) -> Result<(), DescriptionError> {
        let rows = credential_report::read(csv).map_err(|error| wrong(file, error.place, error.value))?;
        self.reports.push((file.to_owned(), rows));
        Ok(())
    }

    /// The accounts, and what a person should know. Files that do not say which account they are about are about
    /// `account`, or else the only one there is.
    ///
    /// # Errors
    /// When it is not clear which account a file is about.
    pub fn finish(mut self, account: Option<AccountId>) -> Result<(Vec<Described>, Vec<String>), DescriptionError> {
        let only = match self.copies.keys().collect::<Vec<_>>().as_slice() {
            [id] => Some(**id),
            _ => None,
        };
        for (file, kind, node) in std::mem::take(&mut self.rest) {
            if kind == AwsFile::CredentialReport {
                let content = node.get("Content").and_then(Node::text).and_then(credential_report::of_answer);
                let place = node.place;
                let content = content.ok_or_else(|| wrong(&file.name, place, "Content is no report in base64"))?;
                self.add_report(&file.name, &content)?;
                continue;
            }
            let id = account.or(only).ok_or_else(|| {
                let message =
                    "it does not say which account it is about; say so, or import it with one account's details";
                DescriptionError::new(&file.name, None, message)
            })?;
            let copy = self.copy(id, &file.name, node.place);
            if kind == AwsFile::SamlProvider {
                add_saml_provider(&mut copy.account, &file, read(&file.name, &node)?);
            } else {
                if node.get("ClientIDList").is_some() {
                    add_oidc_provider(&mut copy.account, read::<OidcProviderShape>(&file.name, &node)?);
                }
                add_others(&file.name, &mut copy.account, read(&file.name, &node)?)?;
            }
        }
        for (file, rows) in std::mem::take(&mut self.reports) {
            for row in rows {
                let id = ArnParts::parse(&row.arn).and_then(|arn| arn.account_id());
                let users = id.and_then(|id| self.copies.get_mut(&id)).map(|copy| &mut copy.account.users.0);
                match users.and_then(|users| users.iter_mut().find(|(name, _)| name.value == row.user)) {
                    Some((_, user)) => {
                        user.password = row.password;
                        user.access_keys = Some(row.access_keys);
                        user.mfa_devices = Some(row.mfa_devices);
                    }
                    None => self.warnings.push(format!("{file}: {} is in no authorization details", row.arn)),
                }
            }
        }
        let organizations = std::mem::take(&mut self.organizations);
        for (id, file, described) in organization::organizations(organizations, &mut self.warnings)? {
            let copy = self.copy(id, &file, described.place);
            copy.account.organization = Some(described);
        }
        for copy in self.copies.values_mut() {
            for (name, provider) in &copy.account.saml_providers.0 {
                if provider.metadata.is_none() {
                    let message = "has no metadata and is left out; add the answer to get-saml-provider as NAME.json";
                    self.warnings.push(format!("{}: the SAML provider {} {message}", copy.file, name.value));
                }
            }
            copy.account.saml_providers.0.retain(|(_, provider)| provider.metadata.is_some());
        }
        let described = self.copies.into_iter().map(|(id, copy)| Described {
            name: format!("aws:{id}"),
            file: copy.file,
            accounts: vec![(Placed::new(copy.place, id), copy.account)],
        });
        Ok((described.collect(), self.warnings))
    }
}

/// Whether an answer has only some of what there is: what is missing may deny something.
fn is_truncated(node: &Node) -> bool {
    let has_more = node.get("IsTruncated").is_some_and(|value| matches!(value.content, Content::Boolean(true)));
    // aws-cli writes the first, boto3 and AWS the others.
    let tokens = ["NextToken", "Marker"];
    has_more || tokens.iter().any(|name| node.get(name).and_then(Node::text).is_some_and(|token| !token.is_empty()))
}

/// The account that every ARN of the details is of; an account of AWS without entities says nothing of itself.
fn account_of(file: &str, details: &Details) -> Result<Found, DescriptionError> {
    let users = details.user_detail_list.iter().map(|user| &user.arn);
    let groups = details.group_detail_list.iter().map(|group| &group.arn);
    let roles = details.role_detail_list.iter().map(|role| &role.arn);
    let policies = details.policies.iter().map(|policy| &policy.arn).filter(|arn| !arn.contains(":iam::aws:"));
    let read = |written: &Placed<String>| {
        let id = AccountId::parse_qualified(written).filter(|id| *id != AccountId::AWS);
        let id = id.ok_or_else(|| wrong(file, written.place, "an account is twelve digits"))?;
        Ok(Placed::new(written.place, id))
    };
    let mut found: Found = details.account.as_ref().map(read).transpose()?;
    for arn in users.chain(groups).chain(roles).chain(policies) {
        let id = ArnParts::parse(arn).and_then(|arn| arn.account_id());
        let id = id.ok_or_else(|| wrong(file, arn.place, "this is no ARN of an account"))?;
        match &found {
            Some(before) if before.value != id => {
                return Err(wrong(file, arn.place, format!("this is of another account than {}", before.value)));
            }
            _ => found = Some(Placed::new(arn.place, id)),
        }
    }
    Ok(found)
}

fn add_profiles(account: &mut AccountDescription, profiles: Vec<InstanceProfileDetail>) {
    for profile in profiles {
        let (name, profile) = profile.describe();
        let known = account.instance_profiles.0.iter_mut().find(|(known, _)| known.value == name.value);
        match known {
            Some((_, known)) if known.tags.is_none() => *known = profile,
            Some(_) => {}
            None => account.instance_profiles.0.push((name, profile)),
        }
    }
}

fn add_others(file: &str, account: &mut AccountDescription, others: Others) -> Result<(), DescriptionError> {
    if let Some(alias) = others.account_aliases.into_iter().next() {
        account.alias = Some(alias);
    }
    if let Some(policy) = others.password_policy {
        account.password_policy = Some(Placed::new(policy.place, policy.value.describe()));
    }
    add_profiles(account, others.instance_profiles);
    for shape in others.roles {
        if let Some((_, role)) = account.roles.0.iter_mut().find(|(name, _)| name.value == shape.role_name.value) {
            role.description = shape.description;
            role.max_session_duration = shape.max_session_duration;
        }
    }
    for provider in others.oidc_providers {
        add_oidc_provider(account, provider);
    }
    for SamlProviderShape { arn, create_date, metadata, tags: own } in others.saml_providers {
        let name = ArnParts::parse(&arn)
            .and_then(|arn| arn.path_and_name(Kind::SamlProvider).map(|(_, name)| name.to_owned()));
        let name = name.ok_or_else(|| wrong(file, arn.place, "this is no ARN of a SAML provider"))?;
        let provider = saml_provider(account, Placed::new(arn.place, name));
        provider.created = Some(create_date);
        provider.metadata = metadata.or(provider.metadata.take());
        provider.tags = own.map(tags).or(provider.tags.take());
    }
    Ok(())
}

fn saml_provider(account: &mut AccountDescription, name: Placed<String>) -> &mut SamlProviderDescription {
    let providers = &mut account.saml_providers.0;
    let index = providers.iter().position(|(known, _)| known.value == name.value).unwrap_or(providers.len());
    if index == providers.len() {
        providers.push((name, SamlProviderDescription::default()));
    }
    #[allow(clippy::indexing_slicing, reason = "it is there, or was just added")]
    &mut providers[index].1
}

/// The answer to `get-saml-provider`: the provider has the name of the file.
fn add_saml_provider(account: &mut AccountDescription, file: &SourceFile, shape: OneSamlProvider) {
    let stem = Path::new(&file.name).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let provider = saml_provider(account, Placed::new(shape.metadata.place, stem.to_owned()));
    provider.created = Some(shape.create_date);
    provider.metadata = Some(shape.metadata);
    provider.tags = shape.tags.map(tags);
}

fn add_oidc_provider(account: &mut AccountDescription, shape: OidcProviderShape) {
    let provider = OidcProviderDescription {
        client_ids: Some(shape.client_ids),
        thumbprints: Some(shape.thumbprints),
        tags: shape.tags.map(tags),
        created: Some(shape.create_date),
    };
    account.oidc_providers.0.push((shape.url, provider));
}

/// What a person should know of an AWS-managed policy: this version has another one, or none.
fn other_version(policy: &PolicyDetail) -> Option<String> {
    let known = managed_policies::get(&policy.arn)?;
    (known.default_version_id != policy.default_version_id).then(|| {
        let (arn, here, there) = (&policy.arn.value, known.default_version_id, &policy.default_version_id);
        format!("{arn} is {here} here and {there} in the account that is copied")
    })
}

impl PasswordPolicyShape {
    fn describe(self) -> PasswordPolicyDescription {
        PasswordPolicyDescription {
            minimum_length: self.minimum_password_length,
            require_symbols: self.require_symbols,
            require_numbers: self.require_numbers,
            require_uppercase: self.require_uppercase_characters,
            require_lowercase: self.require_lowercase_characters,
            allow_users_to_change_password: self.allow_users_to_change_password,
            max_age: self.max_password_age,
            reuse_prevention: self.password_reuse_prevention,
            hard_expiry: self.hard_expiry,
        }
    }
}
