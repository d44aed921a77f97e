#![doc = include_str!("../README.md")]
//! # How it works
//!
//! A [`Policy`] is parsed, validated in the words of its [`Grammar`] and compiled once. A [`PolicySet`] is what a
//! principal or a level of an organization has of them. [`decide`] takes a [`Request`] and the [`Layers`] of sets that
//! bear on it, and gives a [`Decision`] that borrows its evidence. Nothing here does I/O, asks the time or waits.

mod action;
mod authorization_message;
mod condition;
mod context;
mod context_keys;
mod decide;
mod denial;
mod document;
pub mod evaluate;
mod explain;
mod grammar;
mod impossible;
mod index;
mod json;
pub mod lint;
mod organization;
mod pattern;
mod policy;
mod position;
mod principal;
mod request;
mod set;
pub mod simulate;
mod statement;
mod validate;
mod work;
mod written;

pub use action::Action;
pub use authorization_message::authorization_message;
pub use context::{Context, ValueType, Values};
pub use context_keys::context_keys;
pub use decide::{Decision, Grant, Layer, decide};
pub use explain::{Explanation, Failure, LayerReport, NearMiss, Said, Standing, explain};
pub use grammar::{Grammar, Invalid, document_size};
pub use impossible::Impossible;
pub use json::Unreadable;
pub use policy::Policy;
pub use position::Locator;
pub use position::Position;
pub use principal::{Principal, PrincipalKind, PrincipalName, PrincipalText};
pub use request::{Layers, Request, ResourceKind};
pub use set::{Match, PolicySet, Source, SourceKind};
pub use statement::{Effect, Statement};
pub use work::{MAX_WORK, is_within, work};
pub use written::{ConditionText, WrittenStatement};
