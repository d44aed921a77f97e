#![doc = include_str!("../README.md")]
//! # How it works
//!
//! A [`Policy`] is parsed, validated in the words of its [`Grammar`] and compiled once. A [`PolicySet`] is what a
//! principal or a level of an organization has of them. [`decide`] takes a [`Request`] and the [`Layers`] of sets that
//! bear on it, and gives a [`Decision`] that borrows its evidence. Nothing here does I/O, asks the time or waits.

mod action;
mod condition;
mod context;
mod context_keys;
mod decide;
mod document;
pub mod evaluate;
mod explain;
mod grammar;
mod impossible;
mod index;
pub mod lint;
mod pattern;
mod policy;
mod principal;
mod request;
mod set;
pub mod simulate;
mod statement;
mod validate;
mod work;

pub use action::Action;
pub use context::{Context, ValueType, Values};
pub use context_keys::context_keys;
pub use decide::{Decision, Grant, Layer, authorization_message, decide};
pub use document::{ConditionText, Locator, Position, Unreadable, WrittenStatement};
pub use explain::{Explanation, Failure, LayerReport, NearMiss, Said, Standing, explain, unmet_keys};
pub use grammar::{Grammar, Invalid, document_size};
pub use impossible::Impossible;
pub use policy::Policy;
pub use principal::{Principal, PrincipalKind, PrincipalName, PrincipalText};
pub use request::{Layers, Request, ResourceKind};
pub use set::{Match, PolicySet, Source, SourceKind};
pub use statement::{Effect, Statement};
pub use work::{MAX_WORK, is_within, work};
