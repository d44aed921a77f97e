//! Organizational units.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::organization::ALPHABET;
use super::tree::{is_full, must_be_parent};
use super::{add_tags, organizations_operation, refusal, shape};
use crate::account::{AccountState, MemberAccount, OrganizationNode, OrganizationUnit, Quota, Reference};
use crate::call::{Access, Command, Named, Need, Query, Target, Transaction, View, operations};
use crate::error::{Code, Error, Result};
use crate::shapes::{
    OrganizationsNextToken, OrganizationsPageSize, OrganizationsTags, ParentId, TagSet, UnitId, UnitName,
};

/// How deep units nest (AWS: "Quotas for AWS Organizations").
const MAX_DEPTH: usize = 5;

/// What operations on a unit answer.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UnitResult {
    organizational_unit: Value,
}

/// Creates a unit in the root or another unit.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateOrganizationalUnit {
    parent_id: ParentId,
    name: UnitName,
    tags: Option<OrganizationsTags>,
}

organizations_operation!(CreateOrganizationalUnit -> UnitResult, Management, |this| {
    Access::to(Target::InOrganization(&this.parent_id))
        .request_tags(this.tags.as_deref())
        .again("organizations:TagResource", Need::Tags)
});

impl Command for CreateOrganizationalUnit {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<UnitResult> {
        let record = cx.record()?;
        must_be_parent(cx.account, &self.parent_id, Code::ParentNotFound)?;
        // The root is the first of the line.
        if cx.account.organization_line(&self.parent_id).len() > MAX_DEPTH {
            let message = "You cannot add an organizational unit to the specified parent because it would exceed the max \
                           depth allowed.";
            return Err(refusal::constraint("OU_DEPTH_LIMIT_EXCEEDED", message));
        }
        if is_full(cx, Quota::UnitsPerOrganization, cx.account.organization_units.len()) {
            let message = "You have exceeded the number of organizational units allowed in your organization.";
            return Err(refusal::constraint("OU_NUMBER_LIMIT_EXCEEDED", message));
        }
        must_be_free(cx, &self.parent_id, &self.name, None)?;
        let mut tags = TagSet::default();
        add_tags(&mut tags, self.tags.as_deref().unwrap_or_default())?;
        let root = record.root.trim_start_matches("r-");
        let unit = OrganizationUnit {
            id: format!("ou-{root}-{}", cx.ids.text(ALPHABET, 8)),
            name: self.name.into(),
            parent: self.parent_id.into(),
            node: OrganizationNode { tags, ..OrganizationNode::default() },
        };
        cx.account.put(unit.clone())?;
        Ok(UnitResult { organizational_unit: shape::unit(cx.account, &unit) })
    }
}

/// Refuses a name that another unit in the same place has.
fn must_be_free(cx: &Transaction<'_>, parent: &str, name: &str, own: Option<&str>) -> Result<()> {
    let name = Reference::NameWithin(parent.to_owned(), name.to_owned());
    let mut same = cx.account.referrers::<OrganizationUnit>(&name);
    match same.any(|unit| own != Some(&unit.id)) {
        true => Err(Error::new(Code::DuplicateOrganizationalUnit, "An OU with the same name already exists.")),
        false => Ok(()),
    }
}

fn missing() -> Error {
    refusal::missing(Code::OrganizationalUnitNotFound)
}

/// Renames a unit.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateOrganizationalUnit {
    organizational_unit_id: UnitId,
    name: Option<UnitName>,
}

organizations_operation!(UpdateOrganizationalUnit -> UnitResult, Management, |this| {
    Access::to(Target::InOrganization(&this.organizational_unit_id))
});

impl Command for UpdateOrganizationalUnit {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<UnitResult> {
        cx.record()?;
        let unit = cx.account.organization_units.get(&self.organizational_unit_id).cloned().ok_or_else(missing)?;
        let mut unit = (*unit).clone();
        if let Some(name) = self.name {
            must_be_free(cx, &unit.parent, &name, Some(&unit.id))?;
            unit.name = name.into();
            cx.account.put(unit.clone())?;
        }
        Ok(UnitResult { organizational_unit: shape::unit(cx.account, &unit) })
    }
}

/// Deletes an empty unit.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteOrganizationalUnit {
    organizational_unit_id: UnitId,
}

organizations_operation!(DeleteOrganizationalUnit -> (), Management, |this| {
    Access::to(Target::InOrganization(&this.organizational_unit_id))
});

impl Command for DeleteOrganizationalUnit {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        let record = cx.record()?;
        let id = &*self.organizational_unit_id;
        cx.account.organization_units.get(id).ok_or_else(missing)?;
        let inside = Reference::OrganizationParent(id.to_owned());
        let has_units = cx.account.referrers::<OrganizationUnit>(&inside).next().is_some();
        let is_there = |member: &MemberAccount| member.state(cx.now) != AccountState::Gone;
        if has_units || cx.account.referrers::<MemberAccount>(&inside).any(is_there) {
            let message = "The specified organizational unit is not empty. Move all accounts to another root or to other \
                           organizational units, remove all child organizational units, and try the operation again.";
            return Err(Error::new(Code::OrganizationalUnitNotEmpty, message));
        }
        // Accounts that are gone need a place still: they stay accounts of the organization.
        let gone: Vec<_> = cx.account.referrers::<MemberAccount>(&inside).cloned().collect();
        for member in gone {
            cx.account.put(MemberAccount { parent: record.root.clone(), ..member })?;
        }
        cx.account.remove::<OrganizationUnit>(id);
        Ok(())
    }
}

/// Describes a unit.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeOrganizationalUnit {
    organizational_unit_id: UnitId,
}

organizations_operation!(DescribeOrganizationalUnit -> UnitResult, Administrator, |this| {
    Access::to(Target::InOrganization(&this.organizational_unit_id))
});

impl Query for DescribeOrganizationalUnit {
    fn answer(self, cx: &View<'_>) -> Result<UnitResult> {
        cx.record()?;
        let unit = cx.account.organization_units.get(&self.organizational_unit_id).ok_or_else(missing)?;
        Ok(UnitResult { organizational_unit: shape::unit(cx.account, unit) })
    }
}

/// Lists the units in the root or in a unit.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListOrganizationalUnitsForParent {
    parent_id: ParentId,
    next_token: Option<OrganizationsNextToken>,
    max_results: Option<OrganizationsPageSize>,
}

/// What `ListOrganizationalUnitsForParent` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListOrganizationalUnitsForParentResult {
    organizational_units: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

organizations_operation!(
    ListOrganizationalUnitsForParent -> ListOrganizationalUnitsForParentResult, Administrator,
    |this| Access::to(Target::InOrganization(&this.parent_id))
);

impl Query for ListOrganizationalUnitsForParent {
    fn answer(self, cx: &View<'_>) -> Result<ListOrganizationalUnitsForParentResult> {
        cx.record()?;
        must_be_parent(cx.account, &self.parent_id, Code::ParentNotFound)?;
        let parent = Reference::OrganizationParent(self.parent_id.to_string());
        let page = cx.page_from(Self::NAME, self.next_token.as_ref(), self.max_results, |after| {
            let units = cx.account.referrers_after::<OrganizationUnit>(&parent, after);
            units.map(|unit| (unit.id.clone(), shape::unit(cx.account, unit)))
        })?;
        Ok(ListOrganizationalUnitsForParentResult { organizational_units: page.members, next_token: page.next_token })
    }
}

operations!(
    ORGANIZATIONS:
    query DescribeOrganizationalUnit, ListOrganizationalUnitsForParent;
    command CreateOrganizationalUnit, DeleteOrganizationalUnit, UpdateOrganizationalUnit
);
