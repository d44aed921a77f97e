//! Instance profiles: the roles of EC2 instances.

use axum::response::Response;
use serde_json::Value;

use crate::console::pages::list::{List, create};
use crate::console::pages::parts::{danger, done, facts, form, members, path, shown, table, tags};
use crate::console::view::{Block, Cell, Field, Row};
use crate::console::visit::Visit;

const PLACE: &str = "/console/instance-profiles";

/// All instance profiles.
pub const LIST: List = List {
    section: "instance-profiles",
    title: "Instance profiles",
    operation: "ListInstanceProfiles",
    parameters: &[],
    member: "InstanceProfiles",
    name: "InstanceProfileName",
    columns: &["Name", "Role", "Path", "Created"],
    row: |profile| {
        let name = shown(profile, "InstanceProfileName");
        let others = ["Path", "CreateDate"].map(|member| Cell::text(shown(profile, member)));
        let link = Cell::link(name.clone(), path("instance-profiles", &name));
        Row { cells: [vec![link, role(profile)], others.to_vec()].concat(), actions: Vec::new() }
    },
    choices: &[],
    create: || {
        let fields = vec![
            Field::required("InstanceProfileName", "Instance profile name"),
            Field::optional("Path", "Path").hint("begins and ends with a slash; / if it is left out"),
        ];
        create("Create an instance profile", "iam:CreateInstanceProfile", fields, PLACE)
    },
};

/// The role in a profile; there is one at most.
fn role(profile: &Value) -> Cell {
    let name = members(profile, "Roles").first().map(|role| shown(role, "RoleName")).unwrap_or_default();
    if name.is_empty() { Cell::text("") } else { Cell::link(name.clone(), path("roles", &name)) }
}

/// One instance profile.
pub async fn page(visit: &Visit, name: &str) -> Response {
    let owner = ("InstanceProfileName", name);
    let profile = match visit.iam("GetInstanceProfile", &[owner]).await {
        Ok(profile) => profile.get("InstanceProfile").cloned().unwrap_or_default(),
        Err(error) => return visit.refusal("instance-profiles", name, &error),
    };
    let place = path("instance-profiles", name);
    let names = [("ARN", "Arn"), ("Unique id", "InstanceProfileId"), ("Path", "Path"), ("Created", "CreateDate")];
    let row = |role: &Value| {
        let name = shown(role, "RoleName");
        let remove = danger("Remove", "iam:RemoveRoleFromInstanceProfile", &[owner, ("RoleName", &name)], &place);
        let cells = vec![Cell::link(name.clone(), path("roles", &name)), Cell::text(shown(role, "Arn"))];
        Row { cells, actions: vec![remove] }
    };
    let has_role = !members(&profile, "Roles").is_empty();
    let roles = table("Role", "There is no role in it.", &["Name", "ARN"], Ok(profile.clone()), "Roles", row);
    let mut blocks = vec![facts("", &profile, &names), roles];
    if !has_role {
        let field = Field::required("RoleName", "Role name");
        blocks.push(form("Add a role", "Add the role", "iam:AddRoleToInstanceProfile", &[owner], vec![field], &place));
    }
    let listed = visit.iam("ListInstanceProfileTags", &[owner]).await;
    blocks.extend(tags(listed, ["iam:TagInstanceProfile", "iam:UntagInstanceProfile"], owner, &place));
    let delete = danger("Delete the instance profile", "iam:DeleteInstanceProfile", &[owner], PLACE);
    blocks.push(Block::Form(delete));
    visit.page("instance-profiles", name, done(visit), blocks)
}
