//! Tags of the root, units, accounts and policies.

use serde::{Deserialize, Serialize};

use super::{add_tags, organizations_operation, refusal};
use crate::account::{OrganizationPolicy, OrganizationRecord};
use crate::call::{Access, Command, Named, Query, Target, Transaction, View, operations};
use crate::error::{Code, Result};
use crate::shapes::{OrganizationsNextToken, OrganizationsTags, Tag, TagKeys, TagSet, TaggableResourceId};

/// Changes the tags of something in the organization.
fn change(cx: &mut Transaction<'_>, id: &str, change: impl FnOnce(&mut TagSet) -> Result<()>) -> Result<()> {
    let record = cx.record()?;
    if let Some(policy) = cx.account.organization_policies.get(id) {
        let mut policy: OrganizationPolicy = (**policy).clone();
        change(&mut policy.tags)?;
        return cx.account.put(policy);
    }
    if let Some(policy) = record.delegation.as_ref().filter(|policy| policy.id == id) {
        let mut policy = policy.clone();
        change(&mut policy.tags)?;
        return cx.account.put(OrganizationRecord { delegation: Some(policy), ..(*record).clone() });
    }
    cx.target(id)?;
    cx.account.update_organization_node(id, |node| change(&mut node.tags))
}

/// Adds tags; a key that is there already takes the new value.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TagResource {
    resource_id: TaggableResourceId,
    tags: OrganizationsTags,
}

organizations_operation!(TagResource -> (), Administrator, |this| {
    Access::to(Target::InOrganization(&this.resource_id)).request_tags(Some(&this.tags))
});

impl Command for TagResource {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        change(cx, &self.resource_id, |tags| add_tags(tags, &self.tags))
    }
}

/// Takes away tags; keys that are not there are ignored.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UntagResource {
    resource_id: TaggableResourceId,
    tag_keys: TagKeys,
}

organizations_operation!(UntagResource -> (), Administrator, |this| {
    Access::to(Target::InOrganization(&this.resource_id)).tag_keys(&this.tag_keys)
});

impl Command for UntagResource {
    fn execute(self, cx: &mut Transaction<'_>) -> Result<()> {
        change(cx, &self.resource_id, |tags| {
            let kept: Vec<Tag> = tags.iter().filter(|tag| !self.tag_keys.contains(&tag.key)).cloned().collect();
            *tags = TagSet::default();
            add_tags(tags, &kept)
        })
    }
}

/// Lists the tags of something in the organization.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListTagsForResource {
    resource_id: TaggableResourceId,
    next_token: Option<OrganizationsNextToken>,
}

/// What `ListTagsForResource` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListTagsForResourceResult {
    tags: Vec<Tag>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

organizations_operation!(ListTagsForResource -> ListTagsForResourceResult, Administrator, |this| {
    Access::to(Target::InOrganization(&this.resource_id))
});

impl Query for ListTagsForResource {
    fn answer(self, cx: &View<'_>) -> Result<ListTagsForResourceResult> {
        cx.record()?;
        if cx.account.member(&self.resource_id).is_some() {
            cx.target(&self.resource_id)?;
        }
        let tags = cx.account.organization_tags(&self.resource_id);
        let tags = tags.ok_or_else(|| refusal::missing(Code::TargetNotFound))?;
        let tags = tags.iter().map(|tag| (tag.key.to_string(), tag.clone()));
        let page = cx.page(Self::NAME, self.next_token.as_ref(), None, tags)?;
        Ok(ListTagsForResourceResult { tags: page.members, next_token: page.next_token })
    }
}

operations!(ORGANIZATIONS: query ListTagsForResource; command TagResource, UntagResource);
