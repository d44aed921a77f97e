//! Users: their groups, policies, password, keys and MFA devices.

use std::collections::HashMap;

use axum::response::Response;
use serde_json::Value;

use super::list::{List, create};
use super::parts::{
    accessed, attached, boundary, button, danger, done, facts, form, inline, members, path, renamed, shown, table,
    tags, with_query,
};
use super::tabs::Tabs;
use crate::console::view::{Block, Cell, Field, Form, Row};
use crate::console::visit::Visit;
use crate::error::Code;

/// All users.
pub const LIST: List = List {
    section: "users",
    title: "Users",
    operation: "ListUsers",
    parameters: &[],
    member: "Users",
    name: "UserName",
    columns: &["Name", "Path", "Created"],
    row: |user| {
        let name = shown(user, "UserName");
        let link = path("users", &name);
        Row {
            cells: vec![Cell::link(name, link), Cell::text(shown(user, "Path")), Cell::text(shown(user, "CreateDate"))],
            actions: Vec::new(),
        }
    },
    choices: &[],
    create: || {
        let fields = vec![
            Field::required("UserName", "User name"),
            Field::optional("Path", "Path").hint("begins and ends with a slash; / if it is left out"),
            Field::optional("PermissionsBoundary", "Permissions boundary").hint("ARN of a managed policy"),
        ];
        create("Create a user", "iam:CreateUser", fields, "/console/users")
    },
};

const TABS: &[(&str, &str)] = &[
    ("permissions", "Permissions"),
    ("groups", "User groups"),
    ("credentials", "Security credentials"),
    ("tags", "Tags"),
    ("settings", "Settings"),
];

/// One user.
pub async fn page(visit: &Visit, name: &str) -> Response {
    let owner = ("UserName", name);
    let user = match visit.iam("GetUser", &[owner]).await {
        Ok(user) => user,
        Err(error) => return visit.refusal("users", name, &error),
    };
    let user = user.get("User").cloned().unwrap_or_default();
    let tabs = Tabs::new(visit, path("users", name), TABS);
    let place = tabs.place();
    let names = [
        ("ARN", "Arn"),
        ("Unique id", "UserId"),
        ("Path", "Path"),
        ("Created", "CreateDate"),
        ("Password last used", "PasswordLastUsed"),
    ];
    let mut blocks = vec![facts("", &user, &names), accessed(&user), tabs.block()];
    match tabs.current() {
        "groups" => blocks.extend(groups(visit, owner, &place).await),
        "credentials" => {
            if shown(&user, "Arn") == visit.arn() {
                blocks.push(own_password());
            }
            blocks.extend(password(visit, owner, &place).await);
            blocks.extend(keys(visit, owner, &place).await);
            blocks.extend(devices(visit, owner, &place).await);
        }
        "tags" => {
            let found = visit.iam("ListUserTags", &[owner]).await;
            blocks.extend(tags(found, ["iam:TagUser", "iam:UntagUser"], owner, &place));
        }
        "settings" => {
            blocks.push(renamed("user", "iam:UpdateUser", owner, &shown(&user, "Path"), "/console/users"));
            blocks.push(Block::Form(danger("Delete the user", "iam:DeleteUser", &[owner], "/console/users")));
        }
        _ => {
            let found = visit.iam("ListAttachedUserPolicies", &[owner]).await;
            blocks.extend(attached(found, ["iam:AttachUserPolicy", "iam:DetachUserPolicy"], owner, &place));
            let operations = ["ListUserPolicies", "GetUserPolicy", "iam:PutUserPolicy", "iam:DeleteUserPolicy"];
            blocks.extend(inline(visit, operations, owner, &place).await);
            let operations = ["iam:PutUserPermissionsBoundary", "iam:DeleteUserPermissionsBoundary"];
            blocks.extend(boundary(&user, operations, owner, &place));
        }
    }
    visit.page("users", name, done(visit), blocks)
}

async fn groups(visit: &Visit, owner: (&str, &str), place: &str) -> Vec<Block> {
    let row = |group: &Value| {
        let name = shown(group, "GroupName");
        let actions = vec![danger("Remove", "iam:RemoveUserFromGroup", &[owner, ("GroupName", &name)], place)];
        Row { cells: vec![Cell::link(name.clone(), path("groups", &name))], actions }
    };
    let groups = visit.iam("ListGroupsForUser", &[owner]).await;
    let field = Field::required("GroupName", "Group name");
    vec![
        table("User groups", "The user is in no group.", &["Name"], groups, "Groups", row),
        form("Add to a group", "Add the user", "iam:AddUserToGroup", &[owner], vec![field], place),
    ]
}

/// The form with which people change their own password; their sessions end with it.
fn own_password() -> Block {
    let fields = vec![
        Field::required("OldPassword", "Password now").of_kind("password"),
        Field::required("NewPassword", "New password").of_kind("new-password"),
    ];
    form("Change your password", "Change the password", "iam:ChangePassword", &[], fields, "/console/")
}

async fn password(visit: &Visit, owner: (&str, &str), place: &str) -> Vec<Block> {
    let password = || Field::required("Password", "Password").of_kind("password");
    let reset =
        || Field::optional("PasswordResetRequired", "Must be changed at the next sign-in").choice(&["false", "true"]);
    match visit.iam("GetLoginProfile", &[owner]).await {
        Ok(profile) => {
            let profile = profile.get("LoginProfile").cloned().unwrap_or_default();
            let names = [
                ("Set", "CreateDate"),
                ("Must be changed", "PasswordResetRequired"),
                ("Longest session in seconds", "MaxSigninSessionDuration"),
            ];
            let hint = "seconds; the longest session after a sign-in";
            let duration = Field::optional("MaxSigninSessionDuration", "Longest session").hint(hint);
            vec![
                facts("Password", &profile, &names),
                form(
                    "Set another password",
                    "Set the password",
                    "iam:UpdateLoginProfile",
                    &[owner],
                    vec![password(), reset(), duration],
                    place,
                ),
                Block::Form(danger("Take the password away", "iam:DeleteLoginProfile", &[owner], place)),
            ]
        }
        Err(error) if error.code() == Code::NoSuchEntity => {
            let fields = vec![password(), reset()];
            vec![form("Give a password", "Give the password", "iam:CreateLoginProfile", &[owner], fields, place)]
        }
        Err(error) => vec![Block::refused(&error)],
    }
}

async fn keys(visit: &Visit, owner: (&str, &str), place: &str) -> Vec<Block> {
    let keys = visit.iam("ListAccessKeys", &[owner]).await;
    let mut used = HashMap::new();
    for key in keys.iter().flat_map(|keys| members(keys, "AccessKeyMetadata")) {
        let id = shown(key, "AccessKeyId");
        if let Ok(answer) = visit.iam("GetAccessKeyLastUsed", &[("AccessKeyId", &id)]).await {
            let last = answer.get("AccessKeyLastUsed").cloned().unwrap_or_default();
            let when = shown(&last, "LastUsedDate");
            let by = format!("{when}, {} in {}", shown(&last, "ServiceName"), shown(&last, "Region"));
            used.insert(id, if when.is_empty() { "never".to_owned() } else { by });
        }
    }
    let row = |key: &Value| {
        let (id, status) = (shown(key, "AccessKeyId"), shown(key, "Status"));
        let (label, other) = if status == "Active" { ("Deactivate", "Inactive") } else { ("Activate", "Active") };
        let known = [owner, ("AccessKeyId", id.as_str())];
        let actions = vec![
            button(label, "iam:UpdateAccessKey", &[known.as_slice(), &[("Status", other)]].concat(), place),
            danger("Delete", "iam:DeleteAccessKey", &known, place),
        ];
        let cells = vec![
            Cell::text(id.clone()),
            Cell::text(status),
            Cell::text(shown(key, "CreateDate")),
            Cell::text(used.get(&id).cloned().unwrap_or_default()),
        ];
        Row { cells, actions }
    };
    vec![
        table(
            "Access keys",
            "There are no access keys.",
            &["Id", "Status", "Created", "Last used"],
            keys,
            "AccessKeyMetadata",
            row,
        ),
        Block::Form(button("Create an access key", "iam:CreateAccessKey", &[owner], place)),
    ]
}

async fn devices(visit: &Visit, owner: (&str, &str), place: &str) -> Vec<Block> {
    let row = |device: &Value| {
        let serial = shown(device, "SerialNumber");
        let actions = vec![danger("Deactivate", "iam:DeactivateMFADevice", &[owner, ("SerialNumber", &serial)], place)];
        Row { cells: vec![Cell::text(serial.clone()), Cell::text(shown(device, "EnableDate"))], actions }
    };
    let enable = vec![
        Field::required("SerialNumber", "Serial number")
            .hint("ARN of a virtual device, or the number of a hardware token"),
        Field::required("AuthenticationCode1", "First code").of_kind("number"),
        Field::required("AuthenticationCode2", "Next code").of_kind("number"),
    ];
    let made = vec![Field::required("VirtualMFADeviceName", "Device name").with(owner.1)];
    let unused = |device: &Value| {
        let serial = shown(device, "SerialNumber");
        let actions = vec![danger("Delete", "iam:DeleteVirtualMFADevice", &[("SerialNumber", &serial)], place)];
        Row { cells: vec![Cell::text(serial)], actions }
    };
    let unassigned = visit.iam("ListVirtualMFADevices", &[("AssignmentStatus", "Unassigned")]).await;
    let devices = visit.iam("ListMFADevices", &[owner]).await;
    vec![
        table("MFA devices", "There is no MFA device.", &["Serial number", "Enabled"], devices, "MFADevices", row),
        form("Create a virtual MFA device", "Create the device", "iam:CreateVirtualMFADevice", &[], made, place),
        form("Enable an MFA device", "Enable the device", "iam:EnableMFADevice", &[owner], enable, place),
        table(
            "Virtual MFA devices of nobody",
            "There are none.",
            &["Serial number"],
            unassigned,
            "VirtualMFADevices",
            unused,
        ),
    ]
}

/// The form that enables a device which was just made.
pub fn enable(user: &str, serial: &str) -> Form {
    let fields = vec![
        Field::required("UserName", "User name").with(user),
        Field::required("AuthenticationCode1", "First code").of_kind("number"),
        Field::required("AuthenticationCode2", "Next code").of_kind("number"),
    ];
    let page = path("users", user);
    let next = if user.is_empty() { "/console/users".to_owned() } else { with_query(&page, &[("tab", "credentials")]) };
    let form = button("Enable the device", "iam:EnableMFADevice", &[("SerialNumber", serial)], &next);
    Form { title: "Enable the device".to_owned(), fields, ..form }
}
