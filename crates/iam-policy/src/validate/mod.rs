//! What each grammar accepts. The first rule that is broken gives the words, so the order of the checks is AWS's.

mod element;
mod identity;
mod organization;
mod principal;
mod resource;
mod trust;

use super::document::{Document, List, Text, Written};
pub(crate) use element::PARTITIONS;
pub(crate) use principal::is_principal;
pub(crate) use trust::is_assume_action;

use super::grammar::{Grammar, Refusal};

type Check = Result<(), Refusal>;

/// Checks a document; `bare`: nothing is before it; `partition`: that of the account that is to take it.
pub(crate) fn check(document: &Document<'_>, grammar: Grammar, bare: bool, partition: Option<&str>) -> Check {
    match grammar {
        Grammar::Managed => identity::check(document, true, bare, partition),
        Grammar::Identity | Grammar::Session => identity::check(document, false, bare, partition),
        // AWS: the version is required, and is the current one. What is in force already is not judged again.
        Grammar::ServiceControl => identity::check(document, partition.is_some(), bare, None),
        Grammar::Trust => {
            if partition.is_some() {
                trust::accept(document, bare)?;
            }
            trust::check(document)
        }
        Grammar::Resource => resource::check(document, true),
        Grammar::Endpoint => resource::check(document, false),
        Grammar::ResourceControl => {
            identity::version(document, partition.is_some())?;
            organization::check_resource_control(document)
        }
    }
}

fn refuse(message: impl Into<std::borrow::Cow<'static, str>>, at: usize, detail: impl Into<String>) -> Check {
    Err(Refusal { message: message.into(), at, detail: detail.into() })
}

impl<'n> Written<'n> {
    /// The actions named by either element.
    fn actions(&self) -> impl Iterator<Item = &Text<'n>> {
        [&self.action, &self.not_action].into_iter().flatten().flat_map(|list| &list.items)
    }

    /// The resources named by either element.
    fn resources(&self) -> impl Iterator<Item = &Text<'n>> {
        [&self.resource, &self.not_resource].into_iter().flatten().flat_map(|list| &list.items)
    }
}

fn is_filled(list: &Option<List<'_>>) -> bool {
    list.as_ref().is_some_and(|list| !list.items.is_empty())
}

/// The first statement's `Sid` that an earlier one has.
fn duplicate_sid<'d, 'n>(document: &'d Document<'n>) -> Option<&'d Text<'n>> {
    let mut seen = std::collections::HashSet::new();
    let mut sids = document.statements.iter().filter_map(|statement| statement.sid.as_ref());
    sids.find(|sid| !sid.value.is_empty() && !seen.insert(sid.value))
}
