//! Who is affected by a policy: those who have it, the members of groups that have it, and those whose boundary it is.

use serde_json::Value;

use super::subject::{Kind, Subject};
use crate::console::pages::parts::{members, path, shown};
use crate::console::view::{Block, Cell, Notice, Row, Table};
use crate::console::visit::Visit;
use crate::error::Error;

/// The lists of `ListEntitiesForPolicy`, each with its member and pages.
const LISTS: &[(&str, &str, &str, &str)] = &[
    ("PolicyUsers", "UserName", "users", "user"),
    ("PolicyGroups", "GroupName", "groups", "group"),
    ("PolicyRoles", "RoleName", "roles", "role"),
];

/// The most groups whose members are listed.
const MAX_GROUPS: usize = 25;

/// Who is affected, or the reason why it cannot be shown.
pub async fn affected(visit: &Visit, subject: &Subject) -> Block {
    let found = match subject.kind {
        Kind::Managed => of_managed(visit, &subject.owner).await,
        Kind::Group => of_group(visit, &subject.owner, "is a member").await,
        Kind::User => Ok(vec![row(&subject.owner, "users", "user", "has it")]),
        Kind::Role => Ok(vec![row(&subject.owner, "roles", "role", "has it")]),
        Kind::Trust => Ok(vec![row(&subject.owner, "roles", "role", "decides who may assume it")]),
    };
    let (rows, refused) = match found {
        Ok(rows) => (rows, None),
        Err(error) => (Vec::new(), Some(Notice::of(&error))),
    };
    let empty = "The policy is attached to nobody.".to_owned();
    let columns = ["Name", "Kind", "How"].map(str::to_owned).to_vec();
    Block::Table(Table { title: "Who is affected".to_owned(), columns, rows, empty, refused, ..Table::default() })
}

async fn of_managed(visit: &Visit, arn: &str) -> Result<Vec<Row>, Error> {
    let (mut rows, mut groups) = (Vec::new(), Vec::new());
    for (usage, how) in [("PermissionsPolicy", "has it attached"), ("PermissionsBoundary", "has it as boundary")] {
        let parameters = [("PolicyArn", arn), ("PolicyUsageFilter", usage), ("MaxItems", "1000")];
        let entities = visit.iam("ListEntitiesForPolicy", &parameters).await?;
        for (list, member, page, kind) in LISTS {
            for entity in members(&entities, list) {
                let name = shown(entity, member);
                rows.push(row(&name, page, kind, how));
                if *kind == "group" {
                    groups.push(name);
                }
            }
        }
        if entities.get("IsTruncated") == Some(&Value::Bool(true)) {
            rows.push(Row { cells: vec![Cell::text("and more"), Cell::text(""), Cell::text(how)], ..Row::default() });
        }
    }
    for group in groups.iter().take(MAX_GROUPS) {
        rows.extend(of_group(visit, group, &format!("is in the group {group}")).await?);
    }
    Ok(rows)
}

async fn of_group(visit: &Visit, group: &str, how: &str) -> Result<Vec<Row>, Error> {
    let found = visit.iam("GetGroup", &[("GroupName", group), ("MaxItems", "1000")]).await?;
    let users = members(&found, "Users").iter();
    Ok(users.map(|user| row(&shown(user, "UserName"), "users", "user", how)).collect())
}

fn row(name: &str, page: &str, kind: &str, how: &str) -> Row {
    Row { cells: vec![Cell::link(name, path(page, name)), Cell::text(kind), Cell::text(how)], actions: Vec::new() }
}
