//! The account itself: alias, password policy, and the credential report.

pub mod last_accessed;

use axum::response::Response;
use data_encoding::BASE64;
use serde_json::Value;

use super::parts::{danger, done, facts, form, members, shown};
use super::server::endpoint;
use crate::console::view::{Block, Cell, Field, Row, Table};
use crate::console::visit::Visit;
use crate::error::Code;

const PLACE: &str = "/console/account";

/// The alias and the password policy.
pub async fn page(visit: &Visit) -> Response {
    let mut blocks = Vec::new();
    match visit.iam("ListAccountAliases", &[]).await {
        Ok(aliases) => {
            let alias = members(&aliases, "AccountAliases").first().and_then(Value::as_str).unwrap_or_default();
            let name = if alias.is_empty() { visit.session.caller.account.to_string() } else { alias.to_owned() };
            let address = format!("/console/signin?account={name}");
            blocks.push(Block::Facts(
                "Sign-in".to_owned(),
                vec![(
                    "Sign-in page of the account".to_owned(),
                    Cell::link(format!("{}{address}", endpoint(visit)), address),
                )],
            ));
            let field =
                Field::required("AccountAlias", "Alias").with(alias).hint("lower-case letters, digits and hyphens");
            blocks.push(form("Account alias", "Set the alias", "iam:CreateAccountAlias", &[], vec![field], PLACE));
            if !alias.is_empty() {
                blocks.push(Block::Form(danger(
                    "Remove the alias",
                    "iam:DeleteAccountAlias",
                    &[("AccountAlias", alias)],
                    PLACE,
                )));
            }
        }
        Err(error) => blocks.push(Block::refused(&error)),
    }
    let policy = match visit.iam("GetAccountPasswordPolicy", &[]).await {
        Ok(policy) => policy.get("PasswordPolicy").cloned().unwrap_or_default(),
        Err(error) if error.code() == Code::NoSuchEntity => {
            blocks.push(Block::Note("The account has no password policy of its own: AWS's rules hold.".to_owned()));
            Value::Null
        }
        Err(error) => {
            blocks.push(Block::refused(&error));
            return visit.page("account", "Account settings", done(visit), blocks);
        }
    };
    let names = [
        ("Least length", "MinimumPasswordLength"),
        ("Symbols", "RequireSymbols"),
        ("Digits", "RequireNumbers"),
        ("Upper case", "RequireUppercaseCharacters"),
        ("Lower case", "RequireLowercaseCharacters"),
        ("Users change their own", "AllowUsersToChangePassword"),
        ("Days until it expires", "MaxPasswordAge"),
        ("Former passwords that cannot be used again", "PasswordReusePrevention"),
        ("An administrator must reset expired ones", "HardExpiry"),
    ];
    if !policy.is_null() {
        blocks.push(facts("Password policy", &policy, &names));
        blocks.push(Block::Form(danger("Delete the password policy", "iam:DeleteAccountPasswordPolicy", &[], PLACE)));
    }
    let field = |(label, member): &(&str, &str)| {
        let field = Field::optional(member, label);
        match policy.get(*member) {
            Some(Value::Bool(value)) => field.choice(&["true", "false"]).with(value.to_string()),
            Some(Value::Number(number)) => field.with(number.to_string()),
            _ if ["MinimumPasswordLength", "MaxPasswordAge", "PasswordReusePrevention"].contains(member) => field,
            _ => field.choice(&["true", "false"]).with("false"),
        }
    };
    let fields = names.iter().map(field).collect();
    blocks.push(form(
        "Set the password policy",
        "Set the policy",
        "iam:UpdateAccountPasswordPolicy",
        &[],
        fields,
        PLACE,
    ));
    visit.page("account", "Account settings", done(visit), blocks)
}

/// The credential report as a table.
pub async fn credential_report(visit: &Visit) -> Response {
    let title = "Credential report";
    let place = "/console/credential-report";
    let make = || Block::Form(super::parts::button("Make a report", "iam:GenerateCredentialReport", &[], place));
    let report = match visit.iam("GetCredentialReport", &[]).await {
        Ok(report) => report,
        Err(error) if [Code::ReportNotPresent, Code::ReportExpired].contains(&error.code()) => {
            let note = Block::Note("There is no report of the last four hours.".to_owned());
            return visit.page("credential-report", title, None, vec![note, make()]);
        }
        Err(error) => return visit.refusal("credential-report", title, &error),
    };
    let content = BASE64.decode(shown(&report, "Content").as_bytes()).unwrap_or_default();
    let mut reader = csv::Reader::from_reader(content.as_slice());
    let columns =
        reader.headers().map(|names| names.iter().map(|name| name.replace('_', " ")).collect()).unwrap_or_default();
    let rows = reader.records().filter_map(Result::ok);
    let rows = rows.map(|row| Row { cells: row.iter().map(Cell::text).collect(), actions: Vec::new() }).collect();
    let table =
        Table { title: "Users".to_owned(), columns, rows, empty: String::new(), next: None, ..Table::default() };
    let about = facts("", &report, &[("Made", "GeneratedTime")]);
    visit.page("credential-report", title, done(visit), vec![about, Block::Table(table), make()])
}
