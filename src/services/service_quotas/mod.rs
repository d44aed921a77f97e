//! The operations of Service Quotas on the quotas of IAM.

mod catalogue;
mod quota;
mod service;

use crate::call::{AccountRef, Context, Entry, TokenPage, token_page};
use crate::error::{Code, Error, Result};
use crate::shapes::{QuotasNextToken, QuotasPageSize};

/// The operations of Service Quotas.
pub(crate) const OPERATIONS: [&[&Entry]; 2] = [quota::OPERATIONS, service::OPERATIONS];

/// The members of a page if the request does not say.
const DEFAULT_PAGE: i32 = 100;

/// A page of a listing, in the order of its keys. The tokens have the alphabet that the service model demands.
fn page<T>(
    cx: &Context<'_, impl AccountRef>,
    listing: &str,
    token: Option<&QuotasNextToken>,
    size: Option<QuotasPageSize>,
    members: impl Iterator<Item = (String, T)>,
) -> Result<TokenPage<T>> {
    let token = token.map(|token| token.replace('+', "-").replace('/', "_"));
    let size = size.map_or(DEFAULT_PAGE, QuotasPageSize::get);
    let page = token_page(cx, listing, token.as_deref(), size, members);
    let mut page = page.ok_or_else(|| Error::new(Code::InvalidPaginationToken, "Invalid input was provided."))?;
    page.next_token = page.next_token.map(|token| token.replace('-', "+").replace('_', "/"));
    Ok(page)
}
