//! Which keys and values the tags of resources have.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::invalid;
use super::resource::shown;
use crate::call::{Access, Operation, Query, TokenPage, View, operations, token_page};
use crate::error::{Code, Result};
use crate::shapes::{PaginationToken, TaggingKey};

/// The members of a page.
const PAGE: i32 = 100;

/// Lists the keys of all tags.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetTagKeys {
    pagination_token: Option<PaginationToken>,
}

/// What `GetTagKeys` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetTagKeysResult {
    pagination_token: String,
    tag_keys: Vec<String>,
}

/// Lists the values that tags with a key have.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetTagValues {
    pagination_token: Option<PaginationToken>,
    key: TaggingKey,
}

/// What `GetTagValues` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetTagValuesResult {
    pagination_token: String,
    tag_values: Vec<String>,
}

impl Operation for GetTagKeys {
    type Output = GetTagKeysResult;

    const ERRORS: &'static [Code] = &[Code::InvalidParameterException];

    fn access(&self) -> Access<'_> {
        Access::any()
    }
}

impl Query for GetTagKeys {
    fn answer(self, cx: &View<'_>) -> Result<GetTagKeysResult> {
        let page = page(cx, "GetTagKeys", self.pagination_token.as_ref(), |key, _| Some(key))?;
        Ok(GetTagKeysResult { pagination_token: page.next_token.unwrap_or_default(), tag_keys: page.members })
    }
}

impl Operation for GetTagValues {
    type Output = GetTagValuesResult;

    const ERRORS: &'static [Code] = &[Code::InvalidParameterException];

    fn access(&self) -> Access<'_> {
        Access::any()
    }
}

impl Query for GetTagValues {
    fn answer(self, cx: &View<'_>) -> Result<GetTagValuesResult> {
        let listing = format!("GetTagValues {}", &*self.key);
        let token = self.pagination_token.as_ref();
        let page = page(cx, &listing, token, |key, value| (*key == *self.key).then_some(value))?;
        Ok(GetTagValuesResult { pagination_token: page.next_token.unwrap_or_default(), tag_values: page.members })
    }
}

/// A page of what `choose` takes from keys and values, each once.
fn page(
    cx: &View<'_>,
    listing: &str,
    token: Option<&PaginationToken>,
    choose: impl for<'t> Fn(&'t str, &'t str) -> Option<&'t str>,
) -> Result<TokenPage<String>> {
    let resources = if cx.is_in_region_of_iam() { shown(cx.account) } else { Vec::new() };
    let tags = resources.iter().flat_map(|resource| resource.tags.pairs());
    let chosen: BTreeSet<&str> = tags.filter_map(|(key, value)| choose(key, value)).collect();
    let members = chosen.into_iter().map(|text| (text.to_owned(), text.to_owned()));
    let token = token.map(|token| &**token).filter(|token| !token.is_empty());
    token_page(cx, listing, token, PAGE, members).ok_or_else(|| invalid("The specified pagination token is invalid."))
}

operations!(TAGGING: query GetTagKeys, GetTagValues);
