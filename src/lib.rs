//! iamd: a local AWS IAM and STS.

pub mod account;
pub mod app;
pub mod audit;
pub mod call;
pub mod catalogue;
pub mod cli;
pub mod config;
pub mod description;
pub mod error;
pub mod federation;
pub mod gateway;
pub mod http;
pub mod identity;
pub mod idp;
pub mod keys;
pub mod log;
pub mod markup;
pub mod metrics;
pub mod organization;
pub mod services;
pub mod shapes;
pub mod sigv4;
pub mod start;
pub mod store;
pub mod templates;
pub mod wire;
