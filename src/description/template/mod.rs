//! Infrastructure code becomes descriptions of accounts: CloudFormation and CDK templates, Terraform's plans and states.
//! What cannot be resolved is named, and never guessed.

mod cloudformation;
mod conditions;
mod functions;
mod resources;
mod terraform;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::file::{Described, DescriptionError, SourceFile};
use super::{AccountDescription, Document};
use crate::markup::{Named, Node, Place, Placed};
use crate::shapes::AccountId;

/// What a template is for: the account, and values that it does not have itself.
pub(super) struct Target<'t> {
    /// The account that the resources are for.
    pub account: AccountId,
    /// Parameters without defaults, and what other resources and stacks say, by name: `Bucket.Arn`.
    pub values: &'t BTreeMap<String, String>,
    /// Whether entities have nothing but what the template gives them.
    pub prune: bool,
    /// The names of the values that were asked for.
    pub used: &'t RefCell<BTreeSet<String>>,
}

impl Target<'_> {
    /// A value that was given.
    fn value(&self, name: &str) -> Option<String> {
        let value = self.values.get(name)?;
        self.used.borrow_mut().insert(name.to_owned());
        Some(value.clone())
    }
}

/// What a file of infrastructure code is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TemplateFile {
    CloudFormation,
    Terraform,
}

impl TemplateFile {
    /// What a file is, if it is infrastructure code.
    pub fn of(node: &Node) -> Option<Self> {
        let is_resource = |node: &Node| node.get("Type").and_then(Node::text).is_some_and(|kind| kind.contains("::"));
        let resources = node.get("Resources").map(Node::members).unwrap_or_default();
        if node.get("AWSTemplateFormatVersion").is_some() || resources.iter().any(|member| is_resource(&member.value)) {
            return Some(Self::CloudFormation);
        }
        let is_terraform = node.get("terraform_version").is_some() || node.get("format_version").is_some();
        is_terraform.then_some(Self::Terraform)
    }

    /// The account that a file is about, if it says one.
    pub fn account(self, node: &Node) -> Option<AccountId> {
        match self {
            Self::CloudFormation => None,
            Self::Terraform => terraform::account_of(node),
        }
    }
}

/// Reads a template.
///
/// # Errors
/// What cannot be resolved, and what is wrong with the file.
pub(super) fn read(
    file: &SourceFile,
    kind: TemplateFile,
    node: &Node,
    target: &Target<'_>,
) -> Result<(Described, Vec<String>), DescriptionError> {
    let mut build = Build::new(&file.name);
    match kind {
        TemplateFile::CloudFormation => cloudformation::read(node, target, &mut build)?,
        TemplateFile::Terraform => terraform::read(node, target, &mut build)?,
    }
    if target.prune {
        build.be_exact();
    }
    build.finish(file, node.place, target.account)
}

/// An account that is put together from resources.
struct Build<'f> {
    file: &'f str,
    account: AccountDescription,
    warnings: Vec<String>,
    /// What cannot be resolved, and where it is needed.
    unresolved: Vec<(Place, String)>,
}

/// The policies that are attached to an entity, and its inline policies.
type Grants<'a> = (&'a mut Option<Vec<Placed<String>>>, &'a mut Option<Named<Document>>);

/// Who is given a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grantee {
    User,
    Group,
    Role,
}

impl<'f> Build<'f> {
    fn new(file: &'f str) -> Self {
        Self { file, account: AccountDescription::default(), warnings: Vec::new(), unresolved: Vec::new() }
    }

    fn error(&self, place: Place, message: impl Into<String>) -> DescriptionError {
        DescriptionError::new(self.file, Some(place), message)
    }

    /// Reads the properties of a resource.
    fn properties<'n, T: serde::Deserialize<'n>>(&self, node: &'n Node) -> Result<T, DescriptionError> {
        crate::markup::read(node).map_err(|error| DescriptionError::new(self.file, error.place, error.message))
    }

    /// The policies that are attached to an entity of this template, and its inline policies.
    fn grantee(&mut self, kind: Grantee, name: &str) -> Option<Grants<'_>> {
        fn find<'a, T>(named: &'a mut Named<T>, name: &str) -> Option<&'a mut T> {
            named.0.iter_mut().find(|(known, _)| known.value == name).map(|(_, entity)| entity)
        }
        match kind {
            Grantee::User => {
                find(&mut self.account.users, name).map(|user| (&mut user.policies, &mut user.inline_policies))
            }
            Grantee::Group => {
                find(&mut self.account.groups, name).map(|group| (&mut group.policies, &mut group.inline_policies))
            }
            Grantee::Role => {
                find(&mut self.account.roles, name).map(|role| (&mut role.policies, &mut role.inline_policies))
            }
        }
    }

    fn attach(&mut self, kind: Grantee, name: &Placed<String>, policy: Placed<String>) {
        match self.grantee(kind, name) {
            Some((policies, _)) => policies.get_or_insert_default().push(policy),
            None => self.is_not_here(kind, name),
        }
    }

    fn put(&mut self, kind: Grantee, name: &Placed<String>, policy: Placed<String>, document: Document) {
        match self.grantee(kind, name) {
            Some((_, inline)) => inline.get_or_insert_default().0.push((policy, document)),
            None => self.is_not_here(kind, name),
        }
    }

    /// What a template does not give its entities, they do not have.
    fn be_exact(&mut self) {
        for (_, user) in &mut self.account.users.0 {
            user.policies.get_or_insert_default();
            user.inline_policies.get_or_insert_default();
            user.groups.get_or_insert_default();
            user.boundary.get_or_insert_default();
        }
        for (_, group) in &mut self.account.groups.0 {
            group.policies.get_or_insert_default();
            group.inline_policies.get_or_insert_default();
        }
        for (_, role) in &mut self.account.roles.0 {
            role.policies.get_or_insert_default();
            role.inline_policies.get_or_insert_default();
            role.boundary.get_or_insert_default();
        }
    }

    fn is_not_here(&mut self, kind: Grantee, name: &Placed<String>) {
        let kind = format!("{kind:?}").to_lowercase();
        let (file, place) = (self.file, name.place);
        self.warnings
            .push(format!("{file}:{place}: the {kind} {} is not in the file, so nothing is given to it", name.value));
    }

    fn finish(
        self,
        file: &SourceFile,
        place: Place,
        account: AccountId,
    ) -> Result<(Described, Vec<String>), DescriptionError> {
        if let Some((first, _)) = self.unresolved.first() {
            let mut named: Vec<_> = self.unresolved.iter().map(|(place, what)| format!("{what} ({place})")).collect();
            named.dedup();
            let message = format!("cannot be resolved: {}; --value NAME=VALUE gives values", named.join(", "));
            return Err(self.error(*first, message));
        }
        let name = format!("template:{}", file.name);
        let accounts = vec![(Placed::new(place, account), self.account)];
        Ok((Described { file: file.name.clone(), name, accounts }, self.warnings))
    }
}
