//! The request of the evaluate endpoint, as JSON.

use std::borrow::Cow;

use super::EvaluateError;
use super::field::Field;
use crate::lint::closest;
use crate::pattern::Arn;
use crate::principal::is_account;
use crate::{Action, PrincipalText, Values};

type Result<T> = std::result::Result<T, EvaluateError>;

/// A request with every policy that bears on it.
#[derive(Debug)]
pub(super) struct EvaluateRequest<'a> {
    /// An ARN, an account's number, a service's name, or `*` for an anonymous caller.
    pub principal: PrincipalText,
    pub action: Action,
    /// An ARN, or `*`, which it is if left out.
    pub resource: Cow<'a, str>,
    pub resource_account: Option<Cow<'a, str>>,
    pub context: Vec<(Cow<'a, str>, Values<'a>)>,
    pub identity_policies: Option<Vec<NamedDocument<'a>>>,
    pub permissions_boundaries: Option<Vec<NamedDocument<'a>>>,
    pub session_policies: Option<Vec<NamedDocument<'a>>>,
    pub resource_policy: Option<NamedDocument<'a>>,
    pub service_control_policies: Option<Vec<Level<'a>>>,
    pub resource_control_policies: Option<Vec<Level<'a>>>,
    pub vpc_endpoint_policies: Option<Vec<NamedDocument<'a>>>,
    pub organization_management_account: Option<Cow<'a, str>>,
}

/// A policy document, or the file it is in, and what to call it.
#[derive(Debug)]
pub(super) struct NamedDocument<'a> {
    pub name: Option<Cow<'a, str>>,
    pub document: Written<'a>,
    /// Where it is in the request: `identityPolicies[0]`.
    pub path: String,
}

/// A document, or where it is written.
#[derive(Debug)]
pub(super) enum Written<'a> {
    Here(Field<'a>),
    InFile(Cow<'a, str>),
}

/// The policies of one level of an organization.
#[derive(Debug)]
pub(super) struct Level<'a> {
    /// What the policies are attached to.
    pub target: Option<Cow<'a, str>>,
    pub policies: Vec<NamedDocument<'a>>,
}

/// The members of a request, taken out one by one.
struct Members<'a> {
    of: Field<'a>,
    left: Vec<(Cow<'a, str>, Field<'a>)>,
}

impl<'a> Members<'a> {
    /// The members of an object that has no others than `known`. A misspelled one is named before the one it stands for
    /// is missed.
    fn of(field: &Field<'a>, known: &[&str]) -> Result<Self> {
        let left = field.members(false)?;
        match left.iter().find(|(name, _)| !known.contains(&&**name)) {
            Some((name, field)) => Err(field.error(format!("is an unknown field{}", instead_of(name, known)))),
            None => Ok(Self { of: field.clone(), left }),
        }
    }

    /// A member that may be left out; `null` is nothing.
    fn take(&mut self, name: &str) -> Option<Field<'a>> {
        let at = self.left.iter().position(|(known, _)| known == name)?;
        Some(self.left.swap_remove(at).1).filter(|field| !field.is_null())
    }

    fn required(&mut self, name: &str) -> Result<Field<'a>> {
        self.take(name).ok_or_else(|| self.of.error(format!("has no \"{name}\"")))
    }
}

impl<'a> EvaluateRequest<'a> {
    /// Reads a body.
    pub(super) fn read(body: &'a str) -> Result<Self> {
        let mut members = Members::of(&Field::root(body)?, FIELDS)?;
        let (principal, action) = (members.required("principal")?, members.required("action")?);
        let documents = |field: Option<Field<'a>>| field.map(|field| documents(&field)).transpose();
        let levels = |field: Option<Field<'a>>| field.map(|field| levels(&field)).transpose();
        let account = |field: Option<Field<'a>>| field.map(|field| account(&field)).transpose();
        let request = Self {
            resource: members.take("resource").map_or(Ok(Cow::Borrowed("*")), |field| resource(&field))?,
            resource_account: account(members.take("resourceAccount"))?,
            context: members.take("context").map(|field| context(&field)).transpose()?.unwrap_or_default(),
            identity_policies: documents(members.take("identityPolicies"))?,
            permissions_boundaries: documents(members.take("permissionsBoundaries"))?,
            session_policies: documents(members.take("sessionPolicies"))?,
            resource_policy: members.take("resourcePolicy").map(resource_policy).transpose()?,
            service_control_policies: levels(members.take("serviceControlPolicies"))?,
            resource_control_policies: levels(members.take("resourceControlPolicies"))?,
            vpc_endpoint_policies: documents(members.take("vpcEndpointPolicies"))?,
            organization_management_account: account(members.take("organizationManagementAccount"))?,
            principal: self::principal(&principal)?,
            action: self::action(&action)?,
        };
        Ok(request)
    }

    /// All documents of the request.
    pub(super) fn documents(&self) -> impl Iterator<Item = &NamedDocument<'a>> {
        let lists = [
            &self.identity_policies,
            &self.permissions_boundaries,
            &self.session_policies,
            &self.vpc_endpoint_policies,
        ];
        let levels = [&self.service_control_policies, &self.resource_control_policies];
        let of_levels = levels.into_iter().flatten().flatten().flat_map(|level| &level.policies);
        lists.into_iter().flatten().flatten().chain(of_levels).chain(&self.resource_policy)
    }
}

const FIELDS: &[&str] = &[
    "principal",
    "action",
    "resource",
    "resourceAccount",
    "context",
    "identityPolicies",
    "permissionsBoundaries",
    "sessionPolicies",
    "resourcePolicy",
    "serviceControlPolicies",
    "resourceControlPolicies",
    "vpcEndpointPolicies",
    "organizationManagementAccount",
];

/// The fields of a policy in a list.
const DOCUMENT_FIELDS: &[&str] = &["name", "document", "file"];
/// The fields of a level of an organization, or of a policy outside of a level.
const LEVEL_FIELDS: &[&str] = &["target", "policies", "name", "document", "file"];

/// The end of an error about an unknown name: the known one that is most like it, or all of them.
fn instead_of(name: &str, known: &[&str]) -> String {
    match closest(name, known.iter().copied()) {
        Some(near) => format!("; did you mean {near}?"),
        None => format!(", expected one of {}", known.join(", ")),
    }
}

fn principal(field: &Field<'_>) -> Result<PrincipalText> {
    let text = field.text()?;
    let forms = "an ARN of a user, role, session or root user, an account, a service such as ec2.amazonaws.com, or *";
    PrincipalText::parse(&text).ok_or_else(|| field.error(format!("{text:?} is not {forms}")))
}

fn action(field: &Field<'_>) -> Result<Action> {
    let text = field.text()?;
    let one = Action::parse(&text).filter(|_| !text.contains(['*', '?']));
    one.ok_or_else(|| field.error(format!("{text:?} is not of the form service:Action, without wildcards")))
}

fn resource<'a>(field: &Field<'a>) -> Result<Cow<'a, str>> {
    let text = field.text()?;
    if text != "*" && Arn::new(&text).parts.is_none() {
        return Err(field.error(format!("{text:?} is neither an ARN nor *")));
    }
    Ok(text)
}

fn account<'a>(field: &Field<'a>) -> Result<Cow<'a, str>> {
    let text = field.text()?;
    if !is_account(&text) {
        return Err(field.error(format!("{text:?} is not an account's twelve digits")));
    }
    Ok(text)
}

fn context<'a>(field: &Field<'a>) -> Result<Vec<(Cow<'a, str>, Values<'a>)>> {
    let values = |(key, field): (Cow<'a, str>, Field<'a>)| {
        let values = match field.is_array() {
            true => Values::Many(field.items()?.iter().map(Field::scalar).collect::<Result<_>>()?),
            false => Values::One(field.scalar()?),
        };
        Ok((key, values))
    };
    // Condition keys ignore case.
    field.members(true)?.into_iter().map(values).collect()
}

fn documents<'a>(field: &Field<'a>) -> Result<Vec<NamedDocument<'a>>> {
    field.items()?.iter().map(named_document).collect()
}

fn named_document<'a>(field: &Field<'a>) -> Result<NamedDocument<'a>> {
    named(&mut Members::of(field, DOCUMENT_FIELDS)?)
}

fn named<'a>(members: &mut Members<'a>) -> Result<NamedDocument<'a>> {
    let name = members.take("name").map(|field| field.text()).transpose()?;
    let document = match (members.take("document"), members.take("file")) {
        (Some(document), None) => Written::Here(document),
        (None, Some(file)) => Written::InFile(file.text()?),
        _ => return Err(members.of.error("has no \"document\"")),
    };
    Ok(NamedDocument { name, document, path: members.of.path.clone() })
}

/// A document that is only a `{"file": …}` is elsewhere.
fn resource_policy(field: Field<'_>) -> Result<NamedDocument<'_>> {
    let path = field.path.clone();
    let file = match field.members(false).as_deref() {
        Ok([(name, file)]) if name == "file" => Some(file.text()?),
        _ => None,
    };
    let document = file.map_or(Written::Here(field), Written::InFile);
    Ok(NamedDocument { name: None, document, path })
}

/// The levels, from the root to the account. Policies that are outside of a level are one together, the last.
fn levels<'a>(field: &Field<'a>) -> Result<Vec<Level<'a>>> {
    let (mut levels, mut loose) = (Vec::new(), Vec::new());
    for item in field.items()? {
        let mut members = Members::of(&item, LEVEL_FIELDS)?;
        match (members.take("target"), members.take("policies")) {
            (target, Some(policies)) => {
                let target = target.map(|target| target.text()).transpose()?;
                levels.push(Level { target, policies: documents(&policies)? });
                if let Some((name, field)) = members.left.first() {
                    return Err(
                        field.error(format!("is a field of a policy; \"target\" and \"policies\" have no {name}"))
                    );
                }
            }
            (None, None) => {
                loose.push(named(&mut members)?);
            }
            (Some(_), None) => {
                return Err(item.error("has either \"target\" and \"policies\", or \"name\" and \"document\""));
            }
        }
    }
    if !loose.is_empty() {
        levels.push(Level { target: None, policies: loose });
    }
    Ok(levels)
}
