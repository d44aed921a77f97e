//! The commands.

pub mod admin;
pub mod audit;
pub mod configuration;
pub mod credential_process;
pub mod database;
pub mod events;
pub mod files;
pub mod help;
pub mod output;
pub mod policy;
pub mod running;
pub mod serve;
pub mod why;
