//! The operations of every service. An operation is written once: its parameters, what it needs permission for, what it
//! does, what it answers. **To add one**: write it in its kind's file and add its name to the list at the file's end.

pub(crate) mod access_analyzer;
pub(crate) mod cloudtrail;
pub(crate) mod ec2;
pub(crate) mod iam;
pub(crate) mod iam_toolbox;
pub(crate) mod organizations;
pub(crate) mod service_quotas;
pub(crate) mod sts;
pub(crate) mod tagging;

use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

use crate::call::Entry;
use crate::wire::{Service, Shape};

pub(crate) use access_analyzer::generation;
pub use iam::delegation::delegation_notice::notices;
pub(crate) use iam::policies::managed_policy::managed_document;
pub(crate) use iam::roles::service_linked_role::{account_access_role, service_linked_role};
pub(crate) use organizations::exported as exported_organization;
pub use sts::{AssumeRole, CredentialsShape};

/// Every operation.
pub fn all() -> impl Iterator<Item = &'static Entry> {
    let others = [
        &access_analyzer::OPERATIONS[..],
        &cloudtrail::OPERATIONS,
        &ec2::OPERATIONS,
        &iam_toolbox::OPERATIONS,
        &service_quotas::OPERATIONS,
        &sts::OPERATIONS,
        &tagging::OPERATIONS,
    ];
    iam::operations().chain(organizations::operations()).chain(others.into_iter().flatten().copied().flatten().copied())
}

/// The operation of this name.
pub fn find(service: Service, name: &str) -> Option<&'static Entry> {
    static BY_NAME: LazyLock<HashMap<(Service, &str), &Entry>> =
        LazyLock::new(|| all().map(|entry| ((entry.service, entry.name), entry)).collect());
    BY_NAME.get(&(service, name)).copied()
}

/// The shape of an operation's parameters.
pub fn shape(entry: &'static Entry) -> &'static Shape {
    static SHAPES: LazyLock<HashMap<(Service, &str), OnceLock<Shape>>> =
        LazyLock::new(|| all().map(|entry| ((entry.service, entry.name), OnceLock::new())).collect());
    static NONE: Shape = Shape::Structure(Vec::new());
    SHAPES.get(&(entry.service, entry.name)).map_or(&NONE, |shape| shape.get_or_init(entry.shape))
}

/// The operation of a REST protocol at this place.
pub fn at(method: &str, path: &str) -> Option<&'static Entry> {
    static WITH_PATH: LazyLock<Vec<&Entry>> = LazyLock::new(|| all().filter(|entry| entry.http.is_some()).collect());
    let is_there = |entry: &&Entry| entry.http.is_some_and(|http| http.method == method && http.has_path(path));
    WITH_PATH.iter().copied().find(is_there)
}
