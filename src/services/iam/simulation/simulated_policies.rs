//! The policies that a simulation is about: documents in the request, and those that a user, group or role has.

use std::collections::HashSet;
use std::sync::Arc;

use crate::account::{Compiled, Granting, Subject, identity_name};
use crate::call::{AccountRef, Context, Target};
use crate::error::{Code, Error, Result};
use crate::shapes::{
    ArnParts, AttachmentType, InlinePolicyIdentifier, Kind, PolicyDocument, PolicyExclusions, PolicyIdentifier,
    PolicyIdentifierType,
};
use iam_policy::{Grammar, Policy, PolicySet, Source, SourceKind};

/// A policy as a member of a set.
pub type Member = (Source, Compiled);

/// `InvalidInput` with a sentence.
pub fn invalid(message: impl Into<String>) -> Error {
    Error::new(Code::InvalidInput, message.into())
}

/// Reads the documents of a parameter. Their ids are AWS's: `PolicyInputList.1`.
///
/// # Errors
/// `InvalidInput` for a document that its grammar refuses.
pub fn documents(parameter: &str, texts: Option<&[PolicyDocument]>, grammar: Grammar) -> Result<Vec<Member>> {
    let texts = (1..).zip(texts.unwrap_or_default());
    texts.map(|(number, text)| document(format!("{parameter}.{number}"), text, grammar)).collect()
}

/// Reads the documents of `PolicyInputList`.
///
/// # Errors
/// `InvalidInput` for a document that its grammar refuses.
pub fn policy_inputs(texts: Option<&[PolicyDocument]>) -> Result<Vec<Member>> {
    let read = |(number, text): (usize, &PolicyDocument)| {
        let refused = |_| invalid(format!("Policy input list item {number} has invalid content"));
        document(format!("PolicyInputList.{number}"), text, Grammar::Identity).map_err(refused)
    };
    (1..).zip(texts.unwrap_or_default()).map(read).collect()
}

/// Reads one document.
///
/// # Errors
/// `InvalidInput` if its grammar refuses it.
pub fn document(id: String, text: &str, grammar: Grammar) -> Result<Member> {
    let policy = Policy::parse_indented(text, grammar)
        .map_err(|refused| invalid(format!("Invalid {id}: {} ({})", refused.message, refused.explain())))?;
    let kind = if grammar == Grammar::Resource { SourceKind::Resource } else { SourceKind::None };
    Ok((Source { id: id.into(), kind, arn: None }, Ok(Arc::new(policy))))
}

/// The user, group or role whose policies are asked for. Seen in AWS: its name alone identifies it, whatever the path.
///
/// # Errors
/// `InvalidInput` for other ARNs and for those of other accounts, `NoSuchEntity`.
pub fn policy_source<'a>(cx: &'a Context<'_, impl AccountRef>, arn: &str) -> Result<Subject<'a>> {
    let (kind, name) = identity_name(arn)?;
    let account = ArnParts::parse(arn).map(|parts| parts.account).unwrap_or_default();
    let own = cx.account.id.to_string();
    if account != own {
        return Err(invalid(format!(
            "Invalid Policy Source Arn: caller's account {own} does not have access to policies in account {account}."
        )));
    }
    cx.account.identity_named(kind, name)
}

/// What a call about a policy source needs permission for: the one that [`policy_source`] finds.
pub fn source_target(arn: &str) -> Target<'_> {
    identity_name(arn).map_or_else(|_| Target::Arn(arn.into()), |(kind, name)| Target::Identity(kind, name))
}

/// The policies that a source has and that are not left out. A managed policy counts once, though a user may have it
/// from several groups.
pub fn granted(cx: &Context<'_, impl AccountRef>, source: Subject<'_>, exclusions: &Exclusions<'_>) -> Vec<Member> {
    let mut seen = HashSet::new();
    let granting = cx.account.granting(source).into_iter().filter(|granting| !exclusions.leave_out(granting));
    let once = granting.filter(|granting| granting.source.arn.as_ref().is_none_or(|arn| seen.insert(arn.clone())));
    once.map(|granting| (granting.source, granting.policy)).collect()
}

/// The permissions boundary of a source.
pub fn own_boundary(cx: &Context<'_, impl AccountRef>, source: Subject<'_>) -> Option<Arc<PolicySet>> {
    match source {
        Subject::User(user) => cx.account.policies_of_user(user).boundary,
        Subject::Role(role) => cx.account.policies_of_role(role).boundary,
        Subject::Group(_) | Subject::Policy(_) => None,
    }
}

/// The policies that a simulation leaves out.
#[derive(Default)]
pub struct Exclusions<'r>(&'r [PolicyIdentifier]);

impl<'r> Exclusions<'r> {
    /// Reads a parameter.
    ///
    /// # Errors
    /// `InvalidInput` for identifiers that do not say one thing, and for ARNs that no managed policy can have.
    pub fn read(list: &'r Option<PolicyExclusions>) -> Result<Self> {
        let identifiers: &[PolicyIdentifier] = list.as_deref().unwrap_or_default();
        for identifier in identifiers {
            let PolicyIdentifier { policy_type, policy_arn, inline_policy_identifier: inline } = identifier;
            let given = [policy_type.is_some(), policy_arn.is_some(), inline.is_some()];
            if given.into_iter().filter(|given| *given).count() != 1 {
                let members = "PolicyType, PolicyArn, or InlinePolicyIdentifier";
                return Err(invalid(format!("Invalid Policy Identifier: specify exactly one of {members}.")));
            }
            if let Some(arn) = policy_arn.as_ref().filter(|arn| !is_pattern_of_arns(arn)) {
                return Err(invalid(format!("Invalid Policy Identifier: {arn} is not the ARN of a managed policy.")));
            }
            if inline.as_ref().is_some_and(|inline| !is_identifier(inline)) {
                let members = "policyName, attachmentType, and attachmentName";
                return Err(invalid(format!("Invalid inline policy exclusion: {members} are required")));
            }
        }
        Ok(Self(identifiers))
    }

    /// Whether a policy that an entity has is left out.
    pub fn leave_out(&self, granting: &Granting<'_>) -> bool {
        self.0.iter().any(|identifier| {
            let PolicyIdentifier { policy_type, policy_arn, inline_policy_identifier: inline } = identifier;
            let of_type = match policy_type {
                Some(PolicyIdentifierType::Inline) => granting.inline.is_some(),
                Some(PolicyIdentifierType::AwsManaged) => granting.source.kind == SourceKind::AwsManaged,
                Some(PolicyIdentifierType::UserManaged) => granting.source.kind == SourceKind::UserManaged,
                _ => false,
            };
            let arn = granting.source.arn.as_deref().and_then(without_path);
            of_type
                || policy_arn.as_ref().is_some_and(|pattern| arn.is_some_and(|arn| matches(pattern, &arn)))
                || inline.as_ref().is_some_and(|inline| names(inline, granting))
        })
    }

    /// Whether all policies of a type are left out.
    pub fn leave_out_all(&self, policy_type: PolicyIdentifierType) -> bool {
        self.0.iter().any(|identifier| identifier.policy_type == Some(policy_type))
    }
}

/// Whether an inline policy can be named so: the owner's name may have wildcards, the policy's not.
fn is_identifier(identifier: &InlinePolicyIdentifier) -> bool {
    !identifier.policy_name.contains(['*', '?']) && stars(&identifier.attachment_name) <= 1
}

/// Seen in AWS: exclusions know managed policies by account and name, as if they had no path.
fn without_path(arn: &str) -> Option<String> {
    let parts = ArnParts::parse(arn)?;
    let (_, name) = parts.path_and_name(Kind::Policy)?;
    Some(format!("arn:{}:iam::{}:policy/{name}", parts.partition, parts.account))
}

fn names(identifier: &InlinePolicyIdentifier, granting: &Granting<'_>) -> bool {
    let kind = match identifier.attachment_type {
        AttachmentType::User => Kind::User,
        AttachmentType::Group => Kind::Group,
        AttachmentType::Role => Kind::Role,
    };
    let (owner_kind, owner) = granting.owner;
    granting.inline == Some(&*identifier.policy_name)
        && owner_kind == kind
        && matches(&identifier.attachment_name, owner)
}

/// Whether a managed policy can have such an ARN. Wildcards are allowed in the name only, the star once.
fn is_pattern_of_arns(pattern: &str) -> bool {
    let Some(parts) = ArnParts::parse(pattern) else { return false };
    let is_owner = parts.account == "aws" || parts.account_id().is_some();
    let Some((path, name)) = parts.path_and_name(Kind::Policy).filter(|_| is_owner) else { return false };
    !path.contains(['*', '?']) && stars(name) <= 1
}

fn stars(pattern: &str) -> usize {
    pattern.matches('*').count()
}

/// Matches a text against a pattern with at most one `*`, and any number of `?`.
fn matches(pattern: &str, text: &str) -> bool {
    let same = |pattern: &str, text: &str| {
        pattern.chars().count() == text.chars().count()
            && pattern.chars().zip(text.chars()).all(|(expected, found)| expected == '?' || expected == found)
    };
    let Some((head, tail)) = pattern.split_once('*') else { return same(pattern, text) };
    let split = |text: &str, at: usize| text.char_indices().nth(at).map_or(text.len(), |(offset, _)| offset);
    let Some(behind) = text.chars().count().checked_sub(tail.chars().count()) else { return false };
    if behind < head.chars().count() {
        return false;
    }
    let (start, _) = text.split_at(split(text, head.chars().count()));
    let (_, end) = text.split_at(split(text, behind));
    same(head, start) && same(tail, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_documented() {
        let cases = [
            ("abc", "abc", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("a*", "a", true),
            ("a*", "abc", true),
            ("*c", "abc", true),
            ("a*c", "ac", true),
            ("ab*bc", "abc", false),
            ("?*", "", false),
            ("*", "", true),
            ("é?*", "éàb", true),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn wildcards_are_in_names_only() {
        for arn in ["arn:aws:iam::aws:policy/Read*", "arn:aws:iam::111122223333:policy/a/b/P?*"] {
            assert!(is_pattern_of_arns(arn), "{arn}");
        }
        let others =
            ["policy/*", "arn:aws:iam::*:policy/P", "arn:aws:iam::aws:policy/*/P", "arn:aws:iam::aws:policy/*P*"];
        for arn in others.into_iter().chain(["arn:aws:iam::aws:user/P", "arn:aws:s3:::policy/P"]) {
            assert!(!is_pattern_of_arns(arn), "{arn}");
        }
    }
}
