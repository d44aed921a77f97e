//! The shapes of parameters and values: names, ARNs, ids, tags, times, documents, secrets.
//!
//! Each shape is a type, declared once with the constraint that AWS publishes for it. The wire finds the constraint by
//! the type's name, which serde passes on ([`constraint_of`]).

mod constraint;
mod delegation;
mod document;
mod identifiers;
mod keys;
mod neighbours;
mod provider;
mod report;
mod secret;
mod session;
mod simulation;
mod tag;
mod time;

use std::collections::HashMap;
use std::sync::LazyLock;

pub use constraint::{Constraint, Pattern, Text, at_least_long, at_most_long};
pub use delegation::*;
pub use document::*;
pub use identifiers::*;
pub use keys::*;
pub use neighbours::*;
pub use provider::*;
pub use report::*;
pub use secret::*;
pub use session::*;
pub use simulation::*;
pub use tag::*;
pub use time::*;

/// Declares string shapes: `Name = constraint;` each with its documentation.
macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident = $text:expr;)+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
            pub struct $name(String);

            impl $name {
                /// A value that the server itself makes, which needs no checking.
                pub fn new(value: impl Into<String>) -> Self {
                    Self(value.into())
                }

                /// The text.
                pub fn as_str(&self) -> &str {
                    &self.0
                }
            }

            impl std::ops::Deref for $name {
                type Target = str;
                fn deref(&self) -> &str {
                    &self.0
                }
            }

            impl std::fmt::Display for $name {
                fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str(&self.0)
                }
            }

            impl From<$name> for String {
                fn from(value: $name) -> String {
                    value.0
                }
            }
        )+

        /// The constraints of this file's string shapes.
        pub(super) static TEXTS: &[(&str, $crate::shapes::Constraint)] =
            &[$((stringify!($name), $crate::shapes::Constraint::Text($text))),+];
    };
}

/// Declares integer shapes: `Name = least..=greatest;`.
macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident = $min:literal..=$max:literal;)+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
            pub struct $name(i32);

            impl $name {
                /// A value that the server itself makes, which needs no checking.
                pub fn new(value: i32) -> Self {
                    Self(value)
                }

                /// The number.
                pub fn get(self) -> i32 {
                    self.0
                }
            }
        )+

        /// The constraints of this file's integer shapes.
        pub(super) static NUMBERS: &[(&str, $crate::shapes::Constraint)] =
            &[$((stringify!($name), $crate::shapes::Constraint::Number($min, $max))),+];
    };
}

/// Declares list shapes: `Name = [Member; least..=greatest];`.
macro_rules! lists {
    ($($(#[$doc:meta])* $name:ident = [$member:ty; $min:literal..=$max:literal];)+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
            pub struct $name(Vec<$member>);

            impl $name {
                /// The members, as an owned list.
                pub fn into_inner(self) -> Vec<$member> {
                    self.0
                }
            }

            impl From<Vec<$member>> for $name {
                /// A list that the server itself makes, which needs no checking.
                fn from(members: Vec<$member>) -> Self {
                    Self(members)
                }
            }

            impl std::ops::Deref for $name {
                type Target = [$member];
                fn deref(&self) -> &[$member] {
                    &self.0
                }
            }
        )+

        /// The constraints of this file's list shapes.
        pub(super) static LISTS: &[(&str, $crate::shapes::Constraint)] =
            &[$((stringify!($name), $crate::shapes::Constraint::List($min, $max))),+];
    };
}

/// Declares enumerations whose variants are AWS's own words.
macro_rules! enums {
    ($($(#[$doc:meta])* $name:ident { $($variant:ident $(= $wire:literal)?),+ $(,)? })+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
            #[allow(missing_docs, reason = "the variants are AWS's own words")]
            pub enum $name { $($(#[serde(rename = $wire)])? $variant),+ }
        )+
    };
}

use {enums, lists, numbers, texts};

/// The constraint of the shape with this type name, if it has one.
pub fn constraint_of(shape: &str) -> Option<&'static Constraint> {
    static ALL: LazyLock<HashMap<&str, &Constraint>> = LazyLock::new(|| {
        [
            delegation::TEXTS,
            delegation::NUMBERS,
            delegation::LISTS,
            delegation::MAPS,
            document::TEXTS,
            keys::TEXTS,
            provider::TEXTS,
            provider::LISTS,
            report::TEXTS,
            report::LISTS,
            secret::TEXTS,
            session::TEXTS,
            session::NUMBERS,
            session::LISTS,
            simulation::TEXTS,
            simulation::LISTS,
            tag::TEXTS,
            tag::LISTS,
        ]
        .into_iter()
        .flatten()
        .chain(identifiers::constraints())
        .chain(neighbours::constraints())
        .map(|(name, constraint)| (*name, constraint))
        .collect()
    });
    ALL.get(shape).copied()
}
