//! `iamd accounts`.

use std::io::Write;

use serde::Deserialize;

use super::{Failure, call};
use crate::cli::output::Output;
use crate::cli::running::AdminOptions;

/// Where the server is.
#[derive(clap::Args, Clone, Debug)]
pub struct AccountsOptions {
    #[command(flatten)]
    server: AdminOptions,
}

#[derive(Deserialize)]
struct Accounts {
    accounts: Vec<Account>,
}

#[derive(Deserialize)]
struct Account {
    account: String,
    created: String,
    users: u64,
    groups: u64,
    roles: u64,
    policies: u64,
}

/// Lists the accounts of the running server that something was written to.
///
/// # Errors
/// When the server does not answer, or refuses.
pub fn accounts(options: &AccountsOptions) -> Result<(), Failure> {
    let Accounts { accounts } = call(&options.server, "GET", "accounts", "")?;
    let mut out = Output::stdout();
    writeln!(out, "ACCOUNT       USERS  GROUPS  ROLES  POLICIES  SINCE")?;
    for Account { account, created, users, groups, roles, policies } in accounts {
        writeln!(out, "{account:12}  {users:>5}  {groups:>6}  {roles:>5}  {policies:>8}  {created}")?;
    }
    Ok(())
}
